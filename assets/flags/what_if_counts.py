"""How many pupils stand on each step by each rule set, and how many move: counts of groups.

Small groups are hidden (`assets/suppression.py`), jointly over the city, the sexes, the grades, the
schools and all scenarios of a question, whichever of them are asked for. Not here: evaluating
(`what_if.py`), drawing (`what_if_picture.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assets.flags.what_if import LEFT, Steps
from assets.suppression import Count, suppressed

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
    # Two standings that are shown tell their difference, so few that come or go are small too.
    watched = map(Count, moved.values())
    seen = suppressed(dict(enumerate(sizes.values())), counts, watched)
    rows: dict[tuple[str, str, int], CountRow] = {}
    for (grouping, group, scenario, column), value in seen.items():
        empty = CountRow(scenario, grouping, group, {})
        rows.setdefault((grouping, group, scenario), empty).counts[column] = value
    return list(rows.values())


def _parts(steps: Steps) -> dict[tuple[str, ...], int]:
    """Pupils who are alike in everything that is told: school, grade, sex and every step."""
    frame = steps.frame
    sizes = {tuple(row[:-1]): int(row[-1]) for row in frame.group_by(frame.columns).len().rows()}
    # That nobody of a group is outside the list must not be told, so the place must be there.
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
