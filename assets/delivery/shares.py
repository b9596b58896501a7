"""Which files go to whom: the files of the lists, and where each lies at a target.

The rektor's are those directly in `lists/current/<code>/`, a mentor's those in
`mentorer/<key>/` there; those of the newest frozen week lie in a folder of its name. Names at a
target are made of the school unit's code, the mentor's opaque key, the week and the file's own
name, which hold no name of anybody. Not here: who the rektor or mentor is (`recipients.py`), how
files get there (`deliver.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.watchlists.model import AtRiskRow, ClearedPupil, PupilRow, ThinRow, Watchlist
from assets.watchlists.release.publish import CURRENT, lists_root
from assets.watchlists.release.remembered import FILE_NAME, MANIFEST, recall, with_standing_keys

Role = Literal["rektor", "mentor"]
MENTORS = "mentorer"
_CODE = re.compile(r"[0-9]{8}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.(?:xlsx|html)")
#: What a copy of ours, and a part of one that was never finished, is called below a target's root.
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")
_OURS = re.compile(
    rf"[0-9]{{8}}/(?:rektor|{MENTORS}/{_KEY.pattern})/(?:{_WEEK.pattern}/)?\.?franvarolista_[^/]+"
)


@dataclass(frozen=True)
class ReaderKey:
    """Whose files they are: the rektor's of a school, or a mentor's there."""

    school_unit_code: str
    mentor: str = ""  # the key of the mentor's folder; "" for the rektor

    @property
    def role(self) -> Role:
        """Who it is."""
        return "mentor" if self.mentor else "rektor"

    @property
    def folder(self) -> str:
        """Where the files lie below a target's root."""
        below = f"{MENTORS}/{self.mentor}" if self.mentor else "rektor"
        return f"{self.school_unit_code}/{below}"


@dataclass(frozen=True)
class ListFile:
    """A file for one reader.

    Attributes:
        reader: whose it is.
        source: where the home has it.
        week: ISO week of a frozen list; "" of a current one.
    """

    reader: ReaderKey
    source: Path
    week: str = ""

    @property
    def path(self) -> str:
        """Where it goes, below a target's root."""
        folder = f"{self.reader.folder}/{self.week}" if self.week else self.reader.folder
        return f"{folder}/{self.source.name}"


@dataclass(frozen=True)
class StandingList:
    """A school's list: its files, its content, and whom its files may name.

    Attributes:
        school_unit_code: the school.
        list_key: tells this version of the list from others.
        watchlist: the list as data; None where it isn't one that this home made.
        pupils: keys of all pupils who stand in it, those that stand for them today.
        files: of all its readers.
        is_held: it waits: it stands as it was, with the reason at its top.
    """

    school_unit_code: str
    list_key: str
    watchlist: Watchlist | None
    pupils: frozenset[str]
    files: tuple[ListFile, ...]
    is_held: bool = False


def is_ours(path: str) -> bool:
    """Whether a path below a target's root is one that a delivery of ours would make."""
    return _OURS.fullmatch(path) is not None


def files_of(folder: Path, code: str, week: str = "") -> tuple[ListFile, ...]:
    """Return the files of a published list and who each is for, in the order of their paths.

    Args:
        folder: `lists/<period>/<code>`, or what it points to.
        code: the school unit's code.
        week: ISO week of a frozen list; "" of a current one.
    """
    found = [ListFile(ReaderKey(code), path, week) for path in _lists_in(folder)]
    mentors = folder / MENTORS
    for own in sorted(mentors.iterdir()) if mentors.is_dir() else ():
        if _KEY.fullmatch(own.name) and own.is_dir() and not own.is_symlink():
            found += [ListFile(ReaderKey(code, own.name), path, week) for path in _lists_in(own)]
    return tuple(found)


def _lists_in(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    ]


def standing_lists(home: Path, stands: Mapping[str, str]) -> list[StandingList]:
    """Return the current lists of a home, in the order of their schools.

    Args:
        home: the home.
        stands: for the key of each number that was changed the one that stands, as texts.

    Raises:
        OSError: a list can't be read.
    """
    sealer = Sealer.of_home(home)
    current = lists_root(home) / CURRENT
    places = sorted(current.iterdir()) if current.is_dir() else ()
    return [standing_list(place, sealer, stands) for place in places if _CODE.fullmatch(place.name)]


def frozen_lists(home: Path, stands: Mapping[str, str]) -> list[StandingList]:
    """Return the newest frozen list of each school, in the order of their schools.

    Args:
        home: the home.
        stands: as of `standing_lists`.

    Raises:
        OSError: a list can't be read.
    """
    root = lists_root(home)
    newest: dict[str, Path] = {}
    for week in sorted(root.iterdir()) if root.is_dir() else ():
        if _WEEK.fullmatch(week.name):
            newest |= {place.name: place for place in week.iterdir() if _CODE.fullmatch(place.name)}
    sealer = Sealer.of_home(home)
    return [
        standing_list(newest[code], sealer, stands, newest[code].parent.name)
        for code in sorted(newest)
    ]


def standing_list(
    place: Path, sealer: Sealer, keys: Mapping[str, str], week: str = ""
) -> StandingList:
    """Return the list that stands at a place.

    Args:
        place: `lists/<period>/<school unit code>`.
        sealer: of the home.
        keys: for the key of each number that was changed the one that stands, as texts.
        week: ISO week of a frozen list; "" of a current one.

    Raises:
        OSError: it can't be read.
    """
    # The folder that the link points to now: a list that is put in place meanwhile is another one.
    folder, code = place.resolve(), place.name
    files = files_of(folder, code, week)
    try:
        found = recall(sealer, place, folder)
        # The list as data is the one of before it waited, so only the manifest knows.
        is_held = bool(json.loads((folder / MANIFEST).read_bytes())["held"])
    except (SealError, ValueError, KeyError, TypeError, FileNotFoundError):
        found, is_held = None, False
    if found is None or found.school_unit_code != code:
        return StandingList(code, "", None, frozenset(), files)
    watchlist = with_standing_keys(found, keys)
    list_key = sha256((folder / FILE_NAME).read_bytes()).hexdigest()
    return StandingList(code, list_key, watchlist, pupils_of(watchlist), files, is_held)


def pupils_of(watchlist: Watchlist) -> frozenset[str]:
    """Return the keys of everybody who is named somewhere in a list."""
    parts: Iterable[Iterable[PupilRow | ClearedPupil | AtRiskRow | ThinRow]] = (
        watchlist.pupils,
        watchlist.insufficient,
        watchlist.at_risk,
        watchlist.cleared,
        watchlist.thin,
    )
    # A row without a name names nobody: one who left a lake that was restored, or was erased since.
    return frozenset(
        row.pupil_key for rows in parts for row in rows if row.given_name or row.family_name
    )


def nameable_pupils(lake: Lake) -> frozenset[str]:
    """Return the keys of all pupils who may be named today: known, and protected by no source."""
    rows = lake.relation("delivery/nameable_pupils")
    return frozenset(rows["pupil_key"].to_list())
