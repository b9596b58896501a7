"""What may stand in a layout's YAML: its keys, each checked when the file is read.

Not here: the layout as a whole (`layouts.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.reshaping.amounts import Unit, said_unit
from assets.exports.readers.reshaping.forms import Form
from assets.exports.readers.unknown_headers import speaks_of_protection


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


CODE, CODE_MINUTES = "code", "code_minutes"
Meaning = Literal["valid", "invalid", "other", "present", "not_reported"]


class CodeColumn(BaseModel):
    """A column of codes: what each says of the lesson.

    Attributes:
        headers: as those of a column; a file without it says nothing.
        table: what each code means; '' is an empty cell.
        minutes: the column of the minutes of an absence; without it the whole lesson is meant.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: tuple[str, ...] = Field(min_length=1)
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
        found = {CODE: LayoutColumn(headers=self.headers, required=True)}
        if self.minutes:
            found[CODE_MINUTES] = self.minutes.model_copy(update={"required": True})
        return found


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


def shapes_fault(
    kind: str,
    columns: Mapping[str, LayoutColumn],
    split: Sequence[SplitColumn],
    codes: CodeColumn | None,
) -> str:
    """Say what is wrong with the keys that make our columns of others; empty when nothing is."""
    said = list(columns)
    for one in split:
        for part in one.form.parts:
            if part not in COLUMNS[kind]:
                return f"'{one.parts}' names '{part}'. Expected one of {', '.join(COLUMNS[kind])}"
        hides = next((header for header in one.headers if speaks_of_protection(header)), None)
        if hides and "protected" not in one.form.parts:
            return f"'{hides}' speaks of protection, and no part of '{one.parts}' is 'protected'"
        said += one.form.parts
    if codes:
        if kind != "lessons":
            return "'codes' is for kind lessons only"
        said += _SAID_BY_CODES
    twice = next((name for name in said if said.count(name) > 1 and name != "protected"), None)
    return f"'{twice}' is said twice. Expected it in one place" if twice else ""
