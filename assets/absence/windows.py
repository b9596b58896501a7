"""The windows of dates over which absence is summed at an as_of.

Pure dates. Not here: sums (`sql/absence/`), which rule looks at which window (`rules`).
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

SCHOOL_YEAR_FIRST_MONTH = 7


@dataclass(frozen=True)
class WindowPart:
    """A stretch of dates, both ends inclusive. A part wholly cut away is left out.

    Attributes:
        basis: calendar or rolling.
        window_part: one_month, two_months_first_half or two_months_second_half.
    """

    basis: str
    window_part: str
    window_start: date
    window_end: date


@dataclass(frozen=True)
class WholeWindow:
    """A whole window of a basis, as evidence shows it."""

    basis: str
    window: str  # one_month | two_months
    window_start: date
    window_end: date


def school_year_start(day: date) -> date:
    """Return the 1 July on or before a day."""
    year = day.year if day.month >= SCHOOL_YEAR_FIRST_MONTH else day.year - 1
    return date(year, SCHOOL_YEAR_FIRST_MONTH, 1)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def previous_month_start(day: date) -> date:
    """Return the first day of the month before a day's month."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def window_parts(as_of: date, one_month_days: int, two_months_days: int) -> list[WindowPart]:
    """Return the parts of every window at an as_of, none of them before 1 July.

    Args:
        as_of: the last day that counts; on the last day of a month that month is complete.
        one_month_days: length of the rolling month, days.
        two_months_days: length of the rolling two months, days; its halves are equally long.
    """
    start = school_year_start(as_of)
    parts = list(_calendar_parts(as_of, start))
    half = two_months_days // 2
    rolling = (
        ("one_month", as_of - timedelta(days=one_month_days - 1), as_of),
        (
            "two_months_first_half",
            as_of - timedelta(days=two_months_days - 1),
            as_of - timedelta(days=half),
        ),
        ("two_months_second_half", as_of - timedelta(days=half - 1), as_of),
    )
    parts += [
        WindowPart("rolling", name, max(first, start), last)
        for name, first, last in rolling
        if last >= start
    ]
    return parts


def _calendar_parts(as_of: date, start: date) -> list[WindowPart]:
    month = as_of.replace(day=1) if as_of == month_end(as_of) else previous_month_start(as_of)
    if month < start:
        return []
    parts = [
        WindowPart("calendar", "one_month", month, month_end(month)),
        WindowPart("calendar", "two_months_second_half", month, month_end(month)),
    ]
    earlier = previous_month_start(month)
    if earlier >= start:
        parts.append(WindowPart("calendar", "two_months_first_half", earlier, month_end(earlier)))
    return parts


def whole_windows(parts: list[WindowPart]) -> list[WholeWindow]:
    """Return the windows that the parts make up."""
    windows: list[WholeWindow] = []
    for basis in ("calendar", "rolling"):
        for window in ("one_month", "two_months"):
            mine = [p for p in parts if p.basis == basis and p.window_part.startswith(window)]
            if mine:
                first = min(part.window_start for part in mine)
                last = max(part.window_end for part in mine)
                windows.append(WholeWindow(basis, window, first, last))
    return windows
