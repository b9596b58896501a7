"""How often chance would lay spells of absence so: counted, and the same as plain Python says."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby, product
from math import comb, factorial, prod

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.flags.rearrangements import Rearranged, rearranged
from tests.examples import examples
from tests.oracle import patterns as oracle

DAYS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12)


def lengths(absent: tuple[bool, ...]) -> list[int]:
    return sorted(len(list(run)) for is_absent, run in groupby(absent) if is_absent)


@settings(max_examples=examples(60), deadline=None)
@given(days=DAYS)
def test_every_way_to_be_as_absent_in_as_long_spells_is_counted_once(
    days: list[tuple[bool, bool]],
) -> None:
    absent, marked = zip(*days, strict=True)
    ways = [
        way for way in product((False, True), repeat=len(days)) if lengths(way) == lengths(absent)
    ]
    found = sum(map(lambda away, mark: away and mark, absent, marked))
    as_many = [
        way for way in ways if sum(map(lambda away, mark: away and mark, way, marked)) >= found
    ]
    laid = rearranged(absent, marked)
    assert (laid.marked_days, laid.as_many, laid.ways) == (found, len(as_many), len(ways))


@settings(max_examples=examples(40), deadline=None)
@given(days=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=45))
def test_two_months_of_spells_have_the_chance_that_plain_python_says(
    days: list[tuple[int, int]],
) -> None:
    absent = [draw == 0 for draw, _ in days]
    marked = [draw == 0 for _, draw in days]
    dates = [date(2026, 9, 17) + timedelta(days=n) for n in range(len(days))]
    missed = [day for day, away in zip(dates, absent, strict=True) if away]
    among = {day for day, mark in zip(dates, marked, strict=True) if mark}
    laid = rearranged(absent, marked)
    assert Fraction(laid.as_many, laid.ways) == oracle.chance(dates, missed, among)


def test_all_ways_are_as_many_as_the_formula_of_the_handbooks_says() -> None:
    absent = [bool(n % 3) for n in range(80)]
    laid = rearranged(absent, [n % 5 == 4 for n in range(80)])
    kinds = Counter(laid.spells)
    orders = factorial(len(laid.spells)) // prod(map(factorial, kinds.values()))
    gaps = 80 - sum(laid.spells) + 1
    assert laid.ways == comb(gaps, len(laid.spells)) * orders


def test_a_share_of_exactly_one_percent_is_not_under_it() -> None:
    assert not Rearranged(10, (1,), 1, 1, 100).is_rare(100, 1)
    assert Rearranged(10, (1,), 1, 1, 101).is_rare(100, 1)
    assert not Rearranged(10, (1,), 1, 1, 101).is_rare(100, 5)


def test_who_was_always_there_or_never_there_has_one_way() -> None:
    nothing = rearranged([False] * 5, [True] * 5)
    everything = rearranged([True] * 5, [True] * 5)
    assert (nothing.as_many, nothing.ways) == (everything.as_many, everything.ways) == (1, 1)
