"""SS12000 aggregatedAttendance as rows: references become names, numbers and places."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.exports.files.received import look_at
from assets.exports.ingest import read_again
from assets.exports.readers.columns import COLUMNS
from assets.exports.ss12000.aggregates import aggregate_frames
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import offer, put
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    SCHOOL,
    SECOND_UNIT,
    enrolment,
    group,
    member,
    organisation,
    page,
    person,
    put_school,
    school,
)

SUMS = {
    "activity": {"id": "activity-ma", "displayName": "Matematik"},
    "startDate": "2026-10-01",
    "endDate": "2026-10-31",
    "attendanceSum": 900,
    "validAbsenceSum": 60,
    "invalidAbsenceSum": 40,
    "otherAttendanceSum": 0,
    "reportedSum": 1000,
    "offeredSum": 1200,
}


pytestmark = pytest.mark.usefixtures("objects_are_read_as_everywhere")


def test_sums_are_rows_of_text_with_the_pupil_whom_the_lake_knows(
    lake: Lake, tmp_path: Path
) -> None:
    marked = {"person": {"id": BO, "securityMarking": "Sekretessmarkering"}}
    groups = [group(groupMemberships=[member(), marked])]
    offer(lake, *put_school(tmp_path, {**school(), "groups": groups}))
    objects = [
        {**SUMS, "student": {"id": ANNA, "securityMarking": "Ingen"}},
        {**SUMS, "student": {"id": BO}, "offeredSum": None},
        {**SUMS, "student": {"id": "person-unknown"}},
    ]
    file = look_at(put(tmp_path, "sums.json", page(objects)))
    (frame,) = aggregate_frames(
        lake,
        Sealer.of_home(lake.settings.home),
        file,
        by_key=lambda _: "a key",
        refuse=lambda _code, _number: None,
        marked=set(),
    )
    assert tuple(frame.columns) == ("file_id", "line_number", *COLUMNS["aggregates"])
    anna, bo, unknown = frame.rows(named=True)
    assert anna == {
        "file_id": file.file_id,
        "line_number": 1,
        "school_unit_code": SCHOOL,
        "school_name": "Exempelskolan Ö",
        "class_name": "8A",
        "grade": "8",
        "civic_no": "201203149800",
        "given_name": "Anna",
        "family_name": "Öberg",
        "sex": "Kvinna",
        "protected": "Ingen",
        "month": None,
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "activity": "Matematik",
        "scheduled_minutes": "1200",
        "reported_minutes": "1000",
        "valid_minutes": "60",
        "invalid_minutes": "40",
        "other_minutes": "0",
        "present_minutes": "900",
        "mentor_name": "Mentor Öberg",
        "mentor_email": "mo@skola.example.org",
    }
    # Only the object's own word; that Bo is protected is known all the same.
    assert (bo["protected"], bo["scheduled_minutes"]) == (None, None)
    assert lake.rows("SELECT count(*) FROM protected_pupils") == [(1,)]
    assert (unknown["line_number"], unknown["civic_no"], unknown["class_name"]) == (3, None, None)


def test_a_sum_of_a_person_who_comes_later_is_taken_when_it_is_read_again(
    lake: Lake, tmp_path: Path
) -> None:
    sums = put(tmp_path, "sums.json", page([{**SUMS, "student": {"id": ANNA}}]))
    offer(lake, sums)
    assert lake.rows("SELECT count(*) FROM monthly_sums") == [(0,)]
    offer(lake, *put_school(tmp_path, school()))
    report = read_again(lake, look_at(sums))
    assert (report.outcome, report.rows_accepted) == ("accepted", 1)
    assert lake.rows("SELECT count(*) FROM monthly_sums") == [(1,)]


def test_a_sum_that_is_read_again_counts_once_though_its_pupil_changed_school(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, *put_school(tmp_path, school()))
    objects = [{**SUMS, "student": {"id": who}} for who in (ANNA, "person-unknown")]
    sums = put(tmp_path, "sums.json", page(objects))
    offer(lake, sums)
    assert lake.rows("SELECT school_unit_code FROM monthly_sums") == [(SCHOOL,)]
    moved = person(
        modified="2026-11-02T04:00:00Z", enrolments=[enrolment(enroledAt={"id": SECOND_UNIT})]
    )
    units = [
        organisation(),
        organisation(SECOND_UNIT, schoolUnitCode="99999905", modified="2026-11-02T04:00:00Z"),
    ]
    offer(lake, *put_school(tmp_path / "later", {"organisations": units, "persons": [moved]}))
    read_again(lake, look_at(sums))
    assert lake.rows("SELECT school_unit_code FROM monthly_sums") == [("99999905",)]


def test_a_refused_sum_is_reported_by_its_object(lake: Lake, tmp_path: Path) -> None:
    offer(lake, *put_school(tmp_path, school()))
    objects = [
        {**SUMS, "student": {"id": ANNA}},
        {**SUMS, "student": {"id": "person-unknown"}},
    ]
    (report,) = offer(lake, put(tmp_path, "sums.json", page(objects)))
    (problem,) = [problem for problem in report.problems if problem.is_rejection]
    assert problem.in_words().startswith("object 2, school_unit_code: ")
