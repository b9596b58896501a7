"""Synthetic identity numbers: serials 980-999, which no person has; and how senders write them.

What a text means follows the formats' section 6 letter by letter, without the project's code.
"""

from __future__ import annotations

from datetime import date, timedelta

PERSONNUMMER, SAMORDNINGSNUMMER, TF_NUMBER = KINDS = ("personnummer", "samordningsnummer", "tf")
#: Ages of a pupil at the export, for the century of a temporary number of ten characters.
YOUNGEST, OLDEST = 5, 20
DIGITS, CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Letters that nobody sees, and those that look like a blank or a hyphen.
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
BLANKS = " \u00a0\u2007\u2009\u202f"
HYPHENS = "-\u2010\u2011\u2013\u2212"
FIRST_BIRTHDAY = date(2010, 1, 1)
BIRTHDAYS = (date(2020, 1, 1) - FIRST_BIRTHDAY).days
SERIALS = range(980, 1000)
MOST = BIRTHDAYS * len(SERIALS)
# Coprime with the number of birthdays: neighbours in number are not neighbours in age.
STRIDE = 1009


def civic_no(number: int, kind: str = PERSONNUMMER) -> str:
    """The identity of pupil `number` (0..MOST-1), 12 characters; each number has its own."""
    if not 0 <= number < MOST:
        raise ValueError(f"pupil {number}: there are {MOST} synthetic identities of a kind")
    birthday = FIRST_BIRTHDAY + timedelta(days=number * STRIDE % BIRTHDAYS)
    turn = number // BIRTHDAYS
    if kind == TF_NUMBER:
        return f"{birthday:%Y%m%d}TF{turn:02d}"
    day = birthday.day + (60 if kind == SAMORDNINGSNUMMER else 0)
    digits = f"{birthday:%Y%m}{day:02d}{SERIALS[turn]}"
    return digits + str(luhn_digit(digits[2:]))


def pupil_of(text: str, exported: date) -> str | None:
    """The pupil that a cell means, 12 characters; None when nobody can be told by it."""
    seen = "".join(letter for letter in text if letter not in UNSEEN)
    seen = "".join("-" if letter in HYPHENS else letter for letter in seen)
    seen = "".join(" " if letter in BLANKS else letter for letter in seen).strip().upper()
    # A hyphen or blank stands before the last four, or nothing does.
    serial = seen[-4:]
    day = seen[:-4].removesuffix("-") if "-" in seen else seen[:-4].removesuffix(" ")
    if len(seen) < 10 or any(letter not in DIGITS for letter in day):
        return None
    if all(letter in DIGITS for letter in serial):
        sound = (
            len(day) == 8 and _is_day(day) and luhn_digit(day[2:] + serial[:3]) == int(serial[3])
        )
        return day + serial if sound else None
    if not _is_temporary(serial):
        return None
    if len(day) == 8:
        return day + serial if _is_day(day) else None
    if len(day) != 6:
        return None
    meant = [
        f"{century}{day}" for century in ("19", "20") if _is_pupil(f"{century}{day}", exported)
    ]
    return meant[0] + serial if len(meant) == 1 else None


def _is_temporary(serial: str) -> bool:
    first, second, rest = serial[0], serial[1], serial[2:]
    return first in CAPITALS and second in CAPITALS + DIGITS and all(c in DIGITS for c in rest)


def _birthday(day: str) -> date | None:
    year, month, number = int(day[:4]), int(day[4:6]), int(day[6:])
    try:
        return date(year, month, number - 60 if number > 60 else number)
    except ValueError:
        return None


def _is_day(day: str) -> bool:
    return _birthday(day) is not None


def _is_pupil(day: str, exported: date) -> bool:
    born = _birthday(day)
    if born is None:
        return False
    had_birthday = (exported.month, exported.day) >= (born.month, born.day)
    return YOUNGEST <= exported.year - born.year - (0 if had_birthday else 1) <= OLDEST


def luhn_digit(nine_digits: str) -> int:
    """The check digit of YYMMDDNNN."""
    doubled = (int(c) * (2 - place % 2) for place, c in enumerate(nine_digits))
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


def with_hyphen(number: str) -> str:
    """The way most exports write it: YYYYMMDD-NNNN."""
    return f"{number[:8]}-{number[8:]}"
