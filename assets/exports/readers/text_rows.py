"""Data rows of a text file with exact line numbers, also where quotation marks are broken.

Not here: what a line's cells are (`cells.py`), what the cells mean (`staging/staged_tables.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from assets.exports.files.decoding import decoded_lines, refuse_odd_row_end
from assets.exports.files.received import ReceivedFile
from assets.exports.readers.cells import Quotes, Split, has_shape, split_as_written, split_cells
from assets.exports.readers.layouts import FoundHeader

# A cell with line breaks is an address or a remark: a few lines. A quotation mark that is never
# closed would else swallow the rest of the file as one cell.
_MOST_LINES = 20
_MOST_CHARACTERS = 1 << 16


class DataRow(NamedTuple):
    """One row of a file or sheet.

    Attributes:
        line_number: its first line, counted from 1.
        cells: as many as were there.
        has_broken_quotes: the cells are those between separators, whatever was quoted.
        is_unended: the file's last row, without a line end.
        merged: ranges of merged cells that it is part of, as a spreadsheet names them.
        swallows: a quote in it would make one cell of it and of rows below it.
    """

    line_number: int
    cells: Sequence[str]
    has_broken_quotes: bool = False
    is_unended: bool = False
    merged: str = ""
    swallows: bool = False


def text_rows(file: ReceivedFile, header: FoundHeader) -> Iterator[DataRow]:
    """Yield the rows below the header; blank lines too."""
    lines = _Lines(islice(decoded_lines(file), header.line_number, None), header.line_number)
    for number, line in lines:
        bare = line.removesuffix("\n")
        split = split_cells(bare, header.delimiter)
        swallows = False
        if split.quotes is Quotes.OPEN:
            closed = _closed_further_on(line, lines, header.delimiter, header.width)
            swallows = closed is not None and _holds_rows(closed.split.cells, header.delimiter)
            if closed and not swallows:
                lines.skip(closed.lines)
                split = closed.split
        is_unended = not lines.last.endswith("\n")
        is_sound = split.quotes is Quotes.SOUND
        cells = split.cells if is_sound else split_as_written(bare, header.delimiter)
        if len(cells) > header.width:
            refuse_odd_row_end(line, f"line {number}")
        yield DataRow(number, cells, not is_sound, is_unended, swallows=swallows)


class _Lines:
    """Numbered lines, some of which can be looked at before they are taken."""

    def __init__(self, lines: Iterator[str], before: int) -> None:
        self.last = "\n"
        self._lines = lines
        self._ahead: deque[str] = deque()
        self._number = before

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while line := self._ahead.popleft() if self._ahead else next(self._lines, ""):
            self._number += 1
            self.last = line
            yield self._number, line

    def ahead(self, count: int) -> str | None:
        """Return the line that is `count` lines on, or None at the end."""
        while len(self._ahead) < count and (line := next(self._lines, "")):
            self._ahead.append(line)
        return self._ahead[count - 1] if len(self._ahead) >= count else None

    def skip(self, count: int) -> None:
        """Take `count` lines without reading them."""
        for _ in range(count):
            self.last = self._ahead.popleft()
        self._number += count


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
