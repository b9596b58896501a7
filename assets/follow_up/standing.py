"""What events amount to today: the newest of each kind, days without an act, who is overdue.

Plain values in, plain values out: no database, no lake. The portal and the lists both ask here, so
that they say the same. School days are the school's own days with lessons, so a break costs
nobody. *Overdue* is a reminder and never a decision; any recorded act stops its clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from assets.exports.files.received import STOCKHOLM
from assets.follow_up.kinds import (
    ACTS,
    CONSENT,
    NEXT_DATE,
    NOBODY,
    RESPONSIBLE,
    STATUS_KINDS,
    STATUS_OF,
)
from rules.follow_up_words import Reminder, ReminderDays, Word, step_words

#: Levels of the ladder from which on the principal assesses.
_ASSESSED_FROM = 2


@dataclass(frozen=True)
class FollowUpEvent:
    """Something that was recorded of a pupil, as far as it needs no text.

    Attributes:
        number: orders events; the newest is the highest.
        pupil_key: the key that stands for the pupil.
        kind, value, on_date: what was said.
        recorded_at: when; with its time zone.
        is_withdrawn: another event took it back.
    """

    number: int
    pupil_key: str
    kind: str
    value: str
    on_date: date | None
    recorded_at: datetime
    is_withdrawn: bool

    @property
    def day(self) -> date:
        """The day in Stockholm on which it was recorded."""
        return self.recorded_at.astimezone(STOCKHOLM).date()


Event = TypeVar("Event", bound=FollowUpEvent)


def newest_of(events: Iterable[Event], kind: str) -> Event | None:
    """Return the newest of a kind that was not withdrawn."""
    return next(
        (one for one in reversed(list(events)) if one.kind == kind and not one.is_withdrawn), None
    )


@dataclass(frozen=True)
class Crossing:
    """Since when a pupil is where the newest list has them.

    Attributes:
        first_dates: for each rule the first day of this school year with a hit on a list.
        level: of the newest list; 0 for none.
        level_since: the first day of this school year on that level or above.
    """

    first_dates: Mapping[str, date]
    level: int
    level_since: date | None


@dataclass(frozen=True)
class FollowUp:
    """How a pupil's follow-up stands.

    Attributes:
        mentor, principal, team: the newest status of each; None for none.
        consent: code of the newest word; "" for none.
        responsible_key: who is responsible; "" for nobody.
        next_date: the next follow-up that is planned.
        last_act: the day of the newest act.
        since_days: school days since the step was first reached; None where it never was.
        idle_days: school days without an act; None where nothing waits for one.
        overdue: which reminder is due; None for none.
        allowed_days: after so many school days it is.
        seen: the number of the newest event.
    """

    mentor: FollowUpEvent | None
    principal: FollowUpEvent | None
    team: FollowUpEvent | None
    consent: str
    responsible_key: str
    next_date: date | None
    last_act: date | None
    since_days: int | None
    idle_days: int | None
    overdue: Reminder | None
    allowed_days: int | None
    seen: int

    @property
    def is_overdue(self) -> bool:
        """Whether somebody is to be reminded."""
        return self.overdue is not None


def stand(
    facts: Sequence[FollowUpEvent],
    crossing: Crossing,
    school_days: Sequence[date],
    today: date,
    limits: ReminderDays,
) -> FollowUp:
    """Return how a pupil's follow-up stands.

    Args:
        facts: of the pupil, oldest first.
        crossing: since when the pupil is where the list says.
        school_days: the school's days with lessons this school year, ascending.
        today: the day.
        limits: days until a reminder.
    """
    newest = {kind: newest_of(facts, kind) for kind in STATUS_KINDS}
    mentor, principal, team = (newest[STATUS_OF[role]] for role in ("mentor", "principal", "team"))
    responsible, planned = newest_of(facts, RESPONSIBLE), newest_of(facts, NEXT_DATE)
    consent = newest_of(facts, CONSENT)
    acts = [fact for fact in facts if fact.kind in ACTS and not fact.is_withdrawn]
    last_act = max((fact.day for fact in acts), default=None)
    first = min(crossing.first_dates.values(), default=None)
    next_date = planned.on_date if planned else None
    since = _days_after(school_days, first, today) if first else None
    idle_from = max((day for day in (crossing.level_since, last_act) if day), default=None)
    waits = crossing.level > 0 and crossing.level_since is not None
    is_closed = waits and _is_closed(facts, crossing)
    idle = _days_after(school_days, idle_from, today) if waits and idle_from else None
    overdue: Reminder | None = None
    allowed: int | None = None
    if waits and not is_closed and idle is not None:
        due = _due(mentor, principal, crossing)
        days = getattr(limits, due)
        if next_date is not None and not _is_kept(planned, acts):
            # Somebody has said when: until that day nobody is reminded, and after it at once.
            overdue = "follow_up" if next_date < today else None
            allowed = 0 if overdue else None
        elif idle >= days:
            overdue, allowed = due, days
    elif crossing.level == 0 and _has_lapsed(planned, acts, today):
        # No verdict changes what people have agreed on, nor one that nothing is over a step.
        overdue, allowed = "follow_up", 0
    return FollowUp(
        mentor=mentor,
        principal=principal,
        team=team,
        consent=consent.value if consent else "",
        responsible_key=_responsible_key(responsible),
        next_date=next_date,
        last_act=last_act,
        since_days=since,
        idle_days=None if is_closed else idle,
        overdue=overdue,
        allowed_days=allowed,
        seen=max((fact.number for fact in facts), default=0),
    )


def _responsible_key(said: FollowUpEvent | None) -> str:
    return said.value if said is not None and said.value != NOBODY else ""


def _is_kept(planned: FollowUpEvent | None, acts: Sequence[FollowUpEvent]) -> bool:
    """Whether something was done on the day of a plan, or after it, since it was made."""
    return (
        planned is not None
        and planned.on_date is not None
        and any(act.number > planned.number and act.day >= planned.on_date for act in acts)
    )


def _has_lapsed(planned: FollowUpEvent | None, acts: Sequence[FollowUpEvent], today: date) -> bool:
    """Whether a planned day has passed without an act, and nobody closed the matter since."""
    if planned is None or planned.on_date is None or planned.on_date >= today:
        return False
    of_school = {STATUS_OF["mentor"], STATUS_OF["principal"]}
    later = [_word_of(act) for act in acts if act.kind in of_school and act.number > planned.number]
    return not _is_kept(planned, acts) and not any(word and word.closes for word in later)


def has_open_case(facts: Sequence[FollowUpEvent]) -> bool:
    """Whether a team may see a pupil: consent is "yes", and the case was raised (step 2 on)."""
    consent = newest_of(facts, CONSENT)
    if consent is None or consent.value != "yes":
        return False
    steps = (fact for fact in facts if fact.kind == STATUS_OF["team"] and not fact.is_withdrawn)
    return any(fact.value != "step_1_noticed" for fact in steps)


def _days_after(school_days: Sequence[date], first: date, today: date) -> int:
    """School days after a day, today not counted: it is not over."""
    return max(bisect_left(school_days, today) - bisect_right(school_days, first), 0)


def _due(
    mentor: FollowUpEvent | None, principal: FollowUpEvent | None, crossing: Crossing
) -> Reminder:
    """Which reminder waits next."""
    if crossing.level >= _ASSESSED_FROM and _answers(principal) is None:
        return "assessment"
    said = _answers(mentor)
    if crossing.level >= _ASSESSED_FROM:
        return "follow_up"
    if said is None:
        return "contact"
    return "mapping" if said == "contact" else "follow_up"


def _answers(fact: FollowUpEvent | None) -> Reminder | None:
    word = _word_of(fact)
    return word.counts_as if word else None


def _word_of(fact: FollowUpEvent | None) -> Word | None:
    if fact is None:
        return None
    words = (word for role in step_words().roles for word in role.words)
    return next((word for word in words if word.code == fact.value), None)


def _is_closed(facts: Sequence[FollowUpEvent], crossing: Crossing) -> bool:
    """Whether the newest status of the level's own role closed it, since the level was reached."""
    role = STATUS_OF["principal" if crossing.level >= _ASSESSED_FROM else "mentor"]
    newest = newest_of(facts, role)
    word = _word_of(newest)
    if newest is None or word is None or not word.closes or crossing.level_since is None:
        return False
    # Who has come higher since is nobody's closed case.
    return newest.day >= crossing.level_since
