"""The command that does, or shows, a round of maintenance; a schedule does it once a week.

Not here: what is done (`assets/upkeep/maintenance`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from assets.lake.catalog.read_only import refuse_read_only
from assets.lake.connection import Lake
from assets.lake.past.unneeded_files import GRACE
from assets.upkeep.maintenance.assets import age_out_runs, old_runs
from assets.upkeep.maintenance.maintain import look, maintain
from assets.upkeep.maintenance.promise import promised
from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say_out, watched
from pipelines.running import instance_of, run_lock

_STEPS = 5


def maintain_command(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; change nothing.")
    ] = False,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once",
            help="Delete also what is unneeded only since now. Only when nothing else runs.",
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Let old snapshots go, merge small files, and delete what nothing needs."""
    settings = settings_of(context, home)
    # Also to look: DuckLake says only where it may delete what it would.
    refuse_read_only(settings.lake.home)
    promise, grace = promised(settings.lake), timedelta(0) if at_once else GRACE
    if dry_run:
        with Lake.open(settings.lake) as lake:
            found = look(lake, promise, grace=grace)
        with instance_of(settings) as instance:
            runs = len(old_runs(instance, promise.run_days))
    else:
        with run_lock(settings, "maintain"), watched() as progress:
            done = iter(range(_STEPS))

            def tell(step: str) -> None:
                if progress:
                    progress(step, next(done), _STEPS)

            with Lake.open(settings.lake) as lake:
                found = maintain(lake, promise, grace=grace, on_step=tell)
            tell("runs of long ago")
            with instance_of(settings) as instance:
                runs = age_out_runs(instance, promise.run_days)
    for sentence in found.sentences(is_dry_run=dry_run):
        say_out(sentence)
    say_out(
        f"Dagster's runs: {runs} of more than {promise.run_days} days ago "
        f"{'would go' if dry_run else 'went'}."
    )
