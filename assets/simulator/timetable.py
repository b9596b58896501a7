"""The weekly timetable of each class: when, how long, which subject."""

import dataclasses
import datetime as dt
from collections.abc import Iterator

import numpy as np

from assets.simulator import chance
from assets.simulator.city import City
from assets.simulator.plan import SimulationPlan, Split, school_year_start

# A wheel of subject codes that the week turns through: no subject twice in a day.
_WHEEL_LOW = ("SV", "MA", "NO", "IDH", "EN", "BL", "SO", "MU", "SVA", "TK", "SLÖ", "LEK")
_WHEEL_HIGH = (
    "MA", "SV", "EN", "IDH", "NO", "SO", "M2", "BL", "HI", "MU", "KE", "GE", "SL", "FY", "RE",
    "BI", "TK", "HKK", "SH",
)  # fmt: skip
SUBJECTS = tuple(sorted({*_WHEEL_LOW, *_WHEEL_HIGH}))

_LUNCH_MINUTES = 40
_FIRST_START = 8 * 60


@dataclasses.dataclass(frozen=True)
class ClassTimetables:
    """Lessons of classes (C), weekdays (5, Monday first) and slots (L); int64 (C, 5, L).

    Attributes:
        start: Minutes after midnight.
        minutes: Length of the lesson.
        length: Index of that length in `plan.lesson_minutes`.
        subject: Index into `SUBJECTS`.
    """

    start: chance.Ints
    minutes: chance.Ints
    length: chance.Ints
    subject: chance.Ints


def build_timetable(plan: SimulationPlan, city: City, classes: range) -> ClassTimetables:
    """Timetable of the classes of one school.

    Returns:
        Lessons that start at 08:00-08:30 and follow each other with breaks of 5-15 minutes and a
        lunch in the middle, so that lessons of a class never overlap.
    """
    index = np.arange(classes.start, classes.stop)[:, None, None]
    weekday, slot = np.arange(5)[:, None], np.arange(plan.lessons_per_day)
    seed = plan.seed
    length = chance.choice(seed, "length", len(plan.lesson_minutes), index, weekday, slot)
    minutes = np.array(plan.lesson_minutes, dtype=np.int64)[length]

    gap = 5 + 5 * chance.choice(seed, "gap", 3, index, weekday, slot)
    gap[:, :, (plan.lessons_per_day - 1) // 2] = _LUNCH_MINUTES
    first = _FIRST_START + 5 * chance.choice(seed, "first_start", 7, index, weekday)
    elapsed = np.cumsum(minutes + gap, axis=2) - (minutes + gap)

    subject = np.empty_like(length)
    for n, c in enumerate(classes):
        wheel = _WHEEL_LOW if city.classes[c].grade <= 3 else _WHEEL_HIGH
        codes = np.array([SUBJECTS.index(code) for code in wheel])
        turn = int(chance.choice(seed, "subject", len(wheel), c)[0])
        subject[n] = codes[(turn + weekday * plan.lessons_per_day + slot) % len(wheel)]
    return ClassTimetables(first + elapsed, minutes, length, subject)


# When there is school: terms, breaks, Swedish public holidays; and the periods of the exports.
# Follows the habits of a Stockholm school year (autumn break week 44, sports break week 9, the
# week before Easter free), computed, so that every year works; a real city decides its dates each
# year.

DAYS_PER_SCHOOL_YEAR = 178
"""Least number of school days in a school year (3 kap. 3 § skolförordningen)."""

_ONE_DAY = dt.timedelta(days=1)


def easter_sunday(year: int) -> dt.date:
    """Gregorian Easter, after Meeus/Jones/Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    (i, k), m = divmod(c, 4), (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return dt.date(year, month, (h - m + r + month + 19) % 32)


def public_holidays(year: int) -> set[dt.date]:
    """Swedish public holidays that can fall on a weekday in term (Lag 1989:253), with the eves."""
    easter = easter_sunday(year)
    fixed = {(1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31)}
    moving = (-2, 1, 39)  # Good Friday, Easter Monday, Ascension Day
    return {dt.date(year, m, d) for m, d in fixed} | {easter + n * _ONE_DAY for n in moving}


def _in_term(day: dt.date) -> bool:
    """Autumn: third Monday of August to Friday before 22 December. Spring: 8 Jan to mid-June."""
    august_15, june_9 = dt.date(day.year, 8, 15), dt.date(day.year, 6, 9)
    autumn_first = august_15 + _ONE_DAY * (-august_15.weekday() % 7)
    spring_last = june_9 + _ONE_DAY * ((4 - june_9.weekday()) % 7)
    is_autumn = autumn_first <= day <= dt.date(day.year, 12, 21)
    return is_autumn or dt.date(day.year, 1, 8) <= day <= spring_last


def _is_ordinary_school_day(day: dt.date, closed_weeks: tuple[int, ...]) -> bool:
    """A weekday in term that is neither a holiday, a bridge day nor in a break."""
    if day.weekday() > 4 or not _in_term(day) or day in public_holidays(day.year):
        return False
    if day.isocalendar().week in closed_weeks:
        return False
    easter = easter_sunday(day.year)
    is_easter_week = easter - 6 * _ONE_DAY <= day < easter
    is_bridge_day = day == easter + 40 * _ONE_DAY  # the Friday after Ascension Day
    # Late December: the term ends on a Friday, so a lone Monday 21 December is free.
    is_stub = day.month == 12 and day + (4 - day.weekday()) * _ONE_DAY > dt.date(day.year, 12, 21)
    return not (is_easter_week or is_bridge_day or is_stub)


def _usual_staff_days(days: list[dt.date]) -> set[dt.date]:
    """The surplus over 178 days, taken out evenly over the year: the teachers' days."""
    surplus = max(0, len(days) - DAYS_PER_SCHOOL_YEAR)
    return {days[(2 * n + 1) * len(days) // (2 * surplus)] for n in range(surplus)}


def school_days(plan: SimulationPlan) -> list[dt.date]:
    """Dates with lessons within the plan's period, ascending."""
    start = school_year_start(plan.first_day)
    year = [start + n * _ONE_DAY for n in range((start.replace(year=start.year + 1) - start).days)]
    days = [day for day in year if _is_ordinary_school_day(day, plan.closed_weeks)]
    closed = _usual_staff_days(days) if plan.staff_days is None else set(plan.staff_days)
    return [d for d in days if d not in closed and plan.first_day <= d <= plan.last_day]


def _label(day: dt.date, split: Split) -> str:
    if split == "month":
        return f"{day:%Y-%m}"
    if split == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return day.isoformat()


def periods(plan: SimulationPlan) -> Iterator[tuple[str, list[dt.date]]]:
    """The periods of the exports that have lessons: label (`2026-10`, `2026-W43`, date), dates."""
    by_label: dict[str, list[dt.date]] = {}
    for day in school_days(plan):
        by_label.setdefault(_label(day, plan.split), []).append(day)
    yield from by_label.items()


def export_stamp(days: list[dt.date]) -> str:
    """When the period's file was exported: 05:00 after its last school day, `YYYYMMDDTHHMM`."""
    return f"{days[-1] + _ONE_DAY:%Y%m%d}T0500"
