"""Absence of made-up pupils with a habit or without one, as lessons in a lake.

None of it is the simulator's, whose assumptions would be ours twice. A cohort is a school: all its
pupils live by one rule, with inclinations of their own. What is drawn knows no weekday and no month
unless the cohort says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.absence.sums import refresh_sums
from assets.lake.connection import Lake
from tests.sql.given import key

Draw = np.random.Generator
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Whether each lesson was missed (pupils, school days, lessons of a day), of the school days given.
Habit = Callable[[Draw, int, Sequence[date], npt.NDArray[np.int64]], Bools]

FIRST, AS_OF = date(2026, 10, 12), date(2027, 3, 14)
_BREAKS = (
    (date(2026, 10, 26), date(2026, 10, 30)),
    (date(2026, 12, 19), date(2027, 1, 10)),
    (date(2027, 3, 1), date(2027, 3, 5)),
)
_WEEK, _FULL = 5, 6
MONDAY, FRIDAY = 0, 4
_SUBJECTS = ("BI", "EN", "IDH", "MA", "SV", "SO", "NO")
MATHS = "MA"
#: Half of the school weeks between autumn and Christmas lie before the turn.
_TURN, _CHRISTMAS = date(2026, 11, 23), date(2026, 12, 19)


@dataclass(frozen=True)
class Cohort:
    """Pupils of one school.

    Attributes:
        habit: how they are absent.
        lessons: on each weekday from Monday; 0 is a day without school.
        every_other: a weekday that is off in even weeks.
        late_minutes: how late they come to the first lesson, every day.
        in_a_row: lessons of one subject that follow each other.
    """

    name: str
    habit: Habit
    lessons: tuple[int, ...] = (5, 5, 5, 5, 5)
    every_other: int | None = None
    late_minutes: int = 0
    in_a_row: int = 1

    @property
    def days(self) -> list[date]:
        """The school days."""
        span = (FIRST + timedelta(days=n) for n in range((AS_OF - FIRST).days + 1))
        return [day for day in span if self._has_school(day)]

    def _has_school(self, day: date) -> bool:
        if day.weekday() >= _WEEK or not self.lessons[day.weekday()]:
            return False
        if any(first <= day <= last for first, last in _BREAKS):
            return False
        return day.weekday() != self.every_other or bool(day.isocalendar().week % 2)


def subject_at(weekday: int, slot: int, in_a_row: int = 1) -> str:
    """The subject of a lesson: the same every week, at other hours on other days."""
    return _SUBJECTS[(slot // in_a_row + 2 * weekday) % len(_SUBJECTS)]


def inclinations(draw: Draw, pupils: int, mean: float = 0.2) -> Floats:
    """A chance for each pupil around a mean."""
    return draw.beta(8 * mean, 8 * (1 - mean), pupils)[:, None]


def _whole_days(away: Bools, lessons: npt.NDArray[np.int64]) -> Bools:
    return np.repeat(away[:, :, None], lessons.max(), axis=2)


def days_alone(mean: float = 0.2) -> Habit:
    """Whole days, each by itself."""

    def habit(
        draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
    ) -> Bools:
        away = draw.random((pupils, len(days))) < inclinations(draw, pupils, mean)
        return _whole_days(away, lessons)

    return habit


def spells(onset: float, length: float, *, winter: float = 1.0) -> Habit:
    """Illness that begins on any day of a week and lasts so many days on average.

    Args:
        onset: the mean chance that it begins on a day, Saturdays and Sundays too.
        length: mean length, calendar days.
        winter: how many times as often it begins in January as in October and March.
    """

    def habit(
        draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
    ) -> Bools:
        span = (AS_OF - FIRST).days + 1
        peak = (date(2027, 1, 20) - FIRST).days
        season = 1 + (winter - 1) * np.exp(-(((np.arange(span) - peak) / 40) ** 2))
        begins = draw.random((pupils, span)) < draw.gamma(2, onset / 2, (pupils, 1)) * season
        lengths = draw.geometric(1 / length, (pupils, span))
        ill = np.zeros((pupils, span), dtype=bool)
        left = np.zeros(pupils, dtype=np.int64)
        for day in range(span):
            left = np.maximum(left - 1, np.where(begins[:, day], lengths[:, day], 0))
            ill[:, day] = left > 0
        return _whole_days(ill[:, [(day - FIRST).days for day in days]], lessons)

    return habit


def half_days(
    draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
) -> Bools:
    """The first half of a day, or its second, each by itself."""
    away = draw.random((2, pupils, len(days))) < inclinations(draw, pupils)[None]
    slot = np.arange(lessons.max())[None, :]
    is_morning = slot < (lessons[:, None] + 1) // 2
    missed: Bools = np.where(is_morning[None], away[0][:, :, None], away[1][:, :, None])
    return missed


def lessons_alone(
    draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
) -> Bools:
    """Single lessons, each by itself."""
    shape = (pupils, len(days), int(lessons.max()))
    missed: Bools = draw.random(shape) < inclinations(draw, pupils, 0.15)[:, :, None]
    return missed


def on_weekdays(weekdays: Sequence[int], *, often: float = 0.8, part: float = 1.0) -> Habit:
    """Most of some weekdays, wholly or the first lessons of them, and now and then another day."""

    def habit(
        draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
    ) -> Bools:
        is_habit = np.array([day.weekday() in weekdays for day in days])
        else_away = _whole_days(draw.random((pupils, len(days))) < 0.05, lessons)
        away = (draw.random((pupils, len(days))) < often) & is_habit
        is_part = np.arange(lessons.max())[None, :] < np.ceil(part * lessons)[:, None]
        missed: Bools = else_away | (away[:, :, None] & is_part[None])
        return missed

    return habit


def on_lessons(
    is_habit_at: Callable[[date, int, int], bool], *, often: float = 0.4, other: float = 0.1
) -> Habit:
    """Many of some lessons, and some of all lessons, each by itself.

    Args:
        is_habit_at: of a day, the number of a lesson from 0, and the day's lessons.
        often: the chance that such a lesson is missed for the habit.
        other: the chance that any lesson is missed for something else.
    """

    def habit(
        draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
    ) -> Bools:
        is_habit = np.array(
            [
                [is_habit_at(day, slot, int(of_day)) for slot in range(lessons.max())]
                for day, of_day in zip(days, lessons, strict=True)
            ]
        )
        shape = (pupils, *is_habit.shape)
        missed: Bools = (draw.random(shape) < other) | (draw.random(shape) < often) & is_habit
        return missed

    return habit


def is_maths(day: date, slot: int, of_day: int) -> bool:
    """Whether a lesson is of one of the seven subjects: four of 25 lessons a week."""
    return slot < of_day and subject_at(day.weekday(), slot) == MATHS


def is_first(day: date, slot: int, of_day: int) -> bool:
    """Whether a lesson is the first of its day."""
    return slot == 0


def is_last(day: date, slot: int, of_day: int) -> bool:
    """Whether a lesson is the last of its day."""
    return slot == of_day - 1


def turning(before: float, after: float) -> Habit:
    """Whole days, each by itself, with another chance from a date on; in spring all are listed.

    Args:
        before: the chance of a day up to the turn.
        after: the chance from the turn until Christmas.
    """

    def habit(
        draw: Draw, pupils: int, days: Sequence[date], lessons: npt.NDArray[np.int64]
    ) -> Bools:
        chance = [0.35 if day > _CHRISTMAS else after if day >= _TURN else before for day in days]
        return _whole_days(draw.random((pupils, len(days))) < np.array(chance), lessons)

    return habit


#: Nobody here has a habit of weekdays, subjects or hours, or more absence from some week on.
WITHOUT = (
    Cohort("days alone", days_alone()),
    Cohort("days alone, much absence", days_alone(0.4)),
    Cohort("short spells", spells(0.05, 4)),
    Cohort("long spells", spells(0.015, 14)),
    Cohort("illness in winter", spells(0.02, 5, winter=4)),
    Cohort("half days", half_days),
    Cohort("lessons alone", lessons_alone),
    Cohort("lessons alone, few on Fridays", lessons_alone, (6, 6, 6, 6, 2)),
    Cohort("lessons alone, many on Mondays", lessons_alone, (7, 3, 3, 3, 3)),
    Cohort("half days, few on Fridays", half_days, (6, 6, 6, 6, 2)),
    Cohort("days alone, Fridays often off", days_alone(), every_other=FRIDAY),
    Cohort("days alone, four days a week", days_alone(), (5, 5, 0, 5, 5)),
    Cohort("days alone, late every day", days_alone(), late_minutes=15),
    Cohort("half days, lessons in pairs", half_days, (6, 6, 6, 6, 6), in_a_row=2),
)
WITH_WEEKDAYS = (
    Cohort("Fridays", on_weekdays([FRIDAY])),
    Cohort("Fridays, few lessons", on_weekdays([FRIDAY]), (6, 6, 6, 6, 2)),
    Cohort("Monday mornings", on_weekdays([MONDAY], part=0.5)),
    Cohort("Mondays, late every day", on_weekdays([MONDAY]), late_minutes=15),
)
WITH_TREND = (
    Cohort("more before the windows", turning(0.02, 0.6)),
    Cohort("less before the windows", turning(0.6, 0.02)),
)
WITH_SUBJECT = (Cohort("a subject", on_lessons(is_maths)),)
WITH_EDGES = (
    Cohort("first lessons", on_lessons(is_first)),
    Cohort("last lessons", on_lessons(is_last)),
)
COHORTS = (*WITHOUT, *WITH_WEEKDAYS, *WITH_TREND, *WITH_SUBJECT, *WITH_EDGES)


def school_of(number: int) -> str:
    """The school unit code of a cohort, by its place."""
    return str(10_000_001 + number)


def fill(lake: Lake, pupils: int, seed: int = 1) -> None:
    """Put the lessons of every cohort into a lake, and sum them.

    Args:
        lake: an empty lake.
        pupils: of each cohort.
        seed: of what is drawn.
    """
    for number, cohort in enumerate(COHORTS):
        lake.load(
            "made_up", _lessons(cohort, number, pupils, np.random.default_rng([seed, number]))
        )
        lake.connection.execute(
            "INSERT INTO lessons BY NAME SELECT * REPLACE (cast(pupil_key AS UUID) AS pupil_key), "
            "60 AS scheduled_minutes, 0 AS valid_minutes, 0 AS other_minutes, TRUE AS is_reported, "
            "FALSE AS is_cancelled, 'A' AS class_name, 8 AS grade, TIMESTAMP '2027-03-14 20:00' "
            "AS exported_at, 1 AS file_id FROM made_up"
        )
        lake.connection.execute("INSERT INTO stale_days SELECT DISTINCT lesson_date FROM made_up")
    refresh_sums(lake)


def _lessons(cohort: Cohort, number: int, pupils: int, draw: Draw) -> pl.DataFrame:
    days = cohort.days
    of_day = np.array([cohort.lessons[day.weekday()] for day in days])
    missed = cohort.habit(draw, pupils, days, of_day)
    is_taught = np.arange(of_day.max())[None, :] < of_day[:, None]
    pupil, day, slot = np.nonzero(np.broadcast_to(is_taught[None], missed.shape))
    minutes = np.where(missed[pupil, day, slot], 60, np.where(slot == 0, cohort.late_minutes, 0))
    keys = np.array([str(key(f"{number} {n}")) for n in range(pupils)])
    dates = np.array(days, dtype="datetime64[D]")[day]
    starts = dates.astype("datetime64[us]") + (8 + slot).astype("timedelta64[h]")
    subjects = np.array(
        [
            [subject_at(day.weekday(), n, cohort.in_a_row) for n in range(of_day.max())]
            for day in days
        ]
    )
    return pl.DataFrame(
        {
            "pupil_key": keys[pupil],
            "lesson_date": dates,
            "starts_at": starts,
            "subject": subjects[day, slot],
            "invalid_minutes": minutes.astype(np.int32),
            "school_unit_code": [school_of(number)] * len(pupil),
        }
    )
