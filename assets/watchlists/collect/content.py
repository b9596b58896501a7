"""An evaluated as_of becomes one `Watchlist` per school.

Here: asking the lake for everything that lists show, once for all schools, and sorting it out; who
is at risk of passing a step, too.
Not here: Swedish text, files, rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.absence.windows import school_year_start
from assets.exports.pupils.identity_numbers import birth_date
from assets.flags.evaluate import Evaluation
from assets.lake.connection import Lake
from assets.watchlists.collect.data_gaps import EventGaps, first_covered_day, gaps_by_school
from assets.watchlists.collect.disputes import find_disputes
from assets.watchlists.collect.mentors import Staff
from assets.watchlists.collect.notices import (
    MissingLessons,
    MonthlySums,
    RefusedRows,
    Reporting,
    notices_of,
)
from assets.watchlists.collect.pupil_rows import rows_by_school
from assets.watchlists.collect.school_year import told_weeks
from assets.watchlists.collect.uncounted import LessonsAfterEnd, after_end_by_school
from assets.watchlists.collect.unseen import hardly_seen, thin_by_school
from assets.watchlists.model import (
    AtRiskRow,
    Chance,
    ClearedPupil,
    PupilRow,
    RuleExplanation,
    Sums,
    UnreportedLessons,
    Watchlist,
)
from assets.watchlists.release.week_states import WeekStates, iso_week
from rules.models import Rule, RuleSet

# Who a school's list shows as at risk of passing a step: estimates made into rows. Here: reading
# stored estimates and putting names to them.


def pupils_at_risk(lake: Lake, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return who stands in the sections, as rows of `watchlists/pupils_at_risk`, in no order.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    return lake.relation("watchlists/pupils_at_risk", as_of=evaluation.as_of).to_dicts()


def at_risk_by_school(
    found: Iterable[Mapping[str, Any]],
    people: Mapping[str, Mapping[str, str]],
    staff: Staff,
    namesakes: Collection[str],
) -> dict[str, tuple[AtRiskRow, ...]]:
    """Return the rows of each school, the highest step and the greatest chance first.

    Args:
        found: what `pupils_at_risk` gave.
        people: identities by pupil key.
        staff: names of staff, and each mentor.
        namesakes: keys of pupils who are called as another one on the lists.
    """
    schools: dict[str, list[AtRiskRow]] = defaultdict(list)
    for row in found:
        person = people[row["pupil_key"]]
        has_namesake = row["pupil_key"] in namesakes
        schools[row["school_unit_code"]].append(
            AtRiskRow(
                given_name=person["given_name"],
                family_name=person["family_name"],
                birth_date=birth_date(person["civic_no"]) if has_namesake else None,
                school_class=row["class_name"],
                grade=row["grade"],
                **staff.of_row(row["mentor_key"]),
                threshold_bp=row["threshold_bp"],
                is_strict=row["is_strict"],
                one_month=_sums(row),
                month_end=_chance(row, "month_end"),
                four_weeks=_chance(row, "four_weeks"),
                pupil_key=row["pupil_key"],
            )
        )
    return {code: tuple(sorted(rows, key=_risk_urgency)) for code, rows in schools.items()}


def _sums(row: Mapping[str, Any]) -> Sums:
    names = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes", "days")
    return Sums(*(int(row[name]) for name in names))


def _chance(row: Mapping[str, Any], horizon: str) -> Chance | None:
    probability = row[f"{horizon}_probability"]
    return None if probability is None else Chance(row[f"{horizon}_date"], probability)


def _risk_urgency(row: AtRiskRow) -> tuple[object, ...]:
    chances = [chance.probability for chance in (row.month_end, row.four_weeks) if chance]
    return (-row.threshold_bp, -max(chances), row.family_name, row.given_name)


_DATES_SHOWN = 20
#: Two rates of fewer than a million minutes each are equal or differ by more than one part.
_RATE_PARTS = 10**12


@dataclass(frozen=True)
class ListStamp:
    """What is the same on every list of one publication."""

    is_frozen: bool
    created_at: datetime


@dataclass(frozen=True)
class Collected:
    """All lists of an as_of, and the school units that have pupils but no list."""

    watchlists: tuple[Watchlist, ...]
    unregistered: tuple[str, ...]


def collect(
    lake: Lake,
    evaluation: Evaluation,
    stamp: ListStamp,
    refused: Mapping[str, RefusedRows],
    *,
    states: WeekStates,
    school: str | None = None,
) -> Collected:
    """Return a list for each school that gets one.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
        stamp: frozen or current, and when.
        refused: rows that were refused in the files behind a school's list, by school unit.
        states: how pupils stand against the lists before.
        school: only this school unit.
    """
    schools = lake.relation("watchlists/listed_schools")
    if school is not None:
        schools = schools.filter(pl.col("school_unit_code") == school)
    may_pass = pupils_at_risk(lake, evaluation)
    staff = Staff.of_lake(lake)
    seen = hardly_seen(lake, evaluation)
    beside = [*((row["pupil_key"], row) for row in may_pass), *seen.beside()]
    disputes = find_disputes(lake, evaluation)
    rows = rows_by_school(
        lake, evaluation, states, staff, seen=seen, beside=beside, disputed=disputes.pupils
    )
    pupils = rows.pupils
    unreported = _unreported_by_school(lake, evaluation)
    reporting = _reporting_by_school(lake, evaluation)
    sums = _sums_by_school(lake, evaluation)
    after_end = after_end_by_school(lake, evaluation)
    full_sheets = _full_sheets_by_school(lake, evaluation)
    missing = _missing_by_school(lake, evaluation)
    two_months = _rolling_start(evaluation, "two_months")
    gaps = gaps_by_school(lake, two_months, evaluation.as_of)
    protected = dict(
        lake.rows(
            f"SELECT school_unit_code, count(DISTINCT pupil_key) FROM {evaluation.verdicts} "
            "WHERE is_protected AND verdict <> 'clear' "
            "AND reason IS DISTINCT FROM 'only_monthly_sums' GROUP BY 1"
        )
    )
    at_risk = at_risk_by_school(may_pass, rows.people, staff, rows.namesakes)
    told = told_weeks(lake, evaluation.as_of)
    thin = thin_by_school(seen, rows.people, staff, rows.namesakes)
    rule_set = evaluation.rule_set
    rules = tuple(_explanations(rule_set))
    month = evaluation.calendar_month
    watchlists = [
        Watchlist(
            school_unit_code=row["school_unit_code"],
            school_name=row["school_name"],
            district=row["district"],
            principal=staff.names.get(row["principal_key"], ""),
            iso_week=iso_week(evaluation.as_of),
            as_of=evaluation.as_of,
            is_frozen=stamp.is_frozen,
            created_at=stamp.created_at,
            rule_set=rule_set.name,
            rule_set_version=rule_set.version,
            rules=rules,
            shared_parameters=tuple(_shared_parameters(rule_set)),
            calendar_window=(month.window_start, month.window_end) if month else None,
            pupils_evaluated=row["pupils_evaluated"],
            protected_pupils=protected.get(row["school_unit_code"], 0),
            pupils=_listed(pupils[row["school_unit_code"]]),
            insufficient=_insufficient(pupils[row["school_unit_code"]]),
            unreported=tuple(unreported[row["school_unit_code"]]),
            cleared=_cleared(rows.cleared[row["school_unit_code"]]),
            compared_with=states.compared_with(row["school_unit_code"]),
            at_risk=at_risk.get(row["school_unit_code"], ()),
            thin=thin.get(row["school_unit_code"], ()),
            lost_rows=seen.lost_rows.get(row["school_unit_code"], 0),
            unseen_days=rule_set.unseen_after_days,
            notices=notices_of(
                evaluation.as_of,
                rule_set,
                reporting.get(row["school_unit_code"], Reporting()),
                refused.get(row["school_unit_code"], RefusedRows()),
                sums.get(row["school_unit_code"], MonthlySums()),
                after_end=after_end.get(row["school_unit_code"], LessonsAfterEnd()),
                baseline=states.baselines.get(row["school_unit_code"]),
                full_sheets=full_sheets.get(row["school_unit_code"], 0),
                missing=missing[row["school_unit_code"]],
                gaps=gaps.get(row["school_unit_code"], EventGaps()),
                disputes=disputes.by_school.get(row["school_unit_code"], ()),
            ),
            lessons_without_attendance=gaps.get(row["school_unit_code"], EventGaps()).lessons,
            one_month_days=rule_set.one_month_days,
            two_months_days=rule_set.two_months_days,
            told_weeks=told.get(row["school_unit_code"], ()),
        )
        for row in schools.filter(pl.col("is_listed")).iter_rows(named=True)
    ]
    unregistered = schools.filter(~pl.col("is_listed"))["school_unit_code"].to_list()
    return Collected(tuple(watchlists), tuple(unregistered))


def _listed(pupils: list[PupilRow]) -> tuple[PupilRow, ...]:
    return tuple(sorted((row for row in pupils if row.level), key=_urgency))


def _insufficient(pupils: list[PupilRow]) -> tuple[PupilRow, ...]:
    unsure = [
        row
        for row in pupils
        if any(e.verdict == "insufficient" and not e.lacks_lessons for e in row.evidence)
    ]
    return tuple(sorted(unsure, key=_urgency))


def _cleared(pupils: list[ClearedPupil]) -> tuple[ClearedPupil, ...]:
    def place(row: ClearedPupil) -> tuple[object, ...]:
        return (-row.history.previous_level, row.school_class, row.family_name, row.given_name)

    return tuple(sorted(pupils, key=place))


def _urgency(row: PupilRow) -> tuple[object, ...]:
    """Sort by level, then by the highest rate of the hits, then by name."""
    shown = _rate(row.one_month)
    hits = [_rate(e.sums) for e in row.evidence if e.verdict == "hit" and e.sums.reported_minutes]
    return (-row.level, -max(hits, default=shown), -shown, row.family_name, row.given_name)


def _rate(sums: Sums) -> int:
    """A rate as an integer that sorts as the rate does, also where two are next to the same."""
    return (
        sums.absent_minutes * _RATE_PARTS // sums.reported_minutes if sums.reported_minutes else 0
    )


def _unreported_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, list[UnreportedLessons]]:
    lessons = lake.relation(
        "watchlists/unreported_lessons",
        first_date=_rolling_start(evaluation, "two_months"),
        as_of=evaluation.as_of,
    )
    groups: dict[tuple[str, str, str], list[tuple[datetime, int]]] = defaultdict(list)
    for row in lessons.iter_rows(named=True):
        group = (row["school_unit_code"], row["class_name"], row["subject"])
        groups[group].append((row["starts_at"], row["pupil_lessons"]))
    recent = first_covered_day(evaluation.as_of)
    schools: dict[str, list[UnreportedLessons]] = defaultdict(list)
    for (code, school_class, subject), found in groups.items():
        starts = [start for start, _ in found]
        schools[code].append(
            UnreportedLessons(
                school_class=school_class,
                subject=subject,
                lessons=len(starts),
                pupil_lessons=sum(count for _, count in found),
                recent_lessons=sum(start.date() >= recent for start in starts),
                first_date=min(starts).date(),
                last_date=max(starts).date(),
                dates=tuple((s.date(), f"{s:%H:%M}") for s in starts[:_DATES_SHOWN]),
            )
        )
    for rows in schools.values():
        rows.sort(key=_most_to_report)
    return schools


def _most_to_report(row: UnreportedLessons) -> tuple[object, ...]:
    """Sort by what is new and can still be reported, then by pupils, class and subject."""
    return (-row.recent_lessons, -row.pupil_lessons, row.school_class, row.subject)


def _reporting_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, Reporting]:
    schools = lake.relation(
        "watchlists/school_reporting",
        first_date=_rolling_start(evaluation, "one_month"),
        as_of=evaluation.as_of,
    )
    return {code: Reporting(*of_school) for code, *of_school in schools.iter_rows()}


def _sums_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, MonthlySums]:
    schools = lake.relation(
        "watchlists/school_sums",
        first_date=school_year_start(evaluation.as_of),
        as_of=evaluation.as_of,
    )
    return {code: MonthlySums(*of_school) for code, *of_school in schools.iter_rows()}


def _full_sheets_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, int]:
    schools = lake.relation(
        "watchlists/full_sheets",
        first_date=min(window.window_start for window in evaluation.windows),
        as_of=evaluation.as_of,
    )
    return dict(schools.iter_rows())


def _missing_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, list[MissingLessons]]:
    lessons = lake.relation(
        "watchlists/missing_at_source",
        first_date=_rolling_start(evaluation, "two_months"),
        as_of=evaluation.as_of,
    )
    schools: dict[str, list[MissingLessons]] = defaultdict(list)
    for code, *of_class in lessons.iter_rows():
        schools[code].append(MissingLessons(*of_class))
    return schools


def _rolling_start(evaluation: Evaluation, window: str) -> date:
    return next(
        w.window_start for w in evaluation.windows if (w.basis, w.window) == ("rolling", window)
    )


def _explanations(rule_set: RuleSet) -> Iterator[RuleExplanation]:
    for rule in rule_set.rules:
        mine = [
            (name, text)
            for name, text in rule_set.references_sv.items()
            if name.startswith(f"{rule.name}.")
        ]
        yield RuleExplanation(
            rule=rule.name,
            level=rule.level,
            comparison=">" if rule.comparison == "over" else ">=",
            threshold_pct=rule.threshold_pct,
            window=rule.window,
            window_days=_window_days(rule_set, rule),
            method=rule.method,
            min_days=rule.min_days,
            min_days_each_half=rule.min_days_each_half,
            grades=rule.grades,
            references=tuple(mine),
        )


def _window_days(rule_set: RuleSet, rule: Rule) -> int:
    is_one_month = rule.window == "one_month"
    return rule_set.one_month_days if is_one_month else rule_set.two_months_days


def _shared_parameters(rule_set: RuleSet) -> Iterator[tuple[str, str, str]]:
    own = {rule.name for rule in rule_set.rules}
    for name, value in rule_set.values.items():
        if name.partition(".")[0] not in own:
            yield name, value.text, rule_set.references_sv[name]
