"""What a night begins with on the command line: may its day be made, and which weeks were missed.

Not here: when a week is missed (`assets/watchlists/release/released.py`), the jobs (`jobs.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.watchlists.release.released import missed_weeks, refuse_early_freeze, refuse_wrong_night
from assets.watchlists.release.week_states import iso_week
from pipelines.cli.printing import say, say_waiting
from pipelines.jobs import as_of_tags
from pipelines.run_results import RunResults
from pipelines.running import run_job
from pipelines.settings import Settings, yesterday


@dataclass
class MadeUp:
    """What became of the weeks that a night made up."""

    weeks: int = 0
    held: int = 0


def refuse_night(access: LakeAccess, as_of: date, *, force: bool) -> bool:
    """Look before an hour's work whether a night may be made, and whether weeks were missed.

    Returns:
        Whether there are weeks to make up, or may be when the night's files are in.

    Raises:
        WrongDayError: the lists would go to an older or a future day.
    """
    with Lake.open(access.settings) as lake:
        if not force:
            refuse_wrong_night(lake, as_of, yesterday() + timedelta(days=1))
        return bool(missed_weeks(lake, as_of, files_may_come=True))


def refuse_week(settings: Settings, sunday: date) -> None:
    """Look whether a week may be frozen already.

    Raises:
        WrongDayError: no night of its Sunday has succeeded.
    """
    with Lake.open(settings.lake) as lake:
        refuse_early_freeze(lake, sunday)


def make_up_weeks(
    settings: Settings, access: LakeAccess, as_of: date, tell: Callable[[RunResults], None]
) -> MadeUp:
    """Take the night's files in, and freeze the weeks that were missed, in order.

    Args:
        settings: the settings.
        access: of the night.
        as_of: of the night.
        tell: says what became of the files.
    """
    run_job(settings, "ingest_job", access, tell=tell)
    made_up = MadeUp()
    with Lake.open(access.settings) as lake:
        sundays = missed_weeks(lake, as_of)
    for sunday in sundays:
        # The night of this Sunday is made by this run: its files are in.
        made = run_job(settings, "weekly_job", access, as_of_tags(sunday, force=True))
        held = made.release.held
        made_up.weeks += 1
        made_up.held += len(held)
        waiting = f", {len(held)} wait" if held else ""
        say(
            f"The lists of {iso_week(sunday)} were missing and were made up as of "
            f"{sunday.isoformat()}: {len(made.published)} stand{waiting}."
        )
        say_waiting(held, made.silent, ())
    return made_up
