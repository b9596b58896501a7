"""What every page of ours has: strict templates, clean text, and a policy that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).resolve().parent / "templates"


def environment(clean: Callable[[str], str]) -> Environment:
    """Return an environment that escapes, and refuses a name that nobody gave.

    Args:
        clean: what every text from the data passes before it is escaped.
    """

    def finalize(value: object) -> object:
        is_plain_text = isinstance(value, str) and not isinstance(value, Markup)
        return clean(value) if is_plain_text and isinstance(value, str) else value

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        # A template does not change while pages are written.
        auto_reload=False,
        lstrip_blocks=True,
        finalize=finalize,
    )


def policy(style: str, script: str = "") -> str:
    """Return a page's policy: nothing is loaded or sent; only this very style and script apply."""
    scripts = f"script-src {_hash(script)}; " if script else ""
    return (
        f"default-src 'none'; style-src {_hash(style)}; {scripts}"
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
