"""The jobs: which assets and checks run together.

Every job runs in one process: three trivial steps take 3 s so, with a process a step 43 s.
"""

from __future__ import annotations

from datetime import date

import dagster as dg

from assets.lake.access import AS_OF_TAG, SCHOOL_TAG
from pipelines.dead_runs import watched_executor

_EXPORTS = dg.AssetSelection.groups("exports")
_ABSENCE = dg.AssetSelection.groups("absence")
_SUMS = dg.AssetSelection.assets("absence_daily", "absence_monthly")
_FLAGS = dg.AssetSelection.groups("flags")
_FORECAST = dg.AssetSelection.groups("forecast")
_FOLLOW_UP = dg.AssetSelection.groups("follow_up")
_DELIVERY = dg.AssetSelection.groups("delivery")
_CONTRACTS = dg.AssetSelection.groups("contracts")
# Two runs that write would only wait for each other.
WRITES = {"trappan/writes": "lake"}
_TAGS = WRITES

nightly_job = dg.define_asset_job(
    "nightly_job",
    selection=_EXPORTS
    | _ABSENCE
    | _FLAGS
    | _FORECAST
    | _CONTRACTS
    | _FOLLOW_UP
    | dg.AssetSelection.assets("current_watchlists")
    | _DELIVERY,
    description="Files in the inbox to sums, flags and the current lists, and those to readers.",
    tags=_TAGS,
    executor_def=watched_executor,
)
ingest_job = dg.define_asset_job(
    "ingest_job",
    selection=_EXPORTS | _SUMS,
    description="Offered files to lessons and sums; no flags, no lists.",
    tags=_TAGS,
    executor_def=watched_executor,
)
weekly_job = dg.define_asset_job(
    "weekly_job",
    selection=_FLAGS
    | _FORECAST
    | _CONTRACTS
    | _FOLLOW_UP
    | dg.AssetSelection.assets("absence_rolling")
    | dg.AssetSelection.assets("weekly_watchlists")
    # What the night left is looked at again: a list that is frozen stays as it is.
    | dg.AssetSelection.all_asset_checks()
    | _DELIVERY,
    description="The week's lists, frozen, and to their readers.",
    tags=_TAGS,
    executor_def=watched_executor,
)
backfill_job = dg.define_asset_job(
    "backfill_job",
    selection=_SUMS,
    description="The sums of a range of months made again from the lessons.",
    tags=_TAGS,
    executor_def=watched_executor,
)
# A month of a range: the checks look at all months, and those to come may need it as much.
month_job = dg.define_asset_job(
    "month_job",
    selection=_SUMS.without_checks(),
    description="The sums of one month of a backfill, before those that follow are made.",
    tags=_TAGS,
    executor_def=watched_executor,
)
# A change of a parameter changes the flags of a day past only when somebody asks for it.
flags_job = dg.define_asset_job(
    "flags_job",
    selection=_FLAGS,
    description="The flags of a day made again by the values of that day; no lists.",
    tags=_TAGS,
    executor_def=watched_executor,
)
# Apart from the night: a server that is away must not stop lists from being made.
pull_job = dg.define_asset_job(
    "pull_job",
    selection=dg.AssetSelection.groups("pull"),
    description="New data of school systems, fetched as files; the night takes them in.",
    executor_def=watched_executor,
)
deliver_job = dg.define_asset_job(
    "deliver_job",
    selection=_DELIVERY,
    description="The lists that stand, delivered; what must be taken back, taken back.",
    tags=_TAGS,
    executor_def=watched_executor,
)
maintain_job = dg.define_asset_job(
    "maintain_job",
    selection=dg.AssetSelection.groups("maintenance"),
    description="Old snapshots go, small files are merged, what nothing needs is deleted.",
    tags=_TAGS,
    executor_def=watched_executor,
)
drill_job = dg.define_asset_job(
    "drill_job",
    selection=dg.AssetSelection.groups("erasure"),
    description="A made-up pupil is planted, erased and looked for, in a home of its own.",
    tags=_TAGS,
    executor_def=watched_executor,
)
retain_job = dg.define_asset_job(
    "retain_job",
    selection=dg.AssetSelection.groups("retention"),
    description="What retention.yaml decides goes, goes; without a decision nothing does.",
    tags=_TAGS,
    executor_def=watched_executor,
)
JOBS = [
    nightly_job,
    ingest_job,
    weekly_job,
    backfill_job,
    month_job,
    flags_job,
    pull_job,
    deliver_job,
    maintain_job,
    drill_job,
    retain_job,
]

# Dagster's own log lines go to its event store; the console is for our words.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def as_of_tags(as_of: date, school: str | None = None) -> dict[str, str]:
    """Return the run tags that give every step and check of a run the same as_of.

    Args:
        as_of: the last day that counts.
        school: only this school unit's list.
    """
    return {AS_OF_TAG: as_of.isoformat()} | ({SCHOOL_TAG: school} if school else {})
