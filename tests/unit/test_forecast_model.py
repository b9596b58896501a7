"""The model of the forecasts: closed forms, what must rise with what, and what it may not see."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import bernoulli, beta, betabinom, norm

from assets.forecast.learning import Learner, origins_before
from assets.forecast.model import (
    LEAST_ORIGINS,
    Model,
    Past,
    Prior,
    _posterior,
    _share_variance,
    beta_binomial,
    fit,
    fit_prior,
    has_crossings,
    logistic_weights,
    required_share,
)
from assets.forecast.situations import Situation, ending_of, situations_of
from tests.unit.forecast_city import DAY_MINUTES, LAST, RULES, TEN, TWENTY, city, history_of

SUNDAY = date(2026, 10, 11)
AS_IT_IS = np.array([0.0, 1.0, 0, 0, 0, 0, 0])


def month_end(pupils: int = 50, **changes: object) -> Situation:
    situation = situations_of(city(pupils), SUNDAY, RULES)["month_end"]
    return replace(situation, **changes)  # type: ignore[arg-type]


def pasts(seed: int = 1, spell: int = 1, pupils: int = 2500) -> list[Past]:
    history = city(pupils, seed=seed, spell=spell)
    found = [
        situations_of(history, SUNDAY + timedelta(days=7 * week), RULES)["four_weeks"]
        for week in range(5)
    ]
    return [Past(one, ending_of(history, one.target)) for one in found]


def test_the_coming_share_of_one_day_is_as_likely_as_the_inclination() -> None:
    # Of one day to come, beta-binomial: mean a/(a+b), variance mean(1-mean), so all or nothing.
    now = month_end(absent_days=np.zeros(50), known_days=np.zeros(50), coming_days=np.ones(50))
    chance = beta_binomial(now, np.full(50, 0.5), Prior(1.0, 3.0, 1.0))
    assert chance == pytest.approx(0.25, abs=0.01)


def test_of_very_many_days_the_share_is_the_inclination() -> None:
    # The days' own chance averages out; what is left is the posterior, here Beta(1 + 2, 9 + 8).
    now = month_end(
        absent_days=np.full(50, 2.0), known_days=np.full(50, 10.0), coming_days=np.full(50, 1e7)
    )
    chance = beta_binomial(now, np.full(50, 0.2), Prior(1.0, 9.0, 1.0))
    assert chance == pytest.approx(beta(3, 17).sf(0.2), abs=1e-3)


@pytest.mark.parametrize("coming", [1, 2, 7, 22, 400])
@pytest.mark.parametrize("spell", [1.0, 2.5])
def test_mean_and_variance_are_those_of_the_beta_binomial(coming: int, spell: float) -> None:
    """As scipy has it, which takes whole days only; ours takes spells, so days in part too."""
    prior = Prior(1.5, 12.0, spell)
    absent, known = np.array([0.0, 2.0, 9.5]), np.array([5.0, 20.0, 20.0])
    centre, weight = _posterior(absent, known, prior)
    pairs = zip(centre * weight, (1 - centre) * weight, strict=True)
    days = [betabinom(coming, up, down) for up, down in pairs]
    assert centre == pytest.approx([one.mean() / coming for one in days])
    found = _share_variance(centre, weight, np.full(3, float(coming)))
    assert found == pytest.approx([one.var() / coming**2 for one in days])


@pytest.mark.parametrize("pull", [1e-3, 50.0])
def test_the_regression_is_the_likeliest_of_its_prior(pull: float) -> None:
    """Found again by another search over scipy's own densities: no slope of ours, no curvature."""
    draw = np.random.default_rng(4)
    features = np.column_stack([np.ones(2000), draw.normal(size=(2000, 2))])
    start = np.array([0.0, 1.0, 0.0])
    crossed = (draw.random(2000) < expit(features @ [-2.0, 1.2, 0.3])).astype(float)

    def unlikely(weights: np.ndarray) -> float:
        drawn = norm(start[1:], pull**-0.5).logpdf(weights[1:]).sum()
        return float(-bernoulli(expit(features @ weights)).logpmf(crossed).sum() - drawn)

    other = minimize(unlikely, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9})
    assert logistic_weights(features, crossed, start, pull) == pytest.approx(other.x, abs=1e-5)


def test_a_spell_makes_days_tell_less() -> None:
    now = month_end(absent_days=np.full(50, 8.0), known_days=np.full(50, 20.0))
    share = np.full(50, 0.3)
    alone = beta_binomial(now, share, Prior(1.0, 9.0, 1.0))
    in_spells = beta_binomial(now, share, Prior(1.0, 9.0, 5.0))
    assert (in_spells < alone).all()


def test_what_arithmetic_settles_no_statistics_change() -> None:
    whole = np.full(50, 20 * DAY_MINUTES)
    now = month_end(reported_so_far=whole, coming_minutes=np.full(50, 300.0))
    model = Model(TWENTY, Prior(1, 9, 1), AS_IT_IS)
    # 21 days in all: 20 % is 4.2 days.
    sure = replace(now, absent_so_far=np.full(50, 5 * DAY_MINUTES))
    impossible = replace(now, absent_so_far=np.full(50, 3 * DAY_MINUTES))
    assert (model.probability(sure) == 1).all()
    assert (model.probability(impossible) == 0).all()
    assert required_share(impossible, TWENTY) == pytest.approx(1.2)


def test_more_absence_so_far_never_lowers_the_probability() -> None:
    now = month_end()
    model = Model(TEN, Prior(1, 9, 2), AS_IT_IS)
    more = replace(
        now,
        absent_so_far=now.absent_so_far + DAY_MINUTES,
        absent_days=np.minimum(now.absent_days + 1, now.known_days),
    )
    assert (model.probability(more) >= model.probability(now)).all()


def test_a_higher_step_is_never_likelier() -> None:
    now = month_end()
    ten, twenty = (Model(step, Prior(1, 9, 2), AS_IT_IS) for step in (TEN, TWENTY))
    assert (ten.probability(now) >= twenty.probability(now)).all()


def test_the_prior_is_found_again() -> None:
    prior = fit_prior(pasts())
    assert prior is not None
    assert prior.absent == pytest.approx(1.0, rel=0.25)
    assert prior.present == pytest.approx(9.0, rel=0.25)
    assert prior.spell == pytest.approx(1.0, abs=0.4)


def test_spells_are_seen_and_do_not_pass_for_inclination() -> None:
    prior = fit_prior(pasts(spell=4))
    assert prior is not None
    assert prior.spell == pytest.approx(4.0, abs=1.5)
    assert prior.absent == pytest.approx(1.0, rel=0.5)


@pytest.mark.parametrize("seed", [1, 2])
def test_probabilities_are_probabilities_and_come_true(seed: int) -> None:
    found = pasts(seed)
    prior = fit_prior(found)
    assert prior is not None
    model = fit(found, TEN, prior)
    said = np.concatenate([model.probability(p.situation)[p.scored(TEN)] for p in found])
    crossed = np.concatenate([p.crossed(TEN)[p.scored(TEN)] for p in found])
    assert ((said >= 0) & (said <= 1)).all()
    assert said.mean() == pytest.approx(crossed.mean(), abs=0.01)


def test_nothing_is_learned_from_too_few_crossings() -> None:
    quiet = history_of(np.zeros((200, 80)))
    found = [
        Past(one, ending_of(quiet, one.target))
        for week in range(5)
        if (one := situations_of(quiet, SUNDAY + timedelta(days=7 * week), RULES)["four_weeks"])
    ]
    assert not has_crossings(found, TEN)


def test_no_prior_comes_of_pasts_that_compare_fewer_than_two_pupils() -> None:
    one_pupil = pasts(pupils=1)[:1]
    assert one_pupil[0].compared().sum() == 1
    assert fit_prior([]) is None
    assert fit_prior(one_pupil) is None
    # Nothing is reported after the origin: a term that is over.
    cut = [
        replace(past, ending=ending_of(city(50).until(SUNDAY), past.situation.target))
        for past in pasts(pupils=50)[:1]
    ]
    assert not cut[0].compared().any()
    assert fit_prior(cut) is None


def test_origins_after_which_nothing_was_reported_are_not_counted() -> None:
    # Lessons from 17 August; six origins of month ends are over on the first of November.
    sunday = date(2026, 11, 1)
    history = city(2500)
    assert Learner(history, RULES, sunday).at(sunday, "month_end")
    # The same, but for lessons that stop on 5 October: three origins are left that tell of anybody.
    stopped = history.until(date(2026, 10, 5))
    learner = Learner(stopped, RULES, sunday)
    telling = [past.compared().any() for past in learner._pasts(sunday, "month_end")]
    assert len(telling) >= LEAST_ORIGINS > sum(telling)
    assert learner.at(sunday, "month_end") == {}


def test_a_strong_pull_leaves_the_answer_as_it_is() -> None:
    draw = np.random.default_rng(3)
    features = np.column_stack([np.ones(400), draw.normal(size=(400, 2))])
    crossed = (draw.random(400) < 0.3).astype(float)
    start = np.array([0.0, 1.0, 0.0])
    assert logistic_weights(features, crossed, start, 1e9)[1:] == pytest.approx(
        [1.0, 0.0], abs=1e-3
    )


def test_what_comes_after_an_origin_changes_nothing() -> None:
    history = city()
    # Everything after the origin is turned round: who was away is there, and the other way.
    after = history.dates > np.datetime64(SUNDAY + timedelta(days=42))
    turned = history.absent.copy()
    turned[:, after] = DAY_MINUTES - turned[:, after]
    other = replace(history, absent=turned)
    origin = SUNDAY + timedelta(days=42)
    for horizon in ("month_end", "four_weeks"):
        now, then = (situations_of(one, origin, RULES)[horizon] for one in (history, other))
        for field in fields(now):
            if field.name != "is_over":
                assert np.array_equal(getattr(now, field.name), getattr(then, field.name))
        for step in RULES.steps:
            assert np.array_equal(now.is_over[step], then.is_over[step])
        learned, relearned = (
            Learner(one, RULES, LAST).at(origin, horizon) for one in (history, other)
        )
        assert learned
        assert learned.keys() == relearned.keys()
        for step in learned:
            assert np.array_equal(
                learned[step].says(now)["model"], relearned[step].says(then)["model"]
            )


def test_a_model_learns_from_targets_that_were_over_only() -> None:
    history = city(300)
    learner = Learner(history, RULES, LAST)
    origin = SUNDAY + timedelta(days=42)
    for past in learner._pasts(origin, "four_weeks"):
        assert past.situation.target.last <= origin
    assert len(learner._pasts(origin, "four_weeks")) < len(origins_before(history, origin))
