"""Makes text from the data safe to write: characters, and the names of sheets.

Here: what both writers need before a string from a school system goes into a file. Not here:
escaping for HTML (Jinja2 does it), or storing a cell as text (`workbook/style.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# XML 1.0 allows tab, line feed, carriage return and everything from space on, but no lone
# surrogates and not the two non-characters; a file that holds one does not open.
_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CELL_LIMIT = 32_767  # characters, Excel's limit
_SHEET_NAME_LIMIT = 31  # UTF-16 code units, Excel's limit
_RESERVED = ("history",)  # Excel refuses a sheet with this name
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """The text without characters that XML cannot hold, cut to what a cell can hold."""
    return _ILLEGAL_IN_XML.sub("", text)[:_CELL_LIMIT]


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula when it is typed or imported."""
    return text.startswith(_FORMULA_STARTS)


def one_line(text: str) -> str:
    """The text with every run of white space as one space: for headings and grouping."""
    return " ".join(printable(text).split())


def sheet_names(wanted: Iterable[str], taken: Sequence[str], fallback: str) -> list[str]:
    """A sheet name for each wanted one: legal, short enough and unlike every other.

    Args:
        wanted: names as they stand in the data, of any length and with any characters.
        taken: names that are in use already.
        fallback: the name when nothing legal is left of a wanted one.

    Returns:
        As many names as were wanted, in that order; two of them never differ in case only.
    """
    used = {name.casefold() for name in (*taken, *_RESERVED)}
    names = []
    for name in wanted:
        base, suffix, count = _legal(name) or fallback, "", 1
        while (candidate := _cut(base, suffix)).casefold() in used:
            count += 1
            suffix = f" ({count})"
        used.add(candidate.casefold())
        names.append(candidate)
    return names


def _legal(name: str) -> str:
    # Letters, digits and a few signs only: this leaves out what Excel forbids ([]:*?/\ and an
    # outer ') and what would mean something in a reference, a header code or a formula.
    composed = unicodedata.normalize("NFC", printable(name))
    kept = "".join(c if c.isalnum() or c in " .,-_()" else " " for c in composed)
    return " ".join(kept.split()).strip(" .,-_")


def _cut(base: str, suffix: str) -> str:
    kept = base
    while _utf16_units(kept + suffix) > _SHEET_NAME_LIMIT:
        kept = kept[:-1]
    return kept.rstrip() + suffix


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
