"""What every command of the command line shares: options, their parsers, settings.

A wrong value ends in a sentence with what was found and what was expected. Not here: commands.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from assets.exports.files.printable import printable_name
from assets.exports.files.received import STOCKHOLM
from pipelines.cli.printing import Format
from pipelines.partitions import month_of
from pipelines.settings import Settings
from rules.models import ParameterSet, RuleSet
from rules.registry import load_parameters, root_of, rule_set_of

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_CODE = re.compile(r"\d{8}")
# Far outside them no calendar can be counted with, and no school system has lessons.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def day(text: str) -> date:
    """Read a date, YYYY-MM-DD."""
    wrong = typer.BadParameter(f"'{text}' is not a date. Expected YYYY-MM-DD, such as 2026-11-15.")
    if not _DAY.fullmatch(text):
        raise wrong
    try:
        return _of_our_time(text, date.fromisoformat(text))
    except ValueError:
        raise wrong from None


def moment(text: str) -> datetime:
    """Read a moment of Stockholm's clock; a date alone is the last moment of that day."""
    if _DAY.fullmatch(text):
        return datetime.combine(day(text), time.max, STOCKHOLM)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a moment. Expected YYYY-MM-DD, or YYYY-MM-DDTHH:MM on the clock of "
            "Stockholm, such as 2026-11-16T06:00."
        ) from None
    _of_our_time(text, found)
    return found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)


def month(text: str) -> date:
    """Read a month, YYYY-MM, as its first day."""
    try:
        return _of_our_time(text, month_of(text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def week_end(text: str) -> date:
    """Return the Sunday of an ISO week."""
    wrong = typer.BadParameter(f"'{text}' is not an ISO week. Expected YYYY-Www, such as 2026-W46.")
    match = _WEEK.fullmatch(text)
    if match is None:
        raise wrong
    try:
        return _of_our_time(text, date.fromisocalendar(int(match[1]), int(match[2]), 7))
    except ValueError:
        raise wrong from None


def _of_our_time(text: str, found: date) -> date:
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


Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything that persists (TRAPPAN_HOME; ./var)."),
]
School = Annotated[
    str | None, typer.Option("--school", parser=school_code, help="Only this school unit code.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How the answer is printed.")]
Identities = Annotated[
    bool,
    typer.Option("--identities", help="Show identities; the question is written to access.log."),
]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=day, help="The last day that counts; default yesterday."),
]


def settings_of(context: typer.Context, home: Path | None) -> Settings:
    """Return the settings; `--home` may stand before or after the command."""
    chosen = home or context.obj
    try:
        return Settings(home=chosen) if chosen else Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise typer.BadParameter(
            f"the setting TRAPPAN_{name}: {first['msg']}; found '{first['input']}'. "
            "See docs/operators.md."
        ) from None


def offered(paths: list[Path]) -> tuple[Path, ...]:
    """Return paths that are there."""
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(
                f"there is no file or folder {printable_name(path)}. Expected export files, or a "
                "folder of them."
            )
    return tuple(paths)


def parameters_of(settings: Settings, set_name: str | None = None) -> ParameterSet:
    """Load a rule set, shipped or the user's own; the one in use when none is named."""
    name = set_name or settings.rule_set
    return load_parameters(name, root_of(name, settings.rules_folder))


def rules_on(settings: Settings, day: date) -> RuleSet:
    """Load the rules first, so that a wrong rule file is reported before an hour's work."""
    return rule_set_of(parameters_of(settings), day)
