"""How a layout's files say how many rows they have, as its YAML has it.

Not here: comparing that with the rows that are there (`row_counts.py`).
"""

from __future__ import annotations

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


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
