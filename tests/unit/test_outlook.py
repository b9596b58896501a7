"""When a step is reached or left again: known cases, and brute force on made-up weeks."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.flags.outlook import ComingLessons, Course, Outlook, OutlookHorizon, OutlookStep
from rules.threshold import Threshold
from tests.oracle.outlook import Minutes, is_reached, outlook
from tests.oracle.parameters import varied
from tests.oracle.windows import window_of

AS_OF = date(2026, 11, 15)  # a Sunday
WINDOW = {1: "one_month", 2: "two_months"}


def weekdays(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def course(past: dict[date, tuple[int, int]], coming: dict[date, tuple[int, ...]]) -> Course:
    horizon = OutlookHorizon(AS_OF, 30, 60)
    return Course(horizon, past, ComingLessons(horizon, coming))


FIVE_A_DAY: dict[date, tuple[int, ...]] = dict.fromkeys(
    weekdays(date(2026, 11, 16), date(2027, 2, 28)), (60,) * 5
)
OVER_10 = OutlookStep(Threshold(1000, is_strict=True), is_each=False)
AT_LEAST_20 = OutlookStep(Threshold(2000, is_strict=False), is_each=False)


def present(first: date, *, away: int = 0) -> dict[date, tuple[int, int]]:
    """300 reported minutes on each weekday since `first`; the latest `away` days are missed."""
    days = weekdays(first, AS_OF)
    return {day: (300 if n >= len(days) - away else 0, 300) for n, day in enumerate(days)}


def test_a_pupil_who_was_always_there_reaches_a_step_by_missing_lessons_from_now_on() -> None:
    # Windows of 30 days keep 21 or 22 school days of 300 minutes: 6600 up to 17 Nov. 660 minutes
    # are exactly 10 %, and the twelfth lesson makes it 720, on the third day.
    found = course(present(date(2026, 9, 1)), FIVE_A_DAY).outlook(
        "rolling", "one_month", OVER_10, is_reached=False
    )
    assert found == Outlook(False, date(2026, 11, 16), date(2026, 11, 18), 12)


def test_the_calendar_basis_can_change_at_the_end_of_the_month_only() -> None:
    found = course(present(date(2026, 9, 1)), FIVE_A_DAY).outlook(
        "calendar", "one_month", OVER_10, is_reached=False
    )
    # November has 21 school days: 6300 minutes, and 630 are exactly 10 %.
    assert found == Outlook(False, date(2026, 11, 30), date(2026, 11, 30), 11)


def test_full_attendance_lets_old_absence_roll_out_of_the_window() -> None:
    found = course(present(date(2026, 9, 1), away=5), FIVE_A_DAY).outlook(
        "rolling", "one_month", OVER_10, is_reached=True
    )
    # 9-13 November is missed. Of the 30 days up to 9 December 22 are school days, 4 of them missed;
    # up to the 11th two are: 600 of 6600 minutes. On the 10th it is 900.
    assert found == Outlook(True, date(2026, 11, 16), date(2026, 12, 11))


def test_a_month_that_is_lost_already_is_reached_also_with_full_attendance() -> None:
    found = course(present(date(2026, 9, 1), away=5), FIVE_A_DAY).outlook(
        "calendar", "one_month", AT_LEAST_20, is_reached=False
    )
    # 1500 of 6300 minutes of November.
    assert found == Outlook(False, date(2026, 11, 30), date(2026, 11, 30), 0)


def test_without_a_timetable_nothing_is_said() -> None:
    found = course(present(date(2026, 9, 1)), {}).outlook(
        "rolling", "one_month", OVER_10, is_reached=False
    )
    assert found.unknown == "no_timetable"
    assert found.turn_date is None


def test_nothing_is_said_of_days_after_the_school_year() -> None:
    as_of = date(2027, 6, 28)
    past = dict.fromkeys(weekdays(date(2027, 5, 1), as_of), (300, 300))
    coming = dict.fromkeys(weekdays(date(2027, 6, 29), date(2027, 9, 1)), (60,) * 5)
    horizon = OutlookHorizon(as_of, 30, 60)
    found = Course(horizon, past, ComingLessons(horizon, coming)).outlook(
        "rolling", "one_month", OVER_10, is_reached=True
    )
    assert found == Outlook(True, date(2027, 6, 29), None)
    horizon = OutlookHorizon(date(2027, 6, 30), 30, 60)
    last = Course(horizon, past, ComingLessons(horizon, coming)).outlook(
        "calendar", "one_month", OVER_10, is_reached=True
    )
    assert last == Outlook(True, None, None)


lessons = st.lists(st.sampled_from((20, 45, 60, 80)), max_size=3)
rates = st.sampled_from((0, 0, 0, 50, 100))


@st.composite
def lives(draw: st.DrawFn) -> tuple[date, list[Minutes], list[Minutes]]:
    """A day, and lessons around it in any pattern, with holidays and unreported days."""
    as_of = draw(st.dates(date(2026, 7, 1), date(2027, 6, 30)))
    week = [draw(lessons) if n < 5 or draw(st.booleans()) else [] for n in range(7)]
    holiday = draw(st.integers(-60, 90)), draw(st.integers(0, 15))
    past, coming = [], []
    away = draw(st.lists(rates, min_size=70, max_size=70))
    for number in range(-69, 125):
        day = as_of + timedelta(days=number)
        if holiday[0] <= number < sum(holiday):
            continue
        for minutes in week[day.weekday()]:
            if number > 0:
                coming.append(Minutes(day, minutes, 0))
            else:
                past.append(Minutes(day, minutes, minutes * away[-number] // 100))
    return as_of, past, coming


@settings(max_examples=150, deadline=None)
@given(
    life=lives(),
    rule=st.fixed_dictionaries(
        {
            "threshold_pct": st.sampled_from((5, 10, 20, "12.5", 40, 90)),
            "comparison": st.sampled_from((">", ">=")),
            "months": st.sampled_from((1, 2)),
            "method": st.sampled_from(("pooled", "each")),
        }
    ),
    basis=st.sampled_from(("calendar", "rolling")),
    length=st.sampled_from((30, 28, 10)),
)
def test_the_outlook_is_what_trying_out_every_day_gives(
    life: tuple[date, list[Minutes], list[Minutes]],
    rule: dict[str, Any],
    basis: str,
    length: int,
) -> None:
    as_of, past, coming = life
    if rule["months"] == 1:
        rule["method"] = "pooled"
    params = varied(rolling_days={1: length, 2: 2 * length})
    now, turn, missed = outlook(rule, basis, as_of, params, (past, coming))
    days: dict[date, tuple[int, int]] = {}
    for x in past:
        absent, reported = days.get(x.day, (0, 0))
        days[x.day] = (absent + x.absent, reported + x.scheduled)
    ahead: dict[date, list[int]] = defaultdict(list)
    for x in coming:
        ahead[x.day].append(x.scheduled)
    step = OutlookStep(
        Threshold(int(float(rule["threshold_pct"]) * 100), rule["comparison"] == ">"),
        is_each=rule["method"] == "each",
    )
    horizon = OutlookHorizon(as_of, length, 2 * length)
    found = Course(horizon, days, ComingLessons(horizon, ahead)).outlook(
        basis, WINDOW[rule["months"]], step, is_reached=now
    )
    if found.unknown:
        assert not any(day <= horizon.last for day in ahead)
        return
    assert (found.turn_date, found.lessons) == (turn, missed)


@given(life=lives(), seed=st.integers(0, 2**32))
def test_no_other_way_of_being_absent_reaches_the_step_earlier(
    life: tuple[date, list[Minutes], list[Minutes]], seed: int
) -> None:
    as_of, past, coming = life
    chance = Random(seed)  # noqa: S311
    params = varied()
    rule = params["rules"]["ulf_two_months"]
    now, turn, _ = outlook(rule, "rolling", as_of, params, (past, coming))
    other = [
        Minutes(x.day, x.scheduled, chance.choice((0, x.scheduled // 2, x.scheduled)))
        for x in coming
    ]
    for number in range(1, 61):
        on = as_of + timedelta(days=number)
        if turn is None or on >= turn or on.month == 7:
            return
        window = window_of(2, "rolling", on, params)
        # Reached now: it stays so whatever is done. Not reached: nothing reaches it so early.
        assert is_reached(rule, window, [*past, *other]) == now
