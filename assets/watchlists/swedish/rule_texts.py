"""The rules, and how a pupil meets them, in Swedish words.

Here: one rule, one hit, one margin as text. Not here: which rules apply or who is hit; that comes
with the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from assets.watchlists.model import Evidence, RuleExplanation, Watchlist
from assets.watchlists.swedish.headings import PARAMETER_NAMES
from assets.watchlists.swedish.texts import NO_VALUE, months, number, percent, span

_COMPARISONS = {">": "mer än", ">=": "minst"}
_WINDOWS = {"one_month": "1 månad", "two_months": "2 månader"}
_SST_LEVEL = 3
_ALL_GRADES = 10  # 0 (förskoleklass) to 9


def rule_of(watchlist: Watchlist, evidence: Evidence) -> RuleExplanation:
    """The rule that a verdict is of.

    Raises:
        StopIteration: the list does not explain it.
    """
    return next(rule for rule in watchlist.rules if rule.rule == evidence.rule)


def limit(rule: RuleExplanation) -> str:
    """The step a rule asks for: `mer än 10 %`."""
    return f"{_COMPARISONS[rule.comparison]} {number(rule.threshold_pct)} %"


def rule_name(rule: RuleExplanation) -> str:
    """A rule in words: `Mer än 10 % under 1 månad`."""
    words = f"{limit(rule)} under {_WINDOWS[rule.window]}"
    words = f"ULF-gräns och {words}" if rule.level == _SST_LEVEL else words
    return as_sentence(words)


def as_sentence(words: str) -> str:
    """Words with a capital letter first; the rest stays (`ULF`)."""
    return words[:1].upper() + words[1:]


def counted(rule: RuleExplanation) -> str:
    """How the rule's window is taken: `2 månader, hela perioden räknas ihop`."""
    if rule.window == "one_month":
        return f"1 månad: {rule.window_days} dagar eller kalendermånad"
    if rule.method == "each":
        return "2 månader: varje halva för sig ska nå gränsen"
    return "2 månader: hela perioden räknas ihop"


def min_days(rule: RuleExplanation) -> str:
    """`20, och 5 i varje halva`."""
    halves = f", och {rule.min_days_each_half} i varje halva" if rule.min_days_each_half else ""
    return f"{rule.min_days}{halves}"


def sources(references: Sequence[tuple[str, str]]) -> str:
    """A line for each source, with the values that come from it; the threshold's comes first."""
    order = list(PARAMETER_NAMES.values())
    named = [(parameter(name), reference) for name, reference in references]
    named.sort(key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    by_source: dict[str, list[str]] = {}
    for name, reference in named:
        by_source.setdefault(reference, []).append(name)
    # A dash: the source itself may begin with words and a colon ("Eget val: …").
    return "\n".join(
        f"{as_sentence(', '.join(names))} – {source}" for source, names in by_source.items()
    )


def parameter(name: str) -> str:
    """A parameter's name in Swedish; one that has no Swedish name here is shown as it is."""
    return PARAMETER_NAMES.get(name) or PARAMETER_NAMES.get(name.rpartition(".")[2], name)


def basis(evidence: Evidence, rule: RuleExplanation) -> str:
    """Which of the two windows it is: `30 dagar`, or `sep–okt`."""
    if evidence.basis == "rolling":
        return f"{rule.window_days} dagar"
    return months(evidence.window_start, evidence.window_end)


def window(evidence: Evidence, rule: RuleExplanation) -> str:
    """The window with its dates: `30 dagar: 17 okt–15 nov 2026`."""
    return f"{basis(evidence, rule)}: {span(evidence.window_start, evidence.window_end)}"


def insufficient_line(rule: RuleExplanation, item: Evidence, grade: int | None) -> str:
    """One rule that cannot be assessed, with the span the true share lies in, and why."""
    where = f"{rule_name(rule)} ({basis(item, rule)})"
    if item.lacks_lessons:
        return f"{where}: det finns bara summor per månad"
    low, high = percent(item.sums.rate_lower), percent(item.sums.rate_upper)
    share = f"frånvaron är {low}" if low == high else f"frånvaron är mellan {low} och {high}"
    return f"{where}: {share}; {_why_insufficient(rule, item, grade)}"


def insufficient_lines(
    rules: Mapping[str, RuleExplanation], items: Sequence[Evidence], grade: int | None
) -> str:
    """A line for each verdict that the data are too few for; `grade` is the pupil's."""
    unknown = (item for item in items if item.verdict == "insufficient")
    return "\n".join(insufficient_line(rules[item.rule], item, grade) for item in unknown)


def unassessed(rule: RuleExplanation) -> str:
    """One rule that cannot be assessed: `Går inte att bedöma: minst 40 % under 1 månad`."""
    name = rule_name(rule)
    is_plain = rule.level != _SST_LEVEL
    return f"Går inte att bedöma: {name[0].lower() + name[1:] if is_plain else name}"


def share(item: Evidence) -> str:
    """The share, with the span the true one lies in: `40,0 % (mellan 20,0 % och 70,0 %)`.

    Where every lesson is reported the two are one, and it is said once.
    """
    found = percent(item.sums.rate)
    low, high = percent(item.sums.rate_lower), percent(item.sums.rate_upper)
    return found if low == high else f"{found} (mellan {low} och {high})"


def verdict(item: Evidence, rule: RuleExplanation) -> str:
    """How one rule came out on one basis: `Nås (underlag: säkert)`, `Går inte att bedöma: …`."""
    if item.verdict == "hit":
        return f"Nås (underlag: {'troligt' if item.certainty == 'likely' else 'säkert'})"
    # Of the pupil only whether the grade is known matters here, and the reason says so.
    grade = None if item.reason == "unknown_grade" else 0
    return f"Går inte att bedöma: {_why_insufficient(rule, item, grade)}"


def value(with_unit: str) -> str:
    """A parameter's value as the rule set writes it (`30 days`, `12.5 %`), in Swedish."""
    return (
        with_unit.replace("days", "dagar")
        .replace("minutes", "minuter")
        .replace("spells", "perioder")
        .replace(".", ",")
    )


def _why_insufficient(rule: RuleExplanation, item: Evidence, grade: int | None) -> str:
    if not item.sums.reported_minutes:
        return "ingen lektion är rapporterad"
    if item.sums.days < rule.min_days:
        return f"{item.sums.days} av minst {rule.min_days} skoldagar har rapport"
    if grade is None and len(rule.grades) < _ALL_GRADES:
        return "elevens årskurs saknas i uppgifterna"
    margin_minutes = item.margin_minutes
    is_reached = margin_minutes > 0 or (margin_minutes == 0 and rule.comparison == ">=")
    if rule.level == _SST_LEVEL and is_reached:
        return "det går inte att bedöma om en ULF-gräns nås"
    share = f"{percent(item.sums.coverage)} av tiden är rapporterad"
    if rule.min_days_each_half:
        return f"{share}, eller färre än {rule.min_days_each_half} skoldagar i en halva"
    return share


def margin_of(item: Evidence) -> str:
    """The margin of one verdict; no value where the window has no reported time to compare."""
    return margin(item.margin_minutes) if item.sums.reported_minutes else NO_VALUE


def margin(minutes: Decimal) -> str:
    """Absence over or under a step: `6 tim 20 min över`, `12,5 min under`, `precis på gränsen`.

    The exact minutes matter near a step; from ten hours on only whole hours are written.
    """
    if not minutes:
        return "precis på gränsen"
    size, side = abs(minutes), "över" if minutes > 0 else "under"
    if size < 60:
        return f"{number(size)} min {side}"
    hours, rest = divmod(int(size), 60)
    has_minutes = rest and hours < 10
    return f"{hours} tim {rest} min {side}" if has_minutes else f"{hours} tim {side}"
