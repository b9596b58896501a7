"""The originals of received files: `HOME/archive/<first two hex>/<sha256>.sealed`, read-only.

Kept before a file is parsed, so that whatever a reader makes of it can be looked into and read
again. Sealed, because an original names pupils in clear, protected ones too. Threads seal
ahead while the rows of earlier files are read; nothing is stored of a file that is not kept yet.

Here too: the form of a sealed file. Not here: which files are read (`ingest.py`).
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from cryptography.exceptions import InvalidTag

from assets.exports.files.received import ReceivedFile
from assets.lake.encryption import Sealer
from rules.errors import TrappanError

# Whole files as sealed bytes: compressed, encrypted in chunks, and whole or not to be opened. The
# form: a mark, a salt of 32 bytes, then chunks of AES-256-GCM. The key is made from the home's key
# and the salt, so it is another one for every file and chunk numbers can be nonces. A chunk's
# nonce has its number and whether it is the last one: chunks that are left out, put in another
# order or cut off at the end don't open. What the file is (its SHA-256) is authenticated with each
# chunk, so that one sealed file can't stand for another.

_MARK = b"trappan sealed 1\n"
_SALT_BYTES = 32
_CHUNK = 1 << 20
_TAG_BYTES = 16
_READ = 4 << 20
_PURPOSE = "archive"


class SealedFileError(TrappanError):
    """A sealed file is cut short, damaged, or of another key; the message says which it can be."""


def seal_stream(blocks: Iterator[bytes], target: IO[bytes], sealer: Sealer, about: bytes) -> None:
    """Write blocks of a file, compressed and sealed.

    Args:
        blocks: the file's bytes.
        target: where the sealed bytes go; it stays open.
        sealer: the home's.
        about: what the file is; needed again to open it.
    """
    writer = _SealingWriter(target, sealer, about)
    # Closing it closes the writer, which seals the last chunk.
    with pa.CompressedOutputStream(pa.PythonFile(writer, mode="w"), "zstd") as packed:
        for block in blocks:
            packed.write(block)


def unseal_stream(source: IO[bytes], sealer: Sealer, about: bytes) -> Iterator[bytes]:
    """Yield the bytes that were sealed.

    Raises:
        SealedFileError: it is cut short, damaged, sealed with another key or not what it should be.
    """
    reader = _UnsealingReader(source, sealer, about)
    try:
        with pa.CompressedInputStream(pa.PythonFile(reader, mode="r"), "zstd") as unpacked:
            while block := unpacked.read(_READ):
                yield block
    except OSError as error:
        # Arrow tells of a reader's error in words of its own.
        raise SealedFileError(str(reader.trouble or error)) from None
    if not reader.is_ended:
        raise SealedFileError("it goes on after its end")


class _SealingWriter(io.RawIOBase):
    """Takes bytes and writes sealed chunks; the last one when it is closed."""

    def __init__(self, target: IO[bytes], sealer: Sealer, about: bytes) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._target = target
        self._cipher = sealer.cipher_of(_PURPOSE, salt)
        self._about = about
        self._waiting = bytearray()
        self._number = 0
        target.write(_MARK + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        # One byte at least is kept back: only the end knows which chunk is the last.
        while len(self._waiting) > _CHUNK:
            self._seal(self._waiting[:_CHUNK], is_last=False)
            del self._waiting[:_CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._seal(self._waiting, is_last=True)
        super().close()

    def _seal(self, chunk: bytearray, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._target.write(self._cipher.encrypt(nonce, bytes(chunk), self._about))
        self._number += 1


class _UnsealingReader(io.RawIOBase):
    """Gives the bytes of sealed chunks, each only after it was found to be whole."""

    def __init__(self, source: IO[bytes], sealer: Sealer, about: bytes) -> None:
        head = source.read(len(_MARK) + _SALT_BYTES)
        if len(head) != len(_MARK) + _SALT_BYTES or not head.startswith(_MARK):
            raise SealedFileError("it is no sealed file, or cut short")
        self._source = source
        self._cipher = sealer.cipher_of(_PURPOSE, head[len(_MARK) :])
        self._about = about
        self._plain = memoryview(b"")
        self._number = 0
        self._next = source.read(_CHUNK + _TAG_BYTES)
        self.is_ended = False
        self.trouble: SealedFileError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._plain and not self.is_ended:
            self._open_next()
        count = min(len(into), len(self._plain))
        into[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _open_next(self) -> None:
        chunk, self._next = self._next, self._source.read(_CHUNK + _TAG_BYTES)
        is_last = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._number, is_last=is_last), chunk, self._about)
        except InvalidTag:
            self.trouble = SealedFileError(
                "it is cut short, damaged, or was sealed with another pupil.key"
            )
            raise self.trouble from None
        self._plain = memoryview(plain)
        self._number += 1
        self.is_ended = is_last


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


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
    """

    def __init__(self, home: Path, sealer: Sealer, *, is_on: bool = True) -> None:
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
        places = [path for path in self._folder.glob("*/*.sealed") if path.name[0] != "."]
        places.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        damaged = [
            path.stem
            for number, path in enumerate(places)
            if not self._opens(path.stem, to_its_end=number < whole)
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
        return self._folder / sha256[:2] / f"{sha256}.sealed"

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
        with file.open() as source:
            while block := source.read(_BLOCK):
                digest.update(block)
                yield block
    except OSError:
        raise _ChangedError from None
    if digest.hexdigest() != file.sha256:
        raise _ChangedError
