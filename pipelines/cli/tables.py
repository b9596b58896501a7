"""Rows for reading: a table where it fits the terminal, else a record a row.

No word is ever cut: a key or a hash that was folded can't be copied. Not here: CSV and JSON
(`printing.py`).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar

from rich.cells import cell_len
from rich.table import Table

#: Prose is folded at words, but to no less than this: a word a line is not read.
_LEAST_PROSE = 24
_AROUND_CELL = 3  # a line and two spaces, of which each table has one line more
_NO_END = 10_000  # characters: a table that is piped is as wide as it needs to be
_BETWEEN = 2
_is_wide: ContextVar[bool] = ContextVar("is_wide", default=False)


def be_wide(is_wide: bool) -> None:
    """Print tables as wide as they need to be from now on, also on a terminal (`--wide`)."""
    _is_wide.set(is_wide)


def laid_out(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> tuple[Table | str, int]:
    """Return rows as a table or as records, and the width to print it in, in characters.

    Args:
        columns: the headings, which are the keys of the rows.
        rows: texts of one line each.
    """
    width = _NO_END
    if sys.stdout.isatty() and not _is_wide.get():
        width = shutil.get_terminal_size().columns
    if _least_width(columns, rows) <= width:
        return _table(columns, rows, width), width
    return "\n".join(stacked(columns, rows, width)), width


def _least_width(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> int:
    return sum(_least(column, rows) + _AROUND_CELL for column in columns) + 1


def _least(column: str, rows: Sequence[Mapping[str, str]]) -> int:
    """The width under which a column would cut a word, or be hard to read."""
    word = max(_longest_word(text) for text in _texts(column, rows))
    return min(_natural(column, rows), max(word, _LEAST_PROSE))


def _natural(column: str, rows: Sequence[Mapping[str, str]]) -> int:
    return max(map(cell_len, _texts(column, rows)))


def _texts(column: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    return [column, *(row[column] for row in rows)]


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, str]], width: int) -> Table:
    table = Table(header_style="bold")
    # Told to the letter: rich would take what lacks from the widest column, whatever stands there.
    spare = width - _least_width(columns, rows)
    for column in columns:
        least = _least(column, rows)
        more = min(spare, _natural(column, rows) - least)
        spare -= more
        table.add_column(column, width=least + more, overflow="fold")
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    return table


def stacked(columns: Sequence[str], rows: Sequence[Mapping[str, str]], width: int) -> Iterator[str]:
    """Yield the lines of a record a row: a line a value, longer ones folded at words.

    Args:
        columns: the headings.
        rows: texts of one line each.
        width: of the terminal, in characters. A longer word stands whole on a line of its own,
            which the terminal folds and a mouse still takes whole.
    """
    label = max(map(cell_len, columns), default=0) + _BETWEEN
    for number, row in enumerate(rows):
        if number:
            yield ""
        for column in columns:
            room = width - label
            text = row[column]
            if _longest_word(text) <= room:
                first, *more = _folded(text, room)
                yield f"{column}{' ' * (label - cell_len(column))}{first}".rstrip()
                yield from (f"{' ' * label}{line}" for line in more)
            else:
                yield column
                yield from (f"{' ' * _BETWEEN}{line}" for line in _folded(text, width - _BETWEEN))


def _folded(text: str, room: int) -> list[str]:
    """Fold a text at its spaces; never a word."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and cell_len(joined) > room:
            lines.append(word)
        else:
            lines[-1] = joined
    return lines
