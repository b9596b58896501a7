"""The commands that ask the lake for figures and change nothing: rates, flags.

Not here: commands that run jobs (`nights.py`), about files (`files.py`).
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

import typer

from assets.absence.windows import month_end
from assets.flags.answers import flags_answer, rates_answer
from assets.watchlists.collect.data_gaps import coverage_answer
from pipelines.cli.data_notes import asked_lake, without_pandas
from pipelines.cli.home import parameters_of, rules_on, settings_of
from pipelines.cli.options import (
    DAY,
    AsOf,
    Day,
    Format,
    FormatOption,
    Home,
    Identities,
    School,
    day,
    month,
    of_our_time,
)
from pipelines.cli.printing import print_answer, print_rows, say
from pipelines.cli.trust.grants import open_identities
from pipelines.settings import STOCKHOLM, yesterday
from rules.registry import rule_set_of

_NO_ROWS = "No rows: the lake has nothing that answers this. `trappan files` shows what it has."


def moment(text: str) -> datetime:
    """Read a moment of Stockholm's clock; a date alone is the last moment of that day."""
    if DAY.fullmatch(text):
        return datetime.combine(day(text), time.max, STOCKHOLM)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a moment. Expected YYYY-MM-DD, or YYYY-MM-DDTHH:MM on the clock of "
            "Stockholm, such as 2026-11-16T06:00."
        ) from None
    of_our_time(text, found)
    return found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)


def rates(
    context: typer.Context,
    asked: Annotated[date, typer.Option("--month", parser=month, help="Month, YYYY-MM.")],
    school: School = None,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print the absence rates of a calendar month."""
    settings = settings_of(context, home)
    open_identities(
        settings, "rates", is_by_key=not identities, month=f"{asked:%Y-%m}", school=school
    )
    # Who has left is a matter of the rule set; months before its first day use its first values.
    parameters = parameters_of(settings)
    rule_set = rule_set_of(parameters, max(asked, parameters.first_day))
    with without_pandas(), asked_lake(settings, month_end(asked), school=school) as lake:
        answer = rates_answer(lake, asked, rule_set, school=school, identities=identities)
    print_answer(answer, kind, _NO_ROWS)


def flags(
    context: typer.Context,
    as_of: Day,
    school: School = None,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also verdicts that are clear.")
    ] = False,
    known_at: Annotated[
        datetime | None,
        typer.Option(
            "--known-at",
            parser=moment,
            help="As the lake knew it then: YYYY-MM-DD (that day's end) or YYYY-MM-DDTHH:MM.",
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Print the verdicts at a day: hits and insufficient data."""
    settings = settings_of(context, home)
    rule_set = rules_on(settings, as_of)
    open_identities(
        settings,
        "flags",
        is_by_key=not identities,
        as_of=as_of,
        school=school,
        all=everything,
        known_at=known_at,
    )
    with without_pandas(), asked_lake(settings, as_of, known_at=known_at, school=school) as lake:
        answer = flags_answer(
            lake,
            as_of,
            rule_set,
            school=school,
            identities=identities,
            include_clear=everything,
        )
    print_answer(answer, kind, _NO_ROWS)


def coverage(
    context: typer.Context,
    as_of: AsOf = None,
    school: School = None,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Print the lessons of the latest 14 days that nobody reported, per class and subject."""
    settings = settings_of(context, home)
    day = as_of or yesterday()
    rule_set = rules_on(settings, day)
    with without_pandas(), asked_lake(settings, day, school=school) as lake:
        answer = coverage_answer(lake, day, rule_set, school=school)
    print_rows(answer.columns, answer.rows, kind)
    if not answer.rows:
        say(f"Nobody owes a report: no unreported lesson in the 14 days up to {day.isoformat()}.")
