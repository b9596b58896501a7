"""Files of SS12000 that would remove or blank many lessons of a school wait, whatever they hold."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.revoke import revoke_file
from assets.exports.sender_summary import summary_rows
from assets.exports.senders.releases import Releaser, release, waiting_files
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.tables import TABLE_NAMES
from tests.conftest import emptied, settings_of
from tests.integration.conftest import trappan
from tests.integration.ingest_files import EVERY, lesson, put, text_of
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    CIVIC,
    SCHOOL,
    SECOND_UNIT,
    activity,
    attendance,
    enrolment,
    event,
    group,
    organisation,
    page,
    person,
    school,
    staff,
)
from tests.integration.test_ss12000 import NUMBERS, key_of, state_of

TAKEN, WAITS = FileOutcome.ACCEPTED, FileOutcome.AWAITING_RELEASE
WHOLE = {TAKEN, FileOutcome.SUPERSEDED}
SERVER = Sender(name="server", rights=frozenset(), is_declared=True)
MAY = replace(SERVER, rights=frozenset({Right.REMOVE_LESSONS}))
OTHER = Sender(name="annan", rights=frozenset(), is_declared=True)
LATER = "2026-10-20T04:00:00Z"
DAYS = range(15)
Objects = Mapping[str, list[Any]]


def lesson_of(day: int, **fields: Any) -> dict[str, Any]:
    """An event of a day of October, 08:20 to 09:20."""
    start, end = (f"2026-10-{day + 1:02d}T{time}+02:00" for time in ("08:20:00", "09:20:00"))
    return event(**{"id": f"event-{day}", "startTime": start, "endTime": end, **fields})


def attended(day: int, pupil: str, **fields: Any) -> dict[str, Any]:
    return attendance(f"event-{day}", pupil, **fields)


def pairs(count: int) -> list[tuple[int, str]]:
    return [(day, pupil) for day in DAYS for pupil in (ANNA, BO)][:count]


#: Thirty lessons of October: fifteen events of two pupils.
MONTH: dict[str, list[dict[str, Any]]] = {
    **school(),
    "calendarEvents": [lesson_of(day) for day in DAYS],
    "attendances": [attended(*pair) for pair in pairs(30)],
}


def send(inbox: Path, objects: Objects, day: int, sender: str = "server") -> None:
    """Put a file a resource into a sender's folder; `gone` are ids that were taken away."""
    for name, found in objects.items():
        gone = json.dumps({"data": found[0], "pageToken": None}) if name == "gone" else page(found)
        put(inbox / sender, f"{name}_202610{day:02d}T0600.json", gone)


def offer(lake: Lake, inbox: Path, *senders: Sender) -> dict[str, FileReport]:
    """Take an inbox in and return the reports by what the files hold and their day."""
    reports = ingest_paths(
        lake,
        [inbox],
        senders=Senders(named=senders or (SERVER, OTHER), folders=(inbox,)),
        intake=Intake(0, keeps_originals=True),
    )
    ((wrong,),) = lake.rows(f"SELECT count(*) FROM ({lake.select('checks/files_add_up')})")
    assert wrong == 0
    return {report.name.removesuffix("T0600.json"): report for report in reports}


def everything(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Return each table of the lake but the ledger, once the sums are made."""
    refresh_sums(lake)
    return {
        table: lake.rows(f"SELECT * FROM {table} ORDER BY ALL")
        for table in sorted(TABLE_NAMES - {"files"})
    }


@pytest.fixture(scope="module")
def home_of_month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken the month, to be copied beside itself."""
    folder = tmp_path_factory.mktemp("month")
    send(folder / "inbox", MONTH, 18)
    with Lake.open(settings_of(folder / "home")) as opened:
        assert {r.outcome for r in offer(opened, folder / "inbox").values()} == {TAKEN}
        refresh_sums(opened)
    (folder / "home").rename(folder / "taken")
    return folder / "taken"


@pytest.fixture
def taken(home_of_month: Path) -> Iterator[Lake]:
    """A lake that has taken the month."""
    home = home_of_month.with_name("home")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(home_of_month, home)
    with Lake.open(settings_of(home)) as opened:
        yield opened


def said_again(objects: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    return [one | {"meta": {"modified": LATER}} | fields for one in objects]


ATTENDED, EVENTS = MONTH["attendances"], MONTH["calendarEvents"]
IDS = [one["id"] for one in ATTENDED]
NO_MINUTES = {"attendanceMinutes": None, "invalidAbsenceMinutes": None, "validAbsenceMinutes": None,
              "otherAttendanceMinutes": None}  # fmt: skip
PRESENT = {"attendanceMinutes": 60, "invalidAbsenceMinutes": 0}
ELSEWHERE = [organisation(SECOND_UNIT, schoolUnitCode="99999904", displayName="En annan skola")]
#: What takes ten lessons or more away, of all resources of which lessons are made.
TAKES: dict[str, Objects] = {
    "attendances are deleted": {"gone": [{"attendances": IDS[:10]}]},
    "events are deleted": {"gone": [{"calendarEvents": [f"event-{n}" for n in range(5)]}]},
    "a person is deleted": {"gone": [{"persons": [ANNA]}]},
    "events are cancelled": {"calendarEvents": said_again(EVENTS[:5], cancelled=True)},
    "pupils no longer take part": {
        "calendarEvents": said_again(
            EVENTS[:10], studentExceptions=[{"student": {"id": ANNA}, "participates": False}]
        )
    },
    "events move to another day": {
        "calendarEvents": [lesson_of(20, id=f"event-{n}", modified=LATER) for n in range(5)]
    },
    "events are a third as long": {
        "calendarEvents": said_again(EVENTS[:5], teachingLengthStudent=20)
    },
    "events are too short for their absence": {
        "calendarEvents": said_again(EVENTS[:5], teachingLengthStudent=10)
    },
    "attendances are no longer reported": {
        "attendances": said_again(ATTENDED[:10], isReported=False)
    },
    "attendances have no minutes": {"attendances": said_again(ATTENDED[:10], **NO_MINUTES)},
    "attendances have no absence": {"attendances": said_again(ATTENDED[:10], **PRESENT)},
    "attendances are of an event that nobody knows": {
        "attendances": said_again(ATTENDED[:10], calendarEvent={"id": "event-99"})
    },
    "attendances are of another pupil": {
        "attendances": said_again(ATTENDED[0:20:2], student={"id": "person-zz"})
    },
    "an activity is not taught": {
        "activities": [activity(activityType="Övrigt", modified=LATER)]
    },
    "an activity is another school's": {
        "organisations": ELSEWHERE,
        "activities": [activity(organisation={"id": SECOND_UNIT}, modified=LATER)],
    },
    "the school unit has another code": {
        "organisations": [organisation(schoolUnitCode="99999904", modified=LATER)]
    },
    "pupils are in upper secondary school": {
        "persons": [person(ANNA, enrolments=[enrolment(schoolType="GY")], modified=LATER)]
    },
    "a pupil is another pupil": {
        "persons": [person(ANNA, civicNo={"value": "201509029805"}, modified=LATER)]
    },
    "two files take five each": {
        "gone": [{"attendances": IDS[:5]}],
        "calendarEvents": said_again(EVENTS[10:13], cancelled=True),
    },
}  # fmt: skip


def at_another_time(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        one | {"id": f"new-{one['id']}", "meta": {"modified": LATER}}
        | ({"calendarEvent": {"id": f"new-{one['calendarEvent']['id']}"}}
           if "calendarEvent" in one else {})
        for one in objects
    ]  # fmt: skip


#: What takes none away, or few.
LEAVES: dict[str, Objects] = {
    "nine attendances are deleted": {"gone": [{"attendances": IDS[:9]}]},
    "all have other absence": {
        "attendances": said_again(ATTENDED, validAbsenceMinutes=20, attendanceMinutes=25)
    },
    "all begin five minutes later": {
        "calendarEvents": [
            lesson_of(day, startTime=f"2026-10-{day + 1:02d}T08:25:00+02:00", modified=LATER)
            for day in DAYS
        ]
    },
    "the timetable is made again with other ids": {
        "calendarEvents": at_another_time(EVENTS),
        "attendances": at_another_time(ATTENDED),
        "gone": [{"calendarEvents": [one["id"] for one in EVENTS], "attendances": IDS}],
    },
    "events are shortened with their absence": {
        "calendarEvents": said_again(EVENTS, teachingLengthStudent=40),
        "attendances": said_again(ATTENDED, attendanceMinutes=30, invalidAbsenceMinutes=10),
    },
    "the class is renamed and has no mentor": {
        "groups": [group(displayName="8C", modified=LATER)],
        "gone": [{"duties": ["duty-mentor"]}],
    },
}  # fmt: skip


@pytest.mark.parametrize("what", TAKES)
def test_objects_that_take_many_lessons_wait_and_change_nothing(
    taken: Lake, tmp_path: Path, what: str
) -> None:
    before = everything(taken)
    send(tmp_path, TAKES[what], 21)
    for report in offer(taken, tmp_path).values():
        assert report.outcome == WAITS
        assert report.rows_read == 0
        assert f"of 30 lessons of school unit {SCHOOL} in 2026-10" in str(report.reason)
    assert everything(taken) == before


@pytest.mark.parametrize("what", ["a person is deleted", "two files take five each",
                                  "attendances are of another pupil",
                                  "an activity is another school's"])  # fmt: skip
def test_what_is_released_is_taken_as_if_it_had_not_waited(
    taken: Lake, tmp_path: Path, what: str
) -> None:
    lake, inbox = taken, tmp_path / "inbox"
    send(inbox, TAKES[what], 21)
    # Not before somebody has looked, however often it comes.
    for _ in range(2):
        assert {report.outcome for report in offer(lake, inbox).values()} == {WAITS}
    for file in waiting_files(lake, Senders(named=(SERVER,), folders=(inbox,))):
        release(lake, file, Releaser(1, "anna"))
    # From the archive.
    shutil.rmtree(inbox / "server")
    (inbox / "server").mkdir()
    offer(lake, inbox)
    assert lake.rows("SELECT DISTINCT outcome FROM files") == [("accepted",)]
    assert state_of(lake) == state_with_the_right(lake, tmp_path / "all", TAKES[what])


def state_with_the_right(lake: Lake, inbox: Path, objects: Objects) -> dict[str, Any]:
    """Return the lake, begun anew, of a sender who may remove lessons."""
    send(inbox, MONTH, 18)
    send(inbox, objects, 21)
    assert {r.outcome for r in offer(emptied(lake), inbox, MAY).values()} <= WHOLE
    return state_of(lake)


@pytest.mark.parametrize("what", LEAVES)
def test_objects_that_take_few_lessons_or_say_them_anew_do_not_wait(
    taken: Lake, tmp_path: Path, what: str
) -> None:
    send(tmp_path, LEAVES[what], 21)
    assert {r.outcome for r in offer(taken, tmp_path).values()} == {TAKEN}


def test_lessons_that_move_to_a_school_that_is_touched_too_are_gone_from_their_own(
    lake: Lake, tmp_path: Path
) -> None:
    # Of days on which both schools have lessons, so that both are looked at.
    swedish = activity("activity-sv", organisation={"id": SECOND_UNIT})
    hours = {"startTime": "2026-10-03T10:00:00+02:00", "endTime": "2026-10-03T11:00:00+02:00"}
    other = event("event-sv", activity={"id": "activity-sv"}, **hours)
    both = {
        **MONTH,
        "organisations": [*MONTH["organisations"], *ELSEWHERE],
        "activities": [*MONTH["activities"], swedish],
        "calendarEvents": [*MONTH["calendarEvents"], other],
        "attendances": [*MONTH["attendances"], attendance("event-sv", ANNA)],
    }
    send(tmp_path / "before", both, 18)
    assert {one.outcome for one in offer(lake, tmp_path / "before").values()} == {TAKEN}
    named = {"syllabus": {"id": "syllabus-sv", "displayName": "Svenska"}}
    moved = [
        *said_again([activity()], organisation={"id": SECOND_UNIT}),
        *said_again([swedish], **named),
    ]
    send(tmp_path / "after", {"activities": moved}, 21)
    (report,) = offer(lake, tmp_path / "after").values()
    assert report.outcome == WAITS
    assert f"30 of 30 lessons of school unit {SCHOOL} in 2026-10" in str(report.reason)


def test_lessons_to_come_are_a_plan_that_may_change(taken: Lake, tmp_path: Path) -> None:
    days = [datetime.now(UTC).date() + timedelta(days=30 + n) for n in range(12)]
    times = [
        {"startTime": f"{day}T08:20:00Z", "endTime": f"{day}T09:20:00Z", "id": f"coming-{n}"}
        for n, day in enumerate(days)
    ]
    events = [event(**time) for time in times]
    attendances = [attendance(e["id"], p, isReported=False) for e in events for p in (ANNA, BO)]
    send(tmp_path, {"calendarEvents": events, "attendances": attendances}, 19)
    offer(taken, tmp_path)
    assert taken.rows("SELECT count(*) FROM lessons WHERE NOT is_reported") == [(24,)]
    send(tmp_path, {"calendarEvents": said_again(events, cancelled=True)}, 21)
    assert offer(taken, tmp_path)["calendarEvents_20261021"].outcome == TAKEN


def test_pupils_who_get_a_number_lose_no_lesson(lake: Lake, tmp_path: Path) -> None:
    nameless = [person(ANNA, civicNo=None), person(BO, civicNo=None), staff()]
    for one in nameless[:2]:
        one["enrolments"] = [enrolment()]
    send(tmp_path, {**MONTH, "persons": nameless}, 18)
    offer(lake, tmp_path)
    assert lake.rows("SELECT count(*) FROM lessons") == [(30,)]
    send(tmp_path, {"persons": said_again(MONTH["persons"])}, 21)
    assert offer(lake, tmp_path)["persons_20261021"].outcome == TAKEN
    pupils = {key for (key,) in lake.rows("SELECT DISTINCT pupil_key FROM lessons")}
    assert pupils == {key_of(lake, number) for number in NUMBERS.values()}


def test_of_a_night_only_files_wait_that_take_part(taken: Lake, tmp_path: Path) -> None:
    send(tmp_path, {"gone": [{"attendances": IDS[:10]}]}, 21)
    newer = said_again(ATTENDED[20:24], validAbsenceMinutes=30, attendanceMinutes=15)
    send(tmp_path, {"attendances": newer}, 22)
    reports = offer(taken, tmp_path)
    assert [n for n, report in reports.items() if report.outcome == WAITS] == ["gone_20261021"]
    assert taken.rows("SELECT count(*) FROM lessons WHERE valid_minutes = 30") == [(4,)]
    # Revoked, it waits no more, and is not read however often it comes.
    known = Senders(named=(SERVER, OTHER), folders=(tmp_path,))
    file = find_file(taken, Sealer.of_home(taken.settings.home), reports["gone_20261021"].sha256)
    assert revoke_file(taken, file, senders=known).is_whole
    assert waiting_files(taken, known) == []
    assert offer(taken, tmp_path)["gone_20261021"].outcome == FileOutcome.DUPLICATE
    assert taken.rows("SELECT count(*) FROM lessons") == [(30,)]


def test_files_of_several_nights_and_kinds_count_together(taken: Lake, tmp_path: Path) -> None:
    send(tmp_path, {"gone": [{"attendances": IDS[:6]}]}, 21)
    assert offer(taken, tmp_path)["gone_20261021"].outcome == TAKEN
    # Another sender's count is its own.
    send(tmp_path, {"gone": [{"attendances": IDS[6:12]}]}, 22, sender="annan")
    assert offer(taken, tmp_path)["gone_20261022"].outcome == TAKEN
    send(tmp_path, {"calendarEvents": said_again(EVENTS[12:14], cancelled=True)}, 23)
    report = offer(taken, tmp_path)["calendarEvents_20261023"]
    assert report.outcome == WAITS
    assert "blank 4 of 24 lessons" in str(report.reason)
    assert "after 6 that its sender's earlier files removed" in str(report.reason)


def test_what_waits_still_protects(taken: Lake, tmp_path: Path) -> None:
    """A person's own object, and a reference of an attendance."""
    marked = {"id": BO, "securityMarking": "Sekretessmarkering"}
    persons = [person(ANNA, enrolments=[], securityMarking="Skyddad folkbokföring", modified=LATER)]
    attendances = [{**one, "student": marked} for one in said_again(ATTENDED[1:26:2], **PRESENT)]
    gone = [{"persons": [ANNA]}]
    send(tmp_path, {"persons": persons, "gone": gone, "attendances": attendances}, 21)
    assert {r.outcome for r in offer(taken, tmp_path).values()} == {WAITS}
    protected = {key for (key,) in taken.rows("SELECT pupil_key FROM protected_pupils")}
    assert protected == {key_of(taken, number) for number in NUMBERS.values()}
    assert taken.rows("SELECT count(*) FROM ss12000_deletions") == [(0,)]


def test_what_waits_protects_numbers_that_only_it_names(taken: Lake, tmp_path: Path) -> None:
    """A person's new number, and the number of an object without an id, which is refused."""
    marked = {"securityMarking": "Sekretessmarkering", "modified": LATER}
    renumbered = person(ANNA, civicNo={"value": "201509029805"}, **marked)
    nameless = {name: cell for name, cell in person(BO, **marked).items() if name != "id"}
    send(tmp_path, {"persons": [renumbered, nameless]}, 21)
    assert offer(taken, tmp_path)["persons_20261021"].outcome == WAITS
    protected = {key for (key,) in taken.rows("SELECT pupil_key FROM protected_pupils")}
    numbers = (*NUMBERS.values(), "201509029805")
    assert protected == {key_of(taken, number) for number in numbers}


def test_objects_take_no_lesson_of_a_lesson_file_away_unseen(lake: Lake, tmp_path: Path) -> None:
    """Of the same id, in a lake that has no lesson of objects yet."""
    rows = [
        lesson(
            civic=CIVIC[(ANNA, BO)[n % 2]], school=SCHOOL, lesson_id=f"event-{n // 2}",
            date=f"2026-10-{n // 2 + 1:02d}", start="08:20", end="09:20", subject="Matematik",
        )
        for n in range(30)
    ]  # fmt: skip
    put(tmp_path / "annan", "lektioner_20261018T0500.csv", text_of(rows, EVERY))
    offer(lake, tmp_path)
    send(tmp_path, {**MONTH, "calendarEvents": [e | {"cancelled": True} for e in EVENTS]}, 19)
    assert offer(lake, tmp_path)["attendances_20261019"].outcome == WAITS
    assert lake.rows("SELECT count(*) FROM lessons WHERE is_cancelled") == [(0,)]


def test_a_server_that_may_remove_lessons_is_not_held(taken: Lake, tmp_path: Path) -> None:
    send(tmp_path, TAKES["a person is deleted"], 21)
    assert offer(taken, tmp_path, MAY)["gone_20261021"].outcome == TAKEN
    assert taken.rows("SELECT count(*) FROM lessons") == [(15,)]


def test_two_people_release_a_file_of_objects_and_its_sender_is_told(
    taken: Lake, tmp_path: Path
) -> None:
    known = Senders(named=(SERVER,), folders=(tmp_path,), two_persons=True)
    send(tmp_path, TAKES["events are cancelled"], 21)
    (report,) = offer(taken, tmp_path).values()
    sealer = Sealer.of_home(taken.settings.home)
    file = find_file(taken, sealer, report.sha256)
    (row,) = summary_rows(taken, sealer, file, shipped_layouts())
    assert "väntar tills någon" in row["Fel"]
    (waiting,) = waiting_files(taken, known)
    assert waiting.layout == "ss12000_calendarEvents"
    assert [release(taken, waiting, Releaser(uid, f"person {uid}")) for uid in (1, 2)] == [1, 0]
    assert offer(taken, tmp_path)["calendarEvents_20261021"].outcome == TAKEN


def test_a_night_says_that_objects_wait_and_takes_them_when_released(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    named = "senders:\n  - {name: server, school_units: all, may: [register_schools]}\n"
    put(home, "senders.yaml", named).chmod(0o600)
    send(home / "inbox", MONTH, 18)
    assert trappan("--home", home, "ingest", home / "inbox").status == 0
    send(home / "inbox", TAKES["events are cancelled"], 21)
    night = trappan("--home", home, "nightly", "--as-of", "2026-10-21")
    assert night.status == 3, night.err
    assert "calendarEvents_20261021T0600.json: awaiting_release: with the files" in night.err
    assert night.err.splitlines()[-2].startswith("1 file waits for a release")
    listed = trappan("--home", home, "release", "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(listed))
    assert (row["what"], row["layout"]) == ("file", "ss12000_calendarEvents")
    assert trappan("--home", home, "release", row["id"], "--reason", "rektor vet").status == 0
    assert "waits for a release" not in trappan("--home", home, "ingest", home / "inbox").err
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT count(*) FROM lessons WHERE is_cancelled") == [(10,)]
