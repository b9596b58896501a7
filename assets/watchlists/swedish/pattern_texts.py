"""How a pupil's absence lies, in Swedish words.

A pattern says where the minutes lie and never why: no word here explains, blames or diagnoses.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from assets.flags.beyond_chance import Weekday, WeekSpan
from assets.flags.patterns import Pattern
from assets.flags.within_days import Edge, TimetablePart
from assets.watchlists.swedish.safe_text import one_line
from assets.watchlists.swedish.texts import NO_VALUE, SWEDISH, percent, span

_SHAPES_BRIEF = {
    "coherent": "Sammanhängande",
    "scattered": "Utspridd",
    "mixed": "Sammanhängande och utspridd",
}
_SHAPES = {
    "none": "Ingen rapporterad frånvaro på skolan i perioden.",
    "too_little": "Det är för få dagar för att beskriva hur frånvaron ligger.",
    "coherent": "Sammanhängande: {share} av frånvaron ligger i långa perioder av hela dagar.",
    "scattered": "Utspridd: {share} av frånvaron ligger i långa perioder av hela dagar.",
    "mixed": "Sammanhängande och utspridd: {share} av frånvaron ligger i långa perioder av hela"
    " dagar.",
}
_EDGES = {"first": "första lektionen", "last": "sista lektionen"}
_EDGES_OF_A_DAY = {"first": "första lektion", "last": "sista lektion"}
# A trend is of the weeks before what put the pupil on the list, so it is told in the past tense.
_TRENDS = {
    "rising": "Frånvaron ökade före den tid som listan gäller: {later} mot {earlier}.",
    "falling": "Frånvaron minskade före den tid som listan gäller: {later} mot {earlier}.",
}
_TRENDS_BRIEF = {"rising": "ökade före perioden", "falling": "minskade före perioden"}
_DATED_DAYS = 2  # a run of one day is written without dates: it is no period


@cache
def _weekdays() -> tuple[str, ...]:
    """The days of a week from Monday, in the plural: `måndagar`."""
    from babel.dates import get_day_names  # noqa: PLC0415 - a fifth of a second

    return tuple(f"{name}ar" for _, name in sorted(get_day_names(locale=SWEDISH).items()))


def brief(pattern: Pattern | None) -> str:
    """One line for a column: `Utspridd · måndagar · ökade före perioden`."""
    if pattern is None:
        return NO_VALUE
    run = pattern.longest_run
    parts = [_SHAPES_BRIEF.get(pattern.shape, "")]
    if run and pattern.shape in {"coherent", "mixed"}:
        parts.append(f"längst {run.days} skoldagar")
    parts += [_weekdays()[int(x.name) - 1] for x in _named(pattern)]
    parts += [_EDGES[x.edge] for x in pattern.edges if _is_told(x)]
    parts += [one_line(x.name) for x in pattern.subjects if _is_told(x)]
    if pattern.compared:
        parts.append(_TRENDS_BRIEF.get(pattern.trend, ""))
    return " · ".join(part for part in parts if part) or NO_VALUE


def _named(pattern: Pattern) -> list[Weekday]:
    """Weekdays with a label; a remembered list of before chance was asked names none."""
    return [weekday for weekday in pattern.weekdays if weekday.is_named and weekday.rearranged]


def _is_told(part: Edge | TimetablePart) -> bool:
    """Whether it has a label; as of weekdays on a remembered list."""
    return part.is_named and part.placed is not None


def sentences(pattern: Pattern | None) -> tuple[str, ...]:
    """Everything that is known of where the absence lies, a sentence each."""
    if pattern is None:
        return ("Eleven har inga rapporterade lektioner på skolan i perioden.",)
    return tuple(_sentences(pattern))


def _sentences(pattern: Pattern) -> Iterator[str]:
    share = _share(pattern.long_run_minutes, pattern.absent_minutes)
    yield _SHAPES[pattern.shape].format(share=share)
    yield (
        f"{span(pattern.first_date, pattern.last_date)}: {pattern.days} skoldagar med rapport,"
        f" {pattern.absent_days} med frånvaro, {pattern.whole_days} helt frånvarande."
    )
    run = pattern.longest_run
    if run and run.days >= _DATED_DAYS:
        of_all = _share(run.absent_minutes, pattern.absent_minutes)
        yield (
            f"Längsta perioden av hela dagar: {run.days} skoldagar i rad,"
            f" {span(run.first_date, run.last_date)}, {of_all} av frånvaron."
        )
    for weekday in _named(pattern):
        name = _weekdays()[int(weekday.name) - 1]
        yield (
            f"Frånvaron ligger mer på {name} än på övriga dagar:"
            f" {_share(weekday.absent_minutes, weekday.reported_minutes)} mot"
            f" {_share(weekday.other_absent_minutes, weekday.other_reported_minutes)}."
            f" Minst en lektion missad {weekday.absent_days} av {weekday.days} {name}, i"
            f" {weekday.spells} skilda perioder."
        )
    for edge in pattern.edges:
        if _is_told(edge):
            yield (
                f"Dagens {_EDGES_OF_A_DAY[edge.edge]} missas oftare än dagens övriga:"
                f" {edge.missed_days} av {edge.days} dagar, {edge.alone_days} av dem med"
                " närvaro på en annan lektion."
            )
    for part in pattern.subjects:
        if _is_told(part):
            yield (
                f"Frånvaron är högre i {one_line(part.name)} än i övriga ämnen:"
                f" {_share(part.absent_minutes, part.reported_minutes)} mot"
                f" {_share(part.other_absent_minutes, part.other_reported_minutes)}. Missat"
                f" {part.alone_days} dagar med närvaro på en annan lektion."
            )
    if pattern.trend in _TRENDS and pattern.compared:
        yield _TRENDS[pattern.trend].format(
            later=_told(pattern.compared.later), earlier=_told(pattern.compared.earlier)
        )


def _told(weeks: WeekSpan) -> str:
    share = _share(weeks.absent_minutes, weeks.reported_minutes)
    return f"{share} {span(weeks.first_date, weeks.last_date)}"


def _share(part: int, whole: int) -> str:
    return percent(Fraction(part, whole) if whole else None)
