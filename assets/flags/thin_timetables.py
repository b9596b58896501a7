"""Pupils whose timetable is thin beside the class's: said on lists, and decides nothing.

A rate of 0 % of little says little. A pupil's scheduled minutes a school day are held against the
median of the class in whole numbers; nothing is rounded before it is compared. Not here: the
minutes (`sql/flags/class_timetables.sql`), words (`assets/watchlists/unseen_texts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import lcm

from assets.flags.evaluate import Evaluation, first_seen_day
from assets.lake import Lake
from rules.threshold import Threshold


@dataclass(frozen=True)
class ScheduledTime:
    """A pupil's scheduled minutes over so many school days of the class, at least one."""

    pupil_key: str
    first_date: date
    scheduled_minutes: int
    school_days: int


@dataclass(frozen=True)
class ThinTimetable:
    """A pupil under the share.

    Attributes:
        pupil_key: as text.
        first_date: the pupil's first lesson at the school in the days that are looked at.
        percent: of the class's median, cut to whole percent, never rounded up.
    """

    pupil_key: str
    first_date: date
    percent: int


def thin_timetables(lake: Lake, evaluation: Evaluation) -> list[ThinTimetable]:
    """Return who has a thin timetable at an as_of; nobody who is protected or has left.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        evaluation: what `evaluate_flags` gave.
    """
    rule_set = evaluation.rule_set
    classes = lake.relation(
        "flags/class_timetables",
        first_date=first_seen_day(evaluation.as_of, rule_set),
        as_of=evaluation.as_of,
    )
    least_bp = rule_set.share_bp("thin.share")
    return [
        thin
        for pupils in classes["pupils"].to_list()
        for thin in thin_ones([ScheduledTime(**pupil) for pupil in pupils], least_bp)
    ]


def thin_ones(pupils: Sequence[ScheduledTime], least_bp: int) -> Iterator[ThinTimetable]:
    """Yield the pupils of a class under a share of its median; of two middle ones their mean.

    Args:
        pupils: everybody of the class with a lesson, in any order.
        least_bp: the share, hundredths of a percent; who is exactly at it is not under it.
    """
    # Minutes a day times a number that every count of days divides: whole numbers.
    scale = lcm(*(pupil.school_days for pupil in pupils))
    rates = [pupil.scheduled_minutes * scale // pupil.school_days for pupil in pupils]
    ordered = sorted(rates)
    count = len(ordered)
    least = Threshold(least_bp, is_strict=False)
    twice_the_median = ordered[(count - 1) // 2] + ordered[count // 2]
    for pupil, rate in zip(pupils, rates, strict=True):
        if twice_the_median and not least.reached(2 * rate, twice_the_median):
            percent = 2 * rate * 100 // twice_the_median
            yield ThinTimetable(pupil.pupil_key, pupil.first_date, percent)
