"""What each lesson file brought of each school unit, so that a school's silence can be told.

A lesson's own export time is that of the newest file that said it, so a sender who says the whole
month anew every night would seem to send once. Not here: what is made of it
(`assets/checks/silence.py`).
"""

from __future__ import annotations

import duckdb


def store_sendings(connection: duckdb.DuckDBPyConnection) -> None:
    """Note what the staged lesson files say of which days; the caller holds the transaction.

    `find_coverage` has been called: it has the days, of each class. Lessons that are planned for
    days after the export are no word about these days.
    """
    connection.execute(
        "DELETE FROM school_sendings WHERE file_id IN (SELECT DISTINCT file_id FROM batch_lessons)"
    )
    connection.execute(
        "INSERT INTO school_sendings BY NAME SELECT school_unit_code, exported_at, file_id, "
        "min(lesson_date) AS first_lesson_date, max(lesson_date) AS last_lesson_date "
        "FROM arriving_coverage WHERE lesson_date <= exported_at::DATE "
        "GROUP BY school_unit_code, exported_at, file_id"
    )
