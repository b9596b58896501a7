"""The Dagster code location is what was agreed, and its schedules keep the local day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

# Dagster's own scheduler asks here when the next tick is; there is no public name for it.
from dagster._utils.schedules import schedule_execution_time_iterator

from pipelines.definitions import build_defs, defs
from pipelines.resources import lake_access
from pipelines.schedules import day_before, nightly_schedule, weekly_schedule
from pipelines.settings import Settings
from tests.architecture.graph import SNAPSHOT, as_text, graph_of

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def ticks(schedule: dg.ScheduleDefinition, first: date, days: int) -> list[datetime]:
    """Return when a schedule asks for a run on the local days from `first` on, in local time."""
    start = datetime(first.year, first.month, first.day, tzinfo=STOCKHOLM)
    assert isinstance(schedule.cron_schedule, str)
    endless = schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone, ascending=True
    )
    local = (tick.astimezone(STOCKHOLM) for tick in endless)
    return list(takewhile(lambda tick: tick.date() < first + timedelta(days=days), local))


def test_assets_jobs_schedules_and_checks_are_those_of_the_snapshot() -> None:
    found = as_text(graph_of(defs))
    assert found == SNAPSHOT.read_text(encoding="utf-8"), "run: python -m tests.architecture.graph"


def test_every_definition_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(build_defs())


def test_every_check_stops_what_builds_on_it() -> None:
    graph = graph_of(defs)
    assert all(check["is_blocking"] for check in graph["checks"].values())


def test_no_step_starts_a_process_of_its_own() -> None:
    graph = graph_of(defs)
    assert {job["executor"] for job in graph["jobs"].values()} == {"in_process"}


@pytest.mark.parametrize(
    "change", [SPRING, AUTUMN], ids=["the night an hour is lost", "the night an hour is doubled"]
)
def test_there_is_one_nightly_run_per_local_day_around(change: date) -> None:
    first = change - timedelta(days=3)
    asked = ticks(nightly_schedule, first, days=7)
    assert Counter(tick.date() for tick in asked) == dict.fromkeys(
        (first + timedelta(days=n) for n in range(7)), 1
    )
    assert {(tick.hour, tick.minute) for tick in asked} == {(4, 0)}


@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_every_day_is_the_last_day_that_counts_of_one_night_around_the_change(
    change: date,
) -> None:
    first = change - timedelta(days=3)
    days = [day_before(tick.astimezone(UTC)) for tick in ticks(nightly_schedule, first, days=7)]
    assert days == [first + timedelta(days=n - 1) for n in range(7)]


def test_a_year_has_a_nightly_run_for_each_of_its_days() -> None:
    days = [tick.date() for tick in ticks(nightly_schedule, date(2026, 1, 1), days=365)]
    assert days == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


def test_the_weekly_run_comes_on_monday_for_the_week_that_ended_on_sunday() -> None:
    asked = ticks(weekly_schedule, SPRING - timedelta(days=10), days=28)
    assert len(asked) == 4
    assert {day_before(tick).isoweekday() for tick in asked} == {7}


def asked(
    schedule: dg.ScheduleDefinition, home: Path, at: datetime
) -> dg.RunRequest | dg.SkipReason | object:
    """What a schedule asks for at a time, in a home."""
    access = lake_access(Settings(home=home))
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, resources={"lake": access}
        )
        return schedule(context)


def test_a_run_request_carries_its_day_and_is_asked_for_once(tmp_path: Path) -> None:
    requests = asked(nightly_schedule, tmp_path, datetime(2026, 10, 25, 3, 0, tzinfo=UTC))
    assert isinstance(requests, list)
    (request,) = requests
    assert request.run_key == "nightly_job-2026-10-24"
    assert request.tags == {"trappan/as_of": "2026-10-24"}
