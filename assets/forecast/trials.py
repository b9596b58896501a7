"""Forecasts made at past origins as they would have been made then, with what came of them.

Here: rolling origins. Not here: scores (`skill.py`), the report (`backtest.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import numpy as np

from assets.forecast.history import Floats, MinutesHistory
from assets.forecast.learning import BASELINES, Learner
from assets.forecast.model import Past
from assets.forecast.questions import ForecastStep, Horizon
from assets.forecast.situations import SituationRules, ending_of, situations_of
from assets.forecast.skill import Trial

Question = tuple[Horizon, ForecastStep]
_Part = tuple[int, Past, ForecastStep, dict[str, Floats]]


def trials_of(
    history: MinutesHistory,
    rules: SituationRules,
    learner: Learner,
    origins: Sequence[date],
    last_known: date,
) -> dict[Question, Trial]:
    """Return what was said at each origin and came true or not, by horizon and step.

    Args:
        history: of the pupils who are forecast; may reach beyond the origins.
        rules: steps and windows.
        learner: gives the models of each origin.
        origins: ascending.
        last_known: targets that end after this day have no outcome yet.
    """
    parts: dict[Question, list[_Part]] = defaultdict(list)
    for number, origin in enumerate(origins):
        for horizon, situation in situations_of(history, origin, rules).items():
            if situation.target.last > last_known:
                continue
            past = Past(situation, ending_of(history, situation.target))
            for step, learned in learner.at(origin, horizon).items():
                rows = past.scored(step)
                if not rows.any():
                    continue
                said = learned.says(situation.only(rows))
                parts[horizon, step].append((number, past, step, said))
    return {
        question: _joined(question, tuple(origins), of_question)
        for question, of_question in parts.items()
    }


def _joined(question: Question, origins: tuple[date, ...], parts: Sequence[_Part]) -> Trial:
    rows = [np.flatnonzero(past.scored(step)) for _, past, step, _ in parts]
    used = sorted({number for number, *_ in parts})
    return Trial(
        horizon=question[0],
        step=question[1],
        origins=tuple(origins[number] for number in used),
        target_months=frozenset(
            past.situation.target.last.replace(day=1) for _, past, _, _ in parts
        ),
        origin=np.concatenate(
            [np.full(len(at), used.index(part[0])) for at, part in zip(rows, parts, strict=True)]
        ),
        pupil=np.concatenate(rows),
        crossed=np.concatenate(
            [past.crossed(step)[at] for at, (_, past, step, _) in zip(rows, parts, strict=True)]
        ),
        rate_so_far=np.concatenate(
            [
                past.situation.rate_so_far[at]
                for at, (_, past, _, _) in zip(rows, parts, strict=True)
            ]
        ),
        says={
            name: np.concatenate([said[name] for *_, said in parts])
            for name in ("model", *BASELINES)
        },
    )
