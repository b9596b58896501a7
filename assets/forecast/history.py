"""The minutes of all pupils on all school days, as arrays: what a model learns from.

Here: reading them from the lake once, and sums over spans of dates. Whoever asks with an origin
gets nothing from after it: `until` cuts. Not here: what the sums mean (`situations.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.forecast.questions import Ints, Span
from assets.lake.connection import Lake

Floats = npt.NDArray[np.float64]
Minutes = npt.NDArray[np.int32]
#: Days of history that are read: a school year and its holidays.
KEPT_DAYS = 400


@dataclass(frozen=True)
class MinutesHistory:
    """Minutes per pupil (P) and school date (D).

    Attributes:
        dates: dates on which some pupil had a lesson, ascending, datetime64[D] (D,).
        scheduled: S, minutes (P, D); 0 where the pupil had no lesson.
        reported: R, minutes (P, D).
        absent: A = V + I, minutes (P, D).
        pupils: a row per pupil in the order of the arrays: pupil_key, school_unit_code,
            class_name, grade, mentor_key, has_left.
    """

    dates: npt.NDArray[np.datetime64]
    scheduled: Minutes
    reported: Minutes
    absent: Minutes
    pupils: pl.DataFrame

    def columns(self, span: Span) -> slice:
        """Return where the dates of a span stand."""
        low = int(np.searchsorted(self.dates, np.datetime64(span.first), side="left"))
        high = int(np.searchsorted(self.dates, np.datetime64(span.last), side="right"))
        return slice(low, high)

    def total(self, minutes: Minutes, span: Span) -> Ints:
        """Return each pupil's minutes over a span (P,)."""
        total: Ints = minutes[:, self.columns(span)].sum(axis=1, dtype=np.int64)
        return total

    def days(self, span: Span) -> Ints:
        """Return each pupil's days with a report over a span (P,)."""
        days: Ints = (self.reported[:, self.columns(span)] > 0).sum(axis=1, dtype=np.int64)
        return days

    def until(self, day: date) -> MinutesHistory:
        """Return what was known at the end of a day: no date after it."""
        end = int(np.searchsorted(self.dates, np.datetime64(day), side="right"))
        return MinutesHistory(
            self.dates[:end],
            self.scheduled[:, :end],
            self.reported[:, :end],
            self.absent[:, :end],
            self.pupils,
        )

    def of_every(self, nth: int) -> MinutesHistory:
        """Return the history of every nth pupil: enough to learn from."""
        return MinutesHistory(
            self.dates,
            self.scheduled[::nth],
            self.reported[::nth],
            self.absent[::nth],
            self.pupils[::nth],
        )


def load_history(lake: Lake, last: date, first: date | None = None) -> MinutesHistory:
    """Read the history of all pupils who are not protected.

    Args:
        lake: the lake, after `place_pupils`.
        last: the last day that is known.
        first: the first day that is read; `KEPT_DAYS` before `last` when None.
    """
    known = lake.materialise("forecast/forecast_pupils")
    pupils = lake.frame(
        "SELECT * REPLACE (cast(pupil_key AS VARCHAR) AS pupil_key, "
        f"cast(mentor_key AS VARCHAR) AS mentor_key) FROM {known} ORDER BY pupil_row"
    )
    days = lake.relation(
        "forecast/forecast_days",
        first_date=first or last - timedelta(days=KEPT_DAYS),
        last_date=last,
    )
    dates = days["lesson_date"].unique().sort()
    place = dates.to_numpy().astype("datetime64[D]")
    rows = days["pupil_row"].to_numpy()
    columns = np.searchsorted(place, days["lesson_date"].to_numpy().astype("datetime64[D]"))

    def array(name: str) -> Minutes:
        filled = np.zeros((len(pupils), len(place)), dtype=np.int32)
        filled[rows, columns] = days[name].to_numpy()
        return filled

    return MinutesHistory(
        place,
        array("scheduled_minutes"),
        array("reported_minutes"),
        array("absent_minutes"),
        pupils,
    )
