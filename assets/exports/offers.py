"""Which files a person or an inbox offers, and which of them are to be read.

Not here: what the ledger knows of them (`ledger.py`), what becomes of them (`ingest.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assets.exports.ledger import KnownFile
from assets.exports.received import ReceivedFile

# So much CSV at a time: enough to keep DuckDB busy, little enough for its memory; and no more files
# than a process may hold open.
BATCH_BYTES = 192 << 20
BATCH_FILES = 256


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files that these paths offer, each once: themselves, or all below a folder.

    Hidden files, temporary names and README files are no exports and are left out. A folder that
    can't be listed is offered itself, so that somebody hears of it.

    Raises:
        FileNotFoundError: a path isn't there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in _below(path) if _is_export(file.relative_to(path)))
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(path)
    return list(dict.fromkeys(found))


def _below(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder, through linked folders too, but never in a circle."""
    closed: list[Path] = []
    seen = {os.path.realpath(folder)}
    for root, folders, names in os.walk(
        folder, followlinks=True, onerror=lambda error: closed.append(Path(error.filename))
    ):
        folders[:] = [name for name in folders if _is_new(Path(root, name), seen)]
        yield from (Path(root, name) for name in names)
    yield from closed


def _is_new(folder: Path, seen: set[str]) -> bool:
    real = os.path.realpath(folder)
    if real in seen:
        return False
    seen.add(real)
    return True


def _is_export(path: Path) -> bool:
    if any(part.startswith((".", "~$")) for part in path.parts):
        return False
    return not path.name.upper().startswith("README")


class Offered:
    """The files of a run, by content."""

    def __init__(self, files: Iterable[ReceivedFile]) -> None:
        self.files: dict[str, list[ReceivedFile]] = {}
        for file in files:
            self.files.setdefault(file.sha256, []).append(file)

    def to_read(self, known: dict[str, KnownFile]) -> Iterator[ReceivedFile]:
        """Yield one file of each content that is to be read, with its newest export time.

        A known content is read again when a file name says that the sender said it again later:
        Monday's roster sent anew on Wednesday undoes Tuesday's. A later modification time alone
        says nothing, a copy has that too.
        """
        for sha256, copies in self.files.items():
            before = known.get(sha256)
            declared = [file.exported_at for file in copies if file.has_declared_time]
            newest = max(declared) if declared else min(file.exported_at for file in copies)
            if before and before.is_settled:
                is_newer = before.exported_at is None or newest > before.exported_at
                if not declared or not is_newer:
                    continue
            yield replace(copies[0], exported_at=newest)

    def copies(self, settled: set[Path]) -> Iterator[tuple[ReceivedFile, ReceivedFile]]:
        """Yield (first file of a content, file) for all that were not read themselves."""
        for copies in self.files.values():
            for file in copies:
                if file.path not in settled:
                    yield copies[0], file


def batches(files: Sequence[ReceivedFile]) -> Iterator[list[ReceivedFile]]:
    """Cut files, in order, into batches of about `BATCH_BYTES`."""
    batch: list[ReceivedFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if size >= BATCH_BYTES or len(batch) == BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
