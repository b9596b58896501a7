"""SS12000 as servers send it: minutes that don't fit, old dates, what is not taught, no number."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.lake.connection import Lake
from assets.watchlists.collect.data_gaps import EventGaps, gaps_by_school
from tests.integration.ingest_files import offer, put, warnings_of
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    SCHOOL,
    activity,
    attendance,
    duty,
    enrolment,
    event,
    page,
    person,
    principal_duty,
    put_school,
    school,
    staff,
)
from tests.integration.test_ss12000 import said
from tests.integration.test_ss12000_aggregates import SUMS

NAMES = (
    "attendanceMinutes",
    "validAbsenceMinutes",
    "invalidAbsenceMinutes",
    "otherAttendanceMinutes",
)
LENGTH = 60
#: Present, valid, invalid and other minutes as they are sent; None is not sent.
SENT = [
    (present, valid, invalid, None)
    for present in (None, 0, 45, 60, 75)
    for valid in (None, 0)
    for invalid in (None, 0, 15)
] + [(0, None, None, 60), (0, None, None, 0), (30, 15, 15, 0), (30, 15, 15, 5)]


def expected(sent: tuple[int | None, ...]) -> tuple[bool, int, int, str]:
    """Return whether a lesson of 60 minutes is reported, its absences, and the warning.

    From docs/inputs-ss12000.md: absence counts as stated; present minutes that are fewer than the
    lesson's tell nothing of the rest when no other minutes were sent.
    """
    present, *rest = sent
    absent = sum(minutes or 0 for minutes in rest)
    if all(minutes is None for minutes in sent):
        return False, 0, 0, "isReported.without_minutes"
    if present is not None and present < LENGTH and all(minutes is None for minutes in rest):
        return False, 0, 0, "attendanceMinutes.without_absence"
    differs = present is not None and present + absent != LENGTH
    warning = "attendanceMinutes.sum_differs" if differs else ""
    return True, rest[0] or 0, rest[1] or 0, warning


def test_minutes_are_counted_as_stated_and_what_nobody_said_is_not_presence(
    lake: Lake, tmp_path: Path
) -> None:
    events = [event(f"event-{n:02d}") for n in range(len(SENT))]
    objects = [
        attendance(f"event-{n:02d}", ANNA, **dict(zip(NAMES, sent, strict=True)))
        for n, sent in enumerate(SENT)
    ]
    parts = {"calendarEvents": events, "attendances": objects}
    reports = offer(lake, *put_school(tmp_path, {**school(), **parts}))
    found = [(row[7], row[4], row[5]) for row in said(lake)]
    assert found == [expected(sent)[:3] for sent in SENT]
    words = [expected(sent)[3] for sent in SENT]
    assert warnings_of(reports[-1]) == {word: words.count(word) for word in {*words} - {""}}
    gaps = gaps_by_school_of(lake)
    assert gaps.differing == words.count("attendanceMinutes.sum_differs")
    assert gaps.unexplained == words.count("attendanceMinutes.without_absence")
    assert len(gaps.notices(60)) == 2


def gaps_by_school_of(lake: Lake, *, protected: bool = False) -> EventGaps:
    """Return what is open about the school, with nobody or everybody protected."""
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE belonging AS SELECT DISTINCT pupil_key, "
        f"{protected} AS is_protected FROM lessons"
    )
    found = gaps_by_school(lake, date(2026, 9, 1), date(2026, 10, 31))
    return found.get(SCHOOL, EventGaps())


def test_odd_minutes_are_reported_whichever_comes_first_and_not_of_protected_pupils(
    lake: Lake, tmp_path: Path
) -> None:
    odd = [attendance(attendanceMinutes=10), attendance("event-2")]
    parts = {**school(), "attendances": odd}
    late = parts.pop("calendarEvents")
    offer(lake, *put_school(tmp_path, parts), *put_school(tmp_path, {"calendarEvents": late}))
    assert gaps_by_school_of(lake).differing == 1
    assert gaps_by_school_of(lake, protected=True).differing == 0
    shorter = event(teachingLengthStudent=25, modified="2026-10-06T04:30:00Z")
    offer(lake, *put_school(tmp_path / "later", {"calendarEvents": [shorter]}))
    assert gaps_by_school_of(lake).differing == 0


@pytest.mark.parametrize("kind", ["Övrigt", "O\u0308vrigt", "Läraraktivitet"])
def test_what_is_not_taught_gives_no_lesson_and_is_reported(
    lake: Lake, tmp_path: Path, kind: str
) -> None:
    lunch = activity("activity-lunch", activityType=kind)
    events = [event(), event("event-2", activity={"id": "activity-lunch"})]
    parts = {"activities": [activity(), lunch], "calendarEvents": events}
    reports = offer(lake, *put_school(tmp_path, {**school(), **parts}))
    assert [row[1] for row in said(lake)] == ["event-1", "event-1"]
    assert "2 are of activities that are not teaching" in str(reports[-1].reason)
    taught = activity("activity-lunch", activityType="Elevaktivitet",
                      modified="2026-10-06T04:30:00Z")  # fmt: skip
    offer(lake, *put_school(tmp_path / "later", {"activities": [taught]}))
    assert len(said(lake)) == 4


def test_a_record_that_began_before_2000_counts(lake: Lake, tmp_path: Path) -> None:
    old = "1987-08-01"
    parts = {
        "duties": [duty(startDate=old), principal_duty(startDate="1999-12-31")],
        "persons": [
            person(ANNA, enrolments=[enrolment(startDate=old)]),
            person(BO),
            staff(),
            staff("person-principal"),
        ],
    }
    reports = offer(lake, *put_school(tmp_path, {**school(), **parts}))
    assert {report.outcome for report in reports} == {"accepted"}
    assert not any(warnings_of(report) for report in reports)
    assert lake.rows("SELECT count(mentor_key) FROM lessons") == [(4,)]
    assert lake.rows("SELECT count(principal_key) FROM school_units") == [(1,)]
    assert lake.rows("SELECT min(start_date)::VARCHAR FROM enrolments") == [(old,)]


def test_a_pupil_without_a_number_has_sums_under_the_key_of_the_lessons(
    lake: Lake, tmp_path: Path
) -> None:
    twins = [person(name, civicNo=None, givenName="Kim") for name in (ANNA, BO)]
    offer(lake, *put_school(tmp_path, {**school(), "persons": [*twins, staff()]}))
    sums = [{**SUMS, "student": {"id": who}} for who in (ANNA, BO)]
    (report,) = offer(lake, put(tmp_path, "sums_20261101T0500.json", page(sums)))
    assert (report.outcome, report.rows_accepted) == ("accepted", 2)
    assert lake.rows(
        "SELECT count(DISTINCT pupil_key), count(DISTINCT sums.pupil_key) FROM lessons "
        "LEFT JOIN monthly_sums AS sums USING (pupil_key)"
    ) == [(2, 2)]
    # Of one name, and still two.
    assert lake.rows(
        "SELECT count(DISTINCT content_key) FROM identity_sources WHERE layout LIKE '%aggregated%'"
    ) == [(2,)]


def test_events_without_any_attendance_are_looked_at_and_told(lake: Lake, tmp_path: Path) -> None:
    special: list[dict[str, Any]] = [{}, {}, {"cancelled": True}, {"activity": {"id": "lunch"}}]
    nobody = [
        event(
            f"event-{day}",
            startTime=f"2026-10-{day}T08:20:00+02:00",
            endTime=f"2026-10-{day}T09:20:00+02:00",
            **fields,
        )
        for day, fields in enumerate(special, 10)
    ]
    parts: dict[str, list[dict[str, Any]]] = {
        "activities": [activity(), activity("lunch", activityType="Övrigt")],
        "calendarEvents": [*school()["calendarEvents"], *nobody],
    }
    offer(lake, *put_school(tmp_path, {**school(), **parts}))
    assert gaps_by_school_of(lake).lessons == 2
    gone = json.dumps({"data": {"calendarEvents": ["event-10"]}, "pageToken": None})
    offer(lake, put(tmp_path, "deleted_20261010T0500.json", gone))
    assert gaps_by_school_of(lake).lessons == 1


def test_a_calendar_of_a_school_whose_attendances_come_otherwise_says_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, *put_school(tmp_path, {**school(), "attendances": []}))
    assert gaps_by_school_of(lake) == EventGaps()


def test_every_combination_of_minutes_is_in_the_matrix() -> None:
    present, valid, invalid = (None, 0, 45, 60, 75), (None, 0), (None, 0, 15)
    assert {sent[:3] for sent in SENT} >= set(itertools.product(present, valid, invalid))
