"""Which identity numbers a refused text can mean, by their last ten characters.

A number that is refused still names a pupil to whoever knows the pupil: `131201-9860`, a number
with blanks or a `+`, one that a spreadsheet made `1312019860.0` of. Nobody is counted by it, but
what such a row says of protection is about everybody whose number ends so. Not here: what is a
valid number (`identity_numbers.py`).
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

SHORT = 10
# A date, perhaps with its century, and four characters after it: digits, or those of a TF number.
_NUMBER = re.compile(
    r"(?<!\d)(?:\d{2})?(\d{6})\s*[-+]?\s*(\d{4}|[A-ZÅÄÖ]{2}\d{2})(?![0-9])", re.ASCII
)
_SCIENTIFIC = re.compile(r"\d[.,]?\d*E\+?\d{1,2}", re.ASCII)
_NO_FRACTION = re.compile(r"(?<=\d)[.,]0+(?!\d)", re.ASCII)
_OTHER_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


def short_form(canonical: str) -> str:
    """Return the last ten characters of a canonical number: without its century."""
    return canonical[-SHORT:]


def possible_numbers(text: str) -> frozenset[str]:
    """Return the short forms of all numbers that a text can be read as; none for most texts.

    Args:
        text: a cell, or a whole row that lost its cells.
    """
    plain = _plain(text)
    if _SCIENTIFIC.fullmatch(plain.strip()):
        plain = _written_out(plain.strip())
    plain = _NO_FRACTION.sub("", plain)
    found = {found[1] + found[2] for found in _NUMBER.finditer(plain)}
    digits = re.sub(r"\D", "", plain, flags=re.ASCII)
    # A spreadsheet takes the first zero of 0312019860 away.
    if SHORT - 1 <= len(digits) <= SHORT + 2 and not re.search(r"[^\W\d_]", plain):
        found.add(digits[-SHORT:].zfill(SHORT))
    return frozenset(found)


def _plain(text: str) -> str:
    """Return a text in upper case with plain digits and dashes, without invisible characters."""
    folded = unicodedata.normalize("NFKC", text).translate(_OTHER_DASHES).upper()
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() and not letter.isascii() else letter
        for letter in folded
        if unicodedata.category(letter) != "Cf"
    )


def _written_out(number: str) -> str:
    """Return a number with an exponent as digits, where all of them are there."""
    try:
        value = Decimal(number.replace(",", "."))
    except InvalidOperation:
        return ""
    given = re.sub(r"\D", "", number.partition("E")[0], flags=re.ASCII)
    whole = str(int(value))
    return whole if len(given) >= SHORT and len(given) >= len(whole) - 1 else ""
