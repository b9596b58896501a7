"""Data rows of a text file with exact line numbers, also where quotation marks are broken.

Not here: rows many at a time (`plain_rows.py`), what a line's cells are (`cells.py`), what the
cells mean (`staging/staged_tables.py`).
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from assets.exports.files.decoding import refuse_odd_row_end, text_blocks
from assets.exports.files.received import ReceivedFile
from assets.exports.readers.cells import Quotes, Split, has_shape, split_as_written, split_cells
from assets.exports.readers.layouts import FoundHeader

# A cell with line breaks is an address or a remark: a few lines. A quotation mark that is never
# closed would else swallow the rest of the file as one cell.
_MOST_LINES = 20
_MOST_CHARACTERS = 1 << 16
_BLOCK = 1 << 20
# Where only some lines are sought, a block that has none of them is not split.
_SMALL_BLOCK = 1 << 16


class RowFault(NamedTuple):
    """What is wrong with a row before its cells are read as ours.

    Attributes:
        code: `<our column>.<what>`.
        found: what stood there, as a message may show it.
        column_number: of its cell, counted from 1; None when the row is meant.
    """

    code: str
    found: str
    column_number: int | None = None


class DataRow(NamedTuple):
    """One row of a file or sheet.

    Attributes:
        line_number: its first line, counted from 1.
        cells: as many as were there.
        has_broken_quotes: the cells are those between separators, whatever was quoted.
        is_unended: the file's last row, without a line end.
        merged: ranges of merged cells that it is part of, as a spreadsheet names them.
        swallows: a quote in it would make one cell of it and of rows below it.
        fault: why it is refused whatever its cells say.
        column_number: of a row that was made of one cell of a line: of that cell, from 1; else 0.
    """

    line_number: int
    cells: Sequence[str]
    has_broken_quotes: bool = False
    is_unended: bool = False
    merged: str = ""
    swallows: bool = False
    fault: RowFault | None = None
    column_number: int = 0

    @property
    def number(self) -> int:
        """What a row is known by while its file is staged: its line, and its cell where it has one.

        Rows of one line lie far from all lines, so that the order of numbers is that of lines where
        no row is made of a cell, and any order will do where all are.
        """
        return self.column_number << _LINE_BITS | self.line_number


_LINE_BITS = 40


def place_of(number: int) -> tuple[int, int | None]:
    """Return the line, and the column if any, of a row by what it is known by."""
    return number & ((1 << _LINE_BITS) - 1), number >> _LINE_BITS or None


def text_rows(
    file: ReceivedFile, header: FoundHeader, numbers: Iterable[int] | None = None
) -> Iterator[DataRow]:
    """Yield the rows below the header; blank lines too.

    Args:
        file: a text file.
        header: its header.
        numbers: lines below it, in their order: then only the rows that begin in one of them, and
            in none that a row above takes in.
    """
    lines = _Lines(file, _BLOCK if numbers is None else _SMALL_BLOCK)
    lines.go_to(header.line_number + 1)
    for wanted in itertools.count() if numbers is None else numbers:
        if numbers is not None:
            if wanted < lines.number:
                continue
            lines.go_to(wanted)
        number = lines.number
        line = lines.take()
        if not line:
            return
        bare = line.removesuffix("\n")
        split = split_cells(bare, header.delimiter)
        swallows = False
        if split.quotes is Quotes.OPEN:
            closed = _closed_further_on(line, lines, header.delimiter, header.width)
            swallows = closed is not None and _holds_rows(closed.split.cells, header.delimiter)
            if closed and not swallows:
                for _ in range(closed.lines):
                    lines.take()
                split = closed.split
        is_unended = not lines.last.endswith("\n")
        is_sound = split.quotes is Quotes.SOUND
        cells = split.cells if is_sound else split_as_written(bare, header.delimiter)
        if len(cells) > header.width:
            refuse_odd_row_end(line, f"line {number}")
        yield DataRow(number, cells, not is_sound, is_unended, swallows=swallows)


class _Lines:
    """The lines of a file, some of which can be looked at before they are taken, or passed over.

    Attributes:
        number: of the line that is taken next.
        last: the line that was taken last.
    """

    def __init__(self, file: ReceivedFile, block_size: int) -> None:
        self.number = 1
        self.last = "\n"
        self._blocks = text_blocks(file, block_size)
        self._ahead: deque[str] = deque()

    def take(self) -> str:
        """Return the next line, with its line end; '' after the last."""
        if self.ahead(1) is None:
            return ""
        self.last = self._ahead.popleft()
        self.number += 1
        return self.last

    def go_to(self, number: int) -> None:
        """Pass over the lines before one."""
        while self.number < number:
            passed = min(len(self._ahead), number - self.number)
            for _ in range(passed):
                self._ahead.popleft()
            self.number += passed
            if self.number == number:
                return
            block = next(self._blocks, None)
            if block is None:
                return
            # Most blocks have none of the lines that are sought: they are counted only.
            height = block.text.count(b"\n")
            if self.number + height <= number:
                self.number += height
                self._append(block.text[block.text.rfind(b"\n") + 1 :])
            else:
                self._append(block.text)

    def ahead(self, count: int) -> str | None:
        """Return the line that is `count` lines on, or None at the end."""
        while len(self._ahead) < count:
            block = next(self._blocks, None)
            if block is None:
                return None
            self._append(block.text)
        return self._ahead[count - 1]

    def _append(self, text: bytes) -> None:
        lines = text.decode().replace("\r\n", "\n").split("\n")
        rest = lines.pop()
        self._ahead.extend(line + "\n" for line in lines)
        if rest:
            self._ahead.append(rest)


class _Closed(NamedTuple):
    """A row whose quote is closed so many lines further on."""

    split: Split
    lines: int


def _holds_rows(cells: Sequence[str], delimiter: str) -> bool:
    """Whether a cell goes over lines and has separators in it: rows, or the remains of one.

    A quote that somebody forgot to close takes in all rows down to the next quote.
    """
    return any("\n" in cell and delimiter in cell for cell in cells)


def _closed_further_on(line: str, lines: _Lines, delimiter: str, width: int) -> _Closed | None:
    """Return the row when its open quote is closed within a few lines and the row is whole then."""
    text = line
    for count in range(1, _MOST_LINES):
        more = lines.ahead(count)
        if more is None or len(text) > _MOST_CHARACTERS:
            return None
        text += more
        if '"' not in more:
            continue
        split = split_cells(text.removesuffix("\n"), delimiter)
        if split.quotes is Quotes.OPEN:
            continue
        if split.quotes is Quotes.BROKEN or not has_shape(split.cells, width):
            return None
        return _Closed(split, count)
    return None
