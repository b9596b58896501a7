"""A revoked file of SS12000 has never come, whatever it held and in whatever order files came.

The lake in which a file was taken and revoked is compared with the one in which it never came:
objects, lessons, records, names, rates, verdicts and lists.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import RevokeError, find_file
from assets.exports.ledger.outcomes import FileReport
from assets.exports.revoke import revoke_file
from assets.exports.senders.senders import Right, Sender, Senders
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import put
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    CLASS,
    MATHS,
    SECOND_UNIT,
    UNIT,
    activity,
    attendance,
    duty,
    enrolment,
    event,
    group,
    member,
    organisation,
    page,
    person,
    principal_duty,
    staff,
)

AS_OF = date(2026, 10, 31)
RULES = rule_set_on("stockholm", AS_OF)
STAMP = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 1, tzinfo=UTC))
# A lake without the file each step: to find a smaller example would take an hour.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EVENTS = ("event-1", "event-2", "event-3")
PUPILS = (ANNA, BO)
#: What the lake has of objects, and what follows; seals differ each time.
TABLES = {
    "ss12000_organisations": "*",
    "ss12000_persons": "* EXCLUDE (sealed, sealed_staff)",
    "ss12000_enrolments": "*",
    "ss12000_groups": "*",
    "ss12000_members": "*",
    "ss12000_activities": "*",
    "ss12000_duties": "*",
    "ss12000_roles": "*",
    "ss12000_events": "*",
    "ss12000_exceptions": "*",
    "ss12000_attendances": "*",
    "ss12000_deletions": "*",
    "lessons": "*",
    "enrolments": "*",
    # Since when is another matter: a record that is cut otherwise is known from then on.
    "enrolment_claims": "DISTINCT pupil_key, school_unit_code, start_date, sender",
    "identity_sources": "*",
    # One that no source says any more may stay until a file is revoked.
    "identities SEMI JOIN identity_sources USING (content_key)": "content_key",
    "school_units": "*",
    "absence_daily": "*",
    "absence_monthly": "*",
    "row_problems": "file_id, line_number, code, rows",
}


class Said(NamedTuple):
    """A file: of which resource, how many hours after the sixth of October, and its choices."""

    resource: str
    hour: int
    choices: tuple[int, ...]

    @property
    def stamp(self) -> str:
        return f"2026-10-{6 + self.hour // 24:02d}T{self.hour % 24:02d}"

    @property
    def name(self) -> str:
        at = self.stamp.replace("-", "")
        return f"{self.resource}_{'_'.join(map(str, self.choices))}_{at}00.json"

    @property
    def content(self) -> str:
        if self.resource != "deletedEntities":
            return page(objects_of(self))
        gone: dict[str, list[str]] = {}
        for choice in self.choices:
            resource, ids = GONE[choice % len(GONE)]
            gone.setdefault(resource, []).append(ids[choice // len(GONE) % len(ids)])
        return json.dumps({"data": {name: sorted(set(ids)) for name, ids in gone.items()}})


GONE = (
    ("persons", PUPILS),
    ("calendarEvents", EVENTS),
    ("attendances", tuple(f"attendance-{e}-{p}" for e in EVENTS for p in PUPILS)),
    ("groups", (CLASS,)),
    ("activities", (MATHS,)),
    ("duties", ("duty-mentor",)),
)


def objects_of(said: Said) -> list[dict[str, Any]]:
    """Return the objects of a file: a choice says which object, and what of it."""
    modified = f"{said.stamp}:00:00Z"
    made = {one["id"]: one for one in (object_of(said.resource, c, modified) for c in said.choices)}
    return [*made.values(), *(OTHER_DAYS.get(said.resource, []) if said in USUAL else [])]


def object_of(resource: str, choice: int, modified: str) -> dict[str, Any]:  # noqa: PLR0911
    which, what = choice % 6, choice // 6
    if resource == "organisations":
        code = ("99999903", "99999904", "99999905")[what % 3]
        return organisation((UNIT, SECOND_UNIT)[which % 2], schoolUnitCode=code, modified=modified)
    if resource == "persons":
        if which > 3:
            return staff(givenName=f"Mo{what % 2}", modified=modified)
        unit = {"enroledAt": {"id": (UNIT, SECOND_UNIT)[what % 2]}}
        ends = {"endDate": "2026-10-05"} if what % 5 == 4 else {}
        kind = {"schoolType": "GY"} if what % 7 == 6 else {}
        number = {"civicNo": None} if what % 4 == 3 else {}
        marked = {"securityMarking": "Sekretessmarkering"} if what % 6 == 5 else {}
        return person(
            PUPILS[which % 2], enrolments=[enrolment(**unit, **ends, **kind)],
            modified=modified, **number, **marked,
        )  # fmt: skip
    if resource == "groups":
        members = [[member(ANNA), member(BO)], [member(ANNA)], [member(BO)], []][what % 4]
        return group(
            displayName="8" + "ABC"[which % 3], groupMemberships=members, modified=modified
        )
    if resource == "activities":
        where = {"organisation": None} if which % 3 == 2 else {
            "organisation": {"id": (UNIT, SECOND_UNIT)[which % 2]}}  # fmt: skip
        kind = {"activityType": "Övrigt"} if what % 5 == 4 else {}
        return activity(modified=modified, **where, **kind)
    if resource == "duties":
        return principal_duty(modified=modified) if which % 3 == 2 else duty(
            dutyRole="Lärare", modified=modified,
            assignmentRole=None if what % 2 else [
                {"group": {"id": CLASS}, "assignmentRoleType": "Mentor"}],
        )  # fmt: skip
    if resource == "calendarEvents":
        exceptions = [{"student": {"id": ANNA}, "participates": False}] if what % 4 == 3 else None
        return event(
            EVENTS[which % 3], cancelled=what % 5 == 4, studentExceptions=exceptions,
            teachingLengthStudent=(None, 50, 10)[what % 3], modified=modified,
            startTime=f"2026-10-{5 + which % 3:02d}T0{8 - what % 2}:20:00+02:00",
            endTime=f"2026-10-{5 + which % 3:02d}T09:20:00+02:00",
        )  # fmt: skip
    marking = "Sekretessmarkering" if what % 9 == 8 else "Ingen"
    said = attendance(
        EVENTS[(which // 2 + (what % 7 == 6)) % 3], modified=modified,
        id=f"attendance-{EVENTS[which // 2]}-{PUPILS[which % 2]}",
        invalidAbsenceMinutes=what % 4 * 10, attendanceMinutes=60 - what % 4 * 10,
    )  # fmt: skip
    return said | {"student": {"id": PUPILS[which % 2], "securityMarking": marking}}


RESOURCES = (
    "organisations", "persons", "groups", "activities", "duties", "calendarEvents", "attendances",
)  # fmt: skip
#: Days enough for verdicts, of which the usual files speak only.
OTHER_DAYS = {
    "calendarEvents": [
        event(f"day-{n}", startTime=f"2026-10-{12 + n:02d}T08:20:00+02:00",
              endTime=f"2026-10-{12 + n:02d}T09:20:00+02:00")
        for n in range(12)
    ],
    "attendances": [
        attendance(f"day-{n}", pupil, invalidAbsenceMinutes=30, attendanceMinutes=30)
        for n in range(12)
        for pupil in PUPILS
    ],
}  # fmt: skip
#: One file of each resource, so that there mostly are lessons.
USUAL = tuple(Said(name, 0, (0, 1, 2, 3, 4, 5)) for name in RESOURCES)
SAID = st.builds(
    Said,
    resource=st.sampled_from((*RESOURCES, "persons", "attendances", "deletedEntities")),
    hour=st.integers(0, 40),
    choices=st.lists(st.integers(0, 53), min_size=1, max_size=4, unique=True).map(tuple),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[Said]], Said]:
    """Draw the runs that take files, and the file that is revoked."""
    more = draw(st.lists(SAID, min_size=2, max_size=5, unique_by=lambda said: said.content))
    files = draw(st.permutations([*USUAL, *more]))
    chosen = draw(st.sampled_from([*more, *more, *USUAL]))
    cuts = sorted({0, *draw(st.lists(st.integers(1, len(files) - 1), max_size=2)), len(files)})
    return [files[a:b] for a, b in pairwise(cuts)], chosen


#: A server that may not move pupils, so that since when its records are known counts.
SERVER = Sender(name="server", rights=frozenset(Right) - {Right.MOVE_PUPILS}, is_declared=True)


def senders_of(folder: Path, *, has_senders: bool) -> Senders:
    return Senders(named=(SERVER,), folders=(folder,)) if has_senders else Senders()


def offer(
    lake: Lake, folder: Path, files: Sequence[Said], *, run: int = 0, has_senders: bool = False
) -> list[FileReport]:
    """Take files in a run, each of which has its own time."""
    paths = [put(folder / "server", file.name, file.content) for file in files]
    clock = datetime(2026, 11, 3, 4, run, tzinfo=UTC).timestamp()
    reports = ingest_paths(
        lake,
        paths,
        intake=Intake(0, keeps_originals=True, now=lambda: clock),
        senders=senders_of(folder, has_senders=has_senders),
    )
    assert all(r.rows_read == r.rows_accepted + r.rows_rejected for r in reports)
    return reports


def state_of(lake: Lake) -> dict[str, Any]:
    """Return all that the lake says, rates, verdicts and lists included."""
    refresh_sums(lake)
    evaluation = evaluate_flags(lake, AS_OF, RULES)
    found: dict[str, Any] = {
        table: lake.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")
        for table, columns in TABLES.items()
    }
    found["verdicts"] = lake.rows(f"SELECT * FROM {evaluation.verdicts} ORDER BY ALL")
    lists = collect(lake, evaluation, STAMP, {}, states=WeekStates({}, {}, [])).watchlists
    found["lists"] = sorted(map(repr, lists))
    found["files"] = lake.rows(
        "SELECT file_id, layout, rows_read, rows_accepted, rows_rejected, rows_warned "
        "FROM files WHERE outcome NOT IN ('revoked', 'duplicate') ORDER BY ALL"
    )
    return found


def protected(lake: Lake) -> set[Any]:
    return {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}


def differing(one: dict[str, Any], other: dict[str, Any]) -> str:
    return "\n".join(
        f"{name}: {[r for r in rows if r not in other[name]]} beside "
        f"{[r for r in other[name] if r not in rows]}"
        for name, rows in one.items()
        if rows != other[name]
    )


def revoke(
    lake: Lake, sha256: str, senders: Senders | None = None, *, with_protection: bool = False
) -> None:
    file = find_file(lake, Sealer.of_home(lake.settings.home), sha256)
    assert revoke_file(lake, file, senders=senders, with_protection=with_protection).is_whole


@pytest.mark.parametrize("has_senders", [False, True], ids=["inbox", "server"])
def test_a_revoked_file_of_objects_has_never_come(tmp_path: Path, *, has_senders: bool) -> None:
    compared: Counter[str] = Counter()

    @settings(
        max_examples=examples(6),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=_PHASES,
        report_multiple_bugs=False,
    )
    @given(history=histories(), with_protection=st.booleans())
    def it_never_came(history: tuple[list[list[Said]], Said], with_protection: bool) -> None:
        runs, chosen = history
        offered = partial(offer, lake, has_senders=has_senders)
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            emptied(lake)
            inbox = Path(folder)
            reports = [r for n, run in enumerate(runs) for r in offered(inbox, run, run=n)]
            (report,) = [report for report in reports if report.name == chosen.name]
            if report.outcome == "quarantined":
                return
            before, marked = state_of(lake), protected(lake)
            senders = senders_of(inbox, has_senders=has_senders)
            revoke(lake, report.sha256, senders, with_protection=with_protection)
            found, still = state_of(lake), protected(lake)
            # The same bytes again change nothing.
            offered(inbox, [chosen], run=9)
            assert differing(state_of(lake), found) == ""
            emptied(lake)
            for n, run in enumerate(runs):
                offered(inbox, [file for file in run if file != chosen], run=n)
            never, never_marked = state_of(lake), protected(lake)
        assert still >= never_marked
        assert with_protection or still >= marked & (never_marked | still)
        if still != never_marked:
            # Who stays protected is on no list, and whose mentor is has no name there.
            for name in ("lists", "lessons", "enrolments", "absence_daily", "absence_monthly",
                         "verdicts", "school_units"):  # fmt: skip
                found.pop(name)
        assert differing(found, never) == ""
        if before["lessons"] != never["lessons"] and "lists" in found:
            compared[chosen.resource] += 1

    with Lake.open(settings_of(tmp_path / "home")) as lake:
        it_never_came()
    assert len(compared) > 2, "files of several resources are looked at"


def test_without_an_original_nothing_is_revoked(lake: Lake, tmp_path: Path) -> None:
    first, *others = offer(lake, tmp_path, USUAL)
    before = state_of(lake)
    for original in (lake.settings.home / "archive").rglob(f"*{others[3].sha256[:16]}*"):
        original.unlink()
    with pytest.raises(RevokeError, match=r"1 of the 6 files .* are not in the archive"):
        revoke(lake, first.sha256)
    assert differing(state_of(lake), before) == ""
    assert lake.rows("SELECT count(*) FROM files WHERE outcome = 'revoked'") == [(0,)]


def test_what_a_revoked_file_of_objects_protects_stays(lake: Lake, tmp_path: Path) -> None:
    offer(lake, tmp_path, USUAL)
    marking = Said("persons", 30, (30,))
    assert "Sekretessmarkering" in marking.content
    (report,) = offer(lake, tmp_path, [marking])
    marked = protected(lake)
    assert len(marked) == 1
    revoke(lake, report.sha256)
    assert protected(lake) == marked
    revoke(lake, report.sha256, with_protection=True)
    assert protected(lake) == set()
