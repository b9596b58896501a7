"""The Swedish words, and the columns, of pupils whom nobody or hardly anybody sees.

Here: one part of a list's data section, and the next step of such a pupil. Not here: who is in it
(`unseen.py`).
"""

from __future__ import annotations

from assets.watchlists.model import PupilRow, Unseen, Watchlist
from assets.watchlists.swedish import texts

UNSEEN = "Elever utan lektioner"
THIN = "Tunna scheman"
LOST = "Elever som kan saknas"
H_SINCE = "På elevlistan sedan"
H_LAST_LESSON = "Senaste lektion på skolan"
H_SHARE = "Schema"
H_FIRST_LESSON = "Räknat från"
ROW_LINE = "Inga lektioner den senaste tiden: går inte att bedöma"
UNSEEN_LINE = (
    "Ta reda på var elever utan lektioner är: att inget står om dem betyder inte att de är i"
    " skolan."
)
THIN_LINE = (
    "Ett anpassat schema kan vara rätt. Kontrollera att det stämmer: en låg frånvaroandel av få"
    " lektioner säger lite."
)


def unseen_line(watchlist: Watchlist) -> str:
    """Who stands in the table of pupils without lessons, and how many."""
    return (
        f"{texts.pupils(len(watchlist.unseen))} står på elevlistan men har ingen lektion de senaste"
        f" {watchlist.unseen_days} dagarna, fast klassen har det."
    )


def unseen_in_brief(watchlist: Watchlist) -> str:
    """How many nobody sees: `2 elever på elevlistan saknar lektioner`."""
    return f"{texts.pupils(len(watchlist.unseen))} på elevlistan saknar lektioner."


def thin_line(watchlist: Watchlist) -> str:
    """Who stands in the table of thin timetables, and how many."""
    shares = {name: value for name, value, _ in watchlist.shared_parameters}
    under = f"under {shares['thin.share']} av" if "thin.share" in shares else "mycket mindre än"
    return (
        f"{texts.pupils(len(watchlist.thin))} har {under} klassens schemalagda tid per skoldag"
        f" (median). {THIN_LINE}"
    )


def lost_line(watchlist: Watchlist) -> str:
    """How many rows were refused for an identity number; "" when none was."""
    count = watchlist.lost_rows
    if not count:
        return ""
    rows = "1 rad" if count == 1 else f"{count} rader"
    return (
        f"{rows} i skolans filer har ett personnummer som inte går att läsa. Elever i dem kan"
        " saknas på listan. Den som sköter inläsningen har detaljerna."
    )


def next_step(unseen: Unseen) -> str:
    """What to do about a pupil whom no lesson shows."""
    known = f"sedan {texts.day(unseen.last_lesson)}" if unseen.last_lesson else "i uppgifterna"
    return (
        f"Inga lektioner {known}: kontrollera schema och placering, kontakta eleven och"
        " vårdnadshavarna."
    )


def thin_share(percent: int) -> str:
    """`schema 20 % av klassens`."""
    return f"schema {percent} % av klassens" if percent else "schema under 1 % av klassens"


def row_lines(pupil: PupilRow) -> tuple[str, ...]:
    """What a pupil's row says beside the rules."""
    lines = []
    if pupil.unseen is not None:
        lines.append(ROW_LINE)
    if pupil.thin_percent is not None:
        share = thin_share(pupil.thin_percent)
        lines.append(share[0].upper() + share[1:])
    return tuple(lines)


def since(unseen: Unseen) -> str:
    """In words, as the workbook's sheet has them in one cell with the next step."""
    day = texts.day(unseen.on_roster_since) if unseen.on_roster_since else texts.NO_VALUE
    return f"{H_SINCE} {day}."


def evaluated(watchlist: Watchlist) -> str:
    """How many were looked at, and for how many of them it led to nothing certain."""
    everyone = texts.pupils(watchlist.pupils_evaluated)
    unsure, unseen = len(watchlist.insufficient), len(watchlist.unseen)
    if not unsure:
        return everyone
    sentence = (
        f"{everyone}. För {unsure} av dem räcker uppgifterna inte för att bedöma alla gränser"
    )
    return f"{sentence}, {unseen} har inga lektioner." if unseen else f"{sentence}."
