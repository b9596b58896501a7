"""A run that is stopped anywhere is made good by the next one, and the old lists stand."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.checks import assets
from assets.checks.validating import ContractCrashError
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from tests.integration.conftest import AS_OF, SAMPLES, trappan
from tests.ready_processes import run_ready

ROOT = Path(__file__).resolve().parents[2]
# Lessons, sums, rosters, a register and changed numbers; a night is stopped in the same way however
# many files it has, and SS12000 and workbooks would only make each of these many nights longer.
OFFERED = (
    "elever_9999990[12]*.csv",
    "lektionsfranvaro_99999901_2026-09*.csv",
    "lektionsfranvaro_99999901_2026-1*.csv",
    "manadssummor_*.csv",
    "nummerbyten_*.csv",
    "skolor_*.csv",
)
SCHOOLS = 4

# Kills its own process at the named place, the way a power cut would.
DRIVER = """
import os, signal, sys
import importlib

module, name = {place!r}.rsplit(".", 1)
def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(importlib.import_module(module), name, killed)
from pipelines.cli import app as cli
sys.argv = ["trappan", *sys.argv[1:]]
cli.main()
"""

PLACES = [
    "assets.exports.assets.ingest_paths",
    "assets.absence.assets.refresh_sums",
    "assets.absence.assets.store_rolling",
    "assets.flags.assets.store_flags",
    "assets.watchlists.assets.release_lists",
    "assets.watchlists.release.releases.keep_published",
]


State = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class CleanRun:
    """A home after one whole night that nothing stopped."""

    home: Path
    state: State


def night(home: Path, inbox: Path) -> tuple[str, ...]:
    return ("--home", str(home), "nightly", "--inbox", str(inbox), "--as-of", AS_OF)


def state(home: Path) -> State:
    """Return what the lake says, without keys and times that differ from home to home."""
    columns = {
        "lessons": "* EXCLUDE (pupil_key, mentor_key)",
        "absence_daily": "* EXCLUDE (pupil_key, mentor_key)",
        "absence_monthly": "* EXCLUDE (pupil_key)",
        "flags": "* EXCLUDE (pupil_key, mentor_key)",
        "files": "file_sha256, outcome, rows_read, rows_accepted, rows_rejected",
        "stale_days": "*",
    }
    with Lake.open(LakeSettings(home=home)) as lake:
        return {
            table: sorted(lake.rows(f"SELECT {chosen} FROM {table}"), key=repr)
            for table, chosen in columns.items()
        }


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offered")
    for pattern in OFFERED:
        for path in (SAMPLES / "inbox").glob(pattern):
            shutil.copy2(path, folder)
    return folder


@pytest.fixture(scope="module")
def clean(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanRun:
    home = tmp_path_factory.mktemp("clean") / "home"
    assert trappan(*night(home, inbox)).status == 0
    return CleanRun(home, state(home))


@pytest.mark.parametrize("place", PLACES)
def test_a_night_killed_anywhere_is_made_good_by_the_next(
    tmp_path: Path, place: str, inbox: Path, clean: CleanRun
) -> None:
    home = tmp_path / "home"
    killed = run_ready(DRIVER.format(place=place), *night(home, inbox))
    assert killed.returncode == -signal.SIGKILL
    said = trappan(*night(home, inbox))
    assert said.status == 0, said.err
    assert state(home) == clean.state
    assert len(list((home / "lists" / "current").glob("*/*.xlsx"))) == SCHOOLS


def test_a_contract_that_crashes_stops_the_lists_and_the_old_ones_stand(
    monkeypatch: pytest.MonkeyPatch, inbox: Path, clean: CleanRun
) -> None:
    lists = clean.home / "lists" / "current"
    before = {path.name: path.resolve() for path in lists.iterdir()}

    def crash(name: str, *_: object) -> None:
        raise ContractCrashError(f"The contract '{name}' could not be checked")

    monkeypatch.setattr(assets, "contract_result", crash)
    said = trappan(*night(clean.home, inbox))
    assert said.status == 1
    assert "could not be checked" in said.err
    assert "Traceback" not in said.err
    assert {path.name: path.resolve() for path in lists.iterdir()} == before


def test_sums_that_do_not_agree_with_the_lessons_stop_the_lists(
    tmp_path: Path, inbox: Path
) -> None:
    home = tmp_path / "home"
    assert trappan("ingest", inbox, "--home", home).status == 0
    with Lake.open(LakeSettings(home=home)) as lake:
        lake.write(
            lambda connection: connection.execute(
                "DELETE FROM absence_daily WHERE lesson_date = DATE '2026-10-05'"
            )
        )
    said = trappan(*night(home, inbox))
    assert said.status == 1
    assert "daily_equals_lessons" in said.err
    assert not (home / "lists").exists()
    # Nor is anything frozen on a Monday after such a night.
    waits = trappan("publish", "--week", "2026-W46", "--home", home)
    assert waits.status == 1
    assert "no night of its Sunday" in waits.err
    forced = trappan("publish", "--week", "2026-W46", "--force", "--home", home)
    assert forced.status == 1
    assert "daily_equals_lessons" in forced.err
    assert not (home / "lists").exists()
    mended = trappan("backfill", "--from", "2026-10", "--to", "2026-10", "--home", home)
    assert mended.status == 0, mended.err
    assert trappan(*night(home, inbox)).status == 0
    assert trappan("publish", "--week", "2026-W46", "--home", home).status == 0
    assert len(list((home / "lists" / "2026-W46").glob("*/*.xlsx"))) == SCHOOLS


def test_an_error_without_words_of_ours_is_reported_without_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("201203149800 Åsa Öberg")

    monkeypatch.setattr("assets.absence.assets.refresh_sums", fail)
    home = tmp_path / "home"
    said = trappan(*night(home, inbox))
    assert said.status == 1
    assert "RuntimeError in test_stopped_runs.py" in said.err
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert b"201203149800" not in path.read_bytes()
    assert "201203149800" not in said.err
