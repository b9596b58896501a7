"""Since when pupils of a list are where it has them, and a school's days with lessons.

Kept for each list and snapshot. Not here: how it is read (`assets/follow_up/clock.py`), what is
made of it (`assets/follow_up/standing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from assets.follow_up.clock import crossings_of, lesson_days
from assets.follow_up.standing import Crossing
from assets.lake.connection import Lake
from assets.watchlists.collect.follow_up import listed_on
from assets.watchlists.model import Watchlist
from portal.home import Home
from portal.published import Shown
from portal.today import Today


@dataclass(frozen=True)
class ListClock:
    """A list's pupils and days.

    Attributes:
        crossings: by pupil key.
        school_days: with lessons, this school year, ascending.
    """

    crossings: Mapping[str, Crossing]
    school_days: tuple[date, ...]

    def of(self, pupil_key: str) -> Crossing:
        """Return a pupil's; of one who is on no list, nothing."""
        return self.crossings.get(pupil_key, Crossing({}, 0, None))


def clock_of(home: Home, shown: Shown, today: Today) -> ListClock:
    """Return the clock of a list, for the rows that may be shown."""
    watchlist = shown.watchlist
    of_list = ("clock", shown.list_key, len(watchlist.pupils))
    return home.ask(of_list, lambda lake: _read(lake, watchlist, today.school_year_start))


def school_days(home: Home, code: str, first: date) -> tuple[date, ...]:
    """Return a school's days with lessons since a day, ascending."""
    return home.ask(
        ("days", code, first), lambda lake: lesson_days(lake, [code], first).get(code, ())
    )


def _read(lake: Lake, watchlist: Watchlist, first: date) -> ListClock:
    code = watchlist.school_unit_code
    return ListClock(
        crossings_of(lake, listed_on(watchlist), watchlist.as_of),
        lesson_days(lake, [code], first).get(code, ()),
    )
