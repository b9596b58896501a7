"""A comparison written out in integers is true, and says the step exactly."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.flags.exact_numbers import Bound, compare, minutes_to_turn
from rules.threshold import Threshold

minutes = st.integers(0, 30_000).flatmap(
    lambda s: st.tuples(
        st.just(s), st.integers(0, s).flatmap(lambda r: st.tuples(st.just(r), st.integers(0, r)))
    )
)
BOUNDS: tuple[Bound, ...] = ("rate", "lower", "upper")


@given(
    sums=minutes,
    step=st.sampled_from((1000, 1250, 2000, 4000)),
    is_strict=st.booleans(),
    bound=st.sampled_from(BOUNDS),
)
def test_what_is_written_is_true(
    sums: tuple[int, tuple[int, int]], step: int, is_strict: bool, bound: Bound
) -> None:
    scheduled, (reported, absent) = sums
    found = compare(bound, (scheduled, reported, absent), Threshold(step, is_strict))
    part = absent + scheduled - reported if bound == "upper" else absent
    whole = reported if bound == "rate" else scheduled
    if not whole:
        assert not found.holds
        assert found.text.endswith(" = 0")
        return
    share = Fraction(part, whole)
    limit = Fraction(step, 10_000)
    assert found.holds == (share > limit if is_strict else share >= limit)
    match = re.fullmatch(r".+·10000 = (\d+) ([<>≤≥]) (\d+)·[RS] = (\d+)", plain(found.text))
    assert match is not None
    left, sign, shown_step, right = match.groups()
    assert (int(left), int(shown_step), int(right)) == (part * 10000, step, step * whole)
    signs = {"<": left_is_less, ">": left_is_more, "≤": at_most, "≥": at_least}
    assert signs[sign](int(left), int(right))


def plain(text: str) -> str:
    return text.replace("\u00a0", "")


def left_is_less(left: int, right: int) -> bool:
    return left < right


def left_is_more(left: int, right: int) -> bool:
    return left > right


def at_most(left: int, right: int) -> bool:
    return left <= right


def at_least(left: int, right: int) -> bool:
    return left >= right


@pytest.mark.parametrize(
    ("is_strict", "text"),
    [
        (False, "A·10000 = 7 200 000 ≥ 2000·R = 7 200 000"),
        (True, "A·10000 = 7 200 000 ≤ 2000·R = 7 200 000"),
    ],
)
def test_exactly_at_the_step_reads_as_the_rule_takes_it(is_strict: bool, text: str) -> None:
    found = compare("rate", (3600, 3600, 720), Threshold(2000, is_strict))
    assert found.text.replace("\u00a0", " ") == text
    assert found.holds is not is_strict


@given(
    halves=st.lists(
        st.integers(0, 400).flatmap(lambda r: st.tuples(st.just(r), st.integers(0, r))),
        min_size=1,
        max_size=2,
    ),
    step=st.sampled_from((1, 1000, 1250, 2000, 4000, 9999)),
    is_strict=st.booleans(),
)
def test_a_minute_fewer_than_those_told_changes_nothing_and_those_told_do(
    halves: list[tuple[int, int]], step: int, is_strict: bool
) -> None:
    def reaches(absent: int, reported: int) -> bool:
        share, limit = Fraction(absent, reported), Fraction(step, 10_000)
        return share > limit if is_strict else share >= limit

    parts = [(reported, reported, absent) for reported, absent in halves]
    found = minutes_to_turn(parts, Threshold(step, is_strict))
    if not all(reported for reported, _ in halves):
        assert found is None
        return
    assert found is not None
    if all(reaches(absent, reported) for reported, absent in halves):
        (fewer,) = found
        one_less = [reaches(absent - fewer + 1, reported) for reported, absent in halves]
        enough = [reaches(absent - fewer, reported) for reported, absent in halves]
        assert all(one_less)
        assert not all(enough)
        return
    for more, (reported, absent) in zip(found, halves, strict=True):
        # By trying every minute: the least that reaches it.
        assert more == next(n for n in range(reported + 1) if reaches(absent + n, reported))
    assert any(found)


def test_to_be_over_takes_a_minute_more_than_to_be_at() -> None:
    # 10 % of 1000 minutes are 100: with 7 absent it is 93 to the step, and 94 to be over it.
    assert minutes_to_turn([(1000, 1000, 7)], Threshold(1000, is_strict=True)) == (94,)
    assert minutes_to_turn([(1000, 1000, 7)], Threshold(1000, is_strict=False)) == (93,)
    # Of 1005 minutes 100.5: the 101st is over and at.
    assert minutes_to_turn([(1005, 1005, 7)], Threshold(1000, is_strict=True)) == (94,)
    assert minutes_to_turn([(1005, 1005, 7)], Threshold(1000, is_strict=False)) == (94,)
