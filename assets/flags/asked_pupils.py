"""The pupils that are explained, with their lessons around as_of, as temporary tables.

For one pupil, or for everybody whom some rule is not clear about: one scan of the lessons either
way. Not here: what is worked out of them (`prognoses.py`, `patterns.py`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from assets.absence.windows import school_year_start
from assets.flags.evaluate import Evaluation
from assets.flags.outlook import OutlookHorizon
from assets.flags.timetable import WEEKS_SEEN
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_WEEK = 7


@dataclass(frozen=True)
class Asked:
    """The pupils that are asked about, and their lessons, as temporary tables.

    Attributes:
        evaluation: the as_of and the rules.
        pupils: their keys.
        lessons: theirs, of the days that patterns and coming timetables need.
        horizon: the days that outlooks need.
        pattern_first_date: first day of the rolling two months.
        weeks_first_date: first day of the latest eight weeks, or 1 July.
    """

    evaluation: Evaluation
    pupils: TemporaryTable
    lessons: TemporaryTable
    horizon: OutlookHorizon
    pattern_first_date: date
    weeks_first_date: date


def ask_about(lake: Lake, evaluation: Evaluation, pupil: uuid.UUID | None = None) -> Asked:
    """Find the pupils to explain, and their lessons: of one pupil or of all with a flag.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
        pupil: only this one, also when every rule is clear. A protected pupil is never asked
            about, nor one who has left.
    """
    rule_set, as_of = evaluation.rule_set, evaluation.as_of
    horizon = OutlookHorizon(as_of, rule_set.one_month_days, rule_set.two_months_days)
    pattern_first = next(
        window.window_start
        for window in evaluation.windows
        if (window.basis, window.window) == ("rolling", "two_months")
    )
    weeks_first = max(school_year_start(as_of), as_of - timedelta(days=WEEKS_SEEN * _WEEK - 1))
    pupils = lake.materialise("flags/asked_pupils", pupil_key=str(pupil) if pupil else None)
    lessons = lake.materialise(
        "flags/asked_lessons",
        first_date=min(pattern_first, weeks_first),
        last_date=max(horizon.last, as_of),
    )
    return Asked(evaluation, pupils, lessons, horizon, pattern_first, weeks_first)
