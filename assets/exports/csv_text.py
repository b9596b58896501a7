"""The one writer of CSV: cells that a spreadsheet shows, and does nothing else with.

A spreadsheet takes a cell that begins with one of a few characters for a formula, and a class or a
file's name can begin so. Such a cell gets an apostrophe before it, and what is not plainly seen is
written out (`files/printable.py`). A number stays the number. Not here: exports of an invented city
(`simulator/run.py`), which are read by a program, as a school system's are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from assets.exports.files.printable import plainly_seen

# Also what some systems turn into those: the same signs in full width, an end of line before.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def write_csv(
    target: _Writable,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    delimiter: str = ",",
    line_end: str = "\n",
) -> None:
    """Write rows under a header.

    Args:
        target: a text file that changes no line ends.
        columns: the header, and what is written of each row; null is an empty cell.
        rows: by column; more columns are left out.
        delimiter: between cells; `;` for a Swedish spreadsheet.
        line_end: after each row.
    """
    writer = csv.writer(target, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(map(safe_cell, columns))
    writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)


def safe_cell(value: object) -> str:
    """Return a value as a cell that is no formula and steers nothing."""
    text = "" if value is None else str(value)
    is_formula = text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{plainly_seen(text)}" if is_formula else plainly_seen(text)
