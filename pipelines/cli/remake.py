"""The command that makes the flags of days past again; no list changes.

Not here: the jobs (`pipelines/jobs.py`), sums of months (`upkeep/backfill.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

import typer

from assets.flags.evaluate import StoredDay, stored_days
from assets.lake.access import LakeAccess
from pipelines.cli.home import parameters_of, settings_of
from pipelines.cli.options import First, Format, FormatOption, Home, Last
from pipelines.cli.printing import print_rows, say, watched
from pipelines.jobs import as_of_tags
from pipelines.resources import lake_access
from pipelines.running import RunError, run_job
from pipelines.settings import yesterday
from rules.registry import rule_set_of

_SUNDAY = 7


def reevaluate(
    context: typer.Context,
    first: First,
    last: Last,
    weeks: Annotated[
        bool,
        typer.Option("--weeks", help="Every Sunday too, also one that has no flags yet."),
    ] = False,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Make the flags of days past again, by the values of those days; no list changes."""
    settings = settings_of(context, home)
    if first > last:
        raise typer.BadParameter(f"--from {first.isoformat()} is after --to {last.isoformat()}.")
    if last > yesterday():
        raise typer.BadParameter(
            f"--to {last.isoformat()} has not ended: flags of it would rest on a part of the time. "
            f"Expected {yesterday().isoformat()} at the latest."
        )
    access = lake_access(settings, ())
    before = _stored(access)
    days = {stored for stored in before if first <= stored <= last}
    days |= set(_sundays(first, last)) if weeks else set()
    if not days:
        raise RunError(
            f"No flags are stored for a day from {first.isoformat()} to {last.isoformat()}. "
            "Nothing was done. Give another range, or --weeks for every Sunday in it."
        )
    # First, so that a day without values is reported before an hour's work.
    parameters = parameters_of(settings)
    for asked in sorted(days):
        rule_set_of(parameters, asked)
    with watched() as progress:
        for done, asked in enumerate(sorted(days)):
            if progress:
                progress("evaluating", done, len(days))
            run_job(settings, "flags_job", access, as_of_tags(asked))
    after = _stored(access)
    access.close()
    print_rows(*_rows_of_days(sorted(days), before, after), kind)
    say(f"The flags of {len(days)} days were made again. Lists that are out stay as they are.")


def _rows_of_days(
    days: list[date], before: dict[date, StoredDay], after: dict[date, StoredDay]
) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    columns = ("as_of", "version_before", "version_after", "flags_before", "flags_after")
    rows: list[dict[str, str]] = []
    for asked in days:
        was, now = before.get(asked), after.get(asked)
        cells = (
            asked.isoformat(),
            f"{was.rule_set} {was.version}" if was else "",
            f"{now.rule_set} {now.version}" if now else "",
            str(was.flags if was else 0),
            str(now.flags if now else 0),
        )
        rows.append(dict(zip(columns, cells, strict=True)))
    return columns, rows


def _stored(access: LakeAccess) -> dict[date, StoredDay]:
    with access.open() as lake:
        return {stored.as_of: stored for stored in stored_days(lake)}


def _sundays(first: date, last: date) -> Iterator[date]:
    sunday = first + timedelta(days=_SUNDAY - first.isoweekday())
    while sunday <= last:
        yield sunday
        sunday += timedelta(days=_SUNDAY)
