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
    is_asked,
    persistence,
)
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.swedish import change_texts, texts

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
    Persistence.GOES_ON: "Frånvaron pågår",
    Persistence.UNCLEAR: "Oklart om frånvaron fortsätter",
    Persistence.LOWERED: "Har minskat: följ upp",
}
PERSISTENCES_IN_BRIEF = {
    Persistence.GOES_ON: "Pågår",
    Persistence.UNCLEAR: "Oklart",
    Persistence.LOWERED: "Har minskat",
}
PERSISTENCE_LINES = {
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

    `Ny på listan: 43,2 % frånvaro de senaste 30 dagarna; rektor bedömer …`
    """
    days = watchlist.one_month_days
    rate = pupil.one_month.rate
    if rate is None:
        absence = f"ingen lektion är rapporterad de senaste {days} dagarna"
    else:
        absence = f"{texts.percent(rate)} frånvaro de senaste {days} dagarna"
    lowered = ", har minskat" if persistence(pupil) is Persistence.LOWERED else ""
    return f"{_state(watchlist, pupil)}: {absence}{lowered}; {who_decides(watchlist, pupil)}."


def who_decides(watchlist: Watchlist, pupil: PupilRow) -> str:
    """Who assesses what about a pupil: `rektor bedömer utredning/ULF och prövar SST`."""
    asked = [question for question in Question if is_asked(watchlist, pupil, question)]
    return _WHO[asked[-1]] if asked else "uppgifterna räcker inte för att bedöma"


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
