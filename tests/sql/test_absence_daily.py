"""Lessons become sums per pupil, school and day (`sql/absence/absence_daily.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, example, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, NORTH, SOUTH, Row, day, given, key, moment, rows_of

MINUTES = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes")


def daily(
    lake: Lake,
    lessons: Sequence[Row],
    *columns: str,
    days: Sequence[str] = ("10-05", "10-06"),
) -> list[tuple[Any, ...]]:
    given(lake, "lessons", *lessons)
    given(lake, "days_to_sum", *({"lesson_date": day(one)} for one in days))
    lake.define("absence/lessons_to_sum")
    lake.prepare("absence/lessons_clash")
    ends = {"first_date": day(days[0]), "last_date": day(days[-1])}
    return rows_of(lake, "absence/absence_daily", *columns, **ends)


def test_a_day_is_the_sum_of_its_lessons(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"starts_at": moment("10-05 08:00"), "valid_minutes": 20},
        {"starts_at": moment("10-05 09:00"), "scheduled_minutes": 40, "invalid_minutes": 40},
    ]
    assert daily(scratch, lessons, *MINUTES, "lessons") == [(100, 100, 20, 40, 2)]


def test_a_lesson_nobody_reported_is_scheduled_but_neither_presence_nor_absence(
    scratch: Lake,
) -> None:
    lessons: list[Row] = [
        {"is_reported": False, "valid_minutes": 20, "invalid_minutes": 40},
        {"starts_at": moment("10-05 09:00"), "valid_minutes": 10, "invalid_minutes": 5},
    ]
    found = daily(scratch, lessons, *MINUTES, "lessons", "reported_lessons")
    assert found == [(120, 60, 10, 5, 2, 1)]


def test_a_day_nobody_reported_has_zeros_and_not_nulls(scratch: Lake) -> None:
    assert daily(scratch, [{"is_reported": False}], *MINUTES) == [(60, 0, 0, 0)]


def test_a_cancelled_lesson_counts_nowhere(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"starts_at": moment("10-05 08:00")},
        {"starts_at": moment("10-05 09:00"), "is_cancelled": True, "subject": "SV"},
    ]
    assert daily(scratch, lessons, *MINUTES, "last_subject") == [(60, 60, 0, 0, "MA")]


def test_a_day_of_cancelled_lessons_is_no_day(scratch: Lake) -> None:
    assert daily(scratch, [{"is_cancelled": True}]) == []


def test_pupils_schools_and_days_are_summed_apart(scratch: Lake) -> None:
    lessons: list[Row] = [
        {},
        {"pupil_key": BO},
        {"school_unit_code": SOUTH},
        {"starts_at": moment("10-06 08:00")},
    ]
    found = daily(scratch, lessons, "pupil_key", "school_unit_code", "lesson_date")
    assert sorted(found) == sorted(
        [
            (str(ANNA), NORTH, day("10-05")),
            (str(ANNA), NORTH, day("10-06")),
            (str(ANNA), SOUTH, day("10-05")),
            (str(BO), NORTH, day("10-05")),
        ]
    )


def test_only_the_days_that_were_asked_for_are_made_again(scratch: Lake) -> None:
    lessons: list[Row] = [
        {},
        {"starts_at": moment("10-04 08:00")},
        {"starts_at": moment("10-07 08:00")},
    ]
    assert daily(scratch, lessons, "lesson_date") == [(day("10-05"),)]


def test_a_day_between_those_that_were_asked_for_is_not_made_again(scratch: Lake) -> None:
    lessons: list[Row] = [{}, {"starts_at": moment("10-06 08:00")}]
    found = daily(scratch, lessons, "lesson_date", days=("10-05", "10-07"))
    assert found == [(day("10-05"),)]


def test_class_grade_and_mentor_are_those_of_the_days_last_lesson(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"starts_at": moment("10-05 13:00"), "class_name": "9B", "grade": 9},
        {"starts_at": moment("10-05 08:00"), "mentor_key": key("morning mentor")},
    ]
    found = daily(scratch, lessons, "class_name", "grade", "mentor_key", "last_starts_at")
    assert found == [("9B", 9, str(key("mentor")), moment("10-05 13:00"))]


def test_of_two_lessons_at_the_same_time_the_newer_export_says_the_class(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"subject": "SV", "class_name": "9B", "exported_at": moment("11-14 06:00")},
        {"subject": "TX", "class_name": "8A", "exported_at": moment("11-14 05:00")},
    ]
    found = daily(scratch, lessons, "class_name", "last_subject", "last_exported_at")
    assert found == [("9B", "SV", moment("11-14 06:00"))]


def test_a_last_lesson_without_grade_or_mentor_does_not_reach_back_for_one(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"starts_at": moment("10-05 08:00"), "grade": 8},
        {"starts_at": moment("10-05 13:00"), "grade": None, "mentor_key": None},
    ]
    assert daily(scratch, lessons, "grade", "mentor_key") == [(None, None)]


# Three times of a day, so that lessons often touch: one that ends as the next begins is no clash.
_STARTS = st.sampled_from([480, 500, 520, 540, 600, 1380])
_DAYS = st.lists(
    st.tuples(_STARTS, st.sampled_from([1, 20, 40, 41, 60, 600])), min_size=1, max_size=6
)


@for_all(_DAYS)
# From midnight on.
@example([(0, 480), (480, 20)])
@example([(0, 480), (60, 20)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_day_overlaps_if_two_lessons_do_in_whatever_order_they_stand(
    scratch: Lake, lessons: list[tuple[int, int]]
) -> None:
    rows: list[Row] = [
        {
            "starts_at": moment("10-05 00:00") + timedelta(minutes=start),
            "scheduled_minutes": minutes,
            "subject": str(number),
        }
        for number, (start, minutes) in enumerate(lessons)
    ]
    expected = any(
        start < other + other_minutes and other < start + minutes
        for (start, minutes), (other, other_minutes) in combinations(lessons, 2)
    )
    assert daily(scratch, rows, "has_overlap") == [(expected,)]
