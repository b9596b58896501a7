"""Whatever files come, split, repeated, in whatever order: whom a source's newest word protects is
hidden, nobody else is, and no byte outside the encrypted data names anybody or anybody's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.answers import rates_answer
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from rules.registry import rule_set_on
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import BASIC, ROSTER, put, text_of
from tests.integration.ss12000_files import enrolment, group, organisation, person, put_page
from tests.oracle.protection import Change, Saying, Town, classes_shown

# The second has the last ten digits of no other; the last is nobody's but in SS12000 and changes.
NUMBERS = ("201203149800", "201203149818", "201509029805", "201001279809")
# Rows may call the first or second by an older number, or by a newer one.
CHANGES = (("201203149800", "201203149818"), ("201203149818", "201001279809"))
SCHOOLS = ("99999901", "99999902")
MONTH = date(2026, 10, 1)
EPOCH = datetime(2026, 11, 1, 5)  # noqa: DTZ001 - a name gives local time
WORDS = ("Ingen", "Ingen", "", "Sekretessmarkering", "Skyddad folkbokföring", "ingen", "Sekretes")
MARKS = ("Ingen", None, "Sekretessmarkering", "Okänd")
RULES = rule_set_on("stockholm", MONTH)
EXAMPLES = examples(8)
CANARY = "Zqgulfjäder"


@dataclass(frozen=True)
class Row:
    """A row about a pupil: how it names the pupil, what it says, and what is wrong with it."""

    pupil: int
    word: str
    fault: str  # "" | date | unit | short | shape

    def cells(self, place: int, school: str, kind: str) -> dict[str, object]:
        number = NUMBERS[self.pupil]
        cells: dict[str, object] = {
            "school": "99x" if self.fault == "unit" else school,
            "civic": f"{number[2:8]}-{number[8:]}" if self.fault == "short" else number,
            "given": f"{CANARY}{self.pupil}", "family": f"{CANARY}sson", "class": klass(self.pupil),
            "grade": "8", "sex": "Kvinna", "date": f"2026-10-{5 + place:02d}", "start": "08:20",
            "end": "09:20", "subject": "MA", "length": "60", "valid": "0", "invalid": "15",
            "present": "45", "reported": "Ja", "starts": f"2026-0{1 + place}-01",
            "protected": self.word,
        }  # fmt: skip
        if self.fault == "date":
            cells["starts" if kind == "roster" else "date"] = "2026-02-30"
        return cells


@dataclass(frozen=True)
class Export:
    """A file of the inbox."""

    kind: str  # roster | lessons | persons | group | units | change
    day: int
    school: str
    rows: tuple[Row, ...]
    has_column: bool = True

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(days=self.day)

    def write(self, folder: Path, number: int) -> Path:
        stamp = f"{self.at:%Y%m%dT%H%M}"
        if self.kind == "units":
            return put_page(folder, f"units{number}", [organisation()], stamp)
        if self.kind == "persons":
            return put_page(folder, f"persons{number}", self._persons(), stamp)
        if self.kind == "group":
            return put_page(folder, f"group{number}", [self._group()], stamp)
        if self.kind == "change":
            old, new = CHANGES[self.rows[0].pupil % len(CHANGES)]
            text = f"Gammalt personnummer;Nytt personnummer;Datum\r\n{old};{new};{self.changed}\r\n"
            return put(folder, f"byten{number}_{stamp}.csv", text)
        columns = ROSTER if self.kind == "roster" else (*BASIC, "protected")
        columns = columns if self.has_column else tuple(c for c in columns if c != "protected")
        rows = [row.cells(place, self.school, self.kind) for place, row in enumerate(self.rows)]
        lines = text_of(rows, columns).split("\r\n")
        for place, row in enumerate(self.rows, start=1):
            lines[place] += ";1;2" if row.fault == "shape" else ""
        return put(folder, f"{self.kind}{number}_{stamp}.csv", "\r\n".join(lines))

    @property
    def changed(self) -> str:
        """The change's date, the same whenever this change is reported of; or none."""
        return "2026-11-02" if self.rows[0].pupil % len(CHANGES) else ""

    def _persons(self) -> list[dict[str, object]]:
        # One object of each person: two of one id in a file contradict each other.
        rows = {row.pupil: row for row in self.rows}
        return [
            person(
                f"id-{row.pupil}", civicNo={"value": NUMBERS[row.pupil]},
                givenName=f"{CANARY}{row.pupil}", familyName=f"{CANARY}sson",
                securityMarking=mark(row),
                enrolments=[] if row.fault else [enrolment(startDate="2026-08-17")],
            )
            for row in rows.values()
        ]  # fmt: skip

    def _group(self) -> dict[str, object]:
        members = [
            {"person": {"id": f"id-{row.pupil}", "securityMarking": mark(row)}} for row in self.rows
        ]
        return group(f"group-{self.day}", groupMemberships=members, displayName=CANARY)


def klass(pupil: int) -> str:
    return f"7Zqvxkwj{pupil}"


def mark(row: Row) -> str | None:
    return MARKS[WORDS.index(row.word) % len(MARKS)]


def town_of(exports: Sequence[Export]) -> Town:
    """Return everything that the files say, as the oracle reads it."""
    town = Town()
    knows_unit = any(export.kind == "units" for export in exports)
    for export in exports:
        if export.kind == "change":
            old, new = CHANGES[export.rows[0].pupil % len(CHANGES)]
            on = date.fromisoformat(export.changed) if export.changed else None
            town.changes.append(Change(old, new, export.at, on))
            town.numbers |= {old, new}
        elif export.kind in ("persons", "group"):
            _note_objects(town, export, knows_unit=knows_unit)
        elif export.kind in ("roster", "lessons"):
            _note_rows(town, export)
    return town


def _note_objects(town: Town, export: Export, *, knows_unit: bool) -> None:
    own = export.kind == "persons"
    rows = {row.pupil: row for row in export.rows}.values() if own else export.rows
    for row in rows:
        if own:
            town.persons.setdefault(f"id-{row.pupil}", set()).add(NUMBERS[row.pupil])
            town.numbers.add(NUMBERS[row.pupil])
        town.sayings.append(
            Saying(
                "ss12000", export.at, mark(row) or "", person=f"id-{row.pupil}",
                is_taken=own, is_placed=own and not row.fault and knows_unit,
            )
        )  # fmt: skip


def _note_rows(town: Town, export: Export) -> None:
    units = {export.school for row in export.rows if row.fault in ("", "date", "short")}
    for row in export.rows:
        number = NUMBERS[row.pupil]
        if row.fault != "short":
            town.numbers |= {number} if row.fault != "shape" else set()
        if not export.has_column:
            continue
        # A row whose school unit can't be read was said by the one that its file is of.
        known = export.school if is_known(row, export, units) else ""
        # In a row without shape only a plain mark is seen.
        is_seen = row.fault != "shape" or any(m in row.word.casefold() for m in ("sekr", "skyd"))
        town.sayings.append(
            Saying(
                f"{export.kind} {known}", export.at, row.word if is_seen else "",
                number=number[2:] if row.fault == "short" else number, is_taken=not row.fault,
            )
        )  # fmt: skip


def is_known(row: Row, export: Export, units: set[str]) -> bool:
    """Whether the pipeline can tell which school unit a row is of.

    Only rows that are taken, or say protected, tell it which units a file is of.
    """
    if row.fault in ("", "date", "short"):
        return True
    return any(
        other.fault in ("", "date", "short")
        and (not other.fault or (other.word not in ("", "Ingen") and export.has_column))
        for other in export.rows
    ) and bool(units)


ROWS = st.builds(
    Row,
    pupil=st.integers(0, len(NUMBERS) - 1),
    word=st.sampled_from(WORDS),
    fault=st.sampled_from(("", "", "", "date", "unit", "short", "shape")),
)
EXPORTS = st.builds(
    Export,
    kind=st.sampled_from(
        ("roster", "roster", "lessons", "lessons", "persons", "group", "units", "change")
    ),
    day=st.integers(0, 3),
    school=st.sampled_from(SCHOOLS),
    rows=st.lists(ROWS, min_size=1, max_size=3).map(tuple),
    has_column=st.sampled_from((True, True, True, False)),
)


def shown(lake: Lake) -> set[str]:
    """Return the keys of those whom the rates show."""
    refresh_sums(lake)
    answer = rates_answer(lake, MONTH, RULES)
    return {row["pupil_key"] for row in answer.rows}


def test_whom_a_sources_newest_word_protects_is_hidden_and_nobody_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        sealer = Sealer.of_home(home)
        # A file name with a name in it is sealed as well.
        tried = 0

        @settings(
            max_examples=examples(8),
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            exports=st.lists(EXPORTS, min_size=1, max_size=6),
            order=st.randoms(use_true_random=False),
            together=st.booleans(),
        )
        def check(exports: list[Export], order: object, together: bool) -> None:
            nonlocal tried
            tried += 1
            folder = tmp_path / f"inbox{tried}"
            paths = [export.write(folder, n) for n, export in enumerate(exports)]
            order.shuffle(paths)  # type: ignore[attr-defined]
            emptied(lake)
            for batch in [paths] if together else [[path] for path in paths]:
                ingest_paths(lake, batch)
            town = town_of(exports)
            hidden = {sealer.key("pupil", number) for number in town.protected()}
            found = {UUID(key) for key in shown(lake)}
            seen = {
                sealer.key("pupil", town.last(NUMBERS[row.pupil]))
                for export in exports
                if export.kind == "lessons"
                for row in export.rows
                if not row.fault
            }
            assert found == seen - hidden
            classes = {
                name for (name,) in lake.rows(
                    "SELECT DISTINCT lessons.class_name FROM lessons JOIN belonging "
                    "USING (pupil_key) WHERE NOT is_protected"
                )
            }  # fmt: skip
            members = {klass(n): [town.last(number)] for n, number in enumerate(NUMBERS)}
            assert classes <= classes_shown(members, town.protected())

        check()
    for path in home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for word in (CANARY, "7Zqvxkwj", *NUMBERS, *(n[2:] for n in NUMBERS)):
            assert word.encode() not in content, path
