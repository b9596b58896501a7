"""SS12000 files become lessons, rosters and names, whatever order they come in."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.flags.answers import staff_words
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import REFUSED_ROW, STAFF
from assets.watchlists.collect.mentors import people_in
from tests.conftest import emptied, settings_of
from tests.integration.ingest_files import (
    EVERY,
    lesson,
    lessons_of,
    offer,
    offer_one,
    problems_of,
    put,
    text_of,
    warnings_of,
)
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    MENTOR,
    SCHOOL,
    SECOND_UNIT,
    activity,
    attendance,
    duty,
    enrolment,
    event,
    group,
    member,
    organisation,
    page,
    person,
    put_page,
    put_school,
    school,
    staff,
)
from tests.sealed import opened


def take(lake: Lake, folder: Path, **special: list[Any]) -> None:
    """Take the usual school, with other objects of some resources."""
    reports = offer(lake, *put_school(folder, {**school(), **special}))
    assert {report.outcome for report in reports} <= {
        FileOutcome.ACCEPTED,
        FileOutcome.ACCEPTED_IN_PART,
    }


def said(lake: Lake) -> list[tuple[Any, ...]]:
    """Return pupil, event, start, minutes and marks of every lesson."""
    names = {str(key_of(lake, number)): name for name, number in NUMBERS.items()}
    rows = lake.rows(
        "SELECT pupil_key::VARCHAR, lesson_id, strftime(starts_at, '%m-%d %H:%M'), "
        "scheduled_minutes, valid_minutes, invalid_minutes, other_minutes, is_reported, "
        "is_cancelled FROM lessons"
    )
    return sorted((names.get(pupil, "?"), *rest) for pupil, *rest in rows)


NUMBERS = {"Anna": "201203149800", "Bo": "201203149818"}


def key_of(lake: Lake, number: str) -> object:
    return Sealer.of_home(lake.settings.home).key("pupil", number)


def test_a_school_becomes_lessons_with_place_and_mentor(lake: Lake, tmp_path: Path) -> None:
    take(lake, tmp_path)
    assert said(lake) == [
        (name, event_id, start, 60, 0, 15, 0, True, False)
        for name in NUMBERS
        for event_id, start in (("event-1", "10-05 08:20"), ("event-2", "10-05 09:30"))
    ]
    places = lake.rows(
        "SELECT DISTINCT school_unit_code, class_name, grade, subject, mentor_key FROM lessons"
    )
    assert [row[:4] for row in places] == [(SCHOOL, "8A", 8, "Matematik")]
    staff_names = {word["name"] for word in opened(lake, STAFF)}
    assert staff_names == {"Mentor Öberg", "Principal Öberg"}
    assert lake.rows("SELECT count(*) FROM lessons JOIN staff ON mentor_key = staff_key") == [(4,)]
    (unit,) = lake.rows(
        "SELECT school_name, is_registered, principal_key IS NOT NULL FROM school_units"
    )
    assert unit == ("Exempelskolan Ö", False, True)


def test_the_mentors_address_is_never_a_private_one(lake: Lake, tmp_path: Path) -> None:
    take(lake, tmp_path)
    emails = {word["email"] for word in opened(lake, STAFF)}
    assert emails == {"mo@skola.example.org"}


def test_an_ss12000_school_gives_the_lessons_that_its_csv_gives(lake: Lake, tmp_path: Path) -> None:
    minutes = [(45, 0, 15, 0), (0, 60, 0, 0), (20, 0, 10, 30), (60, 0, 0, 0)]
    pairs = [(e, s) for e in ("event-1", "event-2") for s in (ANNA, BO)]
    names = ("attendanceMinutes", "validAbsenceMinutes", "invalidAbsenceMinutes")
    objects = [
        attendance(e, s, **dict(zip((*names, "otherAttendanceMinutes"), m, strict=True)))
        for (e, s), m in zip(pairs, minutes, strict=True)
    ]
    objects[3] |= {"isReported": False}
    take(lake, tmp_path / "json", attendances=objects)
    by_json = lessons_of(lake)
    rows = [
        lesson(
            school=SCHOOL, civic={ANNA: "20120314-9800", BO: "20120314-9818"}[s],
            start={"event-1": "08:20", "event-2": "09:30"}[e], date="2026-10-05",
            lesson_id=e, subject="Matematik", present=str(m[0]), valid=str(m[1]),
            invalid=str(m[2]), other=str(m[3]), mentor="Mentor Öberg",
            email="mo@skola.example.org", reported="Nej" if (e, s) == pairs[3] else "Ja",
        )
        for (e, s), m in zip(pairs, minutes, strict=True)
    ]  # fmt: skip
    offer_one(emptied(lake), put(tmp_path, "lessons.csv", text_of(rows, EVERY)))
    assert by_json == lessons_of(lake)


LENGTHS: dict[str, tuple[dict[str, Any], int, bool]] = {
    "end - start": ({}, 60, False),
    "teachingLengthStudent": ({"teachingLengthStudent": 55}, 55, False),
    "the pupil's teachingLength": (
        {
            "teachingLengthStudent": 55,
            "studentExceptions": [
                {"student": {"id": ANNA}, "participates": True, "teachingLength": 40}
            ],
        },
        40,
        False,
    ),
    "the pupil's own times": (
        {
            "studentExceptions": [
                {
                    "student": {"id": ANNA},
                    "participates": True,
                    "endTime": "2026-10-05T09:00:00+02:00",
                }
            ]
        },
        40,
        False,
    ),
    "not participating": (
        {"studentExceptions": [{"student": {"id": ANNA}, "participates": False}]},
        60,
        True,
    ),
    "cancelled": ({"cancelled": True}, 60, True),
}


def test_length_and_cancellation_come_from_the_exception_then_the_event(
    lake: Lake, tmp_path: Path
) -> None:
    events = {f"event-{k}": fields for k, (fields, _, _) in enumerate(LENGTHS.values())}
    take(
        lake,
        tmp_path,
        calendarEvents=[event(id_, **fields) for id_, fields in events.items()],
        attendances=[attendance(id_, ANNA) for id_ in events],
    )
    found = [(row[3], row[8]) for row in said(lake)]
    assert found == [(length, is_out) for _, length, is_out in LENGTHS.values()]


def test_a_lesson_over_the_change_of_clocks_keeps_its_length(lake: Lake, tmp_path: Path) -> None:
    night = event(startTime="2026-10-25T02:30:00+02:00", endTime="2026-10-25T02:30:00+01:00")
    take(lake, tmp_path, calendarEvents=[night], attendances=[attendance()])
    assert [row[2:4] for row in said(lake)] == [("10-25 02:30", 60)]


def test_an_attendance_waits_for_its_event_and_person_and_says_so(
    lake: Lake, tmp_path: Path
) -> None:
    objects = school()
    late = {name: objects.pop(name) for name in ("persons", "calendarEvents")}
    reports = offer(lake, *put_school(tmp_path, objects))
    assert lessons_of(lake) == []
    (waiting,) = [r for r in reports if r.path.name.startswith("attendances")]
    assert waiting.outcome == FileOutcome.ACCEPTED
    assert waiting.reason is not None
    assert "4 wait for their calendar event" in waiting.reason
    offer_one(lake, put_page(tmp_path, "calendarEvents", late["calendarEvents"]))
    assert lessons_of(lake) == []
    offer_one(lake, put_page(tmp_path, "persons", late["persons"]))
    assert len(lessons_of(lake)) == 4


def test_the_newest_word_counts_by_what_it_says_itself(lake: Lake, tmp_path: Path) -> None:
    take(lake, tmp_path)
    newer = attendance(invalidAbsenceMinutes=20, modified="2026-10-07T04:00:00Z")
    older = attendance(invalidAbsenceMinutes=30, modified="2026-10-05T10:00:00Z")
    offer_one(lake, put_page(tmp_path, "newer", [newer], "20261007T0500"))
    report = offer_one(lake, put_page(tmp_path, "older", [older], "20261008T0500"))
    assert report.outcome == FileOutcome.SUPERSEDED
    assert [row[5] for row in said(lake) if row[:2] == ("Anna", "event-1")] == [20]
    without = attendance(invalidAbsenceMinutes=40, modified=None)
    offer_one(lake, put_page(tmp_path, "without", [without], "20261009T0500"))
    assert [row[5] for row in said(lake) if row[:2] == ("Anna", "event-1")] == [40]


def test_a_pupil_who_gets_a_number_keeps_the_lessons(lake: Lake, tmp_path: Path) -> None:
    nameless = person(ANNA, civicNo=None)
    take(lake, tmp_path, persons=[nameless, person(BO)])
    assert [row[0] for row in said(lake)] == ["?", "?", "Bo", "Bo"]
    (warned,) = list(
        offer(
            lake,
            put_page(
                tmp_path,
                "p",
                [nameless, person(BO, modified="2026-10-06T05:00:00Z")],
                "20261006T0600",
            ),
        )
    )
    assert warnings_of(warned) == {"civicNo.unreadable": 1}
    numbered = person(ANNA, modified="2026-10-07T04:00:00Z")
    offer_one(lake, put_page(tmp_path, "numbered", [numbered], "20261007T0500"))
    assert [row[0] for row in said(lake)] == ["Anna", "Anna", "Bo", "Bo"]
    assert lake.rows("SELECT count(*) FROM identity_sources") == [(2,)]
    assert lake.rows("SELECT count(DISTINCT pupil_key) FROM enrolments") == [(2,)]


@pytest.mark.parametrize(
    ("where", "marking"),
    [
        ("persons", "Sekretessmarkering"),
        ("persons", "ingen"),
        ("groups", "Skyddad folkbokföring"),
        ("calendarEvents", "x"),
        ("attendances", "Sekretessmarkering"),
    ],
)
def test_protection_holds_wherever_it_is_said(
    lake: Lake, tmp_path: Path, where: str, marking: str
) -> None:
    reference = {"id": ANNA, "securityMarking": marking}
    special: dict[str, list[Any]] = {
        "persons": [person(ANNA, securityMarking=marking), person(BO)],
        "groups": [group(groupMemberships=[{"person": reference}, member(BO)])],
        "calendarEvents": [event(studentExceptions=[{"student": reference, "participates": True}])],
        # Refused for another fault, and protected all the same.
        "attendances": [attendance(student=ANNA) | {"student": reference, "isReported": None}],
    }
    take(
        lake,
        tmp_path,
        **{where: special[where]}
        | (
            {}
            if where != "attendances"
            else {"attendances": [*special[where], attendance("event-2")]}
        ),
    )
    protected = lake.rows("SELECT pupil_key FROM protected_pupils")
    assert protected == [(key_of(lake, NUMBERS["Anna"]),)]


def test_a_mentor_with_protected_identity_is_not_named(lake: Lake, tmp_path: Path) -> None:
    take(
        lake, tmp_path, persons=[person(ANNA), staff(MENTOR, securityMarking="Sekretessmarkering")]
    )
    assert lake.rows("SELECT DISTINCT mentor_key FROM lessons") == [(None,)]


CO_MENTOR = "person-co-mentor"


def of_co_mentor(id: str = "duty-co-mentor", **fields: Any) -> dict[str, Any]:  # noqa: A002
    return duty(id, person={"id": CO_MENTOR, "securityMarking": "Ingen"}, **fields)


def with_co_mentor() -> list[dict[str, Any]]:
    """The usual persons, and a second mentor."""
    work = {"value": "co@skola.example.org", "type": "Skola personal"}
    second = staff(CO_MENTOR, givenName="Co", emails=[work])
    return [*school()["persons"], second]


def mentors_of_rosters(lake: Lake) -> dict[str, list[tuple[str, str]]]:
    """Return name and address of each mentor by pupil, as of the records that have no end."""
    names = {key_of(lake, number): name for name, number in NUMBERS.items()}
    rows = lake.rows(
        "SELECT pupil_key, cast(staff_key AS VARCHAR) FROM enrolments "
        "JOIN staff ON mentor_key = staff_key "
        "WHERE DATE '2026-10-05' BETWEEN start_date AND coalesce(end_date, DATE '2999-12-31')"
    )
    words = staff_words(lake)
    return {names[pupil]: sorted(people_in(words[staff])) for pupil, staff in rows}


MO, CO = ("Mentor Öberg", "mo@skola.example.org"), ("Co Öberg", "co@skola.example.org")


def test_all_mentors_of_a_class_are_its_pupils_mentors(lake: Lake, tmp_path: Path) -> None:
    take(lake, tmp_path, persons=with_co_mentor(), duties=[duty(), of_co_mentor()])
    assert mentors_of_rosters(lake) == {"Anna": [CO, MO], "Bo": [CO, MO]}
    # Lessons say the same of their mentors as the roster does.
    assert lake.rows("SELECT DISTINCT mentor_key FROM lessons") == lake.rows(
        "SELECT DISTINCT mentor_key FROM enrolments WHERE mentor_key IS NOT NULL"
    )


def test_the_mentor_of_single_pupils_is_one_beside_that_of_the_class(
    lake: Lake, tmp_path: Path
) -> None:
    own = group("group-own", groupType="Mentor", groupMemberships=[member(ANNA)])
    role = [{"group": {"id": "group-own"}, "assignmentRoleType": "Mentor"}]
    duties = [duty(), of_co_mentor(assignmentRole=role)]
    take(lake, tmp_path, persons=with_co_mentor(), groups=[group(), own], duties=duties)
    assert mentors_of_rosters(lake) == {"Anna": [CO, MO], "Bo": [MO]}


def test_two_duties_of_one_person_are_one_mentor(lake: Lake, tmp_path: Path) -> None:
    take(lake, tmp_path, duties=[duty(), duty("duty-again")])
    assert mentors_of_rosters(lake) == {"Anna": [MO], "Bo": [MO]}


@pytest.mark.parametrize("first", [0, 1])
def test_a_second_mentor_who_ends_is_one_no_more_in_every_order(
    lake: Lake, tmp_path: Path, first: int
) -> None:
    take(lake, tmp_path, persons=with_co_mentor(), duties=[duty(), of_co_mentor()])
    ended = of_co_mentor(endDate="2026-09-30", modified="2026-10-06T12:00:00Z")
    again = [duty(modified="2026-10-06T12:00:00Z"), ended]
    offer_one(lake, put_page(tmp_path, "first", [again[first]], "20261007T0500"))
    offer_one(lake, put_page(tmp_path, "second", [again[1 - first]], "20261007T0600"))
    assert mentors_of_rosters(lake) == {"Anna": [MO], "Bo": [MO]}


def test_of_two_mentors_the_one_with_protected_identity_is_not_named(
    lake: Lake, tmp_path: Path
) -> None:
    persons = [p for p in with_co_mentor() if p["id"] != CO_MENTOR]
    hidden = staff(CO_MENTOR, givenName="Co", securityMarking="Sekretessmarkering")
    take(lake, tmp_path, persons=[*persons, hidden], duties=[duty(), of_co_mentor()])
    assert mentors_of_rosters(lake) == {"Anna": [MO], "Bo": [MO]}


def test_class_and_grade_are_those_of_the_lessons_day(lake: Lake, tmp_path: Path) -> None:
    other = group("group-9b", displayName="8B", groupMemberships=[member(startDate="2026-10-06")])
    first = group(groupMemberships=[member(endDate="2026-10-05"), member(BO)])
    later = event(
        "event-2", startTime="2026-10-06T08:20:00+02:00", endTime="2026-10-06T09:20:00+02:00"
    )
    take(lake, tmp_path, groups=[first, other], calendarEvents=[event(), later])
    rows = lake.rows(
        "SELECT lesson_id, class_name FROM lessons WHERE pupil_key = $key ORDER BY ALL",
        key=key_of(lake, NUMBERS["Anna"]),
    )
    assert rows == [("event-1", "8A"), ("event-2", "8B")]
    records = lake.rows(
        "SELECT class_name, start_date::VARCHAR, end_date::VARCHAR FROM enrolments "
        "WHERE pupil_key = $key ORDER BY start_date LIMIT 2",
        key=key_of(lake, NUMBERS["Anna"]),
    )
    assert records == [("8A", "2026-08-17", "2026-10-05"), ("8B", "2026-10-06", "2027-06-30")]


def test_upper_secondary_pupils_are_left_out_and_leisure_centres_say_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    upper = person(ANNA, enrolments=[enrolment(schoolType="GY", schoolYear=1)])
    both = person(BO, enrolments=[enrolment(), enrolment(schoolType="FTH", schoolYear=None)])
    take(lake, tmp_path, persons=[upper, both])
    assert {row[0] for row in said(lake)} == {"Bo"}
    assert lake.rows("SELECT DISTINCT grade FROM enrolments") == [(8,)]


@pytest.mark.parametrize(
    ("fields", "last_day"),
    [
        ({"enrolments": [enrolment(endDate="2026-11-13")]}, "2026-11-13"),
        ({"enrolments": [enrolment(cancelled=True, endDate="2027-06-30")]}, "2026-10-06"),
        ({"personStatus": "Avliden"}, "2026-10-06"),
    ],
)
def test_an_enrolment_ends_on_its_last_day_or_when_it_was_broken_off(
    lake: Lake, tmp_path: Path, fields: dict[str, Any], last_day: str
) -> None:
    take(lake, tmp_path, persons=[person(ANNA, **fields)], groups=[])
    assert lake.rows("SELECT end_date::VARCHAR FROM enrolments") == [(last_day,)]


@pytest.mark.parametrize("what", ["activity", "enrolment", "class"])
def test_the_school_unit_is_the_activitys_else_the_pupils_else_the_classs(
    lake: Lake, tmp_path: Path, what: str
) -> None:
    second = organisation(SECOND_UNIT, schoolUnitCode="99999904")
    school_only = organisation("org-3", organisationType="Skola", schoolUnitCode=None)
    take(
        lake,
        tmp_path,
        organisations=[organisation(), second, school_only],
        activities=[activity(organisation={"id": SECOND_UNIT if what == "activity" else "org-3"})],
        persons=[
            person(
                ANNA,
                enrolments=[] if what == "class" else [enrolment(enroledAt={"id": SECOND_UNIT})],
            )
        ],
        groups=[group(organisation={"id": SECOND_UNIT})],
    )
    assert lake.rows("SELECT DISTINCT school_unit_code FROM lessons") == [("99999904",)]


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "id.missing": ("attendances", {"id": None}),
    "calendarEvent.missing": ("attendances", {"calendarEvent": None}),
    "student.missing": ("attendances", {"student": {}}),
    "isReported.missing": ("attendances", {"isReported": None}),
    "isReported.unreadable": ("attendances", {"isReported": "Ja"}),
    "validAbsenceMinutes.unreadable": ("attendances", {"validAbsenceMinutes": 7.5}),
    "invalidAbsenceMinutes.negative": ("attendances", {"invalidAbsenceMinutes": -1}),
    "otherAttendanceMinutes.unreadable": ("attendances", {"otherAttendanceMinutes": 10**12}),
    "startTime.missing": ("calendarEvents", {"startTime": None}),
    "startTime.unreadable": ("calendarEvents", {"startTime": "2026-10-05T08:20:00"}),
    "startTime.not_believed": ("calendarEvents", {"startTime": "2062-10-05T08:20:00+02:00"}),
    "endTime.unreadable": ("calendarEvents", {"endTime": "2026-02-30T08:20:00Z"}),
    "activity.missing": ("calendarEvents", {"activity": None}),
    "teachingLengthStudent.out_of_range": ("calendarEvents", {"teachingLengthStudent": 601}),
    "teachingLengthStudent.unreadable": ("calendarEvents", {"teachingLengthStudent": "en timme"}),
    "cancelled.not_boolean": ("calendarEvents", {"cancelled": "Nej"}),
    "exceptions.unreadable": ("calendarEvents", {"studentExceptions": [{"student": {"id": "x"}}]}),
    "groupType.missing": ("groups", {"groupType": None}),
    "startDate.unreadable": ("groups", {"startDate": "i höst"}),
    "endDate.unreadable": ("duties", {"endDate": "5/10"}),
    "schoolUnitCode.unreadable": ("organisations", {"schoolUnitCode": "A1"}),
}


def test_an_object_with_a_fault_is_refused_and_the_others_are_taken(
    lake: Lake, tmp_path: Path
) -> None:
    makers: dict[str, Callable[..., dict[str, Any]]] = {
        "attendances": attendance,
        "calendarEvents": event,
        "groups": group,
        "duties": duty,
        "organisations": organisation,
    }
    by_resource: dict[str, list[str]] = {}
    for code, (resource, _) in REFUSED.items():
        by_resource.setdefault(resource, []).append(code)
    files = {
        resource: put_page(
            tmp_path,
            resource,
            [
                makers[resource](),
                *(makers[resource](**{"id": f"bad-{code}", **REFUSED[code][1]}) for code in codes),
            ],
        )
        for resource, codes in by_resource.items()
    }
    for report in offer(lake, *files.values()):
        codes = by_resource[report.path.name.split("_")[0]]
        assert list(problems_of(report).values()) == codes
        assert list(problems_of(report)) == list(range(2, len(codes) + 2))
        assert report.rows_accepted == 1
        assert report.reason is not None
        assert "object 2, " in report.reason
    assert not [row for row in opened(lake, REFUSED_ROW) if "Sen ankomst" in row["row"]]


def test_absence_above_the_lesson_gives_no_lesson_and_is_said(lake: Lake, tmp_path: Path) -> None:
    too_much = [attendance(invalidAbsenceMinutes=90), attendance("event-2")]
    reports = offer(lake, *put_school(tmp_path, {**school(), "attendances": too_much}))
    assert warnings_of(reports[-1]) == {"validAbsenceMinutes.above_length": 1}
    assert [row[1] for row in said(lake)] == ["event-2"]
    longer = event(teachingLengthStudent=90, modified="2026-10-07T04:00:00Z")
    offer_one(lake, put_page(tmp_path, "longer", [longer], "20261007T0500"))
    assert next(row[1:2] + row[3:6] for row in said(lake)) == ("event-1", 90, 0, 90)


def test_the_same_object_twice_counts_once_and_rivals_do_not_count(
    lake: Lake, tmp_path: Path
) -> None:
    newer = attendance("event-2", invalidAbsenceMinutes=5, modified="2026-10-06T04:30:00Z")
    twice = [attendance(), attendance(), attendance("event-2"), newer]
    competing = [attendance(student=BO), attendance(student=BO, invalidAbsenceMinutes=20)]
    reports = offer(lake, *put_school(tmp_path, {**school(), "attendances": [*twice, *competing]}))
    assert problems_of(reports[-1]) == {
        2: "object.repeated",
        3: "object.outdated",
        5: "object.contradicts",
        6: "object.contradicts",
    }
    assert [(row[1], row[5]) for row in said(lake)] == [("event-1", 15), ("event-2", 5)]


def test_missing_minutes_are_no_presence(lake: Lake, tmp_path: Path) -> None:
    none: dict[str, Any] = dict.fromkeys(
        (
            "attendanceMinutes",
            "validAbsenceMinutes",
            "invalidAbsenceMinutes",
            "otherAttendanceMinutes",
        )
    )
    some: dict[str, Any] = {"attendanceMinutes": None, "validAbsenceMinutes": None}
    objects = [
        attendance(**none),
        attendance("event-2", **some),
        attendance(student=BO, isReported=False),
    ]
    reports = offer(lake, *put_school(tmp_path, {**school(), "attendances": objects}))
    assert warnings_of(reports[-1]) == {
        "isReported.without_minutes": 1,
        "isReported.no_but_minutes": 1,
    }
    assert [(row[0], row[1], row[5], row[7]) for row in said(lake)] == [
        ("Anna", "event-1", 0, False),
        ("Anna", "event-2", 15, True),
        ("Bo", "event-1", 0, False),
    ]


def test_a_page_of_several_is_taken_and_asks_for_the_others(lake: Lake, tmp_path: Path) -> None:
    report = offer_one(lake, put(tmp_path, "page.json", page([person()], pageToken="abc")))
    assert report.outcome == FileOutcome.ACCEPTED
    assert report.reason is not None
    assert "one page of several" in report.reason


def test_a_file_that_can_not_be_read_is_quarantined_whole(lake: Lake, tmp_path: Path) -> None:
    good = page([person(f"person-{k}", civicNo=None) for k in range(50)])
    reports = offer(
        lake,
        put(tmp_path, "cut.json", good[:-30]),
        put(tmp_path, "sums.json", page([{"attendanceSum": 5, "student": {"id": ANNA}}])),
        put(tmp_path, "empty.json", page([])),
    )
    assert [report.outcome for report in reports] == ["quarantined", "quarantined", "accepted"]
    assert "cut short, in or after object 50" in str(reports[0].reason)
    assert lake.rows("SELECT count(*) FROM ss12000_persons") == [(0,)]


STATE = {
    "lessons": "*",
    "enrolments": "*",
    "identity_sources": "*",
    "school_units": "*",
    "staff": "staff_key",
    "ss12000_persons": "* EXCLUDE (sealed, sealed_staff)",
    "ss12000_attendances": "*",
    "ss12000_events": "*",
    "ss12000_members": "*",
    "protection_words": "*",
    "pupil_references": "*",
    "pupil_numbers": "*",
    "protected_pupils": "*",
}


def state_of(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: lake.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")
        for table, columns in STATE.items()
    }


def test_every_order_of_arrival_gives_one_lake(tmp_path: Path) -> None:
    """By induction: whichever file of a set comes last, the lake is the same."""
    objects = school()
    home = tmp_path / "home"
    moved = attendance("event-2", id=f"attendance-event-1-{ANNA}", modified="2026-10-07T04:00:00Z")
    numbered = person(modified="2026-10-07T04:00:00Z", enrolments=[enrolment(schoolYear=9)])
    base = put_school(tmp_path, {n: objects[n] for n in ("organisations", "activities", "duties")})
    base.append(put_page(tmp_path, "moved", [moved], "20261007T0600"))
    files = [
        put_page(tmp_path, "persons", [person(ANNA, civicNo=None), person(BO), staff()]),
        put_page(tmp_path, "numbered", [numbered], "20261007T0500"),
        *put_school(tmp_path, {n: objects[n] for n in ("groups", "calendarEvents", "attendances")}),
    ]
    with Lake.open(settings_of(home)) as opened:
        offer(opened, *base)
    home.rename(tmp_path / "after-")
    states: dict[str, Any] = {}
    for size in range(1, len(files) + 1):
        for chosen in itertools.combinations(range(len(files)), size):
            name = "".join(map(str, chosen))
            for last in chosen:
                before = name.replace(str(last), "")
                shutil.copytree(tmp_path / f"after-{before}", home)
                with Lake.open(settings_of(home)) as opened:
                    offer(opened, files[last])
                    state = state_of(opened)
                assert states.setdefault(name, state) == state, f"{files[last].name} after {before}"
                shutil.rmtree(tmp_path / f"after-{name}", ignore_errors=True)
                home.rename(tmp_path / f"after-{name}")
    assert len(states["01234"]["lessons"]) == 3
