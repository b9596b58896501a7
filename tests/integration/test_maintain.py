"""A round of maintenance: what the promise covers stays, and nobody beside it is disturbed."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.lake.connection import Lake
from assets.lake.past.snapshots import kept_snapshots
from assets.lake.past.unneeded_files import lake_files
from assets.lake.settings import LEAST_LIST_DAYS, LIST_DAYS, LakeError
from assets.upkeep.maintenance.assets import age_out_runs, old_runs
from assets.upkeep.maintenance.maintain import look, maintain
from assets.upkeep.maintenance.promise import Promise, list_snapshots, promised
from assets.watchlists.release.week_states import COMPARED
from pipelines.schedules import maintain_schedule
from pipelines.settings import Settings
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.scale_out_servers import BUCKET, PASSWORD, S3, postgres_server
from tests.integration.test_snapshots_of_the_lake import NOW, all_of, restated
from tests.ready_processes import run_ready
from tests.unit.test_history import count_absence, small_night

ROOT = Path(__file__).resolve().parents[2]
NOTHING_OF_THE_PAST = Promise(moment_days=0, list_days=0)


def listed(lake: Lake, as_of: date) -> int:
    """Note that a list was made from the newest snapshot, and return that."""
    snapshot = lake.snapshot()
    lake.write(
        lambda connection: connection.execute(
            "INSERT INTO publications (school_unit_code, period, as_of_date, published_at, "
            "is_frozen, rule_set, rule_set_version, lake_snapshot, input_hash, flagged_pupils, "
            "folder) VALUES ('99999901', strftime($day, '%G-W%V'), $day, now()::TIMESTAMP, true, "
            "'stockholm', 'x', $snapshot, 'x', 0, 'x')",
            {"day": as_of, "snapshot": snapshot},
        )
    )
    return snapshot


def test_the_promise_keeps_every_moment_and_what_lists_were_made_from(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 3)
        old = listed(lake, date(2025, 1, 5))
        restated(lake, 3)
        new = listed(lake, date(2026, 11, 15))
        restated(lake, 3)
        before = [one.snapshot_id for one in kept_snapshots(lake)]
        assert maintain(lake, Promise()).snapshots_gone == 0
        assert list_snapshots(lake, Promise()) == {new}
        assert list_snapshots(lake, Promise(list_days=10_000)) == {old, new}
        lists_only = Promise(moment_days=0, list_days=400)
        looked = look(lake, lists_only)
        done = maintain(lake, lists_only)
        assert done.snapshots_gone == looked.snapshots_gone > 5
        kept = {one.snapshot_id for one in kept_snapshots(lake)}
        # Maintenance writes snapshots of its own, and the newest was in force at the moment.
        assert kept & set(before) == {new}
        assert lake.rows(f"SELECT count(*) FROM lake.absence_daily AT (VERSION => {new})")


def test_a_list_of_a_day_to_come_takes_no_list_of_today_with_it(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 3)
        today = kept_snapshots(lake)[-1].written_at.date()
        one, other = (listed(lake, today - timedelta(days=days)) for days in (LIST_DAYS, 1))
        restated(lake, 3)
        by_mistake = listed(lake, today + timedelta(days=365))
        assert list_snapshots(lake, Promise()) == {one, other, by_mistake}


def test_the_past_is_promised_as_long_as_the_next_list_looks_back_or_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    assert promised(Settings(home=home).lake) == Promise(moment_days=35, list_days=56)
    assert timedelta(days=LEAST_LIST_DAYS) >= COMPARED
    with Lake.open(settings_of(home)) as lake:
        restated(lake, 3)
    monkeypatch.setenv("TRAPPAN_PAST_DAYS", "60")
    monkeypatch.setenv("TRAPPAN_PAST_LIST_DAYS", "400")
    said = trappan("--home", home, "maintain", "--dry-run")
    words = "every moment of 60 days, and what lists of 400 days were made from"
    assert f"are kept: {words}." in said.out
    assert f"well   past: {words} can be asked" in trappan("--home", home, "doctor").out
    monkeypatch.setenv("TRAPPAN_PAST_LIST_DAYS", "55")
    refused = trappan("--home", home, "maintain")
    assert refused.status == 2
    assert all(word in refused.err for word in ("TRAPPAN_PAST_LIST_DAYS", "56", "'55'"))


def test_a_round_leaves_every_row_and_a_second_one_finds_nothing(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 50)
        expected = all_of(lake)
        files = len(lake_files(lake))
        dry = look(lake, NOTHING_OF_THE_PAST, grace=NOW)
        assert len(lake_files(lake)) == files, "a dry run deletes nothing"
        first = maintain(lake, NOTHING_OF_THE_PAST)
        assert first.snapshots_gone == dry.snapshots_gone > 0
        assert (first.deleted, first.waiting > 0) == (0, True), "somebody may still read them"
        second = maintain(lake, NOTHING_OF_THE_PAST, grace=NOW)
        assert second.deleted >= first.waiting
        assert second.files_after < files / 10
        third = maintain(lake, NOTHING_OF_THE_PAST, grace=NOW)
        assert (third.snapshots_gone, third.deleted, third.waiting) == (0, 0, 0)
        assert all_of(lake) == expected


def test_maintenance_waits_for_its_turn_and_then_says_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as night, Lake.open(replace(settings, lock_wait_seconds=0.2)) as lake:
        restated(night, 3)
        with night.writing(), pytest.raises(LakeError, match="Another trappan process has been"):
            maintain(lake, NOTHING_OF_THE_PAST)
        assert maintain(lake, NOTHING_OF_THE_PAST).files_after > 0


def test_a_reader_at_the_same_time_keeps_its_answer(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 30)
        with Lake.open(settings) as reader, reader.reading():
            expected = all_of(reader)
            maintain(lake, NOTHING_OF_THE_PAST)
            restated(lake, 5)
            maintain(lake, NOTHING_OF_THE_PAST)
            assert all_of(reader) == expected


def test_a_lake_on_servers_is_maintained_as_one_in_a_home(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres_server() as postgres:
        environment = {
            "TRAPPAN_CATALOG": postgres.database("lake"),
            "TRAPPAN_DATA_PATH": f"s3://{BUCKET}/lake",
            "PGPASSWORD": PASSWORD,
            **s3.environment,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = Settings(home=tmp_path / "home", memory_limit="1GB", threads=1).lake
        with Lake.open(settings) as lake:
            restated(lake, 12)
            expected = all_of(lake)
            assert len(lake_files(lake)) == 12
            maintain(lake, NOTHING_OF_THE_PAST, grace=NOW)
            assert len(lake_files(lake)) == 1
            assert all_of(lake) == expected


# Kills its own process at the nth call of a function, the way a power cut would.
DRIVER = """
import importlib, os, signal, sys
from datetime import timedelta
from pathlib import Path
from assets.lake.connection import Lake
from assets.upkeep.maintenance.maintain import maintain
from tests.conftest import settings_of
from tests.integration.test_maintain import NOTHING_OF_THE_PAST

home, place, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
module, name = place.rsplit(".", 1)
owner = importlib.import_module(module) if module != "Lake" else Lake
real, calls = getattr(owner, name), []
def killed(*words, **more):
    calls.append(1)
    if len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words, **more)
setattr(owner, name, killed)
with Lake.open(settings_of(Path(home))) as lake:
    maintain(lake, NOTHING_OF_THE_PAST, grace=timedelta(0))
"""
OF_MAINTENANCE, OF_FILES = "assets.upkeep.maintenance.maintain", "assets.lake.past.unneeded_files"
PLACES = (
    (f"{OF_MAINTENANCE}.rewrite_deleted_rows", 1),
    (f"{OF_MAINTENANCE}.merge_small_files", 1),
    # Of the few that there are: tables without anything to do are not asked.
    ("Lake.write", 1),
    ("Lake.write", 2),
    (f"{OF_MAINTENANCE}.unneeded_files", 1),
    # After the two dry runs: before anything is deleted, and when half of it is.
    (f"{OF_FILES}._asked", 3),
    (f"{OF_FILES}._asked", 4),
)


@pytest.mark.parametrize(("place", "nth"), PLACES)
def test_a_round_killed_anywhere_leaves_a_whole_lake(tmp_path: Path, place: str, nth: int) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 30)
        expected = all_of(lake)
    killed = run_ready(DRIVER, settings.home, place, nth)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with Lake.open(settings) as lake:
        assert all_of(lake) == expected
        maintain(lake, NOTHING_OF_THE_PAST, grace=NOW)
        assert all_of(lake) == expected
        assert len(lake_files(lake)) <= 4
        assert maintain(lake, NOTHING_OF_THE_PAST, grace=NOW).waiting == 0


def test_the_command_says_what_it_freed_and_its_dry_run_what_it_would(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        restated(lake, 8)
        expected, files = all_of(lake), len(lake_files(lake))
    dry = trappan("--home", home, "maintain", "--dry-run")
    assert (dry.status, dry.err) == (0, "")
    assert "0 would go" in dry.out
    assert f"{files} (0.0 MB) lie there" in dry.out
    said = trappan("--home", home, "maintain", "--at-once")
    assert said.status == 0, said.err
    assert f"Files of the lake: {files} (0.0 MB) were deleted; 1 (0.0 MB) lie there." in said.out
    with Lake.open(settings_of(home)) as lake:
        assert all_of(lake) == expected


# -- Dagster's history ----------------------------------------------------------------------------


@dg.job
def small_week() -> None:
    count_absence()


def test_old_runs_go_with_their_files_and_the_newest_of_each_job_stays(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    nights = [small_night.execute_in_process(instance=instance).run_id for _ in range(3)]
    week = small_week.execute_in_process(instance=instance).run_id
    assert old_runs(instance, 1) == []
    # A day ahead, every run is old.
    assert old_runs(instance, -1) == nights[:2]
    places = [*tmp_path.rglob(f"{nights[0]}*"), *tmp_path.rglob(f"{nights[2]}*")]
    assert {path.name.partition(".")[0] for path in places} == {nights[0], nights[2]}
    assert age_out_runs(instance, -1) == 2
    assert {run.run_id for run in instance.get_runs()} == {nights[2], week}
    assert not [*tmp_path.rglob(f"{nights[0]}*")]
    assert [*tmp_path.rglob(f"{nights[2]}*")]
    assert instance.all_logs(nights[2])
    assert age_out_runs(instance, -1) == 0


def test_the_schedule_asks_once_a_week(instance: dg.DagsterInstance) -> None:
    asked = []
    for day in (28, 35):
        at = datetime(2026, 11, 1, 13, tzinfo=UTC) + timedelta(days=day - 1)
        context = dg.build_schedule_context(instance, scheduled_execution_time=at)
        (request,) = maintain_schedule.evaluate_tick(context).run_requests or ()
        asked.append(request.run_key)
    assert asked == ["maintain_job-2026-11-28", "maintain_job-2026-12-05"]
