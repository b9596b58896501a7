"""Who belongs where today, who is whose mentor, and who leads which school.

By the lake's own rules of belonging (`sql/flags/belonging.sql`), so that a pupil is nobody's here
from the night on in which a list would say so. Protected pupils are not in it. Not here: what
somebody may do with it (`rights.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from assets.absence.windows import school_year_start
from assets.delivery.recipients import key_of_address, split_addresses
from assets.delivery.shares import nameable_pupils
from assets.exports.pupils.merges import known_merges, merged
from assets.flags.answers import staff_words
from assets.flags.evaluate import place_pupils
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.mentors import Staff
from rules.models import RuleSet


@dataclass(frozen=True)
class SchoolToday:
    """A school unit: what it is called, and by whom it is led."""

    code: str
    name: str
    district: str
    principals: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """Where a pupil belongs today, and the keys of the mentors there."""

    school_unit_code: str
    class_name: str
    grade: int | None
    mentors: tuple[str, ...]


@dataclass(frozen=True)
class Today:
    """What rights are made of.

    Attributes:
        day: the day.
        schools: by code.
        pupils: by pupil key; nobody who is protected, and nobody who has left.
        mentees: the pupils of each mentor, by the person's key.
        standing: for the key of each number that was changed the one that stands.
        names: what staff are called, by the person's key.
        school_year_start: the first day of the school year.
        left: by key of who may be named and belongs nowhere any more, the school unit where the
            pupil was last; "" where the lake does not say it. No right is made of it but a team's,
            to the row without a name of a case that goes on (`views/team.py`).
    """

    day: date
    schools: Mapping[str, SchoolToday]
    pupils: Mapping[str, PlaceToday]
    mentees: Mapping[str, frozenset[str]]
    standing: Mapping[str, str]
    names: Mapping[str, str]
    school_year_start: date
    left: Mapping[str, str] = field(default_factory=dict)
    _earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys_of(self, pupil_key: str) -> tuple[str, ...]:
        """Return every key that the pupil has or had: what was said under an old one counts."""
        return (pupil_key, *self._earlier.get(pupil_key, ()))

    def standing_key(self, pupil_key: str) -> str:
        """Return the key that stands for a pupil."""
        return self.standing.get(pupil_key, pupil_key)

    def principals_at(self, code: str) -> frozenset[str]:
        """Return the people who lead a school unit."""
        school = self.schools.get(code)
        return school.principals if school else frozenset()

    def principal_of(self, person_key: str) -> frozenset[str]:
        """Return the school units that a person leads."""
        return frozenset(
            code for code, school in self.schools.items() if person_key in school.principals
        )


def look_at_today(lake: Lake, sealer: Sealer, day: date, rules: RuleSet) -> Today:
    """Read it.

    Args:
        lake: the lake.
        sealer: of the home.
        day: today.
        rules: the values in force.
    """
    staff, words = Staff.of_lake(lake), staff_words(lake)
    belonging = place_pupils(lake, day, rules).belonging
    nameable = nameable_pupils(lake)
    pupils: dict[str, PlaceToday] = {}
    mentees: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    rows = lake.rows(
        "SELECT cast(pupil_key AS VARCHAR), school_unit_code, class_name, grade, "
        f"cast(mentor_key AS VARCHAR), has_left FROM {belonging} WHERE NOT is_protected"
    )
    places: dict[str, str] = {}
    for key, code, class_name, grade, mentor_word, has_left in rows:
        places[key] = code
        if key not in nameable or has_left:
            continue
        mentors = staff.mentors.get(mentor_word or "", ())
        pupils[key] = PlaceToday(code, class_name, grade, tuple(one.key for one in mentors))
        for mentor in mentors:
            mentees[mentor.key].add(key)
            names.setdefault(mentor.key, mentor.name)
    standing = {str(old): str(new) for old, new in merged(known_merges(lake)).keys.items()}
    earlier: dict[str, list[str]] = defaultdict(list)
    for old, new in standing.items():
        earlier[new].append(old)
    schools: dict[str, SchoolToday] = {}
    for code, name, principal, district in lake.relation("portal/portal_schools").iter_rows():
        word = words.get(principal or "", {"name": "", "email": ""})
        keys = [key_of_address(sealer, one) for one in split_addresses(word["email"])]
        if len(keys) == 1 and word["name"].strip():
            names[keys[0]] = word["name"].strip()
        schools[code] = SchoolToday(code, name, district, frozenset(keys))
    return Today(
        day,
        schools,
        pupils,
        {key: frozenset(of_mentor) for key, of_mentor in mentees.items()},
        standing,
        names,
        school_year_start(day),
        {key: places.get(key, "") for key in nameable if key not in pupils},
        {new: tuple(sorted(old)) for new, old in earlier.items()},
    )
