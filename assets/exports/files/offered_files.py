"""Which files a person or an inbox offers, and which of them are to be read.

Not here: what the ledger knows of them (`ledger/entries.py`), what becomes of them (`ingest.py`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from assets.exports.files.received import ReceivedFile, why_passed_over, why_unfinished
from assets.exports.files.spool import OfferedPlace
from assets.exports.ledger.entries import KnownFile
from assets.exports.ledger.outcomes import FileOutcome, FileReport, held, report_of

# So much CSV at a time: enough to keep DuckDB busy, little enough for its memory; and no more files
# than a process may hold open.
BATCH_BYTES = 192 << 20
BATCH_FILES = 256


@dataclass(frozen=True)
class InboxEntry:
    """Something that lies in an inbox.

    Attributes:
        path: where it lies.
        why_not: why it is not read; empty when it is.
        is_quiet: nobody would miss it: it is listed, and reported nowhere else.
        below: the folder that was offered; None where the file itself was.
    """

    path: Path
    why_not: str = ""
    is_quiet: bool = False
    below: Path | None = None

    @property
    def place(self) -> OfferedPlace:
        """Where it lies, and below what no link is followed."""
        return OfferedPlace(self.path, self.below or self.path.parent)


def entries_in(paths: Iterable[Path]) -> list[InboxEntry]:
    """Return all that these paths offer, each once: themselves, or everything below a folder.

    A folder that is named may be a link. Below it no link is followed, and nothing is opened that
    is no regular file: each is an entry with its reason. A folder that can't be listed is an entry
    itself, so that somebody hears of it.

    Raises:
        FileNotFoundError: a path isn't there.
    """
    found: dict[Path, InboxEntry] = {}
    for path in paths:
        if path.is_dir():
            entries = sorted(_below(path), key=lambda entry: entry.path)
        elif os.path.lexists(path):
            entries = [_named(path, Path(path.name))]
        else:
            raise FileNotFoundError(path)
        for entry in entries:
            found.setdefault(entry.path, entry)
    return list(found.values())


def _below(folder: Path) -> Iterator[InboxEntry]:
    """Yield what lies below a folder, without following a link."""
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(str(inner)) as listed:
                names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listed]
        except OSError as error:
            yield InboxEntry(inner, f"it can't be listed: {error.strerror}")
            continue
        for name, is_folder in names:
            path = inner / name
            if is_folder:
                waiting.append(path)
            else:
                entry = _named(path, path.relative_to(folder), passes_over=True)
                yield replace(entry, below=folder)


def _named(path: Path, name: PurePath, *, passes_over: bool = False) -> InboxEntry:
    """Return the entry of what is no folder, by its kind and its name."""
    if passes_over and (quiet := why_passed_over(name)):
        return InboxEntry(path, quiet, is_quiet=True)
    return InboxEntry(path, _why_no_file(path) or why_unfinished(name) or "")


def _why_no_file(path: Path) -> str | None:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"it can't be opened: {error.strerror}"
    if stat.S_ISREG(mode):
        return None
    kinds = {
        stat.S_IFLNK: "a link, and links are not followed. Put the file itself there",
        stat.S_IFIFO: "a pipe and no regular file",
        stat.S_IFSOCK: "a socket and no regular file",
    }
    return f"it is {kinds.get(stat.S_IFMT(mode), 'a device and no regular file')}"


class Offered:
    """The files of a run, by content and sender."""

    def __init__(self, files: Iterable[ReceivedFile]) -> None:
        self.files: dict[int, list[ReceivedFile]] = {}
        for file in files:
            self.files.setdefault(file.file_id, []).append(file)

    def to_read(
        self, known: dict[int, KnownFile], released: Collection[int] = ()
    ) -> Iterator[ReceivedFile]:
        """Yield one file of each content that is to be read, with its newest export time.

        What awaits a release is read when it is among the released, whatever came since.

        A known content is read again when a file name says that the sender said it again later:
        Monday's roster sent again on Wednesday undoes Tuesday's. A later modification time alone
        says nothing, a copy has that too.
        """
        for file_id, copies in self.files.items():
            before = known.get(file_id)
            declared = [file for file in copies if file.has_declared_time]
            if declared:
                word = max(declared, key=lambda file: file.exported_at)
            else:
                word = min(copies, key=lambda file: file.exported_at)
            is_released = file_id in released
            if before and before.awaits and not is_released:
                continue
            if before and before.is_settled and not before.awaits:
                is_newer = before.exported_at is None or word.exported_at > before.exported_at
                if not declared or not is_newer or before.is_revoked:
                    continue
            yield replace(
                copies[0],
                exported_at=word.exported_at,
                notice=word.notice,
                is_released=is_released,
            )

    def copies(self, settled: set[Path]) -> Iterator[tuple[ReceivedFile, ReceivedFile]]:
        """Yield (first file of a content, file) for all that were not read themselves."""
        for copies in self.files.values():
            for file in copies:
                if file.path not in settled:
                    yield copies[0], file


def batches(files: Sequence[ReceivedFile], *, is_bulk: bool) -> Iterator[list[ReceivedFile]]:
    """Cut files, in order, into batches of about `BATCH_BYTES`, as even as the files allow.

    A small rest at the end would be staged and stored with nothing beside it.

    Args:
        files: of one kind.
        is_bulk: they are lessons; the others are small, so more of them go together.
    """
    size = sum(file.size for file in files)
    enough = max(BATCH_BYTES, size / max(1, round(size / BATCH_BYTES)))
    most = BATCH_FILES if is_bulk else BATCH_FILES * 4
    batch: list[ReceivedFile] = []
    filled = 0
    for file in files:
        batch.append(file)
        filled += file.size
        if filled >= enough or len(batch) == most:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch


#: Why a file is not read whose content was revoked.
REVOKED = "its content was revoked: nothing of it is read, however often it comes"


def copy_reports(
    offered: Offered, reports: Mapping[Path, FileReport], known: Mapping[int, KnownFile]
) -> Iterator[tuple[FileReport, bool]]:
    """Yield a report for each file without one, and whether the ledger has to hear of it.

    Args:
        offered: the run's files.
        reports: what became of those that were read.
        known: what the ledger says of their contents.
    """
    for first, copy in offered.copies(set(reports)):
        before = known.get(copy.file_id)
        outcome = reports.get(first.path)
        if outcome is not None and outcome.outcome == FileOutcome.AWAITING_RELEASE:
            yield replace(outcome, path=copy.path, offered_name=copy.name), False
        elif outcome is None and before is not None and before.awaits:
            waiting = report_of(copy, FileOutcome.AWAITING_RELEASE)
            yield replace(waiting, reason=before.awaits, notice=""), False
        elif outcome is not None and outcome.outcome == FileOutcome.HELD:
            yield held(copy.path, "the same content was held just now"), False
        elif outcome is not None and outcome.outcome == FileOutcome.QUARANTINED:
            quarantined = report_of(copy, FileOutcome.QUARANTINED)
            yield replace(quarantined, reason=outcome.reason, notice=""), False
        else:
            last = before.exported_at if before else None
            report = replace(
                report_of(copy, FileOutcome.DUPLICATE),
                exported_at=outcome.exported_at if outcome else last,
                reason=REVOKED if before and before.is_revoked else "its content is known already",
            )
            # The same file still lying in the inbox is no new receipt.
            is_new = before is None or (copy.name, copy.modified_at) not in before.receipts
            yield report, is_new
