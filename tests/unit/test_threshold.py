"""A step is reached or not in whole numbers, whoever asks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.threshold import Threshold

MINUTES = st.integers(0, 600_000).flatmap(
    lambda reported: st.tuples(st.integers(0, reported), st.just(reported))
)


@given(minutes=MINUTES, bp=st.integers(1, 100_00), is_strict=st.booleans())
def test_a_step_is_reached_when_the_exact_share_is_over_it_or_at_it(
    minutes: tuple[int, int], bp: int, is_strict: bool
) -> None:
    absent, reported = minutes
    threshold = Threshold(bp, is_strict)
    limit = Fraction(bp, 100_00)
    share = Fraction(absent, reported) if reported else None
    expected = share is not None and (share > limit if is_strict else share >= limit)
    assert threshold.reached(absent, reported) is expected
    left, right = threshold.sides(absent, reported)
    assert Fraction(left - right, 100_00) == absent - limit * reported
    if reported:
        assert threshold.reached(threshold.least(reported), reported)
        assert not threshold.reached(threshold.least(reported) - 1, reported)


@pytest.mark.parametrize("whole", [0, 1, 9999, 10_000])
def test_exactly_at_the_step_is_enough_only_where_the_rule_says_so(whole: int) -> None:
    absent = whole // 5
    assert Threshold(2000, is_strict=True).reached(absent, whole) is False
    at_least = Threshold(2000, is_strict=False)
    assert at_least.reached(absent, whole) is (whole > 0 and whole % 5 == 0)


@given(
    minutes=st.lists(MINUTES, min_size=1, max_size=20),
    bp=st.integers(1, 100_00),
    is_strict=st.booleans(),
)
def test_many_pupils_at_once_get_the_answers_that_each_gets_alone(
    minutes: list[tuple[int, int]], bp: int, is_strict: bool
) -> None:
    threshold = Threshold(bp, is_strict)
    absent, reported = np.array(minutes, dtype=np.int64).T
    together = threshold.reached(absent, reported)
    assert together.tolist() == [threshold.reached(*pair) for pair in minutes]


def test_of_two_steps_the_one_that_is_easier_to_reach_comes_first() -> None:
    at, over, higher = Threshold(1000, False), Threshold(1000, True), Threshold(1001, False)
    assert sorted([higher, over, at]) == [at, over, higher]
