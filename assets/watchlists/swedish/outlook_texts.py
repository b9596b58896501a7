"""What can come of a rule, in Swedish words.

No sentence predicts what a pupil will do: each says the earliest day something can be so, if every
coming lesson is missed, or attended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from assets.flags.outlook import Outlook
from assets.watchlists.model import Evidence, PupilOutlook, PupilRow, RuleExplanation, RuleOutlook
from assets.watchlists.swedish import rule_texts
from assets.watchlists.swedish.texts import day

_UNKNOWN = {
    "monthly_sums": "går inte att säga, för skolan ger bara summor per månad.",
    "no_timetable": "går inte att säga, för inga kommande lektioner är kända.",
}
_ULF, _SST = 2, 3
_YEAR_END = "läsårets slut"


def outlook(found: Outlook, rule: RuleExplanation) -> str:
    """What can come of one rule on one basis, as the end of a sentence."""
    if found.unknown:
        return _UNKNOWN[found.unknown]
    if found.first_look_date is None:
        return "räknas inte om före läsårets slut."
    when = day(found.turn_date) if found.turn_date else _YEAR_END
    share = rule_texts.limit(rule)
    percent = share.rpartition(" %")[0].rpartition(" ")[2] + " %"
    if found.is_reached:
        lower = f"bli {percent} eller lägre" if rule.comparison == ">" else f"gå under {percent}"
        return f"kan inte {lower} före {when}, även med full närvaro."
    if found.turn_date is None:
        return f"kan inte bli {share} före {when}."
    if found.lessons == 0:
        return f"blir {share} den {when} även med full närvaro."
    lessons = "1 lektion" if found.lessons == 1 else f"{found.lessons} lektioner"
    return f"blir {share} tidigast {when}, om eleven missar {lessons} till i rad."


def outlook_lines(pupil: PupilRow, rules: Mapping[str, RuleExplanation]) -> tuple[str, ...]:
    """What can come of the rules that the pupil reaches, of the next step, and on which ground.

    A step that is reached on the calendar basis can be left at the end of a month at the soonest,
    whoever the pupil is, and what can't be told says nothing: there is no line of either.
    """
    return tuple(_outlook_lines(pupil, rules, pupil.ahead)) if pupil.ahead else ()


def _outlook_lines(
    pupil: PupilRow, rules: Mapping[str, RuleExplanation], ahead: PupilOutlook
) -> Iterator[str]:
    found = {(item.rule, item.basis): item.outlook for item in ahead.outlooks}
    told = [
        (item, found[item.rule, item.basis])
        for item in pupil.evidence
        if (item.rule, item.basis) in found and not item.lacks_lessons
    ]
    following = _next_step(pupil, rules, ahead)
    lines = [
        f"{_where(item.rule, item.basis, rules)}: {outlook(of_rule, rules[item.rule])}"
        for item, of_rule in told
        if _says_something(item, of_rule)
    ]
    if following is not None:
        where = _where(following.rule, following.basis, rules)
        lines.append(f"Nästa gräns – {where}: {outlook(following.outlook, rules[following.rule])}")
    yield from lines
    if lines:
        yield _ground(ahead)


def _says_something(item: Evidence, found: Outlook) -> bool:
    if found.unknown or found.first_look_date is None:
        return False
    return item.basis == "rolling" or not found.is_reached


def _next_step(
    pupil: PupilRow, rules: Mapping[str, RuleExplanation], ahead: PupilOutlook
) -> RuleOutlook | None:
    """The step of a higher level that can be reached first; a referral only follows a ulf step."""

    def is_next(item: RuleOutlook) -> bool:
        rule = rules[item.rule]
        is_for_grade = pupil.grade is None or pupil.grade in rule.grades
        is_its_turn = rule.level != _SST or pupil.level == _ULF
        return (
            pupil.level < rule.level
            and is_for_grade
            and is_its_turn
            and not item.outlook.is_reached
            and item.outlook.turn_date is not None
        )

    return min(filter(is_next, ahead.outlooks), key=_soonest, default=None)


def _soonest(item: RuleOutlook) -> tuple[date, int]:
    return item.outlook.turn_date or date.max, item.outlook.lessons or 0


def _where(rule: str, basis: str, rules: Mapping[str, RuleExplanation]) -> str:
    window = f"{rules[rule].window_days} dagar" if basis == "rolling" else "hela kalendermånader"
    return f"{rule_texts.rule_name(rules[rule])} ({window})"


def _ground(ahead: PupilOutlook) -> str:
    usual = f"från de senaste {ahead.weeks} veckorna med lektioner"
    if ahead.weeks == 1:
        usual = "från den senaste veckan med lektioner"
    if ahead.known_until_date is not None:
        known = f"till och med {day(ahead.known_until_date)} ur schemat"
        usual = f"{known}, sedan {usual}" if ahead.weeks else known
    elif not ahead.weeks:
        return "Gäller gränsen för sig. Elevens kommande lektioner är inte kända."
    return (
        f"Gäller gränsen för sig. Kommande lektioner är tagna {usual}; kommande lov är inte kända."
    )
