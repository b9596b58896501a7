"""Complete files: lessons that a newer complete file of their school and date lacks are removed.

What a lesson is stored as is the newest word about it, unless a complete file newer than that
word covers its school and date without it. That is the same whatever order files arrive in, so
complete files are remembered (`lesson_snapshots`), and so are lessons with an id that were removed
(`removed_lessons`): an older word about them may lie on another date.

Not here: how rows replace rows of the same lesson (`storing/lessons.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from assets.exports.ledger.problems import ProblemLog
from assets.exports.readers.layouts import FoundHeader
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.upsert import replace_older

#: A file that spans more days than a school year has a wrong date in it, and removes nothing.
MOST_DAYS = 366


def complete_files(
    lake: Lake,
    lessons: TemporaryTable,
    headers: Mapping[int, FoundHeader],
    problems: ProblemLog,
) -> list[int]:
    """Return the ids of staged files that say all of a period.

    A file with refused rows doesn't: what they said is not known, so it removes nothing.
    """
    ids = [
        file_id
        for file_id, header in headers.items()
        if header.match.layout.restates == "school_period" and not problems.refused(file_id)
    ]
    if not ids:
        return []
    rows = lake.rows(
        f"SELECT file_id FROM {lessons} WHERE file_id IN (SELECT unnest($ids::BIGINT[])) "
        "GROUP BY file_id HAVING max(lesson_date) - min(lesson_date) < $days",
        ids=ids,
        days=MOST_DAYS,
    )
    return [file_id for (file_id,) in rows]


def snapshot_reason(header: FoundHeader, reason: str | None, refused: int) -> str | None:
    """Return the reason of a file, with the word that it removes nothing when it can't."""
    if header.match.layout.restates != "school_period" or not refused:
        return reason
    said = "with refused rows it is not complete, so no lesson was removed"
    return f"{said}; {reason}" if reason else said


def find_snapshots(lake: Lake, complete: Sequence[int]) -> TemporaryTable:
    """Find the school units and dates of which these staged files say all."""
    lake.load("complete_files", pl.DataFrame({"file_id": complete}, schema={"file_id": pl.Int64}))
    return lake.materialise("exports/arriving_snapshots")


def store_snapshots(
    connection: duckdb.DuckDBPyConnection, lake: Lake, complete: Sequence[int]
) -> TemporaryTable | None:
    """Remember the batch's complete files; return what they cover, None if the lake knows none."""
    if not complete and not lake.rows("SELECT 1 FROM lesson_snapshots LIMIT 1"):
        return None
    snapshots = find_snapshots(lake, complete)
    if complete:
        covered = lake.frame(f"SELECT * FROM {snapshots}")
        replace_older(connection, "lesson_snapshots", covered, ("school_unit_code", "lesson_date"))
    return snapshots


def remove_absent_lessons(
    connection: duckdb.DuckDBPyConnection, lake: Lake, snapshots: TemporaryTable
) -> TemporaryTable:
    """Remove stored lessons that the batch's complete files lack; return such arriving ones.

    The caller has removed stored rows that the batch has again.
    """
    absent = lake.materialise("exports/absent_from_snapshot")
    _remember_removed(connection, lake, absent)
    first, last = lake.rows(f"SELECT min(lesson_date), max(lesson_date) FROM {snapshots}")[0]
    if first is None:
        return absent
    removed = lake.materialise("exports/removed_by_snapshot", first_date=first, last_date=last)
    _remember_removed(connection, lake, removed)
    connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {removed}")
    connection.execute(
        "DELETE FROM lessons WHERE lesson_date BETWEEN $first AND $last "
        f"AND rowid IN (SELECT stored_row FROM {removed})",
        {"first": first, "last": last},
    )
    return absent


def _remember_removed(
    connection: duckdb.DuckDBPyConnection, lake: Lake, superseded: TemporaryTable
) -> None:
    removed = lake.frame(
        "SELECT cast(pupil_key AS VARCHAR) AS pupil_key, lesson_id, exported_at, file_id "
        f"FROM {superseded} WHERE lesson_id IS NOT NULL"
    )
    if removed.height:
        replace_older(connection, "removed_lessons", removed, ("pupil_key", "lesson_id"))
