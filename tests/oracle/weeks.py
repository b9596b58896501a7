"""Week to week: what a week's list says of a pupil against the lists before, in plain Python.

Written from docs/rules-weeks.md. Shares no code with the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.belonging import protected_pupils
from tests.oracle.ladder import Judged, Standing, standings_of
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.parameters import STOCKHOLM
from tests.oracle.sums import SumRow
from tests.oracle.verdicts import HIT, INSUFFICIENT
from tests.oracle.windows import school_year_start

COMPARED_DAYS = 56


@dataclass(frozen=True)
class Facts:
    """Everything that had arrived at some moment."""

    lessons: tuple[LessonRow, ...] = ()
    roster: tuple[RosterRow, ...] = ()
    sums: tuple[SumRow, ...] = ()

    def standings(self, as_of: date, params: dict[str, Any]) -> dict[str, Standing]:
        return standings_of(self.lessons, self.roster, as_of, params, self.sums)


@dataclass(frozen=True)
class ListRow:
    """A pupil on a school's list, or gone from it; what it rested on is for the next week."""

    school: str
    civic_no: str
    level: int
    state: str
    reason: str
    previous_level: int
    first_day: date
    weeks: int
    highest_level: int
    hits: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Week:
    """The lists of some schools, as they were published."""

    as_of: date
    schools: tuple[str, ...]
    rows: tuple[ListRow, ...]
    protected: frozenset[str]  # when they were made


def week_of(
    before: Sequence[Week],
    facts: Facts,
    as_of: date,
    schools: Sequence[str],
    params: dict[str, Any] | None = None,
) -> Week:
    """The lists of these schools at as_of, given the lists before and what is known now."""
    rows = tuple(_rows(before, facts, as_of, schools, params))
    protected = protected_pupils(facts.lessons, facts.roster, facts.sums)
    return Week(as_of, tuple(schools), rows, frozenset(protected))


def _rows(
    before: Sequence[Week],
    facts: Facts,
    as_of: date,
    schools: Sequence[str],
    params: dict[str, Any] | None,
) -> Iterator[ListRow]:
    params = params or STOCKHOLM
    start = school_year_start(as_of, params)
    past = [week for week in before if start <= week.as_of < as_of]
    baselines: dict[str, Week] = {}
    recent = [week for week in past if (as_of - week.as_of).days <= COMPARED_DAYS]
    for week in sorted(recent, key=lambda week: week.as_of):
        baselines |= dict.fromkeys(week.schools, week)
    shown = [
        (week.as_of, row)
        for school, week in baselines.items()
        for row in week.rows
        if row.school == school and row.level
    ]
    now = facts.standings(as_of, params)
    then = {day: facts.standings(day, params) for day in {day for day, _ in shown}}
    previous = _previous_rows(recent)
    then |= {day: facts.standings(day, params) for day, _ in previous.values()}
    protected_then = {one for week in baselines.values() for one in week.protected}
    then |= {w.as_of: facts.standings(w.as_of, params) for w in baselines.values()}
    clock = _Clock(past, as_of)
    hidden = protected_pupils(facts.lessons, facts.roster, facts.sums)

    for civic_no, standing in now.items():
        school = standing.place.school_unit_code
        if not standing.level or school not in schools:
            continue
        day, row = previous.get(civic_no, (None, None))
        old_level = row.level if row else 0
        if day is None and school in baselines:
            day = baselines[school].as_of
        old = then[day].get(civic_no) if day else None
        unsure = _unsure(standing.judged, row.hits if row else frozenset(), params)
        state, reason = _listed(standing.level, old_level, old.level if old else 0, unsure)
        if reason == "late_data" and civic_no in protected_then:
            reason = ""
        yield clock.row(
            school,
            civic_no,
            state,
            reason,
            old_level=old_level,
            level=standing.level,
            judged=standing.judged,
        )

    for day, row in shown:
        if row.school in schools and row.civic_no not in hidden:
            latest = previous.get(row.civic_no)
            hits = latest[1].hits if latest else frozenset()
            found, old = now.get(row.civic_no), then[day].get(row.civic_no)
            reason = _gone(row, found, old, hits, params)
            if reason:
                yield clock.row(row.school, row.civic_no, "cleared", reason, old_level=row.level)


def _previous_rows(weeks: Sequence[Week]) -> dict[str, tuple[date, ListRow]]:
    """What the newest list of any school said of each pupil, where it goes on from there."""
    rows: dict[str, list[tuple[date, ListRow]]] = {}
    for week in weeks:
        for row in week.rows:
            rows.setdefault(row.civic_no, []).append((week.as_of, row))
    found = {}
    for civic_no, mine in rows.items():
        day, newest = max(mine, key=lambda item: (item[0], item[1].level))
        if newest.level:
            found[civic_no] = (day, newest)
        elif newest.reason == "left":
            # Gone to another school, whose list may have waited.
            with_level = [item for item in mine if item[1].level]
            if with_level:
                found[civic_no] = max(with_level, key=lambda item: (item[0], item[1].level))
    return found


def _gone(
    row: ListRow,
    found: Standing | None,
    old: Standing | None,
    hits: frozenset[tuple[str, str]],
    params: dict[str, Any],
) -> str:
    """Why a pupil of the list before is on this school's list no more; "" when still there."""
    if found is None:
        return "corrected"
    if found.has_left or found.place.school_unit_code != row.school:
        return "left"
    if found.level:
        return ""
    if _unsure(found.judged, hits, params):
        return "insufficient"
    return "improved" if old and old.level else "corrected"


def _listed(level: int, old: int, earlier: int, unsure: int) -> tuple[str, str]:
    if level > old:
        return ("escalated" if old else "new"), ("late_data" if earlier >= level else "")
    if level == old:
        return "continuing", ""
    if unsure > level:
        return "lowered", "insufficient"
    return "lowered", "improved" if earlier > level else "corrected"


def _unsure(
    judged: Sequence[Judged], hits: frozenset[tuple[str, str]], params: dict[str, Any]
) -> int:
    """The highest level that the data cannot speak of, though it could or once did."""
    levels = [
        params["rules"][one.rule]["level"]
        for one in judged
        if _is_silent(one) and (not _may_be_silent(one) or (one.rule, one.basis) in hits)
    ]
    return max(levels, default=0)


def _is_silent(one: Judged) -> bool:
    return one.verdict.verdict == INSUFFICIENT or not one.sums.scheduled


def _may_be_silent(one: Judged) -> bool:
    """Holidays have no lessons, and some schools only ever give sums; of a pupil whom nobody sees
    the class has lessons."""
    return not one.is_unseen and (one.lacks_lessons or not one.sums.scheduled)


@dataclass(frozen=True)
class _Clock:
    """The weeks of this school year before as_of."""

    past: Sequence[Week]
    as_of: date

    def row(
        self,
        school: str,
        civic_no: str,
        state: str,
        reason: str,
        *,
        old_level: int,
        level: int = 0,
        judged: Sequence[Judged] = (),
    ) -> ListRow:
        mine = [
            (week.as_of, row.level)
            for week in self.past
            for row in week.rows
            if row.civic_no == civic_no and row.level
        ]
        days = {day for day, _ in mine} | ({self.as_of} if level else set())
        return ListRow(
            school=school,
            civic_no=civic_no,
            level=level,
            state=state,
            reason=reason,
            previous_level=old_level,
            first_day=min(days),
            weeks=len(days),
            highest_level=max([level, *(old for _, old in mine)]),
            hits=frozenset((j.rule, j.basis) for j in judged if j.verdict.verdict == HIT),
        )
