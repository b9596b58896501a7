"""Identity numbers as one canonical text, and why a text is not one.

Personnummer and samordningsnummer (day + 60) are checked by the `personnummer` library;
temporary TF numbers (two letters after the date) by their shape, as no check digit exists.
Nothing here ever returns or raises the number in a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from personnummer import personnummer

# ASCII: a digit of another script would pass for one and make another pupil.
_TWELVE = re.compile(r"(\d{8})[-+ ]?(\d{4})", re.ASCII)
_TEMPORARY = re.compile(r"(\d{8})[-+ ]?([A-Za-zÅÄÖåäö]{2}\d{2})", re.ASCII)
_TEN = re.compile(r"\d{6}[-+ ]?\d{4}", re.ASCII)
_SCIENTIFIC = re.compile(r"\d[.,]?\d*[eE]\+?\d+", re.ASCII)


@dataclass(frozen=True)
class IdentityNumber:
    """A canonical number (12 characters, no dash), or the code of what is wrong."""

    canonical: str | None
    problem: str | None = None


def read_identity_number(text: str | None) -> IdentityNumber:
    """Return the canonical form of an identity number as exports write it.

    Args:
        text: the cell, e.g. `20120314-9800`, `201203149800`, `20130101-TF01`.

    Returns:
        12 characters such as `201203149800`, or a problem code of `reasons.py`.
    """
    cell = (text or "").replace("\xa0", " ").strip()
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


def birth_date(canonical: str) -> date | None:
    """Return the birth date of a canonical number, without the samordningsnummer's 60."""
    day = int(canonical[6:8])
    try:
        return date(int(canonical[:4]), int(canonical[4:6]), day - 60 if day > 60 else day)
    except ValueError:
        return None


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
