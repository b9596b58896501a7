"""What comes from the portal into the lake says the same as the portal, and nothing of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.follow_up.kinds import ACT, ACTS, BROUGHT, NO_ACTS
from assets.follow_up.portal_database import COLUMNS, sort_out
from assets.follow_up.standing import Crossing, FollowUp, FollowUpEvent, stand
from rules.follow_up_words import reminder_days, step_words

PUPIL, SCHOOL = "c789e912-623b-c8c9-3766-21041574cf76", "99999901"
FIRST = date(2026, 9, 1)
DAYS = tuple(day for day in (FIRST + timedelta(days=n) for n in range(80)) if day.isoweekday() < 6)
#: As SQLite has moments: in UTC, without a zone.
EARLIEST = datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None)
CODES = sorted({word.code for role in step_words().roles for word in role.words} | {"yes", "none"})
#: Words that a team never says.
OF_THE_SCHOOL = {"mentor_status", "principal_status"}
KINDS = sorted(ACTS - {ACT} | NO_ACTS - {"withdrawal"})
events = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(CODES),
        st.none() | st.dates(FIRST, FIRST + timedelta(days=79)),
        st.datetimes(EARLIEST, EARLIEST + timedelta(days=70)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


def rows_of(said: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The portal's rows of what was said, in the order of the columns, with withdrawals."""
    rows: list[tuple[Any, ...]] = []
    for number, (kind, value, on_date, moment, is_back, is_teams) in enumerate(
        sorted(said, key=lambda one: one[3]), start=1
    ):
        on = on_date.isoformat() if on_date else None
        role = "team" if is_teams and kind not in OF_THE_SCHOOL else "principal"
        rows.append((number, PUPIL, SCHOOL, kind, value, on, role, str(moment), None))
        if is_back:
            taken = (1000 + number, PUPIL, SCHOOL, "withdrawal", kind, None, "principal")
            rows.append((*taken, str(moment), number))
    return rows


def facts_of(rows: Sequence[tuple[Any, ...]]) -> list[FollowUpEvent]:
    """The same events as the portal's pages have them for the school: a team's plan is an act."""
    taken_back = {row[8] for row in rows}
    found = []
    for row in rows:
        is_a_teams_plan = row[6] == "team" and row[3] in {"next_date", "responsible"}
        found.append(
            FollowUpEvent(
                number=row[0],
                pupil_key=row[1],
                kind=ACT if is_a_teams_plan else row[3],
                value=row[4],
                on_date=date.fromisoformat(row[5]) if row[5] else None,
                recorded_at=datetime.fromisoformat(row[7]).replace(tzinfo=UTC),
                is_withdrawn=row[0] in taken_back,
            )
        )
    return found


def shown(found: FollowUp) -> tuple[object, ...]:
    """What lists show of it."""
    statuses = [
        (one.value, one.on_date, one.day) if one else None
        for one in (found.mentor, found.principal)
    ]
    return (
        *statuses,
        found.responsible_key,
        found.next_date,
        found.last_act,
        found.since_days,
        found.idle_days,
        found.overdue,
        found.allowed_days,
    )


@given(events, st.integers(0, 3), st.integers(0, 79))
def test_lists_say_of_a_pupil_what_the_portal_says(
    said: list[tuple[Any, ...]], level: int, days: int
) -> None:
    rows, today = rows_of(said), FIRST + timedelta(days=days)
    crossing = Crossing({"a": FIRST} if level else {}, level, FIRST if level else None)
    brought = [
        FollowUpEvent(
            one.event_number,
            str(one.pupil_key),
            one.kind,
            one.value,
            one.on_date,
            one.recorded_at.replace(tzinfo=UTC),
            is_withdrawn=False,
        )
        for one in sort_out(rows).events
    ]
    limits = reminder_days(today)
    in_portal = stand(facts_of(rows), crossing, DAYS, today, limits)
    assert shown(stand(brought, crossing, DAYS, today, limits)) == shown(in_portal)


@given(events)
def test_rows_read_are_brought_or_withdrawn_or_no_acts_or_refused(
    said: list[tuple[Any, ...]],
) -> None:
    rows = rows_of(said)
    found = sort_out(rows)
    assert found.rows_read == len(rows)
    assert found.refused == 0
    for one in found.events:
        assert one.kind in BROUGHT | {ACT}
        if one.kind == ACT:
            assert (one.value, one.on_date, one.role) == ("", None, "")


GOOD = (1, PUPIL, SCHOOL, "note", "", None, "mentor", "2026-10-01 08:00:00", None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("pupil_key", "20120314-9800"),
        ("school_unit_code", "../../etc"),
        ("school_unit_code", None),
        ("kind", "act"),
        ("kind", "unheard_of"),
        ("recorded_at", "yesterday"),
        ("recorded_at", None),
    ],
)
def test_a_row_that_no_portal_writes_is_refused_and_counted(column: str, value: object) -> None:
    row: list[Any] = list(GOOD)
    row[COLUMNS.index(column)] = value
    found = sort_out([GOOD, tuple(row)])
    assert (len(found.events), found.refused, found.rows_read) == (1, 1, 2)
