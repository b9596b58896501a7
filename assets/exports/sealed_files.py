"""Whole files as sealed bytes: compressed, encrypted in chunks, and whole or not to be opened.

The form: a mark, a salt of 32 bytes, then chunks of AES-256-GCM. The key is made from the home's
key and the salt, so it is another one for every file and chunk numbers can be nonces. A chunk's
nonce has its number and whether it is the last one: chunks that are left out, put in another order
or cut off at the end don't open. What the file is (its SHA-256) is authenticated with each chunk,
so that one sealed file can't stand for another.

Not here: where sealed files lie (`archive.py`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
from cryptography.exceptions import InvalidTag

from assets.sealing import Sealer
from rules.errors import TrappanError

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
