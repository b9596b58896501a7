"""Windows end at as_of, cover whole months or exact days, and never cross 1 July."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.absence.windows import school_year_start, whole_windows, window_parts


def windows(as_of: date) -> dict[tuple[str, str], tuple[date, date]]:
    return {
        (window.basis, window.window): (window.window_start, window.window_end)
        for window in whole_windows(window_parts(as_of, 30, 60))
    }


def test_a_day_in_the_middle_of_a_month_looks_back_at_the_month_before() -> None:
    assert windows(date(2026, 11, 15)) == {
        ("calendar", "one_month"): (date(2026, 10, 1), date(2026, 10, 31)),
        ("calendar", "two_months"): (date(2026, 9, 1), date(2026, 10, 31)),
        ("rolling", "one_month"): (date(2026, 10, 17), date(2026, 11, 15)),
        ("rolling", "two_months"): (date(2026, 9, 17), date(2026, 11, 15)),
    }


@pytest.mark.parametrize(
    ("as_of", "first_of_month"),
    [
        (date(2026, 10, 31), date(2026, 10, 1)),
        (date(2026, 10, 30), date(2026, 9, 1)),
        (date(2027, 2, 28), date(2027, 2, 1)),
        (date(2028, 2, 28), date(2028, 1, 1)),
        (date(2028, 2, 29), date(2028, 2, 1)),
        (date(2026, 12, 31), date(2026, 12, 1)),
        (date(2027, 1, 1), date(2026, 12, 1)),
    ],
)
def test_the_last_day_of_a_month_completes_it(as_of: date, first_of_month: date) -> None:
    assert windows(as_of)["calendar", "one_month"][0] == first_of_month


def test_in_july_no_calendar_month_of_this_school_year_is_complete() -> None:
    assert {basis for basis, _ in windows(date(2026, 7, 30))} == {"rolling"}
    assert windows(date(2026, 7, 31))["calendar", "one_month"][0] == date(2026, 7, 1)


def test_june_is_cut_off_from_two_months_that_end_in_july() -> None:
    assert windows(date(2026, 8, 15))["calendar", "two_months"] == (
        date(2026, 7, 1),
        date(2026, 7, 31),
    )
    parts = window_parts(date(2026, 8, 15), 30, 60)
    halves = {part.window_part for part in parts if part.basis == "calendar"}
    assert "two_months_first_half" not in halves


def test_rolling_windows_begin_on_1_july_at_the_earliest() -> None:
    assert windows(date(2026, 7, 10))["rolling", "one_month"] == (
        date(2026, 7, 1),
        date(2026, 7, 10),
    )
    assert windows(date(2026, 8, 20))["rolling", "two_months"][0] == date(2026, 7, 1)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_the_halves_meet_and_make_up_the_two_months(as_of: date) -> None:
    parts = {(part.basis, part.window_part): part for part in window_parts(as_of, 30, 60)}
    for basis in ("calendar", "rolling"):
        first = parts.get((basis, "two_months_first_half"))
        second = parts.get((basis, "two_months_second_half"))
        if first and second:
            assert first.window_end + timedelta(days=1) == second.window_start
        if second and basis == "rolling":
            assert second.window_end == as_of


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_no_window_holds_a_day_after_as_of_or_before_the_school_year(as_of: date) -> None:
    for part in window_parts(as_of, 30, 60):
        assert school_year_start(as_of) <= part.window_start <= part.window_end <= as_of
