"""What SS12000 objects mean: lessons, rosters, identities, school units and staff.

Made again for what new words touch, from the objects alone, so that the order in which these came
leaves no trace. Not here: the objects (`words.py`), the joins (`sql/exports/ss12000_*.sql`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import duckdb
import polars as pl

from assets.exports.pupils.protection import (
    keep_numbers,
    keep_references,
    keep_words,
    keep_words_of,
)
from assets.exports.readers.layouts import OBJECT_LAYOUTS
from assets.exports.ss12000.affected_pupils import (
    Affected,
    begin_noting,
    end_noting,
    note_affected,
    note_deleted,
    note_marked,
    note_persons,
)
from assets.exports.ss12000.living import STAYS
from assets.exports.ss12000.persons import Persons, several_mentors
from assets.exports.ss12000.resources import BY_NAME, DELETIONS, RESOURCES, Resource
from assets.exports.ss12000.words import find_changes, store_words
from assets.exports.storing.claims import drop_lost_claims
from assets.exports.storing.lessons import store_identities, store_lessons
from assets.exports.storing.roster_changes import watching_rosters
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.schema import TemporaryTable
from assets.lake.sealed_places import IDENTITY, PERSON, PERSON_AS_STAFF, STAFF
from assets.lake.tables import columns_of
from assets.lake.upsert import replace_older_by

# What SS12000 files say of protection, kept as words of the server about persons and numbers. A
# marking protects wherever it stands: in a person's object, also one that is refused or has no
# place, and in a reference. Only a person's own object that was taken lifts, and only when a
# school unit that the lake knows enrols the person (`sql/protection/protected_pupils.sql`).

_IN_REFERENCES = (
    "SELECT person_key, person_key AS reference_key, "
    "server_source(person_key, source_tag) AS source_key, cast(NULL AS UUID) AS place_key, "
    "true AS is_protected, cast(NULL AS TINYINT) AS releases_needed, exported_at, file_id "
    "FROM {markings}"
)


@dataclass(frozen=True)
class Arriving:
    """What a batch of files says.

    Attributes:
        words: by resource, in the order of `RESOURCES`, the newest sound words.
        deletions: what was taken away at the source; None when no file says.
        markings: whom the files call protected, those that wait for a release too.
        persons: who keyed their persons.
        files: of whom it is kept what they say of protection.
    """

    words: Mapping[Resource, TemporaryTable]
    deletions: TemporaryTable | None
    markings: TemporaryTable
    persons: Persons
    files: frozenset[int]


def _store_markings(
    connection: duckdb.DuckDBPyConnection, lake: Lake, arriving: Arriving
) -> TemporaryTable:
    """Keep what files say of protection, and return it as words."""
    persons = BY_NAME["persons"]
    if persons in arriving.words:
        markings = lake.materialise("exports/arriving_markings")
        _store_numbers(connection, lake, arriving, persons)
    else:
        markings = lake.make("arriving_markings", _IN_REFERENCES.format(markings=arriving.markings))
    keep_words_of(connection, markings)
    return markings


def _store_numbers(
    connection: duckdb.DuckDBPyConnection, lake: Lake, arriving: Arriving, persons: Resource
) -> None:
    """Keep which numbers the persons have, and what is said of numbers alone.

    Of a file that waits for a release only the numbers of those whom it calls protected.
    """
    taken = lake.rows(f"SELECT DISTINCT file_id FROM {persons.staged}")
    marked = lake.frame(
        f"SELECT DISTINCT file_id, person_key::VARCHAR AS person_key FROM {arriving.markings}"
    )
    found = arriving.persons.numbers()
    is_taken = pl.col("file_id").is_in([file_id for (file_id,) in taken])
    numbers = pl.concat(
        [
            found.filter(is_taken),
            found.filter(~is_taken).join(marked, on=["file_id", "person_key"], how="semi"),
        ]
    )
    keep_numbers(connection, numbers.select("number_key", "short_key", "pupil_key"))
    keep_references(
        connection, numbers.select(pl.col("person_key").alias("reference_key"), "number_key")
    )
    said = arriving.persons.marked_numbers()
    keep_words(connection, said.filter(pl.col("file_id").is_in(list(arriving.files))))


_OURS = f"file_id IN (SELECT file_id FROM files WHERE layout LIKE '{OBJECT_LAYOUTS}%')"
_LESSON = ", ".join(columns_of("lessons"))
#: Looks what becomes of the affected lessons between its beginning and its end.
Watching = Callable[[], AbstractContextManager[None]]
#: Resources that say what school units are called and who leads them.
_OF_UNITS = frozenset({"organisations", "duties", "persons"})


def store_and_derive(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    arriving: Arriving,
    watching: Watching | None = None,
) -> dict[int, int]:
    """Store what a batch says and what follows from it.

    The resources one after the other, each looked at before and after, so that all that changes is
    noted; what follows is made once.

    Args:
        connection: inside a transaction.
        lake: its lake.
        arriving: what the batch says.
        watching: looks what becomes of lessons that the files touch.

    Returns:
        By file, the accepted words that a newer one supersedes.
    """
    lost: Counter[int] = Counter()
    has_lessons = _has_lessons(lake)
    affected = begin_noting(lake)
    markings = _store_markings(connection, lake, arriving)
    for resource, words in arriving.words.items():
        changes = find_changes(lake, resource, words)
        note_affected(lake, resource, affected, changes, has_lessons=has_lessons)
        store_words(connection, resource, changes.winning)
        note_affected(lake, resource, affected, changes, has_lessons=has_lessons)
        lost.update(changes.lost)
    if arriving.deletions:
        for resource in RESOURCES:
            if resource.name not in STAYS:
                note_deleted(lake, resource, affected, arriving.deletions, has_lessons=has_lessons)
        key = ("resource_name", "object_key")
        replace_older_by(connection, DELETIONS.table, arriving.deletions, key)
    if lake.rows(f"SELECT 1 FROM {markings} LIMIT 1"):
        note_marked(lake, affected, markings, has_lessons=has_lessons)
    _derive(connection, lake, affected, has_lessons=has_lessons, watching=watching)
    if arriving.deletions or _OF_UNITS & {resource.name for resource in arriving.words}:
        _store_units(connection, lake)
    return dict(lost)


def derive_again(connection: duckdb.DuckDBPyConnection, lake: Lake, pupils: TemporaryTable) -> None:
    """Make lessons, records and names of pupils again, whose persons have other keys now.

    Args:
        connection: inside a transaction.
        lake: its lake.
        pupils: their keys.
    """
    has_lessons = _has_lessons(lake)
    affected = begin_noting(lake)
    note_persons(
        lake,
        affected,
        "SELECT person_key, file_id FROM ss12000_persons "
        f"WHERE pupil_key IN (SELECT pupil_key FROM {pupils})",
        has_lessons=has_lessons,
    )
    _derive(connection, lake, affected, has_lessons=has_lessons)


def _has_lessons(lake: Lake) -> bool:
    """Look whether any lesson could have to go: ours have ids, and take the place of such only."""
    return bool(lake.rows("SELECT 1 FROM lessons WHERE lesson_id IS NOT NULL LIMIT 1"))


def _derive(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    affected: Affected,
    *,
    has_lessons: bool,
    watching: Watching | None = None,
) -> None:
    """Make lessons, records, names and staff of the affected persons again."""
    persons = end_noting(lake, affected)
    if lake.rows(f"SELECT 1 FROM {persons} LIMIT 1"):
        places = lake.materialise("exports/ss12000_places")
        with watching() if watching and has_lessons else nullcontext():
            _store_lessons(connection, lake, affected, has_lessons=has_lessons)
        _store_rosters(connection, lake, affected)
        _store_identities(connection, lake, affected)
        _store_staff(connection, lake, f"SELECT mentor_key FROM {places}")
        _store_mentors(connection, lake, places)


def _store_lessons(
    connection: duckdb.DuckDBPyConnection, lake: Lake, affected: Affected, *, has_lessons: bool
) -> None:
    derived = lake.materialise("exports/ss12000_lessons")
    if not has_lessons and not lake.rows(f"SELECT 1 FROM {derived} LIMIT 1"):
        return
    keep = ""
    if has_lessons:
        # What is stored as it would be stored again stays; the rest of the affected goes.
        stored = lake.make(
            "stored_affected",
            "SELECT stored.rowid AS stored_row, "
            "stored.lesson_date, derived.batch_row FROM lessons AS stored "
            f"JOIN (SELECT DISTINCT lesson_id, pupil_key FROM {affected.lessons}) AS affected "
            "USING (lesson_id, pupil_key) "
            f"LEFT JOIN (SELECT batch_row, hash({_LESSON}) AS content FROM {derived}) AS derived "
            f"ON hash({_qualified('stored')}) = derived.content WHERE stored.{_OURS}",
        )
        connection.execute(
            f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {stored} "
            "WHERE batch_row IS NULL"
        )
        connection.execute(
            "DELETE FROM lessons WHERE rowid IN "
            f"(SELECT stored_row FROM {stored} WHERE batch_row IS NULL)"
        )
        keep = (
            f"WHERE batch_row NOT IN (SELECT batch_row FROM {stored} WHERE batch_row IS NOT NULL)"
        )
    arriving = lake.make_view("arriving_lessons", f"SELECT * FROM {derived} {keep}")
    days = lake.materialise("exports/arriving_days")
    store_lessons(connection, lake, arriving=arriving, days=days)


def _qualified(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _LESSON.split(", "))


def _store_rosters(connection: duckdb.DuckDBPyConnection, lake: Lake, affected: Affected) -> None:
    arriving = lake.define("exports/ss12000_rosters")
    key = ("pupil_key", "school_unit_code", "start_date")
    pupils = (
        f"SELECT pupil_key FROM {affected.pupils} "
        f"UNION SELECT cast(pupil_key AS UUID) FROM {arriving}"
    )
    with watching_rosters(connection, lake, pupils):
        connection.execute(
            f"DELETE FROM enrolments WHERE {_OURS} "
            f"AND pupil_key IN (SELECT pupil_key FROM {affected.pupils})"
        )
        replace_older_by(connection, "enrolments", arriving, key)
    drop_lost_claims(connection)


def _store_identities(
    connection: duckdb.DuckDBPyConnection, lake: Lake, affected: Affected
) -> None:
    connection.execute(
        "DELETE FROM identity_sources WHERE layout = $layout "
        f"AND pupil_key IN (SELECT pupil_key FROM {affected.pupils})",
        {"layout": OBJECT_LAYOUTS},
    )
    store_identities(connection, _sealed_again(lake, lake.relation("exports/ss12000_identities")))


def _sealed_again(lake: Lake, found: pl.DataFrame) -> pl.DataFrame:
    """Return identities of persons sealed for where they will stand.

    One that does not open is another person's, or was changed: it is nobody's identity.
    """
    sealer = Sealer.of_home(lake.settings.home)
    seals: list[bytes | None] = []
    for person_key, content_key, sealed in found.select(
        "person_key", "content_key", "sealed"
    ).iter_rows():
        fields = sealer.opened(PERSON, (person_key, content_key), sealed)
        seals.append(None if fields is None else sealer.seal(IDENTITY, (content_key,), fields))
    again = found.with_columns(pl.Series("sealed", seals, dtype=pl.Binary))
    return again.drop_nulls("sealed").drop("person_key")


def _store_units(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    connection.execute(
        "DELETE FROM school_units WHERE layout = $layout", {"layout": OBJECT_LAYOUTS}
    )
    arriving = lake.define("exports/ss12000_units")
    replace_older_by(connection, "school_units", arriving, ("school_unit_code", "layout"))
    _store_staff(connection, lake, f"SELECT cast(principal_key AS UUID) FROM {arriving}")


def _store_staff(connection: duckdb.DuckDBPyConnection, lake: Lake, keys: str) -> None:
    """Store names of staff whom a list may name; of all others the lake keeps the seal only."""
    sealer = Sealer.of_home(lake.settings.home)
    words = staff_words(
        lake, sealer, f"({keys}) AND staff_key NOT IN (SELECT staff_key FROM staff)"
    )
    _insert_staff(connection, sealer, words)


def staff_words(lake: Lake, sealer: Sealer, wanted: str) -> dict[str, dict[str, str]]:
    """Return name and email of staff by key as text; of a seal that does not open nothing.

    Args:
        lake: the lake.
        sealer: of its home.
        wanted: what comes after `staff_key IN`.
    """
    words: dict[str, dict[str, str]] = {}
    # One person can be reported of twice with the same key.
    for person_key, staff_key, sealed in lake.rows(
        "SELECT person_key, cast(staff_key AS VARCHAR), sealed_staff FROM ss12000_persons "
        f"WHERE staff_key IN {wanted} ORDER BY person_key"
    ):
        if staff_key not in words:
            word = sealer.opened(PERSON_AS_STAFF, (person_key, staff_key), sealed)
            words |= {} if word is None else {staff_key: word}
    return words


def _insert_staff(
    connection: duckdb.DuckDBPyConnection, sealer: Sealer, words: Mapping[str, dict[str, str]]
) -> None:
    if not words:
        return
    frame = pl.DataFrame(
        {
            "staff_key": list(words),
            "sealed": [sealer.seal(STAFF, (key,), word) for key, word in words.items()],
        },
        schema={"staff_key": pl.String, "sealed": pl.Binary},
    )
    connection.register("words_of_staff", frame)
    connection.execute(
        "INSERT INTO staff SELECT cast(staff_key AS UUID), sealed FROM words_of_staff"
    )
    connection.unregister("words_of_staff")


def _store_mentors(
    connection: duckdb.DuckDBPyConnection, lake: Lake, places: TemporaryTable
) -> None:
    """Store the names of several mentors of one pupil as one word, which tells them apart."""
    new = lake.rows(
        f"SELECT DISTINCT cast(mentor_key AS VARCHAR), mentor_keys FROM {places} "
        "WHERE len(mentor_keys) > 1 AND mentor_key NOT IN (SELECT staff_key FROM staff)"
    )
    if not new:
        return
    sealer = Sealer.of_home(lake.settings.home)
    words = staff_words(lake, sealer, f"(SELECT unnest(mentor_keys) FROM {places})")
    together = {
        key: several_mentors([words[str(one)] for one in keys])
        for key, keys in new
        if all(str(one) in words for one in keys)
    }
    _insert_staff(connection, sealer, together)
