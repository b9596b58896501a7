"""Staged rows into the lake: newest export wins.

Not here: reading files (`staging/staged_tables.py`), the ledger (`ledger/entries.py`), deciding
which files to take (`ingest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import polars as pl

from assets.exports.pupils.people import People
from assets.exports.staging.slot_ids import keep_moved
from assets.exports.storing.snapshots import remove_absent_lessons, store_snapshots
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.tables import columns_of
from assets.lake.upsert import replace_older

_LESSON = ", ".join(columns_of("lessons"))


def store_lessons(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    complete: Sequence[int] = (),
    *,
    arriving: TemporaryTable,
    days: TemporaryTable,
    keeps_moved: bool = False,
) -> dict[int, int]:
    """Put arriving lessons in place of older rows; return, by file, those that are older.

    Rows of the lake that are newer stay, and rows that a newer complete file lacks don't come
    back. The dates of everything that changed become stale.

    Args:
        connection: inside a transaction.
        lake: its lake.
        complete: ids of files that say all of their schools' dates.
        arriving: the lessons.
        days: their dates, as `sql/exports/arriving_days.sql` makes it.
        keeps_moved: what was said of a lesson with an id on another date is kept beside, because
            the ids may turn out to be those of timetable slots.
    """
    span = lake.frame(
        "SELECT min(lesson_date) AS first_date, max(lesson_date) AS last_date, "
        "min(first_school) AS first_school, max(last_school) AS last_school, "
        f"coalesce(bool_or(has_ids), false) AS has_ids FROM {days}"
    ).row(0, named=True)
    if span["first_date"] is None:
        return {}
    lost: list[str] = []
    if _may_compete(lake, span):
        lost += _remove_outdated(connection, lake, span, arriving, keeps_moved=keeps_moved)
    _settle_contradicted(connection, arriving)
    snapshots = store_snapshots(connection, lake, complete)
    if snapshots is not None:
        absent = remove_absent_lessons(connection, lake, snapshots)
        if keeps_moved:
            keep_moved(
                lake,
                f"SELECT {_LESSON} FROM {arriving} WHERE lesson_id IS NOT NULL "
                f"AND batch_row IN (SELECT batch_row FROM {absent})",
            )
        lost.append(f"SELECT batch_row FROM {absent}")
    superseded = " UNION ".join(lost)
    keep = f"WHERE batch_row NOT IN ({superseded})" if lost else ""
    connection.execute(f"INSERT INTO lessons BY NAME SELECT {_LESSON} FROM {arriving} {keep}")
    connection.execute(
        f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {arriving} {keep}"
        if keep
        else f"INSERT INTO stale_days SELECT lesson_date FROM {days}"
    )
    if not lost:
        return {}
    return dict(
        lake.rows(
            f"SELECT file_id, count(*) FROM {arriving} "
            f"WHERE batch_row IN ({superseded}) GROUP BY file_id"
        )
    )


def store_side_words(
    connection: duckdb.DuckDBPyConnection, contradicted: TemporaryTable, joint: TemporaryTable
) -> None:
    """Store what a batch says beside its lessons: those contradicted, and those held together.

    Their dates become stale too: what counts is decided with the sums.

    Args:
        connection: inside a transaction.
        contradicted: rows of `contradicted_lessons`.
        joint: rows of `joint_lessons`.
    """
    for table, rows in (("contradicted_lessons", contradicted), ("joint_lessons", joint)):
        if connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone():
            # A file that could not be taken is read again the next night.
            connection.execute(f"DELETE FROM {table} WHERE file_id IN (SELECT file_id FROM {rows})")
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {rows}")
            connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {rows}")


def _settle_contradicted(connection: duckdb.DuckDBPyConnection, arriving: TemporaryTable) -> None:
    """Make the dates stale of contradicted lessons whose id arriving rows speak of elsewhere."""
    found = connection.execute("SELECT 1 FROM contradicted_lessons LIMIT 1").fetchone()
    if found:
        connection.execute(
            "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM contradicted_lessons "
            "WHERE (pupil_key, lesson_id) IN "
            f"(SELECT (pupil_key, lesson_id) FROM {arriving} WHERE lesson_id IS NOT NULL)"
        )


def _may_compete(lake: Lake, span: Mapping[str, Any]) -> bool:
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
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    span: Mapping[str, Any],
    arriving: TemporaryTable,
    *,
    keeps_moved: bool,
) -> list[str]:
    """Remove stored lessons that arriving ones supersede.

    Returns:
        When stored ones supersede any arriving ones, a SELECT of these rows.
    """
    competing = lake.materialise("exports/competing_lessons", **span)
    first, last, has_newer, has_moved = lake.rows(
        "SELECT min(lesson_date) FILTER (WHERE NOT is_stored_newer), "
        "max(lesson_date) FILTER (WHERE NOT is_stored_newer), "
        "coalesce(bool_or(is_stored_newer), false), coalesce(bool_or(is_moved), false) "
        f"FROM {competing}"
    )[0]
    if keeps_moved and has_moved:
        keep_moved(
            lake,
            f"SELECT {_LESSON} FROM lessons WHERE rowid IN "
            f"(SELECT stored_row FROM {competing} WHERE is_moved AND NOT is_stored_newer) "
            f"UNION ALL SELECT {_LESSON} FROM {arriving} WHERE batch_row IN "
            f"(SELECT arriving_row FROM {competing} WHERE is_moved AND is_stored_newer)",
        )
    if first is not None:
        connection.execute(
            f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {competing} "
            "WHERE NOT is_stored_newer"
        )
        # The dates prune the files that the delete has to open.
        connection.execute(
            "DELETE FROM lessons WHERE lesson_date BETWEEN $first AND $last AND rowid IN "
            f"(SELECT stored_row FROM {competing} WHERE NOT is_stored_newer)",
            {"first": first, "last": last},
        )
    return [f"SELECT arriving_row FROM {competing} WHERE is_stored_newer"] if has_newer else []


def keep_superseded_words(
    lake: Lake, lessons: TemporaryTable, superseded: TemporaryTable, arriving: TemporaryTable
) -> None:
    """Keep rows of a batch with an id that another row of it, about another date, supersedes.

    Args:
        lake: the lake; the caller holds the transaction.
        lessons: the staged lessons.
        superseded: those of them that others supersede.
        arriving: those that are stored.
    """
    has_any = lake.rows(
        f"SELECT 1 FROM {lessons} WHERE lesson_id IS NOT NULL "
        f"AND rowid IN (SELECT batch_row FROM {superseded}) LIMIT 1"
    )
    if has_any:
        keep_moved(
            lake,
            f"SELECT {_LESSON} FROM {lessons} AS batch WHERE lesson_id IS NOT NULL "
            f"AND rowid IN (SELECT batch_row FROM {superseded}) AND EXISTS "
            f"(SELECT 1 FROM {arriving} AS arriving "
            "WHERE arriving.pupil_key = batch.pupil_key "
            "AND arriving.lesson_id = batch.lesson_id "
            "AND arriving.lesson_date <> batch.lesson_date)",
        )


def arriving_identities(lake: Lake, rows: TemporaryTable) -> pl.DataFrame:
    """Return what keyed rows say of identities, one row a source and pupil."""
    lake.make_view("identity_rows", f"SELECT * FROM {rows}")
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
    arriving = people.sealed_staff()
    if arriving.is_empty():
        return
    connection.register("arriving_staff", arriving)
    connection.execute(
        "INSERT INTO staff SELECT cast(staff_key AS UUID), sealed FROM arriving_staff "
        "WHERE cast(staff_key AS UUID) NOT IN (SELECT staff_key FROM staff)"
    )
    connection.unregister("arriving_staff")
