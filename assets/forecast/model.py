"""The statistical model: an empirical-Bayes beta-binomial on school days, recalibrated.

Each pupil has an inclination to be absent on a school day; inclinations of all pupils follow a
beta distribution, whose mean and spread are taken from history by moments. What is known of a
pupil updates it, and gives the distribution of the share of the days to come. Days of absence
come in spells, so days count as fewer than they are. A logistic regression, drawn towards leaving
the answer as it is, then sets right what history shows to be wrong. docs/forecast.md has the
formulae. Pure arrays; no lake.

SciPy loads a part of itself when it is first named: a night with too little history never waits for
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from assets.forecast.history import Floats
from assets.forecast.questions import Bools, ForecastStep
from assets.forecast.situations import Ending, Situation

#: Weight of the pull towards the beta-binomial's own answer, in forecasts.
_PULL = 50.0
_LEAST, _MOST = 1e-4, 1 - 1e-4
_MOST_SPELL = 20.0
#: A covariance of fewer is no number.
_LEAST_COMPARED = 2
#: Origins and crossings without which nothing is learned (our choice).
LEAST_ORIGINS, LEAST_CROSSINGS = 4, 30


@dataclass(frozen=True)
class Prior:
    """Inclinations of all pupils: Beta(`absent`, `present`), in school days.

    Attributes:
        absent, present: the two parameters.
        spell: so many school days tell as much as one that is independent of the others.
    """

    absent: float
    present: float
    spell: float


@dataclass(frozen=True)
class Past:
    """A situation whose target is over, and how it ended."""

    situation: Situation
    ending: Ending

    def compared(self) -> Bools:
        """Tell of whom something is reported both before the origin and after it."""
        reported_after = self.ending.reported - self.situation.reported_so_far
        return self.situation.is_present & (self.situation.known_days > 0) & (reported_after > 0)

    def scored(self, step: ForecastStep) -> Bools:
        """Tell for whom the question was asked and can be answered now."""
        return self.situation.asked(step) & (self.ending.days >= step.min_days)

    def crossed(self, step: ForecastStep) -> Bools:
        """Tell who is over the step at the end."""
        return step.threshold.reached(self.ending.absent, self.ending.reported)


@dataclass(frozen=True)
class Model:
    """A fitted model of one step and horizon; `weights` of the logistic regression (7,)."""

    step: ForecastStep
    prior: Prior
    weights: Floats

    def probability(self, situation: Situation) -> Floats:
        """Return the probability that each pupil's target reaches the step (P,), in [0, 1]."""
        share = required_share(situation, self.step)
        recalibrated = scipy.special.expit(_features(situation, share, self.prior) @ self.weights)
        # What arithmetic settles, no statistics change.
        return np.where(share > 1, 0.0, np.where(share < 0, 1.0, recalibrated))


def fit_prior(pasts: Sequence[Past]) -> Prior | None:
    """Take the prior from pasts, by moments; None when they compare fewer than two pupils' days.

    The covariance of a pupil's share before and after an origin is the spread of inclinations,
    however days depend on each other; the length of a spell is what makes the spread of what came
    after as large as it was.
    """
    if sum(int(past.compared().sum()) for past in pasts) < _LEAST_COMPARED:
        return None
    parts = zip(*(_shares(past) for past in pasts), strict=True)
    known, before, after, days = (np.concatenate(part) for part in parts)
    mean = float(np.clip(after.mean(), 1e-3, 1 - 1e-3))
    most = mean * (1 - mean)
    spread = float(np.clip(np.cov(before, after)[0, 1], most / 500, most / 1.5))
    size = most / spread - 1
    absent, present = mean * size, (1 - mean) * size

    def excess(spell: float) -> float:
        """How much too small the foretold spread is for a spell of this length."""
        centre, weight = _posterior(before * known, known, Prior(absent, present, spell))
        foretold = _share_variance(centre, weight, days / spell)
        return float(np.mean((after - centre) ** 2) - np.mean(foretold))

    if excess(1.0) <= 0:
        return Prior(absent, present, 1.0)
    if excess(_MOST_SPELL) >= 0:
        return Prior(absent, present, _MOST_SPELL)
    return Prior(absent, present, float(scipy.optimize.brentq(excess, 1.0, _MOST_SPELL, xtol=0.01)))


def crossings(pasts: Sequence[Past], step: ForecastStep) -> Floats:
    """Return 1.0 where the step was reached, else 0.0, of each forecast of a step (N,)."""
    return np.concatenate([past.crossed(step)[past.scored(step)] for past in pasts]).astype(float)


def has_crossings(pasts: Sequence[Past], step: ForecastStep) -> bool:
    """Whether pasts hold enough crossings of a step to learn from."""
    return bool(crossings(pasts, step).sum() >= LEAST_CROSSINGS)


def fit(pasts: Sequence[Past], step: ForecastStep, prior: Prior) -> Model:
    """Fit the model of a step on pasts that have crossings of it."""
    crossed = crossings(pasts, step)
    now = [past.situation.only(past.scored(step)) for past in pasts]
    features = np.concatenate([_features(one, required_share(one, step), prior) for one in now])
    as_it_is = np.zeros(features.shape[1])
    as_it_is[1] = 1.0
    return Model(step, prior, logistic_weights(features, crossed, as_it_is, _PULL))


def logistic_weights(features: Floats, crossed: Floats, start: Floats, pull: float) -> Floats:
    """Fit a logistic regression that is drawn towards `start`, but for its constant.

    The search is scipy's. The two lines of the loss are ours, because a regression of a library is
    drawn towards zero only; without the pull, scikit-learn's gives the same (ADR 0028).

    Args:
        features: of each forecast, the constant first (N, F).
        crossed: 1.0 where the step was reached, else 0.0 (N,).
        start: the weights without any history (F,).
        pull: how many forecasts' worth of history the start stands against.
    """

    def loss(weights: Floats) -> tuple[float, Floats]:
        score = features @ weights
        apart = weights - start
        apart[0] = 0.0
        value = np.logaddexp(0, score).sum() - crossed @ score + pull / 2 * apart @ apart
        return float(value), features.T @ (scipy.special.expit(score) - crossed) + pull * apart

    ridge = np.diag(np.r_[0.0, np.full(len(start) - 1, pull)])

    def curvature(weights: Floats) -> Floats:
        chance = scipy.special.expit(features @ weights)
        bent: Floats = features.T @ (features * (chance * (1 - chance))[:, None]) + ridge
        return bent

    # Few and small steps of linear algebra: a search without the curvature takes three times more.
    found = scipy.optimize.minimize(loss, start, jac=True, hess=curvature, method="trust-exact")
    return np.asarray(found.x, dtype=np.float64)


def required_share(situation: Situation, step: ForecastStep) -> Floats:
    """Return the share of the coming minutes that has to be absence for the step to be reached.

    Under 0 it is reached whatever comes, over 1 it can't be.
    """
    whole = situation.reported_so_far + situation.coming_minutes
    needed = step.threshold.share * whole - situation.absent_so_far
    share: Floats = needed / np.maximum(situation.coming_minutes, 1e-9)
    return share


def beta_binomial(situation: Situation, share: Floats, prior: Prior) -> Floats:
    """Return the probability that at least `share` of the days to come is absence (P,).

    The beta-binomial's mean and variance, laid over a beta distribution: days are also absent in
    part.
    """
    centre, weight = _posterior(situation.absent_days, situation.known_days, prior)
    days = np.maximum(situation.coming_days, 1e-9) / prior.spell
    size = np.maximum(centre * (1 - centre) / _share_variance(centre, weight, days) - 1, 1e-3)
    left = 1 - np.clip(share, 0.0, 1.0)
    # The mirror image: ten times as fast as betaincc, and as exact in the tail.
    chance: Floats = np.clip(
        scipy.special.betainc((1 - centre) * size, centre * size, left), _LEAST, _MOST
    )
    return chance


def _posterior(absent_days: Floats, known_days: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Mean and size of each pupil's inclination, once the pupil's own days are known."""
    weight = prior.absent + prior.present + known_days / prior.spell
    centre: Floats = (prior.absent + absent_days / prior.spell) / weight
    return centre, weight


def _share_variance(centre: Floats, weight: Floats, days: Floats) -> Floats:
    """Variance of the share of so many independent days, beta-binomial; never more than one day's.

    A share of less than one day is as uncertain as one day.
    """
    days = np.maximum(days, 1.0)
    variance: Floats = centre * (1 - centre) * (weight + days) / (days * (weight + 1))
    return variance


def _shares(past: Past) -> tuple[Floats, Floats, Floats, Floats]:
    """Known days, share before the origin, share after it and days after it, of who has both."""
    now, end = past.situation, past.ending
    reported = end.reported - now.reported_so_far
    rows = past.compared()
    return (
        now.known_days[rows],
        (now.absent_days / np.maximum(now.known_days, 1e-9))[rows],
        ((end.absent - now.absent_so_far) / np.maximum(reported, 1))[rows],
        (end.days - now.days_so_far)[rows].astype(np.float64),
    )


def _features(situation: Situation, share: Floats, prior: Prior) -> Floats:
    """What the regression sees of each pupil (P, 7); the second is the answer as it is."""
    plain = beta_binomial(situation, share, prior)
    return np.column_stack(
        [
            np.ones(len(plain)),
            scipy.special.logit(plain),
            np.clip(share, 0.0, 1.0),
            np.sqrt(situation.absent_days / np.maximum(situation.known_days, 1e-9)),
            situation.last_day,
            situation.recent,
            situation.spell / 10,
        ]
    )
