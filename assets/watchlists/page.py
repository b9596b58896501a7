"""Writes one school's list as a web page that stands alone.

Here: rendering, and the policy that keeps the page from loading or running anything. Not here:
the columns (`outline.py`, `grounds.py`), the words (`texts.py`), publishing the file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.watchlists import (
    change_texts,
    explanations,
    grounds,
    headings,
    outline,
    risk_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.page_cells import heading_cells, row_cells, shown
from assets.watchlists.safe_text import printable

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
            parts=[
                (part, outline.mentor_table(watchlist, part))
                for part in outline.mentor_parts(watchlist)
            ],
            behind=_behind(watchlist),
        )
    )


def _behind(watchlist: Watchlist) -> Callable[[PupilRow], Markup]:
    """What each pupil's row folds out to; many stand in two tables of pupils and are made once."""
    macros: Any = _environment().get_template("parts.html.j2").module
    evidence = grounds.evidence_columns(watchlist)
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
        g=grounds,
        o=outline,
        c=change_texts,
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


def _style_sheet(watchlist: Watchlist) -> str:
    # The page margins of a print cannot take text from the document, only from the style sheet.
    margins = {
        "top-left": f'"{_css_text(texts.print_header(watchlist))}"',
        "top-right": f'"{_css_text(texts.PAGE)} " counter(page)',
        "bottom-left": f'"{_css_text(texts.DECISION)}"',
        "bottom-right": f'"{_css_text(texts.CARE_SHORT)}"',
    }
    boxes = " ".join(f"@{place} {{ content: {text}; }}" for place, text in margins.items())
    return f"{_css()}@page {{ {boxes} }}\n"


def _css_text(text: str) -> str:
    # Everything but ASCII letters and digits as a code point, so that no text can end the string.
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in printable(text))
    return "".join(plain)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing is loaded, no script runs, nothing is sent; only this very style sheet applies.
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
