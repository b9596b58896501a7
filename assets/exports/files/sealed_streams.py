"""Bytes that go into a sealed file and come out of it again: zstd in age, block by block.

No file is held in memory as a whole, however large it is. Not here: where originals lie
(`archive.py`), values that are sealed one by one (`lake/encryption.py`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import IO, Any

import pyarrow as pa
from pyrage import DecryptError, EncryptError, decrypt_io, encrypt_io

from assets.lake.encryption import Sealer
from rules.errors import TrappanError

_READ = 4 << 20
_UNOPENED = "it is cut short, damaged, or was sealed with another pupil.key"


class SealedFileError(TrappanError):
    """A sealed file is cut short, damaged, or of another key; the message says which it can be."""


def seal_stream(blocks: Iterator[bytes], target: IO[bytes], sealer: Sealer) -> None:
    """Write blocks of a file, compressed and sealed.

    Args:
        blocks: the file's bytes.
        target: where the sealed bytes go; it stays open.
        sealer: the home's.

    Raises:
        Exception: what `blocks` and `target` raise.
    """
    packed, written = _PackedReader(blocks), _Writer(target)
    try:
        encrypt_io(packed, written, [sealer.identity.to_public()])
    except (EncryptError, OSError):
        # It tells of what the two raised in words of its own.
        if trouble := packed.trouble or written.trouble:
            raise trouble from None
        raise


def unseal_stream(source: IO[bytes], sealer: Sealer) -> Iterator[bytes]:
    """Yield the bytes that were sealed; of each the seal was looked at first.

    Raises:
        SealedFileError: it is cut short, damaged or sealed with another key.
    """
    opening = _Opening(source, sealer)
    try:
        yield from _unpacked(opening.plain)
    except OSError as error:
        # Arrow tells of bytes that are no zstd, or too few of them, in words of its own.
        raise SealedFileError(opening.trouble() or str(error)) from None
    else:
        if trouble := opening.trouble():
            raise SealedFileError(trouble)
    finally:
        opening.end()


def reseal_stream(source: IO[bytes], target: IO[bytes], old: Sealer, new: Sealer) -> None:
    """Write a sealed file once more, sealed with another key; what is in it is not looked at.

    Args:
        source: the sealed file.
        target: where it goes, sealed again; it stays open.
        old: opens it.
        new: seals it.

    Raises:
        SealedFileError: it is cut short, damaged or sealed with another key; what was written so
            far is not whole.
        OSError: no room.
    """
    opening, written = _Opening(source, old), _Writer(target)
    try:
        encrypt_io(opening.plain, written, [new.identity.to_public()])
        if trouble := opening.trouble():
            raise SealedFileError(trouble)
    except EncryptError:
        if written.trouble:
            raise written.trouble from None
        raise
    finally:
        opening.end()


def _unpacked(packed: IO[bytes]) -> Iterator[bytes]:
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
                decrypt_io(source, self._target, sealer.identities)
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
    """Gives blocks as zstd to whoever reads."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._sink = _Sink()
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

    def __init__(self) -> None:
        self.waiting = bytearray()

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
