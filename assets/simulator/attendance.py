"""What happens in each lesson: illness, school refusal, skipped lessons, lateness, and the teacher.

Nothing here is fitted to real pupils: the shapes are plausible (docs/simulator.md) and the numbers
are ours. Arrays are days (D) × enrolments (E) × slots (L), days × classes (C) × slots, or less.
"""

import dataclasses
import datetime as dt

import numpy as np
import numpy.typing as npt

from assets.simulator import chance
from assets.simulator import outcomes as oc
from assets.simulator.plan import SimulationPlan, school_year_start

Bools = npt.NDArray[np.bool_]

# Length of an illness in calendar days at the quantiles 0, 1/16 … 15/16: mean 3.0.
_ILLNESS_DAYS = np.array([1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 10], dtype=np.int64)
_ILLNESS_STARTS_PER_DAY = 0.0115
# Months January … December: colds and stomach bugs come in winter.
_SEASON = np.array([1.4, 1.5, 1.3, 1.0, 0.8, 0.7, 0.5, 0.6, 0.8, 1.0, 1.2, 1.3])
# Monday … Friday, for absence of one's own choosing and single days.
_WEEKDAY = np.array([1.35, 0.85, 0.8, 0.9, 1.4])


@dataclasses.dataclass(frozen=True)
class Traits:
    """What a pupil is prone to; float64 (E,), and ordinals (E,).

    Attributes:
        illness: Chance that an illness starts on a calendar day, before the season.
        refusal: Share of days away once school refusal has set in; 0 for most.
        refusal_from: Ordinal of the day on which it sets in.
        day_off: Chance of a single day away.
        skipping: Chance of skipping a lesson.
        lateness: Chance of being late to the first lesson of a day.
        invalidity: Chance that an absence not due to illness is invalid.
    """

    illness: chance.Floats
    refusal: chance.Floats
    refusal_from: chance.Ints
    day_off: chance.Floats
    skipping: chance.Floats
    lateness: chance.Floats
    invalidity: chance.Floats


def draw_traits(plan: SimulationPlan, person: chance.Ints, grade: chance.Ints) -> Traits:
    """Traits of pupils; the same for a person in every school.

    Args:
        plan: Gives seed and levels.
        person: Person indexes (E,).
        grade: Grades (E,), 0-9; older pupils choose their absence more.
    """
    seed, level = plan.seed, plan.absence_level

    def exponential(stream: str) -> chance.Floats:
        return -np.log1p(-chance.uniform(seed, stream, person))

    age = 0.25 + 0.75 * grade / 9.0
    is_chronic = chance.uniform(seed, "chronic", person) < plan.chronic_share * age
    # Squared: most of the chronic are away a fifth of the days, a few nearly all of them.
    depth = 0.12 + 0.73 * chance.uniform(seed, "refusal", person) ** 2
    august = dt.date(school_year_start(plan.first_day).year, 8, 1).toordinal()
    # Half of them have been away from the start, the others begin during the year.
    onset = august + np.maximum(0, chance.choice(seed, "onset", 500, person) - 250)
    prone = exponential("skipping") ** 2
    return Traits(
        illness=level * _ILLNESS_STARTS_PER_DAY * (0.3 + 0.7 * exponential("illness")),
        refusal=np.where(is_chronic, np.minimum(0.95, level * depth), 0.0),
        refusal_from=onset,
        day_off=level * 0.006 * (0.5 + 0.5 * exponential("day_off")) * (0.6 + 0.8 * age),
        skipping=np.minimum(0.3, level * 0.0035 * age * prone + 0.04 * level * is_chronic * age),
        lateness=np.minimum(0.4, level * 0.02 * (0.5 + exponential("lateness")) * (0.4 + age)),
        invalidity=np.clip(0.15 + 0.6 * age * chance.uniform(seed, "invalidity", person), 0, 1),
    )


def _ill(plan: SimulationPlan, person: chance.Ints, traits: Traits, days: chance.Ints) -> Bools:
    """Who is ill on which days, (D, E): spells of calendar days that also run over weekends."""
    longest = int(_ILLNESS_DAYS.max())
    calendar = np.arange(days[0] - longest + 1, days[-1] + 1)
    month = np.array([dt.date.fromordinal(int(d)).month for d in calendar])
    hashed = chance.bits(plan.seed, "illness", calendar[:, None], person)
    start = (hashed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    is_start = start < _SEASON[month - 1][:, None] * traits.illness
    length = _ILLNESS_DAYS[(hashed & np.uint64(15)).astype(np.int64)]
    last = np.where(is_start, calendar[:, None] + length - 1, 0)
    # The spell that reaches furthest decides; a later short one does not end it.
    reach = np.maximum.accumulate(last, axis=0)
    ill: Bools = (reach >= calendar[:, None])[days - calendar[0]]
    return ill


def _whole_days(
    plan: SimulationPlan, person: chance.Ints, traits: Traits, days: chance.Ints
) -> npt.NDArray[np.uint8]:
    """Outcome of days that a pupil is away altogether, (D, E); PRESENT where not."""
    weekday = (days - 1) % 7  # ordinal 1, 1 January of year 1, was a Monday
    week = (days - 1) // 7
    week_luck = chance.uniform(plan.seed, "bad_week", week[:, None], person)
    day_luck = chance.uniform(plan.seed, "day", days[:, None], person)
    kind_luck = chance.uniform(plan.seed, "day_kind", days[:, None], person)

    # Bad weeks and good weeks around the pupil's own level keep refusal in spells.
    refusal = traits.refusal * np.where(week_luck < 0.5, 1.35, 0.65)
    refusal = refusal * (days[:, None] >= traits.refusal_from)
    refusal = np.minimum(refusal * (0.5 + 0.5 * _WEEKDAY[weekday][:, None]), 0.97)
    day_off = traits.day_off * _WEEKDAY[weekday][:, None]

    whole = np.full(day_luck.shape, oc.PRESENT, dtype=np.uint8)
    is_off = (day_luck >= refusal) & (day_luck < refusal + day_off)
    whole[is_off] = np.where(kind_luck[is_off] < 0.5, oc.LEAVE, oc.SICK)
    # Whether the guardians reported it is a matter of the week rather than of the day.
    is_invalid = (0.7 * week_luck + 0.3 * kind_luck) < traits.invalidity
    is_refusal = day_luck < refusal
    whole[is_refusal] = np.where(is_invalid[is_refusal], oc.INVALID, oc.SICK)
    whole[_ill(plan, person, traits, days)] = oc.SICK
    return whole


def draw_pupils(
    plan: SimulationPlan, person: chance.Ints, traits: Traits, days: chance.Ints
) -> npt.NDArray[np.uint8]:
    """What the pupils do, before the class and the teacher have their say.

    Args:
        plan: Gives seed and slots.
        person: Person indexes (E,).
        traits: Of the same persons.
        days: Ordinals of school days (D,), ascending.

    Returns:
        Outcome indexes, uint8 (D, E, L).
    """
    slots = plan.lessons_per_day
    weekday = (days - 1) % 7
    hashed = chance.bits(
        plan.seed, "lesson", days[:, None, None], person[:, None], np.arange(slots)
    )
    luck = (hashed >> np.uint64(32)).astype(np.float64) * 2.0**-32
    # First and last lessons are skipped most; lateness belongs to the first one.
    edge = np.full(slots, 0.7)
    edge[[0, -1]] = 2.0
    lag = np.full(slots, 0.12)
    lag[0] = 1.0
    skip = np.minimum(traits.skipping[:, None] * edge * _WEEKDAY[weekday][:, None, None], 0.5)
    late = traits.lateness[:, None] * lag
    result = np.where(luck < skip, np.uint8(oc.INVALID), np.uint8(oc.PRESENT))

    # The rare cases are few: work on them alone. The low bits of the hash are their own draws.
    d, e, k = np.nonzero(luck < skip + late)
    low = hashed[d, e, k]
    is_valid = (low & np.uint64(0xFF)).astype(np.float64) / 256.0 > traits.invalidity[e] + 0.35
    minutes = (low >> np.uint64(8)).astype(np.int64) % len(oc.LATE_MINUTES)
    is_late = result[d, e, k] == oc.PRESENT
    partial = np.where(is_valid, oc.VALID_LATE, oc.INVALID_LATE) + minutes
    whole = np.where(is_valid, oc.DOCTOR, oc.INVALID)
    result[d, e, k] = np.where(is_late, partial, whole).astype(np.uint8)

    # Some fall ill, or leave, in the middle of the day and are away for the rest of it.
    gone = chance.uniform(plan.seed, "went_home", days[:, None], person)
    d, e = np.nonzero(gone < 0.25 * traits.illness + 0.5 * traits.skipping)
    from_slot = 1 + chance.choice(
        plan.seed, "went_home_slot", max(1, slots - 1), days[d], person[e]
    )
    why = np.where(gone[d, e] < 0.25 * traits.illness[e], oc.SICK, oc.INVALID).astype(np.uint8)
    rest = result[d, e]
    result[d, e] = np.where(np.arange(slots) >= from_slot[:, None], why[:, None], rest)

    day = _whole_days(plan, person, traits, days)
    d, e = np.nonzero(day)
    result[d, e] = day[d, e][:, None]
    return result


def draw_classes(
    plan: SimulationPlan, classes: range, subject: chance.Ints, days: chance.Ints
) -> npt.NDArray[np.uint8]:
    """What happens to a lesson of a whole class.

    Args:
        plan: Gives seed and shares.
        classes: Class indexes of the school (C).
        subject: Subject index per day, class and slot (D, C, L).
        days: Ordinals of school days (D,).

    Returns:
        Outcome indexes uint8 (D, C, L): UNREPORTED, CANCELLED, ACTIVITY, else PRESENT.
    """
    index = np.arange(classes.start, classes.stop)
    day, slot = days[:, None, None], np.arange(plan.lessons_per_day)
    # One teacher in twenty forgets twelve times the average, and forgetting comes in bad weeks.
    teacher = chance.uniform(plan.seed, "teacher", index[:, None], subject)
    week = chance.uniform(plan.seed, "teacher_week", (day - 1) // 7, index[:, None], subject)
    factor = np.where(teacher < 0.05, 12.0, 8.0 / 19.0) * np.where(week < 0.25, 3.0, 1.0 / 3.0)
    unreported = np.minimum(plan.unreported_share * factor, 0.95)

    luck = chance.uniform(plan.seed, "class_lesson", day, index[:, None], slot)
    result = np.full(luck.shape, oc.PRESENT, dtype=np.uint8)
    # An activity takes the day or half of it: the theatre, the sports day, the study visit.
    trip = chance.uniform(plan.seed, "trip", day, index[:, None])
    is_trip = (trip < plan.activity_share / 2) | (
        (trip < plan.activity_share * 1.5) & (slot >= plan.lessons_per_day // 2)
    )
    result[np.broadcast_to(is_trip, result.shape)] = oc.ACTIVITY
    result[luck < plan.cancelled_share + unreported] = oc.UNREPORTED
    result[luck < plan.cancelled_share] = oc.CANCELLED
    return result


def combine(pupils: npt.NDArray[np.uint8], classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Cancelled and unreported beat everything; an activity is for those who are there.

    Args:
        pupils: Outcomes per pupil (D, E, L).
        classes: Outcomes of the class of each pupil (D, E, L).
    """
    is_class = (classes == oc.UNREPORTED) | (classes == oc.CANCELLED)
    is_class |= (classes == oc.ACTIVITY) & (pupils == oc.PRESENT)
    return np.where(is_class, classes, pupils)
