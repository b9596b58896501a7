"""The pupils of the lists: who they are, their verdicts with what is behind, and who is gone.

Not here: which of them stand where on a list (`content.py`, `outline.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assets.exports.pupils.identity_numbers import birth_date
from assets.flags.answers import identities_of
from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import Evaluation
from assets.flags.patterns import Pattern, patterns
from assets.flags.prognoses import Prognosis, prognoses
from assets.lake.connection import Lake
from assets.watchlists.collect.mentors import Staff
from assets.watchlists.collect.school_year import year_weeks
from assets.watchlists.collect.uncounted import uncounted_by_pupil
from assets.watchlists.collect.unseen import HardlySeen, Place, namesakes
from assets.watchlists.model import (
    ClearedPupil,
    Evidence,
    PupilOutlook,
    PupilRow,
    RuleOutlook,
    Sums,
    YearWeeks,
)
from assets.watchlists.release.week_states import WeekStates

# What stands behind the rows of all lists at once: outlooks, patterns and weeks.


@dataclass(frozen=True)
class Behind:
    """What explains the pupils with a verdict other than clear, by pupil key as text.

    Attributes:
        ahead: what can come of the rules.
        patterns: how the absence lies, of that only what stands out: a list shows no more, and the
            rest would be most of what a remembered list holds. No entry without a reported lesson.
        weeks: the school year, week by week. No entry without a reported lesson in it.
    """

    ahead: Mapping[str, PupilOutlook]
    patterns: Mapping[str, Pattern]
    weeks: Mapping[str, YearWeeks]


def what_is_behind(lake: Lake, evaluation: Evaluation) -> Behind:
    """Return what explains everybody on the lists.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    asked = ask_about(lake, evaluation)
    ahead = {key: _ahead(prognosis) for key, prognosis in prognoses(lake, asked).items()}
    named = patterns(lake, asked, only_named=True)
    return Behind(ahead, named, year_weeks(lake, evaluation.as_of))


def _ahead(prognosis: Prognosis) -> PupilOutlook:
    timetable = prognosis.timetable
    return PupilOutlook(
        tuple(
            RuleOutlook(rule, basis, outlook)
            for (rule, basis), outlook in prognosis.outlooks.items()
        ),
        timetable.known_until_date,
        timetable.weeks,
    )


_NOTHING = Sums(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Rows:
    """The pupils of all lists by school unit, in no order: with verdicts, and gone.

    `people` are their identities, and of those beside them, by pupil key; `namesakes` holds the
    keys of those among them who need a birth date.
    """

    pupils: dict[str, list[PupilRow]]
    cleared: dict[str, list[ClearedPupil]]
    people: Mapping[str, Mapping[str, str]]
    namesakes: frozenset[str]


def rows_by_school(
    lake: Lake,
    evaluation: Evaluation,
    states: WeekStates,
    staff: Staff,
    *,
    seen: HardlySeen,
    beside: Sequence[Place] = (),
    disputed: Collection[str] = (),
) -> Rows:
    """Return the pupils with a hit or with too little data, and those gone since the list before.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
        states: how pupils stand against the lists before.
        staff: names of staff, and each mentor.
        seen: who is hardly seen.
        beside: who else stands on the lists.
        disputed: keys of pupils whom another school claims.
    """
    by_pupil: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in lake.relation("watchlists/listed_evidence").iter_rows(named=True):
        by_pupil[row["pupil_key"]].append(row)
    gone = {row["pupil_key"] for row, _ in states.cleared}
    everybody = sorted(by_pupil.keys() | gone | {key for key, _ in beside})
    # A list of before can name a pupil whom a lake that was restored from an older backup lacks,
    # and an identity that is not the pupil's is none.
    people = dict.fromkeys(everybody, _NAMELESS) | identities_of(lake, everybody, evaluation.as_of)
    facts = _Facts(people, staff, _windows(lake))
    behind = what_is_behind(lake, evaluation)
    uncounted = uncounted_by_pupil(lake, evaluation)
    places: list[Place] = [(key, rows[0]) for key, rows in by_pupil.items()]
    places += [(row["pupil_key"], row) for row, _ in states.cleared]
    same_name = namesakes(facts.people, [*places, *beside])
    has_month = evaluation.calendar_month is not None
    pupils: dict[str, list[PupilRow]] = defaultdict(list)
    for key, rows in by_pupil.items():
        pupils[rows[0]["school_unit_code"]].append(
            PupilRow(
                **_person(facts, key, rows[0], is_namesake=key in same_name),
                level=rows[0]["level"],
                evidence=tuple(_evidence(row) for row in rows),
                two_months=facts.windows.get((key, "two_months"), _NOTHING),
                calendar_month=facts.windows.get((key, "calendar_month"), _NOTHING)
                if has_month
                else None,
                history=states.listed.get(key),
                ahead=behind.ahead.get(key),
                pattern=behind.patterns.get(key),
                uncounted=uncounted.get(key, ()),
                unseen=seen.unseen.get(key),
                thin_percent=seen.thin[key].percent if key in seen.thin else None,
                year_weeks=behind.weeks.get(key),
                is_disputed=key in disputed,
            )
        )
    cleared: dict[str, list[ClearedPupil]] = defaultdict(list)
    for row, history in states.cleared:
        key = row["pupil_key"]
        person = _person(facts, key, row, is_namesake=key in same_name)
        if history.reason == "left":
            # What the pupil does at another school is not shown here.
            person["one_month"] = _NOTHING
        cleared[row["school_unit_code"]].append(ClearedPupil(**person, history=history))
    return Rows(pupils, cleared, facts.people, same_name)


_NAMELESS = {"given_name": "", "family_name": "", "civic_no": ""}


@dataclass(frozen=True)
class _Facts:
    people: Mapping[str, Mapping[str, str]]
    staff: Staff
    windows: Mapping[tuple[str, str], Sums]


def _windows(lake: Lake) -> dict[tuple[str, str], Sums]:
    rows = lake.relation("watchlists/pupil_windows").iter_rows()
    return {(key, window): Sums(*sums) for key, window, *sums in rows}


def _person(facts: _Facts, key: str, place: dict[str, Any], *, is_namesake: bool) -> dict[str, Any]:
    person = facts.people[key]
    return {
        "given_name": person["given_name"],
        "family_name": person["family_name"],
        "birth_date": birth_date(person["civic_no"]) if is_namesake else None,
        "school_class": place["class_name"],
        "grade": place["grade"],
        **facts.staff.of_row(place["mentor_key"]),
        "one_month": facts.windows.get((key, "one_month"), _NOTHING),
        "pupil_key": key,
        "mentor_key": place["mentor_key"] or "",
    }


def _evidence(row: dict[str, Any]) -> Evidence:
    halves = (
        (
            row["first_scheduled_minutes"],
            row["first_reported_minutes"],
            row["first_absent_minutes"],
        ),
        (
            row["second_scheduled_minutes"],
            row["second_reported_minutes"],
            row["second_absent_minutes"],
        ),
    )
    return Evidence(
        rule=row["rule"],
        basis=row["basis"],
        verdict=row["verdict"],
        certainty=row["certainty"],
        window_start=row["window_start"],
        window_end=row["window_end"],
        sums=Sums(
            row["scheduled_minutes"],
            row["reported_minutes"],
            row["valid_minutes"],
            row["invalid_minutes"],
            row["days"],
        ),
        margin_minutes=row["margin_minutes"],
        reason=row["reason"],
        halves=halves if row["method"] == "each" else (),
    )
