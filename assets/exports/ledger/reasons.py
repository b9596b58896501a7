"""What each problem code of a row says to a person: column, what is wrong, what was expected.

The codes come from `sql/exports/staged_*.sql`, `identity_numbers.py` and the readers. A code is
`<our column>.<what>`. Not here: when a code applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assets.exports.ledger import object_reasons

# Cells that can name a person are shown as a pattern only: digits as 9, letters as x. So is
# whatever stands in another column and looks like a person: rows slip by a cell.
PERSONAL_COLUMNS = frozenset(
    {
        "civic_no",
        "old_civic_no",
        "new_civic_no",
        "given_name",
        "family_name",
        "mentor_name",
        "mentor_email",
        "principal_name",
        "principal_email",
        "row",
        # A cell of several values may have a name in it.
        "cell",
    }
)
_FOUND_LIMIT = 80
_LONGEST_CODE = 4
# Words that sheets and registers put where a value belongs. Every other word can be a name, as
# Tom, Maj and Inga are, unless it is a single letter.
_HARMLESS_WORDS = frozenset(
    {
        "ja", "nej", "sant", "falskt", "true", "false", "yes", "no", "kanske", "okänt", "okänd",
        "ingen", "saknas", "null", "none", "nan", "ref", "name", "num", "div", "value", "värde",
        "formula", "merged",
        "summa", "totalt", "total", "antal", "minuter", "minut", "timmar", "timme",
        "kl", "åk", "årskurs", "klass", "fsk", "fk", "förskoleklass", "sekretessmarkering",
        "skyddad", "folkbokföring", "identitet", "inställd", "rapporterad", "datum", "starttid",
        "sluttid", "ämne", "skolenhetskod", "skola", "lektionslängd", "närvaro", "giltig",
        "ogiltig", "frånvaro",
    }
)  # fmt: skip
# Mis-spelt markings are shown: the school has to find and mend them.
_HARMLESS_STARTS = ("sekret", "skydda", "folkbok")
_PERSONAL_NUMBER = re.compile(r"\d{6,8}[-+ ]?(\d{4}|[^\W\d_][^\W_]\d{2})")
_WORD = re.compile(r"[^\W\d_]+")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:.]+")

_NO_DAY = "the end, which the layout says is the day after the last one, is the first day"
_MINUTES = "whole minutes such as 60, or 60,0"
_WRONG = {
    "missing": "the cell is empty",
    "unreadable": "the cell can't be read",
    "negative": "negative minutes",
    "not_split": "the cell has not the form that the layout says",
    "beside": "minutes beside a code of presence, or of a lesson that nobody reported",
    "unknown": "the layout's table has no such code",
    "decimals": "decimals in a column of which nobody says the unit: hours, or a share?",
    "not_whole": "hours or a share that is not written of one whole number of minutes",
    "not_believed": (
        "the day is more than ten school years before the file's export, or more than 366 days "
        "after it"
    ),
    "before_the_senders": "the day is before the earliest that its sender may speak of",
}
_EXPECTED = {
    "school_unit_code": "skolenhetskod, 8 digits",
    "lesson_date": "a date such as 2026-10-05 or 20261005",
    "start_date": "a date such as 2026-10-05 or 20261005, or nothing",
    "end_date": "a date such as 2026-10-05 or 20261005, or nothing",
    "month": "a whole month such as 2026-10, in a column or in the file's name",
    "period_end": "a date such as 2026-10-05, after the first day",
    "reported_minutes": _MINUTES,
    "changed_date": "a date such as 2026-10-05 or 20261005, or nothing",
    "first_date": "a date such as 2026-10-05 or 20261005",
    "last_date": "a date such as 2026-10-05 or 20261005, on or after the first day",
    "start_time": "a time such as 08:20",
    "scheduled_minutes": "1 to 600 whole minutes",
    "present_minutes": _MINUTES,
    "valid_minutes": _MINUTES,
    "invalid_minutes": _MINUTES,
    "other_minutes": _MINUTES,
    "week": "a week with its year, such as 2026-W41, or a date in it",
    "cell": "a cell of the form that the layout says",
    "code": "a code of the layout's table",
    "code_minutes": _MINUTES,
    "reported": "Ja or Nej",
    "cancelled": "Ja or Nej",
    "grade": "årskurs 0-9, or F for förskoleklass",
    "class_name": "a class such as 8A",
    "protected": "Ingen, Sekretessmarkering or Skyddad folkbokföring",
    "civic_no": "an identity number with 12 digits such as ååååmmdd-nnnn, or TF number",
    "row": "one whole row with as many cells as the header, once",
    "school_name": "the school's name",
    **object_reasons.EXPECTED,
}
_SPECIAL = {
    "scheduled_minutes.out_of_range": "the lesson's length is below 1 or above 600 minutes",
    "valid_minutes.above_length": "absence and other activity add up to more than the lesson",
    "valid_minutes.above_reported": "absence adds up to more than the reported minutes",
    "reported_minutes.above_scheduled": "more minutes are reported than were scheduled",
    "month.not_a_month": "the period is not one calendar month, so its sums feed no window",
    "present_minutes.sum_differs": "presence and absence do not add up to the lesson's length",
    "school_unit_code.zeros_restored": "the code was changed by a spreadsheet and has been mended",
    "reported.no_but_minutes": "not reported, but with minutes; taken as not reported",
    "protected.unknown_value": "unknown marking; the pupil is taken as protected",
    "lesson_date.serial_number": "a spreadsheet's serial number, taken as its date",
    "civic_no.two_digit_year": "the year has two digits, so the century is ambiguous",
    "civic_no.spreadsheet_damage": "a spreadsheet has cut the number; it can't be recovered",
    "civic_no.no_such_date": "the number's date does not exist",
    "civic_no.check_digit": "the check digit is wrong",
    "civic_no.same": "the old and the new number are the same",
    "civic_no.circle": "other rows say that the new number became the old one: a circle",
    "civic_no.parted": "somebody parted the two numbers; the row joins nobody",
    "end_date.before_start": "the last day is before the first day",
    "end_date.no_day": f"{_NO_DAY}, so the record has no day, and places the pupil nowhere",
    "last_date.no_day": f"{_NO_DAY}, so the break has no day",
    "period_end.no_day": f"{_NO_DAY}, so the period has no day",
    "last_date.before_first": "the last day is before the first day",
    "last_date.too_far": "the break is longer than 100 days",
    "row.no_heading": "no line above says whose row it is",
    "row.unknown_heading": (
        "neither a row nor a heading of the layout's form; whose the rows below are nobody can say"
    ),
    "row.no_lesson": "no cell of it is a lesson; what it says of protection counts",
    "row.too_few_cells": "the row is cut short",
    "row.too_many_cells": "the row has more cells than the header",
    "row.cut_short": (
        "the file ends in the middle of the row: no line end, and the last cell is empty, or the "
        "minutes do not add up"
    ),
    "row.repeated_header": "the header row once more",
    "row.swallows_rows": (
        "a quotation mark is opened and closed some lines further on, with separators between: it "
        "would swallow the rows below"
    ),
    "row.no_line_end": "the file's last row has no line end; if the file was cut, so is the row",
    "row.broken_quotes": "a quotation mark is opened and never closed, or closed in mid-cell",
    "row.repeated": "the same row stands earlier in the file",
    "row.merged_cells": "cells are merged; what they show was taken for each of their rows",
    "row.error_value": "a class, subject or id is an error of a spreadsheet; taken as empty",
    "row.sheet_full": "this is the last row that a spreadsheet has room for; more may be cut off",
    "class_name.spreadsheet": "the class looks as if a spreadsheet had made a number or day of it",
    "grade.letter_left_over": "a letter stands beside the grade, and was read past",
    "row.contradicts": "another row of the file says something else of the same thing",
    "row.unreported_beside": "not reported, but another row of the file reports the same lesson",
    "row.no_day_beside": "no day, and another row of the file has the same record with days",
    "row.not_the_senders_layout": "its sender may not send files of this layout",
    "row.enrolled_elsewhere": (
        "the pupil is enrolled at another school, so the row waits: it counts on none of those days"
    ),
    "row.erased": "its pupil was erased here, so nothing of the row is kept",
    "row.without_register_schools": "its sender may not register schools",
    "row.without_merge_pupils": "its sender may not say that two numbers are one pupil",
    "school_unit_code.not_the_senders": "its sender may not speak of this school unit",
    **object_reasons.SPECIAL,
}
_MEND_MINUTES = "write whole minutes; leave all minute cells empty when nobody reported"
_MEND_DAY = "write the day as 2026-10-05, or leave the cell empty"
_FIX = {
    "school_unit_code": "write the code with 8 digits, in a column that is formatted as text",
    "lesson_date": "write the day as 2026-10-05",
    "start_date": _MEND_DAY,
    "end_date": _MEND_DAY,
    "changed_date": _MEND_DAY,
    "first_date": "write the day as 2026-10-05",
    "last_date": "write the day as 2026-10-05",
    "start_time": "write the start as 08:20",
    "scheduled_minutes": "give the lesson a length in whole minutes, or an end",
    "present_minutes": _MEND_MINUTES,
    "valid_minutes": _MEND_MINUTES,
    "invalid_minutes": _MEND_MINUTES,
    "other_minutes": _MEND_MINUTES,
    "week": "write the week as 2026-W41",
    "cell": "write the cell as the others of its column",
    "code": "correct the code, or add it to the layout's table (docs/layout-keys.md)",
    "code_minutes": "write the minutes of the absence, beside a code of absence only",
    "reported": "write Ja or Nej",
    "cancelled": "write Ja or Nej",
    "grade": "write 0 to 9, or F",
    "class_name": "write the class as 8A, in a column that is formatted as text",
    "protected": "write one of the three words as it stands here",
    "civic_no": "write the number with 12 digits, in a column that is formatted as text",
    "row": "export the file again, and send it without opening it in a spreadsheet",
    "school_name": "write the school's name",
    **object_reasons.FIX,
    "period_end": "write the day after the last one",
    "month": "write the month as 2026-10, or put it into the file's name as _2026-10_",
    "reported_minutes": _MEND_MINUTES,
}
_EARLIER = "take the row away, or ask who keeps senders.yaml for an earlier day"
_MEND_NUMBER = "correct the pupil's number in the school system and export again"
_ASK = "ask who keeps senders.yaml whether the sender should have this right"
_FIX_OF_CODE = {
    "row.not_the_senders_layout": _ASK,
    "row.enrolled_elsewhere": (
        "if the pupil has moved, the other school sends an end date, or a sender with move_pupils "
        "says so; else take the row away"
    ),
    "row.erased": (
        "take the pupil out of the export; or, when the pupil is back, lift the erasure "
        "(trappan erase - --lift)"
    ),
    "row.without_register_schools": _ASK,
    "row.without_merge_pupils": _ASK,
    "school_unit_code.not_the_senders": (
        "take the row away, or ask who keeps senders.yaml whether the school is the sender's"
    ),
    "lesson_date.before_the_senders": _EARLIER,
    "end_date.before_the_senders": _EARLIER,
    "last_date.before_the_senders": _EARLIER,
    "month.before_the_senders": _EARLIER,
    "scheduled_minutes.out_of_range": "correct the lesson's start and end in the school system",
    "valid_minutes.above_length": "correct the absence, or the lesson's length",
    "present_minutes.sum_differs": "nothing has to be done; look at the lesson if it comes often",
    "reported.no_but_minutes": "report the lesson, or take the minutes away",
    "civic_no.no_such_date": _MEND_NUMBER,
    "civic_no.check_digit": _MEND_NUMBER,
    "civic_no.spreadsheet_damage": "export again, and send it without opening it in a spreadsheet",
    "civic_no.same": "write the number before and the number after the change",
    "civic_no.circle": "find out which of the numbers is the pupil's last one",
    "civic_no.parted": "if they are one pupil all the same, say so in a new file",
    "valid_minutes.above_reported": "correct the absence, or the reported minutes",
    "reported_minutes.above_scheduled": "correct the minutes, or the scheduled minutes",
    "month.not_a_month": "export whole calendar months",
    "end_date.before_start": "correct the first or the last day",
    "end_date.no_day": "nothing has to be done where the pupil never began there; else correct the "
    "end, or the layout's end_dates",
    "last_date.no_day": "correct the end, or the layout's end_dates",
    "period_end.no_day": "correct the end, or the layout's end_dates",
    "lesson_date.not_believed": "correct the day; it is no day that the export can know of",
    "month.not_believed": "correct the month; it is none that the export can know of",
    "start_date.not_believed": "correct the first day; it is more than a year away",
    "last_date.before_first": "correct the first or the last day",
    "last_date.too_far": "correct the year of the first or the last day",
    "row.no_heading": "correct the heading above it, or its form in the layout",
    "row.unknown_heading": "correct the heading, or its form in the layout (docs/layout-keys.md)",
    "row.no_lesson": "nothing has to be done",
    "row.cut_short": "send the file again, whole",
    "row.merged_cells": "send the table without merged cells",
    "row.error_value": "mend the formula in the spreadsheet, or export again",
    "row.sheet_full": "export fewer days or classes a file, or as CSV",
    "class_name.spreadsheet": "export again, and send it without opening it in a spreadsheet",
    "row.repeated_header": "nothing has to be done; take it away if you can",
    "row.no_line_end": "look whether the file came whole; if not, send it again",
    "row.repeated": "take one of the two away; nothing is lost",
    "row.contradicts": "keep the row that is right and export again; until then none counts, and a "
    "lesson counts as unreported",
    "row.unreported_beside": "nothing has to be done; the reported row counts",
    "row.no_day_beside": "nothing has to be done; the row with days counts",
}
_MEND_DECIMALS = "say the column's unit in a layout (docs/layouts.md), or write whole minutes"
_MINUTE_COLUMNS = (
    "scheduled_minutes",
    "reported_minutes",
    "present_minutes",
    "valid_minutes",
    "invalid_minutes",
    "other_minutes",
    "code_minutes",
)
_FIX_OF_CODE |= {f"{column}.decimals": _MEND_DECIMALS for column in _MINUTE_COLUMNS} | {
    f"{column}.not_whole": "export minutes, or hours with two decimals"
    for column in _MINUTE_COLUMNS
}
_EXPECTED_OF_CODE = {
    "valid_minutes.above_length": "valid, invalid and other minutes that fit in the lesson",
    "present_minutes.sum_differs": "minutes that add up to the lesson's length",
    "row.no_heading": "a heading above its rows",
    "row.unknown_heading": "a row, or a heading of the layout's form",
    "row.no_lesson": "a lesson in some cell",
    "row.repeated": "one row about the same thing",
    "row.contradicts": "one row about the same thing",
    "row.unreported_beside": "one row about the same thing",
    "row.no_day_beside": "one row about the same thing",
    "row.not_the_senders_layout": "a layout that senders.yaml allows the sender",
    "row.enrolled_elsewhere": "pupils who are enrolled at no other school on the days",
    "row.erased": "pupils who were not erased",
    "row.without_register_schools": "a sender with register_schools (senders.yaml)",
    "row.without_merge_pupils": "a sender with merge_pupils (senders.yaml)",
    "school_unit_code.not_the_senders": "a school unit of the sender (senders.yaml)",
    **object_reasons.EXPECTED_OF_CODE,
}


@dataclass(frozen=True)
class Reason:
    """A problem in words: the column, what is wrong, what was expected, how to mend it."""

    column: str
    what: str
    expected: str
    fix: str


def reason_of(code: str) -> Reason:
    """Return the words of a problem code."""
    column, _, kind = code.partition(".")
    # What is wrong with a number is the same wherever it stands.
    base = code.removeprefix("old_").removeprefix("new_")
    expected = _EXPECTED_OF_CODE.get(base) or _EXPECTED[base.partition(".")[0]]
    what = _SPECIAL.get(base) or _WRONG[kind]
    return Reason(column, what, expected, _FIX_OF_CODE.get(base) or _FIX[base.partition(".")[0]])


def pattern(text: str) -> str:
    """Return a text with every digit as 9 and every letter as x."""
    return _WORD.sub(lambda word: "x" * len(word[0]), re.sub(r"\d", "9", text))


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


def shown_code(text: str) -> str:
    """Return an unknown code as a message may show it: by name when it is none of a person.

    A name can stand there where a row has slipped: what is longer than a code, or has small letters
    as a name has, is a pattern.
    """
    is_code = len(text) <= _LONGEST_CODE and text.isalnum() and text == text.upper()
    return text if is_code else shown("row", text)


def _masked(word: str, *, is_personal: bool) -> str:
    folded = word.casefold()
    is_harmless = len(word) == 1 or folded in _HARMLESS_WORDS or folded.startswith(_HARMLESS_STARTS)
    return word if is_harmless and not is_personal else "x" * len(word)
