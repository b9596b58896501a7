"""What each problem code of a row says to a person: column, what is wrong, what was expected.

The codes come from `sql/exports/staged_*.sql`, `identity_numbers.py` and the readers. A code is
`<our column>.<what>`. Not here: when a code applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assets.exports.ss12000 import reasons as ss12000_reasons

# Cells that can name a person are shown as a pattern only: digits as 9, letters as x. So is
# whatever stands in another column and looks like a person: rows slip by a cell.
PERSONAL_COLUMNS = frozenset(
    {
        "civic_no",
        "given_name",
        "family_name",
        "mentor_name",
        "mentor_email",
        "principal_name",
        "principal_email",
        "row",
    }
)
_FOUND_LIMIT = 80
# Words that sheets and registers put where a value belongs. Every other word can be a name, as
# Tom, Maj and Inga are, unless it is a single letter.
_HARMLESS_WORDS = frozenset(
    {
        "ja", "nej", "sant", "falskt", "true", "false", "yes", "no", "kanske", "okänt", "okänd",
        "ingen", "saknas", "null", "none", "nan", "ref", "name", "num", "div", "value", "värde",
        "formula", "summa", "totalt", "total", "antal", "minuter", "minut", "timmar", "timme",
        "kl", "åk", "årskurs", "klass", "fsk", "fk", "förskoleklass", "sekretessmarkering",
        "skyddad", "folkbokföring", "identitet", "inställd", "rapporterad", "datum", "starttid",
        "sluttid", "ämne", "skolenhetskod", "skola", "lektionslängd", "närvaro", "giltig",
        "ogiltig", "frånvaro",
    }
)  # fmt: skip
# Mis-spelt markings are shown: the school has to find and mend them.
_HARMLESS_STARTS = ("sekret", "skydda", "folkbok")
_PERSONAL_NUMBER = re.compile(r"\d{6,8}[-+ ]?(\d{4}|[^\W\d_]{2}\d{2})")
_WORD = re.compile(r"[^\W\d_]+")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:.]+")

_MINUTES = "whole minutes such as 60, or 60,0"
_WRONG = {
    "missing": "the cell is empty",
    "unreadable": "the cell can't be read",
    "negative": "negative minutes",
}
_EXPECTED = {
    "school_unit_code": "skolenhetskod, 8 digits",
    "lesson_date": "a date such as 2026-10-05 or 20261005",
    "start_date": "a date such as 2026-10-05 or 20261005, or nothing",
    "end_date": "a date such as 2026-10-05 or 20261005, or nothing",
    "start_time": "a time such as 08:20",
    "scheduled_minutes": "1 to 600 whole minutes",
    "present_minutes": _MINUTES,
    "valid_minutes": _MINUTES,
    "invalid_minutes": _MINUTES,
    "other_minutes": _MINUTES,
    "reported": "Ja or Nej",
    "cancelled": "Ja or Nej",
    "grade": "årskurs 0-9, or F for förskoleklass",
    "protected": "Ingen, Sekretessmarkering or Skyddad folkbokföring",
    "civic_no": "an identity number with 12 digits such as ååååmmdd-nnnn, or TF number",
    "row": "one whole row with as many cells as the header, once",
    "school_name": "the school's name",
    **ss12000_reasons.EXPECTED,
}
_SPECIAL = {
    "scheduled_minutes.out_of_range": "the lesson's length is below 1 or above 600 minutes",
    "valid_minutes.above_length": "absence and other activity add up to more than the lesson",
    "present_minutes.sum_differs": "presence and absence do not add up to the lesson's length",
    "school_unit_code.zeros_restored": "the code was changed by a spreadsheet and has been mended",
    "reported.no_but_minutes": "not reported, but with minutes; taken as not reported",
    "protected.unknown_value": "unknown marking; the pupil is taken as protected",
    "lesson_date.serial_number": "a spreadsheet's serial number, taken as its date",
    "civic_no.two_digit_year": "the year has two digits, so the century is ambiguous",
    "civic_no.spreadsheet_damage": "a spreadsheet has cut the number; it can't be recovered",
    "civic_no.no_such_date": "the number's date does not exist",
    "civic_no.check_digit": "the check digit is wrong",
    "end_date.before_start": "the last day is before the first day",
    "row.too_few_cells": "the row is cut short",
    "row.too_many_cells": "the row has more cells than the header",
    "row.cut_short": "the file ends in the middle of the row: no line end, and the last cell empty",
    "row.no_line_end": "the file's last row has no line end; if the file was cut, so is the row",
    "row.broken_quotes": "a quotation mark is opened and never closed, or closed in mid-cell",
    "row.repeated": "the same row stands earlier in the file",
    "row.contradicts": "another row of the file says something else of the same thing",
    **ss12000_reasons.SPECIAL,
}
_EXPECTED_OF_CODE = {
    "valid_minutes.above_length": "valid, invalid and other minutes that fit in the lesson",
    "present_minutes.sum_differs": "minutes that add up to the lesson's length",
    **ss12000_reasons.EXPECTED_OF_CODE,
}


@dataclass(frozen=True)
class Reason:
    """A problem in words."""

    column: str
    what: str
    expected: str


def reason_of(code: str) -> Reason:
    """Return the words of a problem code."""
    column, _, kind = code.partition(".")
    expected = _EXPECTED_OF_CODE.get(code) or _EXPECTED[column]
    return Reason(column, _SPECIAL.get(code) or _WRONG[kind], expected)


def shown(column: str, text: str | None) -> str:
    """Return a cell as a message may show it: short, one line, personal values as a pattern."""
    if text is None or not text.strip():
        return ""
    line = " ".join(text.split())
    is_personal = column in PERSONAL_COLUMNS
    if is_personal or (_PERSONAL_NUMBER.search(line) and not _DATE_AND_TIME.fullmatch(line)):
        line = re.sub(r"\d", "9", line)
    line = _WORD.sub(lambda word: _masked(word[0], is_personal=is_personal), line)
    return line if len(line) <= _FOUND_LIMIT else line[: _FOUND_LIMIT - 1] + "…"


def _masked(word: str, *, is_personal: bool) -> str:
    folded = word.casefold()
    is_harmless = len(word) == 1 or folded in _HARMLESS_WORDS or folded.startswith(_HARMLESS_STARTS)
    return word if is_harmless and not is_personal else "x" * len(word)
