"""Writes one school's list as a web page that stands alone.

Here: rendering, and the policy that keeps the page from loading or running anything. Not here:
the columns (`outline.py`, `swedish/evidence_texts.py`), the words (`texts.py`), publishing the
file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from assets.watchlists import mentor_tables, outline
from assets.watchlists.model import Mentor, PupilRow, Watchlist
from assets.watchlists.outline import Kind, ListColumn, RowT, Value
from assets.watchlists.swedish import (
    change_texts,
    evidence_texts,
    explanations,
    headings,
    mentor_texts,
    risk_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.swedish.safe_text import printable

# The cells of a page's tables as HTML. In Python and not in the template: a page has ten thousand
# cells, which a template takes several times as long for.


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


_TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_page(watchlist: Watchlist, path: Path) -> None:
    """Write the page of `watchlist` to exactly `path`, replacing what is there.

    Not atomic: the caller writes beside the published file and renames.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    path.write_text(_render(watchlist), encoding="utf-8", newline="\n")


def _render(watchlist: Watchlist) -> str:
    style = _style_sheet(watchlist)
    pupils, more = outline.look_first(watchlist)
    return (
        _environment()
        .get_template("watchlist.html.j2")
        .render(
            w=watchlist,
            style=Markup(style),  # noqa: S704  # our own file; the one inserted text is escaped for CSS
            policy=_policy(style),
            first=[_first_row(watchlist, pupil) for pupil in pupils],
            more=more,
            principal=outline.principal_table(watchlist),
            mentors=mentor_tables.overview_table(watchlist),
            behind=_behind(watchlist),
        )
    )


def write_mentor_page(watchlist: Watchlist, mentor: Mentor, path: Path) -> None:
    """Write a mentor's own page to exactly `path`, replacing what is there; it prints in portrait.

    Args:
        watchlist: what `watchlist_of_mentor` gave.
        mentor: whose list it is.
        path: of the file.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    style = _style_sheet(watchlist, _PORTRAIT)
    page = (
        _environment()
        .get_template("mentor.html.j2")
        .render(
            w=watchlist,
            mentor=mentor,
            style=Markup(style),  # noqa: S704  # as in `_render`
            policy=_policy(style),
            tables=mentor_tables,
            behind=_behind(watchlist),
        )
    )
    path.write_text(page, encoding="utf-8", newline="\n")


# Whoever prints it reads it on paper: nothing is smaller than 10 points.
_PORTRAIT = (
    "@page { size: A4 portrait; font-size: 10pt; }"
    "@media print { html { font-size: 11pt; } table, thead th, caption, .small, footer,"
    " .notes, h4, summary { font-size: 10pt; } th.name { min-width: 8rem; } }\n"
)


def _behind(watchlist: Watchlist) -> Callable[[PupilRow], Markup]:
    """What each pupil's row folds out to; many stand in two tables of pupils and are made once."""
    macros: Any = _environment().get_template("parts.html.j2").module
    evidence = evidence_texts.evidence_columns(watchlist)
    compared = explanations.comparison_columns(watchlist)

    @cache
    def behind(pupil: PupilRow) -> Markup:
        written: Markup = macros.behind(
            pupil,
            outline.ListTable(evidence, pupil.evidence, texts.NO_VALUE),
            outline.ListTable(compared, pupil.evidence, texts.NO_VALUE),
            explanations.notes(watchlist, pupil),
        )
        return written

    return behind


def _first_row(watchlist: Watchlist, pupil: PupilRow) -> tuple[int, PupilRow, str]:
    # The place in the whole list is the anchor: no name goes into an address.
    return watchlist.pupils.index(pupil) + 1, pupil, outline.in_brief(pupil, watchlist)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters["shown"] = shown
    environment.globals.update(
        t=texts,
        h=headings,
        g=evidence_texts,
        o=outline,
        c=change_texts,
        m=mentor_texts,
        r=risk_texts,
        u=unseen_texts,
        heading_cells=heading_cells,
        row_cells=row_cells,
    )
    return environment


def _printable(value: object) -> object:
    is_plain_text = isinstance(value, str) and not isinstance(value, Markup)
    return printable(value) if is_plain_text and isinstance(value, str) else value


@cache
def _css() -> str:
    return (_TEMPLATES / "watchlist.css").read_text(encoding="utf-8")


def _style_sheet(watchlist: Watchlist, more: str = "") -> str:
    # The page margins of a print cannot take text from the document, only from the style sheet.
    margins = {
        "top-left": f'"{_css_text(texts.print_header(watchlist))}"',
        "top-right": f'"{_css_text(texts.PAGE)} " counter(page)',
        "bottom-left": f'"{_css_text(texts.DECISION)}"',
        "bottom-right": f'"{_css_text(texts.CARE_SHORT)}"',
    }
    boxes = " ".join(f"@{place} {{ content: {text}; }}" for place, text in margins.items())
    return f"{_css()}@page {{ {boxes} }}\n{more}"


def _css_text(text: str) -> str:
    # Everything but ASCII letters and digits as a code point, so that no text can end the string.
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in printable(text))
    return "".join(plain)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing is loaded, no script runs, nothing is sent; only this very style sheet applies.
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
