"""The Swedish words of a mentor's own list, and of the rektor's overview of mentors.

Not here: whose pupils stand there (`mentor_lists.py`).
"""

from __future__ import annotations

from assets.watchlists.model import Watchlist
from assets.watchlists.swedish import follow_up_texts, texts

PUPILS = "Mina elever"
TODO = (
    "Att göra: prata med eleven och vårdnadshavarna, kartlägg orsaken och dokumentera. Vad rektor"
    " bedömer står för var och en."
)
HELD = "Nyare uppgifter från skolan väntar på kontroll. Listan visar läget till och med {day}."
SCHOOL_NOTICES = "Det finns anmärkningar om skolans uppgifter. De står på rektors lista."
UNREPORTED_LINE = "Lektioner i dina elevers klasser som ingen har rapporterat."

# --- the overview of mentors ---------------------------------------------------------------------
MENTORS = "Mentorer"
MENTORS_LINE = "Antal elever. En elev kan räknas under flera frågor."
NO_MENTORS = "Ingen mentor har en elev på listan."
H_ON_LIST = "På listan"
H_NEW = "Nya"
H_HERE_UNSEEN = "Går inte att bedöma"
H_GONE = "Inte längre på listan"
H_CLASSES = "Klasser"


def notices(watchlist: Watchlist) -> tuple[str, ...]:
    """What a mentor is told of the school's notices, which can speak of other pupils' classes.

    Args:
        watchlist: the school's list.
    """
    told = []
    if watchlist.held:
        told.append(HELD.format(day=texts.day(watchlist.as_of)))
    stale = follow_up_texts.stale(watchlist)
    if stale:
        told.append(stale)
    # Of a list that waits, the reason is the first of the notices.
    if len(watchlist.notices) > bool(watchlist.held) + bool(stale):
        told.append(SCHOOL_NOTICES)
    return tuple(told)


def nobody(watchlist: Watchlist) -> str:
    """That no own pupil reaches a limit, and of how many that can't be said.

    Args:
        watchlist: what `watchlist_of_mentor` gave.
    """
    unassessed = sum(pupil.level == 0 for pupil in watchlist.insufficient)
    if not unassessed:
        return "Ingen av dina elever når någon gräns enligt uppgifterna."
    return (
        f"Ingen av de elever som går att bedöma når någon gräns. För {texts.pupils(unassessed)}"
        " räcker uppgifterna inte; det betyder inte att frånvaron är låg."
    )
