"""Synthetic identity numbers: serials 980-999, which no person has."""

from __future__ import annotations

from datetime import date, timedelta

PERSONNUMMER, SAMORDNINGSNUMMER, TF_NUMBER = KINDS = ("personnummer", "samordningsnummer", "tf")
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


def luhn_digit(nine_digits: str) -> int:
    """The check digit of YYMMDDNNN."""
    doubled = (int(c) * (2 - place % 2) for place, c in enumerate(nine_digits))
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


def with_hyphen(number: str) -> str:
    """The way most exports write it: YYYYMMDD-NNNN."""
    return f"{number[:8]}-{number[8:]}"
