"""What the standard's document (SS12000:2020, API 2.1.0) lets each endpoint be asked with.

Parameters, which of them are required, and what their values are; which objects pass; what is
added to them when it is asked for. Not here: HTTP and faults (`school_server.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

Objects = Mapping[str, list[dict[str, Any]]]
#: A parameter's values: one for most, several where the standard has a list.
Asked = Mapping[str, list[str]]

META = {"meta.created.before", "meta.created.after", "meta.modified.before", "meta.modified.after"}
PAGED = {"limit", "pageToken"}
_DATES = {f"{which}Date.on{side}" for which in ("start", "end") for side in ("OrBefore", "OrAfter")}
_USUAL = META | {"expandReferenceNames", "sortkey"}
#: Of each endpoint, all that it may be asked with besides `limit` and `pageToken`.
KNOWN: dict[str, set[str]] = {
    "organisations": _USUAL
    | _DATES
    | {"parent", "schoolUnitCode", "organisationCode", "municipalityCode", "type", "schoolTypes"},
    "persons": _USUAL
    | {f"relationship.{name}" for name in _DATES}
    | {"nameContains", "civicNo", "eduPersonPrincipalName", "identifier.value"}
    | {"identifier.context", "relationship.entity.type", "relationship.organisation", "expand"},
    "groups": _USUAL | _DATES | {"groupType", "schoolTypes", "organisation", "expand"},
    "duties": _USUAL | _DATES | {"organisation", "dutyRole", "person", "expand"},
    "activities": _USUAL | _DATES | {"member", "teacher", "organisation", "group", "expand"},
    "calendarEvents": _USUAL
    | {"startTime.onOrAfter", "startTime.onOrBefore", "endTime.onOrAfter", "endTime.onOrBefore"}
    | {"activity", "student", "teacher", "organisation", "group", "expand"},
    "attendances": META | {"student", "organisation", "calendarEvent", "expandReferenceNames"},
    "aggregatedAttendance": {"startDate", "endDate", "organisation", "schoolType", "student"}
    | {"expand", "expandReferenceNames"},
    "deletedEntities": {"after", "entities"},
}
REQUIRED = {
    "calendarEvents": {"startTime.onOrAfter", "startTime.onOrBefore"},
    "aggregatedAttendance": {"startDate", "endDate"},
}
EXPANDS = {
    "persons": {"duties", "responsibleFor", "placements", "ownedPlacements", "groupMemberships"},
    "groups": {"assignmentRoles"},
    "duties": {"person"},
    "activities": {"groups", "teachers", "syllabus"},
    "calendarEvents": {"activity", "attendance"},
    "aggregatedAttendance": {"activity", "student"},
}
#: The words of `entities`, and the list of the answer that each is in. The document writes
#: `activitites`.
ENTITIES = {
    "Absence": "absences",
    "AttendanceEvent": "attendanceEvents",
    "Attendance": "attendances",
    "Grade": "grades",
    "CalendarEvent": "calendarEvents",
    "AttendanceSchedule": "attendanceSchedules",
    "Resource": "resources",
    "Room": "rooms",
    "Activity": "activitites",
    "Duty": "duties",
    "Placement": "placements",
    "StudyPlan": "studyPlans",
    "Programme": "programmes",
    "Syllabus": "syllabuses",
    "SchoolUnitOffering": "schoolUnitOfferings",
    "Group": "groups",
    "Person": "persons",
    "Organisation": "organisations",
}
# Which resource a reference points to, where its field has another name.
_REFERRED = {
    "student": "persons",
    "person": "persons",
    "activity": "activities",
    "organisation": "organisations",
    "enroledAt": "organisations",
    "dutyAt": "organisations",
    "syllabus": "syllabuses",
    "group": "groups",
    "calendarEvent": "calendarEvents",
}


def wrong_in(endpoint: str, asked: Asked) -> str:
    """Return what is wrong in the parameters of a first page; '' when nothing is."""
    unknown = asked.keys() - KNOWN[endpoint] - PAGED
    if unknown:
        return f"unknown: {sorted(unknown)}"
    lacking = REQUIRED.get(endpoint, set()) - asked.keys()
    if lacking:
        return f"required: {sorted(lacking)}"
    for name, values in asked.items():
        if not all(_is_sound(endpoint, name, value) for value in values):
            return f"no value of {name}"
    return ""


def _is_sound(endpoint: str, name: str, value: str) -> bool:
    if name == "limit":
        return value.isdigit() and int(value) >= 1
    words = {
        "expandReferenceNames": {"true", "false"},
        "expand": EXPANDS.get(endpoint, set()),
        "entities": ENTITIES.keys(),
    }
    if name in words:
        return value in words[name]
    try:
        if name in META | {"after"} or "Time." in name:
            return datetime.fromisoformat(value).tzinfo is not None
        if "Date" in name:
            return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
    return True


def passes(one: Mapping[str, Any], asked: Asked) -> bool:
    """Whether an object is one that was asked for."""
    modified = datetime.fromisoformat(one.get("meta", {}).get("modified", "2026-01-01T00:00:00Z"))
    starts = datetime.fromisoformat(one.get("startTime", "2026-01-01T00:00:00Z"))
    tests: dict[str, Callable[[datetime], bool]] = {
        "meta.modified.after": lambda moment: modified > moment,
        "meta.modified.before": lambda moment: modified <= moment,
        "startTime.onOrAfter": lambda moment: starts >= moment,
        "startTime.onOrBefore": lambda moment: starts <= moment,
    }
    if any(name in one and [one[name]] != asked.get(name) for name in ("startDate", "endDate")):
        return False
    return all(
        test(datetime.fromisoformat(asked[name][0]))
        for name, test in tests.items()
        if name in asked
    )


def as_asked(one: dict[str, Any], asked: Asked, data: Objects) -> dict[str, Any]:
    """Return an object with names of references and what is expanded, where that was asked for."""
    if asked.get("expandReferenceNames") == ["true"]:
        one = {name: _named(name, value, data) for name, value in one.items()}
    if asked.get("expand"):
        embedded = {name: _expanded(one, name, data) for name in asked["expand"]}
        one = one | {"_embedded": embedded}
    return one


def _named(field: str, value: Any, data: Objects) -> Any:
    if isinstance(value, list):
        return [_named(field.removesuffix("s"), one, data) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _named(name, one, data) for name, one in value.items()}
    found = _found(_REFERRED.get(field, ""), value.get("id"), data)
    return inner | ({"displayName": _name_of(found)} if found else {})


def _name_of(one: Mapping[str, Any]) -> str:
    name: str = one.get("displayName") or f"{one.get('givenName')} {one.get('familyName')}"
    return name


def _expanded(one: Mapping[str, Any], name: str, data: Objects) -> Any:
    if name == "attendance":
        return [
            found
            for found in data.get("attendances", [])
            if found["calendarEvent"]["id"] == one["id"]
        ]
    return _found(_REFERRED.get(name, name), one.get(name, {}).get("id"), data)


def _found(resource: str, id_: str | None, data: Objects) -> dict[str, Any] | None:
    return next((one for one in data.get(resource, []) if one.get("id") == id_), None)


def deleted_page(deleted: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return deletions, each an entity's word and an id, as the lists of the answer."""
    found: dict[str, list[str]] = {}
    for entity, id_ in deleted:
        found.setdefault(ENTITIES[entity], []).append(id_)
    return found
