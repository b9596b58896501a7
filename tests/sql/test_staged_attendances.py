"""How attendances and enrolments of SS12000 are read (`sql/exports/staged_*.sql`)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, Row, day, moment
from tests.sql.given_objects import staged

KINDS = ("present_minutes", "valid_minutes", "invalid_minutes", "other_minutes")
ATTENDANCE: Row = {
    "id": "a",
    "event": "lesson",
    "person": "anna",
    "reported": "true",
    "present_minutes": "20",
    "valid_minutes": "10",
    "invalid_minutes": "25",
    "other_minutes": "5",
}


def attendance(lake: Lake, **cells: str | None) -> dict[str, Any]:
    (row,) = staged(lake, "attendances", {**ATTENDANCE, **cells})
    return row


def test_an_attendance_is_kept_with_its_minutes(reading: Lake) -> None:
    row = attendance(reading)
    assert (row["problem"], row["warning"], row["person_key"]) == (None, None, str(ANNA))
    assert [row[kind] for kind in KINDS] == [20, 10, 25, 5]
    assert (row["is_reported"], row["has_absence"]) == (True, True)
    assert row["exported_at"] == moment("11-14 05:00")
    # Where nobody says whether, nobody has.
    assert attendance(reading, reported=None)["is_reported"] is False


def test_of_one_that_nobody_reported_no_minutes_are_kept(reading: Lake) -> None:
    row = attendance(reading, reported="false")
    assert (row["is_reported"], row["warning"]) == (False, "isReported.no_but_minutes")
    assert [row[kind] for kind in KINDS] == [None, 0, 0, 0]
    silent = dict.fromkeys(KINDS[1:])
    assert attendance(reading, reported="false", **silent)["warning"] is None


@pytest.mark.parametrize("written", KINDS)
def test_one_kind_of_minutes_is_a_report_and_none_is_not(reading: Lake, written: str) -> None:
    row = attendance(reading, **(dict.fromkeys(KINDS) | {written: "1"}))
    assert (row["is_reported"], row["problem"], row["warning"]) == (True, None, None)
    assert row["has_absence"] is (written != "present_minutes")
    assert [row[kind] for kind in KINDS[1:]] == [int(kind == written) for kind in KINDS[1:]]
    none = attendance(reading, **dict.fromkeys(KINDS))
    assert (none["is_reported"], none["warning"]) == (False, "isReported.without_minutes")
    if written != "present_minutes":
        alone = dict.fromkeys(KINDS) | {written: "1"}
        unsaid = attendance(reading, reported="false", **alone)
        assert unsaid["warning"] == "isReported.no_but_minutes"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"fault": "object.unreadable"}, "object.unreadable"),
        ({"id": None}, "id.missing"),
        ({"event": None}, "calendarEvent.missing"),
        ({"person": None}, "student.missing"),
        ({"reported": None}, "isReported.missing"),
        ({"reported": "ja"}, "isReported.unreadable"),
        ({"present_minutes": "x"}, "attendanceMinutes.unreadable"),
        ({"valid_minutes": "x"}, "validAbsenceMinutes.unreadable"),
        ({"invalid_minutes": "x"}, "invalidAbsenceMinutes.unreadable"),
        ({"other_minutes": "x"}, "otherAttendanceMinutes.unreadable"),
        ({"present_minutes": "-1"}, "attendanceMinutes.negative"),
        ({"valid_minutes": "-1"}, "validAbsenceMinutes.negative"),
        ({"invalid_minutes": "-1"}, "invalidAbsenceMinutes.negative"),
        ({"other_minutes": "-1"}, "otherAttendanceMinutes.negative"),
        (dict.fromkeys(KINDS, "0"), None),
        ({"valid_minutes": "570"}, None),
        ({"valid_minutes": "571"}, "validAbsenceMinutes.above_length"),
        ({"valid_minutes": None, "invalid_minutes": None, "other_minutes": "600"}, None),
        ({"valid_minutes": None, "invalid_minutes": "600", "other_minutes": None}, None),
        ({"valid_minutes": "600", "invalid_minutes": None, "other_minutes": None}, None),
    ],
)
def test_the_first_thing_wrong_with_an_attendance_refuses_it(
    reading: Lake, cells: dict[str, str | None], problem: str | None
) -> None:
    assert attendance(reading, **cells)["problem"] == problem


@pytest.mark.parametrize(
    ("modified", "warning"),
    [("i går", "meta.unreadable"), ("2026-11-13T05:00:00Z", None), (None, None)],
)
def test_a_time_that_can_not_be_read_is_said(
    reading: Lake, modified: str | None, warning: str | None
) -> None:
    row = attendance(reading, modified=modified)
    assert (row["problem"], row["warning"]) == (None, warning)


def test_only_the_object_itself_is_an_attendance(reading: Lake) -> None:
    parts = [{**ATTENDANCE, "part": "members"}, {**ATTENDANCE, "file_id": 2}]
    rows = staged(reading, "attendances", ATTENDANCE, *parts, {**ATTENDANCE, "person": "cilla"})
    assert sorted(row["file_id"] for row in rows) == [1, 1, 2]
    assert [row["person_key"] for row in rows].count(None) == 1


# --- enrolments of persons -----------------------------------------------------------------------

PERSON: Row = {"id": "anna", "person": "anna", "modified": "2026-11-13T05:00:00Z"}
PLACE: Row = {
    "part": "enrolments",
    "organisation": "unit",
    "school_type": "GR",
    "school_year": "8",
    "start_date": "2026-08-17",
}


def enrolments(lake: Lake, place: Row, person: Row = PERSON, *others: Row) -> list[dict[str, Any]]:
    return staged(lake, "person_enrolments", person, {**PLACE, **place}, *others, sealed={})


def test_an_enrolment_is_kept_with_its_days_and_grade(reading: Lake) -> None:
    (row,) = enrolments(reading, {"end_date": "2027-06-11"})
    assert (row["person_key"], row["school_type"], row["grade"]) == (str(ANNA), "GR", 8)
    assert (row["start_date"], row["end_date"]) == (day("08-17"), day("2027-06-11"))


@pytest.mark.parametrize(
    ("school_type", "year", "grade"),
    [
        ("FKLASS", None, 0),
        ("FKLASS", "1", 0),
        ("SP", "4", 4),
        ("GY", "1", None),
        ("GR", None, None),
    ],
)
def test_the_grade_is_that_of_compulsory_school(
    reading: Lake, school_type: str, year: str | None, grade: int | None
) -> None:
    (row,) = enrolments(reading, {"school_type": school_type, "school_year": year})
    assert row["grade"] == grade


@pytest.mark.parametrize(
    ("place", "person", "end"),
    [
        ({}, {}, None),
        ({"cancelled": "false"}, {"person_status": "Aktiv"}, None),
        ({"cancelled": "true"}, {}, day("11-13")),
        ({"cancelled": "true", "end_date": "2027-06-11"}, {}, day("11-13")),
        ({"cancelled": "true", "end_date": "2026-10-01"}, {}, day("10-01")),
        ({}, {"person_status": "Utvandrad"}, day("11-13")),
        # When the file was made, where the person has no time.
        ({}, {"person_status": "Utvandrad", "modified": None}, day("11-14")),
        ({"cancelled": "false"}, {"person_status": "Avliden"}, day("11-13")),
    ],
)
def test_a_place_that_was_broken_off_ends_when_that_was_said(
    reading: Lake, place: Row, person: Row, end: date | None
) -> None:
    (row,) = enrolments(reading, place, {**PERSON, **person})
    assert row["end_date"] == end


@pytest.mark.parametrize(
    "place",
    [
        {"organisation": None},
        {"school_type": None},
        {"start_date": None},
        {"start_date": "hösten"},
        {"end_date": "jul"},
        {"part": "duties"},
        {"file_id": 2},
        {"line_number": 2},
    ],
    ids=lambda place: next(iter(place)),
)
def test_what_is_no_place_of_the_person_places_nobody(reading: Lake, place: Row) -> None:
    assert enrolments(reading, place) == []


@pytest.mark.parametrize("sealed", [{"line_number": 2}, {"file_id": 2}, None])
def test_a_place_of_somebody_without_a_key_is_nobodys(reading: Lake, sealed: Row | None) -> None:
    assert staged(reading, "person_enrolments", PERSON, PLACE, sealed=sealed) == []


def test_a_person_without_an_id_is_placed_nowhere(reading: Lake) -> None:
    assert enrolments(reading, {}, {**PERSON, "id": None}) == []


def test_each_place_of_a_person_is_one_and_other_objects_make_no_more(reading: Lake) -> None:
    others = [
        {**PLACE, "school_type": "SP"},
        {**PERSON, "line_number": 2},
        {**PERSON, "file_id": 2},
    ]
    found = enrolments(reading, {}, PERSON, *others)
    assert sorted(row["school_type"] for row in found) == ["GR", "SP"]
