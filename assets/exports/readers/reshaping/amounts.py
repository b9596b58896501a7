"""Times as senders write them: minutes, hours, a share of a lesson; which of them a header says.

An amount is minutes or nothing: what makes no whole number of minutes is never rounded to one. Not
here: cells that are minutes or clock times already; `sql/exports/parsing_macros.sql` reads those.
`whole_minutes` and `clock_minutes` say the same as its macros (a test compares), for who needs the
length of a lesson before its row is staged.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

Unit = Literal["minutes", "hours", "percent"]

_PERCENT = re.compile(r"%|procent|percent")
_HOURS = re.compile(r"(?:^|[\W\d_])(?:h|tim|timme|timmar|hours?)[\W_]*$")
_MINUTES = re.compile(r"(?:^|[\W\d_])(?:m|min|minut|minuter|minutes?)[\W_]*$")
# What a cell may have after its number.
_SIGN = {
    "hours": re.compile(r" *(?:h|tim|timme|timmar)\.?$", re.IGNORECASE),
    "percent": re.compile(r" *%$"),
}
_NOTHING = re.compile(r"[-–—]")
_NUMBER = re.compile(r"(-?[0-9]{1,5})(?:[.,]([0-9]{1,15}))?", re.ASCII)
_HOURS_AND_MINUTES = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::00)?", re.ASCII)
_DECIMALS = re.compile(r"-?[0-9]+[.,][0-9]*", re.ASCII)
_WHOLE = re.compile(r"(-?[0-9]{1,5})(?:[.,]0{1,2})?", re.ASCII)
_GROUPED = re.compile(r"([0-9]{1,3}(?:[ \xa0\u202f][0-9]{3})+)(?:[.,]0{1,2})?", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-9]{2})(?:[:.]00)?", re.ASCII)
_BARE_CLOCK = re.compile(r"([01][0-9]|2[0-3])([0-9]{2})", re.ASCII)
_SHEET_CLOCK = re.compile(
    r"1[89][0-9]{2}-[0-9]{2}-[0-9]{2}[ T]([0-9]{2}):([0-9]{2}):[0-9]{2}(?:\.0+)?", re.ASCII
)
_DAY_FRACTION = re.compile(r"0?[.,][0-9]+", re.ASCII)
_HOUR, _DAY = 60, 1440


def said_unit(header: str) -> Unit | None:
    """Return the unit that a header speaks of; None when it says nothing.

    Args:
        header: as it is compared, without case.
    """
    if _PERCENT.search(header):
        return "percent"
    if _HOURS.search(header):
        return "hours"
    return "minutes" if _MINUTES.search(header) else None


def has_decimals(cell: str) -> bool:
    """Whether a cell is a number with decimals that is not nothing: hours or a share, perhaps."""
    text = cell.strip()
    return bool(_DECIMALS.fullmatch(text)) and any(digit in text for digit in "123456789")


def minutes_of(cell: str, unit: Unit, length: int | None = None) -> int | None:
    """Return the minutes that a cell of hours or percent says.

    Where the value is no whole minute, it is the only one that is written so: 0,33 of an hour is 20
    minutes and no other, 33 % of a lesson of 60 minutes too; 0,34 of an hour is none.

    Args:
        cell: with anything in it.
        unit: of the cell.
        length: of the lesson, in minutes; what a percentage is of.

    Returns:
        None when the cell is no such amount, or more minutes than one are written so.
    """
    text = _bare(cell, unit)
    if _NOTHING.fullmatch(text):
        return 0
    if unit == "minutes":
        return whole_minutes(text)
    if unit == "hours" and (clock := _HOURS_AND_MINUTES.fullmatch(text)):
        return int(clock[1]) * _HOUR + int(clock[2])
    found = _NUMBER.fullmatch(text)
    if found is None or (unit == "percent" and length is None):
        return None
    minutes_a_unit = Decimal(_HOUR) if unit == "hours" else Decimal(length or 0) / 100
    value = Decimal(text.replace(",", "."))
    if text == cell.strip() and unit == "percent" and 0 < value <= 1:
        # Without its sign: a spreadsheet keeps 100 % as 1, and it may be one in a hundred.
        return None
    return _only_minutes(value, len(found[2] or ""), minutes_a_unit)


def _only_minutes(value: Decimal, decimals: int, minutes_a_unit: Decimal) -> int | None:
    """Return the whole minutes that a value is, or else the only ones that are written so."""
    exact = value * minutes_a_unit
    if exact == exact.to_integral_value():
        return int(exact)
    # A half is rounded up by some senders and to the even digit by others.
    half = Decimal(5).scaleb(-decimals - 1)
    first, last = (value - half) * minutes_a_unit, (value + half) * minutes_a_unit
    candidates = [
        minutes for minutes in range(int(first) - 1, int(last) + 2) if first <= minutes <= last
    ]
    return candidates[0] if len(candidates) == 1 else None


def is_amount(cell: str, unit: Unit) -> bool:
    """Whether a cell is a number of a unit at all, whatever minutes it makes."""
    return bool(_NUMBER.fullmatch(_bare(cell, unit)))


def _bare(cell: str, unit: Unit) -> str:
    sign = _SIGN.get(unit)
    return sign.sub("", cell.strip()) if sign else cell.strip()


def whole_minutes(cell: str) -> int | None:
    """Return a cell's whole minutes, as the macro of this name; None when it has none."""
    text = cell.strip(" \xa0")
    if _NOTHING.fullmatch(text):
        return 0
    if found := _WHOLE.fullmatch(text):
        return int(found[1])
    found = _GROUPED.fullmatch(cell.strip(" "))
    return int(re.sub("[^0-9]", "", found[1])) if found else None


def clock_minutes(cell: str) -> int | None:
    """Return the minutes from midnight of a clock time, as the macro `clock_time` reads it."""
    if _DAY_FRACTION.fullmatch(cell):
        minutes = Decimal(cell.replace(",", ".")) * _DAY
        nearest = int(minutes.to_integral_value())
        is_whole = abs(minutes - nearest) < Decimal("0.05") and 1 <= nearest < _DAY
        return nearest if is_whole else None
    found = _CLOCK.fullmatch(cell) or _BARE_CLOCK.fullmatch(cell) or _SHEET_CLOCK.fullmatch(cell)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return int(found[1]) * _HOUR + int(found[2])


def lesson_length(scheduled: str, start: str, end: str) -> int | None:
    """Return a lesson's minutes as its row is staged; None when they can't be read.

    Args:
        scheduled: the cell of its length, in minutes; may be empty.
        start: the cell of its start.
        end: the cell of its end; over midnight it goes on.
    """
    if scheduled.strip():
        return whole_minutes(scheduled)
    first = clock_minutes(start.strip())
    last = 0 if end.strip() == "24:00" else clock_minutes(end.strip())
    return None if first is None or last is None else (last - first) % _DAY
