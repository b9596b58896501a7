"""A home of files moved to servers: its lake to Postgres and S3, or a folder, and its portal.

Every row is copied, and no night is made again on servers: so what is done to both homes afterwards
has to leave the same rows in both, with the same ids. Not here: any expectation.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest

from assets.follow_up.portal_database import PortalDatabase, database_file
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLE_NAMES
from pipelines.settings import Settings
from tests.architecture.sources import ROOT
from tests.conftest import settings_of
from tests.integration.conftest import Said, trappan
from tests.integration.scale_out_servers import BUCKET, PASSWORD, ROLE, S3, Postgres

_PORTAL = "portal"
_TYPES = {"integer": "bigint", "bool": "boolean", "blob": "bytea", "datetime": "timestamptz"}


@dataclass(frozen=True)
class ServedHome:
    """A home whose lake and portal are on servers.

    Attributes:
        path: its folder.
        postgres: has the catalog in a database of `name`, and the portal's in another.
        s3: has the data files; None where they lie in the home.
        name: of the database, and of the folder in the bucket.
    """

    path: Path
    postgres: Postgres
    s3: S3 | None
    name: str

    @property
    def portal_name(self) -> str:
        """The portal's database."""
        return f"{self.name}_{_PORTAL}"

    @property
    def portal(self) -> PortalDatabase:
        """The portal's database, as commands know it."""
        return PortalDatabase(self.path, self.environment["TRAPPAN_PORTAL_DATABASE"])

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets."""
        return {
            "TRAPPAN_CATALOG": self.postgres.catalog(self.name),
            "TRAPPAN_PORTAL_DATABASE": f"postgresql://{ROLE}:{quote(PASSWORD)}@127.0.0.1:"
            f"{self.postgres.port}/{self.portal_name}",
            "PGPASSWORD": PASSWORD,
            **(
                {**self.s3.environment, "TRAPPAN_DATA_PATH": f"s3://{BUCKET}/{self.name}/"}
                if self.s3
                else {}
            ),
        }

    @contextmanager
    def as_set(self, **changed: str) -> Iterator[LakeSettings]:
        """Set what an operator sets, and give the settings of the lake."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **changed}.items():
                patch.setenv(name, value)
            yield Settings(home=self.path, memory_limit="1GB").lake

    def run(self, *words: object, **changed: str) -> Said:
        """Run a command."""
        with self.as_set(**changed):
            return trappan("--home", self.path, *words)

    def run_program(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of Python in a process of its own, with the home as its first word."""
        return subprocess.run(
            [sys.executable, "-c", program, str(self.path), *words],
            cwd=ROOT,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    def data_files(self) -> set[str]:
        """Return the names of all data files that are there."""
        if self.s3:
            return {name.rpartition("/")[2] for name in self.s3.objects(f"{self.name}/")}
        return {path.name for path in (self.path / "lake" / "data").rglob("*.parquet")}

    def found(self, *words: str | bytes) -> list[str]:
        """Return where words are found in its databases, the server's own statistics too."""
        return [
            f"{name}: {where}"
            for name in (self.name, self.portal_name)
            for where in self.postgres.found(name, *words)
        ]


def rows_of_lake(settings: LakeSettings) -> dict[str, pl.DataFrame]:
    """Return all rows of a lake, table by table."""
    with Lake.open(settings) as lake:
        return {
            name: lake.frame(f"SELECT * FROM lake.{name} ORDER BY ALL")
            for name in sorted(TABLE_NAMES)
        }


def served(home: Path, folder: Path, postgres: Postgres, s3: S3 | None, name: str) -> ServedHome:
    """Copy a home, move its lake and its portal to servers, and let the server look at both."""
    copy = folder / "home"
    shutil.copytree(home, copy, symlinks=True)
    found = ServedHome(copy, postgres, s3, name)
    rows = rows_of_lake(settings_of(copy))
    shutil.rmtree(copy / "lake")
    for database in (found.name, found.portal_name):
        postgres.database(database)
    with (
        found.as_set() as settings,
        Lake.open(replace(settings, begins_anew=True)) as lake,
        lake.writing(),
    ):
        for table, frame in rows.items():
            if not frame.is_empty():
                _put(lake, table, frame)
    _move_portal(found)
    # What the server's own housekeeping does: it counts which values are common.
    for database in (found.name, found.portal_name):
        postgres.sql("ANALYZE", database)
    return found


def _put(lake: Lake, table: str, frame: pl.DataFrame) -> None:
    lake.connection.register("moved", frame)
    try:
        lake.write(lambda c: c.execute(f"INSERT INTO lake.{table} BY NAME SELECT * FROM moved"))
    finally:
        lake.connection.unregister("moved")


def _move_portal(home: ServedHome) -> None:
    """Make the tables of the home's file on the server, and put its rows into them."""
    path = database_file(home.path)
    statements = [f"SET ROLE {ROLE}"]
    with closing(sqlite3.connect(path)) as file:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        for (name,) in file.execute(tables).fetchall():
            columns = [
                (column, _TYPES.get(kind.lower(), kind))
                for _, column, kind, *_ in file.execute(f"PRAGMA table_info({name})")
            ]
            described = ", ".join(f"{column} {kind}" for column, kind in columns)
            statements.append(f"CREATE TABLE {name} ({described})")
            for row in file.execute(f"SELECT * FROM {name}"):
                values = ", ".join(
                    _literal(value, kind) for value, (_, kind) in zip(row, columns, strict=True)
                )
                statements.append(f"INSERT INTO {name} VALUES ({values})")
    home.postgres.sql("; ".join(statements), home.portal_name)
    for beside in path.parent.glob(f"{path.name}*"):
        beside.unlink()


def _literal(value: object, kind: str) -> str:
    if value is None:
        return "NULL"
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    zone = "+00" if kind == "timestamptz" else ""
    return f"'{text}{zone}'::{kind}"
