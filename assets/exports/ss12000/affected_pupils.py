"""Whose lessons and records new words of SS12000 touch, under the old words and the new.

Noted twice, before and after the words change places: a pupil who left a group is affected, and
one who came. Not here: what is then derived (`derive.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.exports.ss12000.resources import Resource
from assets.exports.ss12000.words import Changes
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_MENTEES = (
    "SELECT members.person_key, {is_changed} AS is_changed, saying.file_id "
    "FROM ss12000_members AS members "
    "JOIN ss12000_roles AS roles ON members.group_key = roles.group_key "
    "JOIN ss12000_duties AS duties ON roles.duty_key = duties.duty_key "
    "JOIN {saying} AS saying ON duties.{key} = saying.{key}"
)
# Below, `changed`, `winning`, `markings` and `persons` stand for temporary tables.
# By resource: who is affected by which file, and whether lessons are, not only records.
_PERSONS = {
    # A school unit code is part of every lesson, and hardly ever changes.
    "organisations": (
        (
            "SELECT persons.person_key, true AS is_changed, saying.file_id "
            "FROM ss12000_persons AS persons "
            "CROSS JOIN (SELECT DISTINCT file_id FROM {changed}) AS saying"
        ),
    ),
    "persons": (
        "SELECT person_key, false AS is_changed, file_id FROM {winning}",
        "SELECT person_key, true AS is_changed, file_id FROM {changed}",
        _MENTEES.format(is_changed="true", saying="{changed}", key="person_key"),
    ),
    "groups": (
        (
            "SELECT members.person_key, true AS is_changed, saying.file_id "
            "FROM ss12000_members AS members JOIN {changed} AS saying USING (group_key)"
        ),
    ),
    "duties": (_MENTEES.format(is_changed="true", saying="{changed}", key="duty_key"),),
}
_MARKED = (
    "SELECT person_key, false AS is_changed, file_id FROM {markings}",
    _MENTEES.format(is_changed="false", saying="{markings}", key="person_key"),
)
_NOBODY = "SELECT person_key, false AS is_changed, file_id FROM ss12000_persons WHERE false"
_SPOKEN = (
    "SELECT spoken.event_key, spoken.person_key, saying.file_id FROM ss12000_attendances AS spoken"
)
_PAIRS = {
    "attendances": (
        f"{_SPOKEN} JOIN {{winning}} AS saying ON spoken.attendance_key = saying.attendance_key"
    ),
    "calendarEvents": (
        f"{_SPOKEN} JOIN {{changed}} AS saying ON spoken.event_key = saying.event_key"
    ),
    "activities": (
        f"{_SPOKEN} JOIN ss12000_events AS events ON spoken.event_key = events.event_key "
        "JOIN {changed} AS saying ON events.activity_key = saying.activity_key"
    ),
}
_PAIRS_OF_PERSONS = (
    f"{_SPOKEN} JOIN (SELECT DISTINCT person_key, file_id FROM {{persons}} WHERE is_changed) "
    "AS saying ON spoken.person_key = saying.person_key"
)


@dataclass(frozen=True)
class Affected:
    """Whom new words touch, as temporary tables.

    Attributes:
        persons: those of whom something is said.
        pairs: events and persons.
        pupils: their keys.
        lessons: ids of lessons and keys of pupils that may have to go, and which file touches them.
    """

    persons: TemporaryTable
    pairs: TemporaryTable
    pupils: TemporaryTable
    lessons: TemporaryTable


def begin_noting(lake: Lake) -> Affected:
    """Begin with nobody."""
    return Affected(
        lake.make_empty("noted_persons", "person_key UUID"),
        lake.make_empty("affected_pairs", "event_key UUID, person_key UUID"),
        lake.make_empty("affected_pupils", "pupil_key UUID"),
        lake.make_empty("affected_lessons", "lesson_id VARCHAR, pupil_key UUID, file_id BIGINT"),
    )


def note_affected(
    lake: Lake, resource: Resource, affected: Affected, changes: Changes, *, has_lessons: bool
) -> None:
    """Note whom the changed words of a resource touch as the objects are now.

    Args:
        lake: the lake; the caller holds the transaction.
        resource: what the words are about.
        affected: who is noted; it gets more.
        changes: the words that win, and what they change.
        has_lessons: there are lessons with ids, some of which may have to go.
    """
    tables = {"winning": changes.winning, "changed": changes.changed}
    persons = [select.format(**tables) for select in _PERSONS.get(resource.name, ())]
    pairs = _PAIRS.get(resource.name, _PAIRS_OF_PERSONS)
    _note(lake, affected, persons, pairs, has_lessons=has_lessons, **tables)


def note_marked(
    lake: Lake, affected: Affected, markings: TemporaryTable, *, has_lessons: bool
) -> None:
    """Note whom arriving words of protection touch, as the objects are now."""
    persons = [select.format(markings=markings) for select in _MARKED]
    _note(lake, affected, persons, _PAIRS_OF_PERSONS, has_lessons=has_lessons)


def note_persons(lake: Lake, affected: Affected, persons: str, *, has_lessons: bool) -> None:
    """Note persons with all that is said of them, as the objects are now.

    Args:
        lake: the lake; the caller holds the transaction.
        affected: who is noted; it gets more.
        persons: a SELECT of their keys, each with the file that their word is from.
        has_lessons: there are lessons with ids, some of which may have to go.
    """
    all_of_them = f"SELECT person_key, true AS is_changed, file_id FROM ({persons})"
    _note(lake, affected, [all_of_them], _PAIRS_OF_PERSONS, has_lessons=has_lessons)


def _note(
    lake: Lake,
    affected: Affected,
    selects: Sequence[str],
    pairs: str,
    *,
    has_lessons: bool,
    **tables: TemporaryTable,
) -> None:
    """Note persons, the pairs of an event and a person, and whose rows theirs are."""
    connection = lake.connection
    persons = lake.make("persons_now", " UNION ALL ".join(selects) or _NOBODY)
    now = lake.make("pairs_now", pairs.format(persons=persons, **tables))
    ours = f"(SELECT person_key FROM {persons} UNION SELECT person_key FROM {now})"
    pupils = lake.make(
        "pupils_now",
        f"SELECT DISTINCT pupil_key FROM ss12000_persons WHERE person_key IN {ours}",
    )
    # Two persons with one identity number are one pupil: what touches one touches the other.
    siblings = lake.make(
        "siblings",
        "SELECT one.person_key, two.person_key AS sibling FROM ss12000_persons AS one "
        "JOIN ss12000_persons AS two USING (pupil_key) WHERE one.person_key <> two.person_key "
        f"AND pupil_key IN (SELECT pupil_key FROM {pupils})",
    )
    if lake.rows(f"SELECT 1 FROM {siblings} LIMIT 1"):
        connection.execute(
            f"INSERT INTO {persons} SELECT sibling, is_changed, file_id FROM {persons} "
            f"JOIN {siblings} USING (person_key)"
        )
        connection.execute(
            f"INSERT INTO {now} SELECT event_key, sibling, file_id FROM {now} "
            f"JOIN {siblings} USING (person_key)"
        )
    connection.execute(f"INSERT INTO {affected.persons} SELECT DISTINCT person_key FROM {persons}")
    connection.execute(
        f"INSERT INTO {affected.pairs} SELECT DISTINCT event_key, person_key FROM {now}"
    )
    connection.execute(f"INSERT INTO {affected.pupils} SELECT pupil_key FROM {pupils}")
    if has_lessons:
        connection.execute(
            f"INSERT INTO {affected.lessons} "
            "SELECT DISTINCT events.event_id, persons.pupil_key, now.file_id "
            f"FROM {now} AS now JOIN ss12000_events AS events USING (event_key) "
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
    """Note whom deletions of a resource touch.

    Args:
        lake: the lake; the caller holds the transaction.
        resource: what is taken away.
        affected: who is noted; it gets more.
        deletions: those that arrive, or are taken back.
        has_lessons: there are lessons with ids, some of which may have to go.
    """
    gone = lake.make(
        "deleted_objects",
        f"SELECT DISTINCT object_key AS {resource.key}, file_id FROM {deletions} "
        f"WHERE resource_name = '{resource.name}'",
    )
    if lake.rows(f"SELECT 1 FROM {gone} LIMIT 1"):
        note_affected(lake, resource, affected, Changes(gone, gone), has_lessons=has_lessons)


def end_noting(lake: Lake, affected: Affected) -> TemporaryTable:
    """Return everybody who was noted, and leave each pair and pupil once."""
    persons = lake.make(
        "affected_persons",
        f"SELECT person_key FROM {affected.persons} UNION SELECT person_key FROM {affected.pairs}",
    )
    for table in (affected.pairs, affected.pupils):
        lake.make(table.name, f"SELECT DISTINCT * FROM {table}")
    return persons
