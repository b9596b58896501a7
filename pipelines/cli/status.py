"""`trappan status`: how a home stands, in ten lines.

It opens no lake and loads no Dagster, so it answers in a second, also on a read-only home or beside
a broken lake. Not here: what is looked at (`assets/upkeep/reporting/standing.py`), the lines
(`words.py` there).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from assets.upkeep.reporting.standing import HomeStatus, standing_of
from assets.upkeep.reporting.words import status_lines
from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import print_json, say_out


class StatusFormat(StrEnum):
    """How a status is printed."""

    TEXT = "text"
    JSON = "json"


def status(
    context: typer.Context,
    form: Annotated[
        StatusFormat, typer.Option("--format", help="How the status is printed.")
    ] = StatusFormat.TEXT,
    home: Home = None,
) -> None:
    """Print in ten lines how the newest night ended and what waits; the status says it too."""
    settings = settings_of(context, home)
    standing = standing_of(settings.lake, datetime.now(UTC))
    if form == StatusFormat.JSON:
        print_json(_as_data(standing))
    else:
        for line in status_lines(standing):
            say_out(line)
    if standing.status:
        raise typer.Exit(standing.status)


def _as_data(standing: HomeStatus) -> dict[str, object]:
    """Return the status as it is printed in JSON; a night's report is as it is kept."""
    begun, newest = standing.under_way, standing.newest
    return {
        "schema_version": 1,
        "state": str(standing.state),
        "status": standing.status,
        "because": list(standing.because),
        "lake": standing.lake,
        "free_mib": standing.free_mib,
        "under_way": begun.model_dump(mode="json") if begun else None,
        "newest_night": newest.model_dump(mode="json") if newest else None,
    }
