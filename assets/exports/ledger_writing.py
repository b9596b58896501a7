"""Ledger rows into the lake, and taking back what the ledger said of a file before.

Not here: reading the ledger (`ledger.py`), the rows of the files (`storing.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb
import polars as pl

from assets.exports.outcomes import FileReport
from assets.exports.roster_changes import watching_rosters
from assets.lake import Lake
from assets.sealing import Sealer

_LEDGER_TYPES: dict[str, type[pl.DataType] | pl.DataType] = {
    "sealed_name": pl.Binary,
    "layout": pl.String,
    "exported_at": pl.Datetime("us"),
    "period_first_date": pl.Date,
    "period_last_date": pl.Date,
    "reason": pl.String,
}


#: Tables whose rows are a file's own words.
_OF_FILES = (
    "lessons",
    "moved_lessons",
    "contradicted_lessons",
    "joint_lessons",
    "enrolments",
    "monthly_sums",
    "class_coverage",
    "school_sendings",
    "row_problems",
)


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
            "sealed_name": sealer.seal({"name": report.name}),
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


def forget_quarantined(
    connection: duckdb.DuckDBPyConnection, reports: Sequence[FileReport]
) -> None:
    """Take back what the ledger said of these files when they could not be read."""
    ids = {"ids": [report.file_id for report in reports]}
    mine = "file_id IN (SELECT unnest($ids::BIGINT[]))"
    known = connection.execute(
        f"SELECT count(*) FROM files WHERE {mine} AND outcome = 'quarantined'", ids
    ).fetchone()
    if known and known[0]:
        connection.execute(f"DELETE FROM row_problems WHERE {mine}", ids)
        connection.execute(f"DELETE FROM files WHERE {mine} AND outcome = 'quarantined'", ids)


def forget_read(connection: duckdb.DuckDBPyConnection, lake: Lake, file_ids: Sequence[int]) -> None:
    """Take back what was read of files that are read again: ledger rows, problems and rows.

    Rows that other files have outdone are gone already; what the files say of identities stays
    until they say it anew, so that nobody's protection ends for a moment.
    """
    ids = {"ids": list(file_ids)}
    mine = "file_id IN (SELECT unnest($ids::BIGINT[]))"
    connection.execute(
        f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons WHERE {mine}", ids
    )
    connection.execute(
        "INSERT INTO stale_days "
        f"SELECT DISTINCT lesson_date FROM contradicted_lessons WHERE {mine} "
        f"UNION SELECT DISTINCT lesson_date FROM joint_lessons WHERE {mine}",
        ids,
    )
    listed = ", ".join(map(str, file_ids))
    pupils = f"SELECT DISTINCT pupil_key FROM enrolments WHERE file_id IN ({listed})"
    with watching_rosters(connection, lake, pupils):
        for table in _OF_FILES:
            connection.execute(f"DELETE FROM {table} WHERE {mine}", ids)
    connection.execute(f"DELETE FROM files WHERE {mine} AND outcome <> 'duplicate'", ids)
