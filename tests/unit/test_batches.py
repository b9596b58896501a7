"""How the files of a kind are cut into batches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from assets.exports.files.offered_files import BATCH_BYTES, BATCH_FILES, batches
from assets.exports.files.received import ReceivedFile

MEGABYTE = 1 << 20


def sizes_of_batches(sizes: list[int], *, is_bulk: bool) -> list[list[int]]:
    files = cast("list[ReceivedFile]", [SimpleNamespace(size=size) for size in sizes])
    return [[file.size for file in batch] for batch in batches(files, is_bulk=is_bulk)]


@given(
    st.lists(st.integers(0, 3 * BATCH_BYTES), max_size=60)
    | st.integers(0, 3 * BATCH_FILES).map(lambda number: [1] * number),
    st.booleans(),
)
def test_every_file_is_in_one_batch_and_in_order(sizes: list[int], is_bulk: bool) -> None:
    found = sizes_of_batches(sizes, is_bulk=is_bulk)
    assert [size for batch in found for size in batch] == sizes
    assert all(found)
    largest = max(sizes, default=0)
    for batch in found:
        # Half as much again where two batches would each be far too small.
        assert sum(batch) < 1.5 * BATCH_BYTES + largest
        assert not is_bulk or len(batch) <= BATCH_FILES


def test_a_citys_month_has_no_small_batch_at_its_end() -> None:
    found = sizes_of_batches([5 * MEGABYTE] * 247, is_bulk=True)
    assert len(found) == 6
    assert min(sum(batch) for batch in found) > 0.9 * BATCH_BYTES


def test_the_rosters_of_a_city_are_one_batch() -> None:
    assert len(sizes_of_batches([40_000] * 260, is_bulk=False)) == 1
