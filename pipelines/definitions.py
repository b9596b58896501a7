"""The one Dagster code location: `build_defs` puts everything together, `defs` is the result."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from assets.absence.assets import absence_rolling, absence_sums
from assets.checks.assets import CHECKS, school_contracts, school_silences
from assets.delivery.assets import delivered_lists
from assets.exports.assets import received_exports
from assets.flags.assets import flags
from assets.follow_up.assets import follow_up
from assets.forecast.assets import forecasts
from assets.lake.access import VALUE_TO_CALLER
from assets.pull.assets import pulled_files
from assets.upkeep.erasure.assets import erasure_drill
from assets.upkeep.maintenance.assets import maintained_lake
from assets.upkeep.retention.assets import retained_home
from assets.watchlists.assets import current_watchlists, weekly_watchlists
from pipelines.asset_facts import with_facts
from pipelines.dead_runs import watched_executor
from pipelines.jobs import JOBS
from pipelines.night_reports import reported_lake
from pipelines.resources import delivery_access, lake_access, pull_access
from pipelines.run_results import ValuesAreNotStored
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS
from pipelines.settings import Settings

ASSETS = [
    pulled_files,
    received_exports,
    absence_sums,
    absence_rolling,
    flags,
    forecasts,
    follow_up,
    school_contracts,
    school_silences,
    current_watchlists,
    weekly_watchlists,
    delivered_lists,
    maintained_lake,
    erasure_drill,
    retained_home,
]


def build_defs(*, overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Return the code location.

    Args:
        overrides: resources in place of the usual ones: `lake`, a `LakeAccess`, `pull`, a
            `PullAccess`, and `delivery`, a `DeliveryAccess`.
    """
    settings = Settings()
    resources: dict[str, object] = {
        "lake": reported_lake(settings, lake_access(settings)),
        "pull": pull_access(settings),
        "delivery": delivery_access(settings),
        VALUE_TO_CALLER: ValuesAreNotStored(),
    }
    return dg.Definitions(
        assets=with_facts(ASSETS),
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources=resources | dict(overrides or {}),
        executor=watched_executor,
    )


defs = build_defs()
