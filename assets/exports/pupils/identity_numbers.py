"""Identity numbers as one canonical text, and why a text is not one.

Personnummer and samordningsnummer (day + 60) are checked by the `personnummer` library; temporary
numbers of school systems (TF, T, P: a letter, a letter or digit, two digits after the date) by
their shape, as no check digit exists. Nothing here ever returns or raises the number in a message.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from personnummer import personnummer

from assets.exports.files.decoding import without_invisible

# ASCII: a digit of another script would pass for one and make another pupil.
_TWELVE = re.compile(r"(\d{8})[-+ ]?(\d{4})", re.ASCII)
_TEMPORARY = re.compile(r"(\d{8})[-+ ]?([A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö0-9]\d{2})", re.ASCII)
_SHORT_TEMPORARY = re.compile(
    r"(\d{2})(\d{4})[- ]?([A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö0-9]\d{2})", re.ASCII
)
_TEN = re.compile(r"\d{6}[-+ ]?(?:\d{4}|[A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö0-9]\d{2})", re.ASCII)
_SCIENTIFIC = re.compile(r"\d[.,]?\d*[eE]\+?\d+", re.ASCII)
FULL_LETTERS = 12
_DASHES = re.compile("[\u2010-\u2015\u2212]")
# Ages that a pupil can have, for the century of a temporary number (our choice: formats, 6).
_PUPIL_AGES = range(5, 21)


class IdentityNumber(NamedTuple):
    """A canonical number (12 characters, no dash), or the code of what is wrong."""

    canonical: str | None
    problem: str | None = None


def read_identity_number(text: str | None) -> IdentityNumber:
    """Return the canonical form of an identity number as exports write it.

    Args:
        text: the cell, e.g. `20120314-9800`, `201203149800`, `20130101-TF01`, `20130101T123`.

    Returns:
        12 characters such as `201203149800`, or a problem code of `reasons.py`.
    """
    cell = _folded(text)
    if cell.endswith(".0"):  # a number cell that went through a spreadsheet
        cell = cell[:-2]
    if not cell:
        return IdentityNumber(None, "civic_no.missing")
    if match := _TWELVE.fullmatch(cell):
        return _checked(match[1] + match[2])
    if match := _TEMPORARY.fullmatch(cell):
        return _temporary(match[1], match[2].upper())
    if _TEN.fullmatch(cell):
        return IdentityNumber(None, "civic_no.two_digit_year")
    if _SCIENTIFIC.fullmatch(cell):
        return IdentityNumber(None, "civic_no.spreadsheet_damage")
    return IdentityNumber(None, "civic_no.unreadable")


def with_century(text: str, exported: date) -> str:
    """Return a temporary number of 10 characters with its century, where only one can be meant.

    Only a number that was made for a pupil is sure to be a pupil's, who is 5 to 20 years old when
    the file is made. Every other text is returned as it is, also a personnummer of two-digit year.

    Args:
        text: the cell, e.g. `130101-TF01`.
        exported: the day of the export.
    """
    folded = _folded(text)
    # Nearly all numbers are longer than such a one.
    match = _SHORT_TEMPORARY.fullmatch(folded) if len(folded) < FULL_LETTERS else None
    if match is None:
        return text
    full = [f"{century}{match[1]}{match[2]}{match[3].upper()}" for century in (19, 20)]
    meant = [number for number in full if _age(number, exported) in _PUPIL_AGES]
    return meant[0] if len(meant) == 1 else text


def birth_date(canonical: str) -> date | None:
    """Return the birth date of a canonical number, without the samordningsnummer's 60."""
    try:
        # A pupil without a number has no day.
        day = int(canonical[6:8])
        return date(int(canonical[:4]), int(canonical[4:6]), day - 60 if day > 60 else day)
    except ValueError:
        return None


def _folded(text: str | None) -> str:
    if text and text.isascii():
        return text.strip()  # nearly all of them: nothing invisible and no long dash in it
    return _DASHES.sub("-", without_invisible(text or "")).strip()


def _age(canonical: str, day: date) -> int | None:
    """Return whole years of age on a day; negative before the birth."""
    born = birth_date(canonical)
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _checked(digits: str) -> IdentityNumber:
    if personnummer.valid(digits):
        return IdentityNumber(digits)
    if birth_date(digits) is None:
        return IdentityNumber(None, "civic_no.no_such_date")
    return IdentityNumber(None, "civic_no.check_digit")


def _temporary(day: str, serial: str) -> IdentityNumber:
    if birth_date(day + serial) is None:
        return IdentityNumber(None, "civic_no.no_such_date")
    return IdentityNumber(day + serial)


# Which identity numbers a refused text can mean, by their last ten characters. A number that is
# refused still names a pupil to whoever knows the pupil: `131201-9860`, a number with blanks or a
# `+`, one that a spreadsheet made `1312019860.0` of. Nobody is counted by it, but what such a row
# says of protection is about everybody whose number ends so.

SHORT = 10
# A date, perhaps with its century, and four characters after it: digits, or those of a TF number.
_NUMBER = re.compile(
    r"(?<!\d)(?:\d{2})?(\d{6})\s*[-+]?\s*(\d{4}|[A-ZÅÄÖ]{2}\d{2})(?![0-9])", re.ASCII
)
_SPREADSHEETS_NUMBER = re.compile(r"\d[.,]?\d*E\+?\d{1,2}", re.ASCII)
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
    if _SPREADSHEETS_NUMBER.fullmatch(plain.strip()):
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
