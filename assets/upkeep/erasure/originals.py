"""A pupil out of the originals in the archive, the ledger's counts with them, and pulled files.

The ledger goes on naming a file by what came. Of a file whose lines of the pupil are empty now it
says as many rows as are left, so that reading it again changes nothing. Of one that was deleted it
says what it said: nobody can read it again (`trappan retry`, `revoke` and `rebuild` say so). Not
here: what is left of a file (`exports/files/without_pupil.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from assets.exports.erased_files import (
    KeptFile,
    kept_files,
    left_of_file,
    left_of_original,
    take_out_of_original,
)
from assets.exports.files.archive import Archive, ArchiveError
from assets.exports.files.received import look_at
from assets.exports.files.without_pupil import WhoGoes
from assets.exports.ingest import Progress
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from assets.lake.whole_files import write_whole

Layouts = Mapping[str, Layout]


def look_through(
    lake: Lake,
    archive: Archive,
    who: WhoGoes,
    layouts: Layouts,
    on_progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return what becomes of the originals that name a pupil; nothing is changed.

    Args:
        lake: the lake.
        archive: its originals.
        who: the pupil.
        layouts: of the home, by name.
        on_progress: called with a word, files done and files in all.

    Returns:
        Of each original its hash and layout, whether it is rewritten or deleted, and the ledger's
        counts of each of its files as they will be.
    """
    found = []
    known = kept_files(lake)
    for number, kept in enumerate(known):
        if on_progress:
            on_progress("looking through originals", number, len(known))
        if not archive.holds(kept.sha256):
            continue
        try:
            left = left_of_original(archive, kept, who, layouts, lake.settings.home / "tmp")
        except ArchiveError:
            # Nobody can say whom a file names that does not open.
            found.append(_entry(kept, is_rewritten=False, is_unopened=True))
            continue
        if left.is_named:
            is_text = left.content is not None and layouts.get(kept.layout or "") is not None
            entry = _entry(kept, is_rewritten=left.content is not None)
            if is_text:
                entry["lines"] = list(left.lines)
                entry["counts"] = _counts(lake, kept, left.lines)
            found.append(entry)
    return found


def _entry(kept: KeptFile, *, is_rewritten: bool, is_unopened: bool = False) -> dict[str, Any]:
    return {
        "sha256": kept.sha256,
        "layout": kept.layout,
        "is_rewritten": is_rewritten,
        "is_unopened": is_unopened,
        "lines": [],
        "counts": {},
    }


def _counts(lake: Lake, kept: KeptFile, lines: tuple[int, ...]) -> dict[str, list[int]]:
    """Return the counts that the ledger rows of a content will have: read, accepted, rejected.

    They are said whole and not as differences, so that saying them twice changes nothing.
    """
    counts = {}
    for file_id, read, accepted, rejected in lake.rows(
        "SELECT file_id, rows_read, rows_accepted, rows_rejected FROM files "
        "WHERE file_sha256 = $sha256 AND outcome <> 'duplicate' AND rows_read > 0",
        sha256=kept.sha256,
    ):
        ((refused,),) = lake.rows(
            "SELECT count(*) FROM row_problems WHERE file_id = $file_id AND severity = 'rejected' "
            "AND line_number IN (SELECT unnest($lines::BIGINT[]))",
            file_id=file_id,
            lines=list(lines),
        )
        taken = max(0, accepted - (len(lines) - refused))
        left = max(0, rejected - refused)
        counts[str(file_id)] = [taken + left if read == accepted + rejected else read, taken, left]
    return counts


def settle_ledger(connection: duckdb.DuckDBPyConnection, entries: list[dict[str, Any]]) -> None:
    """Let the ledger say what is left of files; twice is as once.

    Args:
        connection: inside a transaction.
        entries: what `look_through` returned.
    """
    for entry in entries:
        for file_id, (read, accepted, rejected) in entry["counts"].items():
            connection.execute(
                "UPDATE files SET rows_read = $read, rows_accepted = $accepted, "
                "rows_rejected = $rejected, rows_superseded = least(rows_superseded, $accepted), "
                "rows_warned = least(rows_warned, $accepted) "
                "WHERE file_id = $file_id AND outcome <> 'duplicate'",
                {
                    "read": read,
                    "accepted": accepted,
                    "rejected": rejected,
                    "file_id": int(file_id),
                },
            )
            connection.execute(
                "DELETE FROM row_problems WHERE file_id = $file_id AND severity = 'rejected' "
                "AND line_number IN (SELECT unnest($lines::BIGINT[]))",
                {"file_id": int(file_id), "lines": entry["lines"]},
            )


def rewrite_originals(
    archive: Archive, who: WhoGoes, layouts: Layouts, home: Path, entries: list[dict[str, Any]]
) -> None:
    """Rewrite or delete the originals that name a pupil; twice is as once.

    Raises:
        ArchiveError: one can't be opened any more.
        OSError: no room or no permission.
    """
    for entry in entries:
        if not entry["is_unopened"]:
            kept = KeptFile(entry["sha256"], entry["layout"])
            take_out_of_original(archive, kept, who, layouts, home)


def remove_half_kept(home: Path) -> None:
    """Remove what a killed process left in the archive before it was in its place.

    Args:
        home: the home; whoever calls it has the turn to write, so nobody is about to go on with it.

    Raises:
        OSError: no permission.
    """
    archive = home / "archive"
    for path in archive.glob("*/.*"):
        if path.is_file():
            path.unlink()
    shutil.rmtree(archive / ".incoming", ignore_errors=True)


def take_out_of_pulled(
    lake: Lake, folder: Path, who: WhoGoes, *, is_planned: bool = False
) -> tuple[int, int]:
    """Take a pupil out of files that were pulled from servers.

    One that the ledger knows is deleted: its original is in the archive. One that was not taken yet
    is rewritten, and deleted where that can't be: it has to be fetched again.

    Args:
        lake: the lake.
        folder: of pulled files.
        who: the pupil.
        is_planned: only count.

    Returns:
        How many name the pupil, and how many of them have to be fetched again.
    """
    known = {kept.sha256 for kept in kept_files(lake)}
    naming = lost = 0
    for path in files_naming(folder, who):
        naming += 1
        left = left_of_file(path, who, {}, None)
        is_lost = left.content is None and look_at(path).sha256 not in known
        lost += is_lost
        if is_planned:
            continue
        if left.content is None or look_at(path).sha256 in known:
            path.unlink()
        else:
            write_whole(path, left.content)
    return naming, lost


def files_naming(folder: Path, who: WhoGoes) -> list[Path]:
    """Return the files below a folder that name a pupil; states of pulls are none."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and path.name[0] != ".":
            try:
                is_named = left_of_file(path, who, {}, None).is_named
            except OSError:
                continue
            if is_named:
                found.append(path)
    return found
