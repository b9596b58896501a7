"""A small school as SS12000 sends it: objects of each resource, and files of them.

A test says only what is special about an object; the rest is usual. Identity numbers are of the
test series. Not here: any expectation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.integration.ingest_files import put

Fields = Mapping[str, Any]

SCHOOL = "99999903"
UNIT, SECOND_UNIT, CLASS, LANGUAGE = "org-1", "org-2", "group-8a", "group-language"
MATHS, MENTOR, PRINCIPAL = "activity-ma", "person-mentor", "person-principal"
ANNA, BO = "person-anna", "person-bo"
CIVIC = {ANNA: "201203149800", BO: "201203149818"}
MODIFIED = "2026-10-06T04:00:00Z"


def _made(usual: Fields, special: Fields) -> dict[str, Any]:
    """Return an object; a field that is None is left out, `modified` stands in meta."""
    fields = {**usual, **special}
    modified = fields.pop("modified", MODIFIED)
    if modified:
        fields["meta"] = {"created": "2026-08-01T00:00:00Z", "modified": modified}
    return {name: value for name, value in fields.items() if value is not None}


def organisation(id: str = UNIT, **fields: Any) -> dict[str, Any]:  # noqa: A002
    usual = {
        "id": id,
        "displayName": "Exempelskolan Ö",
        "organisationType": "Skolenhet",
        "schoolUnitCode": SCHOOL,
    }
    return _made(usual, fields)


def enrolment(**fields: Any) -> dict[str, Any]:
    usual = {
        "enroledAt": {"id": UNIT},
        "schoolYear": 8,
        "schoolType": "GR",
        "startDate": "2026-08-17",
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def person(id: str = ANNA, **fields: Any) -> dict[str, Any]:  # noqa: A002
    civic = CIVIC.get(id)
    usual = {
        "id": id,
        "givenName": id.removeprefix("person-").title(),
        "familyName": "Öberg",
        "civicNo": {"value": civic} if civic else None,
        "sex": "Kvinna",
        "securityMarking": "Ingen",
        "personStatus": "Aktiv",
        "enrolments": [enrolment()] if civic else None,
    }
    return _made(usual, fields)


def staff(id: str = MENTOR, **fields: Any) -> dict[str, Any]:  # noqa: A002
    emails = [
        {"value": "hemma@example.org", "type": "Privat"},
        {"value": "mo@skola.example.org", "type": "Skola personal"},
    ]
    return person(id, **{"emails": emails, **fields})


def member(id: str = ANNA, **fields: Any) -> dict[str, Any]:  # noqa: A002
    return {"person": {"id": id, "securityMarking": "Ingen"}, **fields}


def group(id: str = CLASS, **fields: Any) -> dict[str, Any]:  # noqa: A002
    usual = {
        "id": id,
        "displayName": "8A",
        "groupType": "Klass",
        "organisation": {"id": UNIT},
        "startDate": "2026-08-01",
        "endDate": "2027-06-30",
        "groupMemberships": [member(ANNA), member(BO)],
    }
    return _made(usual, fields)


def activity(id: str = MATHS, **fields: Any) -> dict[str, Any]:  # noqa: A002
    usual = {
        "id": id,
        "displayName": "MA 8A",
        "calendarEventsRequired": True,
        "startDate": "2026-08-01",
        "groups": [{"id": CLASS}],
        "organisation": {"id": UNIT},
        "syllabus": {"id": "syllabus-ma", "displayName": "Matematik"},
    }
    return _made(usual, fields)


def duty(id: str = "duty-mentor", **fields: Any) -> dict[str, Any]:  # noqa: A002
    usual = {
        "id": id,
        "dutyRole": "Lärare",
        "dutyAt": {"id": UNIT},
        "person": {"id": MENTOR, "securityMarking": "Ingen"},
        "startDate": "2020-08-01",
        "assignmentRole": [{"group": {"id": CLASS}, "assignmentRoleType": "Mentor"}],
    }
    return _made(usual, fields)


def principal_duty(**fields: Any) -> dict[str, Any]:
    role = {"dutyRole": "Rektor", "person": {"id": PRINCIPAL}, "assignmentRole": None}
    return duty("duty-principal", **{**role, **fields})


def event(id: str = "event-1", **fields: Any) -> dict[str, Any]:  # noqa: A002
    """A lesson on 5 October 2026, 08:20 to 09:20 in Stockholm."""
    usual = {
        "id": id,
        "activity": {"id": MATHS},
        "startTime": "2026-10-05T08:20:00+02:00",
        "endTime": "2026-10-05T07:20:00Z",
        "cancelled": False,
    }
    return _made(usual, fields)


def attendance(
    event_id: str = "event-1", student: str | dict[str, str] = ANNA, **fields: Any
) -> dict[str, Any]:
    usual = {
        "id": f"attendance-{event_id}-{student}",
        "calendarEvent": {"id": event_id},
        "student": {"id": student, "securityMarking": "Ingen"},
        "isReported": True,
        "attendanceMinutes": 45,
        "validAbsenceMinutes": 0,
        "invalidAbsenceMinutes": 15,
        "otherAttendanceMinutes": 0,
        "absenceReason": "Sen ankomst",
        "reportedTimestamp": "2026-10-05T07:00:00Z",
    }
    return _made(usual, fields)


def school() -> dict[str, list[dict[str, Any]]]:
    """The objects of a school with two pupils, a mentor, a principal and two lessons."""
    second = {"startTime": "2026-10-05T09:30:00+02:00", "endTime": "2026-10-05T10:30:00+02:00"}
    return {
        "organisations": [organisation()],
        "persons": [person(ANNA), person(BO), staff(), staff(PRINCIPAL)],
        "groups": [group()],
        "activities": [activity()],
        "duties": [duty(), principal_duty()],
        "calendarEvents": [event(), event("event-2", **second)],
        "attendances": [
            attendance(event_id, student)
            for event_id in ("event-1", "event-2")
            for student in (ANNA, BO)
        ],
    }


def page(objects: Iterable[Any], **fields: Any) -> str:
    """Return objects as a response of the API."""
    answer = {"data": list(objects), "pageToken": None, **fields}
    return json.dumps(answer, ensure_ascii=False)


def put_page(
    folder: Path, name: str, objects: Iterable[Any], exported: str = "20261006T0500"
) -> Path:
    """Write a file of objects that was exported at a time."""
    return put(folder, f"{name}_{exported}.json", page(objects))


def put_school(folder: Path, objects: Mapping[str, Iterable[Any]] | None = None) -> list[Path]:
    """Write a file a resource."""
    return [put_page(folder, name, found) for name, found in (objects or school()).items()]
