"""Who is enrolled when: transfers within the city, leavers and newcomers.

An enrolment is a person in a class of a school from one date to another. A transferred pupil has
two, in different schools and without a day between them; everybody else has one.
"""

import dataclasses
import datetime as dt

import numpy as np

from assets.simulator import chance
from assets.simulator.city import City
from assets.simulator.plan import SimulationPlan, school_year_start

OPEN_END = dt.date(9999, 12, 31).toordinal()
"""Last day of an enrolment that nobody has ended."""


@dataclasses.dataclass(frozen=True)
class Enrolments:
    """Enrolments in class order; int64 arrays of the same length.

    Attributes:
        person: Person index.
        school_class: Index into `City.classes`.
        first_day: Proleptic ordinal of the first date.
        last_day: Ordinal of the last date, inclusive; `OPEN_END` when open.
    """

    person: chance.Ints
    school_class: chance.Ints
    first_day: chance.Ints
    last_day: chance.Ints

    def of_classes(self, classes: range) -> "Enrolments":
        """The enrolments in these classes (all classes of a school), in the same order."""
        low, high = np.searchsorted(self.school_class, [classes.start, classes.stop])
        return Enrolments(
            self.person[low:high],
            self.school_class[low:high],
            self.first_day[low:high],
            self.last_day[low:high],
        )


def enrol(plan: SimulationPlan, city: City) -> Enrolments:
    """Decide the moves of the school year, whatever part of it the plan covers."""
    start = dt.date(school_year_start(plan.first_day).year, 8, 1).toordinal()
    people = np.arange(plan.pupils)
    luck = chance.uniform(plan.seed, "move", people)
    # Moves fall between 1 September and mid-May, so that there are days on both sides of them.
    day = start + 31 + chance.choice(plan.seed, "move_day", 255, people)
    bounds = np.cumsum([plan.transfer_share, plan.leaver_share, plan.newcomer_share])
    kind = np.searchsorted(bounds, luck, side="right")
    target = np.where(kind == 0, _new_class(plan, city), -1)
    is_transfer, is_leaver, is_newcomer = target >= 0, kind == 1, kind == 2

    home = city.pupils.home_classes
    first = np.where(is_newcomer, day, start)
    last = np.where(is_leaver | is_transfer, day - 1, OPEN_END)
    moved = np.flatnonzero(is_transfer)
    person = np.concatenate([people, moved])
    school_class = np.concatenate([home, target[moved]])
    order = np.lexsort((person, school_class))
    return Enrolments(
        person=person[order],
        school_class=school_class[order],
        first_day=np.concatenate([first, day[moved]])[order],
        last_day=np.concatenate([last, np.full(len(moved), OPEN_END)])[order],
    )


def _new_class(plan: SimulationPlan, city: City) -> chance.Ints:
    """For each person a class of the same grade in another school, -1 if the city has none."""
    school_of = np.repeat(np.arange(len(city.schools)), [len(s.classes) for s in city.schools])
    grade_of = np.array([c.grade for c in city.classes])
    found = np.full(plan.pupils, -1, dtype=np.int64)
    for grade in range(10):
        classes = np.flatnonzero(grade_of == grade)
        members = np.flatnonzero(city.pupils.grades == grade)
        if len(classes) == 0 or len(members) == 0:
            continue
        picked = classes[chance.choice(plan.seed, "new_class", len(classes), members)]
        elsewhere = school_of[picked] != school_of[city.pupils.home_classes[members]]
        found[members] = np.where(elsewhere, picked, -1)
    return found
