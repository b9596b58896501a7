"""Which window a forecast is about, and for whom it is asked at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from assets.forecast.questions import ForecastStep, Span, standing_windows, steps_of, target
from assets.forecast.situations import situations_of
from rules.registry import rule_set_on
from rules.threshold import Threshold
from tests.unit.forecast_city import DAY_MINUTES, RULES, TEN, TWENTY, history_of

SUNDAY = date(2026, 11, 15)


def test_the_steps_are_those_of_the_rules_over_one_month() -> None:
    assert steps_of(rule_set_on("stockholm", SUNDAY)) == (
        ForecastStep(Threshold(10_00, is_strict=True), 5),
        ForecastStep(Threshold(20_00, is_strict=False), 10, frozenset(range(4, 10))),
        ForecastStep(Threshold(40_00, is_strict=False), 10),
    )


def test_rules_of_one_step_for_different_grades_are_one_step_for_all_of_them() -> None:
    rules = rule_set_on("stockholm", SUNDAY)
    (referral,) = [rule for rule in rules.rules if rule.name == "sst_referral"]
    others = replace(referral, name="other", grades=(0, 1, 2), min_days=5)
    step = next(s for s in steps_of(replace(rules, rules=(referral, others))))
    grades = frozenset({0, 1, 2, 4, 5, 6, 7, 8, 9})
    assert step == ForecastStep(Threshold(20_00, is_strict=False), 5, grades)
    assert [step.is_for(grade) for grade in (2, 3, 4)] == [True, False, True]


def test_a_pupil_of_unknown_grade_has_the_steps_that_all_grades_have() -> None:
    assert ForecastStep(Threshold(10_00, is_strict=True), 5).is_for(None)
    twenty = Threshold(20_00, is_strict=False)
    assert not ForecastStep(twenty, 10, frozenset(range(4, 10))).is_for(None)


@pytest.mark.parametrize(
    ("horizon", "as_of", "expected"),
    [
        ("month_end", "2026-11-15", ("2026-11-01", "2026-11-30")),
        ("month_end", "2026-11-29", ("2026-11-01", "2026-11-30")),
        # The last day of a month completes it: the next one is running.
        ("month_end", "2026-11-30", ("2026-12-01", "2026-12-31")),
        ("four_weeks", "2026-11-15", ("2026-11-14", "2026-12-13")),
        # Nothing is said across 1 July.
        ("month_end", "2027-06-30", None),
        ("four_weeks", "2027-06-06", None),
        ("four_weeks", "2026-07-05", ("2026-07-04", "2026-08-02")),
        ("four_weeks", "2026-07-01", ("2026-07-01", "2026-07-29")),
    ],
)
def test_the_window_that_is_foretold(
    horizon: str, as_of: str, expected: tuple[str, str] | None
) -> None:
    span = expected and Span(*map(date.fromisoformat, expected))
    assert target(horizon, date.fromisoformat(as_of), 30) == span  # type: ignore[arg-type]


def test_today_is_judged_by_the_months_of_both_bases() -> None:
    assert standing_windows(SUNDAY, 30) == [
        Span(date(2026, 10, 17), SUNDAY),
        Span(date(2026, 10, 1), date(2026, 10, 31)),
    ]
    assert standing_windows(date(2026, 7, 12), 30) == [Span(date(2026, 7, 1), date(2026, 7, 12))]


def test_exactly_ten_percent_is_not_over_and_exactly_twenty_is_reached() -> None:
    minutes = np.array([600, 601, 1199, 1200])
    whole = np.full(4, 6000)
    assert TEN.threshold.reached(minutes, whole).tolist() == [False, True, True, True]
    assert TWENTY.threshold.reached(minutes, whole).tolist() == [False, False, False, True]
    assert not TWENTY.threshold.reached(np.array([0]), np.array([0])).any()


def test_who_is_over_already_or_away_is_not_asked_about() -> None:
    shares = np.zeros((4, 65))
    shares[1, -15:] = 0.15  # over 10 % in the last 30 days
    shares[2, 33:40] = 1.0  # over 20 % in October, not of late
    history = history_of(shares)
    history.scheduled[3, -25:] = history.reported[3, -25:] = 0  # no lesson for five weeks
    now = situations_of(history, SUNDAY, RULES)["four_weeks"]
    assert now.asked(TEN).tolist() == [True, False, False, False]
    assert now.asked(TWENTY).tolist() == [True, True, False, False]


def test_what_is_to_come_follows_the_pupils_own_weekdays() -> None:
    history = history_of(np.zeros((2, 65)))
    monday = (history.dates.astype(np.int64) + 3) % 7 == 0
    history.scheduled[1, monday] = history.reported[1, monday] = 0
    now = situations_of(history, SUNDAY, RULES)["month_end"]
    # 16 to 30 November 2026: eleven school days, three of them Mondays.
    assert now.coming_days.tolist() == [11, 8]
    assert now.coming_minutes.tolist() == [11 * DAY_MINUTES, 8 * DAY_MINUTES]


def test_lessons_that_nobody_reports_are_not_expected_to_be_reported() -> None:
    history = history_of(np.zeros((1, 65)))
    history.reported[0, -20::2] = 0
    now = situations_of(history, SUNDAY, RULES)["month_end"]
    assert now.coming_minutes[0] == pytest.approx(11 * DAY_MINUTES / 2)


def test_old_absence_weighs_less_than_new() -> None:
    shares = np.zeros((2, 65))
    shares[0, :5] = 1.0
    shares[1, -5:] = 1.0
    now = situations_of(history_of(shares), SUNDAY, RULES)["four_weeks"]
    assert now.absent_days[0] < now.absent_days[1] < 5
    assert now.spell.tolist() == [0, 5]
    assert now.last_day.tolist() == [0, 1]
    assert now.recent.tolist() == [0, 0.5]
    assert now.target.last == SUNDAY + timedelta(days=28)
