"""Small groups are hidden, and as many more as it takes that totals don't tell them.

Pure. A group is a cell of one division of the whole, such as a grade.
"""

from __future__ import annotations

from collections.abc import Mapping

HIDDEN = ".."
#: A cell of fewer pupils is not shown (domain: group level).
LEAST_PUPILS = 10


def hidden_groups(pupils: Mapping[str, int]) -> frozenset[str]:
    """Return the groups of one division whose figures are hidden.

    These are the groups of fewer than ten pupils, and then the smallest of the others until at
    least two are hidden and those hold ten pupils or more together: the difference between the
    total and what is shown says no more than that of a group that is shown.

    Args:
        pupils: number of pupils by group; groups share no pupil and make up the total.
    """
    by_size = sorted(pupils, key=lambda group: (pupils[group], group))
    hidden = [group for group in by_size if pupils[group] < LEAST_PUPILS]
    shown = by_size[len(hidden) :]

    def is_told_by_total() -> bool:
        return len(hidden) == 1 or sum(pupils[group] for group in hidden) < LEAST_PUPILS

    while hidden and shown and is_told_by_total():
        hidden.append(shown.pop(0))
    return frozenset(hidden)
