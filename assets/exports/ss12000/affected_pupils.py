"""Whose lessons and records new words of SS12000 touch, under the old words and the new.

Noted twice, before and after the words change places: a pupil who left a group is affected, and
one who came. Not here: what is then derived (`derive.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from assets.exports.ss12000.resources import Resource
from assets.exports.ss12000.words import Changes
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_MENTEES = (
    "SELECT members.person_key, true FROM ss12000_members AS members "
    "JOIN ss12000_roles AS roles USING (group_key) JOIN ss12000_duties AS duties USING (duty_key) "
    "WHERE "
)
# Below, `changed`, `winning`, `markings` and `noted` stand for temporary tables.
# By resource: who is affected, and whether lessons are, not only records.
_PERSONS = {
    # A school unit code is part of every lesson, and hardly ever changes.
    "organisations": (
        "SELECT person_key, true FROM ss12000_persons WHERE EXISTS (SELECT 1 FROM {changed})",
    ),
    "persons": (
        "SELECT person_key, false FROM {winning}",
        "SELECT person_key, true FROM {changed}",
        f"{_MENTEES} duties.person_key IN (SELECT person_key FROM {{changed}})",
    ),
    "groups": (
        (
            "SELECT person_key, true FROM ss12000_members "
            "WHERE group_key IN (SELECT group_key FROM {changed})"
        ),
    ),
    "duties": (f"{_MENTEES} duties.duty_key IN (SELECT duty_key FROM {{changed}})",),
}
_MARKED = (
    "SELECT person_key, false FROM {markings}",
    f"{_MENTEES} duties.person_key IN (SELECT person_key FROM {{markings}})",
)
_ATTENDANCES = "SELECT event_key, person_key FROM ss12000_attendances"
_PAIRS = {
    "attendances": f"{_ATTENDANCES} SEMI JOIN {{winning}} USING (attendance_key)",
    "calendarEvents": f"{_ATTENDANCES} SEMI JOIN {{changed}} USING (event_key)",
    "activities": (
        f"{_ATTENDANCES} SEMI JOIN (SELECT event_key FROM ss12000_events "
        "SEMI JOIN {changed} USING (activity_key)) USING (event_key)"
    ),
}
_PAIRS_OF_PERSONS = (
    f"{_ATTENDANCES} SEMI JOIN (SELECT person_key FROM {{noted}} WHERE is_changed) "
    "USING (person_key)"
)


@dataclass(frozen=True)
class Affected:
    """Whom new words touch, as temporary tables.

    Attributes:
        noted: persons, and whether what is said of them changed.
        pairs: events and persons.
        pupils: their keys.
        lessons: ids of lessons and keys of pupils that may have to go.
    """

    noted: TemporaryTable
    pairs: TemporaryTable
    pupils: TemporaryTable
    lessons: TemporaryTable


def begin_noting(lake: Lake) -> Affected:
    """Begin with nobody."""
    return Affected(
        lake.make_empty("noted_persons", "person_key UUID, is_changed BOOLEAN"),
        lake.make_empty("affected_pairs", "event_key UUID, person_key UUID"),
        lake.make_empty("affected_pupils", "pupil_key UUID"),
        lake.make_empty("affected_lessons", "lesson_id VARCHAR, pupil_key UUID"),
    )


def note_affected(
    connection: duckdb.DuckDBPyConnection,
    resource: Resource,
    affected: Affected,
    changes: Changes,
    markings: TemporaryTable,
    *,
    has_lessons: bool,
) -> None:
    """Note whom the changed words touch as the objects are now.

    Args:
        connection: inside a transaction.
        resource: what the words are about.
        affected: who is noted; it gets more.
        changes: the words that win, and what they change.
        markings: what arriving words say of protection.
        has_lessons: there are lessons of SS12000, some of which may have to go.
    """
    tables = {
        "winning": changes.winning,
        "changed": changes.changed,
        "markings": markings,
        "noted": affected.noted,
    }
    persons = _PERSONS.get(resource.name, ())
    for select in (*persons, *_MARKED):
        connection.execute(f"INSERT INTO {affected.noted} {select.format(**tables)}")
    pairs = _PAIRS.get(resource.name, _PAIRS_OF_PERSONS)
    connection.execute(f"INSERT INTO {affected.pairs} {pairs.format(**tables)}")
    _note_pupils(connection, affected, has_lessons=has_lessons)


def note_persons(
    connection: duckdb.DuckDBPyConnection, affected: Affected, persons: str, *, has_lessons: bool
) -> None:
    """Note persons with all that is said of them, as the objects are now.

    Args:
        connection: inside a transaction.
        affected: who is noted; it gets more.
        persons: a SELECT of their keys, each with true.
        has_lessons: there are lessons of SS12000, some of which may have to go.
    """
    connection.execute(f"INSERT INTO {affected.noted} {persons}")
    pairs = _PAIRS_OF_PERSONS.format(noted=affected.noted)
    connection.execute(f"INSERT INTO {affected.pairs} {pairs}")
    _note_pupils(connection, affected, has_lessons=has_lessons)


def _note_pupils(
    connection: duckdb.DuckDBPyConnection, affected: Affected, *, has_lessons: bool
) -> None:
    """Note whose rows those of the noted persons and pairs are."""
    connection.execute(
        f"INSERT INTO {affected.pupils} SELECT DISTINCT pupil_key FROM ss12000_persons "
        f"WHERE person_key IN (SELECT person_key FROM {affected.noted}) "
        f"OR person_key IN (SELECT person_key FROM {affected.pairs})"
    )
    _note_siblings(connection, affected)
    if has_lessons:
        connection.execute(
            f"INSERT INTO {affected.lessons} SELECT DISTINCT events.event_id, persons.pupil_key "
            f"FROM {affected.pairs} JOIN ss12000_events AS events USING (event_key) "
            "JOIN ss12000_persons AS persons USING (person_key)"
        )


def note_deleted(
    lake: Lake,
    resource: Resource,
    affected: Affected,
    deletions: TemporaryTable,
    *,
    has_lessons: bool,
) -> None:
    """Note whom the arriving deletions of a resource touch.

    Args:
        lake: the lake; the caller holds the transaction.
        resource: what is taken away.
        affected: who is noted; it gets more.
        deletions: those that arrive.
        has_lessons: there are lessons of SS12000, some of which may have to go.
    """
    gone = lake.make(
        "deleted_objects",
        f"SELECT DISTINCT object_key AS {resource.key} FROM {deletions} "
        f"WHERE resource_name = '{resource.name}'",
    )
    unmarked = lake.make("deleted_markings", "SELECT person_key FROM ss12000_persons LIMIT 0")
    note_affected(
        lake.connection,
        resource,
        affected,
        Changes(gone, gone),
        unmarked,
        has_lessons=has_lessons,
    )


def end_noting(lake: Lake, affected: Affected) -> TemporaryTable:
    """Return everybody who was noted, and leave each pair and pupil once."""
    persons = lake.make(
        "affected_persons",
        f"SELECT person_key FROM {affected.noted} UNION SELECT person_key FROM {affected.pairs}",
    )
    for table in (affected.pairs, affected.pupils):
        lake.make(table.name, f"SELECT DISTINCT * FROM {table}")
    return persons


def _note_siblings(connection: duckdb.DuckDBPyConnection, affected: Affected) -> None:
    """Two persons with one identity number are one pupil: what touches one touches the other."""
    noted, pairs = affected.noted, affected.pairs
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE siblings AS SELECT one.person_key, two.person_key AS sibling "
        "FROM ss12000_persons AS one JOIN ss12000_persons AS two USING (pupil_key) "
        "WHERE one.person_key <> two.person_key "
        f"AND pupil_key IN (SELECT pupil_key FROM {affected.pupils});"
        f"INSERT INTO {noted} SELECT sibling, is_changed FROM {noted} "
        "JOIN siblings USING (person_key);"
        f"INSERT INTO {pairs} SELECT event_key, sibling FROM {pairs} "
        "JOIN siblings USING (person_key)"
    )
