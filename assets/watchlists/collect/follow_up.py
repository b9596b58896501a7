"""What was recorded about the pupils of the lists, put beside their rows.

A home without a portal has lists as if this were not here. Not here: what events amount to
(`assets/follow_up/standing.py`), words (`swedish/follow_up_texts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import TypeVar

from assets.absence.windows import school_year_start
from assets.follow_up.bringing import events_until, newest_reading
from assets.follow_up.clock import Listed, crossings_of, lesson_days
from assets.follow_up.standing import Crossing, FollowUp, FollowUpEvent, stand
from assets.lake.connection import Lake
from assets.watchlists.collect.mentors import Staff
from assets.watchlists.mentor_lists import rows_of
from assets.watchlists.model import ClearedPupil, PupilRow, ReadFollowUp, RowFollowUp, Watchlist
from assets.watchlists.release.week_states import sunday_of
from assets.watchlists.swedish import follow_up_texts
from rules.follow_up_words import reminder_days

Followed = TypeVar("Followed", PupilRow, ClearedPupil)


def listed_on(watchlist: Watchlist) -> Iterator[Listed]:
    """Yield every pupil of a list; who stands beside the list has level 0."""
    rows = {row.pupil_key: row for row in (*watchlist.insufficient, *watchlist.pupils)}
    for key in {row.pupil_key for row in rows_of(watchlist)}:
        row = rows.get(key)
        hits = {item.rule for item in row.evidence if item.verdict == "hit"} if row else set()
        yield Listed(key, row.level if row else 0, frozenset(hits))


def with_follow_up(lake: Lake, watchlists: Sequence[Watchlist]) -> tuple[Watchlist, ...]:
    """Return lists of one day with what was recorded up to the day after, when they are read.

    Args:
        lake: the lake, at whose day the lists were collected.
        watchlists: the lists.
    """
    reading = newest_reading(lake)
    if reading is None or not watchlists:
        return tuple(watchlists)
    read_at = reading.read_at.replace(tzinfo=UTC) if reading.read_at else None
    told = ReadFollowUp(read_at, reading.is_stale)
    if read_at is None:
        return tuple(_noticed(replace(one, follow_up=told)) for one in watchlists)
    facts = _facts_of(lake, watchlists)
    return tuple(_noticed(_followed(replace(one, follow_up=told), facts)) for one in watchlists)


def _noticed(watchlist: Watchlist) -> Watchlist:
    notice = follow_up_texts.stale(watchlist)
    return replace(watchlist, notices=(notice, *watchlist.notices)) if notice else watchlist


@dataclass(frozen=True)
class _Recorded:
    """What rows are made of, for all lists of a day.

    Attributes:
        today: the day on which lists are read.
        events: by pupil key, oldest first.
        crossings: by pupil key.
        days: with lessons, by school unit.
        names: of who works at a school, by school unit and key of the person.
    """

    today: date
    events: Mapping[str, Sequence[FollowUpEvent]]
    crossings: Mapping[str, Crossing]
    days: Mapping[str, Sequence[date]]
    names: Mapping[str, Mapping[str, str]]


def _facts_of(lake: Lake, watchlists: Sequence[Watchlist]) -> _Recorded:
    as_of = watchlists[0].as_of
    today = as_of + timedelta(days=1)
    listed = [one for watchlist in watchlists for one in listed_on(watchlist)]
    codes = [watchlist.school_unit_code for watchlist in watchlists]
    return _Recorded(
        today=today,
        events=events_until(lake, today),
        crossings=crossings_of(lake, listed, as_of),
        days=lesson_days(lake, codes, school_year_start(as_of)),
        names=_names(lake),
    )


def _names(lake: Lake) -> dict[str, dict[str, str]]:
    staff = Staff.of_lake(lake)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for code, word in lake.relation("watchlists/school_staff").iter_rows():
        for person in staff.mentors.get(word, ()):
            found[code].setdefault(person.key, person.name)
    return found


def _followed(watchlist: Watchlist, facts: _Recorded) -> Watchlist:
    code = watchlist.school_unit_code
    days, names = facts.days.get(code, ()), facts.names.get(code, {})
    limits = reminder_days(facts.today)
    before = sunday_of(watchlist.compared_with) if watchlist.compared_with else None

    def of(row: Followed) -> Followed:
        crossing = facts.crossings[row.pupil_key]
        events = facts.events.get(row.pupil_key, ())
        found = stand(events, crossing, days, facts.today, limits)
        was_listed = row.history is not None and row.history.previous_level > 0
        return replace(row, follow_up=_row(found, names, before if was_listed else None))

    return replace(
        watchlist,
        pupils=tuple(map(of, watchlist.pupils)),
        insufficient=tuple(map(of, watchlist.insufficient)),
        # What is done about a pupil at another school is not shown here.
        cleared=tuple(
            row if row.history.reason == "left" else of(row) for row in watchlist.cleared
        ),
    )


def _row(found: FollowUp, names: Mapping[str, str], before: date | None) -> RowFollowUp:
    """What a row keeps; `before` is the day of the list before, None when it did not have them."""
    mentor, principal = found.mentor, found.principal
    name = names.get(found.responsible_key, "")
    has_not_moved = before is not None and (found.last_act is None or found.last_act <= before)
    return RowFollowUp(
        mentor_status=mentor.value if mentor else "",
        mentor_date=(mentor.on_date or mentor.day) if mentor else None,
        principal_status=principal.value if principal else "",
        principal_date=(principal.on_date or principal.day) if principal else None,
        responsible=name,
        is_responsible_unknown=bool(found.responsible_key) and not name,
        next_date=found.next_date,
        idle_days=found.idle_days,
        overdue=found.overdue,
        allowed_days=found.allowed_days,
        is_unmoved=found.is_overdue and has_not_moved,
    )
