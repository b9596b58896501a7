"""Stored values of cells as text: numbers, days, times of day and ISO dates.

A spreadsheet keeps a day as a number and only its format says that it is one. Not here: which
cell has which format (`book.py`), what a text means (`sql/exports/parsing_macros.sql`).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

#: What stands in a cell whose value is none. Every reader of a cell refuses it.
NO_VALUE = "#VALUE!"
_SECONDS = 86_400
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[1-9]\d{0,14}|0", re.ASCII)
_ISO = re.compile(
    r"(?:(\d{4}-\d\d-\d\d))?(?:T?(\d\d:\d\d:\d\d)(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
)
_EPOCHS = {"1899-12-30", "1899-12-31", "1900-01-00", "1904-01-01"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# The days that a format can show: 1 January 1900 to 31 December 9999.
_LAST_DAY = 2_958_466
# Formats of the standard without a code in the file.
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_BUILT_IN_PERCENTAGES = frozenset({9, 10})
# What of a code is no sign of a value: texts in quotes, single letters, fillers, colours and
# conditions in brackets, but not elapsed time.
_DECORATION = re.compile(r'"[^"]*"?|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]?', re.IGNORECASE)
_DATE_LETTER = re.compile(r"[ymdhs]", re.IGNORECASE)


def number_text(stored: str) -> str:
    """Return a number as a spreadsheet shows it in full: 15 digits, no exponent."""
    text = stored.strip()
    if _WHOLE.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text):
        return NO_VALUE
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return NO_VALUE
    shown = format(value, ".15g")
    return shown if "e" not in shown else format(Decimal(shown), "f")


def day_text(stored: str, *, is_1904: bool) -> str:
    """Return a number whose format is a day or time: `2026-10-05`, `08:20:00`, or both."""
    text = number_text(stored)
    if text == NO_VALUE:
        return text
    value = Decimal(text)
    seconds = int((value * _SECONDS).to_integral_value())
    days, of_day = divmod(seconds, _SECONDS)
    if value < 0 or days >= _LAST_DAY:
        return text
    clock = f"{of_day // 3600:02d}:{of_day // 60 % 60:02d}:{of_day % 60:02d}"
    if days == 0:
        return clock
    first = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a day
    day = f"{first + timedelta(days=days):%Y-%m-%d}"
    return f"{day} {clock}" if of_day else day


def percent_text(stored: str) -> str:
    """Return a number whose format is a percentage: 0.25 is `25%`, as a spreadsheet shows it."""
    text = number_text(stored)
    if text == NO_VALUE:
        return text
    shown = format(Decimal(text) * 100, "f")
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown}%"


def iso_text(stored: str) -> str:
    """Return a value of the kind `d`, an ISO 8601 date or time, as `day_text` writes it."""
    match = _ISO.fullmatch(stored.strip())
    if match is None or not (match[1] or match[2]):
        return NO_VALUE
    day, clock = match[1], match[2]
    if clock is None or (day and clock == "00:00:00" and day not in _EPOCHS):
        return day
    return clock if day is None or day in _EPOCHS else f"{day} {clock}"


def plain_string(text: str) -> str:
    """Return a string with what stands for letters that XML can't hold (`_x000D_`) as letters."""
    if "_x" not in text or not _ESCAPED.search(text):
        return text
    letters = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return letters.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_percent_format(number: int, code: str | None) -> bool:
    """Whether a number format shows a percentage; arguments as those of `is_date_format`."""
    if code is None:
        return number in _BUILT_IN_PERCENTAGES
    return "%" in _DECORATION.sub("", code.partition(";")[0])


def is_date_format(number: int, code: str | None) -> bool:
    """Whether a number format shows a day or time.

    Args:
        number: of the format.
        code: as the file gives it; None when it gives none, and the standard's own counts.
    """
    if code is None:
        return number in _BUILT_IN_DATES
    shown = _DECORATION.sub("", code.partition(";")[0])
    return shown.casefold() not in {"general", "standard"} and bool(_DATE_LETTER.search(shown))
