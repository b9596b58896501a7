"""SS12000 files as some servers write them: mixed, in capitals, with 15.0, far offsets, twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets.exports.files.received import UnreadableFileError, look_at
from assets.exports.ledger.outcomes import FileOutcome
from assets.exports.ss12000.json_files import JsonRows
from assets.lake.connection import Lake
from tests.integration.ingest_files import (
    offer,
    offer_one,
    problems_of,
    put,
    warnings_of,
)
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    activity,
    attendance,
    event,
    group,
    organisation,
    page,
    person,
    put_page,
    put_school,
    school,
)


def minutes(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows(
        "SELECT lesson_id, scheduled_minutes, valid_minutes, invalid_minutes, is_cancelled "
        "FROM lessons ORDER BY ALL"
    )


def test_an_object_of_another_resource_is_refused_and_named_and_its_marking_counts(
    lake: Lake, tmp_path: Path
) -> None:
    marked = {"id": BO, "securityMarking": "Sekretessmarkering"}
    put_school(tmp_path)
    mixed = [
        organisation(),
        attendance(student=marked, id="stray"),
        {"id": "room-1", "displayName": "Sal 1", "seats": 30},
        organisation("org-2", schoolUnitCode="99999904"),
    ]
    report = offer_one(lake, put_page(tmp_path / "mixed", "organisations", mixed))
    assert report.outcome == FileOutcome.ACCEPTED_IN_PART
    assert problems_of(report) == {2: "object.of_attendances", 3: "object.of_none"}
    assert "object 2, object: an object of attendances in a file of another" in str(report.reason)
    assert [word for (word,) in lake.rows("SELECT is_protected FROM protection_words")] == [True]

    sums = {"activity": {"id": "a"}, "student": {"id": ANNA}, "offeredSum": 60, "reportedSum": 60,
            "startDate": "2026-10-01", "endDate": "2026-10-31"}  # fmt: skip
    files = {
        "persons": [person(), attendance()],
        "attendances": [attendance(), event()],
        "aggregatedAttendance": [sums, person()],
    }
    paths = [put_page(tmp_path / "more", name, objects) for name, objects in files.items()]
    found = {one.path.stem.split("_")[0]: problems_of(one).get(2) for one in offer(lake, *paths)}
    assert found == {
        "persons": "object.of_attendances",
        "attendances": "object.of_calendarEvents",
        "aggregatedAttendance": "object.of_persons",
    }


def test_a_person_of_whom_only_the_marking_is_reported_is_no_stranger(
    lake: Lake, tmp_path: Path
) -> None:
    few = [person(), {"id": BO, "securityMarking": "Sekretessmarkering"}]
    report = offer_one(lake, put_page(tmp_path, "persons", few))
    assert report.rows_accepted == 2


@pytest.mark.parametrize(("written", "read"), [("15.0", 15), ("15e0", 15), ("1.5E1", 15)])
def test_a_whole_number_is_one_however_it_is_written(
    lake: Lake, tmp_path: Path, written: str, read: int
) -> None:
    paths = put_school(tmp_path)
    text = page([attendance(invalidAbsenceMinutes=771)]).replace("771", written)
    offer(lake, *paths[:-1], put(tmp_path, "attendances_20261006T0500.json", text))
    assert [row[3] for row in minutes(lake)] == [read]


def test_a_fraction_or_a_number_beyond_all_bounds_is_refused(lake: Lake, tmp_path: Path) -> None:
    numbers = ["15.5", "1e400", "1e-9", "15.000000001"]
    text = page([attendance(id=f"a{n}", invalidAbsenceMinutes=7710 + n) for n in range(4)])
    for n, number in enumerate(numbers):
        text = text.replace(str(7710 + n), number)
    report = offer_one(lake, put(tmp_path, "attendances_20261006T0500.json", text))
    assert set(problems_of(report).values()) == {"invalidAbsenceMinutes.unreadable"}
    assert report.rows_rejected == 4


def test_ids_in_capitals_are_the_same_objects(lake: Lake, tmp_path: Path) -> None:
    names = (ANNA, "event-1", "activity-ma", "org-1", "group-8a")
    uuids = {
        name: f"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee{number:02x}" for number, name in enumerate(names)
    }

    def renamed(objects: list[dict[str, Any]], *, in_capitals: bool) -> list[dict[str, Any]]:
        text = json.dumps(objects, ensure_ascii=False)
        for name, uuid in uuids.items():
            text = text.replace(f'"{name}"', f'"{uuid.upper() if in_capitals else uuid}"')
        found: list[dict[str, Any]] = json.loads(text)
        return found

    files = {
        "organisations": [organisation()],
        "persons": [person()],
        "groups": [group()],
        "activities": [activity()],
        "calendarEvents": [event()],
        "attendances": [attendance()],
    }
    turned = {
        name: renamed(objects, in_capitals=number % 2 == 0)
        for number, (name, objects) in enumerate(files.items())
    }
    offer(lake, *put_school(tmp_path, turned))
    assert [row[0] for row in minutes(lake)] == [uuids["event-1"]]
    later = renamed([attendance(invalidAbsenceMinutes=20)], in_capitals=True)
    later[0]["meta"]["modified"] = "2026-10-08T04:00:00Z"
    offer_one(lake, put_page(tmp_path / "later", "attendances", later, "20261008T0500"))
    assert [row[3] for row in minutes(lake)] == [20]


@pytest.mark.parametrize(
    ("offset", "is_read"),
    [("+02:00", True), ("-14:00", True), ("+14:00", True), ("+14:01", False), ("+23:00", False),
     ("-15:00", False), ("+13:60", False)],
)  # fmt: skip
def test_no_place_is_more_than_fourteen_hours_from_greenwich(
    lake_of_module: Lake, offset: str, is_read: bool
) -> None:
    from assets.exports.staging.staged_tables import load_macros

    load_macros(lake_of_module)
    ((found,),) = lake_of_module.rows(f"SELECT moment('2026-10-05T08:20:00{offset}') IS NOT NULL")
    assert found is is_read


def test_two_exceptions_of_one_pupil_that_differ_are_reported_and_the_lesson_stays(
    lake: Lake, tmp_path: Path
) -> None:
    out = {"student": {"id": ANNA}, "participates": False}
    half = {"student": {"id": ANNA}, "participates": True, "teachingLength": 30}
    events = [
        event("event-1", studentExceptions=[out, half]),
        event("event-2", studentExceptions=[half, half]),
        event("event-3", studentExceptions=[out]),
    ]
    attendances = [attendance(f"event-{n}") for n in (1, 2, 3)]
    given = {**school(), "calendarEvents": events, "attendances": attendances}
    reports = {
        one.path.stem.split("_")[0]: one for one in offer(lake, *put_school(tmp_path, given))
    }
    assert warnings_of(reports["calendarEvents"]) == {"exceptions.contradict": 1}
    assert [row[1:] for row in minutes(lake)] == [
        (30, 0, 15, False), (30, 0, 15, False), (60, 0, 15, True)
    ]  # fmt: skip


TWICE = {
    "in an object": '{"data": [{"id": "1", "civicNo": {}, "id": "2"}]}',
    "in a reference": '{"data": [{"id": "1", "enrolments": [{"at": {"id": "1", "id": "2"}}]}]}',
    "written otherwise": '{"data": [{"id": "1", "civicNo": {"value": "1", "v\\u0061lue": "2"}}]}',
    "beside the list": '{"data": [{"id": "1", "civicNo": {}}], "x": null, "x": "y"}',
    "two lists": '{"data": [{"id": "1", "civicNo": {}}], "data": [{"id": "2", "civicNo": {}}]}',
    "in something read past": '{"x": {"a": 1, "a": 2}, "data": [{"id": "1", "civicNo": {}}]}',
}


@pytest.mark.parametrize("where", TWICE)
def test_a_field_twice_is_refused_wherever_it_stands(tmp_path: Path, where: str) -> None:
    with pytest.raises(UnreadableFileError, match="twice"):
        list(JsonRows(look_at(put(tmp_path, "a.json", TWICE[where]))).frames())
