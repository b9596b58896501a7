"""How runs wait for each other and are looked after; `dagster.yaml` names both classes.

What is started in Dagster's pages goes through here too: what no job of ours is would else not wait
for what writes, and a backfill would begin before anybody has seen which months it makes again.
Not here: when a process is gone (`dead_runs.py`), which runs are asked for (`schedules.py`).
"""

from __future__ import annotations

from typing import Any

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._core.storage.tags import PRIORITY_TAG, RETRY_NUMBER_TAG

from pipelines.dead_runs import is_alive
from pipelines.jobs import JOBS, WRITES

#: Run tag: the months that a person agreed to make again, such as `2026-09..2026-11`.
PLAN_TAG = "trappan/plan"
_PARTITION = "dagster/partition"
_FIRST, _LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
# Jobs that say themselves whether they write.
_OWN = {job.name for job in JOBS}


class WatchedRuns(DefaultRunLauncher):
    """Runs in processes of the code location, each of which is seen to live or not."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring asks after the processes."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return whether the process of a run that has started lives."""
        if is_alive(self._instance, run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "Its process is gone.")


class OrderedRuns(QueuedRunCoordinator[Any]):
    """The queue, into which nothing gets that writes beside another, and no unseen backfill."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Take a run into the queue, or end it with words that say why not."""
        run = context.dagster_run
        months = months_of(run)
        if months and run.tags.get(PLAN_TAG) != months:
            first, _, last = months.partition("..")
            # Not failed: that would be tried again by itself.
            self._instance.report_run_canceled(
                run,
                f"This run makes the sums of {months} again, and nobody has said that they have "
                "seen what that changes. Look first: `trappan backfill --plan --from "
                f"{first} --to {last or first}`. Then start it again with the tag "
                f"{PLAN_TAG}={months}. Nothing was changed.",
            )
            ended = self._instance.get_run_by_id(run.run_id)
            return ended or run
        if run.job_name not in _OWN:
            self._instance.add_run_tags(run.run_id, WRITES)
        if RETRY_NUMBER_TAG in run.tags:
            # A night that was killed comes before those that wait behind it: lists go by the day.
            self._instance.add_run_tags(run.run_id, {PRIORITY_TAG: "1"})
        return super().submit_run(context)


def months_of(run: DagsterRun) -> str:
    """Return the months that a run makes again, such as `2026-09..2026-11`; "" for none."""
    first = run.tags.get(_FIRST) or run.tags.get(_PARTITION)
    if not first:
        return ""
    last = run.tags.get(_LAST) or first
    return f"{first[:7]}..{last[:7]}"
