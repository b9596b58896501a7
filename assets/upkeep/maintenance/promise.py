"""What maintenance must leave: how long the lake's past can be asked for, and Dagster's history.

A home may set more days than the program's own (`TRAPPAN_PAST_DAYS`, `TRAPPAN_PAST_LIST_DAYS`). Not
here: the program's own and the least of them (`assets/lake/settings.py`), what is done
(`maintain.py`), how long lessons, lists and originals stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assets.lake.connection import Lake
from assets.lake.past.snapshots import kept_snapshots
from assets.lake.settings import LIST_DAYS, MOMENT_DAYS, LakeSettings


@dataclass(frozen=True)
class Promise:
    """How long what can be asked for.

    Attributes:
        moment_days: what was known at any moment, and what a file changed.
        list_days: what changed since a list was made, by the list's own snapshot.
        run_days: Dagster's runs and their events.
    """

    moment_days: int = MOMENT_DAYS
    list_days: int = LIST_DAYS
    run_days: int = 90

    @property
    def words(self) -> str:
        """What can be asked of the lake's past."""
        return (
            f"every moment of {self.moment_days} days, and what lists of {self.list_days} days "
            "were made from"
        )


def promised(settings: LakeSettings) -> Promise:
    """Return what is promised of a home's lake."""
    return Promise(settings.moment_days, settings.list_days)


def since(lake: Lake, promise: Promise) -> datetime:
    """Return the moment from which on every snapshot is kept, UTC.

    Counted from the newest snapshot, not from the clock: one that is a year off would else let go
    of everything at once.
    """
    return kept_snapshots(lake)[-1].written_at - timedelta(days=promise.moment_days)


def list_snapshots(lake: Lake, promise: Promise) -> frozenset[int]:
    """Return the snapshots that lists were made from whose days are not over.

    Counted from the newest list, and no later than the newest snapshot: a list that somebody made
    of a day to come would else let go of those that are asked for today.
    """
    rows: list[tuple[int, date, date]] = lake.rows(
        "SELECT lake_snapshot, as_of_date, least(max(as_of_date) OVER (), $today) "
        "FROM publications",
        today=kept_snapshots(lake)[-1].written_at.date(),
    )
    days = timedelta(days=promise.list_days)
    return frozenset(number for number, as_of, newest in rows if as_of >= newest - days)
