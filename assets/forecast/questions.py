"""What is asked about a pupil: a step of the rule set, and the day on which it is looked at.

Pure dates and values. Not here: minutes (`history.py`), the answer (`model.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from assets.absence.windows import month_end, previous_month_start, school_year_start
from assets.flags.evaluate import ALL_GRADES
from rules.models import Rule, RuleSet
from rules.threshold import Threshold

Horizon = Literal["month_end", "four_weeks"]
HORIZONS: tuple[Horizon, ...] = ("month_end", "four_weeks")
_FOUR_WEEKS = timedelta(days=28)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ForecastStep:
    """A step that a month's rate can pass, as the rules in force compare it.

    Attributes:
        threshold: what the rate is compared with.
        min_days: school days with a report that a month needs before the rule is applied.
        grades: grades that some rule with this step applies to. Whose estimates are shown, no
            input of any model.
    """

    threshold: Threshold
    min_days: int
    grades: frozenset[int] = ALL_GRADES

    def is_for(self, grade: int | None) -> bool:
        """Tell whether a rule with this step applies to a grade; to an unknown one when to all."""
        return self.grades >= ALL_GRADES if grade is None else grade in self.grades


@dataclass(frozen=True)
class Span:
    """Dates from `first` to `last`, both inclusive."""

    first: date
    last: date


def steps_of(rule_set: RuleSet) -> tuple[ForecastStep, ...]:
    """Return the steps of the rules that look at one month, the lowest first."""
    of_threshold: dict[Threshold, list[Rule]] = defaultdict(list)
    for rule in rule_set.rules:
        if rule.window == "one_month":
            of_threshold[rule.threshold].append(rule)
    return tuple(
        ForecastStep(
            threshold,
            min_days=min(rule.min_days for rule in rules),
            grades=frozenset().union(*(rule.grades for rule in rules)),
        )
        for threshold, rules in sorted(of_threshold.items())
    )


def target(horizon: Horizon, as_of: date, one_month_days: int) -> Span | None:
    """Return the window whose rate is foretold; None where it ends in another school year.

    `month_end` is the calendar month that is running: that of the day after as_of, so that the
    last day of a month looks at the next one. `four_weeks` is the rolling month 28 days on.
    """
    if horizon == "month_end":
        first = (as_of + timedelta(days=1)).replace(day=1)
        last = month_end(first)
    else:
        last = as_of + _FOUR_WEEKS
        first = max(last - timedelta(days=one_month_days - 1), school_year_start(last))
    is_same_year = school_year_start(last) == school_year_start(as_of)
    return Span(first, last) if is_same_year else None


def standing_windows(as_of: date, one_month_days: int) -> list[Span]:
    """Return the windows whose rate says whether a pupil is over a step today.

    These are the one-month windows of both bases, as the flags have them.
    """
    year = school_year_start(as_of)
    windows = [Span(max(as_of - timedelta(days=one_month_days - 1), year), as_of)]
    month = as_of.replace(day=1) if as_of == month_end(as_of) else previous_month_start(as_of)
    if month >= year:
        windows.append(Span(month, month_end(month)))
    return windows
