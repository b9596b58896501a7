"""What every test may ask for: a lake of its own, and an environment without our settings.

Also what makes the tests fast, and in which tests the real thing stays (docs/testing.md).
"""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import pytest
from hypothesis import settings

from assets.exports.ss12000 import json_files
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings, configuration, traces_of_a_lake
from tests.ss12000_in_process import read_here

if TYPE_CHECKING:
    import dagster as dg

# The same examples everywhere and every time, so that a landing fails of its own changes only;
# `make search` looks for new ones.
settings.register_profile("same", derandomize=True, print_blob=True, deadline=None)
settings.register_profile("search", settings.get_profile("same"), derandomize=False)
settings.load_profile("same")


def pytest_runtest_setup() -> None:
    """Let Dagster forget the instance of another test.

    One that was opened twice (`dg.instance_for_test` in a schedule's context) is remembered when it
    is no more, and the next run of the process, in whichever test, asks it.
    """
    if "dagster" in sys.modules:
        from dagster._core.storage.defs_state.base import _current_storage

        _current_storage.set(None)


def settings_of(home: Path) -> LakeSettings:
    """Return settings small enough for several test processes on one machine.

    Tests have so few rows that a second thread costs more than it gives: an ingest takes a third
    more of the processor, a night twice as much.
    """
    return LakeSettings(home=home, memory_limit="1GB", max_temp_size="2GB", threads=1)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> Iterator[None]:
    """A developer's own TRAPPAN_HOME or DAGSTER_HOME is nothing that a test may read or fill."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("TRAPPAN_", "DAGSTER_"))]:
            if not name.startswith("TRAPPAN_ORACLE"):
                patch.delenv(name)
        # Tests offer files that they have just written, and don't wait for them to settle.
        patch.setenv("TRAPPAN_SETTLE_SECONDS", "0")
        patch.setenv("TRAPPAN_THREADS", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_looked_for_less_often() -> Iterator[None]:
    """What Dagster and Great Expectations import would be looked through every few moments."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    # What was imported and collected until now stays to the end; pytest looks five times then.
    gc.freeze()
    yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session", autouse=True)
def _signatures_are_not_checked_at_every_opening() -> Iterator[None]:
    """DuckDB hashes 90 MB of extensions whenever a lake is opened: nine tenths of an opening.

    Tests in processes of their own check them as everybody does, and `test_lake_access.py` looks
    that a changed extension is refused.
    """

    def unchecked(settings: LakeSettings, temp: Path) -> dict[str, Any]:
        return configuration(settings, temp) | {"allow_unsigned_extensions": True}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.lake.connection.configuration", unchecked)
        yield


class NewHomes:
    """New homes get a copy of an empty lake, which was made once; making one takes half a second.

    Of lakes on servers, and of a home that has anything of a lake, it leaves everything as it is.
    """

    #: Homes whose lake began as a copy, and the catalog that each was given.
    empty_catalogs: ClassVar[dict[Path, bytes]] = {}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.are_copies = True
        self._catalog = b""

    def open(
        self, settings: LakeSettings, *, to_look_over: bool = False, sealer: Sealer | None = None
    ) -> Lake:
        """Open a lake as `Lake.open` does."""
        if self.are_copies and self._is_new(settings):
            lake = settings.home / "lake"
            # A home that can't be used is told by the opening itself.
            with suppress(OSError):
                lake.mkdir(mode=0o700, parents=True)
                catalog = lake / "catalog.sqlite"
                catalog.write_bytes(self._empty_catalog())
                catalog.chmod(0o600)
                self.empty_catalogs[settings.home] = self._empty_catalog()
        return _open(settings, to_look_over=to_look_over, sealer=sealer)

    def _is_new(self, settings: LakeSettings) -> bool:
        is_usual = not (settings.catalog or settings.data_path or settings.begins_anew)
        has_lake = (settings.home / "lake").exists() or traces_of_a_lake(settings)
        return is_usual and not has_lake

    def _empty_catalog(self) -> bytes:
        if not self._catalog:
            with _open(settings_of(self.folder)) as lake:
                place = lake.settings.home / "lake" / "catalog.sqlite"
            assert [*place.parent.glob("catalog.sqlite*")] == [place], "all of it is in one file"
            self._catalog = place.read_bytes()
        return self._catalog


_open = Lake.open
_answer_of_a_process = json_files._answer


@pytest.fixture(scope="session", autouse=True)
def _new_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewHomes]:
    """Let new homes begin with a copy of an empty lake."""
    homes = NewHomes(tmp_path_factory.mktemp("empty") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "open", homes.open)
        yield homes


@pytest.fixture(scope="module")
def lakes_are_made_as_everywhere(_new_homes: NewHomes) -> Iterator[None]:
    """For tests about the making of a lake: `pytestmark = pytest.mark.usefixtures(…)`."""
    _new_homes.are_copies = False
    yield
    _new_homes.are_copies = True


@pytest.fixture(scope="module")
def objects_are_read_as_everywhere(_objects_are_read_here: None) -> Iterator[None]:
    """For tests about the process that reads a file of SS12000: `usefixtures`, as above."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.exports.ss12000.json_files._answer", _answer_of_a_process)
        yield


@pytest.fixture(scope="session", autouse=True)
def _objects_are_read_here() -> Iterator[None]:
    """Files of SS12000 are read in the process of the test: two would start for each file.

    What starts a command of its own reads as everybody does.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.exports.ss12000.json_files._answer", read_here)
        yield


def emptied(lake: Lake) -> Lake:
    """Return the lake without a row. A new one and its first file take five times as long."""
    if not _begins_again(lake):
        _delete_all_rows(lake)
    for folder in ("quarantine", "archive"):
        shutil.rmtree(lake.settings.home / folder, ignore_errors=True)
    return lake


def _begins_again(lake: Lake) -> bool:
    """Give a lake the empty catalog that it began with, if it began with a copy.

    To delete the rows takes a third of an ingest, and every emptying would leave a snapshot and
    more for the next test to read. Between two transactions DuckDB has no file of the catalog open,
    so another file can take its place. DuckLake may remember what it knows by the numbers of
    snapshot, file and schema, so no number comes twice.
    """
    catalog = lake.settings.home / "lake" / "catalog.sqlite"
    empty = NewHomes.empty_catalogs.get(lake.settings.home)
    # With a log beside it somebody has it open: a transaction that a test did not end.
    if empty is None or catalog.with_name("catalog.sqlite-wal").exists():
        return False
    with closing(sqlite3.connect(catalog)) as before:
        ((snapshot, schema, file),) = before.execute(
            "SELECT max(snapshot_id), max(schema_version), max(next_file_id) FROM ducklake_snapshot"
        )
    fresh = catalog.with_name("fresh.sqlite")
    fresh.write_bytes(empty)
    fresh.chmod(0o600)
    with closing(sqlite3.connect(fresh)) as new, new:
        ((first, of_first),) = new.execute(
            "SELECT max(snapshot_id), max(schema_version) FROM ducklake_snapshot"
        )
        new.execute(
            "UPDATE ducklake_snapshot SET snapshot_id = ?, next_file_id = ? WHERE snapshot_id = ?",
            (snapshot + 1, file + 1, first),
        )
        new.execute(
            "UPDATE ducklake_snapshot_changes SET snapshot_id = ? WHERE snapshot_id = ?",
            (snapshot + 1, first),
        )
        if schema != of_first:
            for table in ("ducklake_snapshot", "ducklake_schema_versions"):
                new.execute(f"UPDATE {table} SET schema_version = ?", (schema + 1,))
    fresh.replace(catalog)
    return True


def _delete_all_rows(lake: Lake) -> None:
    # From the catalog alone: to ask every table would take as long as an ingest.
    full = [
        name
        for (name,) in lake.rows(
            "SELECT table_name FROM ducklake_table_info('lake') WHERE file_count > 0"
        )
    ]

    def empty(connection: duckdb.DuckDBPyConnection) -> None:
        for name in full:
            connection.execute(f"DELETE FROM {name}")

    if full:
        lake.write(empty)


@pytest.fixture(scope="module")
def lake_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all tests of a module; whoever asks for it has to expect rows of others."""
    with Lake.open(settings_of(tmp_path_factory.mktemp("lake") / "home")) as opened:
        yield opened


@pytest.fixture
def lake(lake_of_module: Lake) -> Lake:
    """The module's lake without a row."""
    return emptied(lake_of_module)


@pytest.fixture
def new_lake(tmp_path: Path) -> Iterator[Lake]:
    """A lake that no other test has used."""
    with Lake.open(settings_of(tmp_path / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One empty lake for all tests of a module that write temporary tables only.

    A temporary table stands before the lake's table of the same name, so a SELECT of `sql/` reads
    what the test gave it. Opening a lake takes a quarter of a second, giving a table two
    milliseconds.
    """
    with Lake.open(settings_of(tmp_path_factory.mktemp("scratch") / "home")) as opened:
        yield opened


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster as the project sets it up, with a history of its own."""
    # Most tests need no Dagster, and it takes a second to load.
    import dagster

    monkeypatch.setenv("TRAPPAN_DAGSTER_STORAGE", str(tmp_path))
    with dagster.DagsterInstance.from_config(str(Path(__file__).resolve().parents[1])) as made:
        yield made
