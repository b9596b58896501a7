"""The three questions of a list, and why a pupil stands among the first, in Swedish words.

No text may say or imply that the system decided anything: a question is put to a person. Not here:
who is asked about whom (`assets/watchlists/decisions.py`).
"""

from __future__ import annotations

from fractions import Fraction

from assets.watchlists.decisions import (
    Persistence,
    Question,
    QuestionCount,
    Reply,
    answer,
    hit_elsewhere,
    is_asked,
    persistence,
)
from assets.watchlists.model import Evidence, PupilRow, RuleExplanation, Watchlist
from assets.watchlists.swedish import change_texts, follow_up_texts, rule_texts, texts

QUESTIONS = {
    Question.MENTOR: "Mentor: följ upp",
    Question.ULF: "Rektor: utredning/ULF",
    Question.SST: "Pröva SST?",
}
MEANINGS = {
    Question.MENTOR: "Mentor pratar med eleven och vårdnadshavarna och kartlägger orsaken.",
    Question.ULF: (
        "Upprepad eller längre frånvaro (ULF): rektor bedömer om den ska utredas och anmälas."
    ),
    Question.SST: (
        "Årskurs 4–9: rektor prövar, med eller efter utredningen, kontakt med skolsocialt team"
        " (SST). Vårdnadshavarna måste samtycka."
    ),
}
# What the data say of the limit, never "yes" or "no" to the question: that is a person's to answer.
# A symbol and a word: read without colour, and by those who hear the page.
ANSWERS = {
    Reply.YES: "Nås",
    Reply.LIKELY: "Nås troligt",
    Reply.UNCLEAR: "Oklart",
    Reply.NO: "",
}
SYMBOLS = {Reply.YES: "●", Reply.LIKELY: "◐", Reply.UNCLEAR: "?", Reply.NO: ""}
LEGEND = (
    "● gränsen nås, ◐ nås troligt (lektioner saknar rapport), ? uppgifterna räcker inte. Vad det"
    " leder till avgör den som bedömer."
)
PERSISTENCES = {
    Persistence.OVERDUE: follow_up_texts.OVERDUE,
    Persistence.GOES_ON: "Frånvaron pågår",
    Persistence.UNCLEAR: "Oklart om frånvaron fortsätter",
    Persistence.LOWERED: "Har minskat: följ upp",
}
PERSISTENCES_IN_BRIEF = {
    Persistence.OVERDUE: follow_up_texts.OVERDUE,
    Persistence.GOES_ON: "Pågår",
    Persistence.UNCLEAR: "Oklart",
    Persistence.LOWERED: "Har minskat",
}
PERSISTENCE_LINES = {
    Persistence.OVERDUE: f"{follow_up_texts.OVERDUE_MEANING} Störst frånvaro står överst.",
    Persistence.GOES_ON: "Någon gräns nås de senaste dagarna. Störst frånvaro står överst.",
    Persistence.UNCLEAR: (
        "En gräns nåddes förra månaden. Om frånvaron fortsätter går inte att säga: uppgifterna för"
        " de senaste dagarna räcker inte."
    ),
    Persistence.LOWERED: (
        "En gräns nåddes i kalendermånaden men inte de senaste dagarna. Frågan om utredning kan"
        " stå kvar; fråga vad som blev bättre."
    ),
}
NOBODY_IN_GROUP = "Ingen elev."
LOOK_FIRST = "Titta först på"
_WHO = {
    Question.SST: "rektor bedömer utredning/ULF och prövar SST",
    Question.ULF: "rektor bedömer utredning/ULF",
    Question.MENTOR: "mentor följer upp",
}


def count(of_question: QuestionCount, watchlist: Watchlist) -> str:
    """How many of them are new: `2 nya sedan v. 45`; "" when there is no list before."""
    if of_question.new is None:
        return ""
    since = change_texts.short_week(watchlist.compared_with)
    if not of_question.new:
        return f"ingen ny sedan {since}"
    return f"{of_question.new} {'ny' if of_question.new == 1 else 'nya'} sedan {since}"


def share_listed(watchlist: Watchlist) -> str:
    """`12 av 300 elever, 4,0 %, står på listan.`; "" when the list says nothing of anybody."""
    everyone = watchlist.pupils_evaluated
    if not everyone or watchlist.says_nothing:
        return ""
    listed = len(watchlist.pupils)
    return (
        f"{listed} av {texts.pupils(everyone)}, {texts.percent(Fraction(listed, everyone))}, står"
        " på listan."
    )


def only_mentor(pupils: int, unclear: int) -> str:
    """What is folded: `104 elever som bara mentor följer upp`.

    Args:
        pupils: about whom neither of the principal's questions is asked.
        unclear: those of them for whom the data are too few to say so.
    """
    sentence = f"{texts.pupils(pupils)} som bara mentor följer upp"
    if not unclear:
        return sentence
    return f"{sentence}, {unclear} av dem med oklart underlag för utredning/ULF eller SST"


def more_first(count: int) -> str:
    """How many new or higher pupils had no place among the first."""
    if not count:
        return ""
    return f"{texts.pupils(count)} till är nya eller har fått fler frågor: se nedan."


def also_lacking(count: int) -> str:
    """Who stands elsewhere on the list and lacks data too; "" when nobody does."""
    if not count:
        return ""
    who = "1 elev som står på listan" if count == 1 else f"{count} elever som står på listan"
    return f"För {who} går någon gräns inte heller att bedöma: det står på elevens rad."


def why_first(watchlist: Watchlist, pupil: PupilRow) -> str:
    """One sentence that says why a pupil is among the first, and who decides what.

    `Ny på listan: 43,2 % frånvaro de senaste 30 dagarna; rektor bedömer …`. The first figure is
    that of a window in which a limit was hit, so that nobody reads 5,3 % beside a limit of 10 %.
    """
    days = watchlist.one_month_days
    rate = pupil.one_month.rate
    lately = f"de senaste {days} dagarna"
    asked = _asked(watchlist, pupil)
    hit = hit_elsewhere(watchlist, pupil, asked[-1]) if asked else None
    if hit is not None:
        now = "ingen lektion rapporterad" if rate is None else texts.percent(rate)
        absence = f"{_absence_when(hit, rule_texts.rule_of(watchlist, hit))}, {now} {lately}"
    elif rate is None:
        absence = f"ingen lektion är rapporterad {lately}"
    else:
        absence = f"{texts.percent(rate)} frånvaro {lately}"
    lowered = ", har minskat" if persistence(pupil) is Persistence.LOWERED else ""
    return f"{_state(watchlist, pupil)}: {absence}{lowered}; {who_decides(watchlist, pupil)}."


def _absence_when(hit: Evidence, rule: RuleExplanation) -> str:
    share = f"{texts.percent(hit.sums.rate)} frånvaro"
    if hit.basis == "rolling":
        return f"{share} de senaste {rule.window_days} dagarna"
    return f"{share} i {texts.full_months(hit.window_start, hit.window_end)}"


def answer_on_row(watchlist: Watchlist, pupil: PupilRow, question: Question) -> str:
    """What the data say to a question, on a row whose own figure is the rolling month's.

    `Nås`; or `Nås okt 12,5 %` where another window than the rolling month was hit.
    """
    word = ANSWERS[answer(watchlist, pupil, question)]
    hit = hit_elsewhere(watchlist, pupil, question)
    if hit is None:
        return word
    rule = rule_texts.rule_of(watchlist, hit)
    return f"{word} {rule_texts.basis(hit, rule)} {texts.percent(hit.sums.rate)}"


def answer_on_paper(watchlist: Watchlist, pupil: PupilRow, question: Question) -> str:
    """The same, with the other window only where the row's own figure is under the limit.

    A printed row has room for two lines, and most who are hit in October are in November too.
    """
    hit = hit_elsewhere(watchlist, pupil, question)
    if hit is None:
        return ANSWERS[answer(watchlist, pupil, question)]
    rule, rate = rule_texts.rule_of(watchlist, hit), pupil.one_month.rate
    over = None if rate is None else rate * 100 - Fraction(rule.threshold_pct)
    if over is not None and (over > 0 or (over == 0 and rule.comparison == ">=")):
        return ANSWERS[answer(watchlist, pupil, question)]
    return answer_on_row(watchlist, pupil, question)


def who_decides(watchlist: Watchlist, pupil: PupilRow) -> str:
    """Who assesses what about a pupil: `rektor bedömer utredning/ULF och prövar SST`."""
    asked = _asked(watchlist, pupil)
    return _WHO[asked[-1]] if asked else "uppgifterna räcker inte för att bedöma"


def _asked(watchlist: Watchlist, pupil: PupilRow) -> list[Question]:
    return [question for question in Question if is_asked(watchlist, pupil, question)]


def _state(watchlist: Watchlist, pupil: PupilRow) -> str:
    if pupil.history is None or not watchlist.compared_with:
        return {
            Persistence.GOES_ON: PERSISTENCES[Persistence.GOES_ON],
            Persistence.UNCLEAR: PERSISTENCES[Persistence.UNCLEAR],
            Persistence.LOWERED: "Nådde en gräns förra månaden",
        }[persistence(pupil)]
    if pupil.change == "new":
        return "Ny på listan"
    if pupil.change == "escalated":
        return "Fler frågor än på förra listan"
    return f"Fortsätter, {change_texts.clock(pupil.history)}"
