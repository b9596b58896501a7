"""Breaks of schools (`lov`) into the lake: of a layout and school unit the newest file counts.

A file that names a school says all of its breaks: one that was planned and is not in the newer file
any more is gone, so that no school is excused by a plan that was changed. Not here: how a row is
read (`sql/exports/staged_school_breaks.sql`), what a break excuses (`assets/checks/silence.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from assets.lake import Lake


def store_school_breaks(
    connection: duckdb.DuckDBPyConnection, lake: Lake, layout: str, ids: Sequence[int]
) -> None:
    """Put staged breaks in place of what older files of the layout said of the same school units.

    Args:
        connection: inside a transaction.
        lake: its lake, with `batch_school_breaks`.
        layout: the layout that the files were read with.
        ids: of the files.
    """
    arriving = lake.frame(
        "SELECT school_unit_code, $layout AS layout, first_date, last_date, break_name, "
        "exported_at, file_id FROM batch_school_breaks WHERE problem IS NULL "
        "AND file_id IN (SELECT unnest($ids::BIGINT[])) "
        "QUALIFY (exported_at, file_id) = max((exported_at, file_id)) "
        "OVER (PARTITION BY school_unit_code)",
        layout=layout,
        ids=list(ids),
    )
    connection.register("arriving_breaks", arriving)
    same = "stored.school_unit_code = arriving.school_unit_code AND stored.layout = arriving.layout"
    try:
        connection.execute(
            "DELETE FROM school_breaks WHERE rowid IN (SELECT stored.rowid "
            f"FROM school_breaks AS stored JOIN arriving_breaks AS arriving ON {same} "
            "WHERE (stored.exported_at, stored.file_id) <= "
            "(arriving.exported_at, arriving.file_id))"
        )
        # What is left of such a school unit is newer.
        connection.execute(
            "INSERT INTO school_breaks BY NAME SELECT * FROM arriving_breaks AS arriving "
            f"WHERE NOT EXISTS (SELECT 1 FROM school_breaks AS stored WHERE {same} "
            "AND stored.file_id <> arriving.file_id)"
        )
    finally:
        connection.unregister("arriving_breaks")
