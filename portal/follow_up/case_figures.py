"""How many cases there are, by district, sex and grade band: small counts hidden.

All counts of a term are hidden together, so that none follows from others
(`assets/flags/suppression.py`). A case is counted in the term in which it began. Not here: who may
read which of them (`views/figures.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product

from assets.flags.consultation import Stage, stage_of
from assets.flags.suppression import LEAST_SHOWN, Count, suppressed
from assets.follow_up.kinds import GOAL_MET
from assets.follow_up.standing import newest_of
from portal.follow_up.case_rows import CaseRow

ALL, DISTRICT, SEX, BAND = "all", "district", "sex", "band"
DISTRICT_SEX, DISTRICT_BAND = "district_sex", "district_band"
#: The ways to divide cases; earlier ones are shown rather than later ones.
GROUPINGS = (ALL, DISTRICT, SEX, BAND, DISTRICT_SEX, DISTRICT_BAND)
COMPLETED, EARLY, MOVED, GOES_ON = "completed", "early", "moved", "goes_on"
_STATES = {"step_7_completed": COMPLETED, "step_7_early": EARLY, "step_7_moved": MOVED}


@dataclass(frozen=True)
class Part:
    """The smallest group: cases that are alike in all that is counted."""

    district: str
    sex: str
    band: Stage
    state: str
    goals: str


#: What is counted; the first of them is every case.
COLUMNS: Mapping[str, Callable[[Part], bool]] = {
    "enrolled": lambda _: True,
    GOES_ON: lambda part: part.state == GOES_ON,
    COMPLETED: lambda part: part.state == COMPLETED,
    EARLY: lambda part: part.state == EARLY,
    MOVED: lambda part: part.state == MOVED,
    "goals_met": lambda part: part.goals == "yes",
    "goals_partly": lambda part: part.goals == "partly",
}
_ENROLLED = "enrolled"
#: How a group divides into others: by which grouping, and where in its names the group stands.
_DIVISIONS = {
    ALL: ((DISTRICT, 0), (SEX, 0), (BAND, 0), (DISTRICT_SEX, 0), (DISTRICT_BAND, 0)),
    DISTRICT: ((DISTRICT_SEX, 0), (DISTRICT_BAND, 0)),
    SEX: ((DISTRICT_SEX, 1),),
    BAND: ((DISTRICT_BAND, 1),),
}
_Name = tuple[str, tuple[str, ...], str]  # grouping, group, column


@dataclass(frozen=True)
class FigureRow:
    """The counts of one group of a term.

    Attributes:
        grouping: one of `GROUPINGS`.
        group: district, sex or stage; of two, the district first.
        counts: by column; None where it is hidden.
    """

    grouping: str
    group: tuple[str, ...]
    counts: dict[str, int | None]


def term_of(day: date) -> str:
    """Return the term of a day: `2026-ht` from July on, `2027-vt` until June."""
    return f"{day.year}-{'ht' if day.month >= 7 else 'vt'}"


def by_term(rows: Iterable[CaseRow]) -> dict[str, list[CaseRow]]:
    """Return cases by the term in which they began, the newest first."""
    found: dict[str, list[CaseRow]] = defaultdict(list)
    for row in rows:
        found[term_of(row.began.day)].append(row)
    order = {"vt": 0, "ht": 1}
    return dict(
        sorted(found.items(), key=lambda one: (one[0][:4], order[one[0][5:]]), reverse=True)
    )


def figures(rows: Iterable[CaseRow]) -> list[FigureRow]:
    """Return the counts of a term's cases, all of them hidden together.

    Args:
        rows: every case of the term, of all districts: what one is shown tells of another.
    """
    sizes = Counter(_part(row) for row in rows)
    if not sizes:
        return []
    # Nobody in a group can be what is told of it: a part without a case stands for each.
    filled = {part: sizes.get(part, 0) for part in _all_parts(sizes)}
    groups: dict[tuple[str, tuple[str, ...]], list[Part]] = defaultdict(list)
    for part in filled:
        for grouping, group in _groups(part):
            groups[grouping, group].append(part)
    groups = {name: parts for name, parts in groups.items() if any(filled[part] for part in parts)}
    counts: dict[Hashable, Count] = {}
    watched = []
    for (grouping, group), parts in groups.items():
        for order, (column, is_counted) in enumerate(COLUMNS.items()):
            rank = order * len(GROUPINGS) + GROUPINGS.index(grouping)
            counts[grouping, group, column] = Count([p for p in parts if is_counted(p)], rank)
            if column != _ENROLLED:
                # All but a few, and everybody, tell as much as a few.
                others = [part for part in parts if not is_counted(part)]
                watched.append(Count(others, tells_when_empty=True))
    families = _families(groups)
    while True:
        seen = suppressed(filled, counts, watched)
        new = [few for few in _few_left(seen, counts, families, filled) if few not in watched]
        if not new:
            break
        watched += new
    return [
        FigureRow(grouping, group, {column: seen[grouping, group, column] for column in COLUMNS})
        for grouping, group in sorted(groups, key=lambda name: (GROUPINGS.index(name[0]), name[1]))
    ]


def _families(
    groups: Mapping[tuple[str, tuple[str, ...]], list[Part]],
) -> list[tuple[_Name, list[_Name]]]:
    """Return each count with the counts that it is the sum of, for every way to divide it."""
    families: list[tuple[_Name, list[_Name]]] = []
    for grouping, group in groups:
        states = [(grouping, group, state) for state in (GOES_ON, COMPLETED, EARLY, MOVED)]
        families.append(((grouping, group, _ENROLLED), states))
        for division, place in _DIVISIONS.get(grouping, ()):
            members = [
                name
                for name in groups
                if name[0] == division and group in {(), name[1][place : place + 1]}
            ]
            families += [
                ((grouping, group, column), [(*name, column) for name in members])
                for column in COLUMNS
            ]
    return families


def _few_left(
    seen: Mapping[Hashable, int | None],
    counts: Mapping[Hashable, Count],
    families: Iterable[tuple[_Name, list[_Name]]],
    sizes: Mapping[Part, int],
) -> Iterator[Count]:
    """Yield what is left of a shown count without its shown parts, where that is only a few.

    Two groups of two that are hidden each would else be told together: 14 in all, 11 of them older.
    """
    for whole, parts in families:
        hidden = [name for name in parts if seen[name] is None]
        if seen[whole] is None or not hidden:
            continue
        left = [part for name in hidden for part in counts[name].parts]
        if 0 < sum(sizes[part] for part in left if isinstance(part, Part)) < LEAST_SHOWN:
            yield Count(left)


def _part(row: CaseRow) -> Part:
    goals = newest_of(row.case.facts, GOAL_MET)
    return Part(
        row.district,
        row.sex,
        stage_of(row.began.grade),
        _STATES.get(row.case.ended_word, GOES_ON),
        goals.value if goals else "",
    )


def _all_parts(sizes: Mapping[Part, int]) -> Iterable[Part]:
    places = {(part.district, part.sex, part.band) for part in sizes}
    states = (GOES_ON, COMPLETED, EARLY, MOVED)
    goals = ("", "yes", "partly", "no")
    return (Part(*place, *of_case) for place, *of_case in product(places, states, goals))


def _groups(part: Part) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (ALL, ()),
        (DISTRICT, (part.district,)),
        (SEX, (part.sex,)),
        (BAND, (part.band,)),
        (DISTRICT_SEX, (part.district, part.sex)),
        (DISTRICT_BAND, (part.district, part.band)),
    )
