"""Weekdays, and weeks before the windows, with more absence than chance would lay there.

A label on a child must not be noise, so each has to be rarer than chance makes it
(`rearrangements.py`), on days and spells enough, and large enough to be seen in a timetable.
Absence here is a school day with a missed lesson: whoever comes late every day was there. The
definitions are in docs/patterns.md. Not here: the other patterns (`patterns.py`), words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from assets.absence.windows import school_year_start
from assets.flags.asked_pupils import Asked
from assets.flags.rearrangements import Rearranged, rearranged
from assets.lake.connection import Lake

Trend = Literal["unknown", "rising", "falling", "level"]
#: School weeks of each span of a trend, and the days before the windows in which they are looked
#: for: fourteen weeks, so that Christmas and another break leave eight. After Christmas the first
#: school day of a window can come three weeks after its start.
MOST_WEEKS, _DAYS_BEFORE, _DAYS_AFTER = 4, 98, 28
_SCHOOL_WEEK = 5  # weekdays


@dataclass(frozen=True)
class Weekday:
    """Absence on one weekday beside all others; minutes of reported lessons.

    Attributes:
        name: `1` for Monday.
        days: school days of this weekday; of them `absent_days` with a missed lesson.
        is_named: more absence lies there than chance would lay there.
        spells: how many spells of days with a missed lesson these days belong to.
        questions: weekdays that are asked about: five, more with school at weekends.
        rearranged: what chance would lay there; None with too few days or spells or too small a
            difference for a label, and on lists of before it was asked: those name nothing.
    """

    name: str
    days: int
    absent_days: int
    reported_minutes: int
    absent_minutes: int
    other_reported_minutes: int
    other_absent_minutes: int
    is_named: bool
    spells: int = 0
    questions: int = _SCHOOL_WEEK
    rearranged: Rearranged | None = None


@dataclass(frozen=True)
class WeekSpan:
    """School weeks that follow each other, at the pupil's own school.

    Attributes:
        first_date, last_date: the first and the last school day with a report.
        days: school days with a report; of them `absent_days` with a missed lesson.
        spells: how many spells of such days lie in it, wholly or in part.
    """

    first_date: date
    last_date: date
    days: int
    absent_days: int
    spells: int
    reported_minutes: int
    absent_minutes: int


@dataclass(frozen=True)
class ComparedWeeks:
    """The latest school weeks before every window that was hit, and as many before those.

    Attributes:
        weeks: school weeks of each span.
        rearranged: what chance would lay in the span with more absence; None with too few days or
            spells or too small a difference for a word.
    """

    weeks: int
    earlier: WeekSpan
    later: WeekSpan
    rearranged: Rearranged | None

    @property
    def is_later_higher(self) -> bool:
        """Whether the later span has the larger share of absence, in whole minutes."""
        later = self.later.absent_minutes * self.earlier.reported_minutes
        return later >= self.earlier.absent_minutes * self.later.reported_minutes


def weekdays_of(
    lake: Lake, values: Mapping[str, int], *, only_named: bool
) -> Mapping[str, list[Weekday]]:
    """Return the weekdays of every pupil in `pattern_days`, by pupil key, Monday first.

    Args:
        lake: the lake, with the temporary table `pattern_days`.
        values: the pattern parameters by their short names.
        only_named: of weekdays only those with a label; chance is asked about no others.
    """
    limits = {name: values[name] for name in ("named_days", "named_spells", "clear_difference")}
    found = lake.relation("flags/weekday_absence", **limits)
    if only_named:
        found = found.filter("is_enough")
    days_of = {
        key: (weekdays, absences)
        for key, weekdays, absences in lake.relation("flags/pattern_sequences")
        .join(found.select("pupil_key").unique(), on="pupil_key", how="semi")
        .select("pupil_key", "iso_weekdays", "absences")
        .iter_rows()
    }
    weekdays: defaultdict[str, list[Weekday]] = defaultdict(list)
    for row in found.iter_rows(named=True):
        key, number, is_enough = row.pop("pupil_key"), row.pop("iso_weekday"), row.pop("is_enough")
        questions = max(row.pop("weekdays"), _SCHOOL_WEEK)
        numbers, absences = days_of[key]
        laid = rearranged(absences, [other == number for other in numbers]) if is_enough else None
        is_named = laid is not None and laid.is_rare(values["most_chance"], questions)
        if is_named or not only_named:
            weekdays[key].append(
                Weekday(
                    name=str(number),
                    is_named=is_named,
                    questions=questions,
                    rearranged=laid,
                    **row,
                )
            )
    return weekdays


def trends_of(
    lake: Lake, asked: Asked, values: Mapping[str, int], *, only_named: bool
) -> Mapping[str, tuple[Trend, ComparedWeeks | None]]:
    """Return the trend of every asked pupil with two spans of weeks, and what it rests on.

    Args:
        lake: the lake, with the temporary tables of `ask_about`.
        asked: what `ask_about` gave.
        values: the pattern parameters by their short names.
        only_named: what a trend rests on only where it is rising or falling.
    """
    evaluation = asked.evaluation
    earliest = min(window.window_start for window in evaluation.windows)
    lake.materialise(
        "flags/trend_days",
        first_date=max(
            earliest - timedelta(days=_DAYS_BEFORE), school_year_start(evaluation.as_of)
        ),
        as_of=evaluation.as_of,
        days_before=_DAYS_BEFORE,
        days_after=_DAYS_AFTER,
        missed_share=values["missed_share"],
    )
    names = ("trend_days", "named_days", "named_spells", "trend_difference")
    rows = lake.relation(
        "flags/absence_trends", most_weeks=MOST_WEEKS, **{name: values[name] for name in names}
    )
    trends: dict[str, tuple[Trend, ComparedWeeks | None]] = {}
    for row in rows.iter_rows(named=True):
        trend, compared = row["direction"], None
        if trend in {"rising", "falling"} or not only_named:
            compared = _compared(row)
            if compared.rearranged and not compared.rearranged.is_rare(values["most_chance"], 1):
                trend = "level"
        is_told = trend in {"rising", "falling"} or not only_named
        trends[row["pupil_key"]] = (trend, compared if is_told else None)
    return trends


def _compared(row: Mapping[str, Any]) -> ComparedWeeks:
    earlier, later = (
        WeekSpan(**{name: row[f"{span}_{name}"] for name in WeekSpan.__dataclass_fields__})
        for span in ("earlier", "later")
    )
    compared = ComparedWeeks(row["weeks"], earlier, later, None)
    if row["direction"] not in {"rising", "falling"}:
        return compared
    marked = [is_later == compared.is_later_higher for is_later in row["are_later"]]
    return ComparedWeeks(row["weeks"], earlier, later, rearranged(row["absences"], marked))
