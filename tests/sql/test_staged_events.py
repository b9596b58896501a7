"""How calendar events of SS12000 and their exceptions are read (`sql/exports/staged_*.sql`)."""

from __future__ import annotations

from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, Row, moment
from tests.sql.given_objects import staged

EVENT: Row = {
    "id": "lesson",
    "activity": "MA 8A",
    "start_time": "2026-10-05T08:00:00+02:00",
    "end_time": "2026-10-05T09:00:00+02:00",
}
#: An exception: Anna takes part, from nine on.
OTHERWISE: Row = {"part": "exceptions", "person": "anna", "participates": "true"}
NINE, TEN = "2026-10-05T09:00:00+02:00", "2026-10-05T10:00:00+02:00"


def event(lake: Lake, *exceptions: Row, **cells: str | None) -> dict[str, Any]:
    rows = staged(lake, "events", {**EVENT, **cells}, *exceptions)
    (row,) = [one for one in rows if (one["file_id"], one["line_number"]) == (1, 1)]
    return row


def test_an_event_is_a_lesson_of_its_time(reading: Lake) -> None:
    row = event(reading)
    assert (row["problem"], row["warning"], row["is_cancelled"]) == (None, None, False)
    assert (row["starts_at"], row["scheduled_minutes"]) == (moment("10-05 08:00"), 60)
    assert row["exported_at"] == moment("11-14 05:00")
    # Of which the pupils are taught so long.
    assert event(reading, teaching_minutes="45")["scheduled_minutes"] == 45


def test_a_lesson_over_a_change_of_the_clocks_is_not_longer(reading: Lake) -> None:
    times = {"start_time": "2026-10-25T02:30:00+02:00", "end_time": "2026-10-25T02:30:00+01:00"}
    assert event(reading, **times)["scheduled_minutes"] == 60


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"fault": "object.unreadable"}, "object.unreadable"),
        ({"id": None}, "id.missing"),
        ({"activity": None}, "activity.missing"),
        ({"start_time": None}, "startTime.missing"),
        ({"start_time": "kl 8"}, "startTime.unreadable"),
        ({"start_time": "2030-10-05T08:00:00+02:00"}, "startTime.not_believed"),
        ({"end_time": None}, "endTime.missing"),
        ({"end_time": "kl 9"}, "endTime.unreadable"),
        ({"cancelled": "ja"}, "cancelled.not_boolean"),
        ({"cancelled": "false"}, None),
        ({"teaching_minutes": "x"}, "teachingLengthStudent.unreadable"),
        ({"teaching_minutes": "0"}, "teachingLengthStudent.out_of_range"),
        ({"teaching_minutes": "1"}, None),
        ({"teaching_minutes": "600"}, None),
        ({"teaching_minutes": "601"}, "teachingLengthStudent.out_of_range"),
        ({"end_time": "2026-10-05T08:00:00+02:00"}, "teachingLengthStudent.out_of_range"),
    ],
)
def test_an_event_that_gives_no_sound_lesson_is_refused(
    reading: Lake, cells: dict[str, str | None], problem: str | None
) -> None:
    assert event(reading, **cells)["problem"] == problem


@pytest.mark.parametrize(("minutes", "kept"), [("0", 1), ("601", 600), ("45", 45)])
def test_a_cancelled_event_may_have_any_length(reading: Lake, minutes: str, kept: int) -> None:
    row = event(reading, cancelled="true", teaching_minutes=minutes)
    assert (row["is_cancelled"], row["problem"], row["scheduled_minutes"]) == (True, None, kept)


@pytest.mark.parametrize(
    ("exception", "is_read"),
    [
        ({}, True),
        ({"participates": "false"}, True),
        ({"participates": None}, False),
        ({"participates": "kanske"}, False),
        ({"person": None}, False),
        ({"start_time": NINE}, True),
        ({"start_time": "kl 9"}, False),
        # A year after the file, and two days more.
        ({"start_time": "2027-11-14T08:00:00+01:00"}, True),
        ({"start_time": "2027-11-16T08:00:00+01:00"}, False),
        ({"end_time": TEN}, True),
        ({"end_time": "kl 10"}, False),
        ({"teaching_minutes": "0"}, False),
        ({"teaching_minutes": "1"}, True),
        ({"teaching_minutes": "600"}, True),
        ({"teaching_minutes": "601"}, False),
        ({"teaching_minutes": "x"}, False),
        # Who does not take part has no length.
        ({"teaching_minutes": "0", "participates": "false"}, True),
        # Of other objects, or no exception.
        ({"person": None, "file_id": 2}, True),
        ({"person": None, "line_number": 2}, True),
        ({"person": None, "part": "groups"}, True),
    ],
)
def test_an_event_with_an_exception_that_can_not_be_read_is_refused(
    reading: Lake, exception: Row, *, is_read: bool
) -> None:
    problem = event(reading, {**OTHERWISE, **exception})["problem"]
    assert problem == (None if is_read else "exceptions.unreadable")


@pytest.mark.parametrize(
    ("other", "is_said"),
    [
        ({}, False),
        ({"person": "bo", "participates": "false"}, False),
        ({"participates": "false"}, True),
        ({"start_time": NINE}, True),
        ({"end_time": TEN}, True),
        ({"teaching_minutes": "45"}, True),
        ({"participates": "false", "file_id": 2}, False),
        ({"participates": "false", "line_number": 2}, False),
        ({"participates": "false", "part": "groups"}, False),
    ],
)
def test_two_exceptions_of_a_pupil_that_differ_are_said(
    reading: Lake, other: Row, *, is_said: bool
) -> None:
    row = event(reading, OTHERWISE, {**OTHERWISE, **other})
    assert row["problem"] is None
    assert row["warning"] == ("exceptions.contradict" if is_said else None)


@pytest.mark.parametrize("of_other", [{"line_number": 2}, {"file_id": 2}])
def test_exceptions_of_another_event_that_differ_are_said_of_that_one(
    reading: Lake, of_other: Row
) -> None:
    differing = [{**OTHERWISE, **of_other, "participates": word} for word in ("true", "false")]
    assert event(reading, *differing)["warning"] is None


def test_a_time_of_a_change_that_can_not_be_read_is_said(reading: Lake) -> None:
    assert event(reading, modified="i går")["warning"] == "meta.unreadable"
    assert event(reading, modified="2026-10-01T05:00:00Z")["warning"] is None


# --- exceptions ----------------------------------------------------------------------------------


def exceptions(lake: Lake, *parts: Row, **cells: str | None) -> list[dict[str, Any]]:
    return staged(lake, "event_exceptions", {**EVENT, **cells}, *parts)


def test_an_exception_keeps_the_events_time_unless_it_has_its_own(reading: Lake) -> None:
    (row,) = exceptions(reading, OTHERWISE)
    assert (row["person_key"], row["is_participating"]) == (str(ANNA), True)
    assert (row["starts_at"], row["scheduled_minutes"]) == (None, None)
    for word in ("false", None):
        (row,) = exceptions(reading, {**OTHERWISE, "participates": word})
        assert not row["is_participating"]


@pytest.mark.parametrize(
    ("own", "of_event", "minutes"),
    [
        ({"start_time": "2026-10-05T08:20:00+02:00"}, {}, 40),
        ({"end_time": TEN}, {}, 120),
        ({"start_time": NINE, "end_time": TEN}, {}, 60),
        ({"start_time": NINE, "end_time": TEN}, {"teaching_minutes": "45"}, None),
        ({"start_time": NINE}, {}, 1),
        ({"end_time": "2026-10-05T23:00:00+02:00"}, {}, 600),
        ({"teaching_minutes": "30"}, {}, 30),
        ({"teaching_minutes": "30"}, {"teaching_minutes": "45"}, 30),
        ({"teaching_minutes": "0"}, {}, 1),
        ({"teaching_minutes": "601"}, {}, 600),
    ],
)
def test_how_long_an_exception_is(
    reading: Lake, own: Row, of_event: dict[str, str], minutes: int | None
) -> None:
    (row,) = exceptions(reading, {**OTHERWISE, **own}, **of_event)
    assert row["scheduled_minutes"] == minutes


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ({"participates": "false"}, {"teaching_minutes": "30"}, (True, 30)),
        ({"teaching_minutes": "30"}, {"teaching_minutes": "40"}, (True, 40)),
        ({"teaching_minutes": "30"}, {}, (True, None)),
    ],
)
def test_of_two_words_about_a_pupil_the_lesson_is_kept_and_the_longest_counts(
    reading: Lake, first: Row, second: Row, kept: tuple[bool, int | None]
) -> None:
    for parts in ((first, second), (second, first)):
        (row,) = exceptions(reading, *({**OTHERWISE, **part} for part in parts))
        assert (row["is_participating"], row["scheduled_minutes"]) == kept


def test_of_two_words_of_a_length_the_events_own_start_or_the_first_counts(reading: Lake) -> None:
    length: Row = {**OTHERWISE, "teaching_minutes": "30"}
    later, latest = {**length, "start_time": NINE}, {**length, "start_time": TEN}
    for parts in ((later, latest), (latest, later)):
        (row,) = exceptions(reading, *parts)
        assert row["starts_at"] == moment("10-05 09:00")
        (row,) = exceptions(reading, *parts, length)
        assert row["starts_at"] is None


def test_each_pupil_has_the_exception_of_the_own_event(reading: Lake) -> None:
    rows = exceptions(
        reading,
        OTHERWISE,
        {**OTHERWISE, "person": "bo"},
        {**OTHERWISE, "part": "groups", "person": "bo"},
        {**OTHERWISE, "file_id": 2},
        {**EVENT, "line_number": 2},
        {**OTHERWISE, "line_number": 3},
        {**EVENT, "line_number": 3, "id": None},
        {**OTHERWISE, "person": "cilla"},
    )
    assert sorted(row["person_key"] for row in rows) == sorted([str(ANNA), str(BO)])
