"""A pattern of absence in English: where the minutes lie, never why."""

from __future__ import annotations

import calendar
from collections.abc import Iterator

from assets.flags.patterns import Edge, Pattern, Run, TimetablePart, Week
from assets.flags.written import spaced

_SHAPES = {
    "none": "no absence",
    "too_little": "too few days to say how the absence lies",
    "coherent": "coherent: most of the absence lies in long runs of whole days",
    "scattered": "scattered: little or none of the absence lies in long runs of whole days",
    "mixed": "both: some of the absence lies in long runs of whole days",
}
_TRENDS = {
    "unknown": "too few reported days for a trend",
    "rising": "rising: the latest four weeks lie clearly over the four before",
    "falling": "falling: the latest four weeks lie clearly under the four before",
    "level": "level: the latest four weeks lie neither clearly over nor under the four before",
}


def pattern_lines(pattern: Pattern | None) -> Iterator[str]:
    """Yield the lines of a pattern; it describes and does not explain."""
    if pattern is None:
        yield "Pattern: no reported lesson at the pupil's school in the rolling two months."
        return
    yield (
        f"Pattern at the pupil's own school {pattern.first_date} to {pattern.last_date} "
        "(describes, explains nothing; limits are our choice, docs/patterns.md):"
    )
    yield (
        f"  {pattern.days} school days with a report, {pattern.absent_days} with absence, "
        f"{pattern.whole_days} wholly absent; A {spaced(pattern.absent_minutes)} of R "
        f"{spaced(pattern.reported_minutes)} minutes"
    )
    yield f"  {_SHAPES[pattern.shape]}; {spaced(pattern.long_run_minutes)} minutes in long runs"
    if pattern.longest_run:
        yield f"  longest run of whole days: {_run(pattern.longest_run, pattern.absent_minutes)}"
    yield from _compared_lines("weekday", pattern.weekdays)
    yield from (f"  {_edge(edge)}" for edge in pattern.edges)
    yield from _compared_lines("subject", pattern.subjects)
    yield f"  trend of {len(pattern.weeks)} weeks: {_TRENDS[pattern.trend]}"
    yield from (f"    {_week(week)}" for week in pattern.weeks)


def _run(run: Run, absent_minutes: int) -> str:
    return (
        f"{run.days} school days, {run.first_date} to {run.last_date}, "
        f"{percent(run.absent_minutes, absent_minutes)} of the absence"
    )


def _compared_lines(kind: str, parts: tuple[TimetablePart, ...]) -> Iterator[str]:
    for part in parts:
        name = calendar.day_name[int(part.name) - 1] if kind == "weekday" else part.name
        mark = "  <- stands out" if part.is_named else ""
        yield (
            f"  {kind} {name}: {percent(part.absent_minutes, part.reported_minutes)} of "
            f"{part.days} days, the rest "
            f"{percent(part.other_absent_minutes, part.other_reported_minutes)}{mark}"
        )


def _edge(edge: Edge) -> str:
    mark = "  <- stands out" if edge.is_named else ""
    return (
        f"{edge.edge} lesson: missed on {edge.missed_days} of {edge.days} days, on "
        f"{edge.alone_days} of them with other lessons attended; other lessons "
        f"{edge.other_missed} of {edge.other_lessons}{mark}"
    )


def _week(week: Week) -> str:
    return (
        f"{week.first_date} to {week.last_date}: "
        f"{percent(week.absent_minutes, week.reported_minutes)} of {week.days} days"
    )


def percent(part: int, whole: int) -> str:
    """A share cut to one decimal, as the lists cut it; undefined shares are said to be so."""
    if not whole:
        return "undefined"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"
