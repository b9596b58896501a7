"""What is learned from a lake's own history at an origin, and the simple rules it is held against.

A model at an origin sees only origins whose targets were over by then. Not here: the model's
arithmetic (`model.py`), scores (`skill.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import scipy

from assets.forecast.history import Floats, MinutesHistory
from assets.forecast.model import (
    LEAST_ORIGINS,
    Model,
    Past,
    Prior,
    crossings,
    fit,
    fit_prior,
    has_crossings,
    logistic_weights,
)
from assets.forecast.questions import ForecastStep, Horizon
from assets.forecast.situations import Situation, SituationRules, ending_of, situations_of

#: Most pupils that a model learns from; more cost time and add little.
LEARNED_PUPILS = 3_000
#: The newest finished origins that it learns from: a quarter of a year.
LEARNED_ORIGINS = 12
_WEEK = timedelta(days=7)
#: Days of history before the first origin.
_FIRST_ORIGIN_DAYS = 28

#: What the model is held against, each a probability for every pupil.
BASELINES = ("rate_so_far", "base_rate", "fitted_rate")


@dataclass(frozen=True)
class Learned:
    """A model of one step and horizon at an origin, and the simple rules learned from the same."""

    model: Model
    base_rate: float
    rate_weights: Floats

    def says(self, situation: Situation) -> dict[str, Floats]:
        """Return what the model and each simple rule give as a probability, by name (P,)."""
        rate = situation.rate_so_far
        over = self.model.step.threshold.reached(situation.rate_absent, situation.rate_reported)
        return {
            "model": self.model.probability(situation),
            "rate_so_far": over.astype(np.float64),
            "base_rate": np.full(len(rate), self.base_rate),
            "fitted_rate": scipy.special.expit(_of_rate(rate) @ self.rate_weights),
        }


class Learner:
    """Learns at any origin of a history, from that origin's past only."""

    def __init__(self, history: MinutesHistory, rules: SituationRules, last_known: date) -> None:
        self._history = history.of_every(max(1, len(history.absent) // LEARNED_PUPILS))
        self._rules = rules
        self._last_known = last_known
        self._situations: dict[date, dict[Horizon, Past]] = {}

    def at(self, origin: date, horizon: Horizon) -> dict[ForecastStep, Learned]:
        """Return what is learned at an origin, by step; nothing where history is too short."""
        pasts = self._pasts(origin, horizon)
        # Before a break nothing is reported after an origin: it can't be counted on alone.
        telling = sum(bool(past.compared().any()) for past in pasts)
        if telling < LEAST_ORIGINS:
            return {}
        # First, for most lakes have too few: a prior takes SciPy, which is slow to load.
        steps = [step for step in self._rules.steps if has_crossings(pasts, step)]
        prior = fit_prior(pasts) if steps else None
        if prior is None:
            return {}
        return {step: _learn(pasts, step, prior) for step in steps}

    def _pasts(self, origin: date, horizon: Horizon) -> list[Past]:
        """The newest origins with anybody in school whose targets are over, weeks apart."""
        pasts: list[Past] = []
        for earlier in origins_before(self._history, origin):
            past = self._past(earlier).get(horizon)
            if past is None or past.situation.target.last > min(origin, self._last_known):
                continue
            if past.situation.is_present.any():
                pasts.append(past)
            if len(pasts) == LEARNED_ORIGINS:
                break
        return pasts

    def _past(self, origin: date) -> dict[Horizon, Past]:
        if origin not in self._situations:
            self._situations[origin] = {
                horizon: Past(situation, ending_of(self._history, situation.target))
                for horizon, situation in situations_of(self._history, origin, self._rules).items()
            }
        return self._situations[origin]


def origins_before(history: MinutesHistory, origin: date) -> list[date]:
    """Return the days whole weeks before an origin that have history behind them, newest first."""
    if not len(history.dates):
        return []
    first = history.dates[0].astype(object) + timedelta(days=_FIRST_ORIGIN_DAYS)
    weeks = max(0, (origin - first).days // _WEEK.days)
    return [origin - number * _WEEK for number in range(1, weeks + 1)]


def _learn(pasts: Sequence[Past], step: ForecastStep, prior: Prior) -> Learned:
    model = fit(pasts, step, prior)
    crossed = crossings(pasts, step)
    rate = np.concatenate([past.situation.rate_so_far[past.scored(step)] for past in pasts])
    weights = logistic_weights(_of_rate(rate), crossed, np.zeros(3), 1e-3)
    return Learned(model, float(crossed.mean()), weights)


def _of_rate(rate: Floats) -> Floats:
    return np.column_stack([np.ones(len(rate)), rate, np.sqrt(rate)])
