"""Who stands in a list's section of pupils whom nobody, or hardly anybody, sees.

Here: what the lake says of them, made into rows, and whose timetable is thin. Not here: who they
are (`sql/flags/unseen_pupils.sql`), the words (`swedish/unseen_texts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import lcm
from typing import Any

from assets.exports.pupils.identity_numbers import birth_date
from assets.flags.evaluate import Evaluation, first_seen_day
from assets.lake.connection import Lake
from assets.watchlists.collect.mentors import Staff
from assets.watchlists.model import ThinRow, Unseen
from rules.threshold import Threshold

# Who is called as somebody else of the class, anywhere on a school's list. A list shows a birth
# date only where a name alone would point at two pupils. Here: one count over all parts of a list,
# whichever part each of the two stands in. Pure values.

#: A pupil's key, and a row with the school_unit_code and class_name that the pupil is listed under.
Place = tuple[str, Mapping[str, Any]]


def namesakes(people: Mapping[str, Mapping[str, str]], places: Iterable[Place]) -> frozenset[str]:
    """Return the keys of pupils who share school, class and name with another one.

    Args:
        people: given_name and family_name by pupil key.
        places: of everybody on the lists; a pupil in two parts of a list is no namesake.
    """
    of_name: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, place in places:
        names = (people[key]["given_name"].casefold(), people[key]["family_name"].casefold())
        if any(names):
            of_name[place["school_unit_code"], place["class_name"], *names].add(key)
    return frozenset(key for keys in of_name.values() if len(keys) > 1 for key in keys)


# Pupils whose timetable is thin beside the class's: said on lists, and decides nothing. A rate of
# 0 % of little says little. A pupil's scheduled minutes a school day are held against the median
# of the class in whole numbers; nothing is rounded before it is compared.


@dataclass(frozen=True)
class ScheduledTime:
    """A pupil's scheduled minutes over so many school days of the class, at least one."""

    pupil_key: str
    first_date: date
    scheduled_minutes: int
    school_days: int


@dataclass(frozen=True)
class ThinTimetable:
    """A pupil under the share.

    Attributes:
        pupil_key: as text.
        first_date: the pupil's first lesson at the school in the days that are looked at.
        percent: of the class's median, cut to whole percent, never rounded up.
    """

    pupil_key: str
    first_date: date
    percent: int


def thin_timetables(lake: Lake, evaluation: Evaluation) -> list[ThinTimetable]:
    """Return who has a thin timetable at an as_of; nobody who is protected or has left.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    rule_set = evaluation.rule_set
    classes = lake.relation(
        "flags/class_timetables",
        first_date=first_seen_day(evaluation.as_of, rule_set),
        as_of=evaluation.as_of,
    )
    least_bp = rule_set.share_bp("thin.share")
    return [
        thin
        for pupils in classes["pupils"].to_list()
        for thin in thin_ones([ScheduledTime(**pupil) for pupil in pupils], least_bp)
    ]


def thin_ones(pupils: Sequence[ScheduledTime], least_bp: int) -> Iterator[ThinTimetable]:
    """Yield the pupils of a class under a share of its median; of two middle ones their mean.

    Args:
        pupils: everybody of the class with a lesson, in any order.
        least_bp: the share, hundredths of a percent; who is exactly at it is not under it.
    """
    # Minutes a day times a number that every count of days divides: whole numbers.
    scale = lcm(*(pupil.school_days for pupil in pupils))
    rates = [pupil.scheduled_minutes * scale // pupil.school_days for pupil in pupils]
    ordered = sorted(rates)
    count = len(ordered)
    least = Threshold(least_bp, is_strict=False)
    twice_the_median = ordered[(count - 1) // 2] + ordered[count // 2]
    for pupil, rate in zip(pupils, rates, strict=True):
        if twice_the_median and not least.reached(2 * rate, twice_the_median):
            percent = 2 * rate * 100 // twice_the_median
            yield ThinTimetable(pupil.pupil_key, pupil.first_date, percent)


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
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    unseen = {
        key: Unseen(since, last)
        for key, since, last in lake.relation("watchlists/listed_unseen").iter_rows()
    }
    thin = {found.pupil_key: found for found in thin_timetables(lake, evaluation)}
    first = min(window.window_start for window in evaluation.windows)
    lost = lake.relation("watchlists/lost_rows", first_date=first)
    return HardlySeen(unseen, thin, _places(lake, evaluation, thin), dict(lost.iter_rows()))


def _places(
    lake: Lake, evaluation: Evaluation, thin: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    rows = lake.frame(
        "SELECT cast(pupil_key AS VARCHAR) AS pupil_key, school_unit_code, class_name, grade, "
        f"cast(mentor_key AS VARCHAR) AS mentor_key FROM {evaluation.places.belonging} "
        "WHERE NOT is_protected AND list_contains($keys::VARCHAR[], pupil_key::VARCHAR)",
        keys=list(thin),
    )
    return {row.pop("pupil_key"): row for row in rows.to_dicts()}


def thin_by_school(
    found: HardlySeen,
    people: Mapping[str, Mapping[str, str]],
    staff: Staff,
    namesakes: Collection[str],
) -> dict[str, tuple[ThinRow, ...]]:
    """Return the rows of each school by class and name.

    Args:
        found: what `hardly_seen` gave.
        people: identities by pupil key.
        staff: names of staff, and each mentor.
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
                **staff.of_row(place["mentor_key"]),
                percent=thin.percent,
                first_date=thin.first_date,
                pupil_key=key,
            )
        )
    return {
        code: tuple(sorted(rows, key=lambda r: (r.school_class, r.family_name, r.given_name)))
        for code, rows in schools.items()
    }
