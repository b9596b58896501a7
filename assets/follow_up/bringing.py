"""What was recorded in the portal comes into the lake, and is read from there for lists.

All of it each night, so that what was taken back is gone. When the portal's database can't be
read, the lake keeps what it has and remembers since when. An event keeps the pupil key under which
it was recorded; whoever reads takes the one that stands, so numbers can be joined and parted
meanwhile. Not here: how the database is read (`portal_database.py`), what events amount to
(`standing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime

import duckdb
import polars as pl

from assets.exports.pupils.merges import standing_keys
from assets.follow_up.portal_database import PortalAwayError, PortalDatabase, Recorded
from assets.follow_up.standing import FollowUpEvent
from assets.lake.connection import Lake


@dataclass(frozen=True)
class Reading:
    """When the portal's database was read.

    Attributes:
        tried_at: when it was tried last.
        read_at: when it could be read last; None for never.
        rows_read: then; of them
        events: came into the lake,
        withdrawn: were taken back,
        no_acts: stop no clock, and
        refused: were not as expected.
    """

    tried_at: datetime
    read_at: datetime | None
    rows_read: int = 0
    events: int = 0
    withdrawn: int = 0
    no_acts: int = 0
    refused: int = 0

    @property
    def is_stale(self) -> bool:
        """Whether it could not be read when it was tried last."""
        return self.read_at != self.tried_at


@dataclass(frozen=True)
class Brought:
    """What came of a night.

    Attributes:
        reading: what the lake has now; None for a home without a portal.
        trouble: why the database could not be read; "" for no trouble.
    """

    reading: Reading | None = None
    trouble: str = ""

    def sentences(self) -> list[str]:
        """Return what somebody has to know; nothing when all is well."""
        found = []
        if self.trouble:
            since = self.reading.read_at if self.reading else None
            kept = (
                f"The lists have the follow-up of {since:%Y-%m-%d %H:%M} UTC, and say so."
                if since
                else "The lists are without follow-up, and say so."
            )
            found.append(f"{self.trouble} {kept}")
        if self.reading and self.reading.refused:
            rows = self.reading.refused
            found.append(
                f"{rows} {'event' if rows == 1 else 'events'} in the portal's database are not as "
                "its portal writes them, and count on no list."
            )
        return found


def bring(lake: Lake, database: PortalDatabase, now: datetime) -> Brought:
    """Bring what is recorded into the lake, in one transaction.

    Args:
        lake: the lake.
        database: of the home's portal.
        now: with its time zone.

    Raises:
        LakeError: another process keeps the lake locked.
    """
    known = newest_reading(lake)
    if known is None and not database.is_there:
        return Brought()
    at = now.astimezone(UTC).replace(tzinfo=None)
    try:
        recorded = database.recorded()
    except PortalAwayError as error:
        of_before = known or Reading(at, None)
        reading = Reading(at, *astuple(of_before)[1:])
        lake.write(lambda connection: _note(connection, reading))
        return Brought(reading, str(error))
    reading = Reading(
        at,
        at,
        recorded.rows_read,
        len(recorded.events),
        recorded.withdrawn,
        recorded.no_acts,
        recorded.refused,
    )

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        _note(connection, reading)
        connection.execute("DELETE FROM follow_up_events")
        if recorded.events:
            connection.register("events_to_keep", _frame(recorded))
            connection.execute(
                "INSERT INTO follow_up_events BY NAME SELECT * REPLACE (cast(pupil_key AS UUID) "
                "AS pupil_key) FROM events_to_keep"
            )
            connection.unregister("events_to_keep")

    lake.write(change)
    return Brought(reading)


def _note(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    connection.execute("DELETE FROM follow_up_readings")
    connection.execute(
        "INSERT INTO follow_up_readings VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(reading)
    )


_COLUMNS = {
    "event_number": pl.Int64(),
    "pupil_key": pl.String(),
    "school_unit_code": pl.String(),
    "kind": pl.String(),
    "value": pl.String(),
    "on_date": pl.Date(),
    "role": pl.String(),
    "recorded_at": pl.Datetime("us"),
}


def _frame(recorded: Recorded) -> pl.DataFrame:
    rows = [(one.event_number, str(one.pupil_key), *astuple(one)[2:]) for one in recorded.events]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def newest_reading(lake: Lake) -> Reading | None:
    """Return when the portal's database was read; None for a home without a portal."""
    if not lake.has_rows("follow_up_readings"):
        return None
    (row,) = lake.rows(
        "SELECT tried_at, read_at, rows_read, rows_brought, rows_withdrawn, rows_no_acts, "
        "rows_refused FROM follow_up_readings"
    )
    return Reading(*row)


def events_until(lake: Lake, last: date) -> dict[str, list[FollowUpEvent]]:
    """Return the events of each pupil up to a day, oldest first, by the key that stands today.

    Args:
        lake: the lake.
        last: the last day in Stockholm.
    """
    if not lake.has_rows("follow_up_events"):
        return {}
    standing = {str(old): str(new) for old, new in standing_keys(lake).items()}
    found: dict[str, list[FollowUpEvent]] = defaultdict(list)
    for number, key, kind, value, on_date, recorded_at in lake.rows(
        "SELECT event_number, cast(pupil_key AS VARCHAR), kind, value, on_date, recorded_at "
        "FROM follow_up_events ORDER BY event_number"
    ):
        event = FollowUpEvent(
            number=number,
            pupil_key=standing.get(key, key),
            kind=kind,
            value=value,
            on_date=on_date,
            recorded_at=recorded_at.replace(tzinfo=UTC),
            is_withdrawn=False,
        )
        if event.day <= last:
            found[event.pupil_key].append(event)
    return dict(found)
