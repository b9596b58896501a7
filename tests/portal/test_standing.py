"""When somebody is reminded: a table of cases, and everything else against a few lines of our own.

The reference counts days one by one and knows nothing of `standing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.follow_up.standing import Crossing, FollowUp, has_open_case, stand
from pipelines.settings import STOCKHOLM
from portal.follow_up.events import Fact
from rules.follow_up_words import ReminderDays

#: Monday 17 August to Friday 18 December, without the break of week 44.
START = date(2026, 8, 17)
YEAR = tuple(
    day
    for day in (START + timedelta(days=n) for n in range(124))
    if day.isoweekday() < 6 and day.isocalendar().week != 44
)
LIMITS = ReminderDays(valid_from=START, contact=5, mapping=10, assessment=10, follow_up=20)
LEVEL_SINCE = date(2026, 9, 7)
MENTORS = Crossing({"mentor_followup": LEVEL_SINCE}, 1, LEVEL_SINCE)
REKTORS = Crossing({"principal_investigation": LEVEL_SINCE}, 2, LEVEL_SINCE)
NOTHING = Crossing({}, 0, None)


def fact(number: int, kind: str, value: str, day: date, on: date | None = None) -> Fact:
    return Fact(
        number=number,
        public_id=str(number),
        pupil_key="",
        school_unit_code="99999901",
        kind=kind,
        value=value,
        on_date=on,
        text="",
        author_key="",
        role="mentor",
        recorded_at=datetime.combine(day, time(9), STOCKHOLM),
        is_withdrawn=False,
    )


def after(days: int, first: date = LEVEL_SINCE) -> date:
    """The school day on which so many have gone by since `first`, today not counted."""
    later = [day for day in YEAR if day > first]
    return later[days]


def stands(today: date, *facts: Fact, crossing: Crossing = MENTORS) -> FollowUp:
    return stand(list(facts), crossing, YEAR, today, LIMITS)


CONTACT = fact(1, "mentor_status", "contact_made", LEVEL_SINCE)
MAPPED = fact(2, "mentor_status", "mapping_done", LEVEL_SINCE)
ASSESSED = fact(3, "principal_status", "investigation_started", LEVEL_SINCE)
REASONED = fact(4, "mentor_status", "no_action", LEVEL_SINCE)
NO_CASE = fact(5, "principal_status", "no_investigation", LEVEL_SINCE)
NOTED = fact(6, "note", "", LEVEL_SINCE)
OF_TEAM = fact(7, "measure", "structure_1", LEVEL_SINCE)


@pytest.mark.parametrize(
    ("facts", "crossing", "days", "overdue"),
    [
        ([], MENTORS, 4, None),
        ([], MENTORS, 5, "contact"),
        ([], REKTORS, 9, None),
        ([], REKTORS, 10, "assessment"),
        ([], NOTHING, 60, None),
        ([CONTACT], MENTORS, 9, None),
        ([CONTACT], MENTORS, 10, "mapping"),
        ([CONTACT, MAPPED], MENTORS, 19, None),
        ([CONTACT, MAPPED], MENTORS, 20, "follow_up"),
        ([CONTACT], REKTORS, 10, "assessment"),
        ([ASSESSED], REKTORS, 19, None),
        ([ASSESSED], REKTORS, 20, "follow_up"),
        ([REASONED], MENTORS, 60, None),
        ([REASONED], REKTORS, 10, "assessment"),
        ([NO_CASE], REKTORS, 60, None),
        ([NO_CASE], MENTORS, 5, "contact"),
        ([NOTED], MENTORS, 4, None),
        ([NOTED], MENTORS, 5, "contact"),
        ([OF_TEAM], MENTORS, 4, None),
    ],
)
def test_when_somebody_is_reminded(
    facts: list[Fact], crossing: Crossing, days: int, overdue: str | None
) -> None:
    found = stands(after(days), *facts, crossing=crossing)
    assert found.overdue == overdue
    assert found.is_overdue is (overdue is not None)


def test_any_act_stops_the_clock_and_it_begins_anew() -> None:
    late = after(8)
    assert stands(late).overdue == "contact"
    for kind, value in (("note", ""), ("responsible", "k"), ("collaboration", "sip")):
        done = fact(1, kind, value, late)
        assert stands(late, done).overdue is None
        assert stands(after(4, late), done).overdue is None
        assert stands(after(5, late), done).overdue == "contact"


def test_an_act_that_was_taken_back_stops_nothing() -> None:
    late = after(8)
    gone = replace(fact(1, "note", "", late), is_withdrawn=True)
    undone = replace(fact(2, "withdrawal", "note", late), value="note")
    assert stands(late, gone, undone).overdue == "contact"


def test_a_break_costs_nobody_a_day() -> None:
    before = date(2026, 10, 23)
    crossing = Crossing({"mentor_followup": before}, 1, before)
    assert before + timedelta(days=10) == date(2026, 11, 2)
    assert stands(date(2026, 11, 2), crossing=crossing).idle_days == 0
    assert stands(date(2026, 11, 6), crossing=crossing).overdue is None
    assert stands(date(2026, 11, 9), crossing=crossing).overdue == "contact"
    assert stands(date(2027, 6, 1), crossing=Crossing({}, 1, date(2026, 12, 16))).overdue is None


def test_a_plan_silences_the_reminder_until_its_day_and_not_after_it() -> None:
    day = after(30)
    planned = fact(1, "next_date", "", LEVEL_SINCE, day)
    assert stands(day, planned).overdue is None
    late = stands(day + timedelta(days=1), planned)
    assert (late.overdue, late.allowed_days) == ("follow_up", 0)
    done_before = fact(2, "mentor_status", "contact_made", after(20))
    assert stands(day + timedelta(days=1), planned, done_before).overdue == "follow_up"


def test_what_was_done_on_the_planned_day_answers_the_plan() -> None:
    day = after(6)
    planned = fact(1, "next_date", "", LEVEL_SINCE, day)
    kept = fact(2, "mentor_status", "contact_made", day)
    assert stands(day + timedelta(days=1), planned, kept).overdue is None
    assert stands(after(10, day), planned, kept).overdue == "mapping"


def test_a_plan_for_the_same_day_waits_until_something_is_done() -> None:
    planned = fact(1, "next_date", "", after(2), after(2))
    assert stands(after(3), planned).overdue == "follow_up"


def test_a_plan_holds_also_of_who_is_over_no_step_any_more() -> None:
    """follow-up.md: follow-up is never changed by a verdict."""
    day = after(30)
    planned = fact(1, "next_date", "", LEVEL_SINCE, day)
    assert stands(day, planned, crossing=NOTHING).overdue is None
    late = stands(day + timedelta(days=1), planned, crossing=NOTHING)
    assert (late.overdue, late.allowed_days, late.idle_days) == ("follow_up", 0, None)
    kept = fact(2, "note", "", day)
    assert stands(after(60), planned, kept, crossing=NOTHING).overdue is None
    for kind, word in (("mentor_status", "closed"), ("principal_status", "no_investigation")):
        closed = fact(2, kind, word, after(20))
        assert stands(after(60), planned, closed, crossing=NOTHING).overdue is None
    going_on = fact(2, "mentor_status", "followed_up", after(20))
    assert stands(after(60), planned, going_on, crossing=NOTHING).overdue == "follow_up"
    # Without a plan nothing waits: no step is passed, so no days are counted.
    assert stands(after(60), fact(1, "note", "", LEVEL_SINCE), crossing=NOTHING).overdue is None


def test_who_comes_higher_is_nobodys_closed_case() -> None:
    higher = Crossing({"principal_investigation": after(20)}, 2, after(20))
    closed = fact(1, "principal_status", "no_investigation", after(10))
    assert stands(after(31), closed, crossing=higher).overdue is not None
    closed_after = replace(closed, recorded_at=datetime.combine(after(21), time(9), STOCKHOLM))
    assert stands(after(60), closed_after, crossing=higher).overdue is None


def test_days_since_the_step_count_from_the_first_rule() -> None:
    crossing = Crossing({"a": after(3), "b": after(1)}, 2, after(3))
    assert stands(after(8), crossing=crossing).since_days == 6


@pytest.mark.parametrize(
    ("words", "is_open"),
    [
        ([], False),
        ([("consent", "yes")], False),
        ([("team_step", "step_2_raised")], False),
        ([("team_step", "step_1_noticed"), ("consent", "yes")], False),
        ([("team_step", "step_2_raised"), ("consent", "waiting")], False),
        ([("team_step", "step_2_raised"), ("consent", "yes")], True),
        ([("consent", "yes"), ("team_step", "step_2_raised"), ("consent", "no")], False),
        ([("consent", "yes"), ("team_step", "step_2_raised"), ("consent", "withdrawn")], False),
        ([("consent", "no"), ("team_step", "step_2_raised"), ("consent", "yes")], True),
    ],
)
def test_when_a_team_sees_a_case(words: list[tuple[str, str]], is_open: bool) -> None:
    facts = [fact(n, kind, value, LEVEL_SINCE) for n, (kind, value) in enumerate(words, start=1)]
    assert has_open_case(facts) is is_open


# --- against a reference -------------------------------------------------------------------------
LONG = {"contact_made": "contact", "mapping_done": "mapping", "followed_up": "follow_up"}
CLOSING = {1: {"no_action", "closed"}, 2: {"no_investigation"}}
ASSESSING = {"investigation_started", "evaluated_in_ulf", "new_measures"}
MENTOR_WORDS = [*LONG, "no_action", "closed", "handed_to_principal"]
PRINCIPAL_WORDS = [*sorted(ASSESSING), "to_assess", "no_investigation"]


def reference(facts: Sequence[Fact], level: int, since: date | None, today: date) -> bool:
    """Whether somebody is reminded, as follow-up.md says it, for facts without plans."""
    if level == 0 or since is None:
        return False
    kept = [one for one in facts if not one.is_withdrawn]
    mentor = [one for one in kept if one.kind == "mentor_status"]
    principal = [one for one in kept if one.kind == "principal_status"]
    own = mentor if level == 1 else principal
    if own and own[-1].value in CLOSING[level] and own[-1].recorded_at.date() >= since:
        return False
    if level == 2:
        is_assessed = principal and principal[-1].value in ASSESSING
        allowed = 20 if is_assessed else 10
    else:
        answer = LONG.get(mentor[-1].value) if mentor else None
        if mentor and mentor[-1].value == "handed_to_principal":
            answer = "mapping"
        allowed = {None: 5, "contact": 10}.get(answer, 20)
    begun = max([since, *(one.recorded_at.date() for one in kept)])
    gone = 0
    day = begun + timedelta(days=1)
    while day < today:
        gone += day in YEAR
        day += timedelta(days=1)
    return gone >= allowed


days = st.integers(0, 120).map(lambda n: START + timedelta(days=n))
said = st.one_of(
    st.tuples(st.just("mentor_status"), st.sampled_from(MENTOR_WORDS)),
    st.tuples(st.just("principal_status"), st.sampled_from(PRINCIPAL_WORDS)),
    st.tuples(st.just("note"), st.just("")),
    st.tuples(st.just("responsible"), st.just("k")),
)


@given(
    said=st.lists(st.tuples(said, days, st.booleans()), max_size=5),
    level=st.integers(0, 2),
    since=days,
    today=days,
)
def test_reminders_are_those_of_a_plain_count(
    said: list[tuple[tuple[str, str], date, bool]], level: int, since: date, today: date
) -> None:
    in_order = sorted((one for one in said if one[1] <= today), key=lambda one: one[1])
    facts = [
        replace(fact(n, kind, value, day), is_withdrawn=gone)
        for n, ((kind, value), day, gone) in enumerate(in_order, start=1)
    ]
    crossing = Crossing({"r": since} if level else {}, level, since if level else None)
    found = stand(facts, crossing, YEAR, today, LIMITS)
    assert found.is_overdue is reference(facts, level, since if level else None, today)
    # An act of today stops the clock, whatever it is.
    done = [*facts, fact(9, "note", "", today)]
    assert not stand(done, crossing, YEAR, today, LIMITS).is_overdue
    # Days without lessons cost nothing: the same with every break at its longest.
    assert stand(facts, crossing, (), today, LIMITS).overdue is None
    # And nobody who reached no step is ever late.
    assert not stand(facts, Crossing({}, 0, None), YEAR, today, LIMITS).is_overdue
