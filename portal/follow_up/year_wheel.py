"""Årshjulet: what recurs in a district's year, and what comes next.

A dated YAML file per district under `rules/follow_up/year_wheels/`; a step's month can be unknown,
where its source does not say it. Not here: the calendar file
(`calendar.py`), which pupils a step is about (`views/wheel.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.year_wheels import WheelStep, wheel_of

_SHOWN = 2


@dataclass(frozen=True)
class DueStep:
    """A step and the month in which it is due next."""

    step: WheelStep
    month: date


def next_steps(district: str, day: date, most: int = _SHOWN) -> tuple[DueStep, ...]:
    """Return the steps that are due next in a district, this month's first.

    Args:
        district: stadsdelsområde; a district without a wheel of its own has none.
        day: today.
        most: how many.
    """
    first = day.replace(day=1)
    found = []
    for step in wheel_of(district, day):
        if step.month is None:
            continue
        year = first.year + (step.month < first.month)
        found.append(DueStep(step, date(year, step.month, 1)))
    return tuple(sorted(found, key=lambda due: (due.month, due.step.order))[:most])
