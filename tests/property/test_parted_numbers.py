"""Numbers that were parted were never joined, whatever came before, between or after.

The lake in which a file of changed numbers, or a pair of one, was taken back is compared with the
one in which it never came. Protection is the one thing that waits for a person.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.pupils.merges import standing_keys
from assets.exports.revoke import revoke_file
from assets.exports.senders.releases import Releaser, release, waiting_lifts
from assets.exports.senders.senders import Right, Sender, Senders
from assets.exports.unmerge import unmerge
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.complete_files import COLUMNS, WITH_COLUMN
from tests.integration.ingest_files import PUPILS, ROSTER, put, text_of

SCHOOLS = ("99999901", "99999902")
FIRST = date(2026, 10, 5)
NUMBERS = PUPILS[:4]
PERSON = Releaser(1000, "anna")
# Two lakes a step: to find a smaller example would take an hour.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
# What a source's ids are is not unlearned, so here it is said.
LAYOUTS = [
    layout.model_copy(update={"lesson_id": "lesson"}) if layout.kind == "lessons" else layout
    for layout in WITH_COLUMN
]
_MERGES = "nummerbyten"
_SUMS_HEAD = (
    "Elev,Klass,Årskurs,Personnummer,Undv. tid,Lekt.,N min,GF min,F min,N %,GF %,F %,Ej reg tid,"
    "N h,GF h,F h"
)


@dataclass(frozen=True)
class Row:
    """What a row says: of a lesson, a record or sums of a number; or of a number's change."""

    number: int
    other: int
    day: int
    hour: int
    lesson_id: str
    minutes: int
    protected: str


@dataclass(frozen=True)
class Said:
    """A file of a school, in the order in which files come, and when it says so."""

    kind: str  # lessons | complete | elever | sums | nummerbyten
    school: int
    rows: tuple[Row, ...]
    hours: int

    @property
    def at(self) -> str:
        return f"{datetime(2026, 11, 1, 5, tzinfo=UTC) + timedelta(hours=self.hours):%Y%m%dT%H%M}"

    @property
    def content(self) -> str:
        school = SCHOOLS[self.school]
        if self.kind == _MERGES:
            pairs = {row.number: row for row in self.rows}.values()
            said = [
                f"{NUMBERS[r.number]};{NUMBERS[r.other]};2026-10-{20 + r.day}\r\n" for r in pairs
            ]
            return "Gammalt personnummer;Nytt personnummer;Datum\r\n" + "".join(said)
        if self.kind == "sums":
            of_number = {row.number: row for row in self.rows}.values()
            said = [
                f'"Ek, Åsa",8A,8,{NUMBERS[r.number]},600,90,{500 - r.minutes},{r.minutes},10,'
                '"80,5","9,5","10","12,5","70,1","2","3"\n'
                for r in of_number
            ]
            return f"{_SUMS_HEAD}\n" + "".join(said)
        rows = [
            {
                "civic": NUMBERS[r.number], "given": f"Åsa{r.minutes}", "family": "Ek",
                "school": school, "class": f"8{'ABC'[r.minutes // 5]}", "grade": "8",
                "date": f"{FIRST + timedelta(r.day)}", "start": f"{r.hour:02d}:00",
                "subject": "MA", "length": "60", "valid": "0", "invalid": str(r.minutes),
                "lesson_id": r.lesson_id, "reported": "Ja", "protected": r.protected,
                "starts": f"{FIRST + timedelta(r.day % 2)}",
                "ends": "" if r.hour == 8 else f"{FIRST + timedelta(r.day % 2 + 20)}",
            }
            for r in self.rows
        ]  # fmt: skip
        if self.kind == "elever":
            return text_of(rows, ROSTER)
        rows = [{**row, "Antal rader": str(len(rows))} for row in rows]
        columns = COLUMNS if self.kind == "complete" else [c for c in COLUMNS if c != "Antal rader"]
        return text_of(rows, columns)

    def name(self, place: int) -> str:
        if self.kind == "sums":
            return f"manadssummor_{SCHOOLS[self.school]}_2026-09_{place}_{self.at}.csv"
        return f"{self.kind}_{place}_{self.at}.csv"


ROWS = st.builds(
    Row,
    number=st.sampled_from((0, 0, 1, 1, 2, 3)),
    other=st.sampled_from((0, 1, 1, 2)),
    day=st.integers(0, 2),
    hour=st.sampled_from((8, 9)),
    lesson_id=st.sampled_from(("", "", "L1", "L2")),
    minutes=st.sampled_from((0, 5, 10)),
    protected=st.sampled_from(("", "", "Ingen", "Sekretessmarkering")),
)
FILES = st.builds(
    Said,
    kind=st.sampled_from(("lessons", "lessons", "complete", "elever", "elever", "sums", _MERGES)),
    school=st.integers(0, 1),
    rows=st.lists(ROWS, min_size=1, max_size=4).map(tuple),
    hours=st.integers(0, 5),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Draw files of which one joins the first two numbers, and several are about both."""
    files = draw(st.lists(FILES, min_size=2, max_size=6))
    row = replace(draw(ROWS), number=0, other=1)
    beside = [r for r in draw(st.lists(ROWS, max_size=1)) if r.number != 0]
    merge = Said(_MERGES, 0, (row, *beside), draw(st.integers(0, 5)))
    # The other number says the same lessons, too.
    both = [
        replace(file, rows=tuple(replace(r, number=1 - r.number % 2) for r in file.rows))
        for file in files
        if file.kind not in {_MERGES}
    ][:2]
    return draw(st.permutations([*files, *both, merge]))


class Home:
    """A lake that takes files as they come, from one sender or from one for each school."""

    def __init__(self, lake: Lake, *, has_senders: bool) -> None:
        self.lake = emptied(lake)
        self.folder = Path(tempfile.mkdtemp(dir=lake.settings.home.parent))
        self.sealer = Sealer.of_home(lake.settings.home)
        self.has_senders = has_senders
        schools = [
            Sender(name=code, is_declared=True, school_units=frozenset({code})) for code in SCHOOLS
        ]
        register = Sender(name="register", is_declared=True, rights=frozenset(Right))
        self.senders = Senders(named=(*schools, register), folders=(self.folder,))
        self.senders = self.senders if has_senders else Senders()
        self.runs = 0

    def offer(self, files: Sequence[tuple[int, Said]]) -> list[str]:
        self.runs += 1
        clock = datetime(2026, 11, 3, 4, self.runs, tzinfo=UTC).timestamp()
        paths = []
        for place, file in files:
            sender = "register" if file.kind == _MERGES else SCHOOLS[file.school]
            inbox = self.folder / sender if self.has_senders else self.folder
            inbox.mkdir(exist_ok=True)
            paths.append(put(inbox, file.name(place), file.content))
        reports = ingest_paths(
            self.lake,
            [self.folder] if self.has_senders else paths,
            layouts=LAYOUTS,
            senders=self.senders,
            intake=Intake(now=lambda: clock),
        )
        assert all(r.rows_read == r.rows_accepted + r.rows_rejected for r in reports)
        hashes = {r.path: r.sha256 for r in reports}
        return [hashes[path] for path in paths]

    def release_all(self) -> None:
        """Let a person say that nobody is protected by another's number."""
        for lift in waiting_lifts(self.lake, self.sealer):
            if lift.layout == _MERGES:
                release(self.lake, lift, PERSON)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def dump(lake: Lake) -> dict[str, list[Any]]:
    """Return all that the lake says of pupils, and what the ledger counts.

    Not `moved_lessons`: what is kept there hangs on which files came together, without any merge.
    """
    refresh_sums(lake)
    found: dict[str, list[Any]] = {}
    for table in (
        "lessons", "missing_lessons", "contradicted_lessons",
        "joint_lessons", "enrolments", "moving_records", "monthly_sums", "identity_sources",
        "enrolment_claims", "absence_daily", "absence_monthly", "uncounted_lessons",
        "class_coverage", "lesson_snapshots", "number_changes",
    ):  # fmt: skip
        found[table] = rows_of(lake, f"SELECT * FROM {table}")
    # A removal that a newer word of the lesson superseded keeps nothing away.
    found["removed_lessons"] = rows_of(
        lake,
        "SELECT * FROM removed_lessons AS removed WHERE NOT EXISTS (SELECT 1 FROM lessons "
        "WHERE lessons.pupil_key = removed.pupil_key AND lessons.lesson_id = removed.lesson_id "
        "AND (lessons.exported_at, lessons.file_id) > (removed.exported_at, removed.file_id))",
    )
    found["names"] = rows_of(lake, "SELECT content_key FROM identity_sources SEMI JOIN identities "
                             "USING (content_key)")  # fmt: skip
    found["files"] = rows_of(
        lake,
        "SELECT file_id, layout, rows_read, rows_accepted, rows_rejected, rows_warned FROM files "
        "WHERE outcome NOT IN ('duplicate', 'revoked', 'quarantined')",
    )
    found["problems"] = rows_of(lake, "SELECT file_id, line_number, code FROM row_problems")
    found["pupils"] = rows_of(lake, "SELECT DISTINCT pupil_key FROM lessons")
    return found


def rows_of(lake: Lake, select: str) -> list[Any]:
    return sorted(lake.rows(select), key=repr)


def protected(lake: Lake) -> set[UUID]:
    met = "(SELECT pupil_key FROM lessons UNION SELECT pupil_key FROM enrolments)"
    return {
        key
        for (key,) in lake.rows(f"SELECT pupil_key FROM protected_pupils WHERE pupil_key IN {met}")
    }


def differing(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> Iterator[str]:
    for table, rows in one.items():
        if rows != other[table]:
            yield f"{table}: {[r for r in rows if r not in other[table]]} beside "
            yield f"{[r for r in other[table] if r not in rows]}"


def take_back(home: Home, pair: tuple[UUID, UUID] | None, sha256: str) -> bool:
    """Take back a pair, or the file of a hash; return whether there was one."""
    file = find_file(home.lake, home.sealer, sha256)
    if pair:
        unmerge(home.lake, pair, PERSON, layouts=LAYOUTS, senders=home.senders)
    elif file.outcome != "quarantined":
        revoke_file(home.lake, file, layouts=LAYOUTS, senders=home.senders)
    return pair is not None or file.outcome != "quarantined"


def never_said(lake: Lake, old: UUID, new: UUID) -> None:
    """Part two numbers before anybody joins them: whatever says so joins nobody."""
    lake.connection.execute(
        "INSERT INTO unmerged_pairs VALUES (cast(? AS UUID), cast(? AS UUID), 0, "
        "'2100-01-01', false, 0, 'nobody', '2026-01-01')",
        [str(old), str(new)],
    )


@pytest.mark.parametrize("by_pair", [False, True], ids=["file", "pair"])
def test_numbers_that_were_parted_were_never_joined(tmp_path: Path, *, by_pair: bool) -> None:
    parted: set[int] = set()

    @settings(
        max_examples=examples(12),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=_PHASES,
        report_multiple_bugs=False,
    )
    @given(
        files=histories(),
        runs=st.integers(1, 3),
        has_senders=st.booleans(),
        later=st.integers(0, 2),
    )
    def it_never_came(files: list[Said], runs: int, has_senders: bool, later: int) -> None:
        merge = place_of_merge(files)
        before, after = in_runs(files, runs, merge, later)
        home = Home(lake, has_senders=has_senders)
        old, new = (home.sealer.key("pupil", number.replace("-", "")) for number in NUMBERS[:2])
        hashes: dict[int, str] = {}
        for group in before:
            came = home.offer(group)
            hashes |= {place: sha256 for (place, _), sha256 in zip(group, came, strict=True)}
        is_taken = lake.rows(
            "SELECT 1 FROM pupil_merges WHERE old_pupil_key = cast($old AS UUID) "
            "AND new_pupil_key = cast($new AS UUID)",
            old=str(old),
            new=str(new),
        )
        if not is_taken:
            return
        was_protected = protected(lake)
        if not take_back(home, (old, new) if by_pair else None, hashes[merge]):
            return
        still = protected(lake)
        for group in after:
            home.offer(group)
        found, found_protected = dump(lake), protected(lake)
        home.release_all()
        released = protected(lake)
        home.close()

        other = Home(lake, has_senders=has_senders)
        if by_pair:
            never_said(lake, old, new)
        as_if_never: set[UUID] = set()
        for number, group in enumerate([*before, *after]):
            left = [entry for entry in group if by_pair or entry[0] != merge]
            other.offer(left)
            if number == len(before) - 1:
                as_if_never = protected(lake)
        never, never_protected = dump(lake), protected(lake)
        other.close()
        if any(holds_one_twice(other.sealer, lake, file) for file in files):
            return
        parted.add(len(after))
        assert "\n".join(differing(found, never)) == ""
        assert was_protected <= still | as_if_never
        assert still >= as_if_never
        assert found_protected >= never_protected
        assert released == never_protected

    with Lake.open(settings_of(tmp_path / "home")) as lake:
        it_never_came()
    assert max(parted) > 0, "files come after the numbers were parted, too"


def holds_one_twice(sealer: Sealer, lake: Lake, file: Said) -> bool:
    """Whether a file has two numbers of a pupil: of it the order of arrival is seen (ADR 0012)."""
    stands = standing_keys(lake)
    keys = [sealer.key("pupil", NUMBERS[row.number].replace("-", "")) for row in file.rows]
    return len({stands.get(key, key) for key in keys}) < len(set(keys))


def in_runs(
    files: list[Said], runs: int, merge: int, later: int
) -> tuple[list[list[tuple[int, Said]]], list[list[tuple[int, Said]]]]:
    """Return the runs that take the files, before the numbers are parted and after."""
    numbered = list(enumerate(files))
    step = -(-len(numbered) // runs)
    groups = [numbered[n : n + step] for n in range(0, len(numbered), step)]
    least = next(n for n, group in enumerate(groups, 1) if merge in dict(group))
    count = max(least, len(groups) - later)
    return groups[:count], groups[count:]


def place_of_merge(files: list[Said]) -> int:
    """Return the place of the first file that joins the first number with the second."""
    return next(
        place
        for place, file in enumerate(files)
        if file.kind == _MERGES and any((row.number, row.other) == (0, 1) for row in file.rows)
    )
