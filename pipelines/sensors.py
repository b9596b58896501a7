"""What starts a run besides the clock: new files, missed weeks, nights that stopped or got lost."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time, timedelta

import dagster as dg
from dagster._core.events import RunFailureReason
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG, WILL_RETRY_TAG

from assets.delivery.delivery_log import FILE_NAME as DELIVERY_LOG
from assets.exports.files.offered_files import entries_in
from assets.exports.files.opening import identity_of
from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.watchlists.release.released import missed_weeks, newest_night
from pipelines.dead_runs import ALIVE_TAG
from pipelines.jobs import as_of_tags, deliver_job, ingest_job, nightly_job, weekly_job
from pipelines.settings import STOCKHOLM
from rules.errors import TrappanError

# A file that was written to within the last minute may still be arriving.
_QUIET_SECONDS = 60
_SUNDAY = 7
# Half an hour after the schedule: which of the two asks first does not matter.
_ASKED_AT = time(6, 30)
# Twice what Dagster tries a night of its own accord, for one that needs more memory than there is.
_MOST_ATTEMPTS = 6


@dg.sensor(
    job=ingest_job,
    name="inbox_sensor",
    description="Takes files in during the day, when the inbox has changed and been quiet for a "
    "minute. Off until somebody turns it on.",
    minimum_interval_seconds=120,
)
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


@dg.sensor(
    job=weekly_job,
    name="missed_weeks_sensor",
    description="Asks for the lists of weeks that were not frozen in their morning, in order, "
    "after the night that came late.",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def missed_weeks_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for the lists of weeks that were not frozen in their morning, in order.

    The cursor is the newest night that was looked at: what is asked for once a night.
    """
    try:
        with Lake.open(lake.settings) as opened:
            newest = newest_night(opened)
            # From the morning on in which the schedule asks, a week that is not made is missed.
            is_morning = lake.now() >= _monday_morning(newest) if newest else False
            night = newest + timedelta(days=is_morning) if newest else None
            sundays = missed_weeks(opened, night) if night else []
    except TrappanError as error:
        return dg.SkipReason(str(error))
    if night is None or night.isoformat() == context.cursor:
        return dg.SkipReason("No night since the last look.")
    requests = [
        dg.RunRequest(run_key=f"weekly_job-{sunday}-after-{night}", tags=as_of_tags(sunday))
        for sunday in sundays
    ]
    return dg.SensorResult(run_requests=requests, cursor=night.isoformat())


@dg.run_failure_sensor(
    name="take_back_sensor",
    description="After a night that stopped: asks for a delivery, so that copies that name "
    "somebody who is protected by now are taken back all the same.",
    monitored_jobs=[nightly_job],
    request_job=deliver_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def take_back_sensor(
    context: dg.RunFailureSensorContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a delivery after a night that stopped: what must be taken back does not wait."""
    if not (lake.settings.home / DELIVERY_LOG).exists():
        return dg.SkipReason("Nothing was ever delivered.")
    return dg.RunRequest(run_key=f"take_back-{context.dagster_run.run_id}")


@dg.sensor(
    job=nightly_job,
    name="lost_nights_sensor",
    description="Asks once more for the latest night when its process was lost, or never came to "
    "be, and Dagster will not try it again.",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def lost_nights_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.RunRequest | dg.SkipReason:
    """Ask again for a night that failed in none of its steps and is not tried again.

    Dagster gives up trying when the code server is away at the moment in which it would, as when
    both were ended for want of memory. A night that failed in a step would fail there again, what a
    person ended stays ended, and a command is run again by who ran it.
    """
    as_of = as_of_tags(lake.day_before_run())
    every = context.instance.get_runs(dg.RunsFilter(job_name=nightly_job.name, tags=as_of))
    runs = [run for run in every if ALIVE_TAG not in run.tags]
    if not runs:
        return dg.SkipReason("The latest night was not asked for.")
    # A command may have made it meanwhile.
    if any(run.status != dg.DagsterRunStatus.FAILURE for run in every):
        return dg.SkipReason("The latest night is under way, was made, or was ended by a person.")
    newest = runs[0]
    if newest.tags.get(RUN_FAILURE_REASON_TAG) == RunFailureReason.STEP_FAILURE.value:
        return dg.SkipReason("The latest night failed in a step: see its report.")
    if newest.tags.get(WILL_RETRY_TAG) == "true":
        return dg.SkipReason("Dagster tries the latest night again.")
    if len(runs) >= _MOST_ATTEMPTS:
        return dg.SkipReason(f"The latest night was tried {len(runs)} times: see its report.")
    return dg.RunRequest(run_key=f"{nightly_job.name}-after-{newest.run_id}", tags=as_of)


def _monday_morning(as_of: date) -> float:
    """When the lists of the week that ends on as_of are asked for; never for another weekday."""
    if as_of.isoweekday() != _SUNDAY:
        return float("inf")
    monday = as_of + timedelta(days=1)
    return datetime.combine(monday, _ASKED_AT, STOCKHOLM).timestamp()


SENSORS = [inbox_sensor, missed_weeks_sensor, take_back_sensor, lost_nights_sensor]
