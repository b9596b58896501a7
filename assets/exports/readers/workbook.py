"""The cells of a workbook's sheet as text, read by a process of its own (`workbook_child.py`).

Not here: which row is the header and what the cells mean.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.exports.files.decoding import clean_text
from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.readers.workbook_child import REFUSED
from assets.exports.readers.xlsx.sheet import Range

_CHILD = Path(__file__).with_name("workbook_child.py")
_SECONDS = 600.0


@dataclass(frozen=True)
class Sheet:
    """One sheet; its first row is row 1, empty rows are counted.

    Attributes:
        cells: text columns, null for empty.
        unread_sheets: says that there are other sheets; empty if there are none.
        merged: ranges of cells that are shown as one; the first cell has what they show.
        is_1904: days are counted from 1904, also where a plain number is one.
    """

    cells: pl.DataFrame
    unread_sheets: str
    merged: tuple[Range, ...] = ()
    is_1904: bool = False

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return int(self.cells.estimated_size())

    def first_rows(self, count: int) -> list[list[str]]:
        """Return the first rows' cells."""
        return [_texts(row) for row in self.cells.head(count).iter_rows()]

    def rows_after(self, line_number: int) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells) of the rows below a row."""
        below = self.cells.slice(line_number).iter_rows()
        for number, row in enumerate(below, start=line_number + 1):
            yield number, _texts(row)


def read_sheet(file: ReceivedFile, names: tuple[str, ...] = ()) -> Sheet:
    """Return the first sheet that has one of the names, else the first that is not hidden.

    Raises:
        UnreadableFileError: no workbook, damaged, with a password, or too large to be an export.
        ChangedFileError: the file is gone.
    """
    try:
        with file.open() as content:
            done = subprocess.run(  # noqa: S603 - no word of the file is an argument
                [sys.executable, "-I", str(_CHILD), *names],
                stdin=content,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
    except OSError as error:
        raise ChangedFileError(f"can't be read: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise UnreadableFileError(_not_read("it takes too long to unpack")) from None
    if done.returncode == REFUSED:
        raise UnreadableFileError(_not_read(done.stderr.decode("utf-8", "replace")))
    if done.returncode:
        raise UnreadableFileError(_not_read("it needs more memory or time than an export does"))
    said, _, table = done.stdout.partition(b"\n")
    return _sheet(json.loads(said), pl.read_ipc_stream(table))


def _sheet(said: dict[str, Any], cells: pl.DataFrame) -> Sheet:
    return Sheet(
        _clean(cells),
        _unread(said["others"], said["hidden"]),
        tuple(Range(*block) for block in said["merged"]),
        is_1904=said["is_1904"],
    )


def _clean(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the cells as `decoding.py` cleans lines; each text is looked at once."""
    for name in cells.columns:
        column = cells[name]
        changed: dict[str, str] = {}
        for text in column.drop_nulls().unique():
            if text.isascii():
                continue
            try:
                clean = clean_text(text, "", "workbook")
            except UnreadableFileError:
                row = (column == text).arg_max() or 0
                clean_text(text, f"row {row + 1}", "workbook")
                raise
            if clean != text:
                changed[text] = clean
        if changed:
            cells = cells.with_columns(column.replace(changed))
    return cells


def _unread(others: int, hidden: int) -> str:
    if not others:
        return ""
    if others == 1:
        return f"the workbook's other sheet{', which is hidden,' if hidden else ''} was not read"
    of_them = f" ({hidden} of them hidden)" if hidden else ""
    return f"the workbook's {others} other sheets were not read{of_them}"


def _not_read(words: str) -> str:
    return f"not a workbook that can be read: {words}. Expected an .xlsx file. Export it again."


def _texts(row: tuple[str | None, ...]) -> list[str]:
    return [cell or "" for cell in row]
