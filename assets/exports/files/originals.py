"""Archived originals as files that are offered again, without a copy that has a name.

A killed process leaves none of them behind. Not here: the archive (`archive.py`), what is read of
them (`retry.py`, `revoke.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from assets.exports.files.archive import Archive
from assets.exports.files.received import ReceivedFile, look_at
from assets.exports.ledger.entries import LedgerFile
from assets.exports.senders.senders import Sender
from assets.lake.encryption import SealError


def name_of(file: LedgerFile) -> str:
    """Return a file's name in the ledger; how a file is read hangs on it.

    Raises:
        SealError: the sealed name does not open in its row.
    """
    if file.name is None:
        raise SealError(
            f"The name of {file.sha256[:12]} in the ledger is not this file's, so it can't be read "
            "again. Nothing was changed; see `trappan verify`."
        )
    return file.name


@contextmanager
def opened_originals(
    archive: Archive, files: Sequence[tuple[LedgerFile, Sender]], folder: Path
) -> Iterator[list[ReceivedFile]]:
    """Open originals as they were received: with their names, times and senders.

    Args:
        archive: the archive.
        files: what the ledger says of them, and who sent them.
        folder: where there is room for them, in clear, for as long as they are open.

    Raises:
        ArchiveError: one isn't there or can't be opened.
        SealError: the sealed name of one is not its own.
    """
    with ExitStack() as plain:
        opened: list[ReceivedFile] = []
        for file, sender in files:
            name = name_of(file)
            copy = plain.enter_context(tempfile.TemporaryFile(dir=folder))
            archive.write_original(file.sha256, copy)
            copy.flush()
            opened.append(
                replace(
                    look_at(Path(f"/proc/self/fd/{copy.fileno()}")),
                    # The file's own, also where what is kept of it is not as it came.
                    sha256=file.sha256,
                    offered_name=name,
                    modified_at=file.modified_at,
                    exported_at=file.exported_at or file.modified_at,
                    sender=sender,
                )
            )
        yield opened
