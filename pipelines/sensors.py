"""What starts a run besides the clock: new files in the inbox."""

from __future__ import annotations

import hashlib

import dagster as dg

from assets.exports.offers import entries_in
from assets.exports.received import identity_of
from assets.lake_access import LakeAccess
from pipelines.jobs import ingest_job

# A file that was written to within the last minute may still be arriving.
_QUIET_SECONDS = 60


@dg.sensor(job=ingest_job, name="inbox_sensor", minimum_interval_seconds=120)
def inbox_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for an ingest run when the inbox changed and has been quiet for a minute.

    The cursor and the run key are a hash of names and identities: they are stored, and a file
    name can name a pupil.
    """
    try:
        entries = [entry for entry in entries_in(lake.offered) if not entry.is_quiet]
        found = [(entry.path, entry.path.lstat()) for entry in entries]
    except OSError:
        return dg.SkipReason("The inbox can't be read; see `trappan doctor`.")
    if not found:
        return dg.SkipReason("The inbox is empty.")
    digest = hashlib.sha256()
    for path, _ in found:
        # A file that was written over with its old time has another identity all the same.
        digest.update(f"{path!r}\x1f{identity_of(path)}\x1e".encode("utf-8", "backslashreplace"))
    state = digest.hexdigest()
    if state == context.cursor:
        return dg.SkipReason("Nothing new in the inbox.")
    # A time in the future says nothing of a file's age.
    if any(0 <= lake.now() - status.st_mtime < _QUIET_SECONDS for _, status in found):
        return dg.SkipReason("Files are arriving; waiting until the inbox is quiet.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=state)], cursor=state)


SENSORS = [inbox_sensor]
