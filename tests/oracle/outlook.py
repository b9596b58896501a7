"""What can come of a step, tried out day by day and lesson by lesson with fractions.

Every coming way of being absent that the definition speaks of is played through; nothing is
cleverer than that. No code of the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.parameters import CALENDAR
from tests.oracle.windows import ONE_DAY, Window, school_year_start, window_of


@dataclass(frozen=True)
class Minutes:
    """A reported lesson, or what is left of a day of them."""

    day: date
    scheduled: int
    absent: int


def is_reached(rule: dict[str, Any], window: Window | None, lessons: Sequence[Minutes]) -> bool:
    """Whether the share of absence in the window reaches the rule's step; of nothing it doesn't."""
    if window is None:
        return False
    if rule["method"] == "each":
        return all(half and _reaches(rule, *half, lessons) for half in window.halves)
    return _reaches(rule, window.start, window.end, lessons)


def _reaches(rule: dict[str, Any], start: date, end: date, lessons: Sequence[Minutes]) -> bool:
    inside = [x for x in lessons if start <= x.day <= end]
    whole = sum(x.scheduled for x in inside)
    if not whole:
        return False
    share = Fraction(sum(x.absent for x in inside), whole)
    step = Fraction(rule["threshold_pct"]) / 100
    return share > step if rule["comparison"] == ">" else share >= step


def looks(basis: str, as_of: date, params: dict[str, Any]) -> list[date]:
    """The coming days on which the basis is looked at, up to the end of the school year."""
    start = school_year_start(as_of, params)
    year_end = start.replace(year=start.year + 1) - ONE_DAY
    days = [as_of + timedelta(days=n) for n in range(1, 130)]
    if basis == CALENDAR:
        days = [day for day in days if (day + ONE_DAY).day == 1][:3]
    else:
        days = days[: params["rolling_days"][2]]
    return [day for day in days if day <= year_end]


def played(past: Sequence[Minutes], coming: Sequence[Minutes], missed: int) -> list[Minutes]:
    """The past, and the coming lessons of which the first `missed` are missed."""
    return [
        *past,
        *(
            Minutes(x.day, x.scheduled, x.scheduled if n < missed else 0)
            for n, x in enumerate(coming)
        ),
    ]


def outlook(
    rule: dict[str, Any],
    basis: str,
    as_of: date,
    params: dict[str, Any],
    lessons: tuple[Sequence[Minutes], Sequence[Minutes]],
) -> tuple[bool, date | None, int | None]:
    """Return whether it is reached now, the day it turns, and the least number of lessons.

    `lessons` are those behind and those ahead.
    """
    past, coming = lessons

    def holds(on: date, missed: int) -> bool:
        return is_reached(
            rule, window_of(rule["months"], basis, on, params), played(past, coming, missed)
        )

    now = holds(as_of, 0)
    for on in looks(basis, as_of, params):
        if now and not holds(on, 0):
            return now, on, None
        if not now and holds(on, len(coming)):
            return now, on, next(n for n in range(len(coming) + 1) if holds(on, n))
    return now, None, None
