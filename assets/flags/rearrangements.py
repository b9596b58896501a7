"""How often chance would lay a pupil's absence so: every way to lay its spells, counted exactly.

A spell is absence on school days that follow each other. Spells are moved whole, because an
illness of a week is one thing and not five days: one that ends on a Friday says little of Fridays.
Nothing is drawn: all ways are counted, so the answer is the same every night and for any order of
rows, and can be worked out again by hand. Not here: which days are compared (`patterns.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby

_WHOLE = 100_00  # hundredths of a percent


class Counted:
    """Ways that were counted: all, and those that come out at least as much as it was."""

    as_many: int
    ways: int

    def is_rare(self, most_chance: int, questions: int) -> bool:
        """Whether so few ways come out so that chance is no likely answer.

        Args:
            most_chance: hundredths of a percent that the share of ways must stay under.
            questions: how many such questions are asked of the pupil; the share is taken so many
                times (Bonferroni), or one of a hundred questions is answered by chance alone.
        """
        return self.as_many * questions * _WHOLE < most_chance * self.ways


@dataclass(frozen=True)
class Rearranged(Counted):
    """How a pupil's spells could lie on the same school days, with at least one day between two.

    Attributes:
        days: school days on which they are laid.
        spells: the length of each in school days, ascending.
        marked_days: of their days, those on marked days, as it was.
        as_many: ways to lay them with at least so many of their days on marked days.
        ways: all ways; spells of one length are not told apart.
    """

    days: int
    spells: tuple[int, ...]
    marked_days: int
    as_many: int
    ways: int


def rearranged(absent: Sequence[bool], marked: Sequence[bool]) -> Rearranged:
    """Count the ways to lay the spells of absence on the same school days.

    Args:
        absent: whether the pupil was absent, a school day each, in order.
        marked: of the same days, those that are compared with the rest.
    """
    spells = tuple(sorted(len(list(run)) for is_absent, run in groupby(absent) if is_absent))
    found = sum(map(lambda away, mark: away and mark, absent, marked))
    counts = _ways(tuple(marked), spells)
    return Rearranged(len(marked), spells, found, sum(counts[found:]), sum(counts))


@lru_cache(maxsize=4096)  # a class has the same days, and many pupils the same few spells
def _ways(marked: tuple[bool, ...], spells: tuple[int, ...]) -> tuple[int, ...]:
    """The number of ways, by how many of the spells' days are marked.

    Days are gone through from the last. What is left to lay is told by how many spells of each
    length are left, so ways that differ in the past only are counted together. A whole number
    holds the counts of all numbers of marked days, `field` bits each: there are fewer ways than
    ways to be absent or not on each day.
    """
    days, field = len(marked), len(marked) + 1
    before = list(accumulate(marked, initial=0))
    left = _left(spells)
    needs = [needed for needed, _, _ in left]
    nothing = [1] + [0] * (len(left) - 1)
    later = [nothing] * (days + 2)  # from a day on; a spell to the last day needs no day after it
    for day in range(days - 1, -1, -1):
        here = later[day + 1].copy()
        # Not more is left than there are days for, and not more is laid than there were days.
        at_least, at_most = needs[-1] - day - 1, days - day
        for _, state, steps in left[bisect_left(needs, at_least) : bisect_right(needs, at_most)]:
            for length, smaller in steps:
                if day + length <= days:
                    hits = before[day + length] - before[day]
                    here[state] += later[day + length + 1][smaller] << field * hits
        later[day] = here
    all_of_it, mask = later[0][-1], (1 << field) - 1
    return tuple(all_of_it >> field * hits & mask for hits in range(sum(spells) + 1))


def _left(spells: tuple[int, ...]) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """What can be left to lay, by the days it needs: these days, a number, and what can come next.

    What comes next is the length of a spell that is laid, and the number of what is left then. All
    spells have the last number, none the first.
    """
    left: list[tuple[int, int, list[tuple[int, int]]]] = [(0, 0, [])]
    for length, count in sorted(Counter(spells).items()):
        size = len(left)
        left = [
            (
                needed + more * (length + 1),
                state + more * size,
                [(of, smaller + more * size) for of, smaller in steps]
                + [(length, state + (more - 1) * size)] * (more > 0),
            )
            for more in range(count + 1)
            for needed, state, steps in left
        ]
    # No day is needed after the last spell.
    return sorted((max(needed - 1, 0), state, steps) for needed, state, steps in left)
