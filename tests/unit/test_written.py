"""A comparison written out in integers is true, and says the step exactly."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.flags.written import Bound, compare

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
    found = compare(bound, (scheduled, reported, absent), step, is_strict=is_strict)
    part = absent + scheduled - reported if bound == "upper" else absent
    whole = reported if bound == "rate" else scheduled
    if not whole:
        assert not found.holds
        assert found.text(step).endswith(" = 0")
        return
    share = Fraction(part, whole)
    limit = Fraction(step, 10_000)
    assert found.holds == (share > limit if is_strict else share >= limit)
    match = re.fullmatch(r".+·10000 = (\d+) ([<>≤≥]) (\d+)·[RS] = (\d+)", plain(found.text(step)))
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
    found = compare("rate", (3600, 3600, 720), 2000, is_strict=is_strict)
    assert found.text(2000).replace("\u00a0", " ") == text
    assert found.holds is not is_strict
