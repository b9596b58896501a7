"""Whose lessons and records new words of SS12000 touch, under the old words and the new.

Noted twice, before and after the words change places: a pupil who left a group is affected, and
one who came. Not here: what is then derived (`derive.py`).
"""

from __future__ import annotations

import duckdb

from assets.exports.ss12000.resources import Resource

_MENTEES = (
    "SELECT members.person_key, true FROM ss12000_members AS members "
    "JOIN ss12000_roles AS roles USING (group_key) JOIN ss12000_duties AS duties USING (duty_key) "
    "WHERE "
)
# By resource: who is affected, and whether lessons are, not only records.
_PERSONS = {
    # A school unit code is part of every lesson, and hardly ever changes.
    "organisations": (
        "SELECT person_key, true FROM ss12000_persons WHERE EXISTS (SELECT 1 FROM changed_words)",
    ),
    "persons": (
        "SELECT person_key, false FROM winning_words",
        "SELECT person_key, true FROM changed_words",
        f"{_MENTEES} duties.person_key IN (SELECT person_key FROM changed_words)",
    ),
    "groups": (
        (
            "SELECT person_key, true FROM ss12000_members "
            "WHERE group_key IN (SELECT group_key FROM changed_words)"
        ),
    ),
    "duties": (f"{_MENTEES} duties.duty_key IN (SELECT duty_key FROM changed_words)",),
}
_MARKED = (
    "SELECT person_key, false FROM arriving_markings",
    f"{_MENTEES} duties.person_key IN (SELECT person_key FROM arriving_markings)",
)
_ATTENDANCES = "SELECT event_key, person_key FROM ss12000_attendances"
_PAIRS = {
    "attendances": f"{_ATTENDANCES} SEMI JOIN winning_words USING (attendance_key)",
    "calendarEvents": f"{_ATTENDANCES} SEMI JOIN changed_words USING (event_key)",
    "activities": (
        f"{_ATTENDANCES} SEMI JOIN (SELECT event_key FROM ss12000_events "
        "SEMI JOIN changed_words USING (activity_key)) USING (event_key)"
    ),
}
_PAIRS_OF_PERSONS = (
    f"{_ATTENDANCES} SEMI JOIN (SELECT person_key FROM noted_persons WHERE is_changed) "
    "USING (person_key)"
)


def begin_noting(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget whom earlier words affected."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE noted_persons (person_key UUID, is_changed BOOLEAN);"
        "CREATE OR REPLACE TEMP TABLE affected_pairs (event_key UUID, person_key UUID);"
        "CREATE OR REPLACE TEMP TABLE affected_pupils (pupil_key UUID);"
        "CREATE OR REPLACE TEMP TABLE affected_lessons (lesson_id VARCHAR, pupil_key UUID)"
    )


def note_affected(
    connection: duckdb.DuckDBPyConnection, resource: Resource, *, has_lessons: bool
) -> None:
    """Note whom the changed words touch as the objects are now.

    Args:
        connection: inside a transaction, with `winning_words` and `changed_words`.
        resource: what the words are about.
        has_lessons: there are lessons of SS12000, some of which may have to go.
    """
    persons = _PERSONS.get(resource.name, ())
    for select in (*persons, *_MARKED):
        connection.execute(f"INSERT INTO noted_persons {select}")
    connection.execute(f"INSERT INTO affected_pairs {_PAIRS.get(resource.name, _PAIRS_OF_PERSONS)}")
    connection.execute(
        "INSERT INTO affected_pupils SELECT DISTINCT pupil_key FROM ss12000_persons "
        "WHERE person_key IN (SELECT person_key FROM noted_persons) "
        "OR person_key IN (SELECT person_key FROM affected_pairs)"
    )
    _note_siblings(connection)
    if has_lessons:
        connection.execute(
            "INSERT INTO affected_lessons SELECT DISTINCT events.event_id, persons.pupil_key "
            "FROM affected_pairs JOIN ss12000_events AS events USING (event_key) "
            "JOIN ss12000_persons AS persons USING (person_key)"
        )


def note_deleted(
    connection: duckdb.DuckDBPyConnection, resource: Resource, *, has_lessons: bool
) -> None:
    """Note whom the arriving deletions of a resource touch.

    Args:
        connection: inside a transaction, with `arriving_deletions`.
        resource: what is taken away.
        has_lessons: there are lessons of SS12000, some of which may have to go.
    """
    key = resource.key
    for name in ("winning_words", "changed_words"):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT object_key AS {key} FROM "
            f"arriving_deletions WHERE resource_name = '{resource.name}'"
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE arriving_markings AS SELECT person_key FROM ss12000_persons "
        "LIMIT 0"
    )
    note_affected(connection, resource, has_lessons=has_lessons)


def end_noting(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `affected_persons`, everybody who was noted, and each pair and pupil once."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE affected_persons AS SELECT person_key FROM noted_persons "
        "UNION SELECT person_key FROM affected_pairs"
    )
    for name in ("affected_pairs", "affected_pupils"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT * FROM {name}")


def _note_siblings(connection: duckdb.DuckDBPyConnection) -> None:
    """Two persons with one identity number are one pupil: what touches one touches the other."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE siblings AS SELECT one.person_key, two.person_key AS sibling "
        "FROM ss12000_persons AS one JOIN ss12000_persons AS two USING (pupil_key) "
        "WHERE one.person_key <> two.person_key "
        "AND pupil_key IN (SELECT pupil_key FROM affected_pupils);"
        "INSERT INTO noted_persons SELECT sibling, is_changed FROM noted_persons "
        "JOIN siblings USING (person_key);"
        "INSERT INTO affected_pairs SELECT event_key, sibling FROM affected_pairs "
        "JOIN siblings USING (person_key)"
    )
