"""When a step is reached, or left again, if a pupil misses or attends every coming lesson.

Pure: daily minutes, coming lessons and a step come in; exact integers throughout. It looks at the
step alone; least days, grades and other rules are the verdict's (`sql/flags/`). Not here: what the
coming lessons are (`timetable.py`), the windows of a day (`assets/absence/windows.py`).

- Not reached: the first coming day at which the step is reached when every lesson until then is
  missed, and the least number of lessons, missed in a row from now on with the rest attended, that
  reaches it on that day. No other way of being absent reaches it on an earlier day.
- Reached: the first coming day at which it is not reached when every lesson is attended and
  reported. Nothing that a pupil does makes that day an earlier one.

The rolling basis is looked at on every coming day, the calendar basis at the ends of months.
Lessons of the past that nobody reported stay so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from operator import add
from typing import Literal

from assets.absence.windows import month_end, previous_month_start, school_year_start, window_parts
from rules.threshold import Threshold

#: For each basis and window the window's name, as the rules have it.
BasisWindow = tuple[str, str]
Unknown = Literal["monthly_sums", "no_timetable"]
#: After two whole coming months nothing of the past is in any window; three ends hold two months.
_MONTH_ENDS = 3


@dataclass(frozen=True)
class OutlookStep:
    """What a rule compares: absent against reported minutes.

    Attributes:
        threshold: what must be reached.
        is_each: each half of the window must reach it.
    """

    threshold: Threshold
    is_each: bool


@dataclass(frozen=True)
class Outlook:
    """What can come of one step on one basis.

    Attributes:
        is_reached: at as_of.
        first_look_date: the next day on which the basis is looked at; None when none is left in
            the school year.
        turn_date: not reached: the first day it can be reached; reached: the first day it can be
            not reached. None when neither comes in the school year.
        lessons: not reached: the least number of coming lessons, missed in a row from now on, that
            reaches it on `turn_date`. 0: it is reached then also with full attendance.
        unknown: why nothing can be said; then the rest is None.
    """

    is_reached: bool
    first_look_date: date | None = None
    turn_date: date | None = None
    lessons: int | None = None
    unknown: Unknown | None = None


@dataclass(frozen=True)
class Look:
    """A coming day on which a window is looked at.

    Attributes:
        on: the day.
        whole: the window's days, from and up to, not including.
        halves: those of its halves; fewer than two where one is cut away, or of one month.
    """

    on: date
    whole: tuple[int, int]
    halves: tuple[tuple[int, int], ...]


class OutlookHorizon:
    """The days that an outlook needs, and which windows are looked at when; once for all pupils."""

    def __init__(self, as_of: date, one_month_days: int, two_months_days: int) -> None:
        self.as_of = as_of
        start = school_year_start(as_of)
        year_end = start.replace(year=start.year + 1) - timedelta(days=1)
        ends = [month_end(as_of + timedelta(days=1))]
        while len(ends) < _MONTH_ENDS:
            ends.append(month_end(ends[-1] + timedelta(days=1)))
        rolling_end = as_of + timedelta(days=two_months_days)
        earliest = as_of - timedelta(days=two_months_days - 1)
        self.first = max(start, min(earliest, previous_month_start(as_of)))
        self.last = min(year_end, max(rolling_end, ends[-1]))
        days = [as_of + timedelta(days=n) for n in range(1, two_months_days + 1)]
        self.looks: dict[BasisWindow, list[Look]] = {}
        for basis, looked_on in (("rolling", days), ("calendar", ends)):
            for day in looked_on:
                if day <= year_end:
                    self._add(basis, day, one_month_days, two_months_days)

    def _add(self, basis: str, day: date, one_month_days: int, two_months_days: int) -> None:
        found = window_parts(day, one_month_days, two_months_days)
        for window in ("one_month", "two_months"):
            parts = sorted(
                (self.index(part.window_start), self.index(part.window_end) + 1)
                for part in found
                if part.basis == basis and part.window_part.startswith(window)
            )
            whole = (parts[0][0], parts[-1][1])
            halves = tuple(parts) if window == "two_months" else ()
            self.looks.setdefault((basis, window), []).append(Look(day, whole, halves))

    def index(self, day: date) -> int:
        """Return how many days after the first one a day is."""
        return (day - self.first).days


class ComingLessons:
    """Coming lessons as running sums; pupils with the same lessons share one."""

    def __init__(self, horizon: OutlookHorizon, coming: Mapping[date, Sequence[int]]) -> None:
        """Take the minutes of each lesson, by day."""
        minutes = [0] * (horizon.index(horizon.last) + 1)
        lessons: list[int] = []
        for day in sorted(coming):
            if horizon.as_of < day <= horizon.last:
                minutes[horizon.index(day)] = sum(coming[day])
                lessons += coming[day]
        #: Minutes before each day, and minutes of the first n lessons, none of them first.
        self.before = list(accumulate(minutes, initial=0))
        self.lessons = list(accumulate(lessons, initial=0))


class Course:
    """One pupil's days behind and lessons ahead, as running sums: any window is two look-ups."""

    def __init__(
        self, horizon: OutlookHorizon, past: Mapping[date, tuple[int, int]], ahead: ComingLessons
    ) -> None:
        """Take the past as (absent, reported) minutes a day."""
        self._horizon, self._ahead = horizon, ahead
        size = horizon.index(horizon.last) + 1
        absent, reported = [0] * size, [0] * size
        first, as_of = horizon.first, horizon.as_of
        for day, minutes in past.items():
            if first <= day <= as_of:
                index = (day - first).days
                absent[index], reported[index] = minutes
        #: Absent minutes before each day when every coming lesson is attended, and when missed.
        self._absent = list(accumulate(absent, initial=0))
        self._missed = list(map(add, self._absent, ahead.before))
        # Every coming lesson is taken as reported.
        self._reported = list(map(add, accumulate(reported, initial=0), ahead.before))

    def outlook(self, basis: str, window: str, step: OutlookStep, *, is_reached: bool) -> Outlook:
        """Return what can come of a step; `is_reached` is what the verdict's SQL said of it."""
        looks = self._horizon.looks.get((basis, window), [])
        if not looks:
            return Outlook(is_reached)
        first_look = looks[0].on
        if len(self._ahead.lessons) == 1:
            return Outlook(is_reached, first_look, unknown="no_timetable")
        absent = self._absent if is_reached else self._missed
        for look in looks:
            if self._holds(look, step, absent) is not is_reached:
                lessons = None if is_reached else self._least(look, step)
                return Outlook(is_reached, first_look, look.on, lessons)
        return Outlook(is_reached, first_look)

    def _holds(self, look: Look, step: OutlookStep, absent: Sequence[int]) -> bool:
        """Whether the step is reached with these absent minutes before each day."""
        if step.is_each and len(look.halves) < 2:
            return False
        reported = self._reported
        for start, end in look.halves if step.is_each else (look.whole,):
            missed, whole = absent[end] - absent[start], reported[end] - reported[start]
            if not step.threshold.reached(missed, whole):
                return False
        return True

    def _least(self, look: Look, step: OutlookStep) -> int:
        """The least number of lessons: those that give every part what it lacks."""
        lacking = [0]
        for start, end in look.halves if step.is_each else (look.whole,):
            least = step.threshold.least(self._reported[end] - self._reported[start])
            lack = least - (self._absent[end] - self._absent[start])
            if lack > 0:
                lacking.append(self._ahead.before[start] + lack)
        return bisect_left(self._ahead.lessons, max(lacking))
