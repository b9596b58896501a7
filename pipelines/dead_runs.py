"""Runs whose process is gone: marked failed, so that they don't keep the queue waiting.

A run of the command line holds a lock for as long as its process lives; the system lets go of it
however that ends, and a number of a process that was given again can't be mistaken for it. Dagster
watches over the runs that its daemon starts (`run_monitoring` in `dagster.yaml`), but can't see
those of another process.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

#: Run tag: the name of the lock that the run's process holds.
ALIVE_TAG = "trappan/alive"
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


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


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs whose process is gone as failed and return how many there were."""
    ended = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        name = run.tags.get(ALIVE_TAG)
        if name is not None and not _is_alive(_lock_path(instance, name)):
            instance.report_run_failed(run, "The process of this run was ended from outside.")
            ended += 1
    return ended


def _lock_path(instance: dg.DagsterInstance, name: str) -> Path:
    return Path(instance.storage_directory()) / "alive" / f"{Path(name).name}.lock"


def _is_alive(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            pass
    except Timeout:
        return True
    path.unlink(missing_ok=True)
    return False
