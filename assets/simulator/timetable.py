"""The weekly timetable of each class: when, how long, which subject."""

import dataclasses

import numpy as np

from assets.simulator import chance
from assets.simulator.city import City
from assets.simulator.plan import SimulationPlan

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
