"""How long before a pupil passed a step the pupil was first listed. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assets.absence.windows import school_year_start
from assets.forecast.history import MinutesHistory
from assets.forecast.questions import Bools, ForecastStep, Ints, Span
from assets.forecast.skill import Trial

#: A listing longer ago than this did not foresee the crossing.
LOOK_BACK_DAYS = 28


@dataclass(frozen=True)
class Crossings:
    """First crossing of each pupil in a period (N,): pupil rows, and days since 1970."""

    pupil: Ints
    day: Ints


def crossings_of(
    history: MinutesHistory, step: ForecastStep, period: Span, one_month_days: int
) -> Crossings:
    """Return on which day the rolling month of a pupil first came to reach the step.

    Somebody who is over it when the period begins has to be under it first.
    """
    before = period.first - timedelta(days=1)
    was_over = _is_over(history, step, before, one_month_days)
    found = np.full(len(was_over), -1, dtype=np.int64)
    for place in range(history.columns(period).start, history.columns(period).stop):
        day = history.dates[place].astype(object)
        is_over = _is_over(history, step, day, one_month_days)
        found[is_over & ~was_over & (found < 0)] = int(history.dates[place].astype(np.int64))
        was_over = is_over
    pupils = np.flatnonzero(found >= 0)
    return Crossings(pupils, found[pupils])


def _is_over(history: MinutesHistory, step: ForecastStep, day: date, one_month_days: int) -> Bools:
    window = Span(max(day - timedelta(days=one_month_days - 1), school_year_start(day)), day)
    enough = history.days(window) >= step.min_days
    over = step.threshold.reached(
        history.total(history.absent, window), history.total(history.reported, window)
    )
    return over & enough


def lead_days(trial: Trial, listed: Bools, crossings: Crossings) -> Ints:
    """Return days from a pupil's first listing to the crossing, 0 where nobody foresaw it (N,)."""
    origins = np.array(trial.origins, dtype="datetime64[D]").astype(np.int64)
    days, pupils = origins[trial.origin[listed]], trial.pupil[listed]
    lead = np.zeros(len(crossings.pupil), dtype=np.int64)
    place = {int(pupil): number for number, pupil in enumerate(crossings.pupil)}
    for pupil, day in zip(pupils.tolist(), days.tolist(), strict=True):
        number = place.get(pupil)
        if number is None:
            continue
        ahead = int(crossings.day[number]) - day
        if 0 < ahead <= LOOK_BACK_DAYS:
            lead[number] = max(lead[number], ahead)
    return lead
