"""What may stand in a layout's YAML: its keys, each checked when the file is read.

Not here: the layout as a whole (`layouts.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.exports.readers.reshaping.amounts import Unit, said_unit


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
