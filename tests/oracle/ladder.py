"""The oracle's two answers: monthly rates and flags, in the columns of the CSV contract.

Written from docs/rules.md alone and shares no code with the product, so that the
same mistake has to be made twice to go unseen. Slow and plain on purpose.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.oracle.belonging import (
    Place,
    deciding_record,
    has_left,
    last_lesson_days,
    newest_roster,
    place_of,
    protected_pupils,
)
from tests.oracle.counting import counting_lessons
from tests.oracle.model import NO_SUMS, LessonRow, RosterRow, Sums, sums_of
from tests.oracle.parameters import BASES, CALENDAR, STOCKHOLM, ULF_RULES
from tests.oracle.sums import (
    SumRow,
    as_lesson,
    counted_sums,
    knows_only_sums,
    newest_sums,
    with_month,
)
from tests.oracle.unseen import Known, unseen_pupils
from tests.oracle.verdicts import CLEAR, HIT, INSUFFICIENT, Verdict, judge, judge_referral
from tests.oracle.windows import Window, school_year_start, window_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """One rule on one basis.

    `lacks_lessons`: insufficient because a school gives sums only; `is_unseen`: because nobody
    sees the pupil.
    """

    rule: str
    basis: str
    window: Window
    sums: Sums
    verdict: Verdict
    lacks_lessons: bool = False
    is_unseen: bool = False


@dataclass(frozen=True)
class Standing:
    """Where a pupil belongs at as_of, and what the ladder says; nothing of one who has left."""

    place: Place
    has_left: bool
    judged: tuple[Judged, ...] = ()
    level: int = 0


def rates(
    lessons: Iterable[LessonRow],
    month: str,
    roster: Iterable[RosterRow] = (),
    sums: Iterable[SumRow] = (),
) -> list[Row]:
    """One row per pupil with a lesson or sum in the month `YYYY-MM`, all schools together.

    `roster` is asked who is protected, and which lessons come after leaving. Rates are text with
    6 decimals, "" where undefined.
    """
    lessons, sums = list(lessons), list(sums)
    start = date.fromisoformat(f"{month}-01")
    end = start.replace(day=monthrange(start.year, start.month)[1])
    roster = list(roster)
    hidden = protected_pupils(lessons, roster, sums)
    held = counting_lessons(lessons, newest_roster(roster), STOCKHOLM)
    own_lessons, own_sums = _by_pupil(held), _by_pupil(counted_sums(sums, held))
    rows = []
    for civic_no in sorted((own_lessons.keys() | own_sums.keys()) - hidden):
        summed = [row for row in own_sums.get(civic_no, []) if row.first == start]
        total = with_month(sums_of(own_lessons.get(civic_no, []), start, end), summed, start, 1)
        # The spec has no lesson of 0 minutes, so none scheduled means none held.
        if total.scheduled:
            # On how many days sums were made is not known.
            has_sums = any(row.reported for row in summed)
            row = _rates_row(civic_no, month, total)
            rows.append(row | {"days": ""} if has_sums else row)
    return rows


def flags(
    lessons: Iterable[LessonRow],
    roster: Iterable[RosterRow],
    as_of: date,
    params: dict[str, Any] | None = None,
    sums: Iterable[SumRow] = (),
    *,
    protected: Set[str] | None = None,
) -> list[Row]:
    """One row per pupil, rule and basis at as_of, every verdict; `level` is the pupil's.

    Pupils who are protected, have left or belong nowhere have no rows. `protected` is who is,
    where more is known of that than these rows say: the past hides who is protected today.
    """
    standings = standings_of(lessons, roster, as_of, params, sums, protected=protected)
    return [
        _flag_row(civic_no, standing.place, standing.level, judged)
        for civic_no, standing in standings.items()
        for judged in standing.judged
    ]


def standings_of(
    lessons: Iterable[LessonRow],
    roster: Iterable[RosterRow],
    as_of: date,
    params: dict[str, Any] | None = None,
    sums: Iterable[SumRow] = (),
    *,
    protected: Set[str] | None = None,
) -> dict[str, Standing]:
    """How each pupil stands at as_of, also those who have left. Nobody who is protected."""
    params = params or STOCKHOLM
    lessons, roster, sums = list(lessons), list(roster), list(sums)
    hidden = protected_pupils(lessons, roster, sums) if protected is None else protected
    held = counting_lessons(lessons, newest_roster(roster), params)
    counted = counted_sums(sums, held)
    seen = [*held, *map(as_lesson, counted)]
    own_seen, own_roster = _by_pupil(seen), _by_pupil(newest_roster(roster))
    own_lessons, own_sums = _by_pupil(held), _by_pupil(counted)
    own_word = _by_pupil(newest_sums(sums))
    school_days = last_lesson_days(seen, as_of)
    pupils = {
        civic_no: Known(
            place_of(own_seen.get(civic_no, []), own_roster.get(civic_no, []), as_of),
            deciding_record(own_roster.get(civic_no, []), own_seen.get(civic_no, []), as_of),
            own_lessons.get(civic_no, []),
            own_word.get(civic_no, []),
        )
        for civic_no in own_seen.keys() | own_roster.keys()
    }
    unseen = unseen_pupils(pupils, as_of, params)
    standings = {}
    for civic_no in sorted(pupils.keys() - hidden):
        rows_of, spells = own_seen.get(civic_no, []), own_roster.get(civic_no, [])
        place = pupils[civic_no].place
        if place is None:
            continue
        if has_left(rows_of, spells, place, school_days, as_of=as_of, params=params):
            standings[civic_no] = Standing(place, has_left=True)
            continue
        months = own_sums.get(civic_no, [])
        judged = tuple(_climb(own_lessons.get(civic_no, []), months, place, as_of, params))
        if civic_no in unseen:
            judged = tuple(_unclear(one, place, params) for one in judged)
        levels = [params["rules"][j.rule]["level"] for j in judged if j.verdict.verdict == HIT]
        standings[civic_no] = Standing(place, False, judged, max(levels, default=0))
    return standings


def _climb(
    lessons: Sequence[LessonRow],
    months: Sequence[SumRow],
    place: Place,
    as_of: date,
    params: dict[str, Any],
) -> Iterable[Judged]:
    """Every rule on every basis that is evaluated at as_of, in the order of the ladder."""
    ulf: list[Verdict] = []
    year_start = school_year_start(as_of, params)
    known = [row for row in months if row.first >= year_start and row.last <= as_of]
    for name, rule in params["rules"].items():
        for basis in BASES:
            window = window_of(rule["months"], basis, as_of, params)
            if window is None:
                continue
            total = sums_of(lessons, window.start, window.end)
            halves = [NO_SUMS if h is None else sums_of(lessons, *h) for h in window.halves]
            only_sums = False
            if basis == CALENDAR:
                full_day = params["full_day_minutes"]
                halves = [
                    half if dates is None else with_month(half, months, dates[0], full_day)
                    for half, dates in zip(halves, window.halves, strict=True)
                ]
                for start in {h[0] for h in window.halves if h} or {window.start}:
                    total = with_month(total, months, start, full_day)
            else:
                only_sums = knows_only_sums(known, window.start, total.scheduled)
            verdict = judge(rule, total, halves, params, only_sums=only_sums)
            lacks_lessons = only_sums and verdict.verdict == INSUFFICIENT
            if name in ULF_RULES:
                ulf.append(verdict)
            elif name == "sst_referral":
                verdict = judge_referral(verdict, place.grade, rule["grades"], ulf)
            yield Judged(name, basis, window, total, verdict, lacks_lessons)


def _unclear(one: Judged, place: Place, params: dict[str, Any]) -> Judged:
    """Of a pupil whom nobody sees no rule of the grade is clear; a hit stays a hit."""
    grades = params["rules"][one.rule]["grades"]
    is_for_grade = grades is None or place.grade is None or place.grade in grades
    if one.verdict.verdict != CLEAR or not is_for_grade:
        return one
    return replace(one, verdict=Verdict(INSUFFICIENT), is_unseen=True)


def _rates_row(civic_no: str, month: str, total: Sums) -> Row:
    return {
        "civic_no": civic_no,
        "month": month,
        "scheduled_minutes": total.scheduled,
        "reported_minutes": total.reported,
        "valid_minutes": total.valid,
        "invalid_minutes": total.invalid,
        "absent_minutes": total.absent,
        "days": total.days,
        "rate": six_decimals(total.absent, total.reported),
        "rate_lower": six_decimals(total.absent, total.scheduled),
        "rate_upper": six_decimals(total.at_worst, total.scheduled),
    }


def _flag_row(civic_no: str, place: Place, level: int, judged: Judged) -> Row:
    total = judged.sums
    return {
        "civic_no": civic_no,
        "school_unit_code": place.school_unit_code,
        "class": place.school_class,
        "grade": "" if place.grade is None else place.grade,
        "mentor": place.mentor,
        "level": level,
        "rule": judged.rule,
        "basis": judged.basis,
        "verdict": judged.verdict.verdict,
        "certainty": judged.verdict.certainty,
        "window_start": judged.window.start.isoformat(),
        "window_end": judged.window.end.isoformat(),
        "scheduled_minutes": total.scheduled,
        "reported_minutes": total.reported,
        "valid_minutes": total.valid,
        "invalid_minutes": total.invalid,
        "absent_minutes": total.absent,
        "days": total.days,
        "rate": six_decimals(total.absent, total.reported),
    }


def six_decimals(part: int, whole: int) -> str:
    """For the eye only: no comparison is ever made on this."""
    return f"{part / whole:.6f}" if whole else ""


def _by_pupil(rows: Iterable[Any]) -> dict[str, list[Any]]:
    pupils: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        pupils[row.civic_no].append(row)
    return pupils
