"""Rows in, one file of `sql/` run, rows out.

Tables of the lake take their columns from `assets/lake/tables.py`; tables between two files of
`sql/` are described here. What a row leaves out is filled with something harmless, so that a
test only says what it is about.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import duckdb

from assets.exports.readers.columns import COLUMNS
from assets.lake.connection import Lake
from assets.lake.protection_marks import LIFT_MAC, WORD_MAC
from assets.lake.tables import table_named

NORTH, SOUTH = "10000001", "10000002"
AS_OF = date(2026, 11, 15)

Row = Mapping[str, Any]


def key(name: str) -> uuid.UUID:
    """Return the key of a person called by a word."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name)


def day(text: str) -> date:
    """Return a date of the school year 2026/27 written as month-day, or a whole ISO date."""
    if len(text) == len("2026-10-05"):
        return date.fromisoformat(text)
    return date.fromisoformat(f"2026-{text}")


def moment(text: str) -> datetime:
    """Return a time written as 'month-day hour:minute'."""
    return datetime.fromisoformat(f"2026-{text}")


ANNA, BO = key("Anna"), key("Bo")
_EXPORTED = moment("11-14 05:00")
_SUMS = {"scheduled_minutes": 60, "reported_minutes": 60, "valid_minutes": 0, "invalid_minutes": 0}
_PLACE = {"class_name": "8A", "grade": 8, "mentor_key": key("mentor")}
_LESSON = {
    "pupil_key": ANNA,
    "school_unit_code": NORTH,
    "starts_at": moment("10-05 08:00"),
    "subject": "MA",
    "lesson_id": None,
    "scheduled_minutes": 60,
    "valid_minutes": 0,
    "invalid_minutes": 0,
    "other_minutes": 0,
    "is_reported": True,
    "is_cancelled": False,
    **_PLACE,
    "exported_at": _EXPORTED,
    "file_id": 1,
}

#: What a row of each table says when the test doesn't.
USUAL: dict[str, Row] = {
    "lessons": _LESSON,
    "contradicted_lessons": {
        name: value
        for name, value in _LESSON.items()
        if name not in ("valid_minutes", "invalid_minutes", "other_minutes", "is_reported")
        and name != "is_cancelled"
    },
    "joint_lessons": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        "subject": "ma",
        "first_starts_at": moment("10-05 08:00"),
        "second_starts_at": moment("10-05 08:20"),
        "file_id": 1,
    },
    "parallel_values": {
        "valid_from_date": day("2023-07-01"),
        "method": "set_aside",
        "least_cover_bp": 5000,
    },
    "arriving_lessons": _LESSON | {"batch_row": 0},
    "batch_lessons": _LESSON
    | {"line_number": None, "problem": None, "warning": None, "lesson_hash": None},
    "absence_daily": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        "lesson_date": day("10-05"),
        **_SUMS,
        "lessons": 1,
        "reported_lessons": 1,
        "last_exported_at": _EXPORTED,
        "last_subject": "MA",
        **_PLACE,
    },
    "absence_monthly": {
        "pupil_key": ANNA,
        "month_start_date": day("10-01"),
        **_SUMS,
        "days": 1,
    },
    "rolling_sums": {
        "as_of_date": AS_OF,
        "pupil_key": ANNA,
        "window_part": "one_month",
        "window_start": day("10-17"),
        "window_end": AS_OF,
        **_SUMS,
        "days": 1,
    },
    "absence_calendar": {
        "pupil_key": ANNA,
        "window_part": "one_month",
        "window_start": day("10-01"),
        "window_end": day("10-31"),
        **_SUMS,
        "days": 1,
        "summed_minutes": 0,
    },
    "summed_months": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        "month_start_date": day("10-01"),
        "period_last_date": day("10-31"),
        **_SUMS,
        "exported_at": _EXPORTED,
        **_PLACE,
    },
    "monthly_sums": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        "activity": "",
        "period_first_date": day("10-01"),
        "period_last_date": day("10-31"),
        **_SUMS,
        **_PLACE,
        "exported_at": _EXPORTED,
        "file_id": 1,
    },
    "pupil_schools": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        "last_exported_at": _EXPORTED,
        **_PLACE,
    },
    "enrolments": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        **_PLACE,
        "start_date": day("08-17"),
        "end_date": None,
        "exported_at": _EXPORTED,
        "file_id": 1,
    },
    "batch_enrolments": {
        "file_id": 1,
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        **_PLACE,
        "start_date": day("08-17"),
        "end_date": None,
        "problem": None,
    },
    "identity_sources": {
        "pupil_key": ANNA,
        "layout": "elever",
        "school_unit_code": NORTH,
        "is_roster": True,
        "content_key": key("content"),
        "exported_at": _EXPORTED,
        "file_id": 1,
    },
    "protected_pupils": {"pupil_key": ANNA},
    "protection_words": {
        "reference_key": ANNA,
        "source_key": key("elever 99999901"),
        "place_key": None,
        "is_protected": True,
        "releases_needed": None,
        "exported_at": _EXPORTED,
        "file_id": 1,
        "mark_key": ANNA,  # made again by `given`
    },
    "lift_releases": {
        "reference_key": ANNA,
        "source_key": key("elever 99999901"),
        "until_at": _EXPORTED,
        "uid": 1001,
        "login": "anna",
        "released_at": _EXPORTED,
        "mark_key": ANNA,  # made again by `given`
    },
    "pupil_references": {"reference_key": ANNA, "number_key": ANNA},
    "pupil_numbers": {"number_key": ANNA, "pupil_key": ANNA},
    "belonging": {
        "pupil_key": ANNA,
        "school_unit_code": NORTH,
        **_PLACE,
        "is_protected": False,
        "has_left": False,
        "has_record": True,
    },
    "unseen_pupils": {"pupil_key": ANNA, "record_start_date": day("08-17")},
    "flags": {
        "as_of_date": AS_OF,
        "pupil_key": ANNA,
        "rule": "mentor_followup",
        "basis": "rolling",
        "verdict": "hit",
        "certainty": "certain",
        "level": 1,
        "school_unit_code": NORTH,
        **_PLACE,
        "is_protected": False,
        "window_start": day("10-17"),
        "window_end": AS_OF,
        "scheduled_minutes": 1200,
        "reported_minutes": 1200,
        "valid_minutes": 0,
        "invalid_minutes": 240,
        "days": 20,
        "margin_minutes": 120,
        "rule_set": "stockholm",
        "rule_set_version": "0123456789ab",
    },
    "verdicts": {
        "pupil_key": ANNA,
        "rule": "mentor_followup",
        "basis": "rolling",
        "verdict": "clear",
        "level": 0,
        "rule_level": 1,
        "school_unit_code": NORTH,
        "is_protected": False,
        "scheduled_minutes": 6000,
    },
    "baseline_lists": {
        "school_unit_code": NORTH,
        "period": "2026-W45",
        "as_of_date": day("11-08"),
        "rule_set_version": "0123456789ab",
    },
    "earlier_levels": {"as_of_date": day("11-08"), "pupil_key": ANNA, "level": 0},
    "publications": {
        "school_unit_code": NORTH,
        "period": "2026-W45",
        "as_of_date": day("11-08"),
        "published_at": moment("11-09 06:00"),
        "is_frozen": True,
        "rule_set": "stockholm",
        "rule_set_version": "0123456789ab",
        "lake_snapshot": 1,
        "input_hash": "a" * 64,
        "flagged_pupils": 1,
        "folder": "lists/2026-W45/10000001",
        "pupils_evaluated": 20,
        "mentor_pupils": 1,
        "ulf_pupils": 0,
        "sst_pupils": 0,
    },
    "listed_pupils": {
        "school_unit_code": NORTH,
        "period": "2026-W45",
        "as_of_date": day("11-08"),
        "pupil_key": ANNA,
        "level": 1,
        "state": "new",
        "first_week_date": day("11-08"),
        "weeks_on_list": 1,
        "highest_level": 1,
        **_PLACE,
    },
    "listed_verdicts": {
        "school_unit_code": NORTH,
        "period": "2026-W45",
        "as_of_date": day("11-08"),
        "pupil_key": ANNA,
        "rule": "mentor_followup",
        "basis": "rolling",
        "verdict": "hit",
        "certainty": "certain",
        "window_start": day("10-10"),
        "window_end": day("11-08"),
        **_SUMS,
        "days": 20,
        "margin_minutes": 60,
    },
    "files": {
        "file_id": 1,
        "file_sha256": "a" * 64,
        "sender": "inbox",
        "sealed_name": b"",
        "modified_at": _EXPORTED,
        "received_at": _EXPORTED,
        "layout": "lektionsfranvaro",
        "exported_at": _EXPORTED,
        "rows_read": 10,
        "rows_accepted": 10,
        "rows_rejected": 0,
        "rows_superseded": 0,
        "rows_warned": 0,
        "outcome": "accepted",
    },
    "row_problems": {
        "file_id": 1,
        "severity": "rejected",
        "line_number": 2,
        "code": "civic_no.missing",
        "column_name": "civic_no",
        "reason": "the cell is empty",
        "found": "",
        "expected": "an identity number",
        "rows": 1,
        "sealed_row": b"",
        "school_unit_code": NORTH,
    },
    "school_units": {
        "school_unit_code": NORTH,
        "layout": "skolor",
        "is_registered": True,
        "school_name": "Norra skolan",
        "exported_at": _EXPORTED,
        "file_id": 1,
    },
}

_IN_BETWEEN: dict[str, str] = {
    "days_to_sum": "lesson_date DATE",
    "months_to_sum": "month_start_date DATE",
    "window_parts": "basis VARCHAR, window_part VARCHAR, window_start DATE, window_end DATE",
    "batch_enrolments": "file_id BIGINT, line_number BIGINT, pupil_key UUID, "
    "school_unit_code VARCHAR, class_name VARCHAR, grade TINYINT, mentor_key UUID, "
    "start_date DATE, end_date DATE, problem VARCHAR",
    "shared_lessons": "lesson_hash UBIGINT, file_id BIGINT, rows_in_file BIGINT",
    "absence_calendar": "pupil_key UUID, window_part VARCHAR, window_start DATE, window_end DATE, "
    "scheduled_minutes BIGINT, reported_minutes BIGINT, valid_minutes BIGINT, "
    "invalid_minutes BIGINT, days BIGINT, summed_minutes BIGINT",
    "summed_months": "pupil_key UUID, school_unit_code VARCHAR, month_start_date DATE, "
    "period_last_date DATE, scheduled_minutes BIGINT, reported_minutes BIGINT, "
    "valid_minutes BIGINT, invalid_minutes BIGINT, exported_at TIMESTAMP, class_name VARCHAR, "
    "grade TINYINT, mentor_key UUID",
    "pupil_schools": "pupil_key UUID, school_unit_code VARCHAR, lesson_date DATE, "
    "last_starts_at TIMESTAMP, last_exported_at TIMESTAMP, class_name VARCHAR, grade TINYINT, "
    "mentor_key UUID",
    "belonging": "pupil_key UUID, school_unit_code VARCHAR, class_name VARCHAR, grade TINYINT, "
    "mentor_key UUID, is_protected BOOLEAN, has_left BOOLEAN, has_record BOOLEAN, "
    "record_start_date DATE",
    "unseen_pupils": "pupil_key UUID, record_start_date DATE",
    "verdicts": "pupil_key UUID, rule VARCHAR, basis VARCHAR, verdict VARCHAR, reason VARCHAR, "
    "level TINYINT, rule_level TINYINT, school_unit_code VARCHAR, is_protected BOOLEAN, "
    "scheduled_minutes BIGINT, grade TINYINT",
    "baseline_lists": "school_unit_code VARCHAR, period VARCHAR, as_of_date DATE, "
    "rule_set_version VARCHAR",
    "earlier_levels": "as_of_date DATE, pupil_key UUID, level TINYINT, "
    "level_by_tonights_values TINYINT",
    "earlier_days": "as_of_date DATE, rule_set_version VARCHAR",
    "protected_then": "pupil_key UUID",
    "protected_pupils": "pupil_key UUID",
    "raw_lessons": "file_id BIGINT, line_number BIGINT, file_exported_at TIMESTAMP, "
    "id_tag VARCHAR, " + ", ".join(f"{column} VARCHAR" for column in COLUMNS["lessons"]),
}


_VIEWS = ("protected_pupils",)


# Temporary tables with the columns of a table of the lake.
_DESCRIBED_AS = {
    "arriving_lessons": "lessons",
    "batch_lessons": "lessons",
    "rolling_sums": "absence_rolling",
}


def _columns(table: str) -> str:
    if table in _IN_BETWEEN:
        return _IN_BETWEEN[table]
    described = _DESCRIBED_AS.get(table, table)
    columns = [
        f"{c.name} {c.type}{'' if c.null else ' NOT NULL'}" for c in table_named(described).columns
    ]
    if table == "arriving_lessons":
        columns.append("batch_row BIGINT")
    if table == "batch_lessons":
        columns += ["line_number BIGINT", "problem VARCHAR", "warning VARCHAR"]
        columns += ["lesson_hash UBIGINT"]
    return ", ".join(columns)


def given(lake: Lake, table: str, *rows: Row) -> None:
    """Make a temporary table of rows; it stands before the lake's table of that name."""
    if table in _VIEWS:
        # A table from an earlier call stands there already.
        with suppress(duckdb.CatalogException):
            lake.connection.execute(f"DROP VIEW IF EXISTS {table}")
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({_columns(table)})")
    for row in rows:
        whole = dict(USUAL.get(table, {})) | _implied(table, row) | dict(row)
        names = ", ".join(whole)
        marks = ", ".join(f"${name}" for name in whole)
        lake.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", whole)
    for marked, mac in (("protection_words", WORD_MAC), ("lift_releases", LIFT_MAC)):
        if table == marked:
            lake.connection.execute(f"UPDATE {table} SET mark_key = {mac}")


def _implied(table: str, row: Row) -> dict[str, Any]:
    """Return what follows from what the row says: a lesson's date from its start, and back."""
    if table in ("lessons", "arriving_lessons", "batch_lessons", "contradicted_lessons"):
        return {"lesson_date": row.get("starts_at", _LESSON["starts_at"]).date()}
    if table == "joint_lessons":
        return {"lesson_date": row.get("first_starts_at", _LESSON["starts_at"]).date()}
    if table in ("absence_daily", "pupil_schools"):
        dated = row.get("lesson_date", day("10-05"))
        start = datetime(dated.year, dated.month, dated.day, 8)  # noqa: DTZ001
        return {"lesson_date": dated, "last_starts_at": start}
    return {}


def rows_of(lake: Lake, name: str, *columns: str, **parameters: object) -> list[tuple[Any, ...]]:
    """Run a file of `sql/` and return the named columns of its rows, sorted."""
    frame = lake.relation(name, **parameters)
    chosen = frame.select(columns) if columns else frame
    return sorted(chosen.rows(), key=str)
