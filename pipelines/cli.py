"""`trappan`: the command line, thin over the same jobs as the schedules.

Not here: how a job runs (`running.py`), how things are printed (`printing.py`).
"""

from __future__ import annotations

import re
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from assets.exports.ledger import ledger_rows, problem_rows
from assets.flags.answers import Answer, flags_answer, rates_answer
from assets.lake import Lake
from assets.lake_access import SPOKEN_ERRORS, LakeAccess
from assets.sealing import Sealer
from assets.simulator import SimulationPlan, simulate
from pipelines.access_log import note_access
from pipelines.doctor import examine
from pipelines.jobs import as_of_tags
from pipelines.partitions import month_of, partition_range
from pipelines.printing import (
    Format,
    print_lists,
    print_reports,
    print_rows,
    say,
    say_refused,
    watched,
)
from pipelines.running import RunError, default_inbox, run_job, run_lock
from pipelines.settings import Settings, lake_access, yesterday
from rules.models import RuleSet
from rules.registry import load_parameters, rule_set_on

app = typer.Typer(
    name="trappan",
    help="Absence early warning: attendance exports in, watchlists per school out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_CODE = re.compile(r"\d{8}")
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


def _day(text: str) -> date:
    wrong = typer.BadParameter(f"'{text}' is not a date. Expected YYYY-MM-DD, such as 2026-11-15.")
    if not _DAY.fullmatch(text):
        raise wrong
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong from None


def _month(text: str) -> date:
    try:
        return month_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _week_end(text: str) -> date:
    """Return the Sunday of an ISO week."""
    wrong = typer.BadParameter(f"'{text}' is not an ISO week. Expected YYYY-Www, such as 2026-W46.")
    match = _WEEK.fullmatch(text)
    if match is None:
        raise wrong
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), 7)
    except ValueError:
        raise wrong from None


def _code(text: str) -> str:
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
    str | None, typer.Option("--school", parser=_code, help="Only this school unit code.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How the answer is printed.")]
Identities = Annotated[
    bool,
    typer.Option("--identities", help="Show identities; the question is written to access.log."),
]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=_day, help="The last day that counts; default yesterday."),
]


@app.callback()
def _common(context: typer.Context, home: Home = None) -> None:
    context.obj = home


def _settings(context: typer.Context, home: Path | None) -> Settings:
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


def _offered(paths: list[Path]) -> tuple[Path, ...]:
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(
                f"there is no file or folder {path}. Expected export files, or a folder of them."
            )
    return tuple(paths)


@app.command()
def nightly(
    context: typer.Context,
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="Folder of export files; default HOME/inbox.")
    ] = None,
    as_of: AsOf = None,
    home: Home = None,
) -> None:
    """Ingest all files, compute, and refresh the current lists."""
    settings = _settings(context, home)
    paths = _offered([inbox]) if inbox else (default_inbox(settings),)
    day = as_of or yesterday()
    _rules(settings, day)
    with run_lock(settings, "nightly"), watched() as progress:
        access = lake_access(settings, paths, progress)
        try:
            run_job(settings, "nightly_job", access, as_of_tags(day))
        finally:
            _tell(access)
    if not access.reports:
        say(f"There are no files in {paths[0]}; the lists were made from what the lake has.")
    _tell_lists(access, "current lists", day)


@app.command()
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Export files, or folders of them.")],
    home: Home = None,
) -> None:
    """Ingest only, and print the ledger rows."""
    settings = _settings(context, home)
    access = lake_access(settings, _offered(paths))
    with watched() as progress:
        access.on_progress = progress
        run_job(settings, "ingest_job", access)
    print_reports(access.reports)
    say_refused(access.reports)


@app.command()
def publish(
    context: typer.Context,
    week: Annotated[
        date, typer.Option("--week", parser=_week_end, help="ISO week, such as 2026-W46.")
    ],
    school: School = None,
    home: Home = None,
) -> None:
    """Publish the frozen lists of a week, as of its Sunday."""
    settings = _settings(context, home)
    _rules(settings, week)
    with watched() as progress:
        access = lake_access(settings, (), progress)
        run_job(settings, "weekly_job", access, as_of_tags(week, school))
    if access.kept:
        say(f"{access.kept} lists of the week were published before and stay as they were.")
    _tell_lists(access, "lists of the week", week)


@app.command()
def backfill(
    context: typer.Context,
    first: Annotated[date, typer.Option("--from", parser=_month, help="First month, YYYY-MM.")],
    last: Annotated[date, typer.Option("--to", parser=_month, help="Last month, YYYY-MM.")],
    home: Home = None,
) -> None:
    """Make the sums of a range of months anew from the lessons in the lake."""
    settings = _settings(context, home)
    try:
        tags = partition_range(first, last)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    access = lake_access(settings, ())
    run_job(settings, "backfill_job", access, tags)
    say(f"The sums of {first:%Y-%m} to {last:%Y-%m} were made anew.")


@app.command()
def rates(
    context: typer.Context,
    month: Annotated[date, typer.Option("--month", parser=_month, help="Month, YYYY-MM.")],
    school: School = None,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print the absence rates of a calendar month."""
    settings = _settings(context, home)
    if identities:
        note_access(settings, "rates", month=f"{month:%Y-%m}", school=school)
    # Who has left is a matter of the rule set; months before its first day use its first values.
    first_day = load_parameters(settings.rule_set).first_day
    rule_set = rule_set_on(settings.rule_set, max(month, first_day))
    with Lake.open(settings.lake) as lake:
        answer = rates_answer(lake, month, rule_set, school=school, identities=identities)
    _print_answer(answer, kind)


@app.command()
def flags(
    context: typer.Context,
    as_of: Annotated[
        date, typer.Option("--as-of", parser=_day, help="The last day that counts, YYYY-MM-DD.")
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
    settings = _settings(context, home)
    rule_set = _rules(settings, as_of)
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


@app.command()
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
    settings = _settings(context, home)
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


@app.command(name="simulate")
def simulate_command(
    pupils: Annotated[int, typer.Option("--pupils", min=1, help="Pupils in the city.")],
    schools: Annotated[int, typer.Option("--schools", min=1, help="School units.")],
    first: Annotated[date, typer.Option("--from", parser=_day, help="First date.")],
    last: Annotated[date, typer.Option("--to", parser=_day, help="Last date.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    split: Annotated[
        str, typer.Option("--split", help="A lesson file per school and month, week or day.")
    ] = "month",
    columns: Annotated[
        str, typer.Option("--columns", help="basic: 17 columns; full: the optional ones too.")
    ] = "full",
    encoding: Annotated[
        str, typer.Option("--encoding", help="utf-8-sig, utf-8 or cp1252.")
    ] = "utf-8-sig",
) -> None:
    """Write synthetic export files of a city."""
    choices: dict[str, Any] = {"split": split, "columns": columns, "encoding": encoding}
    try:
        plan = SimulationPlan(pupils, schools, first, last, seed, out, **choices)
        with watched() as progress:
            done = (lambda n, total: progress("writing", n, total)) if progress else None
            summary = simulate(plan, done)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    say(f"{summary.files} files, {summary.rows} lesson rows, {summary.bytes} bytes in {out}")


@app.command()
def doctor(context: typer.Context, home: Home = None) -> None:
    """Check settings, lake, extensions, permissions and disk."""
    findings = examine(_settings(context, home))
    for finding in findings:
        print(f"{'well ' if finding.is_well else 'WRONG'}  {finding.what}: {finding.found}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def _rules(settings: Settings, day: date) -> RuleSet:
    """Load the rules first, so that a wrong rule file is told before an hour's work."""
    return rule_set_on(settings.rule_set, day)


def _print_answer(answer: Answer, kind: Format) -> None:
    print_rows(answer.columns, answer.rows, kind)
    if answer.protected_left_out:
        say(f"{answer.protected_left_out} pupils with protected identity are left out.")
    if not answer.rows:
        say("No rows: the lake has nothing that answers this. `trappan files` shows what it has.")


def _tell(access: LakeAccess) -> None:
    if access.reports:
        taken = sum(report.rows_accepted for report in access.reports)
        say(f"{len(access.reports)} files offered, {taken} rows accepted.")
    say_refused(access.reports)


def _tell_lists(access: LakeAccess, what: str, day: date) -> None:
    for code in access.unlisted:
        say(
            f"School unit {code} has pupils, but is in no `skolor` register: no list was made. "
            "Add it to the register file."
        )
    say(f"{len(access.published)} {what} as of {day.isoformat()}:")
    print_lists(access.published)
    if day > yesterday() + timedelta(days=1):
        say(f"Note: {day.isoformat()} is still to come, so the lists rest on a part of the time.")


def main() -> None:
    """Run the command line; every error we know ends in one sentence and a status."""
    # Dagster warns of its own beta features; that is no news for an operator.
    warnings.simplefilter("ignore")
    try:
        app()
    except (RunError, *SPOKEN_ERRORS) as error:
        say(f"trappan: {error}")
        sys.exit(1)
    except OSError as error:
        say(f"trappan: {error.filename or 'a file'}: {error.strerror}. Nothing more was done.")
        sys.exit(1)
    except KeyboardInterrupt:
        say("trappan: stopped. What was finished is kept; run the command again for the rest.")
        sys.exit(1)


if __name__ == "__main__":
    main()
