"""Makes text from the data safe to write.

Here: what both writers need before a string from a school system goes into a file. Not here:
escaping for HTML (Jinja2 does it), or storing a cell as text (`workbook/style.py`).
"""

from __future__ import annotations

import re

# XML 1.0 allows tab, line feed, carriage return and everything from space on, but no lone
# surrogates and not the two non-characters; a file that holds one does not open.
_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CELL_LIMIT = 32_767  # characters, Excel's limit
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
