"""First and last lessons, and subjects, that are missed more than chance among a day's lessons.

A day away, or a day without a miss, says nothing of a lesson: all of the day are hit, or none. Only
days missed in part tell one from another, and each is one thing, however many lessons of it were
missed. What was missed stays as it is, and the lesson is given every place of its day. The
definitions are in docs/patterns.md. Not here: weekdays and trends (`beyond_chance.py`), words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, TypeVar

import polars as pl

from assets.flags.rearrangements import Counted
from assets.lake.connection import Lake

_EDGES = 2
Item = TypeVar("Item")


@dataclass(frozen=True)
class Placed(Counted):
    """How a lesson could lie elsewhere in the days that were missed in part.

    Attributes:
        days: of each such day the lessons missed and all its lessons, ascending.
        missed_days: the days of these on which the lesson was missed, as it was.
        as_many: ways to place it with at least so many days on a missed lesson.
        ways: all ways: any lesson of each day could be it.
    """

    days: tuple[tuple[int, int], ...]
    missed_days: int
    as_many: int
    ways: int


@dataclass(frozen=True)
class TimetablePart:
    """Absence in one subject beside all others; minutes of reported lessons.

    Attributes:
        name: of the subject as exported.
        days: dates with a reported lesson of it.
        absent_days: those of them with absence.
        is_named: it lies clearly over the rest, on days enough, and more than chance would lay
            there.
        alone_days: dates on which all of it was missed, and another lesson was not.
        questions: subjects of the pupil that are asked about: those with days enough.
        placed: what chance would lay there; None with too few days or too small a difference for
            a label, and on lists of before it was asked: those name nothing.
    """

    name: str
    days: int
    absent_days: int
    reported_minutes: int
    absent_minutes: int
    other_reported_minutes: int
    other_absent_minutes: int
    is_named: bool
    alone_days: int = 0
    questions: int = 1
    placed: Placed | None = None


@dataclass(frozen=True)
class Edge:
    """The first or the last lesson of the day beside the other lessons of the same days.

    Attributes:
        edge: first | last.
        days: days on which it and at least one other lesson are reported.
        missed_days: those on which it was missed.
        alone_days: those on which it was missed while another lesson was not.
        other_lessons: the other reported lessons of these days, and those of them missed.
        placed: as of a subject.
    """

    edge: str
    days: int
    missed_days: int
    alone_days: int
    other_lessons: int
    other_missed: int
    is_named: bool
    questions: int = _EDGES
    placed: Placed | None = None


def subjects_of(
    lake: Lake, values: Mapping[str, int], window: Mapping[str, object], *, only_named: bool
) -> Mapping[str, list[TimetablePart]]:
    """Return the subjects of every pupil in `pattern_days`, by pupil key, in order of name.

    Args:
        lake: the lake, with the temporary tables `asked_lessons` and `pattern_days`.
        values: the pattern parameters by their short names.
        window: `first_date` and `as_of`.
        only_named: only those with a label; chance is asked about no others.
    """
    names = ("min_days", "min_absent_days", "missed_share", "subject_days", "clear_difference")
    limits = {name: values[name] for name in names}
    rows = lake.relation("flags/subject_absence", **window, **limits)
    return _asked(
        rows,
        lambda row: TimetablePart(name=row.pop("subject"), **row),
        values["most_chance"],
        only_named=only_named,
    )


def edges_of(
    lake: Lake, values: Mapping[str, int], window: Mapping[str, object], *, only_named: bool
) -> Mapping[str, list[Edge]]:
    """Return the first and the last lesson of every pupil's days; arguments as of `subjects_of`."""
    names = ("min_days", "min_absent_days", "missed_share", "clear_difference")
    limits = {name: values[name] for name in names}
    rows = lake.relation("flags/edge_lessons", **window, **limits)
    rows = rows.with_columns(questions=pl.lit(_EDGES))
    return _asked(rows, lambda row: Edge(**row), values["most_chance"], only_named=only_named)


def placed(days: Iterable[Sequence[int]], missed_days: int) -> Placed:
    """Count the ways to give a lesson another place in each day.

    Args:
        days: lessons missed and all lessons of each day on which some were missed and some not.
        missed_days: those of these days on which the lesson was missed. Where a day has several
            that are one (a subject twice a day): all of them, which is no likelier than of one.
    """
    of_days = tuple(sorted((missed, lessons) for missed, lessons in days))
    as_many = sum(_ways(of_days)[missed_days:])
    return Placed(of_days, missed_days, as_many, prod(lessons for _, lessons in of_days))


@lru_cache(maxsize=4096)
def _ways(days: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """The number of ways, by on how many days the lesson is a missed one."""
    counts = [1]
    for missed, lessons in days:
        counts = [
            was * (lessons - missed) + one_less * missed
            for was, one_less in zip([*counts, 0], [0, *counts], strict=True)
        ]
    return tuple(counts)


def _asked(
    rows: pl.DataFrame,
    make: Callable[[dict[str, Any]], Item],
    most_chance: int,
    *,
    only_named: bool,
) -> Mapping[str, list[Item]]:
    """Ask chance of the rows that are enough for a label, and make items of them by pupil."""
    items: defaultdict[str, list[Item]] = defaultdict(list)
    for row in (rows.filter("is_enough") if only_named else rows).iter_rows(named=True):
        key, is_enough, days = row.pop("pupil_key"), row.pop("is_enough"), row.pop("part_days")
        laid = placed(days or (), row["alone_days"]) if is_enough else None
        is_named = laid is not None and laid.is_rare(most_chance, row["questions"])
        if is_named or not only_named:
            items[key].append(make({**row, "is_named": is_named, "placed": laid}))
    return items
