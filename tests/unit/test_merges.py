"""Which key stands for a pupil whose number was changed, whatever order that was said in."""

from __future__ import annotations

import uuid
from datetime import datetime
from itertools import permutations

import pytest

from assets.exports.pupils.merges import Merge, merged

A, B, C, D = (uuid.UUID(int=number) for number in range(1, 5))


def said(*pairs: tuple[uuid.UUID, uuid.UUID]) -> list[Merge]:
    """Return merges that were said one hour after the other."""
    return [
        Merge(old, new, datetime(2026, 11, 1, hour), hour)  # noqa: DTZ001 - local time
        for hour, (old, new) in enumerate(pairs)
    ]


CASES = {
    "one change": ([(A, B)], {A: B}),
    "a chain": ([(A, B), (B, C)], {A: C, B: C}),
    "a chain told from its end": ([(B, C), (A, B)], {A: C, B: C}),
    "two old numbers": ([(A, C), (B, C)], {A: C, B: C}),
    "two new numbers: the last said stands": ([(A, B), (A, C)], {A: C, B: C}),
    "the same twice": ([(A, B), (A, B)], {A: B}),
    "a way round a chain": ([(A, B), (B, C), (A, C)], {A: C, B: C}),
    "back again: the newest does nothing": ([(A, B), (B, A)], {A: B}),
    "a circle of three": ([(A, B), (B, C), (C, A)], {A: C, B: C}),
    "two pupils": ([(A, B), (C, D)], {A: B, C: D}),
    "nothing": ([], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_key_is_the_same_in_every_order(case: str) -> None:
    pairs, expected = CASES[case]
    for order in permutations(said(*pairs)):
        assert merged(order).keys == expected


def test_a_merge_that_closes_a_circle_is_reported() -> None:
    assert merged(said((A, B), (B, C), (C, A))).circular == {(C, A)}
    assert merged(said((A, B), (B, C), (A, C))).circular == frozenset()


def test_a_later_number_counts_when_all_changes_up_to_it_were_made() -> None:
    first, second = datetime(2026, 11, 1, 0), datetime(2026, 11, 1, 1)  # noqa: DTZ001
    for pairs, of_ab, of_bc in (
        (((A, B), (B, C)), first, second),
        (((B, C), (A, B)), second, first),
    ):
        found = set(merged(said(*pairs)).changes)
        assert found == {(A, B, of_ab), (B, C, of_bc), (A, C, second)}


def test_of_two_new_numbers_the_one_said_last_comes_after_the_other() -> None:
    first, second = datetime(2026, 11, 1, 0), datetime(2026, 11, 1, 1)  # noqa: DTZ001
    found = set(merged(said((A, B), (A, C))).changes)
    assert found == {(A, B, first), (A, C, second), (B, C, second)}
