"""The Swedish words for what changed since the list before.

Not here: the states themselves (`week_states.py`), where they stand (`outline.py`).
"""

from __future__ import annotations

from collections import Counter

from assets.watchlists.model import ClearedPupil, ListHistory, PupilRow, Watchlist
from assets.watchlists.swedish import texts

STATES = {"new": "Ny", "escalated": "Fler frågor", "continuing": "Kvar", "lowered": "Färre frågor"}
# What was asked on the list before, by its level.
_BEFORE = {1: "förut mentor", 2: "förut utredning/ULF", 3: "förut även SST"}
_LATE = "sena uppgifter: gällde redan vid förra listan"
_OTHER_VALUES = "gränsens värde har ändrats"
_LOWERED = {
    "other_values": _OTHER_VALUES,
    "improved": "mindre frånvaro",
    "corrected": "uppgifter har rättats",
    "insufficient": "data räcker inte för den fråga som föll bort",
}
_CLEARED = {
    "other_values": "Gränsens värde har ändrats sedan förra listan",
    "improved": "Mindre frånvaro: når ingen gräns längre",
    "corrected": "Uppgifter har rättats: med dem hade eleven inte stått på förra listan",
    "left": "Slutat, eller hör till en annan skola",
    "insufficient": "Data räcker inte för att bedöma; det betyder inte att frånvaron är låg",
}
# In the order in which the summary tells them.
_COUNTED = {
    "new": ("ny", "nya"),
    "escalated": ("med fler frågor", "med fler frågor"),
    "continuing": ("kvar med samma frågor", "kvar med samma frågor"),
    "lowered": ("med färre frågor", "med färre frågor"),
}
_GONE = {
    "other_values": ("efter ändrat gränsvärde", "efter ändrat gränsvärde"),
    "improved": ("med mindre frånvaro", "med mindre frånvaro"),
    "corrected": ("efter rättade uppgifter", "efter rättade uppgifter"),
    "left": ("har slutat eller bytt skola", "har slutat eller bytt skola"),
    "insufficient": ("där data inte räcker", "där data inte räcker"),
}

CLEARED_LINE = (
    "De här eleverna stod på förra listan men inte på den här. Varför står för var och en: ingen"
    " gräns nås, uppgifterna räcker inte, eller eleven går inte på skolan längre."
)
NOBODY_CLEARED = "Ingen har gått från listan."


def heading(watchlist: Watchlist) -> str:
    """What the column of changes compares with: `Sedan v. 45`."""
    return f"Sedan {short_week(watchlist.compared_with)}"


def cleared_heading(watchlist: Watchlist) -> str:
    """The heading of those who are gone: `Inte längre på listan sedan v. 45`."""
    return f"Inte längre på listan sedan {short_week(watchlist.compared_with)}"


def short_week(iso_week: str) -> str:
    """`2026-W45` as `v. 45`: within a school year the week alone is enough."""
    return texts.week(iso_week).rpartition(" ")[0]


def change(history: ListHistory) -> str:
    """How a pupil on the list stands against the list before, in a line or three."""
    state = STATES[history.state]
    if history.state in {"escalated", "lowered"}:
        before = _BEFORE.get(history.previous_level)
        state = f"{state} ({before})" if before else state
    lines = [state]
    if history.state == "lowered":
        lines.append(_LOWERED[history.reason])
    elif history.reason:
        lines.append({"late_data": _LATE, "other_values": _OTHER_VALUES}[history.reason])
    if history.weeks_on_list > 1:
        lines.append(clock(history))
    return "\n".join(lines)


def clock(history: ListHistory) -> str:
    """How long a pupil has been on lists this school year: `3 veckor, först v. 41`."""
    weeks = "1 vecka" if history.weeks_on_list == 1 else f"{history.weeks_on_list} veckor"
    return f"{weeks}, först {short_week(history.first_week)}"


def in_brief(pupil: PupilRow) -> str:
    """The state in a word or two; "" when it isn't known."""
    return STATES.get(pupil.change, "")


def on_row(pupil: PupilRow) -> str:
    """The state as a row has it: `Ny`, `Kvar, 3 v.`; "" when it isn't known."""
    state = in_brief(pupil)
    if pupil.history is None or pupil.history.weeks_on_list == 1:
        return state
    return f"{state}, {pupil.history.weeks_on_list} v."


def why_cleared(pupil: ClearedPupil) -> str:
    """Why a pupil is gone from the list."""
    return _CLEARED[pupil.history.reason]


def summary(watchlist: Watchlist) -> str:
    """What changed, in numbers; "" when there is no list to compare with."""
    if not watchlist.compared_with:
        return ""
    states = Counter(pupil.change for pupil in watchlist.pupils)
    parts = [f"{states[state]} {_form(words, states[state])}" for state, words in _COUNTED.items()]
    reasons = Counter(pupil.history.reason for pupil in watchlist.cleared)
    gone = [
        f"{reasons[reason]} {_form(words, reasons[reason])}"
        for reason, words in _GONE.items()
        if reasons[reason]
    ]
    why = f" ({', '.join(gone)})" if gone else ""
    parts.append(f"{len(watchlist.cleared)} inte längre på listan{why}")
    return f"Jämfört med listan för {texts.week(watchlist.compared_with)}: {', '.join(parts)}."


def _form(words: tuple[str, str], count: int) -> str:
    return words[0] if count == 1 else words[1]
