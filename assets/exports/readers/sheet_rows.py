"""Data rows of a sheet: merged cells filled down, plain numbers of days counted from 1900.

What is shown once over several rows is each row's: a class, a date, an identity number. Minutes
are nobody's then, so a row with merged minutes is refused. Not here: the cells as they are
(`workbook.py`), what they mean (`staging/staged_tables.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.text_rows import DataRow
from assets.exports.readers.workbook import Sheet
from assets.exports.readers.xlsx.sheet import Range

#: What stands in a cell that is merged with another, and nobody knows whose value it is.
MERGED = "#MERGED!"
_DAY_COLUMNS = frozenset(
    {"lesson_date", "start_date", "end_date", "changed_date", "period_start", "period_end", "month"}
)
# As `calendar_date` reads it; a serial number that counts from 1904 is smaller by so many days.
_SERIAL = re.compile(r"([34567][0-9]{4})(?:\.0+)?", re.ASCII)
_DAYS_FROM_1900_TO_1904 = 1462
_SHOWN_RANGES = 3


@dataclass(frozen=True)
class SheetRows:
    """The rows of a sheet below its header.

    Attributes:
        sheet: the sheet.
        header: its header.
    """

    sheet: Sheet
    header: FoundHeader

    @property
    def merged(self) -> list[Range]:
        """Merged ranges below the header, in order of their first row."""
        return sorted(
            block for block in self.sheet.merged if block.first_row > self.header.line_number
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the sheet as a whole."""
        said = [self.sheet.unread_sheets] if self.sheet.unread_sheets else []
        if merged := self.merged:
            ranges = ", ".join(shown_range(block) for block in merged[:_SHOWN_RANGES])
            more = len(merged) - _SHOWN_RANGES
            said.append(f"cells are merged: {ranges}{f' and {more} more' if more > 0 else ''}")
        return tuple(said)

    def __iter__(self) -> Iterator[DataRow]:
        """Yield the rows, blank ones too."""
        waiting, open_blocks = self.merged[::-1], list[_Block]()
        minutes = self.header.match.minute_places
        protected = frozenset(self._positions(frozenset({"protected"})))
        days = self._positions(_DAY_COLUMNS) if self.sheet.is_1904 else ()
        for number, cells in self.sheet.rows_after(self.header.line_number):
            merged = ""
            if waiting or open_blocks:
                while waiting and waiting[-1].first_row <= number:
                    block = waiting.pop()
                    value = cells[block.first_column - 1]
                    open_blocks.append(_Block(block, value, minutes, protected))
                # A row of nothing but merged cells is a blank row.
                if "".join(cells).strip():
                    affected = [block.range for block in open_blocks if block.fill(cells)]
                    merged = ", ".join(map(shown_range, affected[:_SHOWN_RANGES]))
                open_blocks = [block for block in open_blocks if block.range.last_row > number]
            for position in days:
                cells[position] = _from_1904(cells[position])
            yield DataRow(number, cells, merged=merged)

    def _positions(self, columns: frozenset[str]) -> tuple[int, ...]:
        found = self.header.match.positions.items()
        return tuple(position for column, position in found if column in columns)


@dataclass(frozen=True)
class _Block:
    """A merged range that has begun.

    Attributes:
        range: where it is.
        value: what it shows.
        minutes: positions of cells with minutes.
        protected: positions of cells that speak of protection.
    """

    range: Range
    value: str
    minutes: frozenset[int]
    protected: frozenset[int]

    def fill(self, cells: list[str]) -> bool:
        """Put into a row's cells what the range shows; say whether anything is different."""
        first, last = self.range.first_column - 1, min(self.range.last_column, len(cells))
        before = cells[first:last]
        for position in range(first, last):
            own = cells[position]
            if position in self.minutes:
                cells[position] = MERGED if self.value or own else own
            elif own and own != self.value:
                # It is hidden under the merged cell; which of the two is meant nobody knows.
                cells[position] = MERGED
            elif position == first or position in self.protected:
                # To the right nothing is filled: two columns are two things.
                cells[position] = self.value
        return bool(self.value) or cells[first:last] != before


def shown_range(block: Range) -> str:
    """Return a range as a spreadsheet names it, `A2:B5`."""
    return (
        f"{_letters(block.first_column)}{block.first_row}:"
        f"{_letters(block.last_column)}{block.last_row}"
    )


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _from_1904(cell: str) -> str:
    match = _SERIAL.fullmatch(cell)
    return str(int(match[1]) + _DAYS_FROM_1900_TO_1904) if match else cell
