"""How often chance would have a lesson missed so often: every place in its days, counted."""

from __future__ import annotations

from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.flags.within_days import placed
from tests.examples import examples

DAY = st.integers(2, 5).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


@settings(max_examples=examples(60), deadline=None)
@given(days=st.lists(DAY, max_size=6), draw=st.integers(0, 6))
def test_every_place_of_the_lesson_in_every_day_is_counted_once(
    days: list[tuple[int, int]], draw: int
) -> None:
    missed_days = min(draw, len(days))
    places = list(
        product(*[[place < missed for place in range(lessons)] for missed, lessons in days])
    )
    found = placed(days, missed_days)
    as_many = [place for place in places if sum(place) >= missed_days]
    assert (found.as_many, found.ways) == (len(as_many), len(places))


@settings(max_examples=examples(40), deadline=None)
@given(days=st.lists(DAY, max_size=40), seed=st.integers(0, 99))
def test_the_order_of_days_says_nothing(days: list[tuple[int, int]], seed: int) -> None:
    mixed = days.copy()
    Random(seed).shuffle(mixed)  # noqa: S311
    assert placed(mixed, len(days) // 2) == placed(days, len(days) // 2)


def test_one_of_five_lessons_missed_on_four_days_is_one_way_of_625() -> None:
    found = placed([(1, 5)] * 4, 4)
    assert (found.as_many, found.ways) == (1, 625)
    assert found.is_rare(100, 6)  # 6 of 625 are under 1 %, 7 are not
    assert not found.is_rare(100, 7)


def test_without_a_day_missed_in_part_chance_explains_everything() -> None:
    assert not placed([], 0).is_rare(100, 1)
