"""What events amount to: days without an act, and when somebody is reminded of a pupil."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from assets.follow_up.kinds import ACT
from assets.follow_up.standing import Crossing, FollowUp, FollowUpEvent, newest_of, stand
from rules.follow_up_words import reminder_days

FIRST = date(2026, 10, 5)
#: Five school days a week, but for a break of one week.
DAYS = tuple(
    day
    for day in (FIRST + timedelta(days=n) for n in range(70))
    if day.isoweekday() < 6 and not date(2026, 10, 26) <= day <= date(2026, 10, 30)
)
MENTORS = Crossing({"mentor_followup": FIRST}, 1, FIRST)
PRINCIPALS = Crossing({"ulf_one_month": FIRST}, 2, FIRST)
LIMITS = reminder_days(FIRST)


def event(kind: str, day: date, value: str = "", **other: Any) -> FollowUpEvent:
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    plain = FollowUpEvent(day.toordinal(), "pupil", kind, value, None, at, is_withdrawn=False)
    return replace(plain, **other)


def at(today: date, *events: FollowUpEvent, crossing: Crossing = MENTORS) -> FollowUp:
    return stand(events, crossing, DAYS, today, LIMITS)


def test_a_pupil_is_overdue_after_so_many_school_days() -> None:
    assert at(date(2026, 10, 12)).idle_days == 4
    assert not at(date(2026, 10, 12)).is_overdue
    assert at(date(2026, 10, 13)).overdue == "contact"
    assert at(date(2026, 10, 13)).allowed_days == LIMITS.contact


def test_a_break_of_the_school_costs_nobody() -> None:
    assert at(date(2026, 11, 2)).idle_days == at(date(2026, 10, 26)).idle_days == 14


def test_the_principal_has_longer_to_assess() -> None:
    assert at(date(2026, 10, 13), crossing=PRINCIPALS).overdue is None
    assert at(date(2026, 10, 20), crossing=PRINCIPALS).overdue == "assessment"


@pytest.mark.parametrize("kind", [ACT, "note", "measure", "collaboration", "team_step", "consent"])
def test_any_act_stops_the_clock(kind: str) -> None:
    found = at(date(2026, 10, 20), event(kind, date(2026, 10, 19)), crossing=PRINCIPALS)
    assert (found.idle_days, found.overdue) == (0, None)


def test_what_was_taken_back_stops_no_clock() -> None:
    taken_back = event("note", date(2026, 10, 19), is_withdrawn=True)
    found = at(date(2026, 10, 20), taken_back)
    assert (found.last_act, found.idle_days) == (None, at(date(2026, 10, 20)).idle_days)


def test_an_act_shortly_after_midnight_is_of_that_day_in_stockholm() -> None:
    late = event("note", date(2026, 10, 12), recorded_at=datetime(2026, 10, 12, 22, 30, tzinfo=UTC))
    assert late.day == date(2026, 10, 13)
    assert at(date(2026, 10, 14), late).idle_days == 0


def test_who_said_when_is_reminded_after_that_day_and_not_before() -> None:
    planned = event("next_date", date(2026, 10, 6), on_date=date(2026, 11, 10))
    assert at(date(2026, 11, 10), planned).overdue is None
    assert at(date(2026, 11, 11), planned).overdue == "follow_up"
    assert at(date(2026, 11, 11), planned).allowed_days == 0


def test_a_closed_pupil_waits_for_nobody_until_the_level_rises() -> None:
    closed = event("mentor_status", date(2026, 10, 12), "no_action")
    assert at(date(2026, 11, 20), closed).idle_days is None
    higher = Crossing({"ulf_one_month": date(2026, 11, 2)}, 2, date(2026, 11, 2))
    assert at(date(2026, 11, 20), closed, crossing=higher).overdue == "assessment"


def test_who_is_on_no_list_waits_for_nothing() -> None:
    assert at(date(2026, 11, 20), crossing=Crossing({}, 0, None)).idle_days is None


def test_the_newest_of_a_kind_counts_and_none_that_was_taken_back() -> None:
    first = event("responsible", FIRST, "a")
    second = event("responsible", FIRST + timedelta(days=1), "b", is_withdrawn=True)
    assert newest_of([first, second], "responsible") == first
    assert newest_of([first], "next_date") is None
