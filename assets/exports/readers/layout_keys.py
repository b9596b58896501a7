"""What may stand in a layout's YAML: its keys, each checked when the file is read.

Not here: the layout as a whole (`layouts.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.reshaping.amounts import Unit, said_unit
from assets.exports.readers.reshaping.forms import Form
from assets.exports.readers.unknown_headers import speaks_of_protection

if TYPE_CHECKING:
    from assets.exports.readers.layouts import Layout


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a header as it is compared: NFC, no case, single spaces, no BOM."""
    plain = unicodedata.normalize("NFC", text).replace("\ufeff", "").replace("\xa0", " ")
    return " ".join(plain.split()).casefold()


class RowCount(BaseModel):
    """How files of a layout say how many rows they have: in their last row or in each row.

    Attributes:
        trailer: a pattern of the last row's cells, joined by a blank; its group is the number.
        column: the header of a column that has the number in each row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trailer: str = ""
    column: str = ""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if bool(self.trailer) == bool(self.column):
            raise ValueError("expected either 'trailer' or 'column'")
        try:
            groups = re.compile(self.trailer).groups
        except re.error as error:
            raise ValueError(f"'trailer' is no pattern: {error}") from None
        if self.trailer and groups != 1:
            raise ValueError(r"'trailer' needs one group, as in 'Antal rader: (\d+)'")
        return self


class LayoutColumn(BaseModel):
    """The headers by which a layout knows one of our columns.

    Attributes:
        headers: of several that are in a file the first counts.
        required: a file without it is none of this layout.
        unit: of a column of minutes: what its cells are counted in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: tuple[str, ...] = Field(min_length=1)
    required: bool = False
    unit: Unit | None = None

    @property
    def is_converted(self) -> bool:
        """Whether its cells are made minutes of."""
        return self.unit in ("hours", "percent")


class SplitColumn(BaseModel):
    """A column whose cells hold several of ours.

    Attributes:
        headers: as those of a column.
        parts: the form of its cells, such as `{start_time}-{end_time}`.
        required: as that of a column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: tuple[str, ...] = Field(min_length=1)
    parts: str
    required: bool = False

    @model_validator(mode="after")
    def _has_a_form(self) -> Self:
        self.form.check()
        return self

    @property
    def form(self) -> Form:
        """The form of its cells."""
        return Form(self.parts)

    @property
    def name(self) -> str:
        """What it is called among a layout's columns."""
        return ", ".join(self.form.parts)


CODE, CODE_MINUTES, WEEK = "code", "code_minutes", "week"
Meaning = Literal["valid", "invalid", "other", "present", "not_reported"]


class CodeColumn(BaseModel):
    """A column of codes: what each says of the lesson.

    Attributes:
        headers: as those of a column; a file without it says nothing. None where the codes stand in
            the columns of lessons.
        table: what each code means; '' is an empty cell.
        minutes: the column of the minutes of an absence; without it the whole lesson is meant.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: tuple[str, ...] = ()
    table: dict[str, Meaning]
    minutes: LayoutColumn | None = None

    @model_validator(mode="after")
    def _has_a_code(self) -> Self:
        if not self.table:
            raise ValueError("the table has no code. Expected one such as 'S: valid'")
        return self

    @property
    def columns(self) -> dict[str, LayoutColumn]:
        """Its columns, among a layout's."""
        found = {CODE: LayoutColumn(headers=self.headers, required=True)} if self.headers else {}
        if self.minutes:
            found[CODE_MINUTES] = self.minutes.model_copy(update={"required": True})
        return found


class WideColumns(BaseModel):
    """Columns of which each is a lesson, so that a row of the file is several of ours.

    Attributes:
        parts: the form of their headers, such as `{lesson_date} {start_time}-{end_time}`; a header
            of that form is a lesson.
        headers: or else each header, with what it says of its lesson.
        cells: what stands in their cells: a code, or minutes of one kind.
        unit: of these minutes.
        empty: what an empty cell means.
        week: where headers say a weekday: the column of the week.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: str = ""
    headers: dict[str, dict[str, str]] = {}
    cells: Literal["code", "valid_minutes", "invalid_minutes", "other_minutes"]
    unit: Unit | None = None
    empty: Literal["present", "not_reported", "no_lesson"] = "not_reported"
    week: LayoutColumn | None = None

    @model_validator(mode="after")
    def _says_which_lessons(self) -> Self:
        if bool(self.parts) == bool(self.headers):
            raise ValueError("expected either 'parts', the form of headers, or 'headers'")
        if self.parts:
            Form(self.parts).check()
        odd = sorted(self.said - _OF_A_LESSON)
        if odd:
            raise ValueError(f"'{odd[0]}' is none of {', '.join(sorted(_OF_A_LESSON))}")
        if ("weekday" in self.said) != (self.week is not None):
            raise ValueError("'weekday' of headers and 'week', the column of the week, go together")
        if self.unit and self.cells == CODE:
            raise ValueError("codes have no 'unit'")
        return self

    @property
    def said(self) -> frozenset[str]:
        """What headers say of their lessons."""
        if self.parts:
            return frozenset(Form(self.parts).parts)
        return frozenset(name for cells in self.headers.values() for name in cells)

    @property
    def columns(self) -> dict[str, LayoutColumn]:
        """The column of the week, among a layout's."""
        return {WEEK: self.week.model_copy(update={"required": True})} if self.week else {}

    def lesson_of(self, header: str) -> dict[str, str] | None:
        """Return what a header says of its lesson; None when it is none's."""
        if speaks_of_protection(header) or not header.strip():
            # No word of protection is ever read past.
            return None
        if self.parts:
            return Form(self.parts).taken_apart(header)
        known = {fold(name): cells for name, cells in self.headers.items()}
        return known.get(fold(header))


_OF_A_LESSON = frozenset(
    {"lesson_date", "weekday", "start_time", "end_time", "subject", "scheduled_minutes"}
)


class PupilBlocks(BaseModel):
    """Blocks of rows, each below a line that says whose they are.

    Attributes:
        heading: the form of that line, its cells joined by a blank.
        totals: how lines begin that are neither rows nor headings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    heading: str
    totals: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_whose_rows_they_are(self) -> Self:
        self.form.check()
        if "civic_no" not in self.form.parts:
            raise ValueError("'heading' has no part '{civic_no}', which says whose the rows are")
        return self

    @property
    def form(self) -> Form:
        """The form of the heading."""
        return Form(self.heading)


class Coverage(BaseModel):
    """Of what a file of absences speaks: there a lesson without a row was attended.

    Attributes:
        period: the form of a line above the header with the first and the last day; without it the
            file's name says them.
        each: whether a file has everybody of the school units in it, or of the classes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: str = ""
    each: Literal["school_unit", "class"]

    @model_validator(mode="after")
    def _has_two_days(self) -> Self:
        if self.period:
            self.form.check()
        if self.period and set(self.form.parts) != set(PERIOD):
            raise ValueError("'period' has the parts '{first_date}' and '{last_date}', no others")
        return self

    @property
    def form(self) -> Form:
        """The form of the line."""
        return Form(self.period)


PERIOD = ("first_date", "last_date")
Holding = Literal["lessons", "absences", "timetable"]


def units_fault(columns: Mapping[str, LayoutColumn]) -> str:
    """Say what is wrong with the units of a layout's columns; empty when nothing is.

    A header that speaks of hours or of a share is never taken as minutes.
    """
    for column, spec in columns.items():
        if not column.endswith("_minutes"):
            if spec.unit:
                return f"'{column}' has a 'unit', which is for columns of minutes"
            continue
        if spec.unit == "percent" and column == "scheduled_minutes":
            return "'scheduled_minutes' can't be in percent: of what?"
        for header in spec.headers:
            said = said_unit(fold(header))
            if said and said != (spec.unit or "minutes"):
                return f"the header '{header}' speaks of {said}, so '{column}' needs 'unit: {said}'"
    return ""


# What a code says, so that no column says it too.
_SAID_BY_CODES = (
    "present_minutes",
    "valid_minutes",
    "invalid_minutes",
    "other_minutes",
    "reported",
)


# What can be the same of all rows of a file: nothing that is one pupil's.
_SAME_OF_ALL = frozenset(
    {
        "school_unit_code",
        "school_name",
        "class_name",
        "grade",
        "start_time",
        "end_time",
        "subject",
        "scheduled_minutes",
        "month",
    }
)
#: When a day begins whose start nobody says (our choice): two rows of one day are one day, and
#: lessons of another file lie within it.
DAY_BEGINS = "08:00"


def days_fault(kind: str, sources: Collection[str]) -> str:
    """Say what is wrong with a layout whose rows are days; empty when nothing is."""
    if kind != "lessons":
        return "'grain: day' is for kind lessons only"
    beside = next((name for name in ("subject", "lesson_id", "cancelled") if name in sources), None)
    return f"'{beside}' is of a lesson, and 'grain: day' says that a row is a day" if beside else ""


def shapes_fault(layout: Layout) -> str:
    """Say what is wrong with the keys that make our columns of others; empty when nothing is."""
    faults = (
        _lessons_only_fault(layout),
        _always_fault(layout.always),
        *(_split_fault(layout.kind, one) for one in layout.split),
        _codes_fault(layout.codes, layout.columns_are),
        _blocks_fault(layout),
        _twice_fault(layout),
        _holding_fault(layout),
    )
    return next(filter(None, faults), "")


def _lessons_only_fault(layout: Layout) -> str:
    keys = {"codes": layout.codes, "columns_are": layout.columns_are, "blocks": layout.blocks}
    wrong = next((key for key, said in keys.items() if said and layout.kind != "lessons"), "")
    return f"'{wrong}' is for kind lessons only" if wrong else ""


def _always_fault(always: Mapping[str, str]) -> str:
    odd = sorted(set(always) - _SAME_OF_ALL)
    known = ", ".join(sorted(_SAME_OF_ALL))
    return f"'{odd[0]}' is not the same of all rows. Expected {known}" if odd else ""


def _split_fault(kind: str, one: SplitColumn) -> str:
    odd = next((part for part in one.form.parts if part not in COLUMNS[kind]), "")
    if odd:
        return f"'{one.parts}' names '{odd}'. Expected one of {', '.join(COLUMNS[kind])}"
    hides = next((header for header in one.headers if speaks_of_protection(header)), "")
    if hides and "protected" not in one.form.parts:
        return f"'{hides}' speaks of protection, and no part of '{one.parts}' is 'protected'"
    return ""


def _codes_fault(codes: CodeColumn | None, wide: WideColumns | None) -> str:
    are_in_columns = wide is not None and wide.cells == CODE
    if are_in_columns and codes is None:
        return "'columns_are' has codes in its cells, and no 'codes' say what they mean"
    if codes is None:
        return ""
    if bool(codes.headers) == are_in_columns:
        return "'codes' needs 'headers', or 'columns_are' with 'cells: code'"
    if are_in_columns and (codes.minutes or "" in codes.table):
        return "'columns_are' says what an empty cell means, and has no column of minutes"
    return ""


def _blocks_fault(layout: Layout) -> str:
    """Say that nothing tells rows from headings; by the day in each row it is told."""
    has_day = any(
        "lesson_date" in name.split(", ") and spec.required for name, spec in layout.sources.items()
    )
    if layout.blocks is None or has_day:
        return ""
    return "'blocks' needs a column of the day, 'lesson_date', that is required"


def _holding_fault(layout: Layout) -> str:
    """Say why a layout is none of absences alone, or of a timetable."""
    holds = layout.holds
    if holds and layout.kind != "lessons":
        return "'holds' is for kind lessons only"
    if (holds == "absences") != (layout.covers is not None):
        return "'holds: absences' and 'covers', which says of what the files speak, go together"
    said = {part for name in layout.sources for part in name.split(", ")} | set(layout.always)
    said |= layout.columns_are.said if layout.columns_are else set()
    if holds in ("absences", "timetable") and "lesson_id" in said:
        # The ids of two files are seldom the same; day and time are.
        return f"'lesson_id' is not read where a layout 'holds: {holds}': list it under 'dropped'"
    if layout.covers is not None:
        return _absences_fault(layout, layout.covers, said)
    return _timetable_fault(layout, said) if holds == "timetable" else ""


def _absences_fault(layout: Layout, covers: Coverage, said: Collection[str]) -> str:
    if layout.grain == "day":
        return "'grain: day' does not say from which lessons: 'holds: absences' needs times"
    if "cancelled" in said:
        return "'cancelled' is the timetable's to say, not that of 'holds: absences'"
    if covers.each == "class" and "class_name" not in said:
        return "'covers' says 'each: class', and no column is 'class_name'"
    return ""


def _timetable_fault(layout: Layout, said: Collection[str]) -> str:
    odd = sorted(set(said) & set(_SAID_BY_CODES))
    odd += ["codes"] if layout.codes else ["columns_are"] if layout.columns_are else []
    if odd:
        return f"'holds: timetable' says nothing of absence, and has '{odd[0]}'"
    if layout.restates != "lesson":
        return "'holds: timetable': a pupil's newest day counts anyhow. Expected restates: lesson"
    return ""


def _twice_fault(layout: Layout) -> str:
    """Say which of our columns is said in two places; of protection all count."""
    said = [*layout.columns, *layout.always]
    for one in layout.split:
        said += one.form.parts
    said += layout.blocks.form.parts if layout.blocks else ()
    said += _SAID_BY_CODES if layout.codes else ()
    wide = layout.columns_are
    if wide:
        said += ["lesson_date" if name == "weekday" else name for name in wide.said]
        said += [] if layout.codes else _SAID_BY_CODES
    twice = next((name for name in said if said.count(name) > 1 and name != "protected"), "")
    return f"'{twice}' is said twice. Expected it in one place" if twice else ""
