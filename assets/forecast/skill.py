"""How good probabilities were: Brier score, skill over simple rules, calibration, precision.

Pure arrays. Not here: making forecasts (`trials.py`), hiding small groups (`suppression.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from assets.forecast.history import Floats
from assets.forecast.learning import BASELINES
from assets.forecast.questions import Bools, ForecastStep, Horizon, Ints

BINS = 10
_DRAWS = 200
_SEED = 20261115


@dataclass(frozen=True)
class Trial:
    """Forecasts of one step and horizon whose outcome is known, (N,) each.

    Attributes:
        origins: the origins, which `origin` counts in; each has a forecast.
        target_months: the first days of the months in which their targets end.
        origin, pupil: which origin and pupil (row of the history).
        crossed: whether the target reached the step.
        rate_so_far: share of absence so far, what a list without a model would sort by.
        says: probabilities by name: `model` and each of `BASELINES`.
    """

    horizon: Horizon
    step: ForecastStep
    origins: tuple[date, ...]
    target_months: frozenset[date]
    origin: Ints
    pupil: Ints
    crossed: Bools
    rate_so_far: Floats
    says: dict[str, Floats]

    def only(self, rows: Bools) -> Trial:
        """Return some of the forecasts."""
        return Trial(
            self.horizon,
            self.step,
            self.origins,
            self.target_months,
            self.origin[rows],
            self.pupil[rows],
            self.crossed[rows],
            self.rate_so_far[rows],
            {name: said[rows] for name, said in self.says.items()},
        )


@dataclass(frozen=True)
class Skill:
    """Brier scores by name, and the share of the best simple rule's score that the model saves.

    `low` and `high` hold 95 % of what other pupils and other weeks would have given.
    """

    brier: dict[str, float]
    best: str
    skill: float
    low: float
    high: float


def brier(said: Floats, crossed: Bools) -> float:
    """Return the mean squared distance between probability and outcome; 0 is perfect."""
    return float(np.mean((said - crossed) ** 2))


def skill_of(trial: Trial) -> Skill | None:
    """Return the skill over the best simple rule; None without forecasts.

    Pupils and origins are drawn again independently (pigeonhole bootstrap, Owen 2007), because
    the forecasts of a pupil, and those of a week, go together. So do those of weeks whose targets
    overlap, which the draw does not know: the interval is too narrow.
    """
    if not len(trial.crossed):
        return None
    errors = {name: (said - trial.crossed) ** 2 for name, said in trial.says.items()}
    scores = {name: float(error.mean()) for name, error in errors.items()}
    best = min(BASELINES, key=lambda name: scores[name])
    pupils, pupil = np.unique(trial.pupil, return_inverse=True)
    draw = np.random.default_rng(_SEED)
    weeks = len(trial.origins)
    # Errors of the model and of the rule, a row per pupil and a column per origin of each.
    table = np.zeros((len(pupils), 2 * weeks))
    table[pupil, trial.origin] = errors["model"]
    table[pupil, weeks + trial.origin] = errors[best]
    drawn = []
    for _ in range(_DRAWS):
        by_origin = draw.poisson(1.0, len(pupils)) @ table
        of_origin = np.bincount(draw.integers(0, weeks, weeks), minlength=weeks)
        drawn.append(
            _saved(float(by_origin[:weeks] @ of_origin), float(by_origin[weeks:] @ of_origin))
        )
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Skill(scores, best, _saved(scores["model"], scores[best]), float(low), float(high))


def _saved(model: float, other: float) -> float:
    """A share of the other's score; 0 when neither errs."""
    return 1 - model / other if other else 0.0 if model == 0 else -np.inf


@dataclass(frozen=True)
class Bin:
    """Forecasts of a tenth of the scale: how many, of how many pupils, said and seen."""

    low: float
    high: float
    forecasts: int
    pupils: int
    said: float
    seen: float


def calibration(trial: Trial) -> list[Bin]:
    """Return the bins that have forecasts, ascending; 1.0 is in the last."""
    place = np.minimum((trial.says["model"] * BINS).astype(np.int64), BINS - 1)
    return [
        Bin(
            number / BINS,
            (number + 1) / BINS,
            int(rows.sum()),
            len(np.unique(trial.pupil[rows])),
            float(trial.says["model"][rows].mean()),
            float(trial.crossed[rows].mean()),
        )
        for number in range(BINS)
        if (rows := place == number).any()
    ]


def same_length(trial: Trial, listed: Bools, school: npt.NDArray[np.int64]) -> Bools:
    """Return the list that the rate so far gives, as long as the model's in each week and school.

    Args:
        trial: the forecasts.
        listed: which of them the model lists (N,).
        school: a number for each pupil's school (N,).
    """
    group = trial.origin * (school.max(initial=0) + 1) + school
    order = np.lexsort((trial.pupil, -trial.rate_so_far, group))
    ordered = group[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.arange(len(order)) - first
    room = np.bincount(group[listed], minlength=int(group.max(initial=0)) + 1)
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order] = rank < room[ordered]
    return chosen


def precision(listed: Bools, crossed: Bools) -> float | None:
    """Return the share of the listed that crossed; None for an empty list."""
    return float(crossed[listed].mean()) if listed.any() else None
