"""How a pupil's absence lies: in long runs or scattered, on weekdays, in lessons, in subjects.

A pattern describes and explains nothing: it says where the minutes lie, never why. Only lessons at
the school where the pupil belongs are looked at, so that nothing of an earlier school is shown to a
new mentor. The definitions are in docs/patterns.md and worked out in `sql/flags/`. Not here:
weekdays and trends (`beyond_chance.py`), lessons and subjects (`within_days.py`), words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from assets.flags.asked_pupils import Asked
from assets.flags.beyond_chance import ComparedWeeks, Trend, Weekday, trends_of, weekdays_of
from assets.flags.timetable import WEEKS_SEEN
from assets.flags.within_days import Edge, TimetablePart, edges_of, subjects_of
from assets.lake.connection import Lake
from rules.models import RuleSet

Shape = Literal["none", "too_little", "coherent", "scattered", "mixed"]


@dataclass(frozen=True)
class Run:
    """Whole days of absence in a row, counted in the pupil's own reported school days."""

    first_date: date
    last_date: date
    days: int
    absent_minutes: int


@dataclass(frozen=True)
class Week:
    """Seven days; `reported_minutes` 0 leaves the share undefined."""

    first_date: date
    last_date: date
    days: int
    reported_minutes: int
    absent_minutes: int


@dataclass(frozen=True)
class Pattern:
    """The pattern of one pupil over the rolling two months, and the trend before its windows.

    Attributes:
        first_date, last_date: the rolling two months.
        days: school days with a report; of them `absent_days` with absence, `whole_days` wholly.
        longest_run: None without a whole day of absence.
        long_run_minutes: absence in all runs that are long.
        weeks: the latest eight up to as_of, oldest first; cut at 1 July. A trend is not about
            them. None where only what stands out was asked for.
        compared: what the trend rests on; None without weeks before the windows that were hit.
    """

    first_date: date
    last_date: date
    days: int
    absent_days: int
    whole_days: int
    reported_minutes: int
    absent_minutes: int
    shape: Shape
    longest_run: Run | None
    long_run_minutes: int
    weekdays: tuple[Weekday, ...]
    edges: tuple[Edge, ...]
    subjects: tuple[TimetablePart, ...]
    trend: Trend
    weeks: tuple[Week, ...]
    compared: ComparedWeeks | None = None


def patterns(lake: Lake, asked: Asked, *, only_named: bool = False) -> dict[str, Pattern]:
    """Return the pattern of every asked pupil with a reported lesson at the own school, by key.

    Args:
        lake: the lake that was evaluated.
        asked: what `ask_about` gave.
        only_named: of weekdays, edges and subjects only those that stand out, and no weeks: lists
            have those of the whole school year.
    """
    values = _values(asked.evaluation.rule_set)
    as_of = asked.evaluation.as_of
    lake.connection.execute(lake.select("flags/is_clearly_over"))
    window = {"first_date": asked.pattern_first_date, "as_of": as_of}
    shares = _some(values, "whole_day_share", "missed_share")
    lake.materialise("flags/pattern_days", **window, **shares)
    lake.materialise("flags/absence_runs")
    limits = _some(
        values, "min_days", "min_absent_days", "run_days", "coherent_share", "scattered_share"
    )
    shapes = lake.relation("flags/absence_shapes", **limits)
    weekdays = weekdays_of(lake, values, only_named=only_named)
    edges = edges_of(lake, values, window, only_named=only_named)
    subjects = subjects_of(lake, values, window, only_named=only_named)
    trends = trends_of(lake, asked, values, only_named=only_named)
    weeks_of = _no_weeks if only_named else _weeks(lake, asked)
    return {
        row["pupil_key"]: _pattern(
            row,
            asked,
            weekdays=tuple(weekdays.get(row["pupil_key"], ())),
            edges=tuple(edges.get(row["pupil_key"], ())),
            subjects=tuple(subjects.get(row["pupil_key"], ())),
            trend=trends.get(row["pupil_key"], ("unknown", None)),
            weeks=weeks_of(row["pupil_key"]),
        )
        for row in shapes.iter_rows(named=True)
    }


def _pattern(
    row: dict[str, Any],
    asked: Asked,
    *,
    trend: tuple[Trend, ComparedWeeks | None],
    **parts: Any,
) -> Pattern:
    run = row["run_days"] and Run(
        row["run_first_date"], row["run_last_date"], row["run_days"], row["run_absent_minutes"]
    )
    plain = ("days", "absent_days", "whole_days", "reported_minutes", "absent_minutes", "shape")
    return Pattern(
        first_date=asked.pattern_first_date,
        last_date=asked.evaluation.as_of,
        longest_run=run or None,
        long_run_minutes=row["long_run_minutes"],
        trend=trend[0],
        compared=trend[1],
        **{name: row[name] for name in plain},
        **parts,
    )


def _no_weeks(_key: str) -> tuple[Week, ...]:
    return ()


def _weeks(lake: Lake, asked: Asked) -> Callable[[str], tuple[Week, ...]]:
    as_of = asked.evaluation.as_of
    weekly = lake.materialise(
        "flags/weekly_absence", first_date=asked.weeks_first_date, as_of=as_of
    )
    without: dict[int, Week] = {}
    for ago in range(WEEKS_SEEN - 1, -1, -1):
        last = as_of - timedelta(days=7 * ago)
        first = max(last - timedelta(days=6), asked.weeks_first_date)
        if last >= first:
            without[ago] = Week(first, last, 0, 0, 0)
    reported = {
        (key, ago): Week(without[ago].first_date, without[ago].last_date, *sums)
        for key, ago, *sums in lake.rows(
            f"SELECT pupil_key, weeks_ago, days, reported_minutes, absent_minutes FROM {weekly}"
        )
    }

    def weeks(key: str) -> tuple[Week, ...]:
        return tuple([reported.get((key, ago), week) for ago, week in without.items()])

    return weeks


def _values(rule_set: RuleSet) -> dict[str, int]:
    """The pattern parameters by their short names: days, or hundredths of a percent."""
    values = {}
    for name, in_force in rule_set.values.items():
        kind, _, short = name.partition(".")
        if kind == "pattern":
            value = in_force.value
            values[short] = int(value * 100) if isinstance(value, Decimal) else int(str(value))
    return values


def _some(values: dict[str, int], *names: str) -> dict[str, int]:
    return {name: values[name] for name in names}
