"""One pupil's lessons before they are exported, and the ways absence lies over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from tests.oracle.setting import Setting

SUBJECTS = ("BI", "EN", "IDH", "MA", "NO", "SO", "SV", "ÖV")
USUAL_MINUTES = (20, 30, 40, 45, 60, 60, 75, 80, 120)
SHORTEST, LONGEST = 20, 120
# The subject of a lesson at the same hour as another one.
DOUBLE_BOOKED = "SPECIAL"


@dataclass
class Lesson:
    """A lesson still being decided on; the exports make rows of it."""

    start: datetime
    scheduled: int
    subject: str
    school: str
    valid: int = 0
    invalid: int = 0
    other: int = 0
    is_reported: bool = True
    is_cancelled: bool = False

    @property
    def day(self) -> date:
        return self.start.date()

    @property
    def room(self) -> int:
        """Minutes that are still presence."""
        return self.scheduled - self.valid - self.invalid - self.other


def weekly_lessons(setting: Setting, school: str, rng: Random) -> list[Lesson]:
    """A timetable that repeats every week, 1-4 lessons a day, over the whole span."""
    plan = [_day_plan(rng) for _ in range(7)]
    days_off = _a_holiday(setting, rng)
    return [
        Lesson(datetime.combine(day, begins), minutes, subject, school)
        for day in setting.school_days
        if day not in days_off
        for begins, minutes, subject in plan[day.weekday()]
    ]


def within(lessons: Iterable[Lesson], start: date, end: date) -> list[Lesson]:
    """The lessons of the dates start..end that were not cancelled."""
    return [x for x in lessons if start <= x.day <= end and not x.is_cancelled]


def minutes(lessons: Iterable[Lesson]) -> int:
    return sum(x.scheduled for x in lessons)


def round_to_tens(lessons: Sequence[Lesson]) -> None:
    """Make the lessons' minutes a multiple of ten, so that whole minutes can meet a percentage."""
    if lessons:
        resize(lessons, -minutes(lessons) % 10)


def resize(lessons: Sequence[Lesson], more: int) -> bool:
    """Lengthen (or shorten) lessons by `more` minutes in all; False when there is no room."""
    for lesson in lessons:
        step = max(SHORTEST - lesson.scheduled, min(LONGEST - lesson.scheduled, more))
        lesson.scheduled += step
        more -= step
    return more == 0


def spread_absence(lessons: Iterable[Lesson], wanted: int, rng: Random) -> bool:
    """Lay exactly `wanted` minutes of absence over the reported lessons; False if impossible."""
    reported = [x for x in lessons if x.is_reported]
    if not 0 <= wanted <= sum(x.room for x in reported):
        return False
    rng.shuffle(reported)
    for lesson in reported:
        taken = min(wanted, lesson.room)
        miss(lesson, taken, rng)
        wanted -= taken
    return True


def miss(lesson: Lesson, taken: int, rng: Random) -> None:
    """`taken` minutes of absence: valid, invalid, or some of each."""
    valid = rng.choice((0, taken, rng.randint(0, taken)))
    lesson.valid += valid
    lesson.invalid += taken - valid


def ordinary_absence(lessons: Iterable[Lesson], chance: float, rng: Random) -> None:
    """Each reported lesson is missed with this chance, now and then only in part."""
    for lesson in lessons:
        if lesson.is_reported and rng.random() < chance:
            part = lesson.room if rng.random() < 0.7 else rng.randint(0, lesson.room)
            miss(lesson, part, rng)


def _day_plan(rng: Random) -> list[tuple[time, int, str]]:
    begins = datetime.combine(date.min, time(8, rng.choice((0, 10, 20))))
    plan = []
    for _ in range(rng.choice((1, 2, 2, 3, 4))):
        length = rng.choice((*USUAL_MINUTES, rng.randint(SHORTEST, LONGEST)))
        plan.append((begins.time(), length, rng.choice(SUBJECTS)))
        if rng.random() < 0.05:
            # Double booked: only the subject tells the two lessons apart.
            plan.append((begins.time(), 30, DOUBLE_BOOKED))
        begins += timedelta(minutes=length + 10)
    return plan


def _a_holiday(setting: Setting, rng: Random) -> set[date]:
    if rng.random() < 0.6:
        return set()
    first = rng.choice(setting.school_days)
    return {first + timedelta(days=n) for n in range(rng.choice((1, 7, 14)))}
