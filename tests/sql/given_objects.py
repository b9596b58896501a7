"""Cells of SS12000 objects in, one SELECT of `sql/exports/staged_*.sql` run, rows out."""

from __future__ import annotations

from typing import Any

import polars as pl

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, Row, moment

CELLS = (
    "part", "entity", "id", "person", "protected", "fault", "civic_no", "organisation",
    "school_type", "school_year", "person_status", "start_date", "end_date", "modified", "event",
    "present_minutes", "valid_minutes", "invalid_minutes", "other_minutes", "reported", "cancelled",
    "group_id", "role_type", "duty_role", "group_type", "class_name", "organisation_type",
    "school_unit_code", "school_name", "subject", "activity", "activity_type", "start_time",
    "end_time", "teaching_minutes", "participates",
)  # fmt: skip
SEALED_COLUMNS = (
    "file_id BIGINT, line_number BIGINT, person_key UUID, pupil_key UUID, content_key UUID, "
    "sealed BLOB, staff_key UUID, sealed_staff BLOB, number_key UUID, civic_problem VARCHAR"
)


def table(lake: Lake, name: str, columns: str, *rows: Row) -> None:
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    for row in rows:
        marks = ", ".join(f"${column}" for column in row)
        lake.connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", row)


def staged(
    lake: Lake, name: str, *cells: Row, sealed: Row | None = None, **file: Any
) -> list[dict[str, Any]]:
    """Return the rows that objects of a file become.

    Args:
        lake: with the macros that read cells.
        name: of the SELECT, without `staged_`.
        cells: of the objects and their parts, those that are not empty.
        sealed: keys and seals of the first object, of persons.
        file: what is known of the file and its sender, where it is not the usual.
    """
    blank: dict[str, Any] = dict.fromkeys(CELLS) | {"file_id": 1, "line_number": 1, "part": ""}
    columns = ", ".join(f"{cell} VARCHAR" for cell in CELLS)
    objects = [blank | dict(row) for row in cells]
    table(lake, "ss12000_cells", f"file_id BIGINT, line_number BIGINT, {columns}", *objects)
    persons = [{"person_text": "anna", "person_key": ANNA}, {"person_text": "bo", "person_key": BO}]
    table(lake, "person_keys", "person_text VARCHAR, person_key UUID", *persons)
    own = {"file_id": 1, "line_number": 1, "person_key": ANNA}
    seals = [] if sealed is None else [own | dict(sealed)]
    table(lake, "sealed_persons", SEALED_COLUMNS, *seals)
    usual = {
        "exported_at": moment("11-14 05:00"),
        "is_time_believed": True,
        "source_tag": "",
        "may_lift": True,
        "releases_needed": None,
    }
    other = usual | {"file_id": 2, "source_tag": "other", "releases_needed": 2}
    other["exported_at"] = moment("11-12 05:00")
    files = [{"file_id": 1, **usual, **file}, other]
    lake.load("offered_files", pl.DataFrame(files, schema_overrides={"releases_needed": pl.Int8}))
    return lake.relation(f"exports/staged_{name}").to_dicts()
