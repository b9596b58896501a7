"""What a run in this process made, handed back to the command line.

An asset returns it as its value. Dagster hands that value over in the process and stores nothing of
it: a report has file names in it, and a file name can name a pupil. What may be stored is metadata.
Not here: how a job runs (`running.py`), how results are printed (`printing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from assets.checks.silence import Silence
from assets.delivery.results import Delivered
from assets.exports.ledger.outcomes import FileReport
from assets.exports.stage_times import SECONDS_OF
from assets.follow_up.bringing import Brought
from assets.pull.assets import ENDPOINTS
from assets.upkeep.reporting.report import RunFacts
from assets.watchlists.release.releases import Release
from pipelines.failures import facts_of

_NOTHING_BROUGHT = Brought()
_NOTHING_DELIVERED = Delivered()
_NO_FACTS = RunFacts("")
_NO_LISTS = Release("", (), (), (), (), (), 0, 0, 0)


class ValuesAreNotStored(dg.IOManager):
    """Stores nothing: all data is in the lake, and a value is for who runs the job."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Let go of a value."""

    def load_input(self, context: dg.InputContext) -> object:
        """Refuse: an asset reads the lake, never the value of another.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"{context.asset_key.to_user_string()} is read from the lake")


@dataclass(frozen=True)
class RunResults:
    """What a run made, as far as it came.

    Attributes:
        reports: what became of the offered files; empty when none was offered.
        release: what became of the lists; an empty one when none were made.
        silent: schools that sent nothing when they should.
        pulled: counts and outcome of each endpoint that was asked.
        delivered: what became of the delivery.
        follow_up: what was brought from the portal.
        seconds: what each stage of taking files in took.
        facts: what the run said of itself, for a night's report.
    """

    reports: Sequence[FileReport] = ()
    release: Release = _NO_LISTS
    silent: Sequence[Silence] = ()
    pulled: Sequence[dict[str, Any]] = ()
    delivered: Delivered = _NOTHING_DELIVERED
    follow_up: Brought = _NOTHING_BROUGHT
    seconds: Mapping[str, float] = field(default_factory=dict)
    facts: RunFacts = _NO_FACTS

    @property
    def published(self) -> tuple[Path, ...]:
        """Folders of the lists that stand, also frozen ones that stood before."""
        return (*self.release.folders, *self.release.kept)


def results_of(run: dg.ExecuteInProcessResult) -> RunResults:
    """Return what the assets of a run handed back, also of a run that failed on the way."""
    events = run.get_asset_materialization_events()
    made = {event.asset_key.to_user_string() for event in events if event.asset_key}
    found: dict[str, Any] = {"facts": facts_of(run.job_def.name, run.all_events)}
    if "files" in made:
        found["reports"] = run.asset_value("files")
    if "school_silences" in made:
        found["silent"] = run.asset_value("school_silences")
    if "delivered_lists" in made:
        found["delivered"] = run.asset_value("delivered_lists")
    if "follow_up" in made:
        found["follow_up"] = run.asset_value("follow_up")
    for lists in made & {"current_watchlists", "weekly_watchlists"}:
        found["release"] = run.asset_value(lists)
    found["seconds"] = {
        name.removeprefix(SECONDS_OF): value.value
        for event in events
        for name, value in event.materialization.metadata.items()
        if name.startswith(SECONDS_OF) and isinstance(value, dg.FloatMetadataValue)
    }
    for event in run.get_asset_observation_events():
        metadata = event.asset_observation_data.asset_observation.metadata
        if ENDPOINTS in metadata:
            found["pulled"] = metadata[ENDPOINTS].value
    return RunResults(**found)
