"""What the cells below a header look like, for a person who writes a layout.

A header can be called anything; the cells below it are dates, numbers of pupils or two names all
the same. Nothing here decides how a file is read. Not here: what headers are called
(`layout_words.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assets.exports.readers.reshaping.amounts import has_decimals
from assets.exports.readers.reshaping.wide_columns import weekday_of

Content = Literal[
    "", "civic_no", "date", "clock", "clocks", "unit_code", "two_names", "decimals", "code"
]
_CLOCK = r"(?:[01]?\d|2[0-3])[:.]\d{2}"
_FORMS: dict[Content, re.Pattern[str]] = {
    "civic_no": re.compile(r"(?:19|20)?\d{6} ?[-+]? ?(?:\d{4}|[A-Za-z][A-Za-z0-9]\d{2})", re.ASCII),
    "date": re.compile(r"20\d\d([-/]?)[01]\d\1[0-3]\d(?:[ T]00:00:00)?", re.ASCII),
    "clock": re.compile(rf"{_CLOCK}(?::00)?", re.ASCII),
    "clocks": re.compile(rf"{_CLOCK} ?[-–—] ?{_CLOCK}", re.ASCII),
    "unit_code": re.compile(r"\d{8}", re.ASCII),
    "two_names": re.compile(r"[^\W\d_][^,;\d]*, ?[^\W\d_][^,;\d]*"),
}
# Most cells are of one form, not all: a totals row, a slip of the pen.
_MOST = 0.8
_LONGEST_CODE = 4
_MOST_CODES = 12
_FEWEST_DAYS = 3


def seen_in(cells: Sequence[str]) -> Content:
    """Return what most cells of a column are; '' when they are nothing of which a form is known."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return ""
    for content, form in _FORMS.items():
        if sum(form.fullmatch(cell) is not None for cell in filled) >= _MOST * len(filled):
            return content
    if any(map(has_decimals, filled)) and all(re.fullmatch(r"[-\d.,]+", cell) for cell in filled):
        return "decimals"
    return "code" if _are_codes(filled) else ""


def _are_codes(filled: Sequence[str]) -> bool:
    """Whether texts are codes: few, short and in capitals, and some come again."""
    codes = set(filled)
    are_short = all(
        len(code) <= _LONGEST_CODE and code.isalpha() and code == code.upper() for code in codes
    )
    return are_short and len(codes) <= _MOST_CODES


def are_words(cells: Sequence[str]) -> bool:
    """Whether cells are few words that come again: codes that are spelt out."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    words = set(filled)
    return (
        len(words) <= _MOST_CODES
        and len(words) < len(filled)
        and all(word.replace(" ", "").isalpha() for word in words)
    )


def weekdays_in(header: Sequence[str]) -> list[str]:
    """Return the headers that are weekdays, when there are several."""
    found = [
        name
        for name in header
        if weekday_of(name) and re.fullmatch(r"[^\W\d_]{3,9}\.?", name.strip())
    ]
    return found if len(found) >= _FEWEST_DAYS else []


def codes_in(cells: Sequence[str]) -> list[str]:
    """Return the codes of a column, an empty cell among them, in order."""
    return sorted({cell.strip() for cell in cells})
