"""Whom no lesson shows (`unseen_pupils.sql`), and who has a thin timetable."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from assets.flags.evaluate import evaluate_flags, first_seen_day
from assets.lake.connection import Lake
from assets.lake.standing import find_summed_months
from assets.watchlists.collect.unseen import ScheduledTime, thin_ones, thin_timetables
from rules.registry import rule_set_on
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, Row, day, given, key, rows_of
from tests.sql.ladder import STOCKHOLM, Sums, said, verdicts

CLEO = key("Cleo")
FIRST = first_seen_day(AS_OF, STOCKHOLM)
WEEK = [day(f"11-{number:02}") for number in range(2, 7)]


def unseen(
    lake: Lake,
    *,
    pupils: list[Row] | None = None,
    latest: list[Row] | None = None,
    sums: list[Row] | None = None,
    days: list[Row] | None = None,
) -> list[str]:
    """Whom nobody sees; Anna has no lesson, and Bo of her class has one on each day of a week."""
    given(lake, "belonging", *(pupils or [{}, {"pupil_key": BO}]))
    given(lake, "pupil_schools", *(latest or []))
    given(lake, "monthly_sums", *(sums or []))
    given(lake, "absence_daily", *(days or [{"pupil_key": BO, "lesson_date": d} for d in WEEK]))
    find_summed_months(lake)
    parameters: dict[str, Any] = {"first_date": FIRST, "as_of": AS_OF, "class_days": 5}
    return [row[0] for row in rows_of(lake, "flags/unseen_pupils", "pupil_key", **parameters)]


def test_a_pupil_of_a_roster_without_a_lesson_is_not_seen(scratch: Lake) -> None:
    given(scratch, "belonging")
    assert unseen(scratch, latest=[{"pupil_key": BO, "lesson_date": WEEK[-1]}]) == [str(ANNA)]


@pytest.mark.parametrize(("days_ago", "is_seen"), [(29, True), (30, False)])
def test_thirty_days_make_the_difference(scratch: Lake, days_ago: int, is_seen: bool) -> None:
    latest: list[Row] = [
        {"lesson_date": AS_OF - timedelta(days=days_ago)},
        {"pupil_key": BO, "lesson_date": AS_OF},
    ]
    assert (unseen(scratch, latest=latest) == []) is is_seen


def test_a_pupil_with_lessons_at_the_new_school_is_seen_whatever_the_old_one_says(
    scratch: Lake,
) -> None:
    latest: list[Row] = [
        {"lesson_date": AS_OF - timedelta(days=40), "school_unit_code": SOUTH},
        {"lesson_date": AS_OF},
        {"pupil_key": BO, "lesson_date": AS_OF},
    ]
    assert unseen(scratch, latest=latest) == []


def test_without_a_record_nobody_is_missed(scratch: Lake) -> None:
    pupils: list[Row] = [{"has_record": False}, {"pupil_key": BO, "has_record": False}]
    assert unseen(scratch, pupils=pupils) == []


@pytest.mark.parametrize(
    ("last", "minutes", "is_seen"),
    [
        (FIRST, 600, True),
        (FIRST, 1, True),
        (FIRST - timedelta(days=1), 600, False),
        (FIRST, 0, False),
        (AS_OF + timedelta(days=1), 600, False),
    ],
)
def test_sums_of_the_time_show_a_pupil(
    scratch: Lake, last: date, minutes: int, is_seen: bool
) -> None:
    latest: list[Row] = [{"pupil_key": BO, "lesson_date": WEEK[-1]}]
    sums: list[Row] = [
        {
            "period_first_date": last - timedelta(days=9),
            "period_last_date": last,
            "scheduled_minutes": minutes,
        }
    ]
    assert (unseen(scratch, latest=latest, sums=sums) == []) is is_seen


def test_lessons_of_a_protected_classmate_and_of_one_who_left_are_the_classes(
    scratch: Lake,
) -> None:
    pupils: list[Row] = [
        {},
        {"pupil_key": BO, "is_protected": True},
        {"pupil_key": CLEO, "has_left": True},
    ]
    latest: list[Row] = [{"pupil_key": who, "lesson_date": WEEK[0]} for who in (BO, CLEO)]
    days: list[Row] = [{"pupil_key": BO, "lesson_date": d} for d in WEEK[:3]]
    days += [{"pupil_key": CLEO, "lesson_date": d} for d in WEEK[2:]]
    assert unseen(scratch, pupils=pupils, latest=latest, days=days) == [str(ANNA)]


def test_lessons_of_a_classmate_at_another_school_are_not_the_classes(scratch: Lake) -> None:
    latest: list[Row] = [{"pupil_key": BO, "lesson_date": WEEK[0], "school_unit_code": SOUTH}]
    days: list[Row] = [{"pupil_key": BO, "lesson_date": d, "school_unit_code": SOUTH} for d in WEEK]
    assert unseen(scratch, latest=latest, days=days) == []


@pytest.mark.parametrize(
    ("class_name", "is_seen"), [("8A", True), ("", False)], ids=["the own class", "the school"]
)
def test_days_of_another_class_are_those_of_a_pupil_whose_class_nobody_gave(
    scratch: Lake, class_name: str, *, is_seen: bool
) -> None:
    pupils: list[Row] = [
        {"class_name": class_name},
        {"pupil_key": BO, "class_name": "8A"},
        {"pupil_key": CLEO, "class_name": "9B"},
    ]
    latest: list[Row] = [{"pupil_key": who, "lesson_date": WEEK[-1]} for who in (BO, CLEO)]
    days: list[Row] = [{"pupil_key": BO, "lesson_date": d} for d in WEEK[:3]]
    days += [{"pupil_key": CLEO, "lesson_date": d} for d in WEEK[2:]]
    assert (unseen(scratch, pupils=pupils, latest=latest, days=days) == []) is is_seen


def test_lessons_of_another_class_say_nothing_of_the_own(scratch: Lake) -> None:
    pupils: list[Row] = [{}, {"pupil_key": BO}, {"pupil_key": CLEO, "class_name": "9B"}]
    latest: list[Row] = [{"pupil_key": who, "lesson_date": WEEK[-1]} for who in (BO, CLEO)]
    days: list[Row] = [{"pupil_key": CLEO, "lesson_date": d} for d in WEEK]
    assert unseen(scratch, pupils=pupils, latest=latest, days=days) == []


@pytest.mark.parametrize(
    ("begins", "is_seen"), [(WEEK[0], False), (WEEK[1], True)], ids=["that day", "the day after"]
)
def test_the_classes_days_count_from_the_day_on_which_the_record_begins(
    scratch: Lake, begins: date, *, is_seen: bool
) -> None:
    pupils: list[Row] = [{"record_start_date": begins}, {"pupil_key": BO}]
    latest: list[Row] = [{"pupil_key": BO, "lesson_date": WEEK[-1]}]
    assert (unseen(scratch, pupils=pupils, latest=latest) == []) is is_seen


@pytest.mark.parametrize(("first", "is_seen"), [(FIRST, False), (FIRST - timedelta(days=1), True)])
def test_the_classes_days_are_those_of_the_last_thirty(
    scratch: Lake, first: date, *, is_seen: bool
) -> None:
    dates = [first, *(AS_OF - timedelta(days=number) for number in range(4))]
    latest: list[Row] = [{"pupil_key": BO, "lesson_date": AS_OF}]
    days: list[Row] = [{"pupil_key": BO, "lesson_date": d} for d in dates]
    assert (unseen(scratch, latest=latest, days=days) == []) is is_seen


def test_no_verdict_of_a_pupil_whom_nobody_sees_is_clear(scratch: Lake) -> None:
    found = verdicts(scratch, {}, is_unseen=True)
    assert {said(row) for row in found.values()} == {"insufficient"}
    assert {row["reason"] for row in found.values()} == {"no_lessons"}


def test_a_verdict_that_lacks_something_else_keeps_its_reason(scratch: Lake) -> None:
    few = {"one_month": Sums(600, 600, 300, 2), "two_months_second_half": Sums(600, 600, 300, 2)}
    found = verdicts(scratch, {}, few, is_unseen=True)
    assert found["mentor_followup", "calendar"]["reason"] == "too_few_days"
    assert found["mentor_followup", "rolling"]["reason"] == "no_lessons"


def test_a_hit_stays_one_and_the_referral_that_rests_on_it_too(scratch: Lake) -> None:
    month = {
        "one_month": Sums(6000, 6000, 3000, 20),
        "two_months_second_half": Sums(6000, 6000, 3000, 20),
    }
    found = verdicts(scratch, {}, month, is_unseen=True)
    assert said(found["sst_referral", "calendar"]) == "hit, certain"
    assert said(found["sst_referral", "rolling"]) == "insufficient"


def test_the_value_of_the_day_decides(scratch: Lake) -> None:
    assert first_seen_day(AS_OF, STOCKHOLM) == day("10-17")
    assert first_seen_day(AS_OF, rule_set_on("exempel", AS_OF)) == day("10-19")
    assert first_seen_day(date(2026, 7, 5), STOCKHOLM) == date(2026, 7, 1)
    assert scratch.rows("SELECT 1") == [(1,)]


# --- thin timetables ------------------------------------------------------------------------------


@for_all(
    pupils=st.lists(st.tuples(st.integers(1, 8000), st.integers(1, 30)), min_size=1, max_size=12),
    share=st.sampled_from((1, 2500, 5000, 9999)),
)
def test_thin_is_under_a_share_of_the_exact_median(
    pupils: list[tuple[int, int]], share: int
) -> None:
    rates = [Fraction(minutes, days) for minutes, days in pupils]
    middle = median(rates)
    tables = [
        ScheduledTime(str(number), AS_OF, minutes, days)
        for number, (minutes, days) in enumerate(pupils)
    ]
    found = {thin.pupil_key: thin.percent for thin in thin_ones(tables, share)}
    expected = {
        str(number): int(rate * 100 / middle)
        for number, rate in enumerate(rates)
        if rate * 10000 < share * middle
    }
    assert found == expected


def thin(lake: Lake, days: list[Row], pupils: list[Row] | None = None) -> list[tuple[Any, ...]]:
    evaluation = evaluate_flags(lake, AS_OF, STOCKHOLM)
    given(lake, "belonging", *(pupils or [{"pupil_key": who} for who in (ANNA, BO, CLEO)]))
    given(lake, "absence_daily", *days)
    found = thin_timetables(lake, evaluation)
    return [(one.pupil_key, one.first_date, one.percent) for one in found]


def whole(who: object, days: list[date], minutes: int = 300, school: str = NORTH) -> list[Row]:
    return [
        {
            "pupil_key": who,
            "lesson_date": d,
            "scheduled_minutes": minutes,
            "school_unit_code": school,
        }
        for d in days
    ]


def test_a_pupil_with_a_fifth_of_the_classes_minutes_is_named(scratch: Lake) -> None:
    days = whole(BO, WEEK) + whole(CLEO, WEEK) + whole(ANNA, WEEK[:1])
    assert thin(scratch, days) == [(str(ANNA), WEEK[0], 20)]


def test_days_before_the_first_lesson_are_no_days_of_the_pupil(scratch: Lake) -> None:
    days = whole(BO, WEEK) + whole(CLEO, WEEK) + whole(ANNA, WEEK[3:])
    assert thin(scratch, days) == []


def test_exactly_half_is_not_under_half_and_a_minute_less_is(scratch: Lake) -> None:
    others = whole(BO, WEEK) + whole(CLEO, WEEK)
    assert thin(scratch, others + whole(ANNA, WEEK, 150)) == []
    a_minute_less = whole(ANNA, WEEK[:4], 150) + whole(ANNA, WEEK[4:], 149)
    assert thin(scratch, others + a_minute_less) == [(str(ANNA), WEEK[0], 49)]


def test_lessons_at_another_school_at_the_same_time_fill_the_timetable(scratch: Lake) -> None:
    days = whole(BO, WEEK) + whole(CLEO, WEEK) + whole(ANNA, WEEK, 60)
    assert thin(scratch, days) == [(str(ANNA), WEEK[0], 20)]
    assert thin(scratch, days + whole(ANNA, WEEK, 240, SOUTH)) == []


def test_what_was_at_the_earlier_school_before_the_move_is_in_no_number(scratch: Lake) -> None:
    days = whole(BO, WEEK) + whole(CLEO, WEEK) + whole(ANNA, WEEK[2:], 60)
    before = whole(ANNA, WEEK[:2], 600, SOUTH)
    assert thin(scratch, days) == thin(scratch, days + before) == [(str(ANNA), WEEK[2], 20)]


def test_as_many_minutes_over_more_days_are_less_a_day(scratch: Lake) -> None:
    days = whole(BO, WEEK[4:]) + whole(CLEO, WEEK[4:]) + whole(ANNA, WEEK, 60)
    assert thin(scratch, days) == [(str(ANNA), WEEK[0], 20)]


def test_a_protected_pupil_is_not_named_and_moves_no_median(scratch: Lake) -> None:
    days = whole(BO, WEEK) + whole(ANNA, WEEK, 60)
    pupils: list[Row] = [{"pupil_key": ANNA}, {"pupil_key": BO, "is_protected": True}]
    # The only other one of the class is protected: a share of 20 % would tell that timetable.
    assert thin(scratch, days, pupils) == []
    pupils = [{"pupil_key": ANNA, "is_protected": True}, {"pupil_key": BO}, {"pupil_key": CLEO}]
    assert thin(scratch, days + whole(CLEO, WEEK), pupils) == []


def test_a_pupil_without_a_class_has_nothing_to_be_held_against(scratch: Lake) -> None:
    pupils: list[Row] = [{"pupil_key": who, "class_name": ""} for who in (ANNA, BO, CLEO)]
    days = whole(BO, WEEK) + whole(CLEO, WEEK) + whole(ANNA, WEEK[:1])
    assert thin(scratch, days, pupils) == []


# --- rows that are lost ---------------------------------------------------------------------------


def lost(
    lake: Lake, files: list[Row], problems: list[Row], sources: list[Row] | None = None
) -> dict[str, int]:
    given(lake, "files", *files)
    given(lake, "row_problems", *problems)
    given(lake, "identity_sources", *(sources or [{"file_id": 9}]))
    first = day("09-01")
    return dict(rows_of(lake, "watchlists/lost_rows", first_date=first))


LESSONS: dict[str, Any] = {"file_id": 1, "layout": "lektionsfranvaro"}
ROSTER: dict[str, Any] = {"file_id": 2, "layout": "elever"}


def test_rows_refused_for_a_number_are_counted_by_school(scratch: Lake) -> None:
    problems: list[Row] = [
        {"school_unit_code": NORTH, "code": "civic_no.check_digit"},
        {"school_unit_code": NORTH, "code": "civic_no.missing"},
        {"school_unit_code": SOUTH, "code": "civic_no.unreadable"},
        {"school_unit_code": SOUTH, "code": "scheduled_minutes.missing"},
        {"school_unit_code": SOUTH, "code": "civic_no.unreadable", "severity": "warning"},
        {"school_unit_code": None, "code": "civic_no.missing"},
    ]
    assert lost(scratch, [LESSONS], problems) == {NORTH: 2, SOUTH: 1}


def test_a_file_that_came_twice_is_counted_once(scratch: Lake) -> None:
    files: list[Row] = [
        LESSONS,
        LESSONS | {"received_at": day("11-15")},
        LESSONS | {"outcome": "duplicate"},
    ]
    assert lost(scratch, files, [{"school_unit_code": NORTH}]) == {NORTH: 1}


def test_of_rosters_only_the_newest_word_about_the_school_counts(scratch: Lake) -> None:
    older = ROSTER | {"file_id": 3, "exported_at": day("11-01")}
    newer = ROSTER | {"file_id": 4, "exported_at": day("11-10")}
    problems: list[Row] = [
        {"file_id": 3, "school_unit_code": NORTH},
        {"file_id": 3, "school_unit_code": NORTH},
        {"file_id": 4, "school_unit_code": NORTH},
        {"file_id": 3, "school_unit_code": SOUTH},
    ]
    known: list[Row] = [
        {"exported_at": day("11-10"), "file_id": 4},
        # The newest roster of the other school has nothing to refuse: the number was mended.
        {"exported_at": day("11-12"), "file_id": 5, "school_unit_code": SOUTH},
    ]
    assert lost(scratch, [older, newer], problems, known) == {NORTH: 1}


def test_lessons_of_files_before_the_windows_are_of_another_list(scratch: Lake) -> None:
    old = LESSONS | {"exported_at": day("08-31")}
    assert lost(scratch, [old], [{"school_unit_code": NORTH}]) == {}
