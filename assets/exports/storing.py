"""Staged rows into the lake: newest export wins, ledger and rows in one transaction.

Not here: reading files (`staging.py`), deciding which files to take (`ingest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl

from assets.exports.outcomes import FileReport
from assets.exports.people import People
from assets.lake import Lake
from assets.sealing import Sealer
from assets.tables import TABLES

_STORED_NAMES = {table.name: [column.name for column in table.columns] for table in TABLES}


def write_reports(
    connection: duckdb.DuckDBPyConnection, sealer: Sealer, reports: Sequence[FileReport]
) -> None:
    """Write ledger rows; the caller holds the transaction."""
    if not reports:
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    ledger = [
        {
            "file_id": report.file_id,
            "file_sha256": report.sha256,
            "sealed_name": sealer.seal({"name": report.path.name}),
            "modified_at": report.modified_at,
            "received_at": now,
            "layout": report.layout,
            "exported_at": report.exported_at,
            "period_first_date": report.period[0] if report.period else None,
            "period_last_date": report.period[1] if report.period else None,
            "rows_read": report.rows_read,
            "rows_accepted": report.rows_accepted,
            "rows_rejected": report.rows_rejected,
            "rows_superseded": report.rows_superseded,
            "rows_warned": report.rows_warned,
            "outcome": str(report.outcome),
            "reason": report.reason,
        }
        for report in reports
    ]
    connection.register("ledger_frame", pl.DataFrame(ledger, schema_overrides=_LEDGER_TYPES))
    connection.execute("INSERT INTO files BY NAME SELECT * FROM ledger_frame")
    connection.unregister("ledger_frame")


_LEDGER_TYPES: dict[str, type[pl.DataType] | pl.DataType] = {
    "sealed_name": pl.Binary,
    "layout": pl.String,
    "exported_at": pl.Datetime("us"),
    "period_first_date": pl.Date,
    "period_last_date": pl.Date,
    "reason": pl.String,
}


def store_lessons(
    connection: duckdb.DuckDBPyConnection, lake: Lake, accepted: Mapping[int, int]
) -> dict[int, int]:
    """Put `arriving_lessons` in place of older rows and return superseded rows per file.

    Rows of the lake that are newer stay. The dates of everything that changed become stale.

    Args:
        connection: inside a transaction.
        lake: its lake, with `batch_lessons`, `shared_lessons` and `arriving_lessons`.
        accepted: rows without a problem in the batch, by file id.
    """
    superseded = _superseded_in_batch(lake, accepted)
    span = lake.frame(
        "SELECT min(lesson_date) AS first_date, max(lesson_date) AS last_date, "
        "min(school_unit_code) AS first_school, max(school_unit_code) AS last_school, "
        "coalesce(bool_or(lesson_id IS NOT NULL), false) AS has_ids FROM arriving_lessons"
    ).row(0, named=True)
    if span["first_date"] is None:
        return superseded
    outdone = _remove_outdated(connection, lake, span) if _may_have_rivals(lake, span) else {}
    keep = (
        "WHERE batch_row NOT IN (SELECT arriving_row FROM stored_rivals WHERE is_stored_newer)"
        if outdone
        else ""
    )
    columns = ", ".join(_STORED_NAMES["lessons"])
    connection.execute(f"INSERT INTO lessons SELECT {columns} FROM arriving_lessons {keep}")
    connection.execute(
        f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM arriving_lessons {keep}"
    )
    for file_id, rows in outdone.items():
        superseded[file_id] = superseded.get(file_id, 0) + rows
    return superseded


def _may_have_rivals(lake: Lake, span: Mapping[str, Any]) -> bool:
    """Look whether the lake has any lesson that the arriving ones could speak of.

    A school's first file of a month, the bulk of a backfill, need not be compared with anything.
    """
    if span["has_ids"]:
        return True
    found = lake.rows(
        "SELECT 1 FROM lessons WHERE lesson_date BETWEEN $first_date AND $last_date "
        "AND school_unit_code BETWEEN $first_school AND $last_school LIMIT 1",
        **{name: value for name, value in span.items() if name != "has_ids"},
    )
    return bool(found)


def _remove_outdated(
    connection: duckdb.DuckDBPyConnection, lake: Lake, span: Mapping[str, Any]
) -> dict[int, int]:
    """Remove stored lessons that arriving ones outdo; return rows outdone by stored ones per file.

    Leaves `stored_rivals` for the insert that follows.
    """
    lake.materialise("exports/stored_rivals", **span)
    first, last, has_newer = lake.rows(
        "SELECT min(lesson_date) FILTER (WHERE NOT is_stored_newer), "
        "max(lesson_date) FILTER (WHERE NOT is_stored_newer), "
        "coalesce(bool_or(is_stored_newer), false) FROM stored_rivals"
    )[0]
    if first is not None:
        connection.execute(
            "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM stored_rivals "
            "WHERE NOT is_stored_newer"
        )
        # The dates prune the files that the delete has to open.
        connection.execute(
            "DELETE FROM lessons WHERE lesson_date BETWEEN $first AND $last AND rowid IN "
            "(SELECT stored_row FROM stored_rivals WHERE NOT is_stored_newer)",
            {"first": first, "last": last},
        )
    if not has_newer:
        return {}
    return dict(
        lake.rows(
            "SELECT file_id, count(*) FROM arriving_lessons WHERE batch_row IN "
            "(SELECT arriving_row FROM stored_rivals WHERE is_stored_newer) GROUP BY file_id"
        )
    )


def _superseded_in_batch(lake: Lake, accepted: Mapping[int, int]) -> dict[int, int]:
    """Return, by file id, the accepted rows that another file of the batch outdoes."""
    if not lake.rows("SELECT 1 FROM shared_lessons LIMIT 1"):
        return {}
    kept = dict(lake.rows("SELECT file_id, count(*) FROM arriving_lessons GROUP BY file_id"))
    lost = {file_id: rows - kept.get(file_id, 0) for file_id, rows in accepted.items()}
    return {file_id: rows for file_id, rows in lost.items() if rows}


def arriving_identities(lake: Lake, rows: str) -> pl.DataFrame:
    """Return what keyed rows say of identities, one row a source and pupil."""
    lake.connection.execute(f"CREATE OR REPLACE TEMP VIEW identity_rows AS SELECT * FROM {rows}")
    return lake.relation("exports/arriving_identities")


def store_identities(connection: duckdb.DuckDBPyConnection, identities: pl.DataFrame) -> None:
    """Store what sources say of identities; each content once, the newest word per source."""
    connection.register("arriving_seals", identities)
    connection.execute(
        "INSERT INTO identities SELECT cast(content_key AS UUID), any_value(sealed) "
        "FROM arriving_seals WHERE cast(content_key AS UUID) NOT IN "
        "(SELECT content_key FROM identities) GROUP BY content_key"
    )
    connection.unregister("arriving_seals")
    replace_older(
        connection, "identity_sources", identities, ("pupil_key", "layout", "school_unit_code")
    )


def store_staff(connection: duckdb.DuckDBPyConnection, people: People) -> None:
    """Store the names of staff that the lake doesn't have yet."""
    connection.register("arriving_staff", people.sealed_staff())
    connection.execute(
        "INSERT INTO staff SELECT cast(staff_key AS UUID), sealed FROM arriving_staff "
        "WHERE cast(staff_key AS UUID) NOT IN (SELECT staff_key FROM staff)"
    )
    connection.unregister("arriving_staff")


def replace_older(
    connection: duckdb.DuckDBPyConnection, table: str, arriving: pl.DataFrame, key: tuple[str, ...]
) -> None:
    """Put rows in place of older rows of the same key; newer rows of the lake stay.

    Args:
        connection: inside a transaction.
        table: a table with `exported_at` and `file_id`.
        arriving: its columns (more are ignored), keys as text; several rows of a key may come.
        key: the columns that name a row.
    """
    connection.register("arriving_frame", arriving)
    try:
        replace_older_by(connection, table, "arriving_frame", key)
    finally:
        connection.unregister("arriving_frame")


def replace_older_by(
    connection: duckdb.DuckDBPyConnection, table: str, arriving: str, key: tuple[str, ...]
) -> None:
    """Do the same with the rows of a temporary table or view."""
    columns = ", ".join(_STORED_NAMES[table])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE arriving_rows AS SELECT * FROM {table} LIMIT 0"
    )
    connection.execute(
        f"INSERT INTO arriving_rows SELECT {columns} FROM {arriving} QUALIFY row_number() "
        f"OVER (PARTITION BY {', '.join(key)} ORDER BY exported_at DESC, file_id DESC) = 1"
    )
    same = " AND ".join(f"stored.{name} IS NOT DISTINCT FROM arriving.{name}" for name in key)
    connection.execute(
        f"DELETE FROM {table} WHERE rowid IN (SELECT stored.rowid FROM {table} AS stored "
        f"JOIN arriving_rows AS arriving ON {same} WHERE "
        "(stored.exported_at, stored.file_id) < (arriving.exported_at, arriving.file_id))"
    )
    connection.execute(
        f"INSERT INTO {table} SELECT {columns} FROM arriving_rows AS arriving WHERE NOT EXISTS "
        f"(SELECT 1 FROM {table} AS stored WHERE {same})"
    )
