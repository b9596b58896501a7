"""The options that commands share, and their parsers.

A wrong value ends in a sentence with what was found and what was expected. Every command loads
this, also one that only shows its help, so nothing large is imported. Not here: settings
(`home.py`).
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.files.printable import printable_name
from rules.errors import TrappanError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_CODE = re.compile(r"\d{8}")
# Far outside them no calendar can be counted with, and no school system has lessons.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_LONGEST_REASON = 300


class CommandError(TrappanError):
    """What was asked can't be done; the message says what, where and what to do."""


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def day(text: str) -> date:
    """Read a date, YYYY-MM-DD."""
    wrong = typer.BadParameter(f"'{text}' is not a date. Expected YYYY-MM-DD, such as 2026-11-15.")
    if not DAY.fullmatch(text):
        raise wrong
    try:
        return of_our_time(text, date.fromisoformat(text))
    except ValueError:
        raise wrong from None


def month(text: str) -> date:
    """Read a month, YYYY-MM, as its first day."""
    match = _MONTH.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise typer.BadParameter(f"'{text}' is not a month. Expected YYYY-MM, such as 2026-10.")
    return of_our_time(text, date(int(match[1]), int(match[2]), 1))


def week_end(text: str) -> date:
    """Return the Sunday of an ISO week."""
    wrong = typer.BadParameter(f"'{text}' is not an ISO week. Expected YYYY-Www, such as 2026-W46.")
    match = _WEEK.fullmatch(text)
    if match is None:
        raise wrong
    try:
        return of_our_time(text, date.fromisocalendar(int(match[1]), int(match[2]), 7))
    except ValueError:
        raise wrong from None


def of_our_time(text: str, found: date) -> date:
    """Return a date that was found in a text, unless it is of another age."""
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise typer.BadParameter(
            f"'{text}' is of the year {found.year}. Expected a year from {_FIRST_YEAR} to "
            f"{_LAST_YEAR}."
        )
    return found


def school_code(text: str) -> str:
    """Read a school unit code."""
    if not _CODE.fullmatch(text):
        raise typer.BadParameter(
            f"'{text}' is not a school unit code. Expected 8 digits, such as 99999901."
        )
    return text


def log_reason(text: str) -> str:
    """Read a reason for the log: a line of some words."""
    words = " ".join(text.split())
    if not words or not words.isprintable() or len(words) > _LONGEST_REASON:
        raise typer.BadParameter(
            f"expected a line of words, {_LONGEST_REASON} characters at most, that says why."
        )
    return words


Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything that persists (TRAPPAN_HOME; ./var)."),
]
FileHash = Annotated[str, typer.Argument(help="The file's SHA-256, or enough of its first digits.")]
School = Annotated[
    str | None, typer.Option("--school", parser=school_code, help="Only this school unit code.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How the answer is printed.")]
Identities = Annotated[
    bool,
    typer.Option("--identities", help="Show identities; the question is written to access.log."),
]
Day = Annotated[
    date, typer.Option("--as-of", parser=day, help="The last day that counts, YYYY-MM-DD.")
]
First = Annotated[date, typer.Option("--from", parser=day, help="First day, YYYY-MM-DD.")]
Last = Annotated[date, typer.Option("--to", parser=day, help="Last day, YYYY-MM-DD.")]
BeginAnew = Annotated[
    bool,
    typer.Option("--begin-anew", help="Make a new lake in a home whose lake is gone for good."),
]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason", parser=log_reason, help="Why, for access.log, beside your name; no pupil's."
    ),
]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=day, help="The last day that counts; default yesterday."),
]


def offered(paths: list[Path]) -> tuple[Path, ...]:
    """Return paths that are there."""
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(
                f"there is no file or folder {printable_name(path)}. Expected export files, or a "
                "folder of them."
            )
    return tuple(paths)
