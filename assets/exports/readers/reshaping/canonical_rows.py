"""Rows of a file as rows of our columns: the one step between cells as they came and their meaning.

Of most layouts a row is left as it is. Of one that says more of its cells than their header, each
row is made a row of our columns here, with its line, so that it is staged like every other. What
can't be made so is refused with the cell that stood there: nothing is left out, nothing is guessed.

Not here: what our own cells mean (`sql/exports/staged_*.sql`), which keys of a layout ask for this
(`layout_keys.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.reasons import shown
from assets.exports.pupils.protection import strictest_marking
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.reshaping.amounts import (
    has_decimals,
    is_amount,
    lesson_length,
    minutes_of,
)
from assets.exports.readers.text_rows import DataRow, RowFault

Cells = dict[str, str]
# What says how long a lesson is.
_LENGTH = ("scheduled_minutes", "start_time", "end_time")


class CanonicalRows:
    """Makes rows of one file rows of our columns.

    Args:
        file: the file.
        header: its header.

    Attributes:
        positions: where each of our columns stands in the rows that come out.
        markings: where they speak of protection.
    """

    def __init__(self, file: ReceivedFile, header: FoundHeader) -> None:
        match = header.match
        self._match = match
        self._layout = match.layout
        self._columns = COLUMNS[match.layout.kind]
        self.positions: Mapping[str, int] = match.positions
        self.markings = match.markings
        if match.layout.is_reshaped:
            self.positions = {column: place for place, column in enumerate(self._columns)}
            self.markings = ()
            self._converted = [
                (column, spec.unit)
                for column, spec in match.layout.columns.items()
                if spec.unit and spec.is_converted and column in match.positions
            ]
            # The length first: shares are shares of it.
            self._converted.sort(key=lambda one: one[0] != "scheduled_minutes")
            said = {name: match.layout.said_by_name(name, file.name) for name in self._columns}
            self._of_file = {name: text for name, text in said.items() if text}

    def of(self, row: DataRow) -> Iterator[DataRow]:
        """Yield the rows of our columns that a row of the file's shape says."""
        fault = self._fault_of_bare_minutes(row)
        if not self._layout.is_reshaped:
            yield row if fault is None else row._replace(fault=fault)
            return
        cells = self._named(row)
        fault = fault or self._convert(cells)
        yield row._replace(cells=[cells.get(name, "") for name in self._columns], fault=fault)

    def _named(self, row: DataRow) -> Cells:
        """Return a row's cells under our names."""
        match = self._match
        cells = self._of_file | {
            column: row.cells[place].strip(" \t") for column, place in match.positions.items()
        }
        if len(match.markings) > 1:
            cells["protected"] = strictest_marking(row.cells, match.markings)
        return cells

    def _fault_of_bare_minutes(self, row: DataRow) -> RowFault | None:
        """Find a cell that may be hours or a share, in a column of which nobody says the unit."""
        for place, column in self._match.bare_minutes:
            if has_decimals(row.cells[place]):
                return RowFault(f"{column}.decimals", shown(column, row.cells[place]))
        return None

    def _convert(self, cells: Cells) -> RowFault | None:
        """Make minutes of hours and shares, in place."""
        for column, unit in self._converted:
            text = cells[column]
            if not text:
                continue
            length = lesson_length(*(cells.get(name, "") for name in _LENGTH))
            if unit == "percent" and length is None:
                # The row is refused for its length. A number alone would pass for minutes.
                cells[column] = f"{text.rstrip(' %')} %"
                continue
            minutes = minutes_of(text, unit, length)
            if minutes is None:
                what = "not_whole" if is_amount(text, unit) else "unreadable"
                return RowFault(f"{column}.{what}", shown(column, text))
            cells[column] = str(minutes)
        return None
