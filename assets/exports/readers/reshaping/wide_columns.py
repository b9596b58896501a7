"""Tables with a column a lesson: which lesson a header names, and the day of a weekday in a week.

Not here: what a cell of such a column says (`canonical_rows.py`).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("mån", "mon"),
            ("tis", "tue"),
            ("ons", "wed"),
            ("tor", "thu"),
            ("fre", "fri"),
            ("lör", "sat"),
            ("sön", "sun"),
        ),
        start=1,
    )
    for name in names
}
_DAY = re.compile(r"(20\d\d)([-/]?)(\d\d)\2(\d\d)(?:[ T]00:00:00(?:\.0+)?)?", re.ASCII)
# 2026-W41, 2026 v. 41, 2026v41, 202641 with a letter between or none; or the week first.
_YEAR_FIRST = re.compile(r"(20\d\d)[ -]*(?:w|v|vecka)?[. ]*(\d{1,2})", re.ASCII | re.IGNORECASE)
_WEEK_FIRST = re.compile(r"(?:w|v|vecka)[. ]*(\d{1,2})[ ,/-]+(20\d\d)", re.ASCII | re.IGNORECASE)


def weekday_of(text: str) -> int | None:
    """Return the number of a weekday, 1 for Monday, by its name in Swedish or English."""
    return _WEEKDAYS.get(text.strip().casefold()[:3])


def day_in_week(week: str, weekday: str) -> str | None:
    """Return the day of a weekday in a week, `2026-10-05`.

    Args:
        week: `2026-W41`, `2026 v. 41`, `v. 41 2026`, or a date in it; one without a year is none.
        weekday: `måndag`, `Mon`.

    Returns:
        None when either can't be read.
    """
    number = weekday_of(weekday)
    monday = _monday(week.strip())
    return str(monday + timedelta(days=number - 1)) if number and monday else None


def _monday(week: str) -> date | None:
    try:
        if found := _DAY.fullmatch(week):
            day = date(int(found[1]), int(found[3]), int(found[4]))
            return day - timedelta(days=day.weekday())
        if found := _YEAR_FIRST.fullmatch(week):
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
        if found := _WEEK_FIRST.fullmatch(week):
            return date.fromisocalendar(int(found[2]), int(found[1]), 1)
    except ValueError:
        return None
    return None
