"""Since when pupils of lists are where these have them, and the days on which schools had lessons.

Read from the lake for many pupils at once: one list that somebody opens in the portal, or all
lists of a night. Not here: what is made of it (`standing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.absence.windows import school_year_start
from assets.follow_up.standing import Crossing
from assets.lake.connection import Lake


@dataclass(frozen=True)
class Listed:
    """A pupil on a list: the level there, and the rules that are hit."""

    pupil_key: str
    level: int
    hits: frozenset[str]


def crossings_of(lake: Lake, listed: Iterable[Listed], as_of: date) -> dict[str, Crossing]:
    """Return since when pupils are where the lists of a day have them, by pupil key.

    Args:
        lake: the lake.
        listed: the pupils, also of level 0.
        as_of: the lists' day.
    """
    pupils = {one.pupil_key: one for one in listed}
    asked = pl.DataFrame({"pupil_key": sorted(pupils)}, schema={"pupil_key": pl.String})
    texts = lake.load("followed_pupils_texts", asked)
    lake.make("followed_pupils", f"SELECT cast(pupil_key AS UUID) AS pupil_key FROM {texts}")
    first = school_year_start(as_of)
    hits: dict[str, dict[str, date]] = defaultdict(dict)
    for key, rule, day in lake.relation("follow_up/first_hits", first_date=first).iter_rows():
        hits[key][rule] = day
    levels: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for key, day, level in lake.relation("follow_up/level_days", first_date=first).iter_rows():
        levels[key].append((day, level))
    return {
        key: Crossing(
            _first_dates(one.hits, hits[key], as_of),
            one.level,
            _level_since(one.level, levels[key], as_of),
        )
        for key, one in pupils.items()
    }


def _first_dates(here: Iterable[str], known: Mapping[str, date], as_of: date) -> dict[str, date]:
    """What was found before the list's own day; a rule that it alone hits was hit first there."""
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


def lesson_days(lake: Lake, codes: Iterable[str], first: date) -> dict[str, tuple[date, ...]]:
    """Return the days with lessons of some school units since a day, ascending, by code."""
    asked = {"school_unit_code": sorted(set(codes))}
    lake.load("followed_schools", pl.DataFrame(asked, schema={"school_unit_code": pl.String}))
    found: dict[str, list[date]] = defaultdict(list)
    for code, day in lake.relation("follow_up/lesson_days", first_date=first).iter_rows():
        found[code].append(day)
    return {code: tuple(days) for code, days in found.items()}
