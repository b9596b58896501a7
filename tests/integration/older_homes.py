"""Homes of older programs, and made-up later versions of the lake's form, for tests of upgrades.

Not here: any expectation.
"""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.lake import connection
from assets.lake.connection import Lake
from assets.lake.schema import Column, Table
from assets.lake.settings import LakeSettings, extension_path
from assets.lake.tables import TABLES
from assets.lake.upgrading import versions
from assets.lake.upgrading.versions import UpgradeStep
from tests.conftest import settings_of

LAKES = Path(__file__).resolve().parents[1] / "lakes"
ZIPS = sorted(LAKES.glob("version-*.zip"))


def number_of(packed: Path) -> int:
    """Return the version of a zip."""
    return int(packed.stem.removeprefix("version-"))


def unpacked(packed: Path, folder: Path) -> Path:
    """Unpack a home as it was, links and modes too, and return it."""
    home = folder / "home"
    with zipfile.ZipFile(packed) as found:
        for name in found.namelist():
            if name.startswith("home/"):
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                place.write_bytes(found.read(name))
                place.chmod(0o600)
        for name, target in json.loads(found.read("links.json")).items():
            place = home / name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.symlink_to(target)
    (home / "inbox").mkdir(mode=0o700)
    return home


def answers_of(packed: Path) -> list[list[str]]:
    """Return the questions of a zip, each with the answer as its last word."""
    with zipfile.ZipFile(packed) as found:
        answers: list[list[str]] = json.loads(found.read("answers.json"))
    return answers


def form_of(home: Path) -> dict[str, set[tuple[str, str]]]:
    """Return the tables of a lake that nobody has open, with names and types of their columns."""
    with closing(sqlite3.connect(home / "lake" / "catalog.sqlite")) as catalog:
        rows = catalog.execute(
            "SELECT table_name, column_name, column_type FROM ducklake_column "
            "JOIN ducklake_table USING (table_id) WHERE ducklake_column.end_snapshot IS NULL "
            "AND ducklake_table.end_snapshot IS NULL"
        ).fetchall()
    found: dict[str, set[tuple[str, str]]] = {}
    for table, column, kind in rows:
        found.setdefault(table, set()).add((column, kind))
    return found


def tags_of(home: Path) -> list[str]:
    """Return every version that a lake has said of itself, in order."""
    with closing(sqlite3.connect(home / "lake" / "catalog.sqlite")) as catalog:
        rows = catalog.execute("SELECT value FROM ducklake_tag ORDER BY begin_snapshot").fetchall()
    return [str(value) for (value,) in rows]


def on_postgres(home: Path, catalog: str) -> LakeSettings:
    """Move the catalog of a home to an empty database of Postgres, row by row, and return both.

    DuckLake's own tables are the same there; those of a new lake are emptied and filled.
    """
    settings = LakeSettings(home=home, catalog=catalog, memory_limit="1GB", threads=1)
    place = home / "lake" / "catalog.sqlite"
    aside = home.parent / "older.sqlite"
    place.rename(aside)
    with duckdb.connect(config={"allow_unsigned_extensions": True}) as moving:
        for name in ("postgres_scanner", "sqlite_scanner", "ducklake"):
            moving.execute(f"LOAD '{extension_path(name)}'")
        moving.execute(
            f"ATTACH 'ducklake:{catalog}' AS made (DATA_PATH '{settings.data_string}', ENCRYPTED)"
        )
        moving.execute("DETACH made")
        moving.execute(f"ATTACH '{catalog.removeprefix('postgres:')}' AS new (TYPE postgres)")
        moving.execute(f"ATTACH '{aside}' AS old (TYPE sqlite, READ_ONLY)")
        tables = moving.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'old' "
            "AND table_name LIKE 'ducklake_%'"
        ).fetchall()
        made = {
            name
            for (name,) in moving.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'new'"
            ).fetchall()
        }
        for (name,) in tables:
            if name in made:
                moving.execute(f"DELETE FROM new.{name}")
            if name in made and moving.execute(f"SELECT 1 FROM old.{name} LIMIT 1").fetchone():
                moving.execute(f"INSERT INTO new.{name} BY NAME SELECT * FROM old.{name}")
    return settings


# --- made-up later versions ----------------------------------------------------------------------

#: A column that the third version fills from others, and a table that comes with the fourth.
SENDER = Column("said_by", "VARCHAR", "Who sent it.", "an older version did not know")
NOTES = Table(
    "made_up_notes",
    "A table of a version to come.",
    "a note",
    (Column("note", "VARCHAR", "The note."),),
)


def fill_senders(lake: duckdb.DuckDBPyConnection) -> None:
    """The third version: every file has a sender."""
    has_it = lake.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'lake' AND table_name = 'files' "
        "AND column_name = 'said_by'"
    ).fetchone()
    if not has_it:
        lake.execute("ALTER TABLE lake.files ADD COLUMN said_by VARCHAR")
    lake.execute("UPDATE lake.files SET said_by = 'kommunen' WHERE said_by IS NULL")


def double_minutes(lake: duckdb.DuckDBPyConnection) -> None:
    """The fourth version: what would show at once if a step were taken twice, or not at all."""
    lake.execute("UPDATE lake.absence_daily SET lessons = lessons * 2")


THIRD = UpgradeStep(3, "Every file gets its sender.", fill_senders)
FOURTH = UpgradeStep(4, "Lessons of a day are counted by halves.", double_minutes)
LATER_TABLES = (
    *(
        Table(t.name, t.meaning, t.grain, (*t.columns, SENDER), t.partitioned_by)
        if t.name == "files"
        else t
        for t in TABLES
    ),
    NOTES,
)


@contextmanager
def program_of(*steps: UpgradeStep) -> Iterator[None]:
    """Be a later program: with steps after this one's, and with the tables of then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "STEPS", (*versions.STEPS, *steps))
        patch.setattr(connection, "TABLES", LATER_TABLES)
        yield


def opened(
    home: Path, ask: Callable[[Lake], Any] = lambda _: None, *, upgrades: bool = False
) -> Any:
    """Open the lake of a home and ask it something."""
    settings = settings_of(home)
    changed = LakeSettings(**{**vars(settings), "upgrades": upgrades})
    with Lake.open(changed) as lake:
        return ask(lake)
