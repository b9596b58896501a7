r"""Names of files and headers as they may be printed: on a screen, in the ledger, in a message.

A name from outside can steer a terminal, turn the text after it round, or hold the number of a
person. Here each character that is not plainly seen is written out, as `<U+202E>`, and each digit
of what can be an identity number as 9. The day of an export, its time and the code of a school unit
stay readable, because operators need them:
`lektionsfranvaro_99999901_2026-10_20261101T0500.csv` is printed as it is.

Whatever prints a name goes through here. Not here: cells (`reasons.py`), what is written to XML
(`watchlists/swedish/safe_text.py`).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

_LONGEST_HEADER = 40
# Seen as nothing, though Python takes them for printable: joiners, fillers, variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# A byte of a file name that is no UTF-8 comes as one of these.
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF

_EXPORT_TIME = re.compile(r"(?<!\d)\d{8}[Tt](?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d)")
_MONTH = r"20\d\d-(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
# A coordination number has the day + 60.
_BIRTH = rf"\d\d(?:0[1-9]|1[0-2])(?:{_DAY}|6[1-9]|[78]\d|9[01])"
_LONG = re.compile(r"\d{9,}")
# 120314-9800, 20120314_9800. The code of a school unit is seldom such a day, and a month that
# follows it (99999901_2026-10) is none of its digits.
_NUMBER = re.compile(rf"(?<!\d)(?:\d\d)?{_BIRTH}(?!_{_MONTH}(?!\d))[\W_]{{1,3}}\d{{4}}(?!\d)")
# 2012 03 14 9800, but not 2026-10-01_2026-10-31.
_SPACED = re.compile(
    rf"(?<!\d)(?:\d\d)?\d\d(?:[\W_]\d\d){{2}}(?![\W_]{{1,3}}{_MONTH}-{_DAY}(?!\d))"
    r"[\W_]{0,3}\d{4}(?!\d)"
)
_TEMPORARY = re.compile(
    rf"(?<!\d)(?:\d\d)?{_BIRTH}[\W_]{{0,2}}[A-Za-z][A-Za-z0-9]\d\d(?![A-Za-z0-9])"
)
_IN_NAMES = (_LONG, _NUMBER, _SPACED, _TEMPORARY)
# No header needs a day: a pivot table has in its header what it counts, numbers of pupils too.
_IN_HEADERS = (re.compile(r"\d{5,}"), *_IN_NAMES)


def printable_name(name: str | Path) -> str:
    """Return a file's name, or its path, as it may be printed.

    The same name gives the same text, and a text that went through here stays as it is.
    """
    return _written(str(name), _IN_NAMES, keeps_times=True)


def printable_header(name: str) -> str:
    """Return a header as it may be printed: short, one line, no number of a person."""
    return _written(" ".join(name.split())[:_LONGEST_HEADER], _IN_HEADERS, keeps_times=False)


def plainly_seen(text: str) -> str:
    """Return a text of our own words with what is not plainly seen written out.

    For what goes to a terminal and may quote a word from outside: no digit is changed.
    """
    return _seen_whole(text)


def is_plainly_seen(character: str) -> bool:
    """Whether a character shows what it is, and does nothing."""
    return character.isprintable() and not _UNSEEN.match(character)


def _written(text: str, numbers: tuple[re.Pattern[str], ...], *, keeps_times: bool) -> str:
    # A number with an invisible letter in it is the number.
    seen = [place for place, letter in enumerate(text) if is_plainly_seen(letter)]
    bare = "".join(_plain_digit(text[place]) for place in seen)
    kept = [match.span() for match in _EXPORT_TIME.finditer(bare)] if keeps_times else []
    letters = list(text)
    for number in numbers:
        for match in number.finditer(bare):
            if any(first < match.end() and match.start() < last for first, last in kept):
                continue
            for place in range(*match.span()):
                if bare[place].isdecimal():
                    letters[seen[place]] = "9"
    return _seen_whole("".join(letters))


def _plain_digit(letter: str) -> str:
    """Return a digit of any script as 0 to 9, and every other letter as it is."""
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def _seen_whole(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if is_plainly_seen(letter) else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    code = ord(letter)
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        return f"<0x{code - 0xDC00:02X}>"
    return f"<U+{code:04X}>"
