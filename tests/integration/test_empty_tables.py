"""The catalog has the statistics of tables without a row; those of the first rows are as ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.tables import TABLE_NAMES
from tests.conftest import settings_of
from tests.integration.ingest_files import lesson, offer, put, text_of

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")

CATALOG = "__ducklake_metadata_lake"
TABLES = ("lessons", "absence_daily", "absence_monthly", "school_units")


def sizes(lake: Lake) -> dict[str, tuple[int, ...]]:
    return {
        table: (records, next_row)
        for table, records, next_row in lake.connection.execute(
            f"SELECT table_name, record_count, next_row_id FROM {CATALOG}.ducklake_table_stats "
            f"JOIN {CATALOG}.ducklake_table USING (table_id) WHERE end_snapshot IS NULL"
        ).fetchall()
    }


def columns(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.connection.execute(
        "SELECT table_name, column_name, contains_null, contains_nan, min_value, max_value "
        f"FROM {CATALOG}.ducklake_table_column_stats AS stats "
        f"JOIN {CATALOG}.ducklake_table AS tables USING (table_id) "
        f"JOIN {CATALOG}.ducklake_column AS columns USING (table_id, column_id) "
        "WHERE tables.end_snapshot IS NULL AND columns.end_snapshot IS NULL ORDER BY ALL"
    ).fetchall()


def test_a_new_lake_knows_of_every_table_that_it_has_no_row(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        found = sizes(lake)
        assert set(found) == set(TABLE_NAMES)
        assert set(found.values()) == {(0, 0)}
        assert {(table, low, high) for table, _, _, _, low, high in columns(lake)} == {
            (table, None, None) for table in TABLE_NAMES
        }


def test_the_statistics_of_the_first_rows_are_those_of_a_lake_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Sealer.of_home(tmp_path)
    path = put(
        tmp_path / "inbox",
        "lektioner_20261101T0500.csv",
        text_of([lesson(n, date=f"2026-10-{day:02d}") for n in range(5) for day in range(1, 9)]),
    )
    found = []
    for name in ("with", "without"):
        home = tmp_path / name
        if name == "without":
            monkeypatch.setattr("assets.lake.connection.know_empty_tables", lambda _: None)
        with Lake.open(settings_of(home)) as lake:
            assert bool(sizes(lake)) == (name == "with")
        # The same key, so that keys of pupils are the same.
        shutil.copy(tmp_path / "pupil.key", home)
        with Lake.open(settings_of(home)) as lake:
            offer(lake, path)
            refresh_sums(lake)
            has_rows = {table: sizes(lake)[table] for table in TABLES}
            found.append((has_rows, [row for row in columns(lake) if row[0] in TABLES]))
    assert found[0] == found[1]
    assert len(found[0][1]) > 30
