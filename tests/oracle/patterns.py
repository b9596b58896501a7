"""How a pupil's absence lies, in plain Python with fractions, after docs/patterns.md.

One function a question, each over a list of lessons. No code of the product, no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

LIMITS: dict[str, Any] = {
    "whole_day_pct": 100,
    "missed_pct": 50,
    "run_days": 5,
    "coherent_pct": 60,
    "scattered_pct": 20,
    "min_days": 10,
    "min_absent_days": 3,
    "weekday_days": 4,
    "subject_days": 6,
    "clear_pct": 20,
    "trend_pct": 10,
    "trend_days": 10,
}


@dataclass(frozen=True)
class Lesson:
    """One lesson of one pupil."""

    start: datetime
    subject: str
    scheduled: int
    absent: int
    is_reported: bool = True
    is_cancelled: bool = False
    is_own_school: bool = True

    @property
    def day(self) -> date:
        return self.start.date()


def held(lessons: Iterable[Lesson], first: date, last: date) -> list[Lesson]:
    """Lessons at the pupil's own school that took place, reported or not."""
    return [x for x in lessons if x.is_own_school and not x.is_cancelled and first <= x.day <= last]


def reported(lessons: Iterable[Lesson], first: date, last: date) -> list[Lesson]:
    return [x for x in held(lessons, first, last) if x.is_reported]


def days_of(lessons: Iterable[Lesson]) -> list[date]:
    return sorted({x.day for x in lessons})


def absent_days(lessons: Sequence[Lesson]) -> int:
    return len(days_of(x for x in lessons if x.absent > 0))


def rate(lessons: Sequence[Lesson]) -> Fraction | None:
    whole = sum(x.scheduled for x in lessons)
    return Fraction(sum(x.absent for x in lessons), whole) if whole else None


def clearly_over(one: Fraction | None, other: Fraction | None, points: Any) -> bool:
    return one is not None and other is not None and one - other >= Fraction(points) / 100


def whole_days(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[date]:
    """School days on which (nearly) everything that was reported was missed."""
    share = Fraction(limits["whole_day_pct"]) / 100
    return [d for d in days_of(lessons) if (rate([x for x in lessons if x.day == d]) or 0) >= share]


def runs(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[list[date]]:
    """Whole days of absence that follow each other in the pupil's own reported days."""
    whole = set(whole_days(lessons, limits))
    found: list[list[date]] = [[]]
    for day in days_of(lessons):
        if day in whole:
            found[-1].append(day)
        else:
            found.append([])
    return [run for run in found if run]


def minutes_in(run: Sequence[date], lessons: Sequence[Lesson]) -> int:
    return sum(x.absent for x in lessons if x.day in run)


def shape(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> str:
    absent = sum(x.absent for x in lessons)
    if not absent:
        return "none"
    too_few = len(days_of(lessons)) < limits["min_days"]
    if too_few or absent_days(lessons) < limits["min_absent_days"]:
        return "too_little"
    long_runs = [run for run in runs(lessons, limits) if len(run) >= limits["run_days"]]
    share = Fraction(sum(minutes_in(run, lessons) for run in long_runs), absent)
    if share >= Fraction(limits["coherent_pct"]) / 100:
        return "coherent"
    return "scattered" if share <= Fraction(limits["scattered_pct"]) / 100 else "mixed"


def longest_run(
    lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS
) -> tuple[date, date, int] | None:
    """First day, last day and length; of two equally long ones the latest."""
    found = [(run[0], run[-1], len(run)) for run in runs(lessons, limits)]
    return max(found, key=lambda run: (run[2], run[1]), default=None)


def named_weekdays(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[int]:
    """Weekdays (Monday is 1) whose absence stands out from the other days'."""
    if len(days_of(lessons)) < limits["min_days"]:
        return []
    found = []
    for weekday in range(1, 8):
        there = [x for x in lessons if x.day.isoweekday() == weekday]
        rest = [x for x in lessons if x.day.isoweekday() != weekday]
        if (
            len(days_of(there)) >= limits["weekday_days"]
            and absent_days(there) >= limits["min_absent_days"]
            and clearly_over(rate(there), rate(rest), limits["clear_pct"])
        ):
            found.append(weekday)
    return found


def named_subjects(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[str]:
    if len(days_of(lessons)) < limits["min_days"]:
        return []
    found = []
    for subject in sorted({x.subject for x in lessons} - {""}):
        there = [x for x in lessons if x.subject == subject]
        rest = [x for x in lessons if x.subject != subject]
        enough = min(len(days_of(there)), len(days_of(rest))) >= limits["subject_days"]
        if (
            enough
            and absent_days(there) >= limits["min_absent_days"]
            and clearly_over(rate(there), rate(rest), limits["clear_pct"])
        ):
            found.append(subject)
    return found


def edge(
    lessons: Sequence[Lesson], which: str, limits: dict[str, Any] = LIMITS
) -> tuple[int, int, int, int, int, bool] | None:
    """Days, days missed, days missed alone, other lessons, those missed, whether it stands out.

    `lessons` are those that were held, reported or not.
    """
    days = missed = alone = others = others_missed = 0
    for day in days_of(lessons):
        of_day = sorted((x for x in lessons if x.day == day), key=lambda x: (x.start, x.subject))
        at_edge = of_day[0 if which == "first" else -1]
        rest = [x for x in of_day if x is not at_edge and x.is_reported]
        if not at_edge.is_reported or not rest:
            continue
        away = [x for x in rest if _is_missed(x, limits)]
        days += 1
        others += len(rest)
        others_missed += len(away)
        missed += _is_missed(at_edge, limits)
        alone += _is_missed(at_edge, limits) and len(away) < len(rest)
    if not days:
        return None
    is_named = (
        days >= limits["min_days"]
        and alone >= limits["min_absent_days"]
        and clearly_over(
            Fraction(missed, days), Fraction(others_missed, others), limits["clear_pct"]
        )
    )
    return days, missed, alone, others, others_missed, is_named


def _is_missed(lesson: Lesson, limits: dict[str, Any]) -> bool:
    return Fraction(lesson.absent, lesson.scheduled) >= Fraction(limits["missed_pct"]) / 100


def week(lessons: Iterable[Lesson], as_of: date, ago: int, start: date) -> list[Lesson]:
    """Reported lessons of the seven days that ended so many weeks before as_of."""
    last = as_of - timedelta(days=7 * ago)
    return reported(lessons, max(start, last - timedelta(days=6)), last)


def trend(
    lessons: Iterable[Lesson], as_of: date, start: date, limits: dict[str, Any] = LIMITS
) -> str:
    """The latest four weeks beside the four before; `start` is the school year's first day."""
    every = list(lessons)
    later = [x for ago in range(4) for x in week(every, as_of, ago, start)]
    earlier = [x for ago in range(4, 8) for x in week(every, as_of, ago, start)]
    if min(len(days_of(later)), len(days_of(earlier))) < limits["trend_days"]:
        return "unknown"
    if clearly_over(rate(later), rate(earlier), limits["trend_pct"]):
        return "rising"
    return "falling" if clearly_over(rate(earlier), rate(later), limits["trend_pct"]) else "level"
