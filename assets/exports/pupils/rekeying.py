"""Stored rows of a pupil whose number was changed get the key that stands for the pupil.

In the transaction that stores the merge. Where both keys had a row of the same thing, the newest
word counts, as everywhere. Not here: which key stands for whom (`merges.py`), numbers that are
parted again (`exports/unmerge.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import polars as pl

from assets.exports.pupils.results import let_follow
from assets.exports.staging.slot_ids import keep_moved
from assets.exports.storing.roster_changes import watching_rosters
from assets.lake.connection import Lake
from assets.lake.upsert import replace_older

# Table: keys of a row, with the rows that they are for.
_KEYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("removed_lessons", "true", ("pupil_key", "lesson_id")),
    ("moved_lessons", "true", ("pupil_key", "lesson_id", "lesson_date")),
    ("lessons", "lesson_id IS NOT NULL", ("pupil_key", "lesson_id")),
    (
        "lessons",
        "lesson_id IS NULL",
        ("pupil_key", "school_unit_code", "starts_at", "lower(subject)", "lesson_id"),
    ),
    ("enrolments", "true", ("pupil_key", "school_unit_code", "start_date")),
    ("moving_records", "true", ("pupil_key", "school_unit_code", "start_date")),
    (
        "monthly_sums",
        "true",
        ("pupil_key", "school_unit_code", "activity", "period_first_date", "period_last_date"),
    ),
    ("identity_sources", "true", ("pupil_key", "layout", "school_unit_code")),
    (
        "missing_lessons",
        "true",
        ("pupil_key", "school_unit_code", "starts_at", "subject", "file_id"),
    ),
)
_UUIDS = {
    "lessons": ("pupil_key", "mentor_key"),
    "moved_lessons": ("pupil_key", "mentor_key"),
    "enrolments": ("pupil_key", "mentor_key", "number_key"),
    "moving_records": ("pupil_key",),
    "monthly_sums": ("pupil_key", "mentor_key"),
    "identity_sources": ("pupil_key", "content_key"),
    "removed_lessons": ("pupil_key",),
    "missing_lessons": ("pupil_key", "class_key"),
}
# What a row was said of stays with it.
_KEPT = {"number_key": "coalesce(stored.number_key, stored.pupil_key)"}


# Pupils one of whose numbers had records of its own.
_WITH_MOVED_RECORDS = (
    "SELECT cast(unnest([old_key, new_key]) AS UUID) AS pupil_key FROM new_keys_of_pupils "
    "WHERE cast(old_key AS UUID) IN (SELECT pupil_key FROM enrolments)"
)


def rekey(
    connection: duckdb.DuckDBPyConnection, lake: Lake, keys: Mapping[uuid.UUID, uuid.UUID]
) -> None:
    """Give stored rows the keys that stand for their pupils; the caller holds the transaction.

    Args:
        connection: inside a transaction.
        lake: its lake.
        keys: for each old key the one that stands for the pupil.
    """
    if not keys:
        return
    texts = {"old_key": [str(k) for k in keys], "new_key": [str(k) for k in keys.values()]}
    lake.load("new_keys_of_pupils", pl.DataFrame(texts))
    connection.execute(
        "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons "
        "WHERE pupil_key IN (SELECT cast(old_key AS UUID) FROM new_keys_of_pupils)"
    )
    _keep_words_of_other_dates(lake)
    with watching_rosters(connection, lake, _WITH_MOVED_RECORDS):
        # Since when each number's records are known; of both, the sooner.
        _rekey_in_place(connection, "enrolment_claims")
        for table, rows, key in _KEYS:
            _rekey_table(connection, lake, table, rows, key)
    _rekey_side_words(connection)
    _keep_removed_away(connection)
    let_follow(connection, lake, {**keys, **{last: last for last in keys.values()}})
    # What was said of protection stays with the number that it was said of.
    connection.execute(
        "UPDATE pupil_numbers SET pupil_key = cast(keys.new_key AS UUID) "
        "FROM (SELECT old_key AS number_key, new_key FROM new_keys_of_pupils "
        "UNION SELECT new_key AS number_key, new_key FROM new_keys_of_pupils) AS keys "
        "WHERE pupil_numbers.number_key = cast(keys.number_key AS UUID)"
    )
    # The objects of SS12000 name persons, and lessons are derived again from them.
    _rekey_in_place(connection, "ss12000_persons")


def _keep_words_of_other_dates(lake: Lake) -> None:
    """Keep lessons that both numbers have under one id on other dates: one of them will go."""
    keep_moved(
        lake,
        "SELECT * EXCLUDE (standing_key) REPLACE (standing_key AS pupil_key) FROM ("
        "SELECT stored.*, coalesce(cast(keys.new_key AS UUID), stored.pupil_key) AS standing_key "
        "FROM lessons AS stored LEFT JOIN new_keys_of_pupils AS keys "
        "ON stored.pupil_key = cast(keys.old_key AS UUID) WHERE stored.lesson_id IS NOT NULL "
        "AND (keys.old_key IS NOT NULL OR stored.pupil_key IN "
        "(SELECT cast(new_key AS UUID) FROM new_keys_of_pupils))) "
        "WINDOW same_lesson AS (PARTITION BY standing_key, lesson_id) "
        "QUALIFY min(lesson_date) OVER same_lesson <> max(lesson_date) OVER same_lesson",
    )


def _rekey_side_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Give what is remembered beside lessons the new keys; no two rows become one."""
    connection.execute(
        "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM contradicted_lessons "
        "WHERE pupil_key IN (SELECT cast(old_key AS UUID) FROM new_keys_of_pupils)"
    )
    for table in ("contradicted_lessons", "joint_lessons", "planned_lessons", "absence_words"):
        connection.execute(
            f"UPDATE {table} SET pupil_key = cast(keys.new_key AS UUID) "
            "FROM new_keys_of_pupils AS keys "
            f"WHERE {table}.pupil_key = cast(keys.old_key AS UUID)"
        )


def _rekey_in_place(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Give rows the new keys, and let them keep the numbers that they were said of."""
    connection.execute(
        f"UPDATE {table} SET pupil_key = cast(keys.new_key AS UUID), "
        f"number_key = coalesce({table}.number_key, {table}.pupil_key) "
        "FROM new_keys_of_pupils AS keys "
        f"WHERE {table}.pupil_key = cast(keys.old_key AS UUID)"
    )


def _rekey_table(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: str, rows: str, key: tuple[str, ...]
) -> None:
    texts = "".join(
        f", cast({_KEPT.get(name, f'stored.{name}')} AS VARCHAR) AS {name}"
        for name in _UUIDS[table]
        if name != "pupil_key"
    )
    moving = lake.frame(
        f"SELECT stored.* REPLACE (keys.new_key AS pupil_key{texts}) FROM {table} AS stored "
        f"JOIN new_keys_of_pupils AS keys ON stored.pupil_key = cast(keys.old_key AS UUID) "
        f"WHERE {rows}"
    )
    if moving.is_empty():
        return
    connection.execute(
        f"DELETE FROM {table} WHERE {rows} AND pupil_key IN "
        "(SELECT cast(old_key AS UUID) FROM new_keys_of_pupils)"
    )
    replace_older(connection, table, moving, key)


def keep_changes(
    connection: duckdb.DuckDBPyConnection,
    changes: Sequence[tuple[uuid.UUID, uuid.UUID, datetime]],
) -> None:
    """Keep since when a later number's word of protection counts for an older one.

    Args:
        connection: inside a transaction.
        changes: all that are known: a number, a later one, since when.
    """
    rows = [(str(old), str(later), since) for old, later, since in changes]
    connection.register(
        "known_changes",
        pl.DataFrame(
            rows,
            schema={
                "number_key": pl.String,
                "later_key": pl.String,
                "since_at": pl.Datetime("us"),
            },
            orient="row",
        ),
    )
    connection.execute("DELETE FROM number_changes")
    connection.execute(
        "INSERT INTO number_changes SELECT cast(number_key AS UUID), cast(later_key AS UUID), "
        "since_at FROM known_changes"
    )
    connection.unregister("known_changes")


def _keep_removed_away(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove lessons of which the other number had a newer word that a complete file outdid."""
    superseded = (
        "SELECT stored.rowid FROM lessons AS stored JOIN removed_lessons AS removed "
        "ON stored.pupil_key = removed.pupil_key AND stored.lesson_id = removed.lesson_id "
        "WHERE (removed.exported_at, removed.file_id) >= (stored.exported_at, stored.file_id) "
        "AND stored.pupil_key IN (SELECT cast(new_key AS UUID) FROM new_keys_of_pupils)"
    )
    connection.execute(
        "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons "
        f"WHERE rowid IN ({superseded})"
    )
    connection.execute(f"DELETE FROM lessons WHERE rowid IN ({superseded})")
