"""A made-up city as arrays, for tests of the forecasts: no lake, no files."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from assets.forecast.history import Floats, MinutesHistory
from assets.forecast.questions import ForecastStep
from assets.forecast.situations import SituationRules
from rules.threshold import Threshold

DAY_MINUTES = 300
TEN = ForecastStep(Threshold(10_00, is_strict=True), min_days=5)
TWENTY = ForecastStep(Threshold(20_00, is_strict=False), min_days=10)
RULES = SituationRules((TEN, TWENTY), one_month_days=30, leaver_after_days=21)
FIRST, LAST = date(2026, 8, 17), date(2026, 12, 18)


def school_dates(first: date = FIRST, last: date = LAST) -> np.ndarray:
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return days[(days.astype(np.int64) + 3) % 7 < 5]


def history_of(shares: Floats, first: date = FIRST) -> MinutesHistory:
    """Pupils (P) with a share of absence on each school day (D) from `first` on."""
    pupils, days = shares.shape
    dates = school_dates(first, date(2027, 6, 11))[:days]
    minutes = np.full(shares.shape, DAY_MINUTES, dtype=np.int32)
    absent = np.round(shares * DAY_MINUTES).astype(np.int32)
    people = pl.DataFrame(
        {
            "pupil_key": [str(number) for number in range(pupils)],
            "school_unit_code": ["10000001"] * pupils,
            "has_left": [False] * pupils,
        }
    )
    return MinutesHistory(dates, minutes, minutes.copy(), absent, people)


def city(pupils: int = 900, *, seed: int = 1, spell: int = 1) -> MinutesHistory:
    """Pupils whose inclination is Beta(1, 9), absent whole days in spells of `spell` days."""
    draw = np.random.default_rng(seed)
    inclination = draw.beta(1, 9, pupils)
    days = len(school_dates())
    blocks = draw.random((pupils, days // spell + 1)) < inclination[:, None]
    return history_of(np.repeat(blocks, spell, axis=1)[:, :days].astype(np.float64))
