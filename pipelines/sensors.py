"""What starts a run besides the clock: new files in the inbox."""

from __future__ import annotations

import hashlib

import dagster as dg

from assets.exports.ingest import files_in
from assets.lake_access import LakeAccess
from pipelines.jobs import ingest_job

# A file that was written to within the last minute may still be arriving.
_QUIET_SECONDS = 60


@dg.sensor(job=ingest_job, name="inbox_sensor", minimum_interval_seconds=120)
def inbox_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for an ingest run when the inbox changed and has been quiet for a minute.

    The cursor and the run key are a hash of names, sizes and times: they are stored, and a file
    name can name a pupil.
    """
    try:
        found = [(path, path.stat()) for path in files_in(lake.offered)]
    except OSError:
        return dg.SkipReason("The inbox can't be read; see `trappan doctor`.")
    if not found:
        return dg.SkipReason("The inbox is empty.")
    digest = hashlib.sha256()
    for path, status in found:
        digest.update(f"{path}\x1f{status.st_size}\x1f{status.st_mtime_ns}\x1e".encode())
    state = digest.hexdigest()
    if state == context.cursor:
        return dg.SkipReason("Nothing new in the inbox.")
    newest = max(status.st_mtime for _, status in found)
    if lake.now() - newest < _QUIET_SECONDS:
        return dg.SkipReason("Files are arriving; waiting until the inbox is quiet.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=state)], cursor=state)


SENSORS = [inbox_sensor]
