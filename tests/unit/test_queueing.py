"""Whatever is started, from Dagster's pages too, waits for what writes; a backfill asks first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.run_coordinator.base import SubmitRunContext

from pipelines.dead_runs import (
    SECONDS_TO_BEGIN,
    SECONDS_TO_HOLD,
    hold_lock_of,
    is_alive,
    signs_of_life,
    watched_executor,
)
from pipelines.jobs import JOBS, WRITES
from pipelines.queueing import PLAN_TAG, OrderedRuns, WatchedRuns, months_of

NOTHING = dg.GraphDefinition(name="nothing").to_job()
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
MONTHS = {FIRST: "2026-09-01", LAST: "2026-11-01"}
ORDERED = {"module": "pipelines.queueing", "class": "OrderedRuns"}
WATCHED = {"module": "pipelines.queueing", "class": "WatchedRuns"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    overrides = {"run_coordinator": ORDERED, "run_launcher": WATCHED}
    with dg.instance_for_test(overrides, temp_dir=str(tmp_path)) as opened:
        yield opened


def submitted(
    instance: dg.DagsterInstance, name: str, tags: dict[str, str] | None = None
) -> dg.DagsterRun:
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
    run = instance.create_run_for_job(
        job_def=dg.GraphDefinition(name=name).to_job(),
        status=dg.DagsterRunStatus.NOT_STARTED,
        tags=tags,
        remote_job_origin=RemoteJobOrigin(place, name),
    )
    coordinator = instance.run_coordinator
    assert isinstance(coordinator, OrderedRuns)
    return coordinator.submit_run(SubmitRunContext(run, cast("Any", None)))


def test_dagsters_instance_has_our_queue_and_asks_our_launcher(tmp_path: Path) -> None:
    from pipelines.running import instance_of
    from pipelines.settings import Settings

    with instance_of(Settings(home=tmp_path / "home")) as opened:
        assert isinstance(opened.run_coordinator, OrderedRuns)
        assert isinstance(opened.run_launcher, WatchedRuns)
        assert opened.run_launcher.supports_check_run_worker_health
        limits = opened.get_concurrency_config().run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == 2
        ((key, value),) = WRITES.items()
        assert limits.tag_concurrency_limits == [{"key": key, "value": value, "limit": 1}]


def test_what_is_no_job_of_ours_waits_like_one_that_writes(instance: dg.DagsterInstance) -> None:
    run = submitted(instance, "__ASSET_JOB")
    assert run.status == dg.DagsterRunStatus.QUEUED
    assert run.tags.items() >= WRITES.items()


def test_a_backfill_that_nobody_has_seen_ends_with_how_to_see_it(
    instance: dg.DagsterInstance,
) -> None:
    run = submitted(instance, "backfill_job", MONTHS)
    # Not failed: Dagster would try that again.
    assert run.status == dg.DagsterRunStatus.CANCELED
    (said,) = [
        record.event_log_entry.user_message + record.event_log_entry.message
        for record in instance.get_records_for_run(run.run_id).records
        if record.event_log_entry.dagster_event_type == dg.DagsterEventType.RUN_CANCELED
    ]
    assert "trappan backfill --plan --from 2026-09 --to 2026-11" in said
    assert "trappan/plan=2026-09..2026-11" in said


@pytest.mark.parametrize("seen", ["", "yes", "2026-09..2026-10", "2026-08..2026-11"])
def test_the_plan_of_other_months_is_no_plan(instance: dg.DagsterInstance, seen: str) -> None:
    run = submitted(instance, "backfill_job", MONTHS | {PLAN_TAG: seen})
    assert run.status == dg.DagsterRunStatus.CANCELED


@pytest.mark.parametrize(
    ("tags", "seen"),
    [
        (MONTHS, "2026-09..2026-11"),
        ({FIRST: "2026-09-01", LAST: "2026-09-01"}, "2026-09..2026-09"),
        ({"dagster/partition": "2026-09-01"}, "2026-09..2026-09"),
    ],
)
def test_a_backfill_that_somebody_has_seen_is_queued(
    instance: dg.DagsterInstance, tags: dict[str, str], seen: str
) -> None:
    run = submitted(instance, "__ASSET_JOB", tags | {PLAN_TAG: seen})
    assert months_of(run) == seen
    assert run.status == dg.DagsterRunStatus.QUEUED
    assert run.tags.items() >= WRITES.items()


@pytest.mark.parametrize("job", [job.name for job in JOBS])
def test_a_night_has_no_months_and_is_queued(instance: dg.DagsterInstance, job: str) -> None:
    run = submitted(instance, job, {"trappan/as_of": "2026-11-15"})
    assert months_of(run) == ""
    assert run.status == dg.DagsterRunStatus.QUEUED


def started(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, seconds_ago: float, **tags: str
) -> dg.DagsterRun:
    run = instance.create_run_for_job(
        job_def=NOTHING, status=dg.DagsterRunStatus.STARTED, tags=tags
    )
    record = instance.get_run_record_by_id(run.run_id)
    assert record is not None
    import time

    late = record._replace(start_time=time.time() - seconds_ago)
    monkeypatch.setattr(instance, "get_run_record_by_id", lambda _: late)
    return run


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_of_the_daemons_is_dead_when_nobody_holds_its_lock_any_more(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = SECONDS_TO_HOLD * 2
    # It has no lock yet: its first step is still to come.
    assert health(instance, started(instance, monkeypatch, seconds)) == WorkerStatus.RUNNING
    # It was killed before it came to one.
    never = started(instance, monkeypatch, SECONDS_TO_BEGIN * 2)
    assert health(instance, never) == WorkerStatus.FAILED
    held = started(instance, monkeypatch, seconds)
    hold_lock_of(instance, held.run_id)
    assert health(instance, held) == WorkerStatus.RUNNING
    for age, expected in ((0.0, WorkerStatus.RUNNING), (seconds, WorkerStatus.FAILED)):
        left = started(instance, monkeypatch, age)
        (Path(instance.storage_directory()) / "alive" / f"{left.run_id}.lock").touch()
        assert health(instance, left) == expected


@pytest.mark.parametrize("job", [job.name for job in JOBS] + ["__ASSET_JOB"])
def test_every_job_shows_that_it_lives(job: str) -> None:
    from pipelines.definitions import defs

    assert defs.resolve_job_def(job).executor_def is watched_executor


def test_a_turn_that_comes_while_the_code_server_is_away_waits_for_it(tmp_path: Path) -> None:
    """Else a night fails for good in the seconds in which the server is started again."""
    from pipelines.running import instance_of
    from pipelines.settings import Settings

    with instance_of(Settings(home=tmp_path / "home")) as opened:
        queue = opened.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_user_code_failure_retries * queue.user_code_failure_retry_delay >= 1800
    assert queue.user_code_failure_retry_delay <= 60


def test_what_is_tried_again_comes_before_what_waits(instance: dg.DagsterInstance) -> None:
    again = submitted(instance, "nightly_job", {"dagster/retry_number": "1"})
    assert again.tags["dagster/priority"] == "1"
    assert "dagster/priority" not in submitted(instance, "nightly_job").tags


def test_a_run_of_the_command_line_lives_while_its_process_does(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signs_of_life(instance) as tag:
        run = started(instance, monkeypatch, SECONDS_TO_HOLD * 2, **tag)
        assert health(instance, run) == WorkerStatus.RUNNING
    assert health(instance, run) == WorkerStatus.FAILED
    # It held its lock before it was there, so its age says nothing.
    assert not is_alive(instance, started(instance, monkeypatch, 0, **tag))
