"""The Dagster asset of maintenance: the lake as the promise wants it, once a week.

Beside it Dagster's runs of long ago and their events go; the newest run of each job stays. Through
Dagster's own calls, so that its pages and its daemon know. With the events of a run goes what it
said of the months that it made: Dagster's pages then show a month as not made, which is no reason
to make it again. Not here: where events lie (`pipelines/history.py`).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.lake.access import LakeAccess
from assets.upkeep.maintenance.maintain import Maintained, maintain
from assets.upkeep.maintenance.promise import promised

GROUP = "maintenance"
_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


@dg.asset(
    group_name=GROUP,
    kinds={"duckdb"},
    description="Old snapshots go, small files are merged, and what nothing needs is deleted; so "
    "are Dagster's runs of long ago.",
)
def maintained_lake(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Do one round of maintenance."""
    promise = promised(lake.settings)
    with lake.open() as opened:
        done = maintain(opened, promise)
    runs = age_out_runs(context.instance, promise.run_days)
    return dg.MaterializeResult(metadata=_metadata(done, runs))


def _metadata(done: Maintained, runs: int) -> dict[str, dg.MetadataValue]:
    return {
        "snapshots_kept": dg.MetadataValue.int(done.snapshots_kept),
        "snapshots_gone": dg.MetadataValue.int(done.snapshots_gone),
        "files": dg.MetadataValue.int(done.files_after),
        "bytes": dg.MetadataValue.int(done.bytes_after),
        "files_deleted": dg.MetadataValue.int(done.deleted),
        "bytes_deleted": dg.MetadataValue.int(done.deleted_bytes),
        "files_waiting": dg.MetadataValue.int(done.waiting),
        "runs_gone": dg.MetadataValue.int(runs),
    }


def old_runs(instance: dg.DagsterInstance, days: int) -> list[str]:
    """Return the ids of ended runs that began more than some days ago, oldest first.

    Not among them is the newest ended run of each job, however old it is.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    newest = {run.job_name: run.run_id for run in _ended(instance, None)}
    old = [run.run_id for run in _ended(instance, before)]
    return [run_id for run_id in old if run_id not in newest.values()]


def age_out_runs(instance: dg.DagsterInstance, days: int) -> int:
    """Delete old runs with their events, and return how many there were."""
    runs = old_runs(instance, days)
    for run_id in runs:
        instance.delete_run(run_id)
    return len(runs)


def _ended(instance: dg.DagsterInstance, before: datetime | None) -> list[dg.DagsterRun]:
    wanted = dg.RunsFilter(statuses=_ENDED, created_before=before)
    return list(instance.get_runs(wanted, ascending=True))
