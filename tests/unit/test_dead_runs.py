"""Runs of the command line that were killed don't stay under way in Dagster's history."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.dead_runs import end_dead_runs, signs_of_life
from pipelines.resources import lake_access
from pipelines.schedules import nightly_schedule
from pipelines.settings import Settings

NOTHING = dg.GraphDefinition(name="nothing").to_job()
STARTED, FAILURE = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as opened:
        yield opened


def started(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    run = instance.create_run_for_job(job_def=NOTHING, status=STARTED, tags=tags)
    return str(run.run_id)


def status(instance: dg.DagsterInstance, run: str) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run)
    assert found is not None
    return found.status


def killed(tmp_path: Path) -> dict[str, str]:
    """Return the tag of a process that was killed while its run was under way."""
    script = """
        import os, signal, sys
        import dagster as dg
        from pipelines.dead_runs import signs_of_life
        with signs_of_life(dg.DagsterInstance.from_config(sys.argv[1])) as tag:
            print(*next(iter(tag.items())), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    name, value = done.stdout.split()
    return {name: value}


def test_the_run_of_a_killed_process_is_ended(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    tag = killed(tmp_path)
    assert len(list(tmp_path.rglob("*.lock"))) == 1
    run = started(instance, tag)
    assert end_dead_runs(instance) == 1
    assert status(instance, run) == FAILURE
    assert list(tmp_path.rglob("*.lock")) == []
    assert end_dead_runs(instance) == 0


def test_a_run_that_goes_on_is_left_alone(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with signs_of_life(instance) as tag:
        run = started(instance, tag)
        assert end_dead_runs(instance) == 0
        assert status(instance, run) == STARTED
    assert list(tmp_path.rglob("*.lock")) == []


def test_runs_that_dagster_watches_over_itself_are_left_alone(
    instance: dg.DagsterInstance,
) -> None:
    run = started(instance, {})
    assert end_dead_runs(instance) == 0
    assert status(instance, run) == STARTED


def test_a_schedule_ends_dead_runs_before_it_asks_for_its_own(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run = started(instance, killed(tmp_path))
    at = datetime(2026, 11, 16, 3, tzinfo=UTC)
    lake = lake_access(Settings(home=tmp_path / "home"))
    nightly_schedule(
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, resources={"lake": lake}
        )
    )
    assert status(instance, run) == FAILURE
