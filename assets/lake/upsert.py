"""Rows in place of older rows of the same key, in any table that knows when a row was exported.

Not here: lessons, of which there are too many for this (`storing/lessons.py`).
"""

from __future__ import annotations

import duckdb
import polars as pl

from assets.lake.schema import TemporaryTable
from assets.lake.tables import columns_of


def replace_older(
    connection: duckdb.DuckDBPyConnection, table: str, arriving: pl.DataFrame, key: tuple[str, ...]
) -> None:
    """Put rows in place of older rows of the same key; newer rows of the lake stay.

    Args:
        connection: inside a transaction.
        table: a table with `exported_at` and `file_id`.
        arriving: its columns (more are ignored), keys as text; several rows of a key may come.
        key: the columns that name a row; `lower(column)` for one that is compared in small letters.
    """
    connection.register("arriving_frame", arriving)
    try:
        replace_older_by(connection, table, "arriving_frame", key)
    finally:
        connection.unregister("arriving_frame")


def replace_older_by(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    arriving: TemporaryTable | str,
    key: tuple[str, ...],
) -> None:
    """Do the same with the rows of a temporary table or view."""
    columns = ", ".join(columns_of(table))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE arriving_rows AS SELECT * FROM {table} LIMIT 0"
    )
    connection.execute(
        f"INSERT INTO arriving_rows BY NAME SELECT {columns} FROM {arriving} QUALIFY row_number() "
        f"OVER (PARTITION BY {', '.join(key)} ORDER BY exported_at DESC, file_id DESC) = 1"
    )
    same = " AND ".join(
        f"{_of('stored', name)} IS NOT DISTINCT FROM {_of('arriving', name)}" for name in key
    )
    # The lake's table is read once; mostly there is nothing to remove.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE stored_rows AS SELECT stored.rowid AS stored_row, "
        "arriving.rowid AS arriving_row, "
        # Of one stamp is only the same file, read again.
        "coalesce((stored.exported_at, stored.file_id) <= "
        "(arriving.exported_at, arriving.file_id), false) AS is_outdated "
        f"FROM {table} AS stored JOIN arriving_rows AS arriving ON {same}"
    )
    if connection.execute("SELECT 1 FROM stored_rows WHERE is_outdated LIMIT 1").fetchone():
        connection.execute(
            f"DELETE FROM {table} WHERE rowid IN "
            "(SELECT stored_row FROM stored_rows WHERE is_outdated)"
        )
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT {columns} FROM arriving_rows "
        "WHERE rowid NOT IN (SELECT arriving_row FROM stored_rows WHERE NOT is_outdated)"
    )


def _of(table: str, name: str) -> str:
    function, bracket, column = name.rpartition("(")
    return f"{function}{bracket}{table}.{column}"
