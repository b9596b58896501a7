"""Each mentor's own list as files in the folder of a school's list.

`mentorer/<key>/franvarolista_mentor_<key>_<week>.{xlsx,html}`: keys name them, so that no name of a
person stands in a path and no two mentors meet. What says the same as the list before is linked
from there before anything is drawn; a mentor without pupils has no files. Not here: what a mentor
may read (`mentor_lists.py`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from assets.lake.encryption import Sealer
from assets.watchlists.mentor_lists import mentors_on, watchlist_of_mentor
from assets.watchlists.model import Mentor, Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.release.remembered import MANIFEST, packed
from assets.watchlists.workbook.mentor_workbook import write_mentor_workbook

FOLDER = "mentorer"
#: What a list says decides whether it is drawn again; who changes how it looks counts this up.
_LOOK = 2
_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)

Entries = dict[str, dict[str, Any]]


def write_mentor_files(
    folder: Path, watchlist: Watchlist, sealer: Sealer, before: Path | None
) -> Entries:
    """Put the files of every mentor of a list into its folder.

    Args:
        folder: the folder of the school's list, which is not in place yet.
        watchlist: the school's list.
        sealer: of the home.
        before: the folder of the list that stands there now; None for none.

    Returns:
        By key of the mentor, for the manifest: a keyed hash of what the list says, and the files
        with their hashes.

    Raises:
        OSError: a file can't be written.
    """
    known = _entries_of(before)
    entries: Entries = {}
    for mentor in mentors_on(watchlist):
        mine = replace(watchlist_of_mentor(watchlist, mentor), created_at=_WHENEVER)
        own = folder / FOLDER / mentor.key
        own.mkdir(mode=0o700, parents=True)
        said = sealer.mark_text(
            "mentor list", f"{_LOOK}\x1f{mentor.key}\x1f{packed(mine).decode()}"
        )
        entry = known.get(mentor.key, {})
        if before is None or entry.get("content") != said or not _linked(entry, before, own):
            shown = replace(mine, created_at=watchlist.created_at)
            entry = {"content": said, "files": _written(own, shown, mentor)}
        entries[mentor.key] = entry
    return entries


def _written(folder: Path, mine: Watchlist, mentor: Mentor) -> dict[str, str]:
    stem = f"franvarolista_mentor_{mentor.key}_{mine.iso_week}"
    workbook, page = folder / f"{stem}.xlsx", folder / f"{stem}.html"
    write_mentor_workbook(mine, mentor, workbook)
    write_page(mine, page, mentor.name)
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (workbook, page)}


def _entries_of(folder: Path | None) -> Mapping[str, Any]:
    """What the manifest of a folder says of mentors' files; nothing where it can't be read."""
    if folder is None:
        return {}
    with suppress(OSError, ValueError):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return dict(manifest.get("mentors", {}))
    return {}


def _linked(entry: Mapping[str, Any], before: Path, own: Path) -> bool:
    """Link the files of an entry; whether all were there as they were written."""
    for name, expected in entry["files"].items():
        source = before / FOLDER / own.name / name
        if not source.is_file() or sha256(source.read_bytes()).hexdigest() != expected:
            return False
        link_or_copy(source, own / name)
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """Let a file stand in a second folder, as a link where the file system has such links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield every file of a list's folder, and the folders after what is in them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if not path.is_symlink():
            yield path
