"""Days become calendar months and rolling windows (`sql/absence/`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assets.lake.connection import Lake
from assets.lake.standing import find_summed_months
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, Row, day, given, moment, rows_of

MINUTES = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes", "days")


def monthly(lake: Lake, days: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    given(lake, "absence_daily", *days)
    given(lake, "months_to_sum", {"month_start_date": day("10-01")})
    ends = {"first_date": day("10-01"), "last_date": day("10-31")}
    return rows_of(lake, "absence/absence_monthly", *columns, **ends)


def rolling(lake: Lake, days: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    given(lake, "absence_daily", *days)
    given(
        lake,
        "window_parts",
        part("rolling", "one_month", "10-17", "11-15"),
        part("rolling", "two_months_first_half", "09-17", "10-16"),
        part("rolling", "two_months_second_half", "10-17", "11-15"),
        part("calendar", "one_month", "10-01", "10-31"),
    )
    return rows_of(lake, "absence/rolling_sums", *columns, as_of=AS_OF, first_date=day("09-17"))


def part(basis: str, name: str, first: str, last: str) -> Row:
    return {
        "basis": basis,
        "window_part": name,
        "window_start": day(first),
        "window_end": day(last),
    }


def test_a_month_is_the_sum_of_its_days(scratch: Lake) -> None:
    days = [
        {"lesson_date": day("10-01"), "valid_minutes": 5},
        {"lesson_date": day("10-31"), "reported_minutes": 40, "invalid_minutes": 30},
    ]
    assert monthly(scratch, days, "month_start_date", *MINUTES) == [
        (day("10-01"), 120, 100, 5, 30, 2)
    ]


def test_the_day_before_and_the_day_after_belong_to_other_months(scratch: Lake) -> None:
    days = [{"lesson_date": day("09-30")}, {"lesson_date": day("11-01")}]
    assert monthly(scratch, days) == []


def test_a_month_that_was_not_asked_for_is_not_made(scratch: Lake) -> None:
    given(scratch, "absence_daily", {"lesson_date": day("09-30")}, {"lesson_date": day("10-01")})
    given(scratch, "months_to_sum", {"month_start_date": day("10-01")})
    ends = {"first_date": day("09-01"), "last_date": day("10-31")}
    found = rows_of(scratch, "absence/absence_monthly", "month_start_date", **ends)
    assert found == [(day("10-01"),)]


def test_a_day_at_two_schools_is_one_school_day(scratch: Lake) -> None:
    days: list[Row] = [{}, {"school_unit_code": SOUTH}]
    assert monthly(scratch, days, "scheduled_minutes", "days") == [(120, 1)]


def test_a_day_that_one_of_two_schools_reported_is_a_school_day(scratch: Lake) -> None:
    days: list[Row] = [
        {},
        {"school_unit_code": SOUTH, "reported_minutes": 0, "reported_lessons": 0},
    ]
    assert monthly(scratch, days, "reported_minutes", "days") == [(60, 1)]


def test_a_day_that_nobody_reported_is_no_school_day(scratch: Lake) -> None:
    days: list[Row] = [
        {"lesson_date": day("10-05")},
        {"lesson_date": day("10-06"), "reported_minutes": 0, "reported_lessons": 0},
    ]
    assert monthly(scratch, days, "scheduled_minutes", "days") == [(120, 1)]


def test_pupils_have_months_of_their_own(scratch: Lake) -> None:
    days: list[Row] = [{"valid_minutes": 7}, {"pupil_key": BO, "valid_minutes": 9}]
    found = monthly(scratch, days, "pupil_key", "valid_minutes")
    assert sorted(found) == sorted([(str(ANNA), 7), (str(BO), 9)])


def test_a_rolling_window_has_both_its_ends_and_nothing_outside(scratch: Lake) -> None:
    days = [
        {"lesson_date": day("10-16"), "valid_minutes": 1},
        {"lesson_date": day("10-17"), "valid_minutes": 2},
        {"lesson_date": day("11-15"), "valid_minutes": 4},
        {"lesson_date": day("11-16"), "valid_minutes": 8},
        {"lesson_date": day("09-17"), "valid_minutes": 16},
        {"lesson_date": day("09-16"), "valid_minutes": 32},
    ]
    assert rolling(scratch, days, "window_part", "valid_minutes", "days") == [
        ("one_month", 6, 2),
        ("two_months_first_half", 17, 2),
        ("two_months_second_half", 6, 2),
    ]


def test_a_rolling_window_knows_its_dates_and_its_as_of(scratch: Lake) -> None:
    found = rolling(
        scratch,
        [{"lesson_date": day("10-01")}],
        "as_of_date",
        "window_part",
        "window_start",
        "window_end",
    )
    assert found == [(AS_OF, "two_months_first_half", day("09-17"), day("10-16"))]


def test_a_pupil_without_a_lesson_in_a_window_has_no_row_for_it(scratch: Lake) -> None:
    assert rolling(scratch, [{"lesson_date": day("09-01")}]) == []


def test_a_rolling_day_at_two_schools_is_one_school_day(scratch: Lake) -> None:
    days: list[Row] = [
        {"lesson_date": day("11-02")},
        {"lesson_date": day("11-02"), "school_unit_code": SOUTH},
    ]
    assert rolling(scratch, days, "window_part", "scheduled_minutes", "days") == [
        ("one_month", 120, 1),
        ("two_months_second_half", 120, 1),
    ]


def test_a_rolling_day_that_nobody_reported_is_no_school_day(scratch: Lake) -> None:
    days: list[Row] = [
        {"lesson_date": day("10-05")},
        {"lesson_date": day("10-06"), "reported_minutes": 0, "reported_lessons": 0},
    ]
    found = rolling(scratch, days, "window_part", "scheduled_minutes", "days")
    assert found == [("two_months_first_half", 120, 1)]


def test_a_rolling_day_at_three_schools_has_their_minutes_and_no_more(scratch: Lake) -> None:
    days: list[Row] = [
        {"lesson_date": day("10-05"), "school_unit_code": school, "valid_minutes": 5}
        for school in (NORTH, SOUTH, "10000003")
    ]
    # Where nobody reported, it is no school day there.
    days.append({"lesson_date": day("10-06"), "school_unit_code": SOUTH})
    days.append({"lesson_date": day("10-06"), "reported_lessons": 0, "reported_minutes": 0})
    assert rolling(scratch, days, *MINUTES) == [(300, 240, 15, 0, 2)]


def test_a_calendar_window_is_the_month_that_it_names(scratch: Lake) -> None:
    given(
        scratch,
        "absence_monthly",
        {"month_start_date": day("09-01"), "valid_minutes": 1, "days": 3},
        {"month_start_date": day("10-01"), "valid_minutes": 2, "days": 4},
        {"month_start_date": day("11-01"), "valid_minutes": 4, "days": 5},
    )
    given(
        scratch,
        "window_parts",
        part("calendar", "one_month", "10-01", "10-31"),
        part("calendar", "two_months_first_half", "09-01", "09-30"),
        part("rolling", "one_month", "11-01", "11-30"),
    )
    given(scratch, "summed_months")
    found = rows_of(
        scratch, "absence/absence_calendar", "window_part", "window_end", "valid_minutes", "days"
    )
    assert found == [
        ("one_month", day("10-31"), 2, 4),
        ("two_months_first_half", day("09-30"), 1, 3),
    ]


def test_a_month_of_sums_adds_to_the_lessons_of_another_school(scratch: Lake) -> None:
    given(
        scratch,
        "absence_monthly",
        {"month_start_date": day("10-01"), "reported_minutes": 60, "valid_minutes": 2, "days": 4},
    )
    given(scratch, "window_parts", part("calendar", "one_month", "10-01", "10-31"))
    given(
        scratch,
        "summed_months",
        {"scheduled_minutes": 5000, "reported_minutes": 4800, "valid_minutes": 30},
    )
    found = rows_of(
        scratch,
        "absence/absence_calendar",
        "reported_minutes",
        "valid_minutes",
        "days",
        "summed_minutes",
    )
    assert found == [(4860, 32, 4, 4800)]


def test_sums_count_only_for_whole_months_without_lessons_at_that_school(scratch: Lake) -> None:
    given(
        scratch,
        "monthly_sums",
        {"activity": "MA", "scheduled_minutes": 1000, "reported_minutes": 900},
        {"activity": "SV", "scheduled_minutes": 500, "reported_minutes": 500},
        {"pupil_key": BO, "scheduled_minutes": 700},
        # Lessons of Anna at the other school in September win.
        {
            "school_unit_code": SOUTH,
            "period_first_date": day("09-01"),
            "period_last_date": day("09-30"),
        },
        {"pupil_key": BO, "period_first_date": day("09-02"), "period_last_date": day("09-30")},
        {"pupil_key": BO, "period_first_date": day("08-01"), "period_last_date": day("09-30")},
    )
    given(
        scratch,
        "absence_daily",
        {"school_unit_code": SOUTH, "lesson_date": day("09-15")},
        {"school_unit_code": SOUTH, "lesson_date": day("10-15")},
    )
    find_summed_months(scratch)
    found = rows_of(
        scratch,
        "absence/summed_months",
        "school_unit_code",
        "month_start_date",
        "scheduled_minutes",
        "reported_minutes",
    )
    assert found == [
        (NORTH, day("10-01"), 1500, 1400),
        (NORTH, day("10-01"), 700, 60),
    ]


def summed(lake: Lake, sums: Sequence[Row], lessons: Sequence[Row], *columns: str) -> Any:
    given(lake, "monthly_sums", *sums)
    given(lake, "absence_daily", *lessons)
    find_summed_months(lake)
    return rows_of(lake, "absence/summed_months", *columns)


def test_sums_give_way_in_each_month_of_which_there_is_a_lesson_there(scratch: Lake) -> None:
    september = {"period_first_date": day("09-01"), "period_last_date": day("09-30")}
    for dated, left in (("09-01", "10-01"), ("10-31", "09-01")):
        found = summed(scratch, [{}, september], [{"lesson_date": day(dated)}], "month_start_date")
        assert found == [(day(left),)]


@pytest.mark.parametrize(("minutes", "counts"), [(1, True), (0, False)])
def test_sums_without_a_scheduled_minute_are_no_month(
    scratch: Lake, minutes: int, *, counts: bool
) -> None:
    assert bool(summed(scratch, [{"scheduled_minutes": minutes}], [])) is counts


def test_of_the_sums_of_a_month_the_newest_say_the_class(scratch: Lake) -> None:
    sums: list[Row] = [
        {"activity": "MA", "class_name": "8A", "exported_at": moment("11-02 05:00")},
        {"activity": "SV", "class_name": "9B", "grade": None, "exported_at": moment("11-03 05:00")},
        {"activity": "EN", "class_name": "7C", "exported_at": moment("11-01 05:00")},
    ]
    found = summed(scratch, sums, [], "class_name", "grade", "exported_at")
    assert found == [("9B", None, moment("11-03 05:00"))]
