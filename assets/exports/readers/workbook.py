"""The cells of a workbook's sheet as text, read by a process of its own (`workbook_child.py`).

What it answers is held in a file of no name and gone through a line at a time: no workbook is ever
in this process's memory. Nor is it believed: what is no table of texts is no workbook. Not here:
which row is the header and what the cells mean.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from assets.exports.children.answers import ChildAnswer, NoAnswerError
from assets.exports.children.limits import LONGEST_CELL, LONGEST_LINE
from assets.exports.files.decoding import clean_text
from assets.exports.files.received import ReceivedFile, UnreadableFileError
from assets.exports.readers.xlsx.sheet import LAST_COLUMN, MOST_RANGES, Range

_CHILD = Path(__file__).with_name("workbook_child.py")
_SECONDS = 600.0
# What is smaller stays in memory.
_SMALL = 256 << 10
_KNOWN_TEXTS = 100_000
_LONGEST_NAME = 40
_NAMES_KEPT = 20


@dataclass(frozen=True)
class Sheet:
    """One sheet; its first row is row 1, empty rows are counted.

    Attributes:
        lines: its rows as they came, many to a line.
        height: rows.
        width: cells of every row.
        unread_sheets: says that there are other sheets; empty if there are none.
        other_names: what they are called. For a person who has the file: a name can be a child's.
        merged: ranges of cells that are shown as one; the first cell has what they show.
        is_1904: days are counted from 1904, also where a plain number is one.
        size: bytes of the lines.
    """

    lines: IO[bytes]
    height: int
    width: int
    unread_sheets: str
    merged: tuple[Range, ...] = ()
    is_1904: bool = False
    size: int = 0
    other_names: tuple[str, ...] = ()

    def first_rows(self, count: int) -> list[list[str]]:
        """Return the first rows' cells; raises what `rows_after` raises."""
        return [cells for _, cells in islice(self.rows_after(0), count)]

    def rows_after(self, line_number: int) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells) of the rows below a row; one reader at a time.

        Raises:
            UnreadableFileError: a text was damaged before it came, or the rows are no table.
        """
        number = 0
        known: dict[str, str] = {}
        self.lines.seek(0)
        while line := self.lines.readline(LONGEST_LINE):
            for cells in _rows_of(line):
                number += 1
                if number <= line_number:
                    continue
                yield number, self._texts(cells, number, known)
        if number != self.height:
            raise UnreadableFileError(_not_read("its rows are not as many as there should be"))

    def _texts(self, cells: list[Any], number: int, known: dict[str, str]) -> list[str]:
        try:
            joined = "".join(cells)
            is_sound = len(cells) <= self.width and max(map(len, cells), default=0) <= LONGEST_CELL
        except TypeError:
            is_sound = False
        if not is_sound:
            raise UnreadableFileError(_not_read(f"row {number} is none of texts"))
        if not joined.isascii():
            cells = [cell if cell.isascii() else _clean(cell, number, known) for cell in cells]
        return cells + [""] * (self.width - len(cells))


def read_sheet(
    file: ReceivedFile, names: tuple[str, ...] = (), folder: Path | None = None, number: int = 0
) -> Sheet:
    """Return the first sheet that has one of the names, else the first that is not hidden.

    Args:
        file: a workbook.
        names: of sheets that layouts ask for.
        number: of those that are not hidden, from 1: that one instead; 0 for none.
        folder: for its rows; the machine's folder for temporary files when None.

    Raises:
        UnreadableFileError: no workbook, damaged, with a password, or too large to be an export.
        ChangedFileError: the file is gone.
    """
    lines = tempfile.SpooledTemporaryFile(_SMALL, dir=None if folder is None else str(folder))  # noqa: SIM115 - kept with the sheet
    try:
        with ChildAnswer(_CHILD, (str(number), *names), file, _SECONDS, ("-I", "-S")) as answer:
            head = answer.line()
            answer.copy_into(lines)
            answer.end()
        return _sheet(json.loads(head), lines)
    except (NoAnswerError, ValueError, TypeError, KeyError, RecursionError) as error:
        lines.close()
        words = str(error) if isinstance(error, NoAnswerError) else "its reader broke off"
        raise UnreadableFileError(_not_read(words)) from None


def _sheet(said: dict[str, Any], lines: IO[bytes]) -> Sheet:
    height, width, hidden = (int(said[name]) for name in ("height", "width", "hidden"))
    others = tuple(str(name)[:_LONGEST_NAME] for name in said["others"])
    merged = tuple(Range(*map(int, block)) for block in said["merged"])
    is_within = all(
        1 <= block.first_row <= block.last_row <= height
        and 1 <= block.first_column <= block.last_column <= width
        for block in merged
    )
    if width > LAST_COLUMN or len(merged) > MOST_RANGES or not is_within:
        raise ValueError("no sheet")
    return Sheet(
        lines,
        height,
        width,
        _unread(len(others), hidden),
        merged,
        is_1904=bool(said["is_1904"]),
        size=lines.tell(),
        other_names=others[:_NAMES_KEPT],
    )


def _rows_of(line: bytes) -> list[list[Any]]:
    try:
        rows = json.loads(line)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(cells, list) for cells in rows):
        raise UnreadableFileError(_not_read("its reader broke off"))
    return rows


def _clean(text: str, number: int, known: dict[str, str]) -> str:
    """Return a cell as `decoding.py` cleans lines; the same few come over and over."""
    clean = known.get(text)
    if clean is None:
        clean = clean_text(text, f"row {number}", "workbook")
        if len(known) < _KNOWN_TEXTS:
            known[text] = clean
    return clean


def _unread(others: int, hidden: int) -> str:
    if not others:
        return ""
    if others == 1:
        return f"the workbook's other sheet{', which is hidden,' if hidden else ''} was not read"
    of_them = f" ({hidden} of them hidden)" if hidden else ""
    return f"the workbook's {others} other sheets were not read{of_them}"


def _not_read(words: str) -> str:
    return f"not a workbook that can be read: {words}. Expected an .xlsx file. Export it again."
