"""How groups, duties, activities and schools of SS12000 are read (`sql/exports/staged_*.sql`)."""

from __future__ import annotations

from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, NORTH, Row, day, moment
from tests.sql.given_objects import staged

#: Of each resource an object, and of it a part that is sound.
OBJECTS: dict[str, Row] = {
    "groups": {"id": "a", "group_type": "Klass", "class_name": " 8A ", "organisation": "unit"},
    "duties": {"id": "a", "duty_role": "Lärare", "person": "anna", "organisation": "unit"},
    "activities": {"id": "a", "activity_type": "Undervisning", "subject": "MA"},
    "organisations": {"id": "a", "organisation_type": "Skolenhet", "school_unit_code": NORTH},
}
MEMBER: Row = {"part": "members", "person": "anna"}
ROLE: Row = {"part": "roles", "group_id": "class", "role_type": "Mentor"}
PARTS = {"groups": ("group_members", MEMBER), "duties": ("duty_roles", ROLE)}


def only(lake: Lake, name: str, *parts: Row, **cells: str | None) -> dict[str, Any]:
    rows = staged(lake, name, {**OBJECTS[name], **cells}, *parts)
    (row,) = [one for one in rows if (one["file_id"], one["line_number"]) == (1, 1)]
    return row


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_kept_with_the_time_of_its_file(reading: Lake, name: str) -> None:
    row = only(reading, name)
    assert (row["problem"], row["warning"]) == (None, None)
    assert row["exported_at"] == moment("11-14 05:00")


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize(
    ("cells", "problem", "warning"),
    [
        ({"fault": "object.unreadable"}, "object.unreadable", None),
        ({"id": None}, "id.missing", None),
        ({"modified": "i går"}, None, "meta.unreadable"),
        ({"modified": "2026-11-13T05:00:00Z"}, None, None),
    ],
)
def test_an_object_needs_an_id_and_a_bad_time_is_said(
    reading: Lake, name: str, cells: dict[str, str | None], problem: str | None, warning: str | None
) -> None:
    row = only(reading, name, **cells)
    assert row["problem"] == problem
    if problem is None:
        assert row["warning"] == warning


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"start_date": "hösten"}, "startDate.unreadable"),
        ({"end_date": "jul"}, "endDate.unreadable"),
        ({"start_date": "2026-08-17", "end_date": "2027-06-11"}, None),
    ],
)
def test_the_days_of_an_object_may_be_left_out_but_not_unreadable(
    reading: Lake, name: str, cells: dict[str, str | None], problem: str | None
) -> None:
    row = only(reading, name, **cells)
    assert row["problem"] == problem
    if problem is None:
        assert (row["start_date"], row["end_date"]) == (day("08-17"), day("2027-06-11"))


def test_only_a_class_keeps_its_name_and_a_group_needs_a_kind(reading: Lake) -> None:
    assert only(reading, "groups")["class_name"] == "8A"
    assert only(reading, "groups", group_type="Undervisning")["class_name"] is None
    assert only(reading, "groups", group_type=None)["problem"] == "groupType.missing"


def test_a_duty_is_the_persons(reading: Lake) -> None:
    assert only(reading, "duties")["person_key"] == str(ANNA)
    assert only(reading, "duties", person="cilla")["person_key"] is None


@pytest.mark.parametrize(
    ("kind", "is_taught"),
    [("Undervisning", True), ("Övrigt", False), ("Läraraktivitet", False)],
)
def test_what_is_not_taught_has_no_attendance(reading: Lake, kind: str, *, is_taught: bool) -> None:
    assert only(reading, "activities", activity_type=kind)["has_attendance"] is is_taught


@pytest.mark.parametrize(
    ("code", "kept", "problem"),
    [
        (NORTH, NORTH, None),
        ("123456", "00123456", None),
        (None, None, None),
        ("Norra", None, "schoolUnitCode.unreadable"),
    ],
)
def test_a_school_unit_has_a_code_that_can_be_read(
    reading: Lake, code: str | None, kept: str | None, problem: str | None
) -> None:
    row = only(reading, "organisations", school_unit_code=code)
    assert (row["school_unit_code"], row["problem"]) == (kept, problem)


BAD_PARTS: list[tuple[str, Row]] = [
    ("groups", {"person": None}),
    *(("groups", {date: "hösten"}) for date in ("start_date", "end_date")),
    ("duties", {"group_id": None}),
    ("duties", {"role_type": None}),
    *(("duties", {date: "hösten"}) for date in ("start_date", "end_date")),
]


@pytest.mark.parametrize(("name", "bad"), BAD_PARTS)
def test_a_member_or_role_that_can_not_be_read_is_said_and_left_out(
    reading: Lake, name: str, bad: Row
) -> None:
    parts, sound = PARTS[name]
    word = {"groups": "members.unreadable", "duties": "roles.unreadable"}[name]
    row = only(reading, name, {**sound, **bad})
    assert (row["problem"], row["warning"]) == (None, word)
    assert staged(reading, parts, OBJECTS[name], {**sound, **bad}) == []
    # Of another object or file, or another kind of part.
    for of_other in ({"line_number": 2}, {"file_id": 2}, {"part": "other"}):
        assert only(reading, name, {**sound, **bad, **of_other})["warning"] is None


@pytest.mark.parametrize("name", PARTS)
def test_a_member_or_role_with_or_without_days_is_nothing_to_be_said(
    reading: Lake, name: str
) -> None:
    sound = PARTS[name][1]
    for days in ({}, {"start_date": "2026-08-17"}, {"end_date": "2027-06-11"}):
        assert only(reading, name, {**sound, **days})["warning"] is None


def test_a_member_is_the_person_and_a_stranger_is_none(reading: Lake) -> None:
    found = staged(
        reading, "group_members", OBJECTS["groups"], MEMBER, {**MEMBER, "person": "cilla"}
    )
    assert [row["person_key"] for row in found] == [str(ANNA)]


@pytest.mark.parametrize("name", PARTS)
def test_a_fault_of_an_object_that_is_taken_is_said(reading: Lake, name: str) -> None:
    row = only(reading, name, fault="names.unreadable")
    assert (row["problem"], row["warning"]) == (None, "names.unreadable")


@pytest.mark.parametrize("name", PARTS)
def test_a_member_or_role_is_of_its_own_object_and_has_its_days(reading: Lake, name: str) -> None:
    parts, sound = PARTS[name]
    days = {"start_date": "2026-08-17", "end_date": "2027-06-11"}
    others = [
        {**sound, "line_number": 2},
        {**sound, "file_id": 2},
        {**sound, "part": "other"},
        {**OBJECTS[name], "line_number": 3},
        {**sound, "line_number": 4},
        {**OBJECTS[name], "line_number": 4, "id": None},
    ]
    found = staged(reading, parts, OBJECTS[name], {**sound, **days}, sound, *others)
    assert [(row["file_id"], row["line_number"]) for row in found] == [(1, 1), (1, 1)]
    assert {(row["start_date"], row["end_date"]) for row in found} == {
        (None, None),
        (day("08-17"), day("2027-06-11")),
    }
