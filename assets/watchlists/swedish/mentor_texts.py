"""The Swedish words of a mentor's own list, and of the overview of mentors.

Not here: whose pupils stand there (`mentor_lists.py`), columns (`mentor_tables.py`).
"""

from __future__ import annotations

from assets.watchlists.model import Watchlist
from assets.watchlists.swedish import texts

PUPILS = "Mina elever"
OVERVIEW = "Mentorer"
OVERVIEW_LINE = (
    "Så många av mentorns elever står på listan. Att göra: rektor utser vem som följer upp elever"
    " vars mentor saknas."
)
OVERVIEW_EMPTY = "Ingen mentor har någon elev på listan."
WHAT_IT_IS = (
    "Dina elever vars frånvaro har nått en gräns i frånvarotrappan, eller för vilka uppgifterna"
    " inte räcker, efter uppgifter till och med {day}."
)
TODO = (
    "Att göra: prata med eleven och hemmet, kartlägg orsaken och dokumentera. Vad som är nästa steg"
    " står för var och en."
)
NOBODY = "Ingen av dina elever når någon gräns."
LIMITS = (
    "Hur gränserna räknas står på rektors lista. Saknad rapport är varken närvaro eller frånvaro."
)
HELD = "Nyare uppgifter från skolan väntar på kontroll. Listan visar läget till och med {day}."
SCHOOL_NOTICES = "Det finns anmärkningar om skolans uppgifter. De står på rektors lista."
UNREPORTED_LINE = "Lektioner i dina elevers klasser som ingen har rapporterat."
H_CLASSES = "Klasser"
H_PUPILS = "Elever på listan"
H_NEW = "Nya"
H_TO_ASSESS = "Att bedöma"
H_UNASSESSED = "Data räcker inte"
H_GONE = "Borta sedan förra"


def notices(watchlist: Watchlist) -> tuple[str, ...]:
    """What a mentor is told of the school's notices, which can speak of other pupils' classes.

    Args:
        watchlist: the school's list.
    """
    told = []
    if watchlist.held:
        told.append(HELD.format(day=texts.day(watchlist.as_of)))
    # Of a list that waits, the reason is the first of the notices.
    if len(watchlist.notices) > bool(watchlist.held):
        told.append(SCHOOL_NOTICES)
    return tuple(told)


def what_it_is(watchlist: Watchlist) -> str:
    """One sentence that says what the mentor has before them, and up to which day."""
    return WHAT_IT_IS.format(day=texts.day(watchlist.as_of))
