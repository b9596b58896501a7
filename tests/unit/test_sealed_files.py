"""A sealed file opens whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from assets.exports.files import archive
from assets.exports.files.archive import SealedFileError, seal_stream, unseal_stream
from assets.lake.encryption import Sealer

SEALER = Sealer(bytes(range(64)))
ABOUT = b"the hash of the file"
CHUNK = 64


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_CHUNK", CHUNK)


def sealed(plain: bytes, about: bytes = ABOUT) -> bytes:
    target = io.BytesIO()
    blocks: Iterator[bytes] = iter([plain[:7], plain[7:]])
    seal_stream(blocks, target, SEALER, about)
    return target.getvalue()


def opened(content: bytes, sealer: Sealer = SEALER, about: bytes = ABOUT) -> bytes:
    return b"".join(unseal_stream(io.BytesIO(content), sealer, about))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 40 * CHUNK, 5000])
def test_what_was_sealed_comes_back(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_a_sealed_file_shows_nothing_of_its_content() -> None:
    content = sealed(b"20120314-9800;Kanariefagel;" * 50)
    assert b"Kanarie" not in content
    assert len(content) < 27 * 50


def test_a_sealed_file_that_is_cut_anywhere_does_not_open() -> None:
    content = sealed(os.urandom(5 * CHUNK))
    for end in range(len(content)):
        with pytest.raises(SealedFileError):
            opened(content[:end])


def test_a_sealed_file_with_any_byte_changed_or_added_does_not_open() -> None:
    content = sealed(os.urandom(2 * CHUNK))
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(SealedFileError):
            opened(bytes(changed))
    with pytest.raises(SealedFileError):
        opened(content + b"x")


def test_chunks_in_another_order_do_not_open() -> None:
    content = sealed(os.urandom(5 * CHUNK))
    head = len(archive._MARK) + archive._SALT_BYTES
    step = CHUNK + archive._TAG_BYTES
    first, second = content[head : head + step], content[head + step : head + 2 * step]
    with pytest.raises(SealedFileError):
        opened(content[:head] + second + first + content[head + 2 * step :])
    with pytest.raises(SealedFileError):
        opened(content[:head] + second + content[head + 2 * step :])


def test_a_sealed_file_of_another_key_or_content_does_not_open() -> None:
    content = sealed(b"x" * 100)
    with pytest.raises(SealedFileError, match=r"another pupil\.key"):
        opened(content, Sealer(bytes(64)))
    with pytest.raises(SealedFileError):
        opened(content, about=b"another file")


def test_the_same_file_sealed_twice_is_not_the_same() -> None:
    assert sealed(b"x" * 100) != sealed(b"x" * 100)
