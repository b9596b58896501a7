"""What the portal keeps and whose time is over: follow-up, delegations, logins, who opened whom.

Follow-up is counted from the pupil's last event, and a team's case that goes on never goes. In SQL,
as erasure does: the portal's own code is a layer above. Not here: the rest of a home (`places.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from assets.follow_up.kinds import STATUS_OF
from assets.follow_up.portal_database import EVENTS, PortalDatabase
from assets.upkeep.erasure.portal import (
    DELETE_EVENTS,
    SESSIONS,
    delete_pupils,
    do,
    worked_on,
)
from assets.upkeep.retention.decision import Cuts
from rules.follow_up_words import step_words

if TYPE_CHECKING:
    from sqlalchemy import Connection

_AGAIN = "Nothing was deleted. Look at the portal, and run: trappan retain"
_TEAM_STEP = STATUS_OF["team"]
#: A word by which a team has heard of a pupil, and no case was begun.
_NO_CASE = "step_1_noticed"
_SAID = f"SELECT id, pupil_key, kind, value, recorded_at, withdraws_id FROM {EVENTS} ORDER BY id"
_OLD_ACCESS = "FROM portal_accessentry WHERE at < :before"
_OLD_DELEGATIONS = "portal_delegation WHERE until < :before"
_UNKNOWN_PEOPLE = (
    "FROM portal_person WHERE last_login < :before AND key NOT IN "
    f"(SELECT author_key FROM {EVENTS} UNION SELECT person_key FROM portal_accessentry UNION "
    "SELECT giver_key FROM portal_delegation UNION SELECT receiver_key FROM portal_delegation)"
)


@dataclass(frozen=True)
class LastSaid:
    """What the portal says of a key last.

    Attributes:
        on_date: the day of the last event.
        has_open_case: a team's case goes on.
    """

    on_date: date
    has_open_case: bool


def last_said(database: PortalDatabase) -> dict[UUID, LastSaid]:
    """Return what the portal says last of each key; nothing where there is no portal.

    Raises:
        PortalAwayError: it does not answer: then nobody knows whose time is over.
    """
    rows: list[tuple[Any, ...]] = []

    def work(connection: Connection, _there: Collection[str]) -> int:
        rows.extend(tuple(row) for row in do(connection, _SAID))
        return len(rows)

    worked_on(database, work, may_write=False, again=_AGAIN)
    taken_back = {row[5] for row in rows} - {None}
    closing = {word.code for word in step_words().of_role("team") if word.closes}
    found: dict[UUID, LastSaid] = {}
    for number, text, kind, value, recorded_at, _ in rows:
        key = UUID(text)
        before = found.get(key, LastSaid(_day(recorded_at), has_open_case=False))
        is_open = before.has_open_case
        if kind == _TEAM_STEP and number not in taken_back:
            is_open = value not in closing and value != _NO_CASE
        found[key] = LastSaid(max(before.on_date, _day(recorded_at)), is_open)
    return found


def follow_up_to_go(
    said: Mapping[UUID, LastSaid], children: Iterable[Collection[UUID]], before: date
) -> frozenset[UUID]:
    """Return the keys whose follow-up goes: that of all numbers of a child, or of none.

    Args:
        said: what `last_said` returned.
        children: the keys of each child.
        before: the first day that stays.
    """
    child_of: dict[UUID, frozenset[UUID]] = {}
    for keys in children:
        child_of |= dict.fromkeys(keys, frozenset(keys))
    found: set[UUID] = set()
    for key in said:
        words = [said[one] for one in child_of.get(key, frozenset({key})) if one in said]
        if max(one.on_date for one in words) < before and not any(w.has_open_case for w in words):
            found.add(key)
    return frozenset(found)


def portal_rows_to_go(database: PortalDatabase, cuts: Cuts, going: Collection[UUID]) -> int:
    """Return how many rows would go; nothing changes.

    Args:
        database: the portal's.
        cuts: the first days that stay.
        going: keys whose follow-up goes.
    """
    keys = frozenset(map(str, going))

    def work(connection: Connection, there: Collection[str]) -> int:
        counts = _counted(connection, there, cuts)
        if keys:
            counts += _number(connection, f"FROM {EVENTS} WHERE pupil_key IN :keys", keys)
        return counts

    return worked_on(database, work, may_write=False, again=_AGAIN) or 0


def let_portal_rows_go(
    database: PortalDatabase, cuts: Cuts, going: Collection[UUID], leaving: Collection[UUID]
) -> int:
    """Delete what the portal has whose time is over, out of its freed pages too.

    Args:
        database: the portal's.
        cuts: the first days that stay.
        going: keys whose follow-up goes.
        leaving: keys of who leaves altogether.

    Returns:
        How many rows went.

    Raises:
        PortalAwayError: it does not answer, or others have it locked.
    """
    keys, gone = frozenset(map(str, going)), frozenset(map(str, leaving))

    def work(connection: Connection, there: Collection[str]) -> int:
        rows = _counted(connection, there, cuts)
        if keys:
            rows += _number(connection, f"FROM {EVENTS} WHERE pupil_key IN :keys", keys)
            for statement in DELETE_EVENTS:
                do(connection, statement, keys)
        if gone:
            delete_pupils(connection, gone, has_sessions=SESSIONS in there)
        before, looked = cuts["portal"].isoformat(), cuts["logs"].isoformat()
        do(connection, f"DELETE {_OLD_ACCESS}", before=looked)
        do(
            connection,
            "DELETE FROM portal_handedpupil WHERE delegation_id IN "
            f"(SELECT id FROM {_OLD_DELEGATIONS})",
            before=before,
        )
        do(connection, f"DELETE FROM {_OLD_DELEGATIONS}", before=before)
        if "portal_person" in there:
            do(connection, f"DELETE {_UNKNOWN_PEOPLE}", before=min(before, looked))
        return rows

    return worked_on(database, work, may_write=True, again=_AGAIN) or 0


def _counted(connection: Connection, there: Collection[str], cuts: Cuts) -> int:
    before, looked = cuts["portal"].isoformat(), cuts["logs"].isoformat()
    rows = _number(connection, _OLD_ACCESS, before=looked)
    rows += _number(connection, f"FROM {_OLD_DELEGATIONS}", before=before)
    if "portal_person" in there:
        rows += _number(connection, _UNKNOWN_PEOPLE, before=min(before, looked))
    return rows


def _number(
    connection: Connection, of: str, keys: frozenset[str] | None = None, **values: str
) -> int:
    return int(do(connection, f"SELECT count(*) {of}", keys, **values).scalar())


def _day(value: datetime | str) -> date:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.date()
