"""A published list as data, sealed beside its files, so that it can be shown again as it was.

A list that waits is last night's list with the reason on top. Not here: when it waits
(`holds.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from assets.lake.encryption import Sealer, SealError
from assets.lake.sealed_places import LIST
from assets.watchlists.model import AtRiskRow, ClearedPupil, PupilRow, ThinRow, Watchlist

FILE_NAME = "list.sealed"
MANIFEST = "manifest.json"
Row = TypeVar("Row", PupilRow, ClearedPupil, AtRiskRow, ThinRow)
_LISTS = TypeAdapter(Watchlist)


def packed(watchlist: Watchlist) -> bytes:
    """Return a list as bytes, in clear."""
    return _LISTS.dump_json(watchlist)


def unpacked(of_list: bytes | str) -> Watchlist:
    """Return the list that `packed` was given."""
    return _LISTS.validate_json(of_list)


def remember(sealer: Sealer, watchlist: Watchlist, period: str) -> bytes:
    """Return a list as sealed bytes, which open at its own school and period only.

    Compressed first, to a tenth: it lies beside every frozen week of every school for years.
    """
    of_list = (watchlist.school_unit_code, period)
    return sealer.seal_bytes(LIST, of_list, zlib.compress(packed(watchlist)))


def recall(sealer: Sealer, place: Path, folder: Path | None = None) -> Watchlist | None:
    """Return the list that was published at a place; None where none was, or not by us.

    Args:
        sealer: of the home.
        place: `lists/<period>/<school unit code>`, which says whose list it has to be.
        folder: what the place points to, where it was looked up before.

    Raises:
        SealError: it is another school's or period's, was changed, or is of another home's key.
        OSError: it can't be read.
    """
    path, school, period = (folder or place) / FILE_NAME, place.name, place.parent.name
    if not path.is_file():
        return None
    try:
        sealed = sealer.unseal_bytes(LIST, (school, period), path.read_bytes())
    except SealError:
        raise SealError(
            f"{FILE_NAME} of school unit {school}, {period}, is not the list that was published "
            "there: it was copied from another school or period, was changed, or was sealed with "
            "another pupil.key. Restore the folder from the backup."
        ) from None
    return unpacked(zlib.decompress(sealed))


def unfit_lists(sealer: Sealer, root: Path) -> list[str]:
    """Return the places, `period/school`, whose list as data is not the one published there.

    Args:
        sealer: of the home.
        root: the folder of all published lists.
    """
    unfit: list[str] = []
    for place in sorted(root.glob("[0-9c]*/*")):
        try:
            recall(sealer, place)
        except SealError:
            unfit.append(f"{place.parent.name}/{place.name}")
    return unfit


def with_standing_keys(watchlist: Watchlist, keys: Mapping[str, str]) -> Watchlist:
    """Return a list whose pupils have the keys that stand for them today.

    Args:
        watchlist: a list as it was published.
        keys: for the key of each number that was changed the one that stands, as texts.
    """

    def standing(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            replace(row, pupil_key=keys[row.pupil_key]) if row.pupil_key in keys else row
            for row in rows
        )

    return replace(
        watchlist,
        pupils=standing(watchlist.pupils),
        insufficient=standing(watchlist.insufficient),
        at_risk=standing(watchlist.at_risk),
        cleared=standing(watchlist.cleared),
        thin=standing(watchlist.thin),
    )


def without_pupils(watchlist: Watchlist, keys: Collection[str]) -> Watchlist:
    """Return a list without some pupils; those who stood there with a verdict are counted.

    Args:
        watchlist: a list as it was published.
        keys: pupil keys as text, of pupils who have become protected.
    """
    left = without_erased(watchlist, keys)
    gone = watchlist.pupils_evaluated - left.pupils_evaluated
    return replace(left, protected_pupils=watchlist.protected_pupils + gone)


def without_erased(watchlist: Watchlist, keys: Collection[str]) -> Watchlist:
    """Return a list without some pupils, who are counted nowhere.

    Args:
        watchlist: a list as it was published.
        keys: pupil keys as text, of pupils who were erased.
    """
    gone = {
        pupil.pupil_key
        for pupil in (*watchlist.pupils, *watchlist.insufficient)
        if pupil.pupil_key in keys
    }
    return replace(
        watchlist,
        pupils=tuple(row for row in watchlist.pupils if row.pupil_key not in keys),
        insufficient=tuple(row for row in watchlist.insufficient if row.pupil_key not in keys),
        at_risk=tuple(row for row in watchlist.at_risk if row.pupil_key not in keys),
        cleared=tuple(row for row in watchlist.cleared if row.pupil_key not in keys),
        thin=tuple(row for row in watchlist.thin if row.pupil_key not in keys),
        pupils_evaluated=watchlist.pupils_evaluated - len(gone),
    )
