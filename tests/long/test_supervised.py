"""Whatever is killed comes back, and what it was at is done: daemon, code server, run, portal.

The units of docs/deploy run here as they stand, but for systemd (`supervised.py`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import requests
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, ScheduleInstigatorData
from filelock import FileLock

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.watchlists.release.released import newest_night
from pipelines.running import instance_of
from pipelines.settings import STOCKHOLM, Settings, yesterday
from tests.faults.supervised import Unit, below, kill_below, supervised, wait_for
from tests.integration.conftest import SAMPLES, trappan

OFFERED = ("elever_99999901*.csv", "lektionsfranvaro_99999901_2026-11*.csv", "skolor_*.csv")
NIGHTS = 5
LONG = 900.0
UNFINISHED = [
    status
    for status in dg.DagsterRunStatus
    if status
    not in {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
        dg.DagsterRunStatus.MANAGED,
    }
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    (place / "inbox").mkdir(parents=True, mode=0o700)
    place.chmod(0o700)
    for pattern in OFFERED:
        for path in (SAMPLES / "inbox").glob(pattern):
            shutil.copy2(path, place / "inbox")
    return place


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("TRAPPAN_DAGSTER_STORAGE", "")
    with instance_of(Settings(home=home)) as opened:
        yield opened


def schedule_state(instance: dg.DagsterInstance, name: str) -> InstigatorState | None:
    states = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    return next((state for state in states if state.name == name), None)


def seed_missed_nights(instance: dg.DagsterInstance, nights: int) -> None:
    """Say that the schedule was looked at last before so many nights."""
    state = schedule_state(instance, "nightly_schedule")
    assert state is not None
    today = datetime.now(STOCKHOLM).replace(hour=4, minute=0, second=0, microsecond=0)
    due = today if today <= datetime.now(STOCKHOLM) else today - timedelta(days=1)
    first = (due - timedelta(days=nights - 1, minutes=5)).astimezone(UTC).timestamp()
    data = state.instigator_data
    assert isinstance(data, ScheduleInstigatorData)
    instance.update_instigator_state(
        state.with_data(ScheduleInstigatorData(data.cron_schedule, first, first))
    )


def nights_of(instance: dg.DagsterInstance, *statuses: dg.DagsterRunStatus) -> list[str]:
    """Return the days of the nights that ended so, in the order in which they began."""
    records = instance.get_run_records(
        dg.RunsFilter(job_name="nightly_job", statuses=list(statuses)), order_by="start_time"
    )
    records = sorted(records, key=lambda record: record.start_time or 0)
    return [record.dagster_run.tags["trappan/as_of"] for record in records]


def wait_for_night(instance: dg.DagsterInstance, as_of: str) -> None:
    """Wait until the night of a day is under way, in its steps."""

    def is_under_way() -> bool:
        (*_, newest) = [None, *instance.get_run_records(
            dg.RunsFilter(job_name="nightly_job", statuses=[dg.DagsterRunStatus.STARTED])
        )]  # fmt: skip
        if newest is None or newest.dagster_run.tags["trappan/as_of"] != as_of:
            return False
        lock = Path(instance.storage_directory()) / "alive" / f"{newest.dagster_run.run_id}.lock"
        return lock.exists()

    wait_for(is_under_way, LONG, f"the night of {as_of} under way")


def kill_run(unit: Unit) -> None:
    assert unit.process
    # Beside a run a process of multiprocessing's keeps track of its semaphores.
    kill_below(unit.process.pid, "multiprocessing.spawn", "spawn_main")


def test_missed_nights_are_made_up_in_order_whatever_is_killed_meanwhile(
    home: Path, instance: dg.DagsterInstance
) -> None:
    # The night before the outage.
    night = yesterday() - timedelta(days=NIGHTS)
    said = trappan("--home", home, "nightly", "--as-of", night.isoformat())
    assert said.status in {0, 3}, said.err
    with supervised("trappan-daemon.service", home):
        wait_for(lambda: schedule_state(instance, "nightly_schedule"), LONG, "the daemon's look")
    seed_missed_nights(instance, NIGHTS)
    days = [(yesterday() - timedelta(days=n)).isoformat() for n in range(NIGHTS - 1, -1, -1)]
    with supervised("trappan-daemon.service", home) as unit:
        assert unit.process
        first = unit.process.pid

        wait_for_night(instance, days[0])
        kill_run(unit)

        wait_for_night(instance, days[1])
        kill_below(first, "grpc", "api")

        wait_for_night(instance, days[2])
        kill_below(first, "code-server")
        assert unit.process.pid == first, unit.log.read_text(errors="replace")

        wait_for_night(instance, days[3])
        kill_below(first, "pipelines.ui.scheduling")
        wait_for(lambda: unit.starts == 2, 60, "the unit started again")

        wait_for_night(instance, days[4])
        os.kill(unit.process.pid, signal.SIGKILL)
        wait_for(lambda: unit.starts == 3, 60, "the unit started again")

        wait_for(
            lambda: (
                days[-1] in nights_of(instance, dg.DagsterRunStatus.SUCCESS)
                and not instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
            ),
            LONG,
            "the last night, and nothing under way",
        )
    _, *made = nights_of(instance, dg.DagsterRunStatus.SUCCESS)
    # In order, none twice. One that was killed may have been passed by the next night.
    assert made == sorted(set(made))
    assert set(made) >= {days[1], days[2], days[4]}
    with Lake.open(LakeSettings(home=home)) as lake:
        assert newest_night(lake) == yesterday()
    assert list((home / "lists" / "current").glob("*/*.xlsx"))
    assert_nothing_is_held(home)


def test_a_night_that_was_lost_with_its_code_server_is_made_all_the_same(
    home: Path, instance: dg.DagsterInstance
) -> None:
    """Dagster does not try it again: for that it asks the code server, which is away."""
    before = (yesterday() - timedelta(days=1)).isoformat()
    said = trappan("--home", home, "nightly", "--as-of", before)
    assert said.status in {0, 3}, said.err
    with supervised("trappan-daemon.service", home):
        wait_for(lambda: schedule_state(instance, "nightly_schedule"), LONG, "the daemon's look")
    seed_missed_nights(instance, 1)
    night = yesterday().isoformat()
    with supervised("trappan-daemon.service", home) as unit:
        assert unit.process
        wait_for_night(instance, night)
        # At once, and what would start the code server again, too.
        lost = ("code-server", "dagster api grpc", "multiprocessing.spawn")
        found = [pid for pid, line in below(unit.process.pid) if any(map(line.count, lost))]
        assert len(found) == len(lost)
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        wait_for(
            lambda: (
                night in nights_of(instance, dg.DagsterRunStatus.SUCCESS)
                and not instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
            ),
            LONG,
            "the night",
        )
        assert unit.starts == 1
    assert set(nights_of(instance, dg.DagsterRunStatus.FAILURE)) == {night}
    with Lake.open(LakeSettings(home=home)) as lake:
        assert newest_night(lake) == yesterday()
    assert_nothing_is_held(home)


def assert_nothing_is_held(home: Path) -> None:
    locks = list(home.rglob("*.lock"))
    assert locks
    for path in locks:
        with FileLock(path, timeout=0):
            pass


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=30).ok
    return False


def test_killed_pages_and_their_code_server_come_back(home: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def knows_the_jobs() -> bool:
        nodes = "... on RepositoryConnection { nodes { name } }"
        query = {"query": f"{{ repositoriesOrError {{ {nodes} }} }}"}
        with contextlib.suppress(requests.RequestException, KeyError):
            said = requests.post(f"{url}/graphql", json=query, headers={"Origin": url}, timeout=30)
            return bool(said.json()["data"]["repositoriesOrError"]["nodes"])
        return False

    with supervised("trappan-ui.service", home, "--port", str(port)) as unit:
        wait_for(knows_the_jobs, LONG, "the pages")
        assert unit.process
        first = unit.process.pid
        kill_below(first, "grpc", "api")
        time.sleep(1)
        wait_for(knows_the_jobs, LONG, "the pages after the code server was killed")
        assert unit.starts == 1
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: unit.starts == 2 and knows_the_jobs(), LONG, "the pages again")
        left = [words for pid, words in below(1) if str(home) in words and pid != unit.process.pid]
        assert left == []


def test_a_killed_worker_or_master_of_the_portal_comes_back(home: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/logga-in/"
    demo = {"TRAPPAN_PORTAL_DEMO": "true", "TRAPPAN_PORTAL_DEMO_DAY": "2026-11-23"}
    with supervised("trappan-portal.service", home, "--port", str(port), **demo) as unit:
        wait_for(lambda: answers(url), LONG, "the portal")
        assert unit.process
        workers = [pid for pid, _ in below(unit.process.pid)]
        assert len(workers) == 2
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        master = unit.process.pid
        wait_for(
            lambda: len({pid for pid, _ in below(master)} - set(workers)) == 2,
            60,
            "two new workers",
        )
        wait_for(lambda: answers(url), LONG, "the portal with new workers")
        assert unit.starts == 1
        os.kill(master, signal.SIGKILL)
        wait_for(lambda: unit.starts == 2 and answers(url), LONG, "the portal again")
