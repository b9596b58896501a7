"""Rosters and registers into the lake: `elever` and `skolor` files, row by row.

Small files, so there is no bulk path. Not here: how a cell is read (`sql/exports/`).
"""

from __future__ import annotations

import duckdb

from assets.exports.frames import RowReader
from assets.exports.outcomes import RowProblem
from assets.exports.people import People
from assets.exports.staging import begin_staging, stage_rows
from assets.exports.storing import (
    arriving_identities,
    replace_older,
    store_identities,
    store_staff,
)
from assets.lake import Lake


def stage_roster(lake: Lake, people: People, kind: str, reader: RowReader) -> list[RowProblem]:
    """Stage one roster (`enrolments`) or register (`school_units`) file."""
    begin_staging(lake, kind, [reader.file])

    def key_people() -> None:
        if kind == "enrolments":
            people.key_pupils("staged_enrolments")
        people.key_staff(f"staged_{kind}")

    return stage_rows(lake, kind, reader, key_people)


def store_roster(
    connection: duckdb.DuckDBPyConnection, lake: Lake, people: People, kind: str, layout: str
) -> None:
    """Put the staged rows of one file in place of older ones; the caller holds the transaction."""
    store_staff(connection, people)
    if kind == "school_units":
        units = lake.frame(
            "SELECT school_unit_code, $layout AS layout, true AS is_registered, school_name, "
            "district, principal_key::VARCHAR AS principal_key, exported_at, file_id "
            "FROM keyed_school_units WHERE problem IS NULL",
            layout=layout,
        )
        replace_older(connection, "school_units", units, ("school_unit_code", "layout"))
        return
    records = lake.frame(
        "SELECT pupil_key::VARCHAR AS pupil_key, school_unit_code, class_name, grade, "
        "mentor_key::VARCHAR AS mentor_key, start_date, end_date, exported_at, file_id "
        "FROM keyed_enrolments WHERE problem IS NULL"
    )
    replace_older(
        connection, "enrolments", records, ("pupil_key", "school_unit_code", "start_date")
    )
    store_identities(connection, people.sealed_identities(arriving_identities(lake, kind), layout))
