"""Reading an archived original again, as if it were offered now: after a layout was mended.

Not here: how a file is read (`ingest.py`), how an original is opened (`files/originals.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from assets.exports.files.archive import Archive
from assets.exports.files.originals import opened_originals
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

    Its sender has the rights of today.

    Raises:
        NothingToRetryError: every row of it was taken, or it waits for a release.
        ArchiveError: its original isn't there or can't be opened.
        LakeError: another process keeps the lake locked.
    """
    if file.outcome == "awaiting_release":
        raise NothingToRetryError(
            f"{file.sha256[:12]} waits until somebody who has looked releases it: {file.reason}."
        )
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
    try:
        with opened_originals(archive, [(file, sender)], home / "tmp") as (received,):
            return read_again(lake, received, layouts=layouts)
    finally:
        archive.close()
