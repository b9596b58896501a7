"""What can come of each rule for the pupils that are explained, on the coming timetable.

Here: fetching days and lessons for `outlook.py` and `timetable.py`. Not here: words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assets.flags.asked_pupils import Asked
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
        lake: the lake that was evaluated.
        asked: what `ask_about` gave.
    """
    horizon, as_of = asked.horizon, asked.evaluation.as_of
    judged = _judged(lake, asked)
    behind = {
        key: dict(zip(days, zip(absent, reported, strict=True), strict=True))
        for key, days, absent, reported in lake.relation(
            "flags/asked_sums", first_date=horizon.first, as_of=as_of
        ).iter_rows()
    }
    timetables = _timetables(lake, asked)
    without = coming_lessons(as_of, horizon.last, {}, {})
    nothing = (without, ComingLessons(horizon, without.lessons))
    only_sums = _known_by_sums(lake, asked)
    found: dict[str, Prognosis] = {}
    for (key,) in lake.rows(f"SELECT cast(pupil_key AS VARCHAR) FROM {asked.pupils}"):
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


def _judged(lake: Lake, asked: Asked) -> list[_Judged]:
    """What the verdicts' own SQL says of each step, so that nothing is compared a second time.

    In the order of the rules: of two outlooks that are equally near the same one always comes
    first.
    """
    evaluation = asked.evaluation
    reached_by: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, rule_name, basis in lake.rows(
        f"SELECT cast(pupil_key AS VARCHAR), rule, basis FROM {evaluation.judgements} "
        f"WHERE is_reached AND pupil_key IN (SELECT pupil_key FROM {asked.pupils})"
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


def _known_by_sums(lake: Lake, asked: Asked) -> set[str]:
    """Pupils with a month of which the lake has no days, in a window that is looked at."""
    rows = lake.rows(
        "SELECT DISTINCT cast(pupil_key AS VARCHAR) "
        f"FROM {asked.evaluation.places.summed_months} "
        "WHERE period_last_date BETWEEN $first_date AND $as_of",
        first_date=asked.horizon.first,
        as_of=asked.evaluation.as_of,
    )
    return {key for (key,) in rows}
