"""A consultation sheet in Swedish words: a pupil described so that nobody knows who it is.

Not here: what may be said (`assets/flags/consultation.py`), paper
(`pipelines/cli/pupil/consult.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.flags.consultation import Consultation, Revealed
from rules.models import RuleSet

TITLE = "Underlag för konsultation"
INTRODUCTION = (
    "För råd från socialtjänst eller skolsocialt team utan att elevens personuppgifter röjs."
)
CHECK = "Kontrollera att eleven inte går att känna igen."
DECISION = "Underlaget är inget beslut. En person bedömer."
_STAGES = {
    "early": "Förskoleklass–årskurs 3",
    "middle": "Årskurs 4–6",
    "late": "Årskurs 7–9",
    "unknown": "Okänt",
}
_SHAPES = {
    "none": "Ingen rapporterad frånvaro",
    "too_little": "För få dagar för att beskriva",
    "coherent": "Sammanhängande: det mesta ligger i långa perioder av hela dagar",
    "scattered": "Utspridd: lite eller inget ligger i långa perioder",
    "mixed": "Både sammanhängande och utspridd",
}
_TRENDS = {
    "rising": "Ökar",
    "falling": "Minskar",
    "level": "Ungefär lika",
    "unknown": "Går inte att säga",
}
_NOTHING = "Inget angivet"
_REVEALED: dict[Revealed, str] = {
    "number": "ett långt tal eller ett datum",
    "date": "ett datum",
    "sex": "ett ord som visar elevens kön",
    "name": "elevens eller mentorns namn",
    "place": "klassen eller skolan",
    "subject": "ett ämne som eleven läser",
}


@dataclass(frozen=True)
class Item:
    """A heading and the lines below it."""

    heading: str
    lines: tuple[str, ...]


def items(
    consultation: Consultation, rule_set: RuleSet, done: Sequence[str], question: str
) -> tuple[Item, ...]:
    """Return what the sheet says, from top to bottom.

    Args:
        consultation: what may be said of the pupil.
        rule_set: for the limits that are reached.
        done: what the school has done, a line each; looked through before.
        question: what the asker wants to know; looked through before.
    """
    return (
        Item("Stadium", (_STAGES[consultation.stage],)),
        Item(
            "Frånvaro av lektionstiden",
            (
                f"En månad: {_band(consultation.one_month_band)}",
                f"Två månader: {_band(consultation.two_months_band)}",
            ),
        ),
        Item("Hur frånvaron ligger", (_SHAPES[consultation.shape],)),
        Item("Utveckling", (_TRENDS[consultation.trend],)),
        Item("Gränser i frånvarotrappan som nås", _steps(consultation, rule_set)),
        Item("Vad skolan har gjort", tuple(done) or (_NOTHING,)),
        Item("Fråga", (question or _NOTHING,)),
    )


def refused(kind: Revealed) -> str:
    """Why a text of the asker is not on the sheet; nothing of the text is repeated."""
    return (
        f"Texten innehåller {_REVEALED[kind]}, så eleven går att känna igen. Skriv så att det kan "
        "gälla många, till exempel ”eleven”. Det du skrev står kvar."
    )


def _band(band: tuple[int, int] | None) -> str:
    return f"{band[0]}–{band[1]} %" if band else "ingen lektion är rapporterad"


def _steps(consultation: Consultation, rule_set: RuleSet) -> tuple[str, ...]:
    rules = {rule.name: rule for rule in rule_set.rules}
    lines = []
    for name, is_certain in consultation.steps:
        rule = rules[name]
        limit = f"{rule.threshold_pct.normalize():f}".replace(".", ",")
        reached = "mer än" if rule.comparison == "over" else "minst"
        window = "en månad" if rule.window == "one_month" else "två månader"
        words = f"{reached} {limit} % under {window}"
        if rule.requires_ulf:
            words = f"pröva skolsocialt team: en gräns för utredning och {words}"
        lines.append(f"{words[:1].upper()}{words[1:]}{'' if is_certain else ' (troligt)'}")
    return tuple(lines) or ("Ingen",)
