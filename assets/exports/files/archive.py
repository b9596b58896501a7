"""The originals of received files: `HOME/archive/<first two hex>/<sha256>.zst.age`, read-only.

Kept before a file is parsed, so that whatever a reader makes of it can be looked into and read
again. Sealed, because an original names pupils in clear, protected ones too. Threads seal
ahead while the rows of earlier files are read; nothing is stored of a file that is not kept yet.

The form is zstd in age, to the home's key, so `age -d -i HOME/pupil.key FILE | zstd -d` opens it
without this program. Before the file's own zstd frame stands one that zstd passes over, with the
file's SHA-256: one original that stands in another's place is known from its beginning. Not here:
which files are read (`ingest.py`).
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pyarrow as pa
from pyrage import DecryptError, EncryptError, decrypt_io, encrypt_io

from assets.exports.files.received import ReceivedFile
from assets.exports.stage_times import StageTimes
from assets.lake.encryption import Sealer
from rules.errors import TrappanError

# A frame that readers of zstd pass over (RFC 8878, 3.1.2): this number, its length, its content.
_PASSED_OVER = 0x184D2A50
_READ = 4 << 20
_SUFFIX = ".zst.age"
_UNOPENED = "it is cut short, damaged, or was sealed with another pupil.key"


class SealedFileError(TrappanError):
    """A sealed file is cut short, damaged, or of another key; the message says which it can be."""


def seal_stream(blocks: Iterator[bytes], target: IO[bytes], sealer: Sealer, about: bytes) -> None:
    """Write blocks of a file, compressed and sealed.

    Args:
        blocks: the file's bytes.
        target: where the sealed bytes go; it stays open.
        sealer: the home's.
        about: what the file is; needed again to open it.

    Raises:
        Exception: what `blocks` and `target` raise.
    """
    packed, written = _PackedReader(blocks, about), _Writer(target)
    try:
        encrypt_io(packed, written, [sealer.identity.to_public()])
    except (EncryptError, OSError):
        # It tells of what the two raised in words of its own.
        if trouble := packed.trouble or written.trouble:
            raise trouble from None
        raise


def unseal_stream(source: IO[bytes], sealer: Sealer, about: bytes) -> Iterator[bytes]:
    """Yield the bytes that were sealed; of each the seal was looked at first.

    Raises:
        SealedFileError: it is cut short, damaged, sealed with another key or not what it should be.
    """
    opening = _Opening(source, sealer)
    try:
        yield from _unpacked(opening.plain, _passed_over(about))
    except (OSError, SealedFileError) as error:
        # Arrow tells of bytes that are no zstd, or too few of them, in words of its own.
        raise SealedFileError(opening.trouble() or str(error)) from None
    else:
        if trouble := opening.trouble():
            raise SealedFileError(trouble)
    finally:
        opening.end()


def _passed_over(about: bytes) -> bytes:
    return struct.pack("<II", _PASSED_OVER, len(about)) + about


def _unpacked(packed: IO[bytes], head: bytes) -> Iterator[bytes]:
    if packed.read(len(head)) != head:
        raise SealedFileError("it is the original of another file")
    with pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd") as unpacked:
        while block := unpacked.read(_READ):
            yield block


class _Opening:
    """A sealed file that is opened by a thread, into a pipe: age pushes, zstd pulls."""

    def __init__(self, source: IO[bytes], sealer: Sealer) -> None:
        reading, writing = os.pipe()
        self.plain: IO[bytes] = os.fdopen(reading, "rb")
        self._target = os.fdopen(writing, "wb")
        # So until it was opened to its end: whatever ends the thread before that, it is not whole.
        self._trouble = _UNOPENED
        self._thread = Thread(target=self._open, args=(source, sealer), name="unseal", daemon=True)
        self._thread.start()

    def _open(self, source: IO[bytes], sealer: Sealer) -> None:
        try:
            with suppress(DecryptError, OSError):
                decrypt_io(source, self._target, [sealer.identity])
                self._trouble = ""
        finally:
            # Whoever reads has enough, and closed the other end.
            with suppress(BrokenPipeError):
                self._target.close()

    def trouble(self) -> str:
        """What was wrong, once all was read; empty when nothing was, or nobody read to the end."""
        if not self.plain.closed and self.plain.read(1):
            return ""
        self._thread.join()
        return self._trouble

    def end(self) -> None:
        self.plain.close()
        self._thread.join()


class _PackedReader:
    """Gives blocks as zstd to whoever reads: a frame with what the file is, then the file."""

    def __init__(self, blocks: Iterator[bytes], about: bytes) -> None:
        self._blocks = blocks
        self._sink = _Sink(_passed_over(about))
        self._packing = pa.CompressedOutputStream(pa.PythonFile(self._sink, mode="w"), "zstd")
        self.trouble: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while len(self._sink.waiting) < size and not self._packing.closed:
                block = next(self._blocks, None)
                if block is None:
                    self._packing.close()
                else:
                    self._packing.write(block)
        except Exception as error:
            self.trouble = error
            raise
        return self._sink.taken(size)


class _Sink(io.RawIOBase):
    """Holds what was written until it is taken."""

    def __init__(self, waiting: bytes) -> None:
        self.waiting = bytearray(waiting)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def taken(self, size: int) -> bytes:
        found = bytes(self.waiting[:size])
        del self.waiting[:size]
        return found


class _Writer:
    """Writes into a file and remembers what went wrong."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.trouble: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._target.write(data)
        except Exception as error:
            self.trouble = error
            raise

    def flush(self) -> None:
        self._target.flush()


_BLOCK = 1 << 20
# Most of the time goes into waiting for the disk to have each file.
_AT_ONCE = 4


class ArchiveError(TrappanError):
    """An original isn't there or can't be opened; the message says what to do."""


class _ChangedError(TrappanError):
    """The bytes are not those of the hash."""


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
        """End the thread; what has not begun is not kept."""
        self._pool.shutdown(cancel_futures=True)

    def holds(self, sha256: str) -> bool:
        """Whether the original of a content is there."""
        return self._place(sha256).is_file()

    def remove(self, sha256: str) -> bool:
        """Remove an original for good; False when it wasn't there."""
        place = self._place(sha256)
        if not place.is_file():
            return False
        place.unlink()
        return True

    def write_original(self, sha256: str, target: IO[bytes]) -> int:
        """Write an original into an open file and return its bytes.

        Raises:
            ArchiveError: it isn't there, can't be read or is not whole.
        """
        digest, size = hashlib.sha256(), 0
        short = sha256[:12]
        try:
            with self._place(sha256).open("rb") as sealed:
                for block in unseal_stream(sealed, self._sealer, bytes.fromhex(sha256)):
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
        if digest.hexdigest() != sha256:
            raise ArchiveError(
                f"The original of {short} has another hash than its name says. Restore "
                f"{self._place(sha256)} from the backup."
            )
        return size

    def look_over(self, whole: int) -> tuple[int, list[str]]:
        """Open the beginning of every original, and some to their end.

        Args:
            whole: so many of the newest are opened to their end, and their hash compared.

        Returns:
            How many originals there are, and the hashes of those that don't open, sorted.
        """
        places = [path for path in self._folder.glob(f"*/*{_SUFFIX}") if path.name[0] != "."]
        places.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        damaged = [
            sha256
            for number, sha256 in enumerate(path.name.removesuffix(_SUFFIX) for path in places)
            if not self._opens(sha256, to_its_end=number < whole)
        ]
        return len(places), sorted(damaged)

    def _opens(self, sha256: str, *, to_its_end: bool) -> bool:
        try:
            if to_its_end:
                with Path(os.devnull).open("wb") as nowhere:
                    self.write_original(sha256, nowhere)
            else:
                with self._place(sha256).open("rb") as sealed:
                    next(unseal_stream(sealed, self._sealer, bytes.fromhex(sha256)), b"")
        except (ArchiveError, SealedFileError, OSError, ValueError):
            return False
        return True

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}{_SUFFIX}"

    def _keep(self, file: ReceivedFile) -> bool:
        if not self._is_on:
            return file.is_unchanged()
        place = self._place(file.sha256)
        if place.exists():
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        # One name for all attempts; what a killed one left may be read-only already.
        beside = place.with_name(f".{place.name}")
        beside.unlink(missing_ok=True)
        try:
            with self._times.of("sealing"):
                self._seal(file, beside)
            beside.chmod(0o400)
            beside.replace(place)
        except _ChangedError:
            return False
        finally:
            beside.unlink(missing_ok=True)
        return True

    def _seal(self, file: ReceivedFile, beside: Path) -> None:
        with beside.open("wb") as target:
            seal_stream(_same_bytes(file), target, self._sealer, bytes.fromhex(file.sha256))
            target.flush()
            os.fsync(target.fileno())


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
