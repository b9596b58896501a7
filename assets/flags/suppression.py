"""Small counts hidden, and enough others that they can't be worked out: complementary suppression.

Here: counts of groups that add up to one another in, counts or None out. Not here: which counts a
table has (`assets/flags/what_if_counts.py`, `assets/forecast/backtest.py`).

How it is done: every count is the sum of *parts*, the smallest groups that the table tells apart.
Counts are shown one after the other, the most wanted first, and each only when no small count
then follows from the shown ones. "Follows" is linear algebra over the parts that are not empty.
That is enough for counts that can't be negative either: a small count that is no combination of
shown ones over the non-empty parts can be changed both upwards and downwards, with the shown ones
as they are (docs/adr/0017-small-groups.md). After Langsrud's Gaussian elimination for
secondary suppression (R package GaussSuppression); no Python package does this for counts that
overlap as ours do.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

#: Counts under this are hidden (docs/rules-lessons.md, "Group level").
LEAST_SHOWN = 10
#: What stands in the place of a hidden figure.
HIDDEN = ".."

# Elimination in the integers modulo a prime: exact, with numbers that stay short. The tables'
# factors are small integers, so nothing but zero is a multiple of so large a prime.
_PRIME = (1 << 61) - 1

Name = TypeVar("Name", bound=Hashable)
Row = dict[int, int]  # part's number: factor


@dataclass(frozen=True)
class Count:
    """One count of a table.

    Attributes:
        parts: the parts that it is the sum of, each once.
        rank: counts of a lower rank are shown rather than those of a higher.
        tells_when_empty: zero says something about everybody in the group: nobody is *outside* the
            list. Such a zero is small too; any other zero is about nobody and is shown.
    """

    parts: Collection[Hashable]
    rank: int = 0
    tells_when_empty: bool = False


def suppressed(
    sizes: Mapping[Any, int],
    counts: Mapping[Name, Count],
    watched: Iterable[Count] = (),
    least: int = LEAST_SHOWN,
    settled: Mapping[Name, bool] | None = None,
) -> dict[Name, int | None]:
    """Return every count, or None where it is hidden.

    Args:
        sizes: how many there are in each part; a part that is not here is empty. The parts of a
            count that tells when it is empty must be here, with 0.
        counts: the counts by name.
        watched: counts that the table doesn't have, but that could be worked out from it; small
            ones are kept from that too.
        least: the smallest count above zero that may be shown.
        settled: names of counts that an earlier table has shown (True) or hidden (False) already.
            They stay so; and no hidden one of them, small or not, follows from the others.

    Returns:
        The counts in the order given. No hidden one follows from the shown ones.

    Raises:
        ValueError: a count tells when it is empty, and no part of it is in `sizes`.
    """
    settled = settled or {}
    values = {name: _value(sizes, count) for name, count in counts.items()}
    small = {
        name
        for name, count in counts.items()
        if not settled.get(name, not _is_small(values[name], count, least))
    }
    secrets = [count for name, count in counts.items() if name in small]
    secrets += [count for count in watched if _is_small(_value(sizes, count), count, least)]
    watches = _watches(sizes, secrets)
    for name in counts:
        if settled.get(name):
            for watch in watches:
                watch.add(watch.reduced(watch.row_of(counts[name])))
    # Of two counts of a rank the larger is more use. The sort is stable, so the same table hides
    # the same counts. Counts of the same parts (most, of scenarios that differ little) are one.
    wanted = sorted(
        (name for name in counts if name not in small),
        key=lambda name: (counts[name].rank, -values[name]),
    )
    keys = {name: frozenset(counts[name].parts) for name in wanted}
    is_shown: dict[frozenset[Hashable], bool] = {}
    for name in wanted:
        if keys[name] not in is_shown:
            is_shown[keys[name]] = _show(watches, counts[name])
    hidden = small | {name for name in wanted if not is_shown[keys[name]]}
    return {name: None if name in hidden else values[name] for name in counts}


def _value(sizes: Mapping[Any, int], count: Count) -> int:
    return sum(sizes.get(part, 0) for part in count.parts)


def _is_small(value: int, count: Count, least: int) -> bool:
    return 0 < value < least or (value == 0 and count.tells_when_empty)


def _watches(sizes: Mapping[Any, int], secrets: Iterable[Count]) -> list[_Watch]:
    """Return a watch over all counts of somebody, and one for each emptiness that is a secret.

    An emptiness needs its own, in which one empty part may be thought of as filled. With two such
    parts at once, the way to change one could be to empty the other further.
    """
    somebody = [part for part in sizes if sizes[part]]
    filled: list[Count] = []
    empties: dict[Hashable, Count] = {}
    for secret in secrets:
        if _value(sizes, secret):
            filled.append(secret)
        # One part of it is enough, and one that is thought of as filled already is as good.
        elif not any(part in empties for part in secret.parts):
            empty = next((part for part in secret.parts if part in sizes), None)
            if empty is None:
                raise ValueError("a count that tells when it is empty has no part")
            empties[empty] = secret
    return [
        _Watch(somebody, filled),
        *(_Watch([*somebody, empty], [secret]) for empty, secret in empties.items()),
    ]


def _show(watches: Iterable[_Watch], count: Count) -> bool:
    """Show a count unless it gives a secret away; say whether it was shown."""
    rows = [(watch, watch.reduced(watch.row_of(count))) for watch in watches]
    if any(watch.gives_away(row) for watch, row in rows):
        return False
    for watch, row in rows:
        watch.add(row)
    return True


class _Watch:
    """Secret counts, and what is shown so far, in echelon form.

    `_rows` holds a row for each pivot, the largest number in it, with factor 1. A secret is kept
    reduced by all rows, so it is given away exactly when nothing of it is left.
    """

    def __init__(self, parts: Iterable[Hashable], secrets: Iterable[Count]) -> None:
        self._numbers = {part: number for number, part in enumerate(parts)}
        self._rows: dict[int, Row] = {}
        # Equal secrets need one watch.
        distinct = {frozenset(row): row for row in map(self.row_of, secrets)}
        self._secrets = list(distinct.values())
        self._holding: dict[int, set[int]] = {}
        for index, secret in enumerate(self._secrets):
            for part in secret:
                self._holding.setdefault(part, set()).add(index)

    def row_of(self, count: Count) -> Row:
        """Return the count as a row over the parts that this watch has."""
        return {self._numbers[part]: 1 for part in count.parts if part in self._numbers}

    def gives_away(self, row: Row) -> bool:
        """Whether a reduced row, shown, leaves nothing of a secret."""
        if not row:
            return False
        pivot = max(row)
        scaled = _scaled(row, pivot)
        affected = self._holding.get(pivot, ())
        return any(_is_multiple(self._secrets[index], scaled, pivot) for index in affected)

    def add(self, row: Row) -> None:
        """Show a reduced row."""
        if not row:
            return
        pivot = max(row)
        scaled = _scaled(row, pivot)
        self._rows[pivot] = scaled
        for index in tuple(self._holding.get(pivot, ())):
            self._reduce_secret(index, scaled, pivot)

    def _reduce_secret(self, index: int, row: Row, pivot: int) -> None:
        secret = self._secrets[index]
        factor = secret[pivot]
        for part, other in row.items():
            left = (secret.get(part, 0) - factor * other) % _PRIME
            if left:
                secret[part] = left
                self._holding.setdefault(part, set()).add(index)
            elif part in secret:
                del secret[part]
                self._holding[part].discard(index)

    def reduced(self, row: Row) -> Row:
        """Return what is left of a row after taking away what is shown: nothing, if it follows."""
        left = dict(row)
        waiting = [-part for part in left]
        heapq.heapify(waiting)
        while waiting:
            part = -heapq.heappop(waiting)
            shown = self._rows.get(part)
            factor = left.get(part)
            if shown is None or not factor:
                continue
            for other, other_factor in shown.items():
                before = left.get(other, 0)
                after = (before - factor * other_factor) % _PRIME
                if not after:
                    left.pop(other, None)
                    continue
                if not before:
                    heapq.heappush(waiting, -other)
                left[other] = after
        return left


def _scaled(row: Row, pivot: int) -> Row:
    inverse = pow(row[pivot], -1, _PRIME)
    return {part: factor * inverse % _PRIME for part, factor in row.items()}


def _is_multiple(secret: Row, row: Row, pivot: int) -> bool:
    if len(secret) != len(row):
        return False
    factor = secret[pivot]
    return all(secret.get(part) == factor * other % _PRIME for part, other in row.items())
