"""Why a pupil is, or is not, on a list: three sentences in English, and a line for each verdict.

What an explanation begins with. Not here: the arithmetic (`explain_text.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from assets.flags.exact_numbers import spaced
from assets.flags.explain import Explanation, Judgement
from pipelines.cli.pupil.explain_text import (
    because,
    day_of,
    head,
    limit,
    margin,
    outlook_sentence,
    percent,
    window_of,
)
from rules.models import Rule

_Found = tuple[Rule, Judgement]


def three_sentences(explanation: Explanation) -> tuple[str, str, str]:
    """Say whether the pupil is on a list, by which figures, and what can come of that.

    The figures are of the hit that leads: the highest level, certain before likely, the widest
    margin. Without a hit they are of the verdict that lacks data, or else of the nearest limit.
    """
    place, as_of = explanation.place, explanation.evaluation.as_of
    rule_set = explanation.evaluation.rule_set
    if place.has_left:
        return (
            f"On no list as of {as_of}: the pupil has left school unit {place.school_unit_code}.",
            (
                f"The latest lesson was {day_of(place.latest_lesson_date)}, the latest end of a "
                f"roster record {day_of(place.roster_end_date)}."
            ),
            "No rule is evaluated for who has left (docs/rules-weeks.md, Precedence).",
        )
    found = _judged(explanation)
    hits = [one for one in found if one[1].verdict == "hit"]
    doubts = [one for one in found if one[1].verdict == "insufficient"]
    if hits:
        rule, leading = max(hits, key=_weight)
        return (
            (
                f"On the list of school unit {place.school_unit_code} as of {as_of}, at level "
                f"{explanation.level}: {_names(hits)}."
            ),
            f"{_absence(rule, leading)}, {leading.certainty}.",
            _outlook(rule, leading),
        )
    if doubts:
        rule, doubtful = max(doubts, key=_weight)
        return (
            (
                f"No limit is known to be reached as of {as_of}, but {len(doubts)} of {len(found)} "
                f"verdicts can't be given: {_names(doubts)}."
            ),
            f"Of {rule.name}, {doubtful.basis}: {because(doubtful, rule, rule_set)}.",
            _span(doubtful),
        )
    nearest = [one for one in found if one[1].reported_minutes]
    if not nearest:
        return (
            f"On no list as of {as_of}: no limit is reached on either basis.",
            "No reported lesson of the pupil lies in a window that is looked at.",
            "Without lessons there is no rate, which is not the same as no absence.",
        )
    rule, found_nearest = max(nearest, key=lambda one: one[1].margin_minutes)
    return (
        f"On no list as of {as_of}: no limit is reached on either basis.",
        f"Nearest is {rule.name}: {_absence(rule, found_nearest, is_begun=False)}.",
        _outlook(rule, found_nearest),
    )


def brief_of(explanation: Explanation, person: dict[str, str] | None) -> Iterator[str]:
    """Yield who it is about, and a line for each verdict.

    Args:
        explanation: what `explain` gave.
        person: names and number, only for who asked for identities.
    """
    yield from head(explanation, person)
    for rule, found in _judged(explanation):
        share = percent(found.absent_minutes, found.reported_minutes)
        share = share if found.reported_minutes else "no rate"
        certainty = f", {found.certainty}" if found.certainty else ""
        step = f"{limit(rule)} of {window_of(rule)}"
        verdict = f"{found.verdict}{certainty}"
        yield f"  {rule.name:<16} {step:<27} {found.basis:<8} {share:>7}  {verdict}"
    yield ""
    if explanation.asides:
        lessons = (
            "1 lesson" if len(explanation.asides) == 1 else f"{len(explanation.asides)} lessons"
        )
        yield f"{lessons} in the windows do not count, or count as unreported: see --full."
    yield "The arithmetic, the values with their sources and the input files: --full."
    yield "This is evidence for a candidate. A person assesses and decides."


def _judged(explanation: Explanation) -> list[_Found]:
    return [
        (explained.rule, found)
        for explained in explanation.rules
        for found in explained.judgements.values()
        if found is not None
    ]


def _weight(one: _Found) -> tuple[object, ...]:
    rule, found = one
    return rule.level, found.certainty == "certain", found.margin_minutes


def _names(found: list[_Found]) -> str:
    """The rules with their bases: `ulf_one_month (rolling, calendar)`."""
    bases: dict[str, list[str]] = {}
    for rule, one in found:
        bases.setdefault(rule.name, []).append(one.basis)
    return ", ".join(f"{name} ({', '.join(of)})" for name, of in bases.items())


def _absence(rule: Rule, found: Judgement, *, is_begun: bool = True) -> str:
    share = percent(found.absent_minutes, found.reported_minutes)
    sentence = (
        f"{'A' if is_begun else 'a'}bsence was {share} of {spaced(found.reported_minutes)} "
        f"reported minutes from {found.window_start} to {found.window_end}"
    )
    step = f"{limit(rule)} ({rule.name}, {found.basis})" if is_begun else limit(rule)
    return f"{sentence}, the limit is {step}: {margin(found.margin_minutes)}"


def _span(found: Judgement) -> str:
    if not found.scheduled_minutes:
        return "Nothing is scheduled in the window, so there is no rate at all."
    unreported = found.scheduled_minutes - found.reported_minutes
    least = percent(found.absent_minutes, found.scheduled_minutes)
    most = percent(found.absent_minutes + unreported, found.scheduled_minutes)
    return (
        f"The true absence from {found.window_start} to {found.window_end} lies between {least} "
        f"and {most}: {spaced(unreported)} of {spaced(found.scheduled_minutes)} minutes have no "
        "report."
    )


def _outlook(rule: Rule, found: Judgement) -> str:
    sentence = outlook_sentence(found.outlook, rule)
    if found.outlook.unknown:
        return f"What can come of it is {sentence}."
    if found.outlook.first_look_date is None or sentence[0].isdigit():
        return f"{sentence[0].upper()}{sentence[1:]}."
    return f"This share {sentence}."
