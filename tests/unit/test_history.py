"""Dagster's history with connections that stay open: the same history, opened seldom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from pipelines.history import History


@dg.op
def count_absence() -> int:
    return 1


@dg.job
def small_night() -> None:
    count_absence()


@dg.job
def long_night() -> None:
    for number in range(5):
        count_absence.alias(f"count_absence_{number}")()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that were opened, once for each time."""
    seen: list[str] = []
    connect = sqlalchemy.engine.Engine.connect

    def noted(engine: sqlalchemy.engine.Engine) -> sqlalchemy.engine.Connection:
        seen.append(Path(str(engine.url.database)).name)
        return connect(engine)

    monkeypatch.setattr(sqlalchemy.engine.Engine, "connect", noted)
    return seen


def events(storage: Any, run: str) -> list[str]:
    return [
        str(entry.dagster_event_type) for entry in storage.event_log_storage.get_logs_for_run(run)
    ]


def test_a_run_opens_its_history_as_often_with_few_events_as_with_many(
    instance: dg.DagsterInstance, opened: list[str]
) -> None:
    few = small_night.execute_in_process(instance=instance).run_id
    many = long_night.execute_in_process(instance=instance).run_id
    assert len(instance.all_logs(many)) > 2 * len(instance.all_logs(few))
    assert opened.count(f"{many}.db") == opened.count(f"{few}.db") > 0


def test_what_was_kept_reads_the_same_by_dagsters_own_storage(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run = small_night.execute_in_process(instance=instance).run_id
    kept = events(History(str(tmp_path)), run)
    assert "DagsterEventType.RUN_SUCCESS" in kept
    assert kept == events(DagsterSqliteStorage(str(tmp_path)), run)


def test_of_many_runs_only_the_latest_stay_open(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.history.MOST_OPEN", 2)
    storage: Any = instance.event_log_storage
    runs = [small_night.execute_in_process(instance=instance).run_id for _ in range(3)]
    assert all(instance.all_logs(run) for run in runs)
    assert set(storage._open) == set(runs[1:])
    instance.wipe()
    assert not storage._open
    assert not list(tmp_path.glob("history/runs/*-*.db"))
