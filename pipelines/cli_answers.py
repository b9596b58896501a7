"""The commands that ask the lake and change nothing: rates, flags, files.

Not here: commands that run jobs (`cli.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from assets.exports.ledger import ledger_rows, problem_rows
from assets.flags.answers import Answer, flags_answer, rates_answer
from assets.lake import Lake
from assets.sealing import Sealer
from assets.watchlists.coverage import coverage_answer
from pipelines.access_log import note_access
from pipelines.cli_options import (
    AsOf,
    FormatOption,
    Home,
    Identities,
    School,
    day,
    month,
    rules_on,
    settings_of,
)
from pipelines.printing import Format, print_rows, say
from pipelines.settings import yesterday
from rules.registry import load_parameters, rule_set_on

LEDGER_COLUMNS = (
    "file_name",
    "file_sha256",
    "outcome",
    "layout",
    "exported_at",
    "period_first_date",
    "period_last_date",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rows_superseded",
    "rows_warned",
    "received_at",
    "reason",
)
PROBLEM_COLUMNS = (
    "file_name",
    "severity",
    "line_number",
    "column_name",
    "reason",
    "found",
    "expected",
    "rows",
)


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
    first_day = load_parameters(settings.rule_set).first_day
    rule_set = rule_set_on(settings.rule_set, max(asked, first_day))
    with Lake.open(settings.lake) as lake:
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
    home: Home = None,
) -> None:
    """Print the verdicts at a day: hits and insufficient data."""
    settings = settings_of(context, home)
    rule_set = rules_on(settings, as_of)
    if identities:
        note_access(settings, "flags", as_of=as_of, school=school, all=everything)
    with Lake.open(settings.lake) as lake:
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
    with Lake.open(settings.lake) as lake:
        answer = coverage_answer(lake, day, rule_set, school=school)
    print_rows(answer.columns, answer.rows, kind)
    if not answer.rows:
        say(f"Nobody owes a report: no unreported lesson in the 14 days up to {day.isoformat()}.")


def files(
    context: typer.Context,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Refused rows and warnings instead of files.")
    ] = False,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print the ledger, or the rows that were refused."""
    settings = settings_of(context, home)
    if identities:
        note_access(settings, "files", rejected=rejected)
    with Lake.open(settings.lake) as lake:
        sealer = Sealer.of_home(settings.lake.home)
        frame = (
            problem_rows(lake, sealer, with_rows=identities)
            if rejected
            else ledger_rows(lake, sealer)
        )
    columns = PROBLEM_COLUMNS + (("row",) if identities else ()) if rejected else LEDGER_COLUMNS
    rows: list[dict[str, Any]] = [
        {column: "" if row[column] is None else str(row[column]) for column in columns}
        for row in frame.iter_rows(named=True)
    ]
    if kind == Format.TABLE and not rejected:
        columns = tuple(c for c in columns if c not in ("received_at", "layout"))
        rows = [row | {"file_sha256": row["file_sha256"][:12]} for row in rows]
    print_rows(columns, rows, kind)


def _print_answer(answer: Answer, kind: Format) -> None:
    print_rows(answer.columns, answer.rows, kind)
    if answer.protected_left_out:
        say(f"{answer.protected_left_out} pupils with protected identity are left out.")
    if not answer.rows:
        say("No rows: the lake has nothing that answers this. `trappan files` shows what it has.")
