"""Which dates a rule looks at, on each basis, at an as_of date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle.parameters import CALENDAR

ONE_DAY = timedelta(days=1)
Dates = tuple[date, date]


@dataclass(frozen=True)
class Window:
    """The dates start..end. `halves` is empty for one month; a half is None when cut away."""

    start: date
    end: date
    halves: tuple[Dates | None, ...] = ()


def window_of(months: int, basis: str, as_of: date, params: dict[str, Any]) -> Window | None:
    """The window of a one- or two-month rule, or None when it is not evaluated at as_of."""
    year_start = school_year_start(as_of, params)
    if basis == CALENDAR:
        parts = _completed_months(months, as_of)
    else:
        parts = _day_ranges(months, as_of, params["rolling_days"])
    if basis == CALENDAR and parts[-1][0] < year_start:
        return None
    kept = tuple(_cut(part, year_start) for part in parts)
    first = next(part for part in kept if part is not None)
    return Window(first[0], parts[-1][1], kept if months == 2 else ())


def school_year_start(day: date, params: dict[str, Any]) -> date:
    """The first day of the school year that `day` is in (1 July)."""
    begins = date(day.year, *params["school_year_starts"])
    return begins if day >= begins else date(day.year - 1, *params["school_year_starts"])


def latest_completed_month(as_of: date) -> Dates:
    """The last calendar month that is over when the day as_of is over."""
    tomorrow = as_of + ONE_DAY
    last = tomorrow.replace(day=1) - ONE_DAY
    return last.replace(day=1), last


def _completed_months(months: int, as_of: date) -> list[Dates]:
    latest = latest_completed_month(as_of)
    if months == 1:
        return [latest]
    return [latest_completed_month(latest[0] - ONE_DAY), latest]


def _day_ranges(months: int, as_of: date, rolling_days: dict[int, int]) -> list[Dates]:
    """The days counted back from as_of, which is day 1: 30-1, or 60-31 and 30-1."""

    def day(number: int) -> date:
        return as_of - timedelta(days=number - 1)

    near = (day(rolling_days[1]), as_of)
    if months == 1:
        return [near]
    return [(day(rolling_days[2]), day(rolling_days[1] + 1)), near]


def _cut(part: Dates, year_start: date) -> Dates | None:
    start, end = part
    return None if end < year_start else (max(start, year_start), end)
