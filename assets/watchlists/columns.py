"""What a table of a list has: facts of every row, each under its heading.

Described once, and shown by two: the workbook (`workbook/sheet.py`) and the page (`page/rows.py`).
Not here: which tables there are, what a kind looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Literal, TypeVar

RowT = TypeVar("RowT")
RowT_contra = TypeVar("RowT_contra", contravariant=True)
#: A share is a `Fraction`, any other number with decimals a `Decimal`. None is what is not known:
#: an empty cell of a workbook, so that a column of numbers holds numbers only.
Value = str | int | Fraction | Decimal | date | None
#: level: 0-3, on a page only; name: the cell that names the row; word: text on one line; text: may
#: run over lines; brief: short, centred.
Kind = Literal[
    "level", "name", "word", "text", "brief", "percent", "count", "grade", "hours", "minutes",
    "date",
]  # fmt: skip


@dataclass(frozen=True)
class ListColumn(Generic[RowT_contra]):
    """One fact of every row: its heading, the width in characters, and a row's value.

    A page has the widths of its own that a browser finds.
    """

    heading: str
    kind: Kind
    width: float
    value: Callable[[RowT_contra], Value]


@dataclass(frozen=True)
class ListTable(Generic[RowT]):
    """Rows under columns; `empty` is said instead of the rows when there are none."""

    columns: tuple[ListColumn[RowT], ...]
    rows: tuple[RowT, ...]
    empty: str
