"""Reading an archived original again, as if it were offered now: after a layout was mended.

The original is opened into a file of no name, so that a killed process leaves none of it behind.
Not here: how a file is read (`ingest.py`), the archive (`archive.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assets.exports.files.archive import Archive
from assets.exports.files.received import look_at
from assets.exports.ingest import read_again
from assets.exports.ledger.entries import LedgerFile
from assets.exports.ledger.outcomes import FileReport
from assets.exports.readers.layouts import Layout
from assets.exports.senders.senders import Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from rules.errors import TrappanError


class NothingToRetryError(TrappanError):
    """A file was taken whole; the message says so."""


def retry_file(
    lake: Lake,
    file: LedgerFile,
    *,
    layouts: Sequence[Layout] | None = None,
    senders: Senders | None = None,
) -> FileReport:
    """Read a quarantined file, or one with refused rows, again.

    Its export time is the one that the ledger knows, from its name or modification time; its sender
    has the rights of today.

    Raises:
        NothingToRetryError: every row of it was taken.
        ArchiveError: its original isn't there or can't be opened.
        LakeError: another process keeps the lake locked.
    """
    if file.outcome != "quarantined" and not file.rows_rejected:
        raise NothingToRetryError(
            f"{file.sha256[:12]} was taken whole ({file.outcome}): no row of it was refused, so "
            "there is nothing to try again."
        )
    sender = (senders or Senders()).still_named(file.sender)
    if sender is None:
        raise NothingToRetryError(
            f"{file.sha256[:12]} was sent by '{file.sender}', which senders.yaml does not name. "
            "What it may say is not known, so nothing of it is read again."
        )
    home = lake.settings.home
    archive = Archive(home, Sealer.of_home(home))
    folder = home / "tmp"
    try:
        with tempfile.TemporaryFile(dir=folder) as plain:
            archive.write_original(file.sha256, plain)
            plain.flush()
            looked = look_at(Path(f"/proc/self/fd/{plain.fileno()}"))
            received = replace(
                looked,
                offered_name=file.name,
                modified_at=file.modified_at,
                exported_at=file.exported_at or file.modified_at,
                sender=sender,
            )
            return read_again(lake, received, layouts=layouts)
    finally:
        archive.close()
