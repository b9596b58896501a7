"""Files that are read again because something was taken back, from their originals.

Rows that other rows superseded are deleted in the lake, so what they said is read once more. In any
order files give one state. Not here: what is taken back (`revoke.py`, `unmerge.py`), how files are
read (`ingest.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assets.exports.files.archive import Archive
from assets.exports.files.originals import name_of, opened_originals
from assets.exports.ingest import Progress, ReadAgain
from assets.exports.ledger.entries import LedgerFile, RevokeError
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.senders.senders import Sender, Senders
from assets.lake.connection import Lake

#: So many originals are open, in clear and without a name, at a time.
_AT_ONCE = 128


@dataclass(frozen=True)
class OtherFile:
    """A file that is read again: what the ledger says of it, who sent it, when it came (UTC)."""

    file: LedgerFile
    sender: Sender
    received_at: datetime


def sent_by(taken: Iterable[tuple[LedgerFile, datetime]], senders: Senders) -> list[OtherFile]:
    """Return files with their senders as they are today.

    Raises:
        RevokeError: one's sender is gone.
    """
    found: list[OtherFile] = []
    for file, received_at in taken:
        sender = senders.still_named(file.sender)
        if sender is None:
            raise RevokeError(
                f"{file.sha256[:12]} has to be read again, but its sender '{file.sender}' is no "
                "longer in senders.yaml. Name it there until this is done."
            )
        found.append(OtherFile(file, sender, received_at))
    return found


def refuse_missing(archive: Archive, others: Sequence[OtherFile]) -> None:
    """Look that every original is there, before anything is changed.

    Raises:
        RevokeError: one is not.
        SealError: the sealed name of one is not its own.
    """
    for other in others:
        name_of(other.file)
    missing = [o.file.sha256[:12] for o in others if not archive.holds(o.file.sha256)]
    if missing:
        raise RevokeError(
            f"{len(missing)} of the {len(others)} files that have to be read again are not in the "
            f"archive, the first {missing[0]}: what they said could not be brought back. Nothing "
            "was changed."
        )


def read_others(
    lake: Lake,
    archive: Archive,
    others: Sequence[OtherFile],
    again: ReadAgain,
    on_progress: Progress | None,
) -> tuple[FileReport, ...]:
    """Read files again, some at a time, and return what became of them."""
    reports: list[FileReport] = []
    for start in range(0, len(others), _AT_ONCE):
        if on_progress:
            on_progress("reading again", start, len(others))
        some = others[start : start + _AT_ONCE]
        pairs = [(other.file, other.sender) for other in some]
        with opened_originals(archive, pairs, lake.settings.home / "tmp") as files:
            received: Mapping[int, datetime] = {o.file.file_id: o.received_at for o in some}
            reports += again(files, received)
    return tuple(reports)


def are_whole(reports: Iterable[FileReport]) -> bool:
    """Whether all files could be read again; one of which every row was refused could."""
    return not any(
        report.outcome == FileOutcome.HELD
        or (report.outcome == FileOutcome.QUARANTINED and report.layout is None)
        for report in reports
    )
