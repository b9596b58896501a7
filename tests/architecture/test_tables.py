"""The lake, the data dictionary and its document say the same."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from assets.lake.connection import Lake
from assets.lake.schema import Table
from assets.lake.tables import TABLE_NAMES, TABLES
from tests.architecture.sources import ROOT, sql_files
from tests.tools import data_dictionary


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


def test_the_documents_are_written_from_the_tables() -> None:
    found = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "docs").glob("data-dictionary*.md")
    }
    assert found == data_dictionary.pages(), "run: make docs"


@pytest.mark.parametrize("is_twice", [False, True], ids=["on none", "on two"])
def test_a_table_stands_on_one_page_of_the_dictionary(
    monkeypatch: pytest.MonkeyPatch, is_twice: bool
) -> None:
    *others, last = data_dictionary.PAGES
    tables = (*last.tables, "lessons") if is_twice else last.tables[1:]
    monkeypatch.setattr(data_dictionary, "PAGES", (*others, replace(last, tables=tables)))
    named = "lessons" if is_twice else last.tables[0]
    with pytest.raises(ValueError, match=rf"^{named}: each table"):
        data_dictionary.pages()


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
