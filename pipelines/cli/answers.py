"""The commands that ask the lake for figures and change nothing: rates, flags.

Not here: commands that run jobs (`app.py`), commands about files (`files.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from assets.absence.windows import month_end
from assets.flags.answers import Answer, flags_answer, rates_answer
from assets.watchlists.collect.data_gaps import coverage_answer
from pipelines.cli.access_log import note_access
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.options import (
    AsOf,
    FormatOption,
    Home,
    Identities,
    School,
    day,
    moment,
    month,
    parameters_of,
    rules_on,
    settings_of,
)
from pipelines.cli.printing import Format, print_rows, say
from pipelines.settings import yesterday
from rules.registry import rule_set_of


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
    if identities:
        note_access(settings, "rates", month=f"{asked:%Y-%m}", school=school)
    # Who has left is a matter of the rule set; months before its first day use its first values.
    parameters = parameters_of(settings)
    rule_set = rule_set_of(parameters, max(asked, parameters.first_day))
    with asked_lake(settings, month_end(asked)) as lake:
        answer = rates_answer(lake, asked, rule_set, school=school, identities=identities)
    _print_answer(answer, kind)


def flags(
    context: typer.Context,
    as_of: Annotated[
        date, typer.Option("--as-of", parser=day, help="The last day that counts, YYYY-MM-DD.")
    ],
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
    if identities:
        note_access(
            settings, "flags", as_of=as_of, school=school, all=everything, known_at=known_at
        )
    with asked_lake(settings, as_of, known_at=known_at) as lake:
        answer = flags_answer(
            lake,
            as_of,
            rule_set,
            school=school,
            identities=identities,
            include_clear=everything,
        )
    _print_answer(answer, kind)


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
    with asked_lake(settings, day) as lake:
        answer = coverage_answer(lake, day, rule_set, school=school)
    print_rows(answer.columns, answer.rows, kind)
    if not answer.rows:
        say(f"Nobody owes a report: no unreported lesson in the 14 days up to {day.isoformat()}.")


def _print_answer(answer: Answer, kind: Format) -> None:
    print_rows(answer.columns, answer.rows, kind)
    if answer.protected_left_out:
        say(f"{answer.protected_left_out} pupils with protected identity are left out.")
    if not answer.rows:
        say("No rows: the lake has nothing that answers this. `trappan files` shows what it has.")
