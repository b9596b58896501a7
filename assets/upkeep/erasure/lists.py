"""A pupil out of the published lists: current and frozen ones, mentors' files, older versions.

Older versions, and frozen lists that were replaced (`trappan backfill --republish`), are deleted
where they have the pupil; the record of a change stays in the lake.

A list is written again from what is remembered of it, without the pupil, with the day and values of
then. A frozen one says that a pupil was erased, and not who. Not here: what lies at a target
(`trappan deliver` takes it back), how a list is written (`watchlists/release/publish.py`).
"""

from __future__ import annotations

import json
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.lake.sealed_places import LIST
from assets.watchlists.mentor_lists import rows_of
from assets.watchlists.model import Watchlist
from assets.watchlists.release.frozen import count_again
from assets.watchlists.release.mentor_files import FOLDER
from assets.watchlists.release.publish import (
    ListToPublish,
    Provenance,
    lists_root,
    publish_watchlist,
)
from assets.watchlists.release.remembered import (
    FILE_NAME,
    MANIFEST,
    recall,
    unpacked,
    without_erased,
)
from assets.watchlists.swedish import notice_texts, texts

_PLACES = "[0-9c]*/[0-9]*"
#: Below `lists/`: versions before the one that stands, and frozen lists that were replaced.
_OLDER = (".versions", ".replaced")


def lists_naming(home: Path, sealer: Sealer, keys: frozenset[str]) -> list[Path]:
    """Return the places, `lists/<period>/<school>`, whose list or an older version has a pupil.

    Raises:
        SealError: a list does not open where it lies.
    """
    return [
        place
        for place in _places(home)
        if _names(recall(sealer, place), keys) or _other_versions(home, sealer, place, keys)
    ]


def _places(home: Path) -> list[Path]:
    """Return the places of lists, also of those of which only older versions are left."""
    root = lists_root(home)
    found = set(root.glob(_PLACES))
    for older in _OLDER:
        found |= {root / place.relative_to(root / older) for place in (root / older).glob(_PLACES)}
    return sorted(found)


def take_out_of_lists(lake: Lake, sealer: Sealer, keys: frozenset[str]) -> int:
    """Write every list that has a pupil again without, and remove older versions that have.

    Args:
        lake: the lake.
        sealer: of its home.
        keys: of the pupil, as texts.

    Returns:
        How many lists there were.

    Raises:
        PublishError: one can't be written; those before it are in place.
        SealError: a list does not open where it lies.
    """
    home = lake.settings.home
    places = lists_naming(home, sealer, keys)
    for place in places:
        found = recall(sealer, place)
        if found is not None and _names(found, keys):
            _write_again(lake, place, found, keys)
        for version in _other_versions(home, sealer, place, keys):
            shutil.rmtree(version)
    return len(places)


def _write_again(lake: Lake, place: Path, found: Watchlist, keys: frozenset[str]) -> None:
    left = without_erased(found, keys)
    if found.is_frozen and notice_texts.ERASED not in left.notices:
        left = replace(left, notices=(notice_texts.ERASED, *left.notices))
    manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    entry = ListToPublish(
        _as_shown(left, tuple(manifest.get("held", ()))),
        Provenance.of_published(place),
        left,
        has_mentor_files=(place / FOLDER).is_dir(),
    )
    period = place.parent.name
    # First what is counted of it: killed after this, the list itself is still to be written.
    lake.write(lambda connection: count_again(connection, period, left))
    publish_watchlist(lake.settings.home, period, entry, keeps_old=False)


def _as_shown(left: Watchlist, held: tuple[str, ...]) -> Watchlist:
    """Return a list as it is shown: one that waits says why on top, as it did."""
    if not held or left.held:
        return left
    reason = notice_texts.NOTICE_HELD.format(as_of=texts.day(left.as_of), reasons=" ".join(held))
    return replace(left, notices=(reason, *left.notices), held=held)


def _names(watchlist: Watchlist | None, keys: frozenset[str]) -> bool:
    return watchlist is not None and any(row.pupil_key in keys for row in rows_of(watchlist))


def _other_versions(home: Path, sealer: Sealer, place: Path, keys: frozenset[str]) -> list[Path]:
    """Return the versions of a list, but for the one that stands, that have a pupil, or may."""
    of_list = (place.name, place.parent.name)
    standing = place.resolve()
    found = []
    folders = [lists_root(home) / older / of_list[1] / of_list[0] for older in _OLDER]
    for version in sorted(path for folder in folders for path in folder.glob("*")):
        if version == standing or not version.is_dir():
            continue
        try:
            sealed = (version / FILE_NAME).read_bytes()
            known = unpacked(zlib.decompress(sealer.unseal_bytes(LIST, of_list, sealed)))
        except (OSError, SealError, ValueError):
            # A run was killed while it wrote it, or it is of another key: nobody can say.
            found.append(version)
            continue
        if _names(known, keys):
            found.append(version)
    return found
