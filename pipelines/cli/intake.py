"""The commands that take data in: ingest, retry, and pull, which fetches files for the night.

Not here: how it is taken in (`assets/exports/ingest.py`) or fetched (`assets/pull`), a whole night
(`nights.py`).
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.ledger.entries import find_file
from assets.lake.catalog.read_only import refuse_read_only
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.pull.sources import chosen, load_sources
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import BeginAnew, FileHash, Format, Home, offered
from pipelines.cli.printing import print_reports, print_rows, say, say_refused, say_seconds, watched
from pipelines.cli.trust.grants import as_may_be_named
from pipelines.command_reports import reported_command
from pipelines.resources import lake_access, pull_access
from pipelines.run_results import RunResults
from pipelines.running import run_job
from pipelines.settings import Settings

_PULL_COLUMNS = ("source", "endpoint", "outcome", "objects", "pages", "files")


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Export files, or folders of them.")],
    sender: Annotated[
        str | None,
        typer.Option("--sender", help="Whose files these are (senders.yaml), wherever they lie."),
    ] = None,
    timings: Annotated[
        bool,
        typer.Option("--timings", help="Say where the time went, by stage, on standard error."),
    ] = False,
    begin_anew: BeginAnew = False,
    home: Home = None,
) -> None:
    """Ingest only, and print the ledger rows."""
    settings = settings_of(context, home)
    files_offered = offered(paths)
    with watched() as progress:
        access = lake_access(
            settings, files_offered, progress, begins_anew=begin_anew, sender=sender
        )
        made = run_job(settings, "ingest_job", access)
    # Names of files are printed, and one can name a pupil.
    note_access(settings, "ingest")
    reports = as_may_be_named(settings, made.reports)
    print_reports(reports)
    say_refused(reports)
    if timings:
        say_seconds(made.seconds)


def retry(context: typer.Context, file: FileHash, home: Home = None) -> None:
    """Read the original of a refused file again, after its layout was mended."""
    settings = settings_of(context, home)
    with Lake.open(settings.lake) as lake:
        known = find_file(lake, Sealer.of_home(settings.lake.home), file)
    note_access(settings, "retry", file=known.sha256)
    made = run_job(settings, "ingest_job", lake_access(settings, (), retried=known.sha256))
    reports = as_may_be_named(settings, made.reports)
    print_reports(reports)
    say_refused(reports)


def pull(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Option("--source", help="Only this source of sources.yaml.")
    ] = None,
    home: Home = None,
) -> None:
    """Fetch what is new from school systems (SS12000), as files for the next ingest."""
    settings = settings_of(context, home)
    refuse_read_only(settings.lake.home)
    # Where nothing is to be pulled, nothing is missed.
    is_set = settings.sources_file.exists()
    with reported_command(settings, "pull", say) if is_set else nullcontext():
        _pull(settings, source)


def _pull(settings: Settings, source: str | None) -> None:
    # First, so that a wrong setting is reported before Dagster is started.
    for one in chosen(load_sources(settings.sources_file), source):
        if one.keeps_deleted:
            say(
                f"{one.name}: deletedEntities is not among its endpoints, so what the server takes "
                "away stays here. Add it, if the server has it (docs/operators-pull.md)."
            )
    with watched() as progress:
        access = pull_access(settings, source, progress)
        made = run_job(settings, "pull_job", lake_access(settings, ()), pull=access, tell=_print)
    written = sum(row["files"] for row in made.pulled)
    say(f"{written} new files in {settings.pulled_folder}; `trappan nightly` takes them in.")


def _print(made: RunResults) -> None:
    if made.pulled:
        print_rows(_PULL_COLUMNS, made.pulled, Format.TABLE)
