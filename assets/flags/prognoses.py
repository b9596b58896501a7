"""What can come of each rule for the pupils that are explained, on the coming timetable.

Here: fetching days and lessons for `outlook.py` and `timetable.py`. Not here: words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from assets.flags.asked_pupils import Asked
from assets.flags.evaluate import Evaluation
from assets.flags.outlook import ComingLessons, Course, Outlook, OutlookStep
from assets.flags.timetable import ComingTimetable, KnownDay, coming_lessons
from assets.lake.connection import Lake
from rules.models import Rule

#: (rule, basis): what can come of it.
Outlooks = Mapping[tuple[str, str], Outlook]


@dataclass(frozen=True)
class Prognosis:
    """What can come of the rules for one pupil.

    Attributes:
        outlooks: by rule and basis that is evaluated.
        timetable: the coming lessons that it rests on.
    """

    outlooks: Outlooks
    timetable: ComingTimetable


def prognoses(lake: Lake, asked: Asked) -> dict[str, Prognosis]:
    """Return the prognosis of every asked pupil, by pupil key as text.

    Args:
        lake: the lake, with the temporary tables of the evaluation and of `ask_about`.
        asked: what `ask_about` gave.
    """
    horizon, as_of = asked.horizon, asked.evaluation.as_of
    judged = _judged(lake, asked.evaluation)
    behind = {
        key: dict(zip(days, zip(absent, reported, strict=True), strict=True))
        for key, days, absent, reported in lake.relation(
            "flags/asked_sums", first_date=horizon.first, as_of=as_of
        ).iter_rows()
    }
    timetables = _timetables(lake, asked)
    without = coming_lessons(as_of, horizon.last, {}, {})
    nothing = (without, ComingLessons(horizon, without.lessons))
    only_sums = _known_by_sums(lake, horizon.first, as_of)
    found: dict[str, Prognosis] = {}
    for (key,) in lake.rows("SELECT cast(pupil_key AS VARCHAR) FROM asked_pupils"):
        timetable, ahead = timetables.get(key, nothing)
        course = Course(horizon, behind.get(key, {}), ahead)
        outlooks = {
            (one.rule, one.basis): Outlook(key in one.reached_by, unknown="monthly_sums")
            if key in only_sums
            else course.outlook(one.basis, one.window, one.step, is_reached=key in one.reached_by)
            for one in judged
        }
        found[key] = Prognosis(outlooks, timetable)
    return found


def _timetables(lake: Lake, asked: Asked) -> dict[str, tuple[ComingTimetable, ComingLessons]]:
    """The coming lessons of every pupil, worked out once for all who have the same."""
    as_of, horizon = asked.evaluation.as_of, asked.horizon
    timetables: dict[str, tuple[ComingTimetable, ComingLessons]] = {}
    rows = lake.relation("flags/asked_timetables", as_of=as_of).iter_rows()
    for keys, days, minutes, cancelled in rows:
        lessons = dict(zip(days, minutes, strict=True))
        known = {
            day: KnownDay(lessons[day], gone)
            for day, gone in zip(days, cancelled, strict=True)
            if day > as_of
        }
        timetable = coming_lessons(
            as_of,
            horizon.last,
            {day: lessons[day] for day in days if day <= as_of},
            known,
        )
        timetables |= dict.fromkeys(keys, (timetable, ComingLessons(horizon, timetable.lessons)))
    return timetables


@dataclass(frozen=True)
class _Judged:
    """A rule on a basis that is evaluated, and the asked pupils who reach its step."""

    rule: str
    basis: str
    window: str
    step: OutlookStep
    reached_by: Collection[str]


def _judged(lake: Lake, evaluation: Evaluation) -> list[_Judged]:
    """What the verdicts' own SQL says of each step, so that nothing is compared a second time.

    In the order of the rules: of two outlooks that are equally near the same one always comes
    first.
    """
    reached_by: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, rule_name, basis in lake.rows(
        "SELECT cast(pupil_key AS VARCHAR), rule, basis FROM judgements "
        "WHERE is_reached AND pupil_key IN (SELECT pupil_key FROM asked_pupils)"
    ):
        reached_by[rule_name, basis].add(key)
    return [
        _Judged(
            rule.name, window.basis, rule.window, _step(rule), reached_by[rule.name, window.basis]
        )
        for rule in evaluation.rule_set.rules
        for window in evaluation.windows
        if window.window == rule.window
    ]


def _step(rule: Rule) -> OutlookStep:
    return OutlookStep(rule.threshold, is_each=rule.method == "each")


def _known_by_sums(lake: Lake, first: date, as_of: date) -> set[str]:
    """Pupils with a month of which the lake has no days, in a window that is looked at."""
    rows = lake.rows(
        "SELECT DISTINCT cast(pupil_key AS VARCHAR) FROM summed_months "
        "WHERE period_last_date BETWEEN $first_date AND $as_of",
        first_date=first,
        as_of=as_of,
    )
    return {key for (key,) in rows}
