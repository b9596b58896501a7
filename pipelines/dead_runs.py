"""Runs whose process is gone: marked failed, so that they don't keep the queue waiting.

A run holds a lock for as long as its process lives; the system lets go of it however that ends, and
a number of a process that was given again can't be mistaken for it. The lock of a run of the
command line is named by a tag, that of a run that the daemon started by the run's id. Dagster's run
monitoring asks here too (`queueing.py`), so that a run of the daemon's is tried again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import dagster as dg
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.executor.in_process import InProcessExecutor
from filelock import FileLock, Timeout

#: Run tag: the name of the lock that the run's process holds.
ALIVE_TAG = "trappan/alive"
#: From its start on a run that the daemon started may need so long to hold the lock that it made.
SECONDS_TO_HOLD = 5.0
#: And so long to make it: one that was killed in its first second never comes to its steps.
SECONDS_TO_BEGIN = 300.0
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
# Of runs that the daemon started in this process. Held until the process ends: the run's last event
# comes after its last step.
_HELD: dict[str, FileLock] = {}


@contextmanager
def signs_of_life(instance: dg.DagsterInstance) -> Iterator[dict[str, str]]:
    """Hold a lock while a run is under way in this process; yield the tag that names it."""
    name = uuid.uuid4().hex
    path = _lock_path(instance, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(path, mode=0o600):
            yield {ALIVE_TAG: name}
    finally:
        path.unlink(missing_ok=True)


class _WatchedExecutor(InProcessExecutor):
    """Steps in this process, whose run holds its lock from before the first of them."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the steps."""
        hold_lock_of(plan_context.instance, plan_context.run_id)
        yield from super().execute(plan_context, execution_plan)


def _watched(context: dg.InitExecutorContext) -> dg.Executor:
    own = dg.in_process_executor.executor_creation_fn
    assert own is not None  # noqa: S101 - it is Dagster's, and has one
    steps = own(context)
    return _WatchedExecutor(steps.retries, steps.step_dependency_config)


#: All steps in one process, as Dagster's own has them, and the run shows that it lives.
watched_executor = dg.ExecutorDefinition(
    name="in_process",
    # Dagster's own takes such a schema too, but does not say so.
    config_schema=cast("Any", dg.in_process_executor.config_schema),
    executor_creation_fn=_watched,
)


def hold_lock_of(instance: dg.DagsterInstance, run_id: str) -> None:
    """Hold the lock of a run that the daemon started, until this process ends."""
    path = _lock_path(instance, run_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_finished(instance)
    _HELD[run_id] = FileLock(path, mode=0o600)
    _HELD[run_id].acquire()


def is_alive(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Return whether the process of a run that has started still lives."""
    name = run.tags.get(ALIVE_TAG)
    path = _lock_path(instance, name or run.run_id)
    if _is_held(path):
        return True
    if name is not None:
        # It held its lock before the run was there.
        return False
    record = instance.get_run_record_by_id(run.run_id)
    if record is None or record.start_time is None:
        # It has not begun; Dagster itself waits for that no longer than `start_timeout_seconds`.
        return True
    seconds = SECONDS_TO_HOLD if path.exists() else SECONDS_TO_BEGIN
    return time.time() - record.start_time < seconds


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs whose process is gone as failed and return how many there were."""
    ended = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        if not is_alive(instance, run):
            instance.report_run_failed(run, "The process of this run was ended from outside.")
            _lock_path(instance, run.tags.get(ALIVE_TAG, run.run_id)).unlink(missing_ok=True)
            ended += 1
    return ended


def _forget_finished(instance: dg.DagsterInstance) -> None:
    """Remove the empty files of runs that have ended, however they did."""
    for path in _lock_path(instance, "").parent.glob("*.lock"):
        run = instance.get_run_by_id(path.stem)
        if run is not None and run.is_finished and not _is_held(path):
            path.unlink(missing_ok=True)


def _lock_path(instance: dg.DagsterInstance, name: str) -> Path:
    return Path(instance.storage_directory()) / "alive" / f"{Path(name).name}.lock"


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
