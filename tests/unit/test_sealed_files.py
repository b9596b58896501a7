"""A sealed file opens whole or not at all, and with nothing but age, zstd and the key too."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator

import pyarrow as pa
import pyrage
import pytest

from assets.exports.files.sealed_streams import SealedFileError, seal_stream, unseal_stream
from assets.lake.encryption import Sealer

SEALER = Sealer.unkept()
# Of age: what is encrypted at once, with the tag behind it, and the nonce before the first.
CHUNK, TAG, NONCE = 1 << 16, 16, 16


def sealed(plain: bytes) -> bytes:
    target = io.BytesIO()
    blocks: Iterator[bytes] = iter([plain[:7], plain[7:]])
    seal_stream(blocks, target, SEALER)
    return target.getvalue()


def opened(content: bytes, sealer: Sealer = SEALER) -> bytes:
    return b"".join(unseal_stream(io.BytesIO(content), sealer))


def payload_of(content: bytes) -> int:
    """Where the chunks begin."""
    return content.index(b"\n", content.index(b"\n--- ") + 1) + 1 + NONCE


def places_in(content: bytes) -> list[int]:
    """The whole header, both sides of each chunk's end, the end, and some more."""
    payload = payload_of(content)
    ends = range(payload, len(content), CHUNK + TAG)
    near = {end + step for end in ends for step in (-TAG - 1, -TAG, -1, 0, 1)}
    some = range(payload, len(content), 4001)
    last = range(len(content) - 20, len(content))
    return sorted({*range(payload + 4), *near, *some, *last} & set(range(len(content))))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 70, CHUNK, CHUNK + 1, 5 * CHUNK, (5 << 20) + 3])
def test_what_was_sealed_comes_back(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain
    assert opened(sealed(b"7" * size)) == b"7" * size


def test_a_sealed_file_shows_nothing_of_its_content() -> None:
    content = sealed(b"20120314-9800;Kanariefagel;" * 50)
    assert b"Kanarie" not in content
    assert len(content) < 27 * 50


def test_a_sealed_file_opens_with_age_and_zstd_alone() -> None:
    packed = pyrage.decrypt(sealed(b"20120314-9800;Kanariefagel;" * 50), [SEALER.identity])
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as unpacked:
        assert unpacked.read() == b"20120314-9800;Kanariefagel;" * 50


def test_a_sealed_file_that_is_cut_anywhere_does_not_open() -> None:
    content = sealed(os.urandom(3 * CHUNK))
    for end in places_in(content):
        with pytest.raises(SealedFileError):
            opened(content[:end])


def test_a_sealed_file_with_any_byte_changed_or_added_does_not_open() -> None:
    content = sealed(os.urandom(3 * CHUNK))
    for place in places_in(content):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(SealedFileError):
            opened(bytes(changed))
    with pytest.raises(SealedFileError):
        opened(content + b"x")


def test_chunks_in_another_order_do_not_open() -> None:
    content = sealed(os.urandom(5 * CHUNK))
    head, step = payload_of(content), CHUNK + TAG
    first, second = content[head : head + step], content[head + step : head + 2 * step]
    with pytest.raises(SealedFileError):
        opened(content[:head] + second + first + content[head + 2 * step :])
    with pytest.raises(SealedFileError):
        opened(content[:head] + second + content[head + 2 * step :])


@pytest.mark.parametrize("size", [100, 5 * CHUNK])
def test_a_sealed_file_of_another_key_does_not_open(size: int) -> None:
    content = sealed(os.urandom(size))
    with pytest.raises(SealedFileError, match=r"another pupil\.key"):
        opened(content, Sealer.unkept())


def test_the_same_file_sealed_twice_is_not_the_same() -> None:
    assert sealed(b"x" * 100) != sealed(b"x" * 100)


def test_who_looks_at_the_beginning_only_leaves_nothing_running() -> None:
    content = sealed(os.urandom(40 * CHUNK))
    before = threading.active_count()
    beginning = unseal_stream(io.BytesIO(content), SEALER)
    assert next(beginning)
    del beginning
    assert threading.active_count() == before


def test_what_goes_wrong_while_sealing_is_reported_as_what_it_is() -> None:
    def gone() -> Iterator[bytes]:
        yield b"a" * 100
        raise FileNotFoundError(2, "gone")

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(FileNotFoundError, match="gone"):
        seal_stream(gone(), io.BytesIO(), SEALER)
    with pytest.raises(OSError, match="No space left"):
        seal_stream(iter([os.urandom(CHUNK)]), Full(), SEALER)
