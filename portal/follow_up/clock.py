"""Since when pupils of a list are where it has them, and a school's days with lessons.

Read from the lake, once for each list and snapshot. Not here: what is made of it (`standing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.lake.connection import Lake
from assets.watchlists.mentor_lists import rows_of
from assets.watchlists.model import PupilRow, Watchlist
from portal.follow_up.standing import Crossing
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
    return home.ask(("days", code, first), lambda lake: _days(lake, code, first))


def _days(lake: Lake, code: str, first: date) -> tuple[date, ...]:
    found = lake.relation("portal/portal_school_days", school_unit_code=code, first_date=first)
    return tuple(found["lesson_date"].to_list())


def _read(lake: Lake, watchlist: Watchlist, first: date) -> ListClock:
    keys = sorted({row.pupil_key for row in rows_of(watchlist)})
    asked = pl.DataFrame({"pupil_key": keys}, schema={"pupil_key": pl.String})
    lake.load("portal_asked_texts", asked)
    lake.make("portal_asked", "SELECT cast(pupil_key AS UUID) AS pupil_key FROM portal_asked_texts")
    hits: dict[str, dict[str, date]] = defaultdict(dict)
    found = lake.relation("portal/portal_first_hits", first_date=first)
    for key, rule, day in found.iter_rows():
        hits[key][rule] = day
    levels: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for key, day, level in lake.relation("portal/portal_level_days", first_date=first).iter_rows():
        levels[key].append((day, level))
    rows = {row.pupil_key: row for row in (*watchlist.insufficient, *watchlist.pupils)}
    crossings = {
        key: Crossing(
            _first_dates(rows.get(key), hits[key], watchlist.as_of),
            rows[key].level if key in rows else 0,
            _level_since(rows[key].level if key in rows else 0, levels[key], watchlist.as_of),
        )
        for key in keys
    }
    return ListClock(crossings, _days(lake, watchlist.school_unit_code, first))


def _first_dates(row: PupilRow | None, known: Mapping[str, date], as_of: date) -> dict[str, date]:
    """What was found before the list's own day; a rule that it alone hits was hit first there."""
    here = {item.rule for item in row.evidence if item.verdict == "hit"} if row else set()
    return dict.fromkeys(here, as_of) | {rule: day for rule, day in known.items() if day <= as_of}


def _level_since(level: int, days: list[tuple[date, int]], as_of: date) -> date | None:
    """The first of the days in a row, up to the list's, on which the level was not lower."""
    if level == 0:
        return None
    since = as_of
    for day, at in sorted(days, reverse=True):
        if day > as_of:
            continue
        if at < level:
            break
        since = day
    return since
