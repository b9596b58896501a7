"""`trappan`: the command line, thin over the same jobs as the schedules.

Not here: how a job runs (`running.py`), how things are printed (`printing.py`).
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.files.printable import printable_name
from assets.lake.access import words_without_data
from assets.simulator import SimulationPlan, simulate
from assets.simulator.plan import Columns, Encoding, Split
from pipelines.cli.answers import coverage, flags, rates
from pipelines.cli.doctor import examine
from pipelines.cli.explain import explain
from pipelines.cli.files import archive, changes, files, retry
from pipelines.cli.forecast import backtest_command, forecast
from pipelines.cli.layouts import layout_app
from pipelines.cli.nights import MadeUp, make_up_weeks, refuse_night, refuse_week
from pipelines.cli.options import (
    AsOf,
    Home,
    School,
    day,
    month,
    offered,
    rules_on,
    settings_of,
    week_end,
)
from pipelines.cli.printing import (
    print_lists,
    print_reports,
    say,
    say_refused,
    say_waiting,
    watched,
)
from pipelines.cli.pull import pull
from pipelines.cli.rules import reevaluate, rules_app
from pipelines.cli.weeks import restate
from pipelines.cli.whatif import whatif
from pipelines.jobs import as_of_tags
from pipelines.partitions import partition_range
from pipelines.run_results import RunResults
from pipelines.running import RunError, default_inbox, run_job, run_lock
from pipelines.settings import lake_access, yesterday
from rules.errors import TrappanError

#: All is made, but some lists wait.
LISTS_WAIT = 3

BeginAnew = Annotated[
    bool,
    typer.Option("--begin-anew", help="Make a new lake in a home whose lake is gone for good."),
]

app = typer.Typer(
    name="trappan",
    help="Absence early warning: attendance exports in, watchlists per school out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _common(context: typer.Context, home: Home = None) -> None:
    context.obj = home


@app.command()
def nightly(
    context: typer.Context,
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="Folder of export files; default HOME/inbox.")
    ] = None,
    as_of: AsOf = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the lists go to an older or a future day.")
    ] = False,
    begin_anew: BeginAnew = False,
    home: Home = None,
) -> None:
    """Ingest all files, compute, and refresh the current lists."""
    settings = settings_of(context, home)
    paths = offered([inbox]) if inbox else (default_inbox(settings),)
    last = as_of or yesterday()
    # First, so that a wrong rule file is reported before an hour's work.
    rules_on(settings, last)
    with run_lock(settings, "nightly"), watched() as progress:
        access = lake_access(settings, paths, progress, with_pulled=True, begins_anew=begin_anew)
        tell = partial(_tell_files, paths[0])
        tags = as_of_tags(last, force=force)
        made_up = MadeUp()
        if refuse_night(access, last, force=force):
            made_up = make_up_weeks(settings, access, last, tell)
            # The night itself finds its files in the lake.
            made = run_job(settings, "nightly_job", replace(access, inbox=(), pulled=None), tags)
        else:
            made = run_job(settings, "nightly_job", access, tags, tell=tell)
    _tell_lists(made, "current lists", last)
    if made.release.held or made_up.held:
        raise typer.Exit(LISTS_WAIT)


@app.command()
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Export files, or folders of them.")],
    begin_anew: BeginAnew = False,
    home: Home = None,
) -> None:
    """Ingest only, and print the ledger rows."""
    settings = settings_of(context, home)
    files_offered = offered(paths)
    with watched() as progress:
        access = lake_access(settings, files_offered, progress, begins_anew=begin_anew)
        made = run_job(settings, "ingest_job", access)
    print_reports(made.reports)
    say_refused(made.reports)


@app.command()
def publish(
    context: typer.Context,
    week: Annotated[
        date, typer.Option("--week", parser=week_end, help="ISO week, such as 2026-W46.")
    ],
    school: School = None,
    even_if_held: Annotated[
        bool,
        typer.Option("--even-if-held", help="Somebody has looked at why a list waits: it is made."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also before the night of the week's Sunday was made.")
    ] = False,
    home: Home = None,
) -> None:
    """Publish the frozen lists of a week, as of its Sunday."""
    if week > yesterday() + timedelta(days=1):
        raise typer.BadParameter(
            f"--week {week:%G-W%V} ends on Sunday {week.isoformat()}, which is still to come. A "
            "week's lists are frozen and stay as they are, so they are made when the week is "
            "over. Tonight's lists stand in the home under lists/current."
        )
    settings = settings_of(context, home)
    rules_on(settings, week)
    if not force:
        refuse_week(settings, week)
    with watched() as progress:
        access = lake_access(settings, (), progress)
        tags = as_of_tags(week, school, even_if_held=even_if_held, force=force)
        made = run_job(settings, "weekly_job", access, tags)
    release = made.release
    if school and not made.published and not release.unregistered and not release.held:
        raise RunError(
            f"School unit {school} has no list: it is in no `skolor` register, and no pupil "
            f"belongs to it at {week.isoformat()}. Nothing was published. Look at the code."
        )
    if release.kept:
        say(f"{len(release.kept)} lists of the week were published before and stay as they were.")
    _tell_lists(made, "lists of the week", week)
    if release.held:
        raise typer.Exit(LISTS_WAIT)


@app.command()
def backfill(
    context: typer.Context,
    first: Annotated[date, typer.Option("--from", parser=month, help="First month, YYYY-MM.")],
    last: Annotated[date, typer.Option("--to", parser=month, help="Last month, YYYY-MM.")],
    home: Home = None,
) -> None:
    """Make the sums of a range of months again from the lessons in the lake."""
    settings = settings_of(context, home)
    try:
        tags = partition_range(first, last)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    run_job(settings, "backfill_job", lake_access(settings, ()), tags)
    say(f"The sums of {first:%Y-%m} to {last:%Y-%m} were made again.")


app.add_typer(layout_app)
app.command()(pull)
app.command()(rates)
app.command()(flags)
app.command()(coverage)
app.command()(restate)
app.command()(explain)
app.command()(whatif)
app.command()(reevaluate)
app.add_typer(rules_app)
app.command()(forecast)
app.command(name="backtest")(backtest_command)
app.command()(files)
app.command()(changes)
app.command()(retry)
app.add_typer(archive, name="archive")


@app.command(name="simulate")
def simulate_command(
    pupils: Annotated[int, typer.Option("--pupils", min=1, help="Pupils in the city.")],
    schools: Annotated[int, typer.Option("--schools", min=1, help="School units.")],
    first: Annotated[date, typer.Option("--from", parser=day, help="First date.")],
    last: Annotated[date, typer.Option("--to", parser=day, help="Last date.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    split: Annotated[
        Split, typer.Option("--split", help="A lesson file per school and month, week or day.")
    ] = "month",
    columns: Annotated[
        Columns, typer.Option("--columns", help="basic: 17 columns; full: the optional ones too.")
    ] = "full",
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="utf-8-sig, utf-8 or cp1252.")
    ] = "utf-8-sig",
) -> None:
    """Write synthetic export files of a city."""
    try:
        plan = SimulationPlan(
            pupils, schools, first, last, seed, out, split=split, columns=columns, encoding=encoding
        )
        with watched() as progress:
            done = (lambda n, total: progress("writing", n, total)) if progress else None
            summary = simulate(plan, done)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    say(f"{summary.files} files, {summary.rows} lesson rows, {summary.bytes} bytes in {out}")


@app.command()
def doctor(context: typer.Context, home: Home = None) -> None:
    """Check settings, lake, extensions, permissions and disk."""
    findings = examine(settings_of(context, home))
    for finding in findings:
        print(f"{'well ' if finding.is_well else 'WRONG'}  {finding.what}: {finding.found}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def _tell_files(inbox: Path, made: RunResults) -> None:
    if made.reports:
        taken = sum(report.rows_accepted for report in made.reports)
        say(f"{len(made.reports)} files offered, {taken} rows accepted.")
    else:
        say(f"There are no files in {inbox}; the lists are made from what the lake has.")
    say_refused(made.reports)


def _tell_lists(made: RunResults, what: str, as_of: date) -> None:
    say(f"{len(made.published)} {what} as of {as_of.isoformat()}:")
    print_lists(made.published)
    if as_of > yesterday() + timedelta(days=1):
        say(f"Note: {as_of.isoformat()} is still to come, so the lists rest on a part of the time.")
    for code in made.release.unregistered:
        say(
            f"School unit {code} has pupils, but is in no `skolor` register: no list was made. "
            "Add it to the register file."
        )
    # Last, where somebody looks who sees the status.
    listed = {folder.name for folder in made.published}
    say_waiting(made.release.held, made.silent, listed, made.release.unread_protection)


def main() -> None:
    """Run the command line; every error we know ends in one sentence and a status."""
    # Dagster warns of its own beta features; that is no news for an operator.
    warnings.simplefilter("ignore")
    try:
        app()
    except TrappanError as error:
        say(f"trappan: {error}")
        sys.exit(1)
    except OSError as error:
        where = printable_name(str(error.filename)) if error.filename else "a file"
        say(f"trappan: {where}: {error.strerror}. Nothing more was done.")
        sys.exit(1)
    except Exception as error:
        say(f"trappan: {words_without_data(error)}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("trappan: stopped. What was finished is kept; run the command again for the rest.")
        sys.exit(1)


if __name__ == "__main__":
    main()
