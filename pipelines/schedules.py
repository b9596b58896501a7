"""When it runs by itself: pull at 03:00, night at 04:00, the week's lists Monday 06:00.

Maintenance is on Saturdays at 14:00.

03:00 and 04:00 exist exactly once on every day in Stockholm; 02:30 is skipped or doubled on the
nights when the clock is changed. The day that counts comes from the scheduled time, not from the
clock of the moment, so a late or repeated run gives the same lists. Of times that were missed
Dagster asks for the newest only, so that one asks for the nights before it too. A week's lists wait
for the night of its Sunday; when that comes late, `missed_weeks_sensor` (`sensors.py`) asks for
them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import dagster as dg

from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.watchlists.release.released import newest_night, refuse_early_freeze
from pipelines.dead_runs import end_dead_runs
from pipelines.jobs import (
    as_of_tags,
    drill_job,
    maintain_job,
    nightly_job,
    pull_job,
    retain_job,
    weekly_job,
)
from pipelines.settings import STOCKHOLM
from rules.errors import TrappanError

TIMEZONE = "Europe/Stockholm"
#: So many nights are made up after an outage, and the weeks that lie further back.
MOST_MISSED = 5


def day_before(scheduled: datetime) -> date:
    """Return the local day before a scheduled time."""
    return (scheduled.astimezone(STOCKHOLM) - timedelta(days=1)).date()


@dg.schedule(
    job=nightly_job,
    cron_schedule="0 4 * * *",
    execution_timezone=TIMEZONE,
    name="nightly_schedule",
    description="Every night at 04:00 in Stockholm: files to current lists, of the day before.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def nightly_schedule(
    context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> list[dg.RunRequest] | dg.SkipReason:
    """Ask for one nightly run per local day, with the day before as as_of.

    Nights that were missed come first, in order, but none before the lists that are out: lists
    never go back.
    """
    as_of = day_before(context.scheduled_execution_time)
    try:
        with Lake.open(lake.settings) as opened:
            newest = newest_night(opened)
    except TrappanError:
        # The run says it in its own words, and is seen to fail.
        newest = None
    if newest is not None and newest > as_of:
        return dg.SkipReason(f"The lists are of {newest.isoformat()} already.")
    return [_request(context, "nightly_job", day) for day in _nights_since(newest, as_of)]


@dg.schedule(
    job=weekly_job,
    cron_schedule="0 6 * * 1",
    execution_timezone=TIMEZONE,
    name="weekly_schedule",
    description="On Monday at 06:00 in Stockholm: the lists of the week before, frozen, once the "
    "night of its Sunday has succeeded.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def weekly_schedule(
    context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for the frozen lists of the week that ended on Sunday, once its night has succeeded."""
    sunday = day_before(context.scheduled_execution_time)
    try:
        with Lake.open(lake.settings) as opened:
            refuse_early_freeze(opened, sunday)
    except TrappanError as error:
        return dg.SkipReason(str(error))
    return _request(context, "weekly_job", sunday)


@dg.schedule(
    job=pull_job,
    cron_schedule="0 3 * * *",
    execution_timezone=TIMEZONE,
    name="pull_schedule",
    description="Every night at 03:00 in Stockholm: new data of school systems, as files for the "
    "night. Off until sources.yaml is written and somebody turns it on.",
    # Most homes ask no server: until there is a sources.yaml, it would fail every night.
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def pull_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one pull per local day, an hour before the night takes its files."""
    return _once_a_day(context, "pull_job")


@dg.schedule(
    job=maintain_job,
    # Far from the night, the week's lists and the people who read them.
    cron_schedule="0 14 * * 6",
    execution_timezone=TIMEZONE,
    name="maintain_schedule",
    description="On Saturday at 14:00 in Stockholm: old snapshots and runs go, small files are "
    "merged, and what nothing needs is deleted.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def maintain_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one round of maintenance a week."""
    return _once_a_day(context, "maintain_job")


@dg.schedule(
    job=drill_job,
    cron_schedule="0 15 1 * *",
    execution_timezone=TIMEZONE,
    name="drill_schedule",
    description="On the first of each month at 15:00 in Stockholm: a made-up pupil is planted, "
    "erased and looked for at every byte, in a home of its own.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def drill_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one drill of erasure a month."""
    return _once_a_day(context, "drill_job")


@dg.schedule(
    job=retain_job,
    cron_schedule="0 16 1 * *",
    execution_timezone=TIMEZONE,
    name="retain_schedule",
    description="On the first of each month at 16:00 in Stockholm: what retention.yaml decides "
    "goes, goes. Without a decision nothing does.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def retain_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for one round of retention a month."""
    return _once_a_day(context, "retain_job")


def _nights_since(newest: date | None, as_of: date) -> list[date]:
    """Return as_of, and before it the nights after the newest one, the latest only."""
    missed = (as_of - newest).days if newest else 1
    first = as_of - timedelta(days=min(max(missed, 1), MOST_MISSED) - 1)
    return [first + timedelta(days=n) for n in range((as_of - first).days + 1)]


def _once_a_day(context: dg.ScheduleEvaluationContext, job: str) -> dg.RunRequest:
    """Return the run of a job that knows no as_of."""
    end_dead_runs(context.instance)
    day = context.scheduled_execution_time.astimezone(STOCKHOLM).date()
    return dg.RunRequest(run_key=f"{job}-{day.isoformat()}")


def _request(context: dg.ScheduleEvaluationContext, job: str, as_of: date) -> dg.RunRequest:
    # A run of the command line that was killed would keep this one waiting.
    end_dead_runs(context.instance)
    return dg.RunRequest(run_key=f"{job}-{as_of.isoformat()}", tags=as_of_tags(as_of))


SCHEDULES = [
    nightly_schedule,
    weekly_schedule,
    pull_schedule,
    maintain_schedule,
    drill_schedule,
    retain_schedule,
]
