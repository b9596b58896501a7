"""The arithmetic of a backtest, against examples computed by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from assets.forecast.backtest import Crossings, crossings_of, hidden_groups, lead_days
from assets.forecast.learning import BASELINES
from assets.forecast.questions import Span
from assets.forecast.skill import Trial, brier, calibration, precision, same_length, skill_of
from tests.unit.forecast_city import TEN, TWENTY, history_of

ORIGINS = (date(2026, 10, 4), date(2026, 10, 11))


def trial(
    said: list[float], crossed: list[bool], rate: list[float] | None = None, **baselines: float
) -> Trial:
    size = len(said)
    others = {name: np.full(size, baselines.get(name, 0.5)) for name in BASELINES}
    return Trial(
        horizon="four_weeks",
        step=TEN,
        origins=ORIGINS,
        target_months=frozenset({date(2026, 11, 1)}),
        origin=np.arange(size) % 2,
        pupil=np.arange(size) // 2,
        crossed=np.array(crossed),
        rate_so_far=np.array(rate or [0.0] * size),
        says={"model": np.array(said), **others},
    )


def test_brier_is_the_mean_squared_distance() -> None:
    # (0.2² + 0.6² + 0²) / 3
    assert brier(np.array([0.8, 0.6, 0.0]), np.array([True, False, False])) == pytest.approx(
        0.40 / 3
    )


def test_skill_is_measured_against_the_best_simple_rule() -> None:
    one = trial([1.0, 0.0] * 20, [True, False] * 20, base_rate=0.4, rate_so_far=0.0)
    found = skill_of(one)
    assert found is not None
    # 0.5: 0.25; 0.4: (0.36 + 0.16) / 2 = 0.26; 0: 0.5.
    assert found.best == "fitted_rate"
    assert found.brier == pytest.approx(
        {"model": 0.0, "rate_so_far": 0.5, "base_rate": 0.26, "fitted_rate": 0.25}
    )
    assert found.skill == 1.0


def test_a_model_that_only_repeats_a_simple_rule_has_no_skill() -> None:
    found = skill_of(trial([0.5] * 40, [True, False] * 20))
    assert found is not None
    assert (found.skill, found.low, found.high) == (0.0, 0.0, 0.0)


def test_luck_with_few_pupils_is_not_beyond_noise() -> None:
    draw = np.random.default_rng(5)
    crossed = (draw.random(60) < 0.5).tolist()
    found = skill_of(trial((0.5 + draw.normal(0, 0.1, 60)).clip(0, 1).tolist(), crossed))
    assert found is not None
    assert found.low < 0 < found.high


def test_calibration_counts_by_tenths_and_one_is_in_the_last() -> None:
    bins = calibration(trial([0.05, 0.05, 0.1, 1.0], [False, True, True, True]))
    assert [(one.low, one.forecasts, one.said, one.seen) for one in bins] == [
        (0.0, 2, pytest.approx(0.05), 0.5),
        (0.1, 1, pytest.approx(0.1), 1.0),
        (0.9, 1, 1.0, 1.0),
    ]


def test_the_simple_list_is_as_long_in_each_week_and_school() -> None:
    one = trial([0.0] * 6, [False] * 6, rate=[0.1, 0.9, 0.3, 0.8, 0.2, 0.7])
    listed = np.array([True, False, False, True, False, True])
    # Week 0 has one on the list, week 1 two; school 1 has pupil 2 alone.
    school = np.array([0, 0, 0, 0, 1, 1])
    chosen = same_length(one, listed, school)
    assert chosen.tolist() == [False, True, True, False, False, True]
    assert precision(chosen, np.array([False, True, False, False, False, False])) == pytest.approx(
        1 / 3
    )
    assert precision(np.zeros(6, dtype=bool), one.crossed) is None


def test_a_crossing_is_the_first_day_on_which_the_month_reaches_the_step() -> None:
    shares = np.zeros((3, 65))
    shares[0, 40:44] = 1.0  # from 12 October: 4 of 22 days are 18 %, 5 would be 22 %
    shares[1, 40:45] = 1.0
    shares[2, :] = 1.0  # over all along
    history = history_of(shares)
    period = Span(date(2026, 10, 1), date(2026, 11, 13))
    found = crossings_of(history, TWENTY, period, 30)
    assert found.pupil.tolist() == [1]
    assert np.datetime64(int(found.day[0]), "D") == np.datetime64("2026-10-16")


def test_lead_time_is_from_the_first_listing_within_four_weeks() -> None:
    one = trial([0.0] * 4, [False] * 4)
    day = int(np.datetime64("2026-10-20").astype(np.int64))
    crossings = Crossings(np.array([0, 1, 7]), np.array([day, day, day]))
    # Pupil 0 on both Sundays, pupil 1 on the second, pupil 7 never.
    listed = np.array([True, True, False, True])
    assert lead_days(one, listed, crossings).tolist() == [16, 9, 0]
    late = Crossings(np.array([0]), np.array([day + 20]))
    assert lead_days(one, listed, late).tolist() == [0]


@pytest.mark.parametrize(
    ("pupils", "hidden"),
    [
        ({"a": 20, "b": 30}, set()),
        ({"a": 9, "b": 30, "c": 40}, {"a", "b"}),  # one alone is the total less the others
        ({"a": 4, "b": 4, "c": 40, "d": 50}, {"a", "b", "c"}),  # 8 together are still too few
        ({"a": 6, "b": 7, "c": 40}, {"a", "b"}),
        ({"a": 3}, {"a"}),
        ({"a": 10, "b": 10}, set()),
    ],
)
def test_small_groups_are_hidden_with_enough_others(
    pupils: dict[str, int], hidden: set[str]
) -> None:
    assert hidden_groups(pupils) == hidden
