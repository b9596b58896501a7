"""Servers differ in what they refuse: each gives all its pages, or what is missing is reported."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.school_server import School, status
from tests.integration.test_pull import NEXT_NIGHT, NIGHT, obj, objects_in, pulled, source_of

EVENTS = [
    obj(n, startTime=f"2026-{month}-{n + 1:02d}T08:00:00+01:00")
    for month in ("10", "11")
    for n in range(5)
]
SUMS = [
    {"startDate": "2026-10-01", "endDate": "2026-10-31", "offeredSum": n, "activity": {"id": "a"}}
    for n in range(5)
]
WINDOWS: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "calendarEvents": (EVENTS, {"startTime.onOrAfter", "startTime.onOrBefore"}),
    "aggregatedAttendance": (SUMS, {"startDate", "endDate"}),
}


def state_of(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "skola" / ".state.json").read_text())
    return found


def beside_tokens(school: School, endpoint: str) -> list[set[str]]:
    """Return what stood beside each page token that an endpoint was asked with."""
    asked = [parameters for parameters in school.parameters(endpoint) if "pageToken" in parameters]
    return [set(parameters) - {"pageToken"} for parameters in asked]


@pytest.mark.parametrize("endpoint", WINDOWS)
@pytest.mark.parametrize("server", list(itertools.product([400, 422], [False, True])))
@pytest.mark.parametrize("setting", [None, False, True])
def test_page_two_is_asked_as_the_server_wants_it_or_the_fault_is_reported(
    school: School,
    tmp_path: Path,
    endpoint: str,
    server: tuple[int, bool],
    setting: bool | None,
) -> None:
    refusal, wants_repeated = server
    objects, required = WINDOWS[endpoint]
    school.data[endpoint] = objects
    school.refusal, school.wants_repeated = refusal, wants_repeated
    source = source_of(school, endpoint, months_back=1, repeat_parameters=setting)
    (result,) = pulled(source, tmp_path)
    if setting in {None, wants_repeated}:
        assert result.fault == ""
        found = [one for path in result.files for one in objects_in(path)]
        assert len(found) == len(objects)
    else:
        assert f"the server answered {refusal}" in result.fault
        assert result.files == ()
    tried = beside_tokens(school, endpoint)
    # The standard first: a token alone.
    assert tried[0] == (required if setting else set())


def test_what_a_server_wants_of_page_two_is_remembered_and_learnt_again(
    school: School, tmp_path: Path
) -> None:
    school.data["calendarEvents"], school.wants_repeated = EVENTS, True
    source = source_of(school, "calendarEvents", months_back=1, modified_filter=False)
    pulled(source, tmp_path)
    assert beside_tokens(school, "calendarEvents").count(set()) == 1
    school.asked.clear()
    pulled(source, tmp_path, NEXT_NIGHT)
    assert set() not in beside_tokens(school, "calendarEvents")
    # The server is mended.
    school.wants_repeated = False
    school.asked.clear()
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert result.fault == ""
    assert beside_tokens(school, "calendarEvents")[1:] == [set()] * 4


@pytest.mark.parametrize("code", [400, 422, 500])
def test_a_window_that_fails_is_reported_and_the_later_ones_come(
    school: School, tmp_path: Path, code: int
) -> None:
    school.data["calendarEvents"], school.page_size = EVENTS, 10
    source = source_of(school, "calendarEvents", months_back=1, retries=0)
    school.fail("calendarEvents", status(code))
    (result,) = pulled(source, tmp_path)
    assert result.fault.startswith(f"2026-10: the server answered {code}")
    assert [path.name.split("_")[2] for path in result.files] == ["2026-11"]
    assert list(state_of(tmp_path)["cursors"]) == ["calendarEvents/2026-11"]
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert [path.name.split("_")[2] for path in result.files] == ["2026-10"]
    assert result.fault == ""


def test_after_a_window_of_attendances_that_failed_the_later_ones_still_come(
    school: School, tmp_path: Path
) -> None:
    school.data["attendances"] = [obj(n, f"2026-{n:02d}-05T08:00:00+02:00") for n in (9, 10, 11)]
    source = source_of(school, "attendances", months_back=2, retries=0)
    school.fail("attendances", status(500))
    (result,) = pulled(source, tmp_path)
    assert [path.name.split("_")[2] for path in result.files] == ["2026-10", "2026-11"]
    assert "2026-09: the server answered 500" in result.fault
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert school.parameters("attendances")[3]["meta.modified.after"].startswith("2026-09-01")
    assert [one["id"] for path in result.files for one in objects_in(path)] == [
        "id-9",
        "id-10",
        "id-11",
    ]


@pytest.mark.parametrize(("code", "asked"), [(403, 1), (404, 1), (500, 3)])
def test_windows_that_are_not_asked_for_are_reported(
    school: School, tmp_path: Path, code: int, asked: int
) -> None:
    source = source_of(school, "calendarEvents", months_back=6, retries=0)
    school.fail("calendarEvents", *itertools.repeat(status(code), 9))
    (result,) = pulled(source, tmp_path)
    assert len(school.asked) == asked
    assert f"{7 - asked} later windows were not asked for" in result.fault


def test_an_expired_page_token_begins_the_window_again_once(school: School, tmp_path: Path) -> None:
    school.data["groups"], school.expiring = [obj(n) for n in range(5)], 1
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert (result.fault, result.objects) == ("", 5)
    assert objects_in(result.files[0]) == school.data["groups"]


def test_page_tokens_that_expire_again_are_reported(school: School, tmp_path: Path) -> None:
    school.data["groups"], school.expiring = [obj(n) for n in range(5)], 2
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert "410: the page token expired" in result.fault
    assert [path.name for path in (tmp_path / "skola").iterdir()] == [".lock"]


MATHS = obj(1, displayName="MA 8A", syllabus={"id": "s"})
SYLLABUS = {"id": "s", "displayName": "Matematik"}


def test_names_of_subjects_are_asked_for_and_no_others(school: School, tmp_path: Path) -> None:
    kim = {"id": "p", "givenName": "Kim", "familyName": "Öberg"}
    school.data |= {
        "activities": [MATHS],
        "syllabuses": [SYLLABUS],
        "persons": [kim],
        "aggregatedAttendance": [SUMS[0] | {"student": {"id": "p"}, "activity": {"id": "id-1"}}],
    }
    results = pulled(source_of(school, "activities", "aggregatedAttendance"), tmp_path)
    (activity,) = objects_in(results[0].files[0])
    assert activity["syllabus"]["displayName"] == "Matematik"
    (sums,) = objects_in(results[1].files[0])
    assert (sums["activity"], sums["student"]) == ({"id": "id-1"}, {"id": "p"})


def test_a_persons_name_that_a_server_sends_unasked_is_not_written(
    school: School, tmp_path: Path
) -> None:
    named = {"id": "p", "displayName": "Kim Öberg", "securityMarking": "Ingen"}
    school.data["attendances"] = [obj(1, student=named)]
    (result,) = pulled(source_of(school, "attendances"), tmp_path)
    (one,) = objects_in(result.files[0])
    assert one["student"] == {"id": "p", "securityMarking": "Ingen"}


def test_a_server_that_knows_no_names_is_asked_for_them_once(
    school: School, tmp_path: Path
) -> None:
    school.data["activities"], school.knows_names, school.refusal = [MATHS], False, 422
    source = source_of(school, "activities")
    (result,) = pulled(source, tmp_path)
    assert (result.fault, result.objects) == ("", 1)
    assert state_of(tmp_path)["habits"] == {"activities/expand_reference_names": False}
    pulled(source, tmp_path, NEXT_NIGHT)
    asked = ["expandReferenceNames" in parameters for parameters in school.parameters("activities")]
    assert asked == [True, False, False]


@pytest.mark.parametrize("setting", [False, True])
def test_a_setting_decides_whether_names_are_asked_for(
    school: School, tmp_path: Path, setting: bool
) -> None:
    school.data["activities"] = [MATHS]
    pulled(source_of(school, "activities", expand_reference_names=setting), tmp_path)
    (asked,) = school.parameters("activities")
    assert ("expandReferenceNames" in asked) == setting


def test_what_was_taken_away_is_fetched_since_the_last_pull(school: School, tmp_path: Path) -> None:
    school.deleted = [
        ("Attendance", "a-1", "2026-10-01T08:00:00+02:00"),
        ("Attendance", "a-2", "2026-11-14T08:00:00+01:00"),
        ("Absence", "f-1", "2026-11-14T08:00:00+01:00"),
        ("Activity", "m-1", "2026-11-14T08:00:00+01:00"),
    ]
    source = source_of(school, "deletedEntities", modified_filter=False)
    (result,) = pulled(source, tmp_path)
    assert school.parameters("deletedEntities")[0] == {}
    (path,) = result.files
    assert path.name == "skola_deletedEntities_all_20261115T030000.json"
    # All pages are one object, and what nothing follows from is left out.
    assert json.loads(path.read_bytes()) == {
        "data": {"activitites": ["m-1"], "attendances": ["a-1", "a-2"]},
        "pageToken": None,
    }
    assert (result.objects, result.pages) == (3, 2)
    school.deleted.append(("Person", "p-1", "2026-11-15T12:00:00+01:00"))
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert school.parameters("deletedEntities")[-1] == {"after": "2026-11-15T02:00:00+01:00"}
    assert json.loads(result.files[0].read_bytes())["data"] == {"persons": ["p-1"]}
    assert pulled(source, tmp_path, datetime(2026, 11, 17, 2, tzinfo=UTC))[0].files == ()


@pytest.mark.parametrize("data", ["[]", '{"persons": "p-1"}', '{"persons": [{"id": "p-1"}]}'])
def test_deletions_of_another_shape_are_reported(school: School, tmp_path: Path, data: str) -> None:
    school.fail(
        "deletedEntities",
        lambda handler: handler.answer(200, f'{{"data": {data}, "pageToken": null}}'.encode()),
    )
    (result,) = pulled(source_of(school, "deletedEntities"), tmp_path, NIGHT)
    assert "page 1 is not what the standard says" in result.fault
    assert "p-1" not in result.fault


WRONG = {
    "a required parameter is missing": ("calendarEvents", "startTime.onOrAfter=2026-10-01T00:00Z"),
    "a time without offset": ("persons", "meta.modified.after=2026-10-01T00:00:00"),
    "an unknown parameter": ("attendances", "startTime.onOrAfter=2026-10-01T00:00:00Z"),
    "a limit of none": ("persons", "limit=0"),
    "an unknown expansion": ("activities", "expand=attendance"),
    "an unknown entity": ("deletedEntities", "entities=attendances"),
    "a filter beside a token": ("persons", "pageToken=x&sortkey=ModifiedDesc"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_tests_server_refuses_what_the_standard_does(school: School, what: str) -> None:

    endpoint, query = WRONG[what]
    assert requests.get(f"{school.url}/{endpoint}?{query}", timeout=5).status_code == 400


def test_the_tests_server_embeds_and_filters_as_the_standard_does(school: School) -> None:

    school.data |= {
        "activities": [MATHS],
        "calendarEvents": [
            obj(5, startTime="2026-10-05T08:00:00+02:00", activity={"id": "id-1"}),
        ],
        "attendances": [obj(7, calendarEvent={"id": "id-5"})],
    }
    window = "startTime.onOrAfter=2026-10-01T00:00:00Z&startTime.onOrBefore=2026-11-01T00:00:00Z"
    asked = f"{school.url}/calendarEvents?{window}&expand=activity&expand=attendance"
    (event,) = requests.get(asked, timeout=5).json()["data"]
    assert [event["_embedded"]["activity"]["id"]] == ["id-1"]
    assert [one["id"] for one in event["_embedded"]["attendance"]] == ["id-7"]
    school.deleted = [
        ("Person", "p", "2026-10-01T08:00:00Z"),
        ("Duty", "d", "2026-10-02T08:00:00Z"),
    ]
    school.deleted.append(("Group", "g", "2026-10-03T08:00:00Z"))
    asked = "after=2026-10-01T08:00:00Z&entities=Person&entities=Duty"
    found = requests.get(f"{school.url}/deletedEntities?{asked}", timeout=5).json()
    assert found["data"] == {"duties": ["d"]}
