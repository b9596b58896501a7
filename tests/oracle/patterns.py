"""How a pupil's absence lies, in plain Python with fractions, after docs/patterns.md.

One function a question, each over a list of lessons. No code of the product, no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import Any

LIMITS: dict[str, Any] = {
    "whole_day_pct": 100,
    "missed_pct": 50,
    "run_days": 5,
    "coherent_pct": 60,
    "scattered_pct": 20,
    "min_days": 10,
    "min_absent_days": 3,
    "named_days": 4,
    "named_spells": 3,
    "chance_pct": 1,
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


def missed_days(lessons: Iterable[Lesson], limits: dict[str, Any] = LIMITS) -> list[date]:
    """Days on which at least one lesson was missed."""
    return days_of(x for x in lessons if x.is_reported and _is_missed(x, limits))


def spells(days: Sequence[date], missed: Iterable[date]) -> list[list[date]]:
    """Missed days that follow each other among the days given."""
    absent = set(missed)
    found: list[list[date]] = []
    for number, day in enumerate(days):
        if day not in absent:
            continue
        if number and days[number - 1] in absent:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def ways(days: Sequence[date], lengths: Iterable[int], among: set[date], wanted: int) -> int:
    """Ways to lay spells on days, never side by side, with so many of their days among some."""

    @cache
    def from_day(number: int, left: tuple[int, ...], lacking: int) -> int:
        if not left:
            return int(lacking <= 0)
        if number >= len(days):
            return 0
        count = from_day(number + 1, left, lacking)
        for length in set(left):
            covered = days[number : number + length]
            if len(covered) == length:
                rest = list(left)
                rest.remove(length)
                hits = sum(day in among for day in covered)
                count += from_day(number + length + 1, tuple(rest), max(lacking - hits, 0))
        return count

    return from_day(0, tuple(sorted(lengths)), wanted)


def chance(days: Sequence[date], missed: Iterable[date], among: set[date]) -> Fraction:
    """The share of all ways to lay the spells in which as many missed days lie among some days."""
    away = set(missed)
    lengths = [len(spell) for spell in spells(days, away)]
    return Fraction(ways(days, lengths, among, len(away & among)), ways(days, lengths, among, 0))


def is_enough(
    days: Sequence[date], missed: Iterable[date], among: set[date], limits: dict[str, Any]
) -> bool:
    """Missed days enough among some days, in spells enough."""
    away = set(missed)
    touching = [spell for spell in spells(days, away) if among & set(spell)]
    enough = len(away & among) >= limits["named_days"]
    return enough and bool(len(touching) >= limits["named_spells"])


def named_weekdays(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[int]:
    """Weekdays (Monday is 1) with more absence than chance would lay there."""
    days, missed = days_of(lessons), missed_days(lessons, limits)
    asked = max(5, len({day.isoweekday() for day in days}))
    found = []
    for weekday in range(1, 8):
        there = [x for x in lessons if x.day.isoweekday() == weekday]
        rest = [x for x in lessons if x.day.isoweekday() != weekday]
        among = set(days_of(there))
        if (
            is_enough(days, missed, among, limits)
            and clearly_over(rate(there), rate(rest), limits["clear_pct"])
            and chance(days, missed, among) * asked < Fraction(limits["chance_pct"]) / 100
        ):
            found.append(weekday)
    return found


def chance_of_place(days: Iterable[Sequence[Lesson]], wanted: int, limits: dict[str, Any]) -> Any:
    """The chance that lessons drawn one a day are missed ones on so many of the days."""
    by_number = {0: Fraction(1)}
    for of_day in days:
        likely = Fraction(sum(_is_missed(x, limits) for x in of_day), len(of_day))
        after: dict[int, Fraction] = {}
        for number, so_far in by_number.items():
            after[number] = after.get(number, Fraction(0)) + so_far * (1 - likely)
            after[number + 1] = after.get(number + 1, Fraction(0)) + so_far * likely
        by_number = after
    return sum(so_far for number, so_far in by_number.items() if number >= wanted)


def missed_in_part(
    lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS
) -> dict[date, list[Lesson]]:
    """Lessons of the days on which some were missed and some were not."""
    of_days = {day: [x for x in lessons if x.day == day] for day in days_of(lessons)}
    return {
        day: of_day
        for day, of_day in of_days.items()
        if len({_is_missed(x, limits) for x in of_day}) > 1
    }


def named_subjects(lessons: Sequence[Lesson], limits: dict[str, Any] = LIMITS) -> list[str]:
    if len(days_of(lessons)) < limits["min_days"]:
        return []
    parts = missed_in_part(lessons, limits)
    compared = {}
    for subject in sorted({x.subject for x in lessons} - {""}):
        there = [x for x in lessons if x.subject == subject]
        rest = [x for x in lessons if x.subject != subject]
        if min(len(days_of(there)), len(days_of(rest))) >= limits["subject_days"]:
            compared[subject] = there, rest
    found = []
    for subject, (there, rest) in compared.items():
        days = set(days_of(there)) & set(days_of(rest)) & set(parts)
        missed = [day for day in days if all(_is_missed(x, limits) for x in there if x.day == day)]
        chance = chance_of_place([parts[day] for day in days], len(missed), limits)
        if (
            absent_days(there) >= limits["min_absent_days"]
            and clearly_over(rate(there), rate(rest), limits["clear_pct"])
            and chance * len(compared) < Fraction(limits["chance_pct"]) / 100
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
    parts = []
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
        if len({_is_missed(x, limits) for x in (at_edge, *rest)}) > 1:
            parts.append([at_edge, *rest])
    if not days:
        return None
    is_named = (
        days >= limits["min_days"]
        and alone >= limits["min_absent_days"]
        and clearly_over(
            Fraction(missed, days), Fraction(others_missed, others), limits["clear_pct"]
        )
        and chance_of_place(parts, alone, limits) * 2 < Fraction(limits["chance_pct"]) / 100
    )
    return days, missed, alone, others, others_missed, is_named


def _is_missed(lesson: Lesson, limits: dict[str, Any]) -> bool:
    return Fraction(lesson.absent, lesson.scheduled) >= Fraction(limits["missed_pct"]) / 100


def week(lessons: Iterable[Lesson], as_of: date, ago: int, start: date) -> list[Lesson]:
    """Reported lessons of the seven days that ended so many weeks before as_of."""
    last = as_of - timedelta(days=7 * ago)
    return reported(lessons, max(start, last - timedelta(days=6)), last)


def compared_weeks(
    lessons: Iterable[Lesson],
    as_of: date,
    start: date,
    window: date,
    limits: dict[str, Any] = LIMITS,
) -> tuple[list[date], list[date]]:
    """School days of the latest weeks before the windows that were hit, and of as many before.

    Args:
        lessons: of the pupil.
        as_of: the last day that counts.
        start: the school year's first day.
        window: the first day of the earliest window that was hit; the day after as_of without one.
        limits: the numbers.
    """
    of_year = reported(lessons, start, as_of)
    days, missed = days_of(of_year), set(missed_days(of_year, limits))
    before = [day for day in days if window - timedelta(days=98) <= day < window]
    inside = [day for day in days if window <= day < window + timedelta(days=28)]
    if inside and inside[0] in missed:
        while before and before[-1] in missed:
            before.pop()
    weeks: dict[date, list[date]] = {}
    for day in before:
        friday = day + timedelta(days=5 - day.isoweekday())
        if friday < window:
            weeks.setdefault(friday, []).append(day)
    latest_first = [weeks[friday] for friday in sorted(weeks, reverse=True)]
    count = min(4, len(latest_first) // 2)
    later, earlier = latest_first[:count], latest_first[count : 2 * count]
    return sorted(chain.from_iterable(later)), sorted(chain.from_iterable(earlier))


def trend(
    lessons: Sequence[Lesson],
    as_of: date,
    start: date,
    window: date,
    limits: dict[str, Any] = LIMITS,
) -> str:
    """Whether absence rose or fell before the windows that were hit; as `compared_weeks`."""
    later, earlier = compared_weeks(lessons, as_of, start, window, limits)
    if min(len(later), len(earlier)) < limits["trend_days"]:
        return "unknown"
    of_days = [x for x in reported(lessons, start, as_of) if x.day in {*later, *earlier}]
    days, missed = days_of(of_days), missed_days(of_days, limits)
    rates = {
        name: rate([x for x in of_days if x.day in part])
        for name, part in (("later", later), ("earlier", earlier))
    }
    for word, high, low, part in (
        ("rising", "later", "earlier", later),
        ("falling", "earlier", "later", earlier),
    ):
        if (
            is_enough(days, missed, set(part), limits)
            and clearly_over(rates[high], rates[low], limits["trend_pct"])
            and chance(days, missed, set(part)) < Fraction(limits["chance_pct"]) / 100
        ):
            return word
    return "level"
