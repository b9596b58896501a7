"""Files that say how many rows they have: what they say, and whether it is so.

A file that says too many was cut short on its way, and is not taken in part. Not here: which
layouts ask for it (`layouts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assets.exports.files.received import UnreadableFileError
from assets.exports.readers.layouts import HeaderMatch

_WHOLE = re.compile(r"(\d{1,12})([.,]0+)?")
_AGAIN = "It was cut short or changed on its way. Export the file again."


class RowTally:
    """Compares the rows of one file with what the file says of them."""

    def __init__(self, match: HeaderMatch) -> None:
        rule = match.layout.row_count
        self._trailer = re.compile(rule.trailer) if rule and rule.trailer else None
        self._position = match.count_position
        self._column = rule.column if rule else ""
        self._said: int | None = None
        self._has_trailer = False

    def is_trailer(self, cells: Sequence[str], line_number: int) -> bool:
        """Whether a row is the trailer and not data.

        Raises:
            UnreadableFileError: rows follow the trailer.
        """
        if self._trailer is None:
            return False
        if self._has_trailer:
            raise UnreadableFileError(
                f"line {line_number}: a row after the one that says how many there are. Expected "
                "that one last. Export the file again."
            )
        text = " ".join(cell.strip() for cell in cells if cell.strip())
        found = self._trailer.fullmatch(text)
        if found:
            self._said = int(found[1])
            self._has_trailer = True
        return bool(found)

    def look_at(self, cells: Sequence[str], line_number: int) -> None:
        """Look at what a data row says of the number of rows.

        Raises:
            UnreadableFileError: not a number, or another one than the rows above.
        """
        if self._position is None or self._position >= len(cells):
            return
        said = _WHOLE.fullmatch(cells[self._position].strip())
        if said is None or (self._said is not None and int(said[1]) != self._said):
            raise UnreadableFileError(
                f"line {line_number}, '{self._column}': not the same number of rows as above. "
                f"Expected how many rows the file has, the same in each. {_AGAIN}"
            )
        self._said = int(said[1])

    def check(self, rows: int) -> None:
        """Compare with the rows that were read.

        Raises:
            UnreadableFileError: the file says another number, or nothing.
        """
        if self._trailer is not None and not self._has_trailer:
            raise UnreadableFileError(
                f"its last row does not say how many rows it has ({rows} were found). {_AGAIN}"
            )
        if self._said is not None and self._said != rows:
            raise UnreadableFileError(
                f"it says that it has {self._said} rows, but {rows} were found. {_AGAIN}"
            )
