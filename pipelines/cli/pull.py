"""`trappan pull`: fetches what is new from school systems, as files that the night takes in.

Not here: how it is fetched (`assets/pull`), when it runs by itself (`schedules.py`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from assets.pull.sources import chosen, load_sources
from pipelines.cli.options import Home, settings_of
from pipelines.cli.printing import Format, print_rows, say, watched
from pipelines.run_results import RunResults
from pipelines.running import run_job
from pipelines.settings import lake_access, pull_access

COLUMNS = ("source", "endpoint", "outcome", "objects", "pages", "files")


def pull(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Option("--source", help="Only this source of sources.yaml.")
    ] = None,
    home: Home = None,
) -> None:
    """Fetch what is new from school systems (SS12000), as files for the next ingest."""
    settings = settings_of(context, home)
    # First, so that a wrong setting is reported before Dagster is started.
    for one in chosen(load_sources(settings.sources_file), source):
        if one.keeps_deleted:
            say(
                f"{one.name}: deletedEntities is not among its endpoints, so what the server takes "
                "away stays here. Add it, if the server has it (docs/operators.md)."
            )
    with watched() as progress:
        access = pull_access(settings, source, progress)
        made = run_job(settings, "pull_job", lake_access(settings, ()), pull=access, tell=_print)
    written = sum(row["files"] for row in made.pulled)
    say(f"{written} new files in {settings.pulled_folder}; `trappan nightly` takes them in.")


def _print(made: RunResults) -> None:
    if made.pulled:
        print_rows(COLUMNS, made.pulled, Format.TABLE)
