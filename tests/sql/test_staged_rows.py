"""How rosters, sums, breaks and registers are read (`sql/exports/staged_*.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from assets.exports.readers.columns import COLUMNS
from assets.lake.connection import Lake
from tests.sql.given import NORTH, Row, day, given

Cells = Mapping[str, str | None]
_USUAL: dict[str, Cells] = {
    "enrolments": {
        "civic_no": "20120101-2384",
        "school_unit_code": NORTH,
        "class_name": "8A",
        "grade": "8",
        "start_date": "2026-08-17",
        "protected": "Ingen",
    },
    "aggregates": {
        "civic_no": "20120101-2384",
        "school_unit_code": NORTH,
        "class_name": "8A",
        "grade": "8",
        "protected": "Ingen",
        "month": "2026-10",
        "activity": "MA",
        "scheduled_minutes": "100",
        "present_minutes": "60",
        "valid_minutes": "10",
        "invalid_minutes": "20",
        "other_minutes": "5",
    },
    "school_units": {"school_unit_code": NORTH, "school_name": "Norra skolan"},
    "school_breaks": {
        "school_unit_code": NORTH,
        "first_date": "2026-10-26",
        "last_date": "2026-10-30",
        "break_name": "Höstlov",
    },
    "pupil_merges": {"old_civic_no": "20120101-2384", "new_civic_no": "20120101-2392"},
}


def staged(lake: Lake, kind: str, **cells: str | None) -> Row:
    """Return what a row of a file becomes; `ends="exclusive"` where its layout's are so."""
    exclusive = cells.pop("ends", None) is not None
    columns = ", ".join(f"{name} VARCHAR" for name in COLUMNS[kind])
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_{kind} (file_id BIGINT, line_number BIGINT, {columns})"
    )
    row: dict[str, Any] = {"file_id": 1, "line_number": 2, **_USUAL[kind], **cells}
    names = ", ".join(row)
    lake.connection.execute(
        f"INSERT INTO raw_{kind} ({names}) VALUES ({', '.join(f'${name}' for name in row)})", row
    )
    # Another file, whose ends are the other way.
    lake.load("offered_files", pl.DataFrame({
        "file_id": [1, 3], "has_exclusive_ends": [exclusive, not exclusive],
    }))  # fmt: skip
    (found,) = lake.relation(f"exports/staged_{kind}").iter_rows(named=True)
    return dict(found)


def said(row: Row) -> tuple[str | None, str | None]:
    return row["problem"], row["warning"]


# --- rosters -------------------------------------------------------------------------------------


def test_a_row_of_a_roster_becomes_a_record(reading: Lake) -> None:
    row = staged(reading, "enrolments", end_date="2026-12-18")
    assert said(row) == (None, None)
    assert (row["school_unit_code"], row["class_name"], row["grade"]) == (NORTH, "8A", 8)
    assert (row["start_date"], row["end_date"]) == (day("08-17"), day("12-18"))
    assert said(staged(reading, "enrolments", start_date=None)) == (None, None)


def test_an_exclusive_end_is_the_day_before(reading: Lake) -> None:
    row = staged(reading, "enrolments", ends="exclusive", end_date="2026-12-18")
    assert (row["end_date"], *said(row)) == (day("12-17"), None, None)


@pytest.mark.parametrize(
    ("cells", "problem", "warning"),
    [
        ({"school_unit_code": None}, "school_unit_code.missing", None),
        ({"school_unit_code": "Norra"}, "school_unit_code.unreadable", None),
        ({"start_date": "augusti"}, "start_date.unreadable", None),
        ({"end_date": "jul"}, "end_date.unreadable", None),
        ({"end_date": "2026-08-16"}, "end_date.before_start", None),
        ({"end_date": "2026-08-17"}, None, None),
        ({"grade": "åtta"}, None, "grade.unreadable"),
        ({"grade": None}, None, None),
        ({"school_unit_code": "123456"}, None, "school_unit_code.zeros_restored"),
        ({"protected": "ingen"}, None, "protected.unknown_value"),
        ({"class_name": "#N/A"}, None, "row.error_value"),
        ({"grade": "8A"}, None, "grade.letter_left_over"),
        ({"class_name": "8 maj"}, None, "class_name.spreadsheet"),
    ],
)
def test_what_is_wrong_with_a_row_of_a_roster_is_said(
    reading: Lake, cells: Cells, problem: str | None, warning: str | None
) -> None:
    row = staged(reading, "enrolments", **cells)
    assert row["problem"] == problem
    if problem is None:
        assert row["warning"] == warning


def test_a_record_without_a_day_is_taken_and_said(reading: Lake) -> None:
    row = staged(reading, "enrolments", ends="exclusive", end_date="2026-08-17")
    assert (row["end_date"], *said(row)) == (day("08-16"), None, "end_date.no_day")


# --- sums ----------------------------------------------------------------------------------------

MINUTES = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes")
PERIOD = ("period_first_date", "period_last_date")


def sums(lake: Lake, **cells: str | None) -> Row:
    return staged(lake, "aggregates", **cells)


def test_reported_minutes_are_those_of_every_kind_or_what_the_source_says(reading: Lake) -> None:
    row = sums(reading)
    assert said(row) == (None, None)
    assert [row[name] for name in MINUTES] == [100, 95, 10, 20]
    assert [sums(reading, reported_minutes="80")[name] for name in MINUTES] == [100, 80, 10, 20]
    kinds = ("present_minutes", "valid_minutes", "invalid_minutes", "other_minutes")
    none = sums(reading, **dict.fromkeys(kinds))
    assert [none[name] for name in MINUTES] == [100, 0, 0, 0]
    assert said(none) == (None, None)


@pytest.mark.parametrize(
    ("cells", "period", "warning"),
    [
        ({"month": "2026-10"}, ("10-01", "10-31"), None),
        ({"period_start": "2026-10-01", "month": None}, ("10-01", "10-31"), None),
        ({"period_end": "2026-10-31"}, ("10-01", "10-31"), None),
        ({"period_end": "2026-10-30"}, ("10-01", "10-30"), "month.not_a_month"),
        ({"period_start": "2026-10-02"}, ("10-02", "10-31"), "month.not_a_month"),
        ({"period_end": "2026-11-30"}, ("10-01", "11-30"), "month.not_a_month"),
        ({"period_end": "2026-10-01"}, ("10-01", "10-01"), "month.not_a_month"),
    ],
)
def test_the_days_of_a_sum_are_its_months_unless_it_says_others(
    reading: Lake, cells: Cells, period: tuple[str, str], warning: str | None
) -> None:
    row = sums(reading, **cells)
    assert tuple(row[name] for name in PERIOD) == tuple(map(day, period))
    assert said(row) == (None, warning)


def test_the_exclusive_end_of_a_sum_is_the_day_before(reading: Lake) -> None:
    row = sums(reading, ends="exclusive", period_end="2026-11-01")
    assert (row["period_last_date"], *said(row)) == (day("10-31"), None, None)
    no_day = sums(reading, ends="exclusive", period_end="2026-10-01")
    assert no_day["problem"] == "period_end.no_day"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"school_unit_code": None}, "school_unit_code.missing"),
        ({"school_unit_code": "Norra"}, "school_unit_code.unreadable"),
        ({"month": None}, "month.missing"),
        ({"month": "hösten"}, "month.unreadable"),
        ({"month": None, "period_start": "hösten"}, "month.unreadable"),
        ({"period_end": "jul"}, "month.unreadable"),
        ({"period_end": "2026-09-30"}, "end_date.before_start"),
        ({"scheduled_minutes": None}, "scheduled_minutes.missing"),
        ({"scheduled_minutes": "x"}, "scheduled_minutes.unreadable"),
        ({"scheduled_minutes": "-1"}, "scheduled_minutes.negative"),
        ({"present_minutes": "x"}, "present_minutes.unreadable"),
        ({"valid_minutes": "x"}, "valid_minutes.unreadable"),
        ({"invalid_minutes": "x"}, "invalid_minutes.unreadable"),
        ({"other_minutes": "x"}, "other_minutes.unreadable"),
        ({"reported_minutes": "x"}, "reported_minutes.unreadable"),
        ({"present_minutes": "-1"}, "present_minutes.negative"),
        ({"valid_minutes": "-1"}, "valid_minutes.negative"),
        ({"invalid_minutes": "-1"}, "invalid_minutes.negative"),
        ({"other_minutes": "-1"}, "other_minutes.negative"),
        ({"present_minutes": "65"}, None),
        ({"present_minutes": "66"}, "reported_minutes.above_scheduled"),
        ({"reported_minutes": "35"}, None),
        ({"reported_minutes": "34"}, "valid_minutes.above_reported"),
        ({"present_minutes": "0"}, None),
        ({"valid_minutes": "0", "invalid_minutes": "0", "other_minutes": "0"}, None),
    ],
)
def test_the_first_thing_wrong_with_sums_refuses_them(
    reading: Lake, cells: Cells, problem: str | None
) -> None:
    assert sums(reading, **cells)["problem"] == problem


def test_sums_of_nothing_scheduled_are_taken(reading: Lake) -> None:
    kinds = ("present_minutes", "valid_minutes", "invalid_minutes", "other_minutes")
    assert said(sums(reading, scheduled_minutes="0", **dict.fromkeys(kinds))) == (None, None)


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        ({"grade": "åtta"}, "grade.unreadable"),
        ({"grade": None}, None),
        ({"school_unit_code": "123456"}, "school_unit_code.zeros_restored"),
        ({"protected": "ingen"}, "protected.unknown_value"),
        ({"class_name": "#N/A"}, "row.error_value"),
        ({"activity": "#N/A"}, "row.error_value"),
        ({"grade": "8A"}, "grade.letter_left_over"),
        ({"class_name": "8 maj"}, "class_name.spreadsheet"),
    ],
)
def test_what_is_odd_about_sums_is_said(reading: Lake, cells: Cells, warning: str | None) -> None:
    assert said(sums(reading, **cells)) == (None, warning)


# --- registers, breaks and changed numbers -------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, (None, None)),
        ({"school_unit_code": None}, ("school_unit_code.missing", None)),
        ({"school_unit_code": "Norra"}, ("school_unit_code.unreadable", None)),
        ({"school_name": None}, ("school_name.missing", None)),
        ({"school_unit_code": "123456"}, (None, "school_unit_code.zeros_restored")),
    ],
)
def test_a_row_of_a_register_needs_a_code_and_a_name(
    reading: Lake, cells: Cells, expected: tuple[str | None, str | None]
) -> None:
    assert said(staged(reading, "school_units", **cells)) == expected


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({}, None),
        ({"school_unit_code": "Norra"}, "school_unit_code.unreadable"),
        ({"first_date": None}, "first_date.missing"),
        ({"first_date": "v 44"}, "first_date.unreadable"),
        ({"last_date": None}, "last_date.missing"),
        ({"last_date": "v 44"}, "last_date.unreadable"),
        ({"last_date": "2026-10-25"}, "last_date.before_first"),
        ({"last_date": "2026-10-26"}, None),
        ({"last_date": "2027-02-02"}, None),
        ({"last_date": "2027-02-03"}, "last_date.too_far"),
    ],
)
def test_a_break_has_two_dates_and_no_hundred_days_between(
    reading: Lake, cells: Cells, problem: str | None
) -> None:
    assert staged(reading, "school_breaks", **cells)["problem"] == problem


@pytest.mark.parametrize("code", [None, "", "alla", "Samtliga", " ALLA "])
def test_a_break_of_every_school_has_no_code(reading: Lake, code: str | None) -> None:
    row = staged(reading, "school_breaks", school_unit_code=code)
    assert (row["school_unit_code"], *said(row)) == ("", None, None)


def test_a_break_knows_its_school_and_last_day(reading: Lake) -> None:
    row = staged(reading, "school_breaks", school_unit_code="123456")
    assert (row["school_unit_code"], row["last_date"]) == ("00123456", day("10-30"))
    assert said(row) == (None, "school_unit_code.zeros_restored")
    row = staged(reading, "school_breaks", ends="exclusive")
    assert (row["last_date"], *said(row)) == (day("10-29"), None, None)
    row = staged(reading, "school_breaks", ends="exclusive", last_date="2026-10-26")
    assert (row["last_date"], *said(row)) == (day("10-25"), None, "last_date.no_day")


@pytest.mark.parametrize(
    ("cell", "changed", "problem"),
    [
        (None, None, None),
        ("2026-10-01", day("10-01"), None),
        ("i höst", None, "changed_date.unreadable"),
    ],
)
def test_the_date_of_a_changed_number_may_be_left_out_but_not_unreadable(
    reading: Lake, cell: str | None, changed: date | None, problem: str | None
) -> None:
    row = staged(reading, "pupil_merges", changed_date=cell)
    assert (row["changed_date"], row["problem"]) == (changed, problem)


def test_the_ledger_counts_the_rows_of_each_file(reading: Lake) -> None:
    given(
        reading,
        "batch_lessons",
        {"invalid_minutes": 1},
        {"valid_minutes": 1, "warning": "grade.unreadable"},
        {"is_reported": False, "valid_minutes": 30},
        {},
        {"problem": "start_time.missing", "warning": "grade.unreadable", "valid_minutes": 9},
        {"file_id": 2, "lesson_date": day("10-07")},
        {"file_id": 2, "lesson_date": day("10-06")},
        {"file_id": 2, "lesson_date": day("10-09"), "problem": "lesson_date.not_believed"},
        {"file_id": 2, "lesson_date": day("10-01"), "problem": "lesson_date.not_believed"},
    )
    rows = {
        row["file_id"]: row for row in reading.relation("exports/staged_file_counts").to_dicts()
    }
    of = ("rows_read", "rows_rejected", "rows_warned", "rows_reported", "rows_absent")
    assert [rows[1][name] for name in of] == [5, 1, 1, 3, 2]
    assert [rows[2][name] for name in of] == [4, 2, 0, 2, 0]
    assert (rows[2]["period_first_date"], rows[2]["period_last_date"]) == (
        day("10-06"),
        day("10-07"),
    )
