"""Lists as they were published, without whom nobody may name today.

A list is opened once for each time that it is put in place. Not here: who may read it
(`rights.py`), what is said beside it (`follow_up/`).
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from assets.delivery.shares import StandingList, standing_list
from assets.watchlists.mentor_lists import rows_of, watchlist_of_mentor
from assets.watchlists.model import ClearedPupil, Mentor, PupilRow, Watchlist
from assets.watchlists.release.publish import CURRENT, lists_root
from assets.watchlists.release.remembered import MANIFEST, without_pupils
from portal.home import Home
from portal.today import Today

_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")
_MOST_KEPT = 64


@dataclass(frozen=True)
class Shown:
    """A list as somebody may see it.

    Attributes:
        watchlist: the list.
        list_key: tells this version of it from others.
        week: ISO week of a frozen list; "" of the current one.
        newest_week: ISO week of the newest frozen list; "" for none.
        is_held: newer data waits, for the reasons that follow.
        held: why.
    """

    watchlist: Watchlist
    list_key: str
    week: str
    newest_week: str
    is_held: bool
    held: tuple[str, ...]


class PublishedLists:
    """The lists of a home.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._kept: OrderedDict[tuple[Path, str], StandingList] = OrderedDict()
        self._turn = Lock()

    def of_school(self, code: str, today: Today, week: str = "") -> Shown | None:
        """Return a school's list; None where there is none that this home made.

        Left out is who is protected by any source today, or unknown, who belongs to another school
        since, and who has left.

        Args:
            code: the school unit's code.
            today: who belongs where.
            week: ISO week of a frozen list; "" of the current one.
        """
        root = lists_root(self._home.folder)
        if week and not _WEEK.fullmatch(week):
            return None
        place = root / (week or CURRENT) / code
        # One look: a list that is put in place meanwhile is another one.
        folder = place.resolve()
        if not folder.is_dir():
            return None
        found = self._standing(place, folder, today.standing, week)
        if found.watchlist is None:
            return None
        weeks = [one.name for one in root.iterdir() if _WEEK.fullmatch(one.name)]
        newest = max((one for one in weeks if (root / one / code).exists()), default="")
        return Shown(
            _once(_nameable(found.watchlist, today)),
            found.list_key,
            week,
            newest,
            found.is_held,
            _reasons(folder) if found.is_held else (),
        )

    def weeks_of(self, code: str) -> list[str]:
        """Return the ISO weeks of a school's frozen lists, newest first."""
        root = lists_root(self._home.folder)
        if not root.is_dir():
            return []
        weeks = (one.name for one in root.iterdir() if _WEEK.fullmatch(one.name))
        return sorted((one for one in weeks if (root / one / code).exists()), reverse=True)

    def _standing(
        self, place: Path, folder: Path, standing: Mapping[str, str], week: str
    ) -> StandingList:
        # A published folder is never changed, only replaced by another one.
        of_list = (folder, json.dumps(sorted(standing.items())))
        with self._turn:
            if of_list in self._kept:
                self._kept.move_to_end(of_list)
                return self._kept[of_list]
        found = standing_list(place, self._home.sealer, standing, week)
        with self._turn:
            self._kept[of_list] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _reasons(folder: Path) -> tuple[str, ...]:
    """Why a list waits, as its manifest says it."""
    said = json.loads((folder / MANIFEST).read_bytes())["held"]
    return tuple(map(str, said)) if isinstance(said, list) else (str(said),)


def _nameable(watchlist: Watchlist, today: Today) -> Watchlist:
    """Return a list without whom nobody may name, and without who belongs elsewhere."""
    placed = {row.pupil_key: today.pupils.get(row.pupil_key) for row in rows_of(watchlist)}
    code = watchlist.school_unit_code
    left_out = {key for key, at in placed.items() if at is None or at.school_unit_code != code}
    if not left_out:
        return watchlist
    # How many are protected is not told by who is missing from a list.
    return replace(without_pupils(watchlist, left_out), protected_pupils=watchlist.protected_pupils)


def _once(watchlist: Watchlist) -> Watchlist:
    """Return a list with a row a pupil: two numbers that were joined since had one each."""
    listed = [row.pupil_key for row in watchlist.pupils]
    listed += [row.pupil_key for row in watchlist.cleared]
    if len(set(listed)) == len(listed):
        return watchlist
    # The strongest rows stand first, and who is on the list is not gone from it.
    pupils = {row.pupil_key: row for row in reversed(watchlist.pupils)}
    gone = {row.pupil_key: row for row in reversed(watchlist.cleared)}
    return replace(
        watchlist,
        pupils=tuple(row for row in watchlist.pupils if pupils[row.pupil_key] is row),
        cleared=tuple(
            row
            for row in watchlist.cleared
            if gone[row.pupil_key] is row and row.pupil_key not in pupils
        ),
    )


def of_mentor(shown: Shown, person_key: str, name: str, own: Collection[str]) -> Shown:
    """Return a school's list as a mentor of today may read it, whoever was mentor when it was made.

    Args:
        shown: of `PublishedLists.of_school`.
        person_key: of the mentor, or of who was handed pupils.
        name: what the person is called.
        own: keys of the person's pupils today.
    """
    watchlist = shown.watchlist
    me = Mentor(person_key, name)

    def mine(rows: tuple[PupilRow, ...]) -> tuple[PupilRow, ...]:
        return tuple(replace(row, mentors=(me,)) for row in rows if row.pupil_key in own)

    theirs = replace(
        watchlist,
        pupils=mine(watchlist.pupils),
        insufficient=mine(watchlist.insufficient),
        cleared=tuple(
            replace(row, mentors=(me,)) for row in watchlist.cleared if row.pupil_key in own
        ),
        at_risk=tuple(
            replace(row, mentors=(me,)) for row in watchlist.at_risk if row.pupil_key in own
        ),
        thin=tuple(replace(row, mentors=(me,)) for row in watchlist.thin if row.pupil_key in own),
    )
    return replace(shown, watchlist=watchlist_of_mentor(theirs, me))


def row_of(watchlist: Watchlist, pupil_key: str) -> PupilRow | ClearedPupil | None:
    """Return a pupil's row of a list: of the listed first."""
    for rows in (watchlist.pupils, watchlist.insufficient, watchlist.cleared):
        for row in rows:
            if row.pupil_key == pupil_key:
                return row
    return None
