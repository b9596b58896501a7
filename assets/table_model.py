"""The shape of a table's description, and what is made from it: statements and documentation.

Not here: which tables there are (`tables.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, meaning, and what null means ("" = never null)."""

    name: str
    type: str
    meaning: str
    null: str = ""


@dataclass(frozen=True)
class Table:
    """One table: one row per `grain`."""

    name: str
    meaning: str
    grain: str
    columns: tuple[Column, ...]
    partitioned_by: str = ""


def create_statements(table: Table) -> list[str]:
    """Return the statements that make a table in the lake."""
    columns = ", ".join(
        f"{column.name} {column.type}{'' if column.null else ' NOT NULL'}"
        for column in table.columns
    )
    statements = [f"CREATE TABLE {table.name} ({columns})"]
    if table.partitioned_by:
        statements.append(f"ALTER TABLE {table.name} SET PARTITIONED BY ({table.partitioned_by})")
    return statements


def added_columns(table: Table, present: Collection[str]) -> list[str]:
    """Return the statements that give a table of an older version its newer columns.

    What an older version did not know is null, so a column that comes later must say what null
    means.

    Args:
        table: the table as it should be.
        present: the columns that it has.
    """
    return [
        f"ALTER TABLE {table.name} ADD COLUMN {column.name} {column.type}"
        for column in table.columns
        if column.name not in present
    ]


def dictionary_page(tables: Iterable[Table]) -> str:
    """Return `docs/data-dictionary.md` for these tables."""
    lines = [
        "# Data dictionary",
        "",
        "Every table of the lake. Written from `assets/tables.py` by `make docs`; a test compares.",
        "Minutes are whole minutes. Personal data is sealed (`docs/adr/0005-sealed-values.md`).",
    ]
    for table in tables:
        lines += ["", f"## {table.name}", "", table.meaning, "", f"One row per {table.grain}."]
        if table.partitioned_by:
            lines += ["", f"Partitioned by `{table.partitioned_by}`."]
        lines += ["", "| column | type | meaning | null means |", "|---|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.type} | {column.meaning.replace('|', '/')} "
            f"| {column.null or 'never null'} |"
            for column in table.columns
        ]
    return "\n".join(lines) + "\n"
