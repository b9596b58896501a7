"""Headers that no layout knows: what may be reported of them, and which speak of protection.

What is stored, and what a run prints by itself, has patterns only, because a header can be the name
of a child; words are for a person who has the file and asks how it would be read
(`layout_checks.py`). Not here: what is refused for a header (`header_checks.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SPEAKS_OF_PROTECTION = re.compile("skydd|sekretess|protect")
# Line ends in a cell of a workbook break a header for the eye only.
_LINE_BREAKS = "\n\r\t"
_SEPARATORS = frozenset({"\u2028", "\u2029"})
_LONGEST = 60
_SHOWN = 40
# "Period 1", "Åk 7-9": more digits than these are a date, a number or a code.
_MOST_DIGITS = 4


def speaks_of_protection(name: str) -> bool:
    """Whether a header has a word of protection in it, whatever stands between its letters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return bool(_SPEAKS_OF_PROTECTION.search("".join(filter(str.isalnum, folded))))


def as_headers(names: Sequence[str]) -> list[str]:
    """Return unknown headers as they may be reported: as patterns when any of them looks like data.

    A row that stands where the header should be has names of pupils in it.
    """
    if any(_looks_like_data(name) for name in names):
        return [header_pattern(name) for name in names]
    return list(names)


def _looks_like_data(name: str) -> bool:
    digits = sum(letter.isdecimal() for letter in name)
    return (
        len(name.strip()) > _LONGEST
        or digits > _MOST_DIGITS
        or (digits > 0 and not any(letter.isalpha() for letter in name))
        or any(may_end_a_line(letter) for letter in name)
    )


def header_pattern(name: str) -> str:
    """Return a header as a pattern: a letter is x, a digit 9, and what is not plainly seen ?."""
    letters = (
        "9" if letter.isdecimal() else "x" if letter.isalpha() else letter
        for letter in " ".join(name.split())[:_SHOWN]
    )
    return "".join(letter if letter.isprintable() else "?" for letter in letters)


def may_end_a_line(letter: str) -> bool:
    """Whether some systems take a character for the end of a line; the usual ones are none."""
    if letter in _LINE_BREAKS:
        return False
    return letter in _SEPARATORS or unicodedata.category(letter) == "Cc"
