"""The cells of one sheet, in order, as rows of texts; ranges of cells that are merged.

Every cell has a place of its own: the one that its address says, else the next one. What has no
value that can be trusted gets a word that no reader of a cell takes: a formula that was never
calculated, an error. Not here: sheets, strings and formats (`book.py`), headers and rows.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from assets.exports.children.limits import LONGEST_CELL
from assets.exports.readers.xlsx.book import Book, SheetEntry
from assets.exports.readers.xlsx.parts import TOO_LONG, Package, RefusedWorkbook, tags
from assets.exports.readers.xlsx.values import (
    NO_VALUE,
    day_text,
    iso_text,
    number_text,
    percent_text,
    plain_string,
)

#: A formula of which no result is stored, as programs write them that don't calculate.
UNCALCULATED = "#FORMULA!"
LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
#: A sheet is as wide as its widest row: a stray cell far out makes a table of nothing.
MOST_CELLS = 60_000_000
MOST_MERGED = 5_000_000
MOST_RANGES = 200_000
# Rows are written together: as many, or of as many characters.
_ROWS_PER_LINE = 500
_LETTERS_PER_LINE = 1 << 20
#: No export has a row of so many characters.
LONGEST_ROW = 4 << 20
_KNOWN_NUMBERS = 200_000
_NAMES = tags("row", "c", "v", "f", "t", "rPh", "mergeCell")
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})", re.ASCII)
_DIGITS = "0123456789"


class Range(NamedTuple):
    """A block of cells, rows and columns counted from 1, both ends inclusive."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Cells(NamedTuple):
    """What a sheet holds.

    Attributes:
        lines: rows from row 1 on, many to a line: a JSON list of lists of texts, packed (zlib).
            Empty cells are empty texts, and those at the end of a row are left out.
        height: rows.
        width: cells of the widest row.
        merged: ranges of more than one cell that are shown as one.
    """

    lines: list[bytes]
    height: int
    width: int
    merged: list[Range]


def read_cells(package: Package, sheet: SheetEntry, book: Book, most_bytes: int) -> Cells:
    """Return the cells of a sheet.

    Args:
        package: the workbook's parts.
        sheet: which sheet.
        book: what holds for all its sheets.
        most_bytes: of all lines.

    Raises:
        RefusedWorkbook: damaged, two rows or cells with one address, a stray cell far out, or far
            more in it than an export has.
    """
    reader = _SheetReader(book, most_bytes)
    package.parse(sheet.part, reader.start, reader.end, reader.pieces)
    return reader.cells()


def range_of(text: str) -> Range | None:
    """Return the block that `A1:B2` means; None when it means none."""
    ends = [_ADDRESS.fullmatch(end) for end in text.strip().upper().split(":")]
    if len(ends) > 2 or not all(ends):
        return None
    rows = [int(match[2]) for match in ends if match]
    columns = [_column_number(match[1]) for match in ends if match]
    return Range(min(rows), min(columns), max(rows), max(columns))


def _within(merged: list[Range], height: int, width: int) -> list[Range]:
    """Return the ranges that begin in a table, cut where it ends.

    Raises:
        RefusedWorkbook: together they cover more than an export has, as only overlapping ones can.
    """
    found = [
        block._replace(
            last_row=min(block.last_row, height), last_column=min(block.last_column, width)
        )
        for block in merged
        if block.first_row <= height and block.first_column <= width
    ]
    covered = sum(
        (block.last_row - block.first_row + 1) * (block.last_column - block.first_column + 1)
        for block in found
    )
    if covered > MOST_MERGED or len(found) > MOST_RANGES:
        raise RefusedWorkbook(f"its merged cells cover {covered} cells")
    return found


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


class _SheetReader:
    """Takes a sheet's elements one by one; a million rows are ninety million of them."""

    def __init__(self, book: Book, most_bytes: int) -> None:
        self.pieces: list[str] = []
        self.merged: list[Range] = []
        self._book = book
        self._rows: list[list[str]] = []
        self._letters = 0
        self._lines: list[bytes] = []
        self._bytes_left = self._most_bytes = most_bytes
        self._height = self._width = 0
        self._columns: dict[str, int] = {}
        # Texts of numbers, and of numbers that are days: the same few come over and over.
        self._numbers: dict[str, str] = {}
        self._days: dict[str, str] = {}
        self._blocks: list[Range] = []  # results of one formula in many cells
        self._last_row = 0
        self._row: dict[int, str] = {}
        self._row_number = 0
        self._row_text = ""
        self._seen: set[int] = set()
        self._column = 0
        self._kind, self._style = "n", "0"
        self._value: str | None = None
        self._has_formula = False
        self._string: list[str] = []
        self._spoken = 0  # how deep in signs of how a text is spoken, which are no part of it

    # -- Elements ---------------------------------------------------------------------------------

    def start(self, tag: str, said: Mapping[str, str]) -> None:
        """Take the start of an element."""
        name = _NAMES.get(tag)
        if name == "v" or name == "t":  # noqa: PLR1714 - faster
            self.pieces.clear()
        elif name == "c":
            self._begin_cell(said)
        elif name is not None:
            self._start_other(name, said)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = _NAMES.get(tag)
        if name == "v":
            self._value = "".join(self.pieces)
        elif name == "c":
            self._end_cell()
        elif name == "t":
            if not self._spoken:
                self._string.append("".join(self.pieces))
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._spoken -= 1

    def _start_other(self, name: str, said: Mapping[str, str]) -> None:
        if name == "row":
            self._begin_row(said.get("r"))
        elif name == "f":
            self._has_formula = True
            if said.get("t") in {"array", "dataTable"}:
                self._begin_block(said.get("ref", ""))
        elif name == "rPh":
            self._spoken += 1
        elif name == "mergeCell":
            self._merge(said.get("ref", ""))

    # -- Rows and places --------------------------------------------------------------------------

    def _begin_row(self, address: str | None) -> None:
        self._row, self._column = {}, 0
        self._seen.clear()
        if address is None:
            # Its cells may know better; the next row otherwise.
            self._row_number, self._row_text = self._last_row + 1, ""
            return
        if not address.strip().isdecimal():
            raise RefusedWorkbook("damaged: a row's number is none")
        self._set_row(int(address))

    def _set_row(self, number: int) -> None:
        if number <= self._last_row:
            raise RefusedWorkbook(
                f"row {number} stands there twice, or below row {self._last_row}, so nobody knows "
                "which one counts"
            )
        if number > LAST_ROW:
            raise RefusedWorkbook(f"row {number} is outside of every sheet")
        self._row_number, self._row_text = number, str(number)

    def _begin_cell(self, said: Mapping[str, str]) -> None:
        address = said.get("r")
        column = self._column + 1 if address is None else self._placed(address)
        if column in self._seen:
            raise RefusedWorkbook(f"two cells of row {self._row_number} have one address")
        if column > LAST_COLUMN:
            raise RefusedWorkbook(f"row {self._row_number} has a cell outside of every sheet")
        self._seen.add(column)
        self._column = column
        self._kind, self._style = said.get("t", "n"), said.get("s", "0")
        self._value, self._has_formula = None, False
        if self._string:
            self._string = []

    def _placed(self, address: str) -> int:
        """Return the column of an address whose row must be this one."""
        letters = address.rstrip(_DIGITS)
        column = self._columns.get(letters)
        if column is None or address[len(letters) :] != self._row_text:
            match = _ADDRESS.fullmatch(address.strip().upper())
            if match is None:
                raise RefusedWorkbook(
                    f"damaged: a cell's address in row {self._row_number} is none"
                )
            if not self._row_text:
                self._set_row(int(match[2]))
            elif int(match[2]) != self._row_number:
                raise RefusedWorkbook(
                    f"a cell of row {self._row_number} says that it is of another row"
                )
            column = _column_number(match[1])
            self._columns[letters] = column
        return column

    def _begin_block(self, address: str) -> None:
        block = range_of(address)
        if block and ":" in address:
            self._blocks.append(block)

    def _merge(self, address: str) -> None:
        merged = range_of(address)
        if merged is None:
            raise RefusedWorkbook("damaged: a range of merged cells is none")
        if merged[:2] != merged[2:]:
            self.merged.append(merged)

    def _end_row(self) -> None:
        number, row = self._row_number, self._row
        self._last_row = max(self._last_row, number)
        if self._blocks:
            self._mark_blocks(number, row)
        if not row:
            return
        # Rows that are not there, or have nothing in them, are counted when one follows.
        while self._height < number - 1:
            self._append([])
        last = max(row)
        self._append([row.get(column, "") for column in range(1, last + 1)])
        self._width = max(self._width, last)

    def _append(self, cells: list[str]) -> None:
        self._rows.append(cells)
        self._height += 1
        letters = sum(map(len, cells)) + len(cells)
        if letters > LONGEST_ROW:
            raise RefusedWorkbook(f"row {self._height} has more than {LONGEST_ROW} characters")
        self._letters += letters
        if len(self._rows) >= _ROWS_PER_LINE or self._letters >= _LETTERS_PER_LINE:
            self._flush()

    def _mark_blocks(self, number: int, row: dict[int, str]) -> None:
        """Mark cells that a formula of many cells should have filled, and didn't."""
        self._blocks = [block for block in self._blocks if block.last_row >= number]
        for block in self._blocks:
            last = min(block.last_column, max(self._seen, default=0))
            for column in range(block.first_column, last + 1):
                if column not in row and -column not in self._seen:
                    row[column] = UNCALCULATED

    def _flush(self) -> None:
        rows, self._rows, self._letters = self._rows, [], 0
        line = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            raise RefusedWorkbook(
                f"its cells hold more than {self._most_bytes >> 20} MB, ten times what an export "
                "of its size holds"
            )
        self._lines.append(zlib.compress(line, 1))

    def cells(self) -> Cells:
        """Return all cells.

        Raises:
            RefusedWorkbook: the table would be nearly empty and too large.
        """
        height, width = self._height, self._width
        if width * height > MOST_CELLS:
            raise RefusedWorkbook(
                f"its cells reach to row {height} and column {width}. Perhaps a stray cell stands "
                "far to the right or far down"
            )
        self._flush()
        return Cells(self._lines, height, width, _within(self.merged, height, width))

    # -- Values -----------------------------------------------------------------------------------

    def _end_cell(self) -> None:
        text = self._text()
        if text:
            if len(text) > LONGEST_CELL:
                raise RefusedWorkbook(f"row {self._row_number}: {TOO_LONG}")
            self._row[self._column] = text

    def _text(self) -> str:
        kind, value = self._kind, self._value
        if self._has_formula and not self._has_result():
            return UNCALCULATED
        if kind == "inlineStr" or (value is None and self._string):
            return plain_string("".join(self._string) if self._string else value or "")
        if kind == "str" and value is not None:
            self._seen.add(-self._column)  # an empty text is a result too
        if not value or (kind not in {"s", "str", "e"} and not value.strip()):
            return NO_VALUE if kind == "e" else ""
        if kind == "n":
            return self._number(value)
        if kind == "s":
            return self._shared(value)
        return _OTHER_KINDS.get(kind, _no_kind)(value)

    def _has_result(self) -> bool:
        if self._string:
            return True
        if self._value is None or (not self._value.strip() and self._kind != "str"):
            return False
        # Programs that can't calculate write 0, and ask that it be done when the file is opened.
        return not (
            self._book.waits_for_results and self._kind in {"n", "b"} and self._value.strip() == "0"
        )

    def _number(self, value: str) -> str:
        style = int(self._style) if self._style.isdecimal() else -1
        is_day = style in self._book.date_styles
        if not is_day and style in self._book.percent_styles:
            return percent_text(value)
        known = self._days if is_day else self._numbers
        text = known.get(value)
        if text is None:
            text = day_text(value, is_1904=self._book.is_1904) if is_day else number_text(value)
            if len(known) < _KNOWN_NUMBERS:
                known[value] = text
        return text

    def _shared(self, value: str) -> str:
        number = value.strip()
        if not number.isdecimal() or int(number) >= len(self._book.strings):
            raise RefusedWorkbook(f"damaged: row {self._row_number} names a text that is nowhere")
        return self._book.strings[int(number)]


def _no_kind(_: str) -> str:
    return NO_VALUE


def _truth(value: str) -> str:
    return {"1": "true", "true": "true", "0": "false", "false": "false"}.get(
        value.strip(), NO_VALUE
    )


def _error(value: str) -> str:
    text = value.strip()
    return text if text.startswith("#") else NO_VALUE


_OTHER_KINDS: dict[str, Callable[[str], str]] = {
    "str": plain_string,
    "b": _truth,
    "d": iso_text,
    "e": _error,
}
