"""Files that were left to the next run, and files that can't be read: what waits, and why.

A held file is no ledger row: nothing of it was read, not even what its hash is. Not here: why a
file is held (`arrivals.py`, `ingest.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import duckdb

from assets.exports.files.archive import Archive
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import HELD_NAME
from assets.lake.whole_files import write_whole

_Row = tuple[UUID, bytes, datetime, datetime, str]


class HeldFiles:
    """What waits, as it was when a run began; the run keeps others from writing.

    Args:
        lake: the lake.
        sealer: of its home.
    """

    def __init__(self, lake: Lake, sealer: Sealer) -> None:
        self._lake = lake
        self._sealer = sealer
        # Read first, with what else is read then: after a commit the catalog is read again.
        self._before: dict[UUID, _Row] = {
            row[0]: row
            for row in (
                lake.rows("SELECT * FROM held_files") if lake.has_rows("held_files") else ()
            )
        }

    def note(self, reports: Iterable[FileReport]) -> None:
        """Keep which of the offered files were held, and forget those that were taken or are gone.

        A file that is held again keeps the time at which it was first noticed; when nothing is
        new, nothing is written.

        Args:
            reports: of every offered file.
        """
        offered = {_key(self._sealer, report.path): report for report in reports}
        held: dict[UUID, _Row] = {
            key: row
            for key, row in self._before.items()
            if key not in offered and self._is_there(row)
        }
        now = datetime.now(UTC).replace(tzinfo=None)
        for key, report in offered.items():
            if report.outcome == FileOutcome.HELD and os.path.lexists(report.path):
                held[key] = self._row(key, report, now)
        if _without_row(held) != _without_row(self._before):
            self._lake.write(lambda connection: _rewrite(connection, held.values()))

    def _is_there(self, row: _Row) -> bool:
        """Whether what a row is about is still there; one that does not open stays to be looked at.

        The key is that of the path, so a path that opens under another key is another file's.
        """
        found = self._sealer.opened(HELD_NAME, row[:1], row[1])
        return found is None or os.path.lexists(found["path"])

    def _row(self, key: UUID, report: FileReport, now: datetime) -> _Row:
        said = {"name": report.name, "path": str(report.path.absolute())}
        sealed = self._sealer.seal(HELD_NAME, (key,), said)
        noticed = self._before[key][3] if key in self._before else now
        return (key, sealed, report.modified_at, noticed, report.reason or "")


def _key(sealer: Sealer, path: Path) -> UUID:
    # A name need not be UTF-8.
    return sealer.key("held file", os.fsencode(path.absolute()).hex())


def _without_row(held: dict[UUID, _Row]) -> dict[UUID, tuple[datetime, str]]:
    """What a row says, without the seal that differs each time."""
    return {key: (row[2], row[4]) for key, row in held.items()}


def _rewrite(connection: duckdb.DuckDBPyConnection, rows: Iterable[_Row]) -> None:
    connection.execute("DELETE FROM held_files")
    for row in rows:
        connection.execute("INSERT INTO held_files VALUES (?, ?, ?, ?, ?)", list(row))


# Files that can't be read as a whole: why, beside the hash of the original in the archive. No copy
# of its own is kept: an original names pupils in clear, so it is in the archive only
# (`archive.py`).


class Quarantine:
    """The notes of one home.

    Args:
        home: the home.
        archive: where the originals are.
    """

    def __init__(self, home: Path, archive: Archive) -> None:
        self._folder = home / "quarantine"
        self._archive = archive

    def note(self, sha256: str, reason: str | None) -> None:
        """Write why a file could not be read, and how to get the original.

        Args:
            sha256: of the file; a name of its own may name a pupil.
            reason: in words, without personal data.

        Raises:
            OSError: no room or no permission in the home.
        """
        self._folder.mkdir(exist_ok=True)
        where = (
            f"The original: trappan archive open {sha256[:12]} --out FILE"
            if self._archive.holds(sha256)
            else "The original was not kept (TRAPPAN_ARCHIVE is off)."
        )
        write_whole(self._place(sha256), f"{reason or ''}\n{where}\n".encode())

    def release(self, sha256: str) -> None:
        """Remove the note on a file that could be read after all."""
        self._place(sha256).unlink(missing_ok=True)

    def _place(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.reason.txt"
