"""The oracle's two answers: monthly rates and flags, in the columns of the CSV contract.

Written from domain.md alone and shares no code with the product, so that the
same mistake has to be made twice to go unseen. Slow and plain on purpose.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.belonging import (
    Place,
    has_left,
    held_lessons,
    last_lesson_days,
    newest_roster,
    place_of,
    protected_pupils,
)
from tests.oracle.model import NO_SUMS, LessonRow, RosterRow, Sums, sums_of
from tests.oracle.parameters import BASES, STOCKHOLM, ULF_RULES
from tests.oracle.verdicts import HIT, Verdict, judge, judge_referral
from tests.oracle.windows import Window, window_of

Row = dict[str, Any]


@dataclass(frozen=True)
class _Judged:
    rule: str
    basis: str
    window: Window
    sums: Sums
    verdict: Verdict


def rates(lessons: Iterable[LessonRow], month: str, roster: Iterable[RosterRow] = ()) -> list[Row]:
    """One row per pupil with a lesson that was held in the month `YYYY-MM`, all schools together.

    `roster` is asked only who is protected. Rates are text with 6 decimals, "" where undefined.
    """
    lessons = list(lessons)
    start = date.fromisoformat(f"{month}-01")
    end = start.replace(day=monthrange(start.year, start.month)[1])
    hidden = protected_pupils(lessons, roster)
    rows = []
    for civic_no, own in sorted(_by_pupil(held_lessons(lessons)).items()):
        total = sums_of(own, start, end)
        # The spec has no lesson of 0 minutes, so none scheduled means none held.
        if civic_no not in hidden and total.scheduled:
            rows.append(_rates_row(civic_no, month, total))
    return rows


def flags(
    lessons: Iterable[LessonRow],
    roster: Iterable[RosterRow],
    as_of: date,
    params: dict[str, Any] | None = None,
) -> list[Row]:
    """One row per pupil, rule and basis at as_of, every verdict; `level` is the pupil's.

    Pupils who are protected, have left or belong nowhere have no rows.
    """
    params = params or STOCKHOLM
    lessons, roster = list(lessons), list(roster)
    hidden = protected_pupils(lessons, roster)
    held = held_lessons(lessons)
    own_lessons, own_roster = _by_pupil(held), _by_pupil(newest_roster(roster))
    school_days = last_lesson_days(held, as_of)
    rows = []
    for civic_no in sorted((own_lessons.keys() | own_roster.keys()) - hidden):
        rows_of, spells = own_lessons.get(civic_no, []), own_roster.get(civic_no, [])
        place = place_of(rows_of, spells, as_of)
        if place is None or has_left(
            rows_of, spells, place, school_days, as_of=as_of, params=params
        ):
            continue
        judged = list(_climb(rows_of, place, as_of, params))
        levels = [params["rules"][j.rule]["level"] for j in judged if j.verdict.verdict == HIT]
        level = max(levels, default=0)
        rows += [_flag_row(civic_no, place, level, j) for j in judged]
    return rows


def _climb(
    lessons: Sequence[LessonRow], place: Place, as_of: date, params: dict[str, Any]
) -> Iterable[_Judged]:
    """Every rule on every basis that is evaluated at as_of, in the order of the ladder."""
    ulf: list[Verdict] = []
    for name, rule in params["rules"].items():
        for basis in BASES:
            window = window_of(rule["months"], basis, as_of, params)
            if window is None:
                continue
            total = sums_of(lessons, window.start, window.end)
            halves = [NO_SUMS if h is None else sums_of(lessons, *h) for h in window.halves]
            verdict = judge(rule, total, halves, params)
            if name in ULF_RULES:
                ulf.append(verdict)
            elif name == "sst_referral":
                verdict = judge_referral(verdict, place.grade, rule["grades"], ulf)
            yield _Judged(name, basis, window, total, verdict)


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


def _flag_row(civic_no: str, place: Place, level: int, judged: _Judged) -> Row:
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
