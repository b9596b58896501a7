"""What was done about pupils, in Swedish words: status, who is responsible, what is overdue.

A reminder is never a decision, and no word here says that somebody did wrong. Not here: what is
overdue (`assets/follow_up/standing.py`), the words of a status (`rules/follow_up/steps.yaml`).
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from assets.watchlists.model import ClearedPupil, PupilRow, RowFollowUp, Watchlist
from assets.watchlists.swedish import texts
from assets.watchlists.swedish.headings import H_MENTOR, NO_MENTOR, PRINCIPAL
from assets.watchlists.swedish.safe_text import one_line
from rules.follow_up_words import Reminder, RoleName, step_words

OVERDUE = "Kvar utan åtgärd"
OVERDUE_MEANING = (
    "Ingen åtgärd har skrivits i portalen inom påminnelsens tid. En påminnelse, inte ett beslut."
)
H_FOLLOW_UP = "Uppföljning"
H_STATUS = "Status"
H_RESPONSIBLE = "Ansvarig"
H_IDLE = "Skoldagar utan åtgärd"
#: On paper there is room for one name: who is responsible, else the mentor.
H_RESPONSIBLE_OR_MENTOR = "Ansvarig eller mentor"
#: Somebody whom rosters and register of the school don't name, or who left.
UNKNOWN_PERSON = "se portalen"
SEE_THEM = "Se vilka"
NOTHING_RECORDED = "Ingen åtgärd är inskriven."
_REMINDERS: dict[Reminder, str] = {
    "contact": "kontakt med elev och vårdnadshavare",
    "mapping": "kartläggning",
    "assessment": "rektors bedömning",
    "follow_up": "uppföljning",
}
_HEADINGS: dict[RoleName, str] = {"mentor": H_MENTOR, "principal": PRINCIPAL}


def status(found: RowFollowUp | None) -> str:
    """What mentor and principal said last: `Rektor: Utredning pågår 2026-11-20 · Mentor: …`."""
    if found is None:
        return ""
    said: tuple[tuple[RoleName, str, date | None], ...] = (
        ("principal", found.principal_status, found.principal_date),
        ("mentor", found.mentor_status, found.mentor_date),
    )
    return " · ".join(
        f"{_HEADINGS[role]}: {_words(role).get(code, one_line(code))} {day.isoformat()}"
        for role, code, day in said
        if code and day
    )


@cache
def _words(role: RoleName) -> dict[str, str]:
    return {word.code: word.sv for word in step_words().of_role(role)}


def responsible(found: RowFollowUp | None) -> str:
    """The name of who is responsible; "" for nobody."""
    if found is None:
        return ""
    return UNKNOWN_PERSON if found.is_responsible_unknown else one_line(found.responsible)


def responsible_or_mentor(pupil: PupilRow) -> str:
    """Who is to be asked about a pupil."""
    found = pupil.follow_up
    if found is not None and found.responsible:
        return one_line(found.responsible)
    return one_line(pupil.mentor) or NO_MENTOR


def idle(found: RowFollowUp | None) -> int | None:
    """School days without an act; None where nothing waits for one."""
    return found.idle_days if found else None


def overdue(
    reminder: Reminder | None, idle_days: int, allowed_days: int | None, next_date: date | None
) -> str:
    """What is late, in words; "" for nothing.

    Args:
        reminder: which one is due.
        idle_days: school days without an act.
        allowed_days: after so many it is due; 0 where the day that somebody planned has passed.
        next_date: the day that somebody planned.
    """
    if reminder is None:
        return ""
    what = _REMINDERS[reminder]
    if next_date is not None and allowed_days == 0:
        return f"Försenad: {what} skulle ha gjorts {next_date.isoformat()}"
    return f"Försenad: {what}. {idle_days} skoldagar utan åtgärd, påminnelse efter {allowed_days}"


def lines(pupil: PupilRow) -> tuple[str, ...]:
    """What is known of a pupil's follow-up, a sentence each; nothing without a portal."""
    found = pupil.follow_up
    if found is None:
        return ()
    late = overdue(found.overdue, found.idle_days or 0, found.allowed_days, found.next_date)
    told = [f"{late}." if late else "", status(found) or NOTHING_RECORDED]
    if found.is_unmoved:
        told.insert(1, "Inget har skrivits in sedan förra listan.")
    if responsible(found):
        told.append(f"{H_RESPONSIBLE}: {responsible(found)}.")
    if found.next_date is not None:
        told.append(f"Nästa uppföljning: {found.next_date.isoformat()}.")
    if not late and found.idle_days is not None:
        told.append(f"{H_IDLE}: {found.idle_days}.")
    return tuple(filter(None, told))


def goes_on(pupil: ClearedPupil) -> str:
    """What goes on about a pupil who is on the list no more, in a cell; "" for nothing."""
    found = pupil.follow_up
    if found is None:
        return ""
    late = overdue(found.overdue, found.idle_days or 0, found.allowed_days, found.next_date)
    who, day = responsible(found), found.next_date
    planned = f"Nästa uppföljning: {day.isoformat()}" if day is not None and not late else ""
    told = (late, status(found), f"{H_RESPONSIBLE}: {who}" if who else "", planned)
    return " · ".join(filter(None, told))


def on_row(pupil: PupilRow) -> str:
    """A pupil's follow-up in a cell: status, and who is responsible."""
    who = responsible(pupil.follow_up)
    return " · ".join(
        filter(None, (status(pupil.follow_up), f"{H_RESPONSIBLE}: {who}" if who else ""))
    )


def in_brief(watchlist: Watchlist) -> str:
    """`12 elever kvar utan åtgärd, 7 av dem sedan förra listan.`; "" without a portal."""
    if not watchlist.has_follow_up or watchlist.says_nothing:
        return ""
    waiting = watchlist.overdue
    if not waiting:
        return "Ingen elev är kvar utan åtgärd."
    sentence = f"{texts.pupils(len(waiting))} kvar utan åtgärd"
    return f"{sentence}{_unmoved(watchlist)}."


def _unmoved(watchlist: Watchlist) -> str:
    if not watchlist.compared_with:
        return ""
    unmoved = sum(bool(row.follow_up and row.follow_up.is_unmoved) for row in watchlist.overdue)
    return f", {unmoved} av dem sedan förra listan" if unmoved else ""


def meaning(watchlist: Watchlist) -> str:
    """What the count of them means, in the workbook's first table."""
    more = _unmoved(watchlist).removeprefix(", ")
    return f"{OVERDUE_MEANING} {more[:1].upper()}{more[1:]}." if more else OVERDUE_MEANING


def stale(watchlist: Watchlist) -> str:
    """That the portal could not be read for a list; "" where it was, or where there is none."""
    found = watchlist.follow_up
    if found is None or not found.is_stale:
        return ""
    if found.read_at is None:
        return "Uppföljningen saknas: portalens databas gick inte att läsa."
    return f"Uppföljningen är från {_moment(found.read_at)}: portalens databas gick inte att läsa."


def _moment(read_at: datetime) -> str:
    return texts.clock(read_at)
