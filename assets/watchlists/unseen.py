"""Who stands in a list's section of pupils whom nobody, or hardly anybody, sees.

Here: what the lake says of them, made into rows. Not here: who they are (`sql/flags/`,
`assets/flags/thin_timetables.py`), the words (`unseen_texts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from assets.exports.identity_numbers import birth_date
from assets.flags.evaluate import Evaluation
from assets.flags.thin_timetables import ThinTimetable, thin_timetables
from assets.lake import Lake
from assets.watchlists.model import ThinRow, Unseen
from assets.watchlists.namesakes import Place


@dataclass(frozen=True)
class HardlySeen:
    """Nobody in it is protected.

    Attributes:
        unseen: by pupil key, those without a lesson.
        thin: by pupil key, those with a thin timetable.
        places: of those in `thin`, by pupil key: school_unit_code, class_name, grade, mentor_key.
        lost_rows: rows refused for an identity number, by school unit.
    """

    unseen: Mapping[str, Unseen]
    thin: Mapping[str, ThinTimetable]
    places: Mapping[str, Mapping[str, Any]]
    lost_rows: Mapping[str, int]

    def beside(self) -> list[Place]:
        """Who stands on a list for a thin timetable, for whom names are asked."""
        return list(self.places.items())


def hardly_seen(lake: Lake, evaluation: Evaluation) -> HardlySeen:
    """Return everybody in the sections of all lists.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        evaluation: what `evaluate_flags` gave.
    """
    unseen = {
        key: Unseen(since, last)
        for key, since, last in lake.relation("watchlists/listed_unseen").iter_rows()
    }
    thin = {found.pupil_key: found for found in thin_timetables(lake, evaluation)}
    first = min(window.window_start for window in evaluation.windows)
    lost = lake.relation("watchlists/lost_rows", first_date=first)
    return HardlySeen(unseen, thin, _places(lake, thin), dict(lost.iter_rows()))


def _places(lake: Lake, thin: Collection[str]) -> dict[str, Mapping[str, Any]]:
    rows = lake.frame(
        "SELECT cast(pupil_key AS VARCHAR) AS pupil_key, school_unit_code, class_name, grade, "
        "cast(mentor_key AS VARCHAR) AS mentor_key FROM belonging "
        "WHERE NOT is_protected AND list_contains($keys::VARCHAR[], pupil_key::VARCHAR)",
        keys=list(thin),
    )
    return {row.pop("pupil_key"): row for row in rows.to_dicts()}


def thin_by_school(
    found: HardlySeen,
    people: Mapping[str, Mapping[str, str]],
    mentors: Mapping[str, str],
    namesakes: Collection[str],
) -> dict[str, tuple[ThinRow, ...]]:
    """Return the rows of each school by class and name.

    Args:
        found: what `hardly_seen` gave.
        people: identities by pupil key.
        mentors: names of staff by key.
        namesakes: keys of pupils who are called as another one on the lists.
    """
    schools: dict[str, list[ThinRow]] = defaultdict(list)
    for key, place in found.places.items():
        person, thin = people[key], found.thin[key]
        schools[place["school_unit_code"]].append(
            ThinRow(
                given_name=person["given_name"],
                family_name=person["family_name"],
                birth_date=birth_date(person["civic_no"]) if key in namesakes else None,
                school_class=place["class_name"],
                grade=place["grade"],
                mentor=mentors.get(place["mentor_key"] or "", ""),
                percent=thin.percent,
                first_date=thin.first_date,
                pupil_key=key,
            )
        )
    return {
        code: tuple(sorted(rows, key=lambda r: (r.school_class, r.family_name, r.given_name)))
        for code, rows in schools.items()
    }
