"""Where each pupil stands at an origin, and what is still to come, as arrays over pupils.

Only minutes and days go in: no name, sex, grade, class, school, reason or kind of absence. What
comes after the origin is in `Ending` alone, which a model sees only for origins whose target lies
wholly in its past. Not here: the model (`model.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from assets.forecast.history import Floats, MinutesHistory
from assets.forecast.questions import (
    HORIZONS,
    Bools,
    ForecastStep,
    Horizon,
    Ints,
    Span,
    standing_windows,
    target,
)

#: School days after which an absence weighs half (our choice; compared in ADR 0015).
HALF_LIFE_DAYS = 40
_TIMETABLE_DAYS = 28
_RECENT_DAYS = 10
_WHOLE_DAY = 0.8


@dataclass(frozen=True)
class Situation:
    """Every pupil at an origin, (P,) each.

    Attributes:
        origin: the last day that is known.
        target: the window whose rate is foretold.
        absent_so_far, reported_so_far, days_so_far: minutes, minutes and school days of the
            target that have been.
        coming_minutes: scheduled minutes still to come by the pupil's own weekdays, times the
            share of minutes that gets reported.
        coming_days: school days still to come, times the same share.
        absent_days, known_days: absence in whole days, and days with a report; old ones weigh less.
        last_day, recent: share of the latest school day, and of the latest ten, that was absence.
        spell: school days in a row, up to now, that were absence throughout; 10 at most.
        rate_absent, rate_reported: minutes of the target so far; of the last month where nothing
            has been yet.
        is_present: has lessons of late, and something of the last month is reported.
        is_over: by step, whether a one-month window of today reaches it.
    """

    origin: date
    target: Span
    absent_so_far: Ints
    reported_so_far: Ints
    days_so_far: Ints
    coming_minutes: Floats
    coming_days: Floats
    absent_days: Floats
    known_days: Floats
    last_day: Floats
    recent: Floats
    spell: Floats
    rate_absent: Ints
    rate_reported: Ints
    is_present: Bools
    is_over: dict[ForecastStep, Bools]

    @property
    def rate_so_far(self) -> Floats:
        """Share of absence so far (P,)."""
        rate: Floats = self.rate_absent / np.maximum(self.rate_reported, 1)
        return rate

    def asked(self, step: ForecastStep) -> Bools:
        """Tell for whom the question makes sense: present, under the step, days enough to come."""
        days = self.days_so_far + self.coming_days
        return (
            self.is_present & ~self.is_over[step] & (self.coming_days > 0) & (days >= step.min_days)
        )

    def only(self, rows: Bools) -> Situation:
        """Return the situation of some pupils."""
        chosen: dict[str, Any] = {
            field.name: value[rows]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        over = {step: is_over[rows] for step, is_over in self.is_over.items()}
        return replace(self, **chosen, is_over=over)


@dataclass(frozen=True)
class Ending:
    """What the target window held when it was over, (P,) each: minutes, minutes and days."""

    absent: Ints
    reported: Ints
    days: Ints


@dataclass(frozen=True)
class SituationRules:
    """Values of the rule set that a situation rests on."""

    steps: tuple[ForecastStep, ...]
    one_month_days: int
    leaver_after_days: int


def situations_of(
    history: MinutesHistory, origin: date, rules: SituationRules
) -> dict[Horizon, Situation]:
    """Return the situation at an origin for each horizon whose target lies in the school year."""
    known = history.until(origin)
    targets = {horizon: target(horizon, origin, rules.one_month_days) for horizon in HORIZONS}
    if not len(known.dates):
        return {}
    month = Span(origin - timedelta(days=rules.one_month_days - 1), origin)
    late = Span(origin - timedelta(days=rules.leaver_after_days - 1), origin)
    absent, reported = known.total(known.absent, month), known.total(known.reported, month)
    of_all: dict[str, Any] = {
        "is_present": (known.total(known.scheduled, late) > 0) & (reported > 0),
        "is_over": {step: _over(known, origin, step, rules) for step in rules.steps},
    } | _of_days(known)
    weekdays = _weekdays(known, origin)
    return {
        horizon: Situation(
            origin=origin,
            target=window,
            **of_all,
            **_of_target(known, origin, window, weekdays, (absent, reported)),
        )
        for horizon, window in targets.items()
        if window is not None
    }


def ending_of(history: MinutesHistory, window: Span) -> Ending:
    """Return what a window that is over held."""
    return Ending(
        history.total(history.absent, window),
        history.total(history.reported, window),
        history.days(window),
    )


def _over(known: MinutesHistory, origin: date, step: ForecastStep, rules: SituationRules) -> Bools:
    over = np.zeros(len(known.absent), dtype=np.bool_)
    for span in standing_windows(origin, rules.one_month_days):
        absent, reported = known.total(known.absent, span), known.total(known.reported, span)
        over |= step.threshold.reached(absent, reported)
    return over


def _of_target(
    known: MinutesHistory,
    origin: date,
    window: Span,
    weekdays: tuple[Floats, Floats],
    month: tuple[Ints, Ints],
) -> dict[str, Any]:
    """What has been of the target, and what is to come of it; `month` as (absent, reported)."""
    absent, reported = known.total(known.absent, window), known.total(known.reported, window)
    coming = np.arange(np.datetime64(origin) + 1, np.datetime64(window.last) + 1)
    left = np.bincount(_weekday(coming), minlength=7)
    minutes, days = weekdays
    return {
        "absent_so_far": absent,
        "reported_so_far": reported,
        "days_so_far": known.days(window),
        "coming_minutes": minutes @ left,
        "coming_days": days @ left,
        "rate_absent": np.where(reported > 0, absent, month[0]),
        "rate_reported": np.where(reported > 0, reported, month[1]),
    }


def _of_days(known: MinutesHistory) -> dict[str, Floats]:
    """Sums over single school days; a day without a report is left out."""
    # No more than weighs: after five half-lives a day counts a thirtieth.
    recent = slice(max(0, len(known.dates) - 5 * HALF_LIFE_DAYS), len(known.dates))
    reported = known.reported[:, recent]
    has = (reported > 0).astype(np.float32)
    shares = known.absent[:, recent] / np.maximum(reported, 1).astype(np.float32)
    weight = (0.5 ** (np.arange(has.shape[1])[::-1] / HALF_LIFE_DAYS)).astype(np.float32)
    spell = np.zeros(len(shares))
    goes_on = np.ones(len(shares), dtype=np.bool_)
    for back in range(1, min(_RECENT_DAYS, shares.shape[1]) + 1):
        goes_on &= shares[:, -back] >= _WHOLE_DAY
        spell += goes_on
    lately = slice(-_RECENT_DAYS, None)
    return {
        "absent_days": (shares @ weight).astype(np.float64),
        "known_days": (has @ weight).astype(np.float64),
        "last_day": shares[:, -1].astype(np.float64),
        "recent": shares[:, lately].sum(axis=1) / np.maximum(has[:, lately].sum(axis=1), 1.0),
        "spell": spell,
    }


def _weekdays(known: MinutesHistory, origin: date) -> tuple[Floats, Floats]:
    """Minutes and days that a coming Monday … Sunday will hold (P, 7), as the last four weeks.

    Both times the share of minutes that gets reported. Holidays to come stand in no data that the
    lake has, so none is foreseen.
    """
    columns = known.columns(Span(origin - timedelta(days=_TIMETABLE_DAYS - 1), origin))
    scheduled, reported = known.scheduled[:, columns], known.reported[:, columns]
    weekday = _weekday(known.dates[columns])
    minutes, days = np.zeros((len(scheduled), 7)), np.zeros((len(scheduled), 7))
    for number in range(7):
        lessons = scheduled[:, weekday == number]
        has = (lessons > 0).sum(axis=1)
        minutes[:, number] = lessons.sum(axis=1) / np.maximum(has, 1)
        days[:, number] = has > 0
    coverage = reported.sum(axis=1) / np.maximum(scheduled.sum(axis=1), 1)
    return minutes * coverage[:, None], days * coverage[:, None]


def _weekday(dates: npt.NDArray[np.datetime64]) -> Ints:
    # 1970-01-01 was a Thursday; Monday is 0.
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
