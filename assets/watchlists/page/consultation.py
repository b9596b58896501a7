"""Writes a consultation sheet: as a page of A4 to print, or as lines for a terminal.

Here: how the sheet looks, and the policy that keeps it from loading or running anything. Not here:
what may be said of a pupil (`assets/flags/consultation.py`), the words
(`swedish/consultation_texts.py`).
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from assets.watchlists.swedish import consultation_texts as texts
from assets.watchlists.swedish.consultation_texts import Item
from assets.watchlists.swedish.safe_text import one_line

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_consultation(items: Sequence[Item], path: Path) -> None:
    """Write the sheet to a new file that only its owner reads.

    Raises:
        OSError: the file cannot be written, or is there: nothing is replaced.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(page_of(items))


def page_of(items: Sequence[Item]) -> str:
    """The sheet as a page that stands alone."""
    style = (_TEMPLATES / "consultation.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        t=texts,
        items=items,
        style=Markup(style),  # noqa: S704 - our own file
        # Nothing is loaded, no script runs, nothing is sent; only this very style sheet applies.
        policy=(
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ),
    )


def lines_of(items: Sequence[Item]) -> Iterator[str]:
    """The sheet as lines of text."""
    yield from (texts.TITLE, texts.INTRODUCTION, texts.CHECK, "")
    for item in items:
        yield item.heading
        yield from (f"  {one_line(line)}" for line in item.lines)
    yield from ("", texts.DECISION)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_on_one_line,
    )
    return environment.get_template("consultation.html.j2")


def _on_one_line(value: object) -> object:
    is_plain_text = isinstance(value, str) and not isinstance(value, Markup)
    return one_line(value) if is_plain_text and isinstance(value, str) else value
