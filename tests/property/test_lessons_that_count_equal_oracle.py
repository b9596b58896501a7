"""The pipeline and the oracle count the same lessons, whatever comes and in which order.

Days are made crowded on purpose: lessons that cover each other by exactly half or a minute less,
chains of three, the same lesson under two ids or in other letters, cancelled, unreported or
contradicted, at two schools, before and after a roster record's end; in files that come in any
order, split, with sums made in between. `TRAPPAN_ORACLE_EXAMPLES=300` looks longer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.identities import civic_no
from tests.oracle.ladder import rates
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.pipeline import Product, as_text, first_differences
from tests.oracle.writers import Dialect, write_lesson_csv, write_roster_csv

EXAMPLES = examples(10)
PUPILS = [civic_no(number) for number in range(24)]
SCHOOLS = ("99999901", "99999902")
DAYS = (date(2026, 10, 5), date(2026, 10, 6))
# Of 60 minutes from 08:00, what begins at 08:30 is covered by half, at 08:31 by a minute less.
STARTS = (time(8), time(8, 5), time(8, 20), time(8, 30), time(8, 31), time(9), time(9, 29))
LENGTHS = {time(8, 20): 40, time(9): 30, time(9, 29): 31}
SUBJECTS = ("MA", "ma", "SV", "SVA", "")
FIRST_EXPORT = datetime(2026, 10, 7, 4)  # noqa: DTZ001 - local time, as in the files' names
EXPORTS = 3
OUTCOMES = ("present", "present", "absent", "absent", "partly", "other", "unreported", "cancelled")
MINUTES = {
    "present": (60, 0, 0),
    "absent": (0, 0, 60),
    "partly": (30, 30, 0),
    "other": (0, 0, 0),
    "cancelled": (60, 0, 0),
}


class Files:
    """What the schools sent, told by dice: one file a school and export time, and rosters."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.lessons: dict[tuple[str, datetime], list[LessonRow]] = defaultdict(list)
        self.roster: dict[tuple[str, datetime], list[RosterRow]] = defaultdict(list)
        self.exclusive = {school: dice.choice((False, True)) for school in SCHOOLS}
        has_ids = {(s, n): dice.choice(("", "", "a", "b")) for s in SCHOOLS for n in range(EXPORTS)}
        for pupil in PUPILS:
            subjects = dice.sample(SUBJECTS, dice.choice((1, 2, 2)))
            schools = dice.choice((SCHOOLS, SCHOOLS[:1], SCHOOLS[:1]))
            for _ in range(dice.randint(2, 9)):
                school, number = dice.choice(schools), dice.randrange(EXPORTS)
                row = self._row(pupil, school, number, dice.choice(subjects))
                prefix = has_ids[school, number]
                if prefix and dice.random() < 0.9:
                    place = f"{row.start:%d%H%M}-{row.subject.casefold()}"
                    row = replace(row, lesson_id=f"{prefix}-{school}-{place}")
                self.lessons[school, row.exported_at].append(row)
                if dice.random() < 0.2:
                    # Once more in the same file, perhaps saying something else.
                    again = self._row(pupil, school, number, row.subject.swapcase())
                    again = replace(again, start=row.start, lesson_id=row.lesson_id)
                    length = row.scheduled_minutes
                    again = _of_length(again, length + dice.choice((0, 0, 5)))
                    self.lessons[school, row.exported_at].append(again)
            self._enrol(pupil)

    def _row(self, pupil: str, school: str, number: int, subject: str) -> LessonRow:
        start = self.dice.choice(STARTS)
        length = LENGTHS.get(start, 60)
        outcome = self.dice.choice(OUTCOMES)
        given_minutes = MINUTES.get(outcome)
        present, valid, invalid = given_minutes or (0, 0, 0)
        valid, invalid = (part * length // 60 for part in (valid, invalid))
        other = length if outcome == "other" else 0
        told = outcome != "unreported"
        return LessonRow(
            civic_no=pupil,
            school_unit_code=school,
            school_class="8A",
            grade=8,
            mentor="",
            subject=subject,
            lesson_id=None,
            start=datetime.combine(self.dice.choice(DAYS), start),
            scheduled_minutes=length,
            present_minutes=(present * length // 60) if told else None,
            valid_minutes=valid if told else None,
            invalid_minutes=invalid if told else None,
            other_minutes=other if told else None,
            is_reported=told,
            is_cancelled=outcome == "cancelled",
            is_protected=False,
            exported_at=FIRST_EXPORT + timedelta(hours=number),
        )

    def _enrol(self, pupil: str) -> None:
        for school in self.dice.choice(((), (), SCHOOLS[:1], SCHOOLS, SCHOOLS)):
            start = self.dice.choice((None, DAYS[0] - timedelta(days=30), DAYS[1]))
            for number in self.dice.sample(range(EXPORTS), self.dice.choice((1, 1, 2))):
                at = FIRST_EXPORT + timedelta(hours=number)
                ends = self.dice.choice((None, *(DAYS[0] + timedelta(days=n) for n in (-1, 0, 1))))
                if self.exclusive[school] and ends is not None:
                    ends += timedelta(days=1)
                # Where end dates are exclusive, one on the first day says that there was no day.
                if start is not None and ends is not None and ends < start:
                    ends = None
                is_exclusive = self.exclusive[school]
                record = RosterRow(pupil, school, "8A", 8, "", start, ends, False, at, is_exclusive)
                self.roster[school, at].append(record)

    def write(self, folder: Path) -> list[Path]:
        """Write the files in an order of their own; a lesson file may come in two parts."""
        paths = []
        for (school, at), rows in self.lessons.items():
            cut = set(self.dice.sample(PUPILS, self.dice.choice((0, 0, 9))))
            for part in (False, True):
                mine = [row for row in rows if (row.civic_no in cut) == part]
                if mine:
                    path = folder / f"lektionsfranvaro_{school}{part:d}_{at:%Y%m%dT%H%M}.csv"
                    paths.append(write_lesson_csv(mine, path, Dialect(has_protection=False)))
        for (school, at), records in self.roster.items():
            path = folder / f"elever_{school}_{at:%Y%m%dT%H%M}.csv"
            dialect = Dialect(has_exclusive_ends=self.exclusive[school])
            paths.append(write_roster_csv(records, path, dialect))
        self.dice.shuffle(paths)
        return paths


def _of_length(row: LessonRow, length: int) -> LessonRow:
    """The row with another length, and with as much of it missed as there is room for."""
    valid, invalid = (
        min(part or 0, length // 2) for part in (row.valid_minutes, row.invalid_minutes)
    )
    told = row.is_reported
    return replace(
        row,
        scheduled_minutes=length,
        present_minutes=length - valid - invalid if told else None,
        valid_minutes=valid if told else None,
        invalid_minutes=invalid if told else None,
        other_minutes=0 if told else None,
    )


def counted_in(files: Files, folder: Path) -> list[dict[str, str]]:
    """Let the files arrive in batches, with sums in between, and return the month's rates."""
    with Product(folder / "home") as product:
        paths = files.write(folder)
        while paths:
            size = files.dice.choice((1, 3, len(paths)))
            product.receive(paths[:size])
            paths = paths[size:]
            if files.dice.random() < 0.5 or not paths:
                product.refresh()
        return product.rates("2026-10")


def differences_of(seed: int) -> list[str]:
    files = Files(Random(seed))  # noqa: S311 - a timetable is no secret
    lessons = [row for rows in files.lessons.values() for row in rows]
    roster = [row for rows in files.roster.values() for row in rows]
    with TemporaryDirectory() as folder:
        found = counted_in(files, Path(folder))
    return first_differences(as_text(rates(lessons, "2026-10", roster)), found)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_the_pipeline_counts_the_lessons_that_the_oracle_counts(seed: int) -> None:
    assert not differences_of(seed), seed
