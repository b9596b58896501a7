"""How a pupil's absence lies, in Swedish words.

A pattern says where the minutes lie and never why: no word here explains, blames or diagnoses.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from assets.flags.patterns import Pattern, Week
from assets.watchlists.swedish.safe_text import one_line
from assets.watchlists.swedish.texts import NO_VALUE, percent, span

_SHAPES_BRIEF = {
    "coherent": "Sammanhängande",
    "scattered": "Upprepad",
    "mixed": "Sammanhängande och upprepad",
}
_SHAPES = {
    "none": "Ingen rapporterad frånvaro på skolan i perioden.",
    "too_little": "Det är för få dagar för att beskriva hur frånvaron ligger.",
    "coherent": "Sammanhängande: {share} av frånvaron ligger i långa perioder av hela dagar.",
    "scattered": "Upprepad: {share} av frånvaron ligger i långa perioder av hela dagar.",
    "mixed": "Sammanhängande och upprepad: {share} av frånvaron ligger i långa perioder av hela"
    " dagar.",
}
_WEEKDAYS = ("måndagar", "tisdagar", "onsdagar", "torsdagar", "fredagar", "lördagar", "söndagar")
_EDGES = {"first": "första lektionen", "last": "sista lektionen"}
_EDGES_OF_A_DAY = {"first": "första lektion", "last": "sista lektion"}
_TRENDS = {
    "rising": "Ökar: {later} de senaste fyra veckorna mot {earlier} de fyra före.",
    "falling": "Minskar: {later} de senaste fyra veckorna mot {earlier} de fyra före.",
    "level": "Ungefär lika: {later} de senaste fyra veckorna mot {earlier} de fyra före.",
}
_TRENDS_BRIEF = {"rising": "ökar", "falling": "minskar"}
_HALF = 4  # weeks
_DATED_DAYS = 2  # a run of one day is written without dates: it is no period


def brief(pattern: Pattern | None) -> str:
    """One line for a column: `Upprepad · måndagar · första lektionen · ökar`."""
    if pattern is None:
        return NO_VALUE
    run = pattern.longest_run
    parts = [_SHAPES_BRIEF.get(pattern.shape, "")]
    if run and pattern.shape in {"coherent", "mixed"}:
        parts.append(f"längst {run.days} skoldagar")
    parts += [_WEEKDAYS[int(x.name) - 1] for x in pattern.weekdays if x.is_named]
    parts += [_EDGES[x.edge] for x in pattern.edges if x.is_named]
    parts += [one_line(x.name) for x in pattern.subjects if x.is_named]
    parts.append(_TRENDS_BRIEF.get(pattern.trend, ""))
    return " · ".join(part for part in parts if part) or NO_VALUE


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
    for part in pattern.weekdays:
        if part.is_named:
            yield (
                f"Frånvaron ligger mer på {_WEEKDAYS[int(part.name) - 1]} än på övriga dagar:"
                f" {_share(part.absent_minutes, part.reported_minutes)} mot"
                f" {_share(part.other_absent_minutes, part.other_reported_minutes)}."
            )
    for edge in pattern.edges:
        if edge.is_named:
            yield (
                f"Dagens {_EDGES_OF_A_DAY[edge.edge]} missas oftare än dagens övriga:"
                f" {edge.missed_days} av {edge.days} dagar, {edge.alone_days} av dem med"
                " närvaro på en annan lektion."
            )
    for part in pattern.subjects:
        if part.is_named:
            yield (
                f"Frånvaron är högre i {one_line(part.name)} än i övriga ämnen:"
                f" {_share(part.absent_minutes, part.reported_minutes)} mot"
                f" {_share(part.other_absent_minutes, part.other_reported_minutes)}."
            )
    if pattern.trend in _TRENDS:
        later, earlier = pattern.weeks[-_HALF:], pattern.weeks[:-_HALF]
        yield _TRENDS[pattern.trend].format(later=_together(later), earlier=_together(earlier))
    weeks = " · ".join(_share(week.absent_minutes, week.reported_minutes) for week in pattern.weeks)
    yield f"Vecka för vecka, senast sist: {weeks}."


def _together(weeks: tuple[Week, ...]) -> str:
    return _share(
        sum(week.absent_minutes for week in weeks), sum(week.reported_minutes for week in weeks)
    )


def _share(part: int, whole: int) -> str:
    return percent(Fraction(part, whole) if whole else None)
