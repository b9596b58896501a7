"""How a pupil's absence lies: by chance, or on purpose at the edge of a rule.

A shape changes lessons in place and returns those that remain. The edges are sought because a
random school almost never stands exactly at 20 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from tests.oracle.parameters import BASES, STOCKHOLM
from tests.oracle.setting import Setting
from tests.oracle.timetable import (
    Lesson,
    minutes,
    ordinary_absence,
    resize,
    round_to_tens,
    spread_absence,
    within,
)
from tests.oracle.windows import Window, window_of

Shape = Callable[[list[Lesson], Setting, Random], list[Lesson]]
CHANCES = (0.0, 0.02, 0.08, 0.12, 0.18, 0.25, 0.35, 0.45, 0.7, 1.0)
FEW_DAYS_SHARE = 0.25
# (days in the first half, in the second) around "20 days, and 5 in each half".
DAYS_PER_HALF = ((5, 15), (4, 16), (15, 5), (16, 4), (5, 14), (6, 15), (10, 10), (9, 10), (4, 15))


@dataclass(frozen=True)
class Aim:
    """A rule and the window it looks at, for a shape to aim at."""

    threshold_pct: int
    minimum_days: int
    window: Window


def by_chance(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """The ordinary pupil."""
    _other_activity(lessons, setting, rng, share=0.04)
    ordinary_absence(lessons, rng.choice(CHANCES), rng)
    return lessons


def at_threshold(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Rate, lower or upper bound exactly at a rule's threshold, or one minute beside it."""
    aim = _aim(setting, rng)
    inside = within(lessons, aim.window.start, aim.window.end)
    outside = _outside(lessons, inside)
    if rng.random() < FEW_DAYS_SHARE:
        # Too few days, and then the upper bound alone decides.
        kept_days = _some_days(sorted({x.day for x in inside}), aim, rng)
        inside = [x for x in inside if x.day in kept_days]
    _other_activity(inside, setting, rng, share=0.04)
    for lesson in rng.sample(inside, int(len(inside) * rng.choice((0, 0, 0.06, 0.1, 0.3)))):
        lesson.is_reported, lesson.other = False, 0
    reported = [x for x in inside if x.is_reported]
    unreported = [x for x in inside if not x.is_reported]
    round_to_tens(reported)
    round_to_tens(unreported)
    r, s = minutes(reported), minutes(inside)
    wanted = rng.choice(
        (
            r * aim.threshold_pct // 100,
            s * aim.threshold_pct // 100,
            s * aim.threshold_pct // 100 - (s - r),
            # Rounds up to the threshold in whole percent.
            r * (aim.threshold_pct * 10 - 5) // 1000,
        )
    )
    spread_absence(inside, wanted + rng.choice((-1, 0, 0, 1)), rng)
    ordinary_absence(outside, rng.choice((0, 0, 0.1)), rng)
    return outside + inside


def at_threshold_in_each_half(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Both halves of two months at the threshold or a minute beside it, one maybe unreported."""
    window = window_of(2, rng.choice(BASES), rng.choice(setting.as_ofs), STOCKHOLM)
    if window is None:
        return by_chance(lessons, setting, rng)
    pct = STOCKHOLM["rules"]["ulf_two_months"]["threshold_pct"]
    for half in window.halves:
        inside = within(lessons, *half) if half else []
        for lesson in rng.sample(inside, int(len(inside) * rng.choice((0, 0, 0.2, 0.5)))):
            lesson.is_reported = False
        reported = [x for x in inside if x.is_reported]
        round_to_tens(reported)
        whole = minutes(rng.choice((reported, inside)))
        spread_absence(inside, whole * pct // 100 + rng.choice((-1, 0, 0, 1)), rng)
    return lessons


def at_minimum_days(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Reported on one day fewer than a rule asks for, on just as many, or on one more."""
    aim = _aim(setting, rng)
    inside = within(lessons, aim.window.start, aim.window.end)
    days = sorted({x.day for x in inside})
    reported_days = _some_days(days, aim, rng)
    fate = rng.choice(("gone", "unreported", "cancelled"))
    for lesson in inside:
        if lesson.day not in reported_days:
            lesson.is_reported = False
            can_cancel = setting.school(lesson.school).dialect.has_cancelled
            lesson.is_cancelled = fate == "cancelled" and can_cancel
    ordinary_absence(lessons, rng.choice((0.1, 0.3, 0.6, 1.0)), rng)
    if fate == "gone":
        return _outside(lessons, inside) + [x for x in inside if x.day in reported_days]
    return lessons


def at_coverage(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Reported for exactly 80 % of the minutes, or one minute less or more."""
    aim = _aim(setting, rng)
    inside = within(lessons, aim.window.start, aim.window.end)
    unreported = rng.sample(inside, len(inside) // 5)
    for lesson in unreported:
        lesson.is_reported = False
    reported = [x for x in inside if x.is_reported]
    rng.shuffle(reported)
    resize(reported, 4 * minutes(unreported) - minutes(reported) + rng.choice((-1, -1, 0, 0, 1)))
    # Under the threshold, yet over it if all that is unreported was absence.
    below = minutes(reported) * aim.threshold_pct // 100
    spread_absence(inside, rng.randint(below // 2, below), rng)
    return lessons


def patchy(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Lessons that nobody reported: here and there, or all from some day on."""
    missing = rng.choice((0.1, 0.3, 0.6, 0.95, 1.0))
    since = rng.choice((setting.first_day, rng.choice(setting.school_days)))
    for lesson in lessons:
        if lesson.day >= since and rng.random() < missing:
            lesson.is_reported = False
    ordinary_absence(lessons, rng.choice(CHANCES), rng)
    return lessons


def often_cancelled(lessons: list[Lesson], setting: Setting, rng: Random) -> list[Lesson]:
    """Cancelled lessons and study visits, with absence written on some of the cancelled."""
    share = rng.choice((0.1, 0.4, 0.9))
    _other_activity(lessons, setting, rng, share=0.3)
    ordinary_absence(lessons, rng.choice(CHANCES), rng)
    for lesson in lessons:
        if setting.school(lesson.school).dialect.has_cancelled and rng.random() < share:
            lesson.is_cancelled = True
    return lessons


EMPTY_DESK = "empty desk"
SHAPES: dict[str, Shape] = {
    "by chance": by_chance,
    "at threshold": at_threshold,
    "at threshold in each half": at_threshold_in_each_half,
    "at minimum days": at_minimum_days,
    "at coverage": at_coverage,
    "patchy": patchy,
    "often cancelled": often_cancelled,
}


def _aim(setting: Setting, rng: Random) -> Aim:
    """A random rule, basis and as_of whose window is not empty."""
    while True:
        rule = rng.choice(list(STOCKHOLM["rules"].values()))
        as_of, basis = rng.choice(setting.as_ofs), rng.choice(BASES)
        window = window_of(rule["months"], basis, as_of, STOCKHOLM)
        if window is not None:
            return Aim(rule["threshold_pct"], rule["minimum_days"], window)


def _some_days(days: list[date], aim: Aim, rng: Random) -> set[date]:
    """The days that stay reported: around the minimum, also in each half of two months."""
    halves = aim.window.halves
    if not halves:
        count = aim.minimum_days + rng.choice((-1, 0, 1))
        return set(rng.sample(days, min(count, len(days))))
    chosen: set[date] = set()
    for half, count in zip(halves, rng.choice(DAYS_PER_HALF), strict=True):
        here = [d for d in days if half is not None and half[0] <= d <= half[1]]
        chosen |= set(rng.sample(here, min(count, len(here))))
    return chosen


def _other_activity(lessons: list[Lesson], setting: Setting, rng: Random, *, share: float) -> None:
    for lesson in lessons:
        if setting.school(lesson.school).dialect.has_other and rng.random() < share:
            lesson.other = rng.choice((lesson.scheduled, lesson.scheduled // 2))


def _outside(lessons: list[Lesson], inside: list[Lesson]) -> list[Lesson]:
    known = {id(x) for x in inside}
    return [x for x in lessons if id(x) not in known]
