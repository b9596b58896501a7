"""The pupils of the lists: who they are, their verdicts and sums, and who is gone since last time.

Not here: which of them stand where on a list (`content.py`, `outline.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assets.exports.identity_numbers import birth_date
from assets.flags.answers import identities_of, staff_names
from assets.flags.evaluate import Evaluation
from assets.lake import Lake
from assets.watchlists.model import ClearedPupil, Evidence, PupilRow, Sums
from assets.watchlists.namesakes import Place, namesakes
from assets.watchlists.week_states import WeekStates

_NOTHING = Sums(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Rows:
    """The pupils of all lists by school unit, in no order: with verdicts, and gone.

    `namesakes` holds the keys of those, and of those beside them, who need a birth date.
    """

    pupils: dict[str, list[PupilRow]]
    cleared: dict[str, list[ClearedPupil]]
    namesakes: frozenset[str]


def rows_by_school(
    lake: Lake, evaluation: Evaluation, states: WeekStates, beside: Sequence[Place] = ()
) -> Rows:
    """Return the pupils with a hit or with too little data, and those gone since the list before.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        evaluation: what `evaluate_flags` gave.
        states: how pupils stand against the lists before.
        beside: who else stands on the lists.
    """
    verdicts = lake.frame(
        "SELECT * REPLACE (cast(pupil_key AS VARCHAR) AS pupil_key, "
        "cast(mentor_key AS VARCHAR) AS mentor_key) FROM verdicts "
        "WHERE verdict <> 'clear' AND NOT is_protected "
        # That a whole school gives monthly sums only is one notice, not a row for each pupil.
        "QUALIFY bool_or(reason IS DISTINCT FROM 'only_monthly_sums') "
        "OVER (PARTITION BY pupil_key) "
        "ORDER BY pupil_key, verdict = 'hit' DESC, rule_level DESC, rule DESC, basis DESC"
    )
    by_pupil: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in verdicts.iter_rows(named=True):
        by_pupil[row["pupil_key"]].append(row)
    gone = {row["pupil_key"] for row, _ in states.cleared}
    facts = _facts(lake, sorted(by_pupil.keys() | gone | {key for key, _ in beside}))
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
    return Rows(pupils, cleared, same_name)


@dataclass(frozen=True)
class _Facts:
    people: dict[str, dict[str, str]]
    mentors: dict[str, str]
    windows: dict[tuple[str, str], Sums]


def _facts(lake: Lake, keys: list[str]) -> _Facts:
    windows = {
        (row["pupil_key"], row["window_name"]): _sums(row)
        for row in lake.relation("watchlists/pupil_windows").iter_rows(named=True)
    }
    return _Facts(identities_of(lake, keys), staff_names(lake), windows)


def _person(facts: _Facts, key: str, place: dict[str, Any], *, is_namesake: bool) -> dict[str, Any]:
    person = facts.people[key]
    return {
        "given_name": person["given_name"],
        "family_name": person["family_name"],
        "birth_date": birth_date(person["civic_no"]) if is_namesake else None,
        "school_class": place["class_name"],
        "grade": place["grade"],
        "mentor": facts.mentors.get(place["mentor_key"] or "", ""),
        "one_month": facts.windows.get((key, "one_month"), _NOTHING),
        "pupil_key": key,
        "mentor_key": place["mentor_key"] or "",
    }


def _evidence(row: dict[str, object]) -> Evidence:
    fields = {
        name: row[name]
        for name in (
            "rule",
            "basis",
            "verdict",
            "certainty",
            "window_start",
            "window_end",
            "margin_minutes",
            "reason",
        )
    }
    return Evidence(**fields, sums=_sums(row))  # type: ignore[arg-type]  # a row of our own SELECT


def _sums(row: dict[str, object]) -> Sums:
    names = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes", "days")
    return Sums(*(int(str(row[name])) for name in names))
