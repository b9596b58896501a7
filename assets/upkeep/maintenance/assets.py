"""The Dagster asset of maintenance: the lake as the promise wants it, once a week."""

import dagster as dg

from assets.lake.access import LakeAccess
from assets.upkeep.maintenance.maintain import Maintained, maintain
from assets.upkeep.maintenance.old_runs import age_out_runs
from assets.upkeep.maintenance.promise import promised

GROUP = "maintenance"


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
    promise = promised()
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
