"""How many pupils stand on each step by each rule set, and how many move: counts of groups.

Small groups are hidden (`assets/flags/suppression.py`), jointly over the city, the sexes, the
grades and the schools, whichever of them are asked for. What is in force is decided first and by
itself, so that every question about a day hides the same of it; then the scenarios of the
question. Not here: evaluating (`what_if.py`), drawing (`what_if_picture.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import polars as pl

from assets.flags.suppression import LEAST_SHOWN, Count, suppressed
from assets.flags.what_if import LEFT, Steps

CITY = "city"
#: The ways to divide pupils; earlier ones are shown rather than later ones.
GROUPINGS = (CITY, "sex", "grade", "school")

_LEVELS = ("1", "2", "3")
_OFF = ("clear", "insufficient")


@dataclass(frozen=True)
class CountRow:
    """The counts of one group by one rule set; None is hidden.

    Attributes:
        scenario: number of the rule set, 0 the one in force.
        grouping: one of `GROUPINGS`.
        group: school unit code, grade, sex, or `all`.
        counts: by name as in `COLUMNS`; moves are not there for the rule set in force.
    """

    scenario: int
    grouping: str
    group: str
    counts: dict[str, int | None]


#: What is counted of a pupil who stands on one step now and on another by the scenario.
STANDINGS: dict[str, Callable[[str], bool]] = {
    "pupils": lambda step: step != LEFT,
    "level_1": lambda step: step == "1",
    "level_2": lambda step: step == "2",
    "level_3": lambda step: step == "3",
    "on_list": lambda step: step in _LEVELS,
    "not_on_list": lambda step: step in _OFF,
    "insufficient": lambda step: step == "insufficient",
}
MOVES: dict[str, Callable[[str, str], bool]] = {
    "appear": lambda now, then: now not in _LEVELS and then in _LEVELS,
    "disappear": lambda now, then: now in _LEVELS and then not in _LEVELS,
    "moved_up": lambda now, then: now in _LEVELS and then in _LEVELS and then > now,
    "moved_down": lambda now, then: now in _LEVELS and then in _LEVELS and then < now,
    "unchanged": lambda now, then: now in _LEVELS and then == now,
}
COLUMNS = (*STANDINGS, *MOVES)

#: Number of the rule set in force among the scenarios.
IN_FORCE = 0
_STEPS = (*_LEVELS, *_OFF)
_NONE: frozenset[str] = frozenset()

_Name = tuple[str, str, int, str]  # grouping, group, scenario, column


def count_groups(steps: Steps) -> list[CountRow]:
    """Count every group by every rule set, small counts hidden.

    Args:
        steps: the pupils' steps.

    Returns:
        By grouping, group and scenario. A group is there when the rule set in force, or a
        scenario, has pupils in it; nothing, when there are no pupils at all.
    """
    if steps.frame.is_empty():
        return []
    settled = _in_force(steps)
    sizes = _parts(steps)
    parts: dict[_Name, list[int]] = defaultdict(list)
    moved: dict[_Name, list[int]] = defaultdict(list)
    for number, part in enumerate(sizes):
        groups = _groups_of(part)
        for scenario, column in _columns_of(part[3:]):
            for grouping, group in groups:
                parts[grouping, group, scenario, column].append(number)
        for scenario, change in _changes_of(part[3:]):
            for grouping, group in groups:
                moved[grouping, group, scenario, change].append(number)
    counts = {name: _count(name, parts.get(name, ())) for name in _names(steps)}
    shown = {name: settled.get(name, False) for name in counts if name[2] == IN_FORCE}
    # A group that has pupils by a scenario only has none in force, and that may be said.
    shown |= {name: name[3] != "not_on_list" for name in shown if name not in settled}
    # Two standings that are shown tell their difference, so few that come or go are small too.
    watched = map(Count, moved.values())
    seen = suppressed(dict(enumerate(sizes.values())), counts, watched, settled=shown)
    rows: dict[tuple[str, str, int], CountRow] = {}
    for (grouping, group, scenario, column), value in seen.items():
        empty = CountRow(scenario, grouping, group, {})
        rows.setdefault((grouping, group, scenario), empty).counts[column] = value
    return list(rows.values())


def _in_force(steps: Steps) -> dict[_Name, bool]:
    """Which counts of the rule set in force are shown: the same whatever is asked beside it."""
    frame = steps.frame.select("school", "grade", "sex", "step_0").filter(pl.col("step_0") != LEFT)
    if frame.is_empty():
        return {}
    alone = Steps(frame, steps.rule_sets[:1], steps.protected)
    sizes = _parts(alone)
    parts: dict[_Name, list[int]] = defaultdict(list)
    of_step: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for number, part in enumerate(sizes):
        for grouping, group in _groups_of(part):
            of_step[grouping, group, part[3]].append(number)
            for _, column in _columns_of(part[3:]):
                parts[grouping, group, IN_FORCE, column].append(number)
    counts = {name: _count(name, parts.get(name, ())) for name in _names(alone)}
    numbered = dict(enumerate(sizes.values()))
    # Scenarios can tell of any steps of a group together.
    watched = [
        Count([part for step in together for part in of_step.get((*group, step), ())])
        for group in dict.fromkeys(name[:2] for name in counts)
        for size in range(1, len(_STEPS))
        for together in combinations(_STEPS, size)
    ]
    while True:
        seen = suppressed(numbered, counts, watched)
        few = list(_few_together(seen, of_step, numbered))
        new = [count for count in few if count not in watched]
        if not new:
            return {name: value is not None for name, value in seen.items()}
        watched += new


def _few_together(
    seen: Mapping[_Name, int | None],
    of_step: Mapping[tuple[str, str, str], Sequence[int]],
    sizes: Mapping[int, int],
) -> Iterator[Count]:
    """Yield what is left of the city when all is taken away that is shown of a division.

    Nobody could work out one of two hidden sexes of 4 and 5, but from the city that both are
    small; and of two schools of 4 and 12 pupils, both hidden, that the first has at most 9, when 7
    of the other are shown to be on no list. What is left is a sum of pupils, so where it is fewer
    than may be shown, nothing of it may follow.
    """
    published: dict[tuple[str, str], set[frozenset[str]]] = {}
    for group in dict.fromkeys(name[:2] for name in seen):
        shown = [c for c in STANDINGS if seen[*group, IN_FORCE, c] is not None]
        published[group] = _shown_of_steps(tuple(shown))
    for grouping in GROUPINGS[1:]:
        groups = [group for group in published if group[0] == grouping]
        for whole in published[CITY, "all"]:
            left = [
                part
                for group in groups
                for step in whole - _most_shown(whole, published[group], group, of_step, sizes)
                for part in of_step.get((*group, step), ())
            ]
            if 0 < sum(sizes[part] for part in left) < LEAST_SHOWN:
                yield Count(tuple(sorted(left)))


def _most_shown(
    whole: frozenset[str],
    published: Collection[frozenset[str]],
    group: tuple[str, str],
    of_step: Mapping[tuple[str, str, str], Sequence[int]],
    sizes: Mapping[int, int],
) -> frozenset[str]:
    """Of the steps that are reported of a group together, those within a whole with most pupils."""

    def pupils(together: frozenset[str]) -> int:
        return sum(sizes[part] for step in together for part in of_step.get((*group, step), ()))

    within = [together for together in published if together <= whole]
    return max(within, key=lambda together: (pupils(together), sorted(together)), default=_NONE)


@lru_cache
def _shown_of_steps(columns: tuple[str, ...]) -> set[frozenset[str]]:
    """Which steps' pupils together can be worked out from these columns of a group."""
    shown: list[list[Fraction]] = []
    for column in columns:
        row = _left([Fraction(STANDINGS[column](step)) for step in _STEPS], shown)
        if any(row):
            shown.append(row)
    return {
        frozenset(together)
        for size in range(1, len(_STEPS) + 1)
        for together in combinations(_STEPS, size)
        if not any(_left([Fraction(step in together) for step in _STEPS], shown))
    }


def _left(row: list[Fraction], shown: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """A row less what rows before it, in the order in which they came, take away of it."""
    for other in shown:
        at = next(place for place, value in enumerate(other) if value)
        factor = row[at] / other[at]
        row = [value - factor * taken for value, taken in zip(row, other, strict=True)]
    return row


def _parts(steps: Steps) -> dict[tuple[str, ...], int]:
    """Pupils who are alike in everything that is reported: school, grade, sex and every step."""
    frame = steps.frame
    sizes = {tuple(row[:-1]): int(row[-1]) for row in frame.group_by(frame.columns).len().rows()}
    # That nobody of a group is outside the list must not be reported, so the place must be there.
    clear = ("clear",) * len(steps.rule_sets)
    for place in {part[:3] for part in sizes}:
        sizes.setdefault((*place, *clear), 0)
    return dict(sorted(sizes.items()))


def _groups_of(part: Sequence[str]) -> tuple[tuple[str, str], ...]:
    school, grade, sex = part[:3]
    return (CITY, "all"), ("sex", sex), ("grade", grade), ("school", school)


def _columns_of(steps: Sequence[str]) -> Iterator[tuple[int, str]]:
    for scenario, step in enumerate(steps):
        for column, holds in STANDINGS.items():
            if holds(step):
                yield scenario, column
        if scenario:
            for column, moves in MOVES.items():
                if moves(steps[0], step):
                    yield scenario, column


def _changes_of(steps: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Which standings a pupil comes to, or goes from, by each scenario."""
    for scenario, step in enumerate(steps[1:], start=1):
        if step == steps[0]:
            continue
        for column, holds in STANDINGS.items():
            if holds(step) != holds(steps[0]):
                yield scenario, f"{column} {'+' if holds(step) else '-'}"


def _names(steps: Steps) -> Iterator[_Name]:
    for grouping in GROUPINGS:
        groups = ["all"] if grouping == CITY else sorted(set(steps.frame[grouping]), key=_numeric)
        for group in groups:
            for scenario in range(len(steps.rule_sets)):
                for column in COLUMNS if scenario else STANDINGS:
                    yield grouping, group, scenario, column


def _numeric(group: str) -> tuple[bool, int, str]:
    """Grades in their order, and `unknown` last."""
    return not group.isdigit(), int(group) if group.isdigit() else 0, group


def _count(name: _Name, parts: Sequence[int]) -> Count:
    grouping, _, scenario, column = name
    # What is in force is shown rather than what would be, and the city rather than a school.
    rank = 2 * GROUPINGS.index(grouping) + bool(scenario)
    return Count(parts, rank, tells_when_empty=column == "not_on_list")
