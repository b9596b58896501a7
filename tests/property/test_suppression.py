"""What a table hides cannot be worked out from what it shows, whatever the counts are."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.flags.suppression import Count, suppressed
from tests.examples import examples

LEAST = 4  # as ten in life: small, so that every table that fits can be tried


def two_way(rows: int, columns: int) -> dict[Any, Count]:
    """A table with both margins; the first column is "not on the list"."""
    cells = {
        (r, c): Count({(r, c)}, 2, tells_when_empty=c == 0)
        for r in range(rows)
        for c in range(columns)
    }
    right = {(r, "sum"): Count({(r, c) for c in range(columns)}, 1) for r in range(rows)}
    below = {
        ("sum", c): Count({(r, c) for r in range(rows)}, 1, tells_when_empty=c == 0)
        for c in range(columns)
    }
    everything = Count({(r, c) for r in range(rows) for c in range(columns)})
    return {("sum", "sum"): everything} | right | below | cells


def before_and_after(groups: int) -> dict[Any, Count]:
    """Pupils on the list before and after a change, and who appears and disappears, by group."""
    moves = list(product((0, 1), (0, 1)))

    def counts(name: Any, members: range | tuple[int, ...], rank: int) -> dict[Any, Count]:
        def of(*wanted: tuple[int, int]) -> Count:
            return Count({(g, *move) for g in members for move in wanted}, rank)

        return {
            (name, "pupils"): of(*moves),
            (name, "on before"): of((1, 0), (1, 1)),
            (name, "on after"): of((0, 1), (1, 1)),
            (name, "appear"): of((0, 1)),
            (name, "disappear"): of((1, 0)),
        }

    table = counts("all", range(groups), 0)
    for group in range(groups):
        table |= counts(group, (group,), 1)
    return table


def two_divisions(steps: int = 2) -> dict[Any, Count]:
    """Pupils by step, once divided by school and once by grade, with the city above both."""
    everybody = list(product("AB", "12", range(steps)))

    def counts(name: Any, keeps: Any, rank: int) -> dict[Any, Count]:
        mine = [part for part in everybody if keeps(part)]
        by_step = {
            (name, step): Count({p for p in mine if p[2] == step}, rank, tells_when_empty=step == 0)
            for step in range(steps)
        }
        return {(name, "pupils"): Count(set(mine), rank)} | by_step

    table = counts("city", lambda _: True, 0)
    for place, groups in ((1, "12"), (0, "AB")):
        for group in groups:
            table |= counts(group, lambda part, at=place, of=group: part[at] == of, 2 - place)
    return table


def parts_of(counts: Mapping[Any, Count]) -> list[Any]:
    return sorted({part for count in counts.values() for part in count.parts})


def small_sizes(counts: Mapping[Any, Count], largest: int) -> st.SearchStrategy[dict[Any, int]]:
    return st.fixed_dictionaries({part: st.integers(0, largest) for part in parts_of(counts)})


def value(count: Count, sizes: Mapping[Any, int]) -> int:
    return sum(sizes[part] for part in count.parts)


def tables_like(
    counts: Mapping[Any, Count], shown: Mapping[Any, int | None], most: int
) -> list[dict[Any, int]]:
    """Every table of whole numbers, none negative, that shows what is shown."""
    parts = parts_of(counts)
    conditions = [
        ([p in counts[name].parts for p in parts], seen)
        for name, seen in shown.items()
        if seen is not None
    ]
    found: list[dict[Any, int]] = []

    def fill(sizes: list[int]) -> None:
        at = len(sizes)
        for has, wanted in conditions:
            filled = sum(n for n, is_in in zip(sizes, has, strict=False) if is_in)
            is_done = not any(has[at:])
            if filled > wanted or (is_done and filled != wanted):
                return
        if at == len(parts):
            found.append(dict(zip(parts, sizes, strict=True)))
            return
        for size in range(most + 1):
            fill([*sizes, size])

    fill([])
    return found


def assert_nothing_follows(counts: dict[Any, Count], sizes: dict[Any, int]) -> None:
    shown = suppressed(sizes, counts, least=LEAST)
    for name, count in counts.items():
        true = value(count, sizes)
        if 0 < true < LEAST or (true == 0 and count.tells_when_empty):
            assert shown[name] is None
        assert shown[name] in (None, true)
    hidden = [name for name, seen in shown.items() if seen is None]
    if not hidden:
        return
    possible = tables_like(counts, shown, most=max(sizes.values()) + 2)
    for name in hidden:
        assert len({value(counts[name], table) for table in possible}) > 1, name


SQUARE = two_way(3, 2)
CHANGE = before_and_after(2)
DIVIDED = two_divisions()


@settings(deadline=None, max_examples=examples(30))
@given(sizes=small_sizes(SQUARE, 6))
@example(sizes=dict.fromkeys(parts_of(SQUARE), 0))
def test_no_hidden_cell_of_a_table_with_margins_is_the_only_one_possible(
    sizes: dict[Any, int],
) -> None:
    assert_nothing_follows(SQUARE, sizes)


@settings(deadline=None, max_examples=examples(30))
@given(sizes=small_sizes(CHANGE, 6))
def test_who_appears_cannot_be_worked_out_from_before_and_after(sizes: dict[Any, int]) -> None:
    assert_nothing_follows(CHANGE, sizes)


@settings(deadline=None, max_examples=examples(30))
@given(sizes=small_sizes(DIVIDED, 5))
def test_schools_and_grades_side_by_side_tell_no_more_than_one_of_them(
    sizes: dict[Any, int],
) -> None:
    assert_nothing_follows(DIVIDED, sizes)


def rank_of(rows: list[list[Fraction]]) -> int:
    """The rank by elimination in fractions: another way than the product's."""
    rows, rank = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        at = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if at is None:
            continue
        rows[rank], rows[at] = rows[at], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


LARGE = two_way(5, 4)
LINKED = before_and_after(6)


@pytest.mark.parametrize("counts", [LARGE, LINKED], ids=["two-way", "before and after"])
@settings(deadline=None, max_examples=examples(30))
@given(data=st.data())
def test_no_small_cell_is_a_combination_of_shown_ones(counts: dict[Any, Count], data: Any) -> None:
    sizes = data.draw(small_sizes(counts, 25))
    shown = suppressed(sizes, counts)
    parts = [part for part in parts_of(counts) if sizes[part]]

    def row(name: Any) -> list[Fraction]:
        return [Fraction(part in counts[name].parts) for part in parts]

    known = [row(name) for name, seen in shown.items() if seen is not None]
    rank = rank_of(known)
    for name, count in counts.items():
        if 0 < value(count, sizes) < 10:
            assert rank_of([*known, row(name)]) > rank, name


def test_a_watched_count_is_kept_from_the_difference_of_two_shown_ones() -> None:
    sizes = {"stays": 30, "goes": 3, "never": 60}
    before, after = Count({"stays", "goes"}), Count({"stays"})
    table = {"everybody": Count(set(sizes)), "before": before, "after": after}
    assert suppressed(sizes, table) == {"everybody": 93, "before": 33, "after": 30}
    seen = suppressed(sizes, table, watched=[Count({"goes"})])
    assert seen == {"everybody": 93, "before": 33, "after": None}


def test_ten_pupils_are_shown_and_nine_are_not() -> None:
    sizes = {"nine": 9, "ten": 10}
    assert suppressed(sizes, {name: Count({name}) for name in sizes}) == {"nine": None, "ten": 10}


@pytest.mark.parametrize("groups", [3, 4, 5])
def test_the_last_sum_of_all_groups_but_one_would_tell_each_group(groups: int) -> None:
    sizes = {0: 3} | dict.fromkeys(range(1, groups), 20)
    table = {left_out: Count(set(sizes) - {left_out}) for left_out in sizes}
    seen = suppressed(sizes, table, watched=[Count({0})])
    assert [name for name, value in seen.items() if value is None] == [groups - 1]


@pytest.mark.parametrize(("others", "hidden"), [(1, "c"), (0, "ab")])
def test_a_count_without_a_rank_is_shown_rather_than_one_of_rank_one(
    others: int, hidden: str
) -> None:
    """What is left of `ab` and `c` after `bc` is a, three pupils; the least of a rank is hidden."""
    table = {"ab": Count({"a", "b"}), "bc": Count({"b", "c"}, others), "c": Count({"c"}, others)}
    seen = suppressed({"a": 3, "b": 10, "c": 30}, table, watched=[Count({"a"})])
    assert [name for name, value in seen.items() if value is None] == [hidden]


def test_a_group_without_anybody_is_empty() -> None:
    table = {"both": Count({"here", "away"}), "away": Count({"away"})}
    assert suppressed({"here": 12}, table) == {"both": 12, "away": 0}


def test_zero_is_shown_but_not_that_nobody_is_outside_the_list() -> None:
    sizes = {("A", "off"): 0, ("A", "on"): 40, ("B", "off"): 50, ("B", "on"): 50}
    table = {
        (group, where): Count({(group, where)}, tells_when_empty=where == "off")
        for group in "AB"
        for where in ("off", "on")
    }
    pupils = {(group, "pupils"): Count({(group, "off"), (group, "on")}) for group in "AB"}
    seen = suppressed(sizes, table | pupils)
    assert seen["A", "off"] is None
    # Either would tell that all of A are on the list; the other alone does not.
    assert [seen["A", "on"], seen["A", "pupils"]].count(None) == 1
    harmless = suppressed({"one": 0, "two": 40}, {"one": Count({"one"}), "two": Count({"two"})})
    assert harmless == {"one": 0, "two": 40}


def test_a_telling_count_without_a_part_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="has no part"):
        suppressed({}, {"off": Count((), tells_when_empty=True)})
