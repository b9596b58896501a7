"""How a home stands: the worst counts, in ten lines, and nothing is written for it."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.upkeep.reporting.kept import NightReports
from assets.upkeep.reporting.report import NightFailure, NightLooks, NightReport, Told, report_of
from assets.upkeep.reporting.standing import HomeHealth, HomeStatus, standing_of
from assets.upkeep.reporting.words import as_markdown, status_lines
from tests.conftest import settings_of
from tests.integration.delivery_home import files_under
from tests.integration.night_facts import (
    BEGUN,
    ENDED,
    begun_night,
    broken_report,
    waiting_report,
    well_report,
)
from tests.unit.test_night_reports_kept import kill_a_night

SOON = ENDED + timedelta(hours=3)
LATE = ENDED + timedelta(hours=26, minutes=1)
REFUSED = NightFailure(kind="WrongDayError", words="It is older.")


@pytest.fixture(scope="module")
def lake_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a lake that has a data file."""
    home = tmp_path_factory.mktemp("standing") / "home"
    with Lake.open(settings_of(home)) as lake:
        lake.write(
            lambda connection: connection.execute(
                "INSERT INTO school_breaks BY NAME SELECT '' AS school_unit_code, "
                "DATE '2026-10-26' AS first_date, DATE '2026-10-30' AS last_date, "
                "1 AS file_id, 'lov' AS layout, TIMESTAMP '2026-08-01' AS exported_at"
            )
        )
    return home


@pytest.fixture
def home(lake_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lake_home, tmp_path / "home"))


def keep(home: Path, *reports: NightReport) -> None:
    for report in reports:
        NightReports(home).keep(report, as_markdown)


def standing(home: Path, hours: int = 3) -> HomeStatus:
    found = standing_of(LakeSettings(home=home), ENDED + timedelta(hours=hours))
    assert len(status_lines(found)) == 10
    assert all("\n" not in line for line in status_lines(found))
    return found


def test_after_a_night_that_ended_well_a_home_is_well(home: Path) -> None:
    keep(home, well_report())
    found = standing(home)
    assert (found.state, found.status, found.because) == (HomeHealth.WELL, 0, ())
    assert found.lake == "1 data files are there"


def test_what_waits_is_3_and_said(home: Path) -> None:
    keep(home, waiting_report())
    found = standing(home)
    assert found.status == 3
    assert "1 list waits" in " ".join(status_lines(found))
    assert "99999902 (silent: 5 school days missing)" in " ".join(status_lines(found))


def test_somebody_who_could_not_be_told_is_3_and_the_night_stays_well(home: Path) -> None:
    told = Told(mail="failed", faults=("mail: the mail server is away.",))
    keep(home, well_report().model_copy(update={"told": told}))
    found = standing(home)
    assert found.status == 3
    assert found.newest is not None
    assert found.newest.result == "well"
    assert "Somebody was not told: mail: the mail server is away." in found.because


def test_a_night_that_did_not_end_well_is_1_until_the_next(home: Path) -> None:
    keep(home, well_report(), broken_report(number=2, begun_at=BEGUN + timedelta(minutes=5)))
    found = standing(home)
    assert found.status == 1
    assert "The disk is full." in found.because[0]
    keep(home, well_report(number=3, begun_at=BEGUN + timedelta(minutes=9)))
    assert standing(home).status == 0


def test_a_killed_night_is_1_at_once_and_until_the_next(home: Path) -> None:
    kill_a_night(home)
    found = standing(home)
    assert found.status == 1
    assert "was begun at 2026-11-16 03:00 UTC and never ended" in found.because[0]
    NightReports(home).note_killed(as_markdown)
    assert standing(home).status == 1
    keep(home, well_report(number=3, begun_at=BEGUN + timedelta(minutes=9)))
    assert standing(home).status == 0


def test_no_night_for_26_hours_is_4(home: Path) -> None:
    keep(home, well_report())
    assert standing(home, hours=26).status == 0
    found = standing(home, hours=27)
    assert found.status == 4
    assert "No night for 26 hours: the last ended at 2026-11-16 03:02 UTC." in found.because


def test_a_night_that_is_under_way_is_said_and_is_no_night_yet(home: Path) -> None:
    with NightReports(home).begun(begun_night(2)):
        found = standing(home)
    assert found.status == 4
    assert "One is under way since 2026-11-16 03:00 UTC." in found.because[0]
    assert "is under way since" in status_lines(found)[1]


def test_a_night_that_was_refused_is_said_and_does_not_count_as_one(home: Path) -> None:
    keep(home, well_report())
    later = begun_night(number=2, begun_at=BEGUN + timedelta(hours=30))
    refused = report_of(later, BEGUN + timedelta(hours=30), [], NightLooks(), REFUSED)
    keep(home, refused)
    assert standing(home, hours=20).status == 3
    assert "was refused. It is older." in " ".join(standing(home, hours=20).because)
    assert standing(home, hours=31).status == 4


def test_a_clock_that_went_back_is_said(home: Path) -> None:
    keep(home, well_report())
    found = standing(home, hours=-30)
    assert found.status == 3
    assert "look at the machine's clock" in found.because[0]


def test_an_empty_home_and_one_that_is_not_there_have_had_no_night(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / "nowhere"):
        found = standing(home)
        assert (found.status, found.lake) == (4, "not there yet; the first night makes it")
    assert list(tmp_path.iterdir()) == []


def away(home: Path) -> None:
    shutil.move(home / "lake", home.parent / "away")
    (home / "pupil.key").touch()


def emptied(home: Path) -> None:
    (home / "lake" / "catalog.sqlite").write_bytes(b"")


def half(home: Path) -> None:
    catalog = home / "lake" / "catalog.sqlite"
    catalog.write_bytes(catalog.read_bytes()[:8192])


def another(home: Path) -> None:
    (home / "lake" / "catalog.sqlite").write_bytes(b"no catalog" * 1000)


def without_tables(home: Path) -> None:
    catalog = home / "lake" / "catalog.sqlite"
    with sqlite3.connect(catalog) as connection:
        connection.execute("DROP TABLE ducklake_table")
    connection.close()


def lost_file(home: Path) -> None:
    next((home / "lake" / "data").rglob("*.parquet")).unlink()


def cut_file(home: Path) -> None:
    path = next((home / "lake" / "data").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (away, "The lake is lost: its catalog is gone, but pupil.key of it is there."),
        (emptied, "The lake's catalog is empty."),
        (half, "The lake's catalog"),
        (another, "The lake's catalog is no catalog any more."),
        (without_tables, "The lake's catalog does not answer."),
        (lost_file, "1 of the lake's 1 data files are missing or of another size."),
        (cut_file, "1 of the lake's 1 data files are missing or of another size."),
    ],
)
def test_a_lake_that_is_away_or_broken_is_1_in_words(
    home: Path, damage: object, words: str
) -> None:
    keep(home, well_report())
    assert callable(damage)
    damage(home)
    found = standing(home)
    assert found.status == 1
    assert words in " ".join(found.because)
    assert "Restore lake/ from the backup" in found.lake


def test_a_lake_that_is_written_to_is_not_broken(home: Path) -> None:
    keep(home, well_report())
    with sqlite3.connect(home / "lake" / "catalog.sqlite") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN EXCLUSIVE")
        assert standing(home).status == 0
        connection.rollback()
    connection.close()


def test_a_report_that_cannot_be_read_is_1_and_named(home: Path) -> None:
    keep(home, well_report())
    (home / "reports" / "2026-11-15.json").write_text("{")
    found = standing(home)
    assert found.status == 1
    assert "2026-11-15.json is no report of a night" in found.because[0]


@pytest.mark.parametrize(
    ("is_broken", "waits", "is_late", "is_away"), list(product([False, True], repeat=4))
)
def test_the_worst_of_all_that_is_found_is_the_status(
    home: Path, is_broken: bool, waits: bool, is_late: bool, is_away: bool
) -> None:
    if is_away:
        emptied(home)
    keep(home, broken_report() if is_broken else waiting_report() if waits else well_report())
    found = standing(home, hours=30 if is_late else 3)
    expected = 1 if is_broken or is_away else 4 if is_late else 3 if waits else 0
    assert found.status == expected


def test_to_look_writes_nothing(home: Path) -> None:
    keep(home, waiting_report())
    before = files_under(home)
    standing(home)
    assert files_under(home) == before


def test_a_home_without_a_decision_on_retention_says_so(home: Path) -> None:
    keep(home, well_report())
    assert "what goes, and when, is not decided" in status_lines(standing(home))[-1]
    (home / "retention.yaml").touch()
    assert "not decided" not in " ".join(status_lines(standing(home)))
