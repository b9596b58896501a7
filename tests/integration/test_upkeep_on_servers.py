"""What is done to a home over the years is done where lake and portal are on servers too."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.key_file import read_keys
from assets.lake.sealed_places import FILE_NAME
from assets.lake.tables import TABLE_NAMES
from assets.upkeep.erasure.search import traces
from assets.upkeep.keys import rotate as rotating
from assets.upkeep.retention.decision import KINDS
from assets.upkeep.retention.retain import plan, retain
from tests.conftest import settings_of
from tests.integration.aged_home import PERIODS, clearing, copied, decided, words_of
from tests.integration.erased_home import NUMBER, OLD, key_of
from tests.integration.scale_out_servers import PASSWORD, S3, Postgres
from tests.integration.sealed_home import (
    KEY,
    by_place,
    openings,
    seal_everywhere,
    values_of_portal,
)
from tests.integration.served_home import ServedHome, rows_of_lake, served

#: Ends the process once the rows of the lake are gone, and the portal's before them.
_KILLED_ROUND = """
import os, signal, sys
from assets.upkeep.retention import retain as retaining
def killed(*given):
    retaining.STEPS_BEFORE[2](*given)
    os.kill(os.getpid(), signal.SIGKILL)
killed.__name__ = retaining.STEPS[2].__name__
retaining.STEPS_BEFORE = retaining.STEPS
retaining.STEPS = (*retaining.STEPS[:2], killed, *retaining.STEPS[3:])
sys.argv = ["trappan", "--home", sys.argv[1], "retain"]
from pipelines.cli.app import main
main()
"""
#: Ends the process when all is done that comes before a place.
_KILLED_CHANGE = """
import os, signal, sys
from pathlib import Path
from assets.upkeep.keys import rotate as rotating
from assets.follow_up.portal_database import PortalDatabase
from pipelines.settings import Settings
home = Path(sys.argv[1])
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
places = [place for place, _ in rotating.STEPS]
rotating.STEPS = (*rotating.STEPS[:places.index(sys.argv[2])], (sys.argv[2], kill))
portal = PortalDatabase(home, os.environ["TRAPPAN_PORTAL_DATABASE"])
rotating.rotate(rotating.HomeToReseal(Settings(home=home).lake, portal, is_alone=True,
                                      pupil_keys="pupil keys" in sys.argv))
"""
_CATALOG = "__ducklake_metadata_lake"


def decide(home: Path) -> None:
    """Lay the decision of `decided` into a home, as a municipality does."""
    lines = ["decided:", "  by: nämnden", "  on: 2029-09-01", "  reference: dnr 2029/1"]
    for kind in KINDS:
        lines += [f"{kind}:", "  because: it was decided so"]
        lines += [f"  {key}: {value}" for key, value in PERIODS[kind].items()]
    (home / "retention.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "retention.yaml").chmod(0o600)


def rows_of_portal(home: ServedHome | Path) -> dict[str, list[str]]:
    """Return the rows of a portal's tables but for its logins."""
    tables = (
        *("portal_event", "portal_pupilreference", "portal_delegation"),
        *("portal_handedpupil", "portal_accessentry"),
    )
    found: dict[str, list[Any]] = {}
    for table in tables:
        if isinstance(home, ServedHome):
            lines = home.postgres.sql(f"SELECT id FROM {table}", home.portal_name).split()
            found[table] = sorted(map(int, lines))
        else:
            with closing(sqlite3.connect(home / "portal" / "portal.sqlite")) as file:
                found[table] = sorted(row[0] for row in file.execute(f"SELECT id FROM {table}"))
    return found


def keys_of_files(home: ServedHome) -> set[str]:
    """Return the keys of the data files that the catalog knows."""
    statement = "SELECT encryption_key FROM ducklake_data_file"
    return set(home.postgres.sql(statement, home.name).split())


def sealed_everywhere(aged: Path, folder: Path) -> Path:
    """Return a copy of a home with something sealed in each place."""
    filled = copied(aged, folder)
    shutil.rmtree(filled / "portal")
    seal_everywhere(filled)
    return filled


def unsealed(files: pl.DataFrame, sealer: Sealer) -> pl.DataFrame:
    """Return rows of the ledger with names in clear: sealed again, no value is as it was."""
    names = [
        sealer.unseal_text(FILE_NAME, [row[name] for name in FILE_NAME.bound_to], sealed)
        for row in files.iter_rows(named=True)
        if (sealed := row[FILE_NAME.column])
    ]
    return files.with_columns(pl.Series(FILE_NAME.column, names))


def test_the_same_decision_leaves_the_same_rows_on_servers(
    aged: Path, tmp_path: Path, postgres: Postgres, s3: S3
) -> None:
    """Killed in the middle there, and not in the home of files."""
    home = served(aged, tmp_path / "served", postgres, s3, "aged")
    decide(home.path)
    sealer = Sealer.of_home(home.path)
    wanted = [key_of(sealer, NUMBER), key_of(sealer, OLD), NUMBER, NUMBER.replace("-", "")]
    assert {place.partition(":")[0] for place in home.found(*wanted)} == {"aged", "aged_portal"}
    files, keys = home.data_files(), keys_of_files(home)
    away = home.run("retain", TRAPPAN_PORTAL_DATABASE="postgresql://u:hemligt@127.0.0.1:1/x")
    assert (away.status, home.data_files()) == (1, files)
    assert "Nothing was deleted" in away.err
    assert "hemligt" not in away.err
    killed = home.run_program(_KILLED_ROUND)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    said = home.run("retain")
    assert said.status == 0, said.err
    assert PASSWORD not in said.out + said.err
    with home.as_set() as settings:
        left = rows_of_lake(settings)
        with Lake.open(settings) as lake:
            assert traces(lake, words_of(sealer)) == []
            again = plan(replace(clearing(lake), portal=home.portal), decided()).counts
            paths = lake.rows(f"SELECT parse_filename(path) FROM {_CATALOG}.ducklake_data_file")
    # What the command wrote itself is old by the days of this home.
    assert {kind for kind, things in again.items() if things} <= {"logs", "receipts"}
    # Files of deleted rows, which say positions only, may be left of a write.
    files = {name for name in home.data_files() if not name.endswith("-delete.parquet")}
    assert files == {name for (name,) in paths}
    # With the key of a file that is gone, a copy of it would open.
    gone = keys - keys_of_files(home)
    assert gone
    assert home.found(*wanted, *gone) == []
    embedded = copied(aged, tmp_path / "embedded")
    with Lake.open(settings_of(embedded)) as lake:
        assert retain(clearing(lake), decided()) is not None
    expected = rows_of_lake(settings_of(embedded))
    for rows in (left, expected):
        rows["files"] = unsealed(rows["files"], sealer)
    assert [name for name, frame in left.items() if not frame.equals(expected[name])] == []
    assert sum(frame.height for frame in left.values()) > 150
    assert rows_of_portal(home) == rows_of_portal(embedded)


@pytest.mark.parametrize(
    ("place", "has_s3"),
    [("portal", False), ("values of the lake", True), ("lists", True)],
)
def test_a_new_key_seals_everything_again_on_servers(
    aged: Path,
    tmp_path: Path,
    postgres: Postgres,
    s3: S3,
    monkeypatch: pytest.MonkeyPatch,
    *,
    place: str,
    has_s3: bool,
) -> None:
    """Killed before a place, and gone on with; data files lie in the home, or on S3."""
    filled = sealed_everywhere(aged, tmp_path / "filled")
    name = f"sealed_{place.partition(' ')[0]}"
    home = served(filled, tmp_path / "served", postgres, s3 if has_s3 else None, name)
    keys = keys_of_files(home)
    before, key_file = read_keys(home.path), (home.path / "pupil.key").read_bytes()
    old = Sealer(before.identity, hashes=before.hashes)
    was = [sealed for *_, sealed in values_of_portal(home.portal)]
    with home.as_set() as settings:
        everything = openings(home.path, old, settings, home.portal)
    assert all(opens for *_, opens in everything)
    assert len({place for place, *_ in everything}) == 7
    assert home.found(*was)
    refused = home.run("rotate-key")
    assert refused.status == 1
    assert "--alone" in refused.err
    assert (home.path / "pupil.key").read_bytes() == key_file
    killed = home.run_program(_KILLED_CHANGE, place)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with home.as_set() as settings:
        both = openings(home.path, Sealer.of_home(home.path), settings, home.portal)
    assert all(opens for *_, opens in both)
    monkeypatch.setattr(rotating, "_wait_for_the_latest", lambda *_: None)
    said = home.run("rotate-key", "--alone")
    assert said.status == 0, said.err
    assert PASSWORD not in said.out + said.err
    now = read_keys(home.path)
    assert (now.former, now.hashes) == (None, before.hashes)
    with home.as_set() as settings:
        assert by_place(
            openings(home.path, Sealer.of_home(home.path), settings, home.portal)
        ) == by_place(everything)
        former = Sealer(before.identity, hashes=now.hashes)
        of_old = openings(home.path, former, settings, home.portal)
        assert [name for _, name, opens in of_old if opens] == []
        with Lake.open(settings) as lake:
            paths = lake.rows(f"SELECT parse_filename(path) FROM {_CATALOG}.ducklake_data_file")
    assert home.found(*was) == []
    # No file with the old values is left, and nothing that would open a copy of one.
    whole = {name for name in home.data_files() if not name.endswith("-delete.parquet")}
    assert whole == {name for (name,) in paths}
    gone = keys - keys_of_files(home)
    assert gone
    assert home.found(*gone) == []


@pytest.mark.parametrize("place", ["lists", "tombstones"])
def test_pupils_get_new_keys_on_servers(
    aged: Path,
    tmp_path: Path,
    postgres: Postgres,
    s3: S3,
    monkeypatch: pytest.MonkeyPatch,
    *,
    place: str,
) -> None:
    """Killed when the lake has them, before lists or after these, and gone on with."""
    filled = sealed_everywhere(aged, tmp_path / "filled")
    home = served(filled, tmp_path / "served", postgres, s3, place)
    before = Sealer.of_home(home.path)
    keys = [key_of(before, NUMBER), key_of(before, OLD), KEY]
    assert {where.partition(":")[0] for where in home.found(*keys)} >= {place, f"{place}_portal"}
    with home.as_set() as settings, Lake.open(settings) as lake:
        protected = {str(key) for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
        counts = [lake.rows(f"SELECT count(*) FROM {table}") for table in TABLE_NAMES]
    wrong = [line for line in home.run("verify").out.splitlines() if "WRONG" in line]
    assert home.run_program(_KILLED_CHANGE, place, "pupil keys").returncode == -signal.SIGKILL
    refused = home.run("rates", "--month", "2026-10")
    assert refused.status == 1
    assert "rotate-key --pupil-keys" in refused.err
    monkeypatch.setattr(rotating, "_wait_for_the_latest", lambda *_: None)
    said = home.run("rotate-key", "--alone", "--pupil-keys")
    assert said.status == 0, said.err
    assert home.found(*keys) == []
    after = Sealer.of_home(home.path)
    with home.as_set() as settings, Lake.open(settings) as lake:
        now = {str(key) for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
        assert {after.first_text(key) for key in now} == protected
        assert [lake.rows(f"SELECT count(*) FROM {table}") for table in TABLE_NAMES] == counts
        assert traces(lake, words_of(after)) != []
    events = home.portal.rows("portal_event", ["pupil_key"], "")
    assert {after.first_text(key) for (key,) in events} == {KEY}
    # What was planted is nobody's, and verify says so before and after.
    assert [line for line in home.run("verify").out.splitlines() if "WRONG" in line] == wrong
