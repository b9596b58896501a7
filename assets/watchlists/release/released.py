"""Of which days lists were made: whether a day may be made now, and which weeks are missing.

Lists never go to an older or a future day unseen, a week is frozen when the night of its Sunday is
made, and a week whose morning was missed is made up. Not here: making them (`releases.py`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

from assets.lake.connection import Lake
from assets.watchlists.release.publish import CURRENT
from assets.watchlists.release.week_states import iso_week
from rules.errors import TrappanError

if TYPE_CHECKING:
    from assets.watchlists.release.releases import Release

#: Weeks that are made up; what is older nobody waits for.
MOST_MISSED_WEEKS = 8
#: Of them, those whose waiting lists are tried again.
WAITING_WEEKS = 2
_WEEK = timedelta(days=7)


class WrongDayError(TrappanError):
    """Lists of a day are asked for that may not be made now; says why, and how to have them."""


def newest_night(lake: Lake) -> date | None:
    """Return the newest day that current lists were made of; None before the first night."""
    ((newest, of_lists),) = lake.rows(
        "SELECT (SELECT max(as_of_date) FROM releases WHERE period = $period), "
        # A lake of an older version has its lists only.
        "(SELECT max(as_of_date) FROM publications WHERE period = $period)",
        period=CURRENT,
    )
    found: date | None = newest or of_lists
    return found


def refuse_wrong_night(lake: Lake, as_of: date, today: date) -> None:
    """Stop where the current lists would go to an older or a future day.

    Args:
        lake: the lake.
        as_of: the last day that counts.
        today: in Stockholm.

    Raises:
        WrongDayError: it is one.
    """
    if as_of > today:
        raise WrongDayError(
            f"{as_of.isoformat()} is still to come: today is {today.isoformat()}. Lists of that "
            "day would rest on a part of their time, and the next nights would be older than "
            "they. Nothing was changed. Look at the day and at the machine's clock; --force makes "
            "them all the same."
        )
    newest = newest_night(lake)
    if newest is not None and as_of < newest:
        raise WrongDayError(
            f"The current lists are of {newest.isoformat()}, and {as_of.isoformat()} is older. "
            "Whoever opens a list would see an older state without a word. Nothing was changed. "
            "To look at that day, ask `trappan flags --as-of`; its week's lists are made by "
            "`trappan publish --week`. --force makes older lists all the same, for instance "
            "after a night that was made with a wrong clock."
        )


def refuse_early_freeze(lake: Lake, sunday: date) -> None:
    """Stop where a week would be frozen before the night of its Sunday was made.

    Raises:
        WrongDayError: no night of that Sunday, or of a later day, has succeeded.
    """
    newest = newest_night(lake)
    if newest is None or newest < sunday:
        last = f"the newest is of {newest.isoformat()}" if newest else "none was made yet"
        raise WrongDayError(
            f"The lists of {iso_week(sunday)} wait: no night of its Sunday, {sunday.isoformat()}, "
            f"has succeeded ({last}), so its last lessons may be missing, and what is frozen "
            "stays. Run `trappan nightly`; the next night after it makes the week up, or this "
            "command does. --force freezes it all the same."
        )


def missed_weeks(lake: Lake, as_of: date, *, files_may_come: bool = False) -> list[date]:
    """Return the Sundays before as_of whose lists should have been frozen and were not, in order.

    A week is missed when one before it was frozen and it was not, or not to its end. One of the
    latest is looked at again when lists of it waited and files have come since.

    Args:
        lake: the lake.
        as_of: of the night that is made. The week that ends on it is made in the morning after.
        files_may_come: the night's files are not in yet.
    """
    made = {
        period: (held, made_at)
        for period, held, made_at in lake.rows(
            "SELECT period, lists_held, made_at FROM releases WHERE period <> $period",
            period=CURRENT,
        )
    }
    # A lake of an older version has its lists only.
    rows = lake.rows("SELECT DISTINCT period FROM publications WHERE is_frozen")
    first = min((*made, *(period for (period,) in rows)), default=None)
    if first is None:
        return []
    begun = min(made, default=iso_week(as_of))
    ((newest_file,),) = lake.rows("SELECT max(received_at) FROM files")

    def is_missing(sunday: date, age: int) -> bool:
        week = iso_week(sunday)
        if week in made:
            held, made_at = made[week]
            has_new = files_may_come or (newest_file is not None and newest_file > made_at)
            return bool(held) and age < WAITING_WEEKS and has_new
        return week > first and (week > begun or (week,) not in rows)

    last = as_of - timedelta(days=as_of.isoweekday())
    sundays = [last - age * _WEEK for age in range(MOST_MISSED_WEEKS)]
    return [sunday for age, sunday in enumerate(sundays) if is_missing(sunday, age)][::-1]


def note_release(lake: Lake, release: Release, as_of: date) -> None:
    """Note that the lists of all schools of a period were made.

    A night undoes nights of later days, which only --force lets happen.
    """

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "DELETE FROM releases WHERE period = $period AND as_of_date >= $as_of",
            {"period": release.period, "as_of": as_of},
        )
        connection.execute(
            "INSERT INTO releases VALUES (?, ?, ?, ?, ?)",
            (
                release.period,
                as_of,
                datetime.now(UTC).replace(tzinfo=None),
                len(release.folders) + len(release.kept),
                len(release.held),
            ),
        )

    lake.write(change)


def note_one_more(lake: Lake, release: Release) -> None:
    """Note that one school's list of a week, which may have waited, is out now."""
    published = len(release.folders) if not release.held else 0
    if published:
        lake.write(
            lambda connection: connection.execute(
                "UPDATE releases SET lists_held = greatest(lists_held - $published, 0) "
                "WHERE period = $period",
                {"published": published, "period": release.period},
            )
        )
