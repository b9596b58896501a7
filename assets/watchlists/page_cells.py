"""The cells of a page's tables as HTML.

In Python and not in the template: a page has ten thousand cells, which a template takes several
times as long for. Not here: everything around a row (`templates/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from markupsafe import Markup, escape

from assets.watchlists import texts
from assets.watchlists.outline import Kind, ListColumn, RowT, Value
from assets.watchlists.safe_text import printable


def heading_cells(columns: Sequence[ListColumn[RowT]]) -> Markup:
    """The headings of columns; those of lines have no cell."""
    return _joined(
        f'<th scope="col" class="{column.kind}">{_written(column.heading)}</th>\n'
        for column in columns
        if column.kind != "lines"
    )


def row_cells(columns: Sequence[ListColumn[RowT]], row: RowT) -> Markup:
    """A row's values under the same columns."""
    return _joined(
        _cell(column.kind, column.value(row)) for column in columns if column.kind != "lines"
    )


def _joined(cells: Iterable[str]) -> Markup:
    return Markup("".join(cells))  # noqa: S704 - every text in them has passed `_written`


def _cell(kind: Kind, value: Value) -> str:
    text = _written(shown(value, kind))
    if kind == "name":
        return f'<th scope="row" class="name"><bdi>{text}</bdi></th>\n'
    if kind == "level" and isinstance(value, int):
        return f'<td class="level"><span class="badge level-{value}">{text}</span></td>\n'
    return f'<td class="{kind}">{text}</td>\n'


@lru_cache(maxsize=4096)
def _written(text: str) -> str:
    # The same few words, days and shares stand in most cells.
    return str(escape(printable(text)))


def shown(value: Value, kind: Kind) -> str:
    """A table value as text: a share with a decimal comma, `–` for what is undefined."""
    if isinstance(value, str):
        return value
    if kind == "level" and isinstance(value, int):
        return texts.LEVELS[value]
    if value is None:
        return texts.NO_VALUE
    if isinstance(value, int):
        return str(value)
    return value.isoformat() if isinstance(value, date) else texts.percent(value)
