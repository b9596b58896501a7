"""What SS12000 files say of protection, kept as words of the server about persons and numbers.

A marking protects wherever it stands: in a person's object, also one that is refused or has no
place, and in a reference. Only a person's own object that was taken lifts, and only when a school
unit that the lake knows enrols the person (`sql/protection/protected_pupils.sql`).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import polars as pl

from assets.exports.protection import keep_numbers, keep_references, keep_words
from assets.exports.replacing import replace_older_by
from assets.exports.ss12000.persons import Persons
from assets.exports.ss12000.resources import Resource
from assets.lake import Lake

_KEY = ("reference_key", "source_key", "place_key", "is_protected")
_IN_REFERENCES = (
    "SELECT person_key, person_key AS reference_key, person_key AS source_key, "
    "cast(NULL AS UUID) AS place_key, true AS is_protected, exported_at, file_id "
    "FROM staged_markings"
)


def store_markings(
    connection: duckdb.DuckDBPyConnection, lake: Lake, resource: Resource, persons: Persons
) -> None:
    """Keep what the staged files of a resource say of protection; leaves `arriving_markings`.

    Args:
        connection: inside a transaction.
        lake: its lake, with the staged tables.
        resource: what the files hold.
        persons: who keyed their persons.
    """
    if resource.name == "persons":
        lake.materialise("exports/arriving_markings")
        taken = {file_id for (file_id,) in lake.rows("SELECT DISTINCT file_id FROM staged_persons")}
        _store_numbers(connection, persons, taken)
    else:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE arriving_markings AS {_IN_REFERENCES}")
    replace_older_by(connection, "protection_words", "arriving_markings", _KEY)


def _store_numbers(
    connection: duckdb.DuckDBPyConnection, persons: Persons, taken: Collection[int]
) -> None:
    """Keep which numbers the persons have, and what is said of numbers alone."""
    numbers = persons.numbers().filter(pl.col("file_id").is_in(list(taken)))
    keep_numbers(connection, numbers.select("number_key", "short_key", "pupil_key"))
    keep_references(
        connection, numbers.select(pl.col("person_key").alias("reference_key"), "number_key")
    )
    keep_words(connection, persons.marked_numbers().filter(pl.col("file_id").is_in(list(taken))))
