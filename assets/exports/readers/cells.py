"""A line of text as cells: separators, quotation marks, and what to make of broken quotes.

Of a plain line the same cells as of rows that are read many at a time (`plain_rows.py`; a test
compares). The `csv` module won't do: it raises on a line break in an unquoted cell and on cells
above 128 KB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple


class Quotes(Enum):
    """How the quotation marks of a line stand."""

    SOUND = "sound"
    #: The last cell's quote isn't closed: it may go on in the next line.
    OPEN = "open"
    #: A quoted cell goes on after its closing quote.
    BROKEN = "broken"


class Split(NamedTuple):
    """The cells of a line; only those of sound quotes are all there."""

    cells: list[str]
    quotes: Quotes


_OPEN_CELL = re.compile(r' *"[^"]*(?:""[^"]*)*\Z')


def split_cells(line: str, delimiter: str) -> Split:
    """Split a line, without its line end, into cells."""
    if '"' not in line:
        return Split(line.split(delimiter), Quotes.SOUND)
    cell = _cell_pattern(delimiter)
    cells: list[str] = []
    position = 0
    while match := cell.match(line, position):
        quoted = match["quoted"]
        cells.append(match["bare"] if quoted is None else quoted.replace('""', '"'))
        if match.end("end") == match.start("end"):
            return Split(cells, Quotes.SOUND)
        position = match.end()
    is_open = _OPEN_CELL.match(line, position) is not None
    return Split(cells, Quotes.OPEN if is_open else Quotes.BROKEN)


def split_as_written(line: str, delimiter: str) -> list[str]:
    """Split a line whose quotes are broken: every separator counts, outer quotes are dropped.

    That is right for senders who put a name such as `"Nisse" Berg` into a cell as it is, or put
    quotes around all cells and forget those within; whether it is right shows in the cell count.
    """
    return [_unquoted(cell) for cell in line.split(delimiter)]


def filled_width(cells: Sequence[str]) -> int:
    """Return the number of cells without empty ones at the end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def has_shape(cells: Sequence[str], width: int) -> bool:
    """Whether a row has the header's cells; empty ones too many at the end lose nothing."""
    return len(cells) >= width and (len(cells) == width or filled_width(cells) <= width)


def _unquoted(cell: str) -> str:
    text = cell.strip(" ")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return cell


@cache
def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(
        rf'(?: *"(?P<quoted>[^"]*(?:""[^"]*)*)" *|(?! *")(?P<bare>[^{mark}]*))(?P<end>{mark}|\Z)'
    )
