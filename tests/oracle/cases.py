"""Cases that a school officer can read (`tests/cases/*.yaml`), made into rows.

The notation is explained in `tests/cases/README.md`. Every case has schools and pupils of its
own, so all cases together can be one delivery to one lake: ask for each case's `civic_no`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.oracle.identities import civic_no
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.parameters import STOCKHOLM, varied

CASES = Path(__file__).resolve().parents[1] / "cases"
EXPORTED = datetime(2026, 12, 24, 4, 0)  # noqa: DTZ001 - local time, as in the files' names
NOT_EVALUATED = "not evaluated"
PUPIL = {"class": "8A", "grade": 8, "mentor": "Mo Mentor", "protected": False}
PUPIL_KEYS = set(PUPIL)
BLOCK_KEYS = PUPIL_KEYS | {
    "from", "days", "weekends", "lessons_per_day", "at", "minutes", "subject", "school",
    "absent", "valid", "other", "unreported", "cancelled", "exported", "id",
}  # fmt: skip
KINDS = ("other", "valid", "absent")
ROSTER_KEYS = PUPIL_KEYS | {"school", "from", "until", "exported"}
CASE_KEYS = {
    "case", "as_of", "pupil", "lessons", "roster", "classmate", "school_goes_on", "with", "expect",
}  # fmt: skip
EXPECT_KEYS = {"level", "place", "rows", "rates", *STOCKHOLM["rules"]}


@dataclass(frozen=True)
class Case:
    """One pupil at one as_of. `params` differ from Stockholm's only where the case says so."""

    name: str
    as_of: date
    civic_no: str
    lessons: tuple[LessonRow, ...]
    roster: tuple[RosterRow, ...]
    params: dict[str, Any]
    expect: dict[str, Any]
    school_codes: dict[str, str] = field(default_factory=dict)

    @property
    def is_stockholm(self) -> bool:
        """Whether the rule set `stockholm` as it is can answer this case."""
        return self.params == STOCKHOLM

    @property
    def months(self) -> list[str]:
        """The months whose rates the case says something about."""
        return list(self.expect.get("rates", {}))

    def mismatches(
        self,
        flag_rows: Iterable[Mapping[str, Any]],
        rate_rows: Iterable[Mapping[str, Any]] = (),
    ) -> list[str]:
        """What the rows say otherwise than the case; rows of other pupils are left aside."""
        own = [row for row in flag_rows if row["civic_no"] == self.civic_no]
        rates = {row["month"]: row for row in rate_rows if row["civic_no"] == self.civic_no}
        found: list[str] = []

        def compare(what: str, expected: Any, actual: Any) -> None:
            if str(expected) != str(actual):
                found.append(f"{what}: expected {expected!r}, got {actual!r}")

        if self.expect.get("rows") == "none":
            compare("number of rows", 0, len(own))
        else:
            compare("whether there are rows", True, bool(own))
        said = {(r["rule"], r["basis"]): f"{r['verdict']} {r['certainty']}".strip() for r in own}
        for rule in STOCKHOLM["rules"]:
            for basis, expected in self.expect.get(rule, {}).items():
                compare(f"{rule} {basis}", expected, said.get((rule, basis), NOT_EVALUATED))
        for row in own[:1]:
            compare("level", self.expect.get("level", row["level"]), row["level"])
            for name, expected in self.expect.get("place", {}).items():
                column = "school_unit_code" if name == "school" else name
                compare(column, self.school_codes.get(expected, expected), row[column])
        for month, expected in self.expect.get("rates", {}).items():
            for column, value in expected.items():
                compare(f"{month} {column}", value, rates.get(month, {}).get(column))
        return found


def load_cases(folder: Path = CASES) -> list[Case]:
    """Every case of every file, in the order of the files' names."""
    raw = [case for path in sorted(folder.glob("*.yaml")) for case in _read(path)]
    return [_case(case, number) for number, case in enumerate(raw)]


def _read(path: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for case in cases:
        _known(case, CASE_KEYS, path.name)
        _known(case["expect"], EXPECT_KEYS, case["case"])
        case["case"] = f"{path.stem}: {case['case']}"
    return cases


def _case(raw: dict[str, Any], number: int) -> Case:
    name = raw["case"]
    codes = {letter: f"99{number:04d}{n:02d}" for n, letter in enumerate("ABC", start=1)}
    about = PUPIL | raw.get("pupil", {})
    own, mate = civic_no(2 * number), civic_no(2 * number + 1)
    lessons: list[LessonRow] = []
    for block in raw.get("lessons", []):
        _known(block, BLOCK_KEYS, name)
        previous = lessons[-1].day if lessons else None
        lessons += _lessons(about | block, own, codes, previous)
    shared: list[LessonRow] = []
    for block in raw.get("classmate", []):
        _known(block, BLOCK_KEYS, name)
        previous = shared[-1].day if shared else None
        shared += _lessons(PUPIL | block, mate, codes, previous)
    lessons += shared
    for school, day in raw.get("school_goes_on", {}).items():
        block = PUPIL | {"from": day, "days": 1, "weekends": True, "school": school}
        lessons += _lessons(block, mate, codes, None)
    roster = []
    for spell in raw.get("roster", []):
        _known(spell, ROSTER_KEYS, name)
        roster.append(_roster_row(about | spell, own, codes))
    params = varied(raw["with"]) if "with" in raw else STOCKHOLM
    return Case(
        name, raw["as_of"], own, tuple(lessons), tuple(roster), params, raw["expect"], codes
    )


def _lessons(
    block: dict[str, Any], pupil: str, codes: dict[str, str], previous: date | None
) -> list[LessonRow]:
    """The lessons of one block; absence fills the first reported lessons, one after another."""
    starts = _starts(block, previous)
    unreported = _last(block.get("unreported", 0), len(starts))
    cancelled = _last(block.get("cancelled", 0), len(starts))
    # A block where nothing counts may still have minutes written on its rows.
    countable = [n for n in range(len(starts)) if n not in unreported | cancelled]
    carriers = countable or list(range(len(starts)))
    length = block.get("minutes", 60)
    laid = _lay_out(block, carriers, length)
    rows = []
    for n, start in enumerate(starts):
        taken = laid.get(n, {"present": length} | dict.fromkeys(KINDS, 0))
        is_empty = n in unreported and taken["present"] == length
        rows.append(
            LessonRow(
                civic_no=pupil,
                school_unit_code=codes[block.get("school", "A")],
                school_class=block["class"],
                grade=_grade(block["grade"]),
                mentor=block["mentor"],
                subject=block.get("subject", "MA"),
                lesson_id=f"{block['id']}-{n}" if "id" in block else None,
                start=start,
                scheduled_minutes=length,
                present_minutes=None if is_empty else taken["present"],
                valid_minutes=None if is_empty else taken["valid"],
                invalid_minutes=None if is_empty else taken["absent"],
                other_minutes=None if is_empty else taken["other"],
                is_reported=n not in unreported,
                is_cancelled=n in cancelled,
                is_protected=block["protected"],
                exported_at=block.get("exported", EXPORTED),
            )
        )
    return rows


def _lay_out(block: dict[str, Any], carriers: list[int], length: int) -> dict[int, dict[str, int]]:
    """Minutes of each kind per lesson: each kind fills what the one before it left."""
    room = {n: {"present": length} | dict.fromkeys(KINDS, 0) for n in carriers}
    for kind in KINDS:
        left = block.get(kind, 0)
        for minutes in room.values():
            minutes[kind] = min(left, minutes["present"])
            minutes["present"] -= minutes[kind]
            left -= minutes[kind]
        if left:
            raise ValueError(f"more minutes than lessons in {block}")
    return room


def _starts(block: dict[str, Any], previous: date | None) -> list[datetime]:
    """Each day's lessons begin at `at` and follow each other without a break."""
    day = block.get("from") or (previous + timedelta(days=1) if previous else None)
    if day is None:
        raise ValueError(f"the first block needs a date: {block}")
    starts: list[datetime] = []
    days = 0
    while days < block["days"]:
        if block.get("weekends") or day.weekday() < 5:
            first = datetime.combine(day, time.fromisoformat(block.get("at", "08:00")))
            step = timedelta(minutes=block.get("minutes", 60))
            starts += [first + n * step for n in range(block.get("lessons_per_day", 1))]
            days += 1
        day += timedelta(days=1)
    return starts


def _last(count: int | str, total: int) -> set[int]:
    """The numbers of the last `count` lessons, or of all."""
    return set(range(0 if count == "all" else total - int(count), total))


def _roster_row(spell: dict[str, Any], pupil: str, codes: dict[str, str]) -> RosterRow:
    return RosterRow(
        civic_no=pupil,
        school_unit_code=codes[spell.get("school", "A")],
        school_class=spell["class"],
        grade=_grade(spell["grade"]),
        mentor=spell["mentor"],
        start_date=spell.get("from"),
        end_date=spell.get("until"),
        is_protected=spell["protected"],
        exported_at=spell.get("exported", EXPORTED),
    )


def _grade(grade: int | str) -> int | None:
    return None if grade == "unknown" else int(grade)


def _known(given: dict[str, Any], allowed: set[str], where: str) -> None:
    """A mis-spelt word in a case must not make the case say nothing."""
    if unknown := set(given) - allowed:
        raise ValueError(f"{where}: unknown words {sorted(unknown)}")
