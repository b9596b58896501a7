"""What went does not come back to stay: by a late file, the inbox, a rebuild; who never goes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.exports.pupils.erased_rows import MARKS
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.backup.rebuilding import rebuild_lake
from assets.upkeep.retention.retain import plan, retain
from assets.watchlists.release.remembered import recall
from pipelines.definitions import build_defs
from pipelines.resources import lake_access
from pipelines.running import instance_of
from pipelines.schedules import retain_schedule
from pipelines.settings import Settings
from tests.architecture.sources import ROOT
from tests.conftest import settings_of
from tests.integration.aged_home import (
    clearing,
    copied,
    decided,
    found_in,
    take,
)
from tests.integration.conftest import trappan
from tests.integration.erased_home import NUMBER, SCHOOL, key_of, lessons, person
from tests.integration.ingest_files import BASIC, ROSTER, put, text_of


@pytest.fixture(scope="module")
def retained(aged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home after a round."""
    home = copied(aged, tmp_path_factory.mktemp("retained"))
    a_round(home)
    return home


def a_round(home: Path) -> Path | None:
    with Lake.open(settings_of(home)) as lake:
        return retain(clearing(lake), decided())


def on_lists(home: Path) -> bool:
    """Whether a list of today names the pupil."""
    found = recall(Sealer.of_home(home), home / "lists" / "current" / SCHOOL)
    assert found is not None
    return key_of(Sealer.of_home(home), NUMBER) in repr(found)


def test_an_old_file_that_still_lies_in_the_inbox_is_known(retained: Path, tmp_path: Path) -> None:
    home = copied(retained, tmp_path)
    # Nobody could read it, so it is tried anew for as long as its sender offers it.
    (home / "inbox" / "okand_20261003T0500.csv").unlink()
    take(home, home / "inbox", at=date(2029, 10, 14))
    assert found_in(home) == []
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT count(*) FROM lessons WHERE lesson_date < '2027-07-01'") == [(0,)]


def test_what_a_late_file_brings_is_on_no_list_and_goes_with_the_next_round(
    retained: Path, tmp_path: Path
) -> None:
    home = copied(retained, tmp_path)
    late = lessons([NUMBER], date(2026, 9, 7), 20)
    file = put(tmp_path / "late", "lektionsfranvaro_20261013T0500.csv", text_of(late, BASIC))
    take(home, file, at=date(2029, 10, 14))
    assert found_in(home)
    assert not on_lists(home)
    assert a_round(home) is not None
    assert found_in(home) == []


def test_a_lake_that_is_made_again_knows_what_went(retained: Path, tmp_path: Path) -> None:
    home = copied(retained, tmp_path)

    def ledger() -> list[str]:
        with Lake.open(settings_of(home)) as lake:
            rows = lake.rows("SELECT file_sha256, outcome, rows_accepted FROM files")
            return sorted(map(repr, rows))

    before = ledger()
    made = rebuild_lake(settings_of(home))
    assert made.missing == ()
    assert ledger() == before
    assert a_round(home) is not None or found_in(home) == []
    assert found_in(home) == []


def test_protection_does_not_wear_off_when_everything_else_of_the_pupil_goes(
    aged: Path, tmp_path: Path
) -> None:
    home = copied(aged, tmp_path)
    other = person(NUMBER) | {"school": "99999902", "ends": "2027-06-11", "protected": "Ja"}
    word = put(tmp_path / "one", "elever_20261012T0500.csv", text_of([other], ROSTER))
    take(home, word, at=date(2029, 10, 14))
    assert is_protected(home)
    assert a_round(home) is not None
    # Nothing but keys, in the lake and in what is kept of its rows.
    as_tables = [trace.path for trace in found_in(home) if trace.how == "as a table"]
    assert {Path(path).name.partition(".")[0] for path in as_tables} <= MARKS
    assert {trace.place for trace in found_in(home)} <= {"lake", "lasting rows", "catalog"}
    with Lake.open(settings_of(home)) as lake:
        assert plan(clearing(lake), decided()).leaving.people == 0
    assert rebuild_lake(settings_of(home)).missing == ()
    assert is_protected(home)
    # The other school knows nothing of it, and its word lifts nothing.
    again = person(NUMBER) | {"starts": "2029-08-17", "protected": "Ingen"}
    roster = put(tmp_path / "two", "elever_20291012T0500.csv", text_of([again], ROSTER))
    rows = lessons([NUMBER], date(2029, 9, 3), 30)
    lesson_file = put(tmp_path / "two", "lektionsfranvaro_20291012T0500.csv", text_of(rows, BASIC))
    take(home, roster, lesson_file, at=date(2029, 10, 21))
    assert is_protected(home)
    assert not on_lists(home)


def is_protected(home: Path) -> bool:
    key = key_of(Sealer.of_home(home), NUMBER)
    with Lake.open(settings_of(home)) as lake:
        return bool(
            lake.rows(
                "SELECT 1 FROM protected_pupils WHERE pupil_key = cast($key AS UUID)", key=key
            )
        )


def test_originals_that_went_early_are_missed_by_a_rebuild(aged: Path, tmp_path: Path) -> None:
    home = copied(aged, tmp_path)
    early = {"school_years": 1, "even_without_rebuild": True}
    five = {"school_years": 5}
    decision = decided(lessons=five, identities=five, ledgers=five, originals=early)
    with Lake.open(settings_of(home)) as lake:
        assert retain(clearing(lake), decision) is not None
    assert rebuild_lake(settings_of(home)).missing


def test_who_has_a_record_without_an_end_is_there_and_stays(aged: Path, tmp_path: Path) -> None:
    """A list names such a pupil as one whom nobody sees: the last to be forgotten."""
    home = copied(aged, tmp_path)
    key = key_of(Sealer.of_home(home), NUMBER)
    with Lake.open(settings_of(home)) as lake:
        lake.write(
            lambda connection: connection.execute(
                "UPDATE enrolments SET end_date = NULL WHERE pupil_key = cast($key AS UUID)",
                {"key": key},
            )
        )
        assert plan(clearing(lake), decided()).leaving.people == 0


@pytest.mark.parametrize(
    ("step", "stays"),
    [
        ("step_1_noticed", False),
        ("step_2_raised", True),
        ("step_4_carried_out", True),
        ("step_7_completed", False),
    ],
)
def test_an_open_case_keeps_its_pupil_and_what_was_said(
    aged: Path, tmp_path: Path, step: str, *, stays: bool
) -> None:
    home = copied(aged, tmp_path)
    key = key_of(Sealer.of_home(home), NUMBER)
    with closing(sqlite3.connect(home / "portal" / "portal.sqlite")) as database, database:
        database.execute(
            "INSERT INTO portal_event VALUES (99, 'public-99', ?, ?, 'team_step', ?, NULL, NULL, "
            "'a', 'team', '2026-10-10 10:00:00', NULL)",
            (key, SCHOOL, step),
        )
    with Lake.open(settings_of(home)) as lake:
        found = plan(clearing(lake), decided())
    assert (found.leaving.people == 0) is stays
    assert (key in map(str, found.follow_up)) is not stays


def test_a_mark_of_protection_that_is_said_of_old_lessons_stays_when_its_pupil_goes(
    aged: Path, tmp_path: Path
) -> None:
    home = copied(aged, tmp_path)
    rows = [lessons([NUMBER], date(2026, 9, 7), 1)[0] | {"protected": "Skyddad folkbokföring"}]
    columns = (*BASIC, "protected")
    file = put(tmp_path / "in", "lektionsfranvaro_20291012T0500.csv", text_of(rows, columns))
    take(home, file, at=date(2029, 10, 14))
    with Lake.open(settings_of(home)) as lake:
        leaving = plan(clearing(lake), decided()).leaving
    assert key_of(Sealer.of_home(home), NUMBER) in map(str, leaving.protected)
    assert a_round(home) is not None
    assert is_protected(home)


def with_decision(home: Path) -> None:
    """Lay the proposal into a home as a decision."""
    said = (ROOT / "data_samples" / "retention.yaml").read_text(encoding="utf-8")
    for key, value in (("by", "nämnden"), ("on", "2029-09-01"), ("reference", "dnr 1")):
        line = next(one for one in said.splitlines() if one.startswith(f"  {key}:"))
        said = said.replace(line, f"  {key}: {value}")
    (home / "retention.yaml").write_text(said, encoding="utf-8")
    (home / "retention.yaml").chmod(0o600)


def test_the_command_carries_a_decision_out_and_prints_the_plan(aged: Path, tmp_path: Path) -> None:
    home = copied(aged, tmp_path)
    with_decision(home)
    planned = trappan("--home", home, "retain", "--plan", "--format", "csv")
    assert planned.status == 0, planned.err
    assert planned.out.splitlines()[0] == "kind,before,what,number"
    assert "Counted from 2029-10-07, by nämnden, 2029-09-01, dnr 1." in planned.err
    done = trappan("--home", home, "retain")
    assert done.status == 0, done.err
    assert '"decision": "nämnden, 2029-09-01, dnr 1"' in done.out
    assert NUMBER not in done.out + done.err


def test_the_job_carries_a_decision_out_and_says_counts_only(aged: Path, tmp_path: Path) -> None:
    home = copied(aged, tmp_path)

    def told() -> dict[str, object]:
        settings = Settings(home=home)
        with instance_of(settings) as instance:
            done = (
                build_defs(overrides={"lake": lake_access(settings)})
                .resolve_job_def("retain_job")
                .execute_in_process(instance=instance)
            )
        (made,) = done.asset_materializations_for_node("retained_home")
        return {name: one.value for name, one in made.metadata.items() if "/" not in name}

    assert told() == {"is_decided": False}
    assert found_in(home)
    with_decision(home)
    counts = told()
    assert counts["is_decided"] is True
    assert {name for name, number in counts.items() if number and name != "is_decided"} >= {
        *("lessons_gone", "identities_gone", "lists_gone", "originals_gone"),
    }
    # What was said in the portal stays for five years, and with it the name.
    assert "lake" in {trace.place for trace in found_in(home)}


def test_the_schedule_asks_once_a_month(instance: dg.DagsterInstance) -> None:
    at = datetime(2026, 12, 1, 15, tzinfo=UTC)
    context = dg.build_schedule_context(instance, scheduled_execution_time=at)
    (request,) = retain_schedule.evaluate_tick(context).run_requests or ()
    assert request.run_key == "retain_job-2026-12-01"
