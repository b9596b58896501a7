"""What a school system took away is taken away here, whatever order files come in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.ingest_files import offer, offer_one, problems_of, put
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    CLASS,
    MATHS,
    MENTOR,
    UNIT,
    attendance,
    event,
    group,
    member,
    person,
    put_page,
    put_school,
    school,
    staff,
)
from tests.integration.test_ss12000 import NUMBERS, key_of, said

FIRST = f"attendance-event-1-{ANNA}"
LATER = "2026-10-09T04:00:00Z"


@pytest.fixture(scope="module")
def home_of_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that has taken the usual school, to be copied beside itself."""
    folder = tmp_path_factory.mktemp("school")
    with Lake.open(settings_of(folder / "home")) as opened:
        offer(opened, *put_school(folder / "files"))
        opened.connection.execute("DELETE FROM stale_days")
    (folder / "home").rename(folder / "taken")
    return folder / "taken"


@pytest.fixture
def taken(home_of_school: Path) -> Iterator[Lake]:
    """Yield a lake that has taken the usual school."""
    home = home_of_school.with_name("home")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(home_of_school, home)
    with Lake.open(settings_of(home)) as opened:
        yield opened


def put_deleted(folder: Path, **ids: list[Any]) -> Path:
    """Write an answer of deletedEntities, two days after the usual school."""
    return put(folder, "deleted_20261008T0500.json", json.dumps({"data": ids, "pageToken": None}))


def delete(lake: Lake, folder: Path, **ids: list[Any]) -> FileReport:
    return offer_one(lake, put_deleted(folder, **ids))


def test_a_deleted_attendance_is_a_lesson_no_more_and_its_day_is_summed_again(
    taken: Lake, tmp_path: Path
) -> None:
    lake = taken
    report = delete(lake, tmp_path, attendances=[FIRST], rooms=["room-1", "room-2"])
    assert (report.outcome, report.rows_read, report.rows_accepted) == (FileOutcome.ACCEPTED, 3, 3)
    assert report.reason == (
        "taken away at the source: 1 attendances, 2 of other resources, from which nothing follows "
        "here"
    )
    assert [row[:2] for row in said(lake)] == [
        ("Anna", "event-2"),
        ("Bo", "event-1"),
        ("Bo", "event-2"),
    ]
    assert lake.rows("SELECT DISTINCT lesson_date::VARCHAR FROM stale_days") == [("2026-10-05",)]


DELETED: dict[str, dict[str, list[Any]]] = {
    "an event": {"calendarEvents": ["event-1"]},
    "a person": {"persons": [ANNA]},
    "a class": {"groups": [CLASS]},
    "an activity": {"activities": [MATHS]},
    "an activity, as the standard's document spells it": {"activitites": [MATHS]},
    "the mentor's duty": {"duties": ["duty-mentor"]},
    "the mentor": {"persons": [MENTOR]},
    "the school unit": {"organisations": [UNIT]},
}


def seen(lake: Lake) -> dict[str, Any]:
    """Return what is left of lessons, records and names."""
    lessons = lake.rows(
        "SELECT count(*), count(DISTINCT pupil_key), any_value(class_name), any_value(subject), "
        "count(mentor_key), any_value(school_unit_code) FROM lessons"
    )[0]
    records = lake.rows("SELECT count(DISTINCT pupil_key) FROM enrolments")[0]
    return dict(
        zip(
            ("lessons", "pupils", "class", "subject", "mentors", "unit", "enrolled"),
            (*lessons, *records),
            strict=True,
        )
    )


AFTER: dict[str, dict[str, Any]] = {
    "an event": {"lessons": 2, "mentors": 2},
    "a person": {"lessons": 2, "pupils": 1, "mentors": 2, "enrolled": 1},
    "a class": {"class": "", "mentors": 0},
    "an activity": {"subject": ""},
    "an activity, as the standard's document spells it": {"subject": ""},
    "the mentor's duty": {"mentors": 0},
    "the mentor": {"mentors": 0},
    "the school unit": {},
}


@pytest.mark.parametrize("what", DELETED)
def test_what_hangs_on_a_deleted_object_goes_and_comes_back_with_a_newer_word(
    taken: Lake, tmp_path: Path, what: str
) -> None:
    lake = taken
    before = seen(lake)
    delete(lake, tmp_path, **DELETED[what])
    assert seen(lake) == before | AFTER[what]
    again = {
        name: [one | {"meta": {"modified": LATER}} for one in objects]
        for name, objects in school().items()
        if name in DELETED[what] or ("activitites" in DELETED[what] and name == "activities")
    }
    offer(
        lake,
        *(put_page(tmp_path, name, objects, "20261009T0500") for name, objects in again.items()),
    )
    assert seen(lake) == before


def test_an_object_that_comes_after_its_deletion_is_back_only_by_a_newer_word(
    lake: Lake, tmp_path: Path
) -> None:
    delete(lake, tmp_path, attendances=[FIRST], calendarEvents=["event-2"])
    reports = offer(lake, *put_school(tmp_path))
    assert [row[:2] for row in said(lake)] == [("Anna", "event-1"), ("Bo", "event-1")][1:]
    assert "2 are of an event or person that was taken away" in str(reports[-1].reason)
    # A newer file with an older word brings nothing back.
    offer_one(lake, put_page(tmp_path, "same", [attendance()], "20261010T0500"))
    assert len(said(lake)) == 1
    newer = attendance(modified=LATER, invalidAbsenceMinutes=20, attendanceMinutes=40)
    offer_one(lake, put_page(tmp_path, "newer", [newer], "20261010T0600"))
    assert [(row[0], row[5]) for row in said(lake)] == [("Anna", 20), ("Bo", 15)]


def test_a_deletion_older_than_an_objects_newest_word_takes_nothing_away(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, *put_school(tmp_path, {**school(), "attendances": []}))
    offer_one(lake, put_page(tmp_path, "newer", [attendance(modified=LATER)], "20261009T0500"))
    delete(lake, tmp_path, attendances=[FIRST])
    assert len(said(lake)) == 1


@pytest.mark.parametrize("comes_first", ["deletion", "person"])
def test_a_deleted_persons_word_of_protection_stays(
    lake: Lake, tmp_path: Path, comes_first: str
) -> None:
    """Of one who is enrolled, and of one who is not and has lessons only."""
    marking = {"securityMarking": "Sekretessmarkering"}
    persons = [person(ANNA, enrolments=[], **marking), person(BO, **marking)]
    objects = put_school(tmp_path, {**school(), "persons": [*persons, staff()]})
    ids = [f"attendance-event-{n}-{who}" for n in (1, 2) for who in (ANNA, BO)]
    gone = put_deleted(tmp_path, persons=[ANNA, BO], attendances=ids, groups=[CLASS])
    for file in [gone, *objects] if comes_first == "deletion" else [*objects, gone]:
        offer_one(lake, file)
    assert said(lake) == []
    assert lake.rows("SELECT pupil_key FROM enrolments") == []
    protected = {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
    assert protected == {key_of(lake, number) for number in NUMBERS.values()}


def test_a_deleted_groups_marking_of_a_member_stays(lake: Lake, tmp_path: Path) -> None:
    marked = {"person": {"id": ANNA, "securityMarking": "Skyddad folkbokföring"}}
    groups = [group(groupMemberships=[marked, member(BO)])]
    offer(lake, *put_school(tmp_path, {**school(), "groups": groups}))
    delete(lake, tmp_path, groups=[CLASS])
    protected = {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
    assert protected == {key_of(lake, NUMBERS["Anna"])}


def test_ids_that_are_none_are_refused_and_counted(taken: Lake, tmp_path: Path) -> None:
    lake = taken
    report = delete(lake, tmp_path, attendances=[FIRST, {"id": "x"}, None], persons=[BO])
    assert problems_of(report) == {2: "id.missing", 3: "id.missing"}
    assert (report.rows_read, report.rows_accepted, report.rows_rejected) == (4, 2, 2)
    assert [row[:2] for row in said(lake)] == [("Anna", "event-2")]


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        ('{"data": {}, "pageToken": null}', "accepted", "it holds no objects"),
        ('{"data": {"persons": []}}', "accepted", "it holds no objects"),
        ('{"pageToken": "x+=", "data": {"persons": ["p"]}}', "accepted", "one page of several"),
        ('{"data": {"persons": "p"}}', "quarantined", "something in 'data' is no list of ids"),
        ('{"data": {"persons": ["p"]', "quarantined", "cut short"),
        ('{"data": {"persons": ["p"]}} x', "quarantined", "more than one JSON value"),
    ],
)
def test_a_file_of_deletions_is_whole_or_nothing(
    lake: Lake, tmp_path: Path, content: str, outcome: str, words: str
) -> None:
    report = offer_one(lake, put(tmp_path, "deleted.json", content))
    assert report.outcome == outcome
    assert words in str(report.reason)


def test_an_event_that_was_moved_is_not_hurt_by_the_deletion_of_another(
    taken: Lake, tmp_path: Path
) -> None:
    lake = taken
    moved = event(startTime="2026-10-06T08:20:00+02:00", endTime="2026-10-06T09:20:00+02:00",
                  modified=LATER)  # fmt: skip
    offer_one(lake, put_page(tmp_path, "moved", [moved], "20261009T0500"))
    delete(lake, tmp_path, calendarEvents=["event-2"])
    assert [row[1:3] for row in said(lake)] == [("event-1", "10-06 08:20")] * 2
