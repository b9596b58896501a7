"""Whether a row has the shape that its file's header gives, and what is wrong when it has not.

A cell too many is a value that was cut in two: an unquoted "0,0" between commas, a name with a
semicolon. Everything to its right has slipped, and minutes stand under other headings. Not here:
what the cells mean (`sql/exports/staged_*.sql`), how a line is split (`cells.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from assets.exports.files.received import UnreadableFileError
from assets.exports.readers.cells import filled_width
from assets.exports.readers.layout_keys import fold
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.text_rows import DataRow

# Data has a digit in one of these, in every row; a heading has none.
_DIGIT = re.compile(r"\d")
_NUMBERED = ("school_unit_code", "civic_no", "old_civic_no")


class RowShapes:
    """Judges the rows of one file.

    Args:
        header: the file's.
        ending: asked once, when it matters: how many cells, all empty, every row of a text file
            has beyond its header's.
    """

    def __init__(self, header: FoundHeader, ending: Callable[[], int] = int) -> None:
        self._header = header
        self._width = header.width
        self._full = max(len(header.match.header), header.width)
        self._asks = ending
        self._is_text = bool(header.delimiter)
        positions = header.match.positions
        self._numbered = [positions[name] for name in _NUMBERED if name in positions]
        self._names = {fold(cell) for cell in header.match.header if cell.strip()} | {
            fold(name) for spec in header.match.layout.columns.values() for name in spec.headers
        }

    @cached_property
    def _ending(self) -> int:
        return self._asks()

    def fault(self, row: DataRow) -> str | None:
        """Return the code of what is wrong with a row's shape; None when it can be read.

        Raises:
            UnreadableFileError: it is a second header, of other columns than the first.
        """
        cells = row.cells
        if self._is_header(row):
            return "row.repeated_header"
        if row.swallows:
            return "row.swallows_rows"
        if len(cells) < self._width:
            return "row.broken_quotes" if row.has_broken_quotes else "row.too_few_cells"
        has_more = len(cells) > self._width and filled_width(cells) > self._width
        is_longer = self._is_text and len(cells) > self._full
        if has_more or (is_longer and len(cells) > self._full + self._ending):
            return "row.broken_quotes" if row.has_broken_quotes else "row.too_many_cells"
        if not row.is_unended or not self._header.reads_last_column:
            return None
        # In a file whose rows all end with separators, one that does not was cut in its last cell.
        is_cut = self._ending > 0 and len(cells) < self._full + self._ending
        return "row.cut_short" if is_cut or not cells[self._width - 1].strip() else None

    def _is_header(self, row: DataRow) -> bool:
        cells = row.cells
        for place in self._numbered:
            if place < len(cells) and _DIGIT.search(cells[place]):
                return False
        folded = [fold(cell) for cell in cells if cell.strip()]
        known = sum(name in self._names for name in folded)
        if known < 2 or 2 * known < len(folded):
            return False
        match = self._header.match
        if match.layout.match(cells).positions == match.positions:
            return True
        raise UnreadableFileError(
            f"line {row.line_number}: a second header row, with other columns or in another order "
            f"than the one in line {self._header.line_number}. What stands below it can't be told "
            "apart. Expected one header row. Send each export as a file of its own."
        )


def shared_ending(header: FoundHeader, rows: Iterable[DataRow]) -> int:
    """Return how many empty cells all rows of a text file have beyond its header's; 0 if they vary.

    A sender that ends each row with a separator does so in all of them. Between commas nothing
    tells such an ending from a decimal comma that moved the cells, so there it is none.
    """
    full = max(len(header.match.header), header.width)
    if header.delimiter in ("", ","):
        return 0
    ending: int | None = None
    for row in rows:
        if not _is_whole(row.cells, header.width):
            continue
        more = len(row.cells) - full
        if row.is_unended and ending is not None and more < ending:
            continue
        if more <= 0 or (ending is not None and more != ending):
            return 0
        ending = more
    return ending or 0


def _is_whole(cells: Sequence[str], width: int) -> bool:
    return len(cells) >= width and filled_width(cells) <= width and bool("".join(cells).strip())
