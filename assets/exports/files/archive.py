"""The originals of received files: `HOME/archive/<first two hex>/<sha256>.zst.age`, read-only.

Kept before a file is parsed, and sealed, because an original names pupils in clear, protected ones
too. A file that nobody has sent before is sealed while it is hashed and copied (`Archive.begin`);
others that are read, such as one in quarantine, from their copy (`Archive.keep_ahead`).

The form is zstd in age, to the home's key, so `age -d -i HOME/pupil.key FILE | zstd -d` opens it
without this program. Its hash says whose it is, once opened. Not here: what is read (`ingest.py`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from queue import Full, Queue
from threading import Lock
from typing import IO

from assets.exports.files.received import ReceivedFile
from assets.exports.files.removed import Removed, note_removed, was_removed
from assets.exports.files.rewritten import Rewritten, note_rewritten, rewritten
from assets.exports.files.sealed_streams import SealedFileError, seal_stream, unseal_stream
from assets.exports.stage_times import StageTimes
from assets.lake.encryption import Sealer
from rules.errors import TrappanError

_SUFFIX = ".zst.age"
_INCOMING = ".incoming"
_BLOCK = 1 << 20
# Most of the time goes into waiting for the disk to have each file.
_AT_ONCE = 4
# So many blocks of a file wait to be sealed; then whoever reads it waits.
_WAITING_BLOCKS = 4
_PATIENCE_SECONDS = 0.1


class ArchiveError(TrappanError):
    """An original isn't there or can't be opened; the message says what to do."""


class _ChangedError(TrappanError):
    """The bytes are not those of the hash."""


class Sealing:
    """An original that is sealed while its file is looked at; on the disk, not in the archive yet.

    Args:
        pool: whose threads seal.
        place: for the sealed bytes; None to do nothing.
        seal: writes blocks to an open file.
        times: of the run.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        place: Path | None,
        seal: Callable[[Iterator[bytes], Path], None],
        times: StageTimes,
    ) -> None:
        self._blocks: Queue[bytes | None] = Queue(_WAITING_BLOCKS)
        self._times = times
        self._place, self._is_whole = place, False
        self._sealed = None if place is None else pool.submit(self._run, seal, place)

    def write(self, block: bytes | None) -> None:
        """Take the next block; None after the last."""
        # Whoever seals may be gone: no room on the disk, or the run is over.
        while self._sealed is not None and not self._sealed.done():
            with suppress(Full):
                self._blocks.put(block, timeout=_PATIENCE_SECONDS)
                return

    def end(self) -> None:
        """Say that all blocks were written, and the file is the one that was opened."""
        self._is_whole = True

    def close(self) -> None:
        """Say that no block comes any more."""
        self.write(None)

    def move(self, place: Path) -> bool:
        """Put the sealed bytes in a place once the disk has them; False where there are none.

        Raises:
            OSError: no room or no permission in the home.
        """
        if self._sealed is None or self._place is None or not self._sealed.result():
            return False
        self._place.replace(place)
        return True

    def _run(self, seal: Callable[[Iterator[bytes], Path], None], place: Path) -> bool:
        with self._times.of("sealing"):
            seal(self._taken(), place)
        return self._is_whole

    def _taken(self) -> Iterator[bytes]:
        while True:
            with self._times.paused():
                block = self._blocks.get()
            if block is None:
                return
            yield block


class Archive:
    """The originals of one home.

    Args:
        home: the home.
        sealer: its keys.
        is_on: whether originals are kept at all (`TRAPPAN_ARCHIVE`).
        times: of the run.
    """

    def __init__(
        self, home: Path, sealer: Sealer, *, is_on: bool = True, times: StageTimes | None = None
    ) -> None:
        self._times = times or StageTimes()
        self._folder = home / "archive"
        self._sealer = sealer
        self._is_on = is_on
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="archive")
        self._ahead: dict[str, Future[bool]] = {}
        # Not the same threads: those that keep wait for these.
        self._sealers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="seal")
        self._sealings: dict[str, Sealing] = {}
        self._numbers = count()
        self._is_incoming_made = False
        self._lock = Lock()

    @contextmanager
    def begin(self) -> Iterator[Sealing]:
        """Begin to seal a file whose hash is not known yet; only for who has the lake's turn.

        What was sealed is in the archive once it is kept, and gone with `close` else: whether the
        ledger knows the content is not known yet either.
        """
        place = self._incoming() / f"{next(self._numbers)}{_SUFFIX}" if self._is_on else None
        with closing(Sealing(self._sealers, place, self._seal, self._times)) as sealing:
            yield sealing

    def note(self, sha256: str, sealing: Sealing) -> None:
        """Remember whose original was sealed; of two of one content, the first."""
        sealing.end()
        self._sealings.setdefault(sha256, sealing)

    def keep_ahead(self, files: Iterable[ReceivedFile]) -> None:
        """Begin to keep files, one after the other, beside what the caller does."""
        for file in files:
            if file.sha256 not in self._ahead:
                self._ahead[file.sha256] = self._pool.submit(self._keep, file)

    def keep(self, file: ReceivedFile) -> bool:
        """Keep a file, or wait until it is kept; False when it isn't what was looked at any more.

        Raises:
            OSError: no room or no permission in the home.
        """
        self.keep_ahead([file])
        return self._ahead[file.sha256].result()

    def close(self) -> None:
        """End the threads; what has not begun is not kept, what nobody kept is gone."""
        self._pool.shutdown(cancel_futures=True)
        self._sealers.shutdown(cancel_futures=True)
        if self._is_incoming_made:
            shutil.rmtree(self._folder / _INCOMING, ignore_errors=True)

    def holds(self, sha256: str) -> bool:
        """Whether the original of a content is there."""
        return self._place(sha256).is_file()

    def remove(self, sha256: str, why: Removed | None = None) -> bool:
        """Remove an original for good, and mark why; False when it wasn't there."""
        place = self._place(sha256)
        was_there = place.is_file()
        # First, so that a process that is killed in between leaves no original that seems lost.
        note_removed(self._folder, sha256, why)
        place.unlink(missing_ok=True)
        return was_there

    def lost(self, sha256s: Iterable[str]) -> list[str]:
        """Return those of these contents that have no original, and that nobody removed."""
        return [
            sha256
            for sha256 in sha256s
            if not self._place(sha256).is_file() and not was_removed(self._folder, sha256)
        ]

    def write_original(self, sha256: str, target: IO[bytes]) -> int:
        """Write an original into an open file and return its bytes.

        Raises:
            ArchiveError: it isn't there, can't be read or is not whole.
        """
        digest, size = hashlib.sha256(), 0
        short = sha256[:12]
        try:
            with self._place(sha256).open("rb") as sealed:
                for block in unseal_stream(sealed, self._sealer):
                    digest.update(block)
                    size += target.write(block)
        except FileNotFoundError:
            raise ArchiveError(
                f"The archive has no original of {short}. It was removed, or taken in while "
                "TRAPPAN_ARCHIVE was off. Ask the sender for the file."
            ) from None
        except SealedFileError as error:
            raise ArchiveError(
                f"The original of {short} can't be opened: {error}. Restore "
                f"{self._place(sha256)} from the backup."
            ) from None
        if digest.hexdigest() != sha256 and not self._is_rewritten(sha256, digest.hexdigest()):
            raise ArchiveError(
                f"The original of {short} has another hash than its name says. Restore "
                f"{self._place(sha256)} from the backup."
            )
        return size

    def rewrite(self, sha256: str, content: bytes | None) -> None:
        """Put other bytes in an original's place, or none: a pupil of it was erased.

        Args:
            sha256: of the bytes that came; it goes by this name also afterwards.
            content: what is left; None where nothing can be left of it.

        Raises:
            OSError: no room or no permission; what was there stands, or is there no more.
        """
        place = self._place(sha256)
        after = "" if content is None else hashlib.sha256(content).hexdigest()
        # First, so that it opens whichever of the two lies there when this is killed.
        note_rewritten(self._folder, self._sealer, sha256, after)
        if content is None:
            place.unlink(missing_ok=True)
            return
        beside = place.with_name(f".{place.name}")
        beside.unlink(missing_ok=True)
        self._seal(iter([content]), beside)
        beside.replace(place)

    def was_rewritten(self, sha256: str) -> Rewritten | None:
        """Return what is known of an original that is not as it came; None of all others."""
        return rewritten(self._folder, sha256, self._sealer)

    def _is_rewritten(self, sha256: str, found: str) -> bool:
        known = self.was_rewritten(sha256)
        return known is not None and known.may_be(found)

    def look_over(self, whole: int | None) -> tuple[int, list[str]]:
        """Open the beginning of every original, and some to their end.

        Args:
            whole: so many of the newest are opened to their end, and their hash compared with their
                name; all when None. One that stands in another's place is seen at its end only.

        Returns:
            How many originals there are, and the hashes of those that don't open, sorted.
        """
        places = [path for path in self._folder.glob(f"*/*{_SUFFIX}") if path.name[0] != "."]
        places.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        damaged = [
            sha256
            for number, sha256 in enumerate(path.name.removesuffix(_SUFFIX) for path in places)
            if not self._opens(sha256, to_its_end=whole is None or number < whole)
        ]
        return len(places), sorted(damaged)

    def _opens(self, sha256: str, *, to_its_end: bool) -> bool:
        try:
            if to_its_end:
                with Path(os.devnull).open("wb") as nowhere:
                    self.write_original(sha256, nowhere)
            else:
                with self._place(sha256).open("rb") as sealed:
                    next(unseal_stream(sealed, self._sealer), b"")
        except (ArchiveError, SealedFileError, OSError, ValueError):
            return False
        return True

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}{_SUFFIX}"

    def _keep(self, file: ReceivedFile) -> bool:
        if not self._is_on:
            return file.is_unchanged()
        place = self._place(file.sha256)
        # Of one that was rewritten, or deleted, the bytes that come again are not kept.
        if place.exists() or self.was_rewritten(file.sha256) is not None:
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        # One name for all attempts; what a killed one left may be read-only already.
        beside = place.with_name(f".{place.name}")
        beside.unlink(missing_ok=True)
        sealing = self._sealings.get(file.sha256)
        if sealing is not None and sealing.move(place):
            return True
        try:
            with self._times.of("sealing"):
                self._seal(_same_bytes(file), beside)
            beside.replace(place)
        except _ChangedError:
            return False
        finally:
            beside.unlink(missing_ok=True)
        return True

    def _seal(self, blocks: Iterator[bytes], place: Path) -> None:
        with place.open("wb") as target:
            seal_stream(blocks, target, self._sealer)
            target.flush()
            os.fsync(target.fileno())
        place.chmod(0o400)

    def _incoming(self) -> Path:
        """Return where originals lie that nobody kept yet; what a killed run left there goes."""
        folder = self._folder / _INCOMING
        with self._lock:
            if not self._is_incoming_made:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                self._is_incoming_made = True
        return folder


def _same_bytes(file: ReceivedFile) -> Iterator[bytes]:
    """Yield a file's blocks; a file that isn't the one of its hash ends in an error."""
    digest = hashlib.sha256()
    try:
        with file.open() if file.is_at_hand else file.open_at_source() as source:
            while block := source.read(_BLOCK):
                digest.update(block)
                yield block
    except OSError:
        raise _ChangedError from None
    if digest.hexdigest() != file.sha256:
        raise _ChangedError
