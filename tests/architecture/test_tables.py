"""The lake, the data dictionary and its document say the same."""

from __future__ import annotations

import duckdb
import pytest

from assets.lake.connection import Lake
from assets.lake.schema import Table
from assets.lake.tables import TABLE_NAMES, TABLES, data_dictionary
from tests.architecture.sources import ROOT, sql_files


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_new_lake_has_the_documented_columns(scratch: Lake, table: Table) -> None:
    described = scratch.rows(f"DESCRIBE lake.{table.name}")
    # DuckDB writes DECIMAL(18,4) without the blank.
    found = [(name, kind.replace(",", ", "), null == "YES") for name, kind, null, *_ in described]
    expected = [(column.name, column.type, bool(column.null)) for column in table.columns]
    assert found == expected


def test_a_new_lake_has_the_documented_tables_and_no_other(scratch: Lake) -> None:
    found = scratch.rows(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' ORDER BY ALL"
    )
    assert [name for (name,) in found] == sorted(table.name for table in TABLES)


def test_the_document_is_written_from_the_tables() -> None:
    document = ROOT / "docs" / "data-dictionary.md"
    assert document.read_text(encoding="utf-8") == data_dictionary(), "run: make docs"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_is_named_as_the_house_names_things(table: Table) -> None:
    for column in table.columns:
        if column.type == "BOOLEAN":
            assert column.name.startswith(("is_", "has_"))
        if column.type == "DATE":
            assert column.name.endswith(("_date", "window_start", "window_end"))
        if column.type == "TIMESTAMP":
            assert column.name.endswith("_at")
        if column.type == "UUID":
            assert column.name.endswith("_key")


def test_the_same_column_means_the_same_everywhere() -> None:
    kinds: dict[str, set[str]] = {}
    for table in TABLES:
        for column in table.columns:
            kinds.setdefault(column.name, set()).add(column.type)
    # A lesson's minutes are small; sums of them are not.
    varying = {name for name, types in kinds.items() if len(types) > 1}
    assert varying <= {"scheduled_minutes", "valid_minutes", "invalid_minutes"}


def test_a_table_that_sql_makes_has_the_name_of_its_file() -> None:
    made = {"absence_daily", "absence_monthly"}
    assert made <= {path.stem for path in sql_files()} & {table.name for table in TABLES}


def test_no_table_of_the_lake_has_a_name_that_duckdb_has_itself() -> None:
    # Names are sought in DuckDB's own schema before the lake (`assets/lake/connection.py`).
    with duckdb.connect() as connection:
        own = connection.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()
    assert own
    assert not {name for (name,) in own} & TABLE_NAMES
