"""Stored rows of a pupil who is erased: whose they are, and taking them out of every table.

By the data dictionary: whatever column has a key of a pupil or person, in whatever table, is looked
at. Old snapshots and data files still have the rows after that; `upkeep/erasure/` sees to them. Not
here: rows that come later (`tombstones.py`, `people.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import duckdb
import polars as pl

from assets.exports.pupils.merges import known_merges, merged
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import mark_all
from assets.lake.schema import TemporaryTable
from assets.lake.tables import TABLES

#: Columns that hold a key of a pupil, a number or a person; a test holds them against the tables.
KEY_COLUMNS = frozenset(
    {
        *("pupil_key", "number_key", "later_key", "old_pupil_key", "new_pupil_key"),
        *("person_key", "reference_key", "object_key"),
    }
)
#: Columns of keys of something else.
OTHER_KEYS = frozenset(
    {
        *("mentor_key", "principal_key", "staff_key", "content_key", "class_key", "mark_key"),
        *("total_key", "source_key", "place_key", "path_key", "organisation_key", "group_key"),
        *("event_key", "activity_key", "duty_key", "attendance_key"),
    }
)
#: Rows of `identities` that no source says any more.
OF_NO_SOURCE = (
    "content_key NOT IN (SELECT content_key FROM identity_sources) AND content_key NOT IN "
    "(SELECT content_key FROM ss12000_persons WHERE content_key IS NOT NULL)"
)
#: What says that somebody is protected, and which numbers are theirs: keys alone.
MARKS = frozenset(
    {
        *("protection_words", "lift_releases", "pupil_references", "pupil_numbers"),
        *("number_changes", "pupil_merges"),
    }
)
# What an object of SS12000 says of a person; the rows have no number of a file.
_OF_PERSONS = ("ss12000_persons", "ss12000_enrolments", "ss12000_members", "ss12000_attendances")


def numbers_of(lake: Lake, keys: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return every key of a child: of all numbers that are one pupil's, and of persons of SS12000.

    Args:
        lake: the lake.
        keys: some of them.
    """
    found = set(keys)
    pairs = pairs_of_keys(lake)
    grown = -1
    while grown != len(found):
        grown = len(found)
        for one, other in pairs:
            if one in found or other in found:
                found |= {one, other}
    return found


def pairs_of_keys(lake: Lake) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return keys that are of one child, two at a time; a number that was never changed, twice."""
    stands_for = merged(known_merges(lake)).keys
    numbers = lake.rows("SELECT number_key, pupil_key FROM pupil_numbers")
    persons = lake.rows("SELECT person_key, pupil_key, number_key FROM ss12000_persons")
    pairs = [(old, new) for old, new in stands_for.items()]
    pairs += [(number, pupil) for number, pupil in numbers]
    pairs += [(person, pupil) for person, pupil, _ in persons]
    pairs += [(person, number) for person, _, number in persons if number]
    return pairs


def load_keys(lake: Lake, keys: Iterable[uuid.UUID]) -> TemporaryTable:
    """Make the temporary table of the keys that go."""
    texts = sorted(str(key) for key in keys)
    return lake.load("keys_to_erase", pl.DataFrame({"key": texts}, {"key": pl.String}))


def counted(lake: Lake, keys: Iterable[uuid.UUID]) -> dict[str, int]:
    """Return how many rows of each table have one of these keys; no table without."""
    going = load_keys(lake, keys)
    found = {}
    for table, condition in conditions_of_keys(going):
        ((rows,),) = lake.rows(f"SELECT count(*) FROM {table} WHERE {condition}")
        if rows:
            found[table] = int(rows)
    return found


def take_out(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    sealer: Sealer,
    keys: Sequence[uuid.UUID],
    *,
    leaves_marks: bool = False,
) -> dict[str, int]:
    """Delete every row with one of these keys, and what nobody else's row says then.

    Args:
        connection: inside a transaction, with the key known (`know_key`).
        lake: its lake.
        sealer: of the home.
        keys: of the pupil.
        leaves_marks: what says that they are protected stays.

    Returns:
        How many rows of which table went.
    """
    going = load_keys(lake, keys)
    if not leaves_marks:
        _take_references(connection, going)
    _count_down(connection, lake, sealer, going)
    gone = {}
    for table, condition in conditions_of_keys(going):
        if leaves_marks and table in MARKS:
            continue
        ((rows,),) = lake.rows(f"SELECT count(*) FROM {table} WHERE {condition}")
        if rows:
            connection.execute(f"DELETE FROM {table} WHERE {condition}")
            gone[table] = int(rows)
    ((rows,),) = lake.rows(f"SELECT count(*) FROM identities WHERE {OF_NO_SOURCE}")
    if rows:
        connection.execute(f"DELETE FROM identities WHERE {OF_NO_SOURCE}")
        gone["identities"] = int(rows)
    # Words can go with their references too: the mark of all of them is made again in any case.
    mark_all(connection)
    return gone


def persons_of_files(lake: Lake) -> set[uuid.UUID]:
    """Return the keys of all persons of whom objects of SS12000 say something."""
    said = " UNION ".join(f"SELECT person_key FROM {table}" for table in _OF_PERSONS)
    rows = lake.rows(f"{said} UNION SELECT number_key FROM pupil_numbers")
    return {key for (key,) in rows if key is not None}


def conditions_of_keys(going: TemporaryTable) -> list[tuple[str, str]]:
    """Return each table that has a column of keys, and the rows of it that go."""
    found = []
    for table in TABLES:
        columns = [column.name for column in table.columns if column.name in KEY_COLUMNS]
        if columns:
            mine = f"(SELECT cast(key AS UUID) FROM {going})"
            found.append((table.name, " OR ".join(f"{name} IN {mine}" for name in columns)))
    return found


def _take_references(connection: duckdb.DuckDBPyConnection, going: TemporaryTable) -> None:
    """Let words go that are said of ten characters which nobody else's number has."""
    mine = f"(SELECT cast(key AS UUID) FROM {going})"
    only_theirs = (
        f"(SELECT reference_key FROM pupil_references WHERE number_key IN {mine} EXCEPT "
        f"SELECT reference_key FROM pupil_references WHERE number_key NOT IN {mine})"
    )
    for table in ("protection_words", "lift_releases"):
        connection.execute(f"DELETE FROM {table} WHERE reference_key IN {only_theirs}")


def _count_down(
    connection: duckdb.DuckDBPyConnection, lake: Lake, sealer: Sealer, going: TemporaryTable
) -> None:
    """Count the pupil out of the classes and dates that files have."""
    said = " UNION ".join(
        "SELECT file_id, school_unit_code, coalesce(class_name, '') AS class_name, lesson_date "
        f"FROM {table} WHERE pupil_key IN (SELECT cast(key AS UUID) FROM {going})"
        for table in ("lessons", "moved_lessons")
    )
    rows = lake.frame(said)
    if rows.is_empty():
        return
    pairs = rows.select("school_unit_code", "class_name").iter_rows()
    keys = [str(sealer.key("class", f"{school} {name}")) for school, name in pairs]
    theirs = lake.load("coverage_to_erase", rows.with_columns(pl.Series("class_key", keys)))
    connection.execute(
        f"UPDATE class_coverage SET pupils = class_coverage.pupils - 1 FROM {theirs} AS theirs "
        "WHERE class_coverage.file_id = theirs.file_id "
        "AND class_coverage.school_unit_code = theirs.school_unit_code "
        "AND class_coverage.lesson_date = theirs.lesson_date "
        "AND class_coverage.class_key = cast(theirs.class_key AS UUID)"
    )
    connection.execute("DELETE FROM class_coverage WHERE pupils <= 0")
