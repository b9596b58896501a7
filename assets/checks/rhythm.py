"""How a school sends: which days it usually has, how many it brings at once, and how late.

Pure: dates in, numbers out. Not here: whether a school is silent (`silence.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low

from rules.models import RuleSet

ONE_DAY = timedelta(days=1)
_USUAL_WEEK = frozenset(range(5))


@dataclass(frozen=True)
class Limits:
    """The values of `silence.*` in force on a day.

    Attributes:
        rhythm_days: days up to a school's newest lesson that tell its rhythm.
        most_school_days: school days that one sending may bring; a longer rhythm isn't granted.
        most_late_days: school days that such a sending may come late; more isn't granted.
        alone_days: school days beyond the rhythm that no other school confirms, before it counts.
        sums_days: days after a month's end on which its sums are due.
    """

    rhythm_days: int = 28
    most_school_days: int = 5
    most_late_days: int = 5
    alone_days: int = 3
    sums_days: int = 31

    @classmethod
    def of_rules(cls, rule_set: RuleSet) -> Limits:
        """Return the values of a rule set."""
        return cls(
            rhythm_days=rule_set.days("silence.rhythm_days"),
            most_school_days=rule_set.days("silence.most_school_days"),
            most_late_days=rule_set.days("silence.most_late_days"),
            alone_days=rule_set.days("silence.alone_days"),
            sums_days=rule_set.days("silence.sums_days"),
        )


@dataclass(frozen=True)
class Rhythm:
    """How a school sends.

    Attributes:
        weekdays: on which it has school, 0 is Monday.
        brings: school days that a sending brings, typically.
        most_missing: school days that are missing on the day before a sending, typically.
    """

    weekdays: frozenset[int]
    brings: int
    most_missing: int

    @property
    def is_nightly(self) -> bool:
        """Whether each school day comes by itself."""
        return self.brings <= 1


def rhythm_of(
    taught: Collection[date], arrivals: Sequence[tuple[date, date]], limits: Limits
) -> Rhythm:
    """Return the rhythm of the four weeks up to a school's newest lesson.

    Args:
        taught: dates with lessons.
        arrivals: of each sending its day, and the last date that it has lessons of; by day.
        limits: the values in force.
    """
    newest = max(taught)
    first = newest - timedelta(days=limits.rhythm_days - 1)
    days = sorted(day for day in taught if first <= day)
    weekdays = _weekdays(days)
    brought: list[int] = []
    missing: list[int] = []
    reached: date | None = None
    for sent_on, last in arrivals:
        if reached is not None and last <= reached:
            continue
        if reached is not None and last >= first:
            # Of what it brought all counts, also what is older than the four weeks.
            brought.append(sum(reached < day <= last for day in taught))
            waited = _days(max(last, reached), sent_on - ONE_DAY)
            missing.append(
                sum(reached < day < sent_on for day in taught if day <= last)
                + sum(day.weekday() in weekdays for day in waited)
            )
        reached = last
    # What came before it is not known of the first sending: it may be a school year.
    brings = median_low(brought) if brought else 0
    most = limits.most_school_days
    if not 0 < brings <= most:
        return Rhythm(weekdays, most, most - 1)
    return Rhythm(weekdays, brings, min(median_low(missing), most + limits.most_late_days))


def _weekdays(days: Sequence[date]) -> frozenset[int]:
    """The weekdays that are mostly school days; the usual ones with under two weeks to see."""
    if (days[-1] - days[0]).days < 2 * 7 - 3:
        return frozenset(day.weekday() for day in days) | _USUAL_WEEK
    there = Counter(day.weekday() for day in _days(days[0] - ONE_DAY, days[-1]))
    taught = Counter(day.weekday() for day in days)
    return frozenset(weekday for weekday, count in taught.items() if count * 2 >= there[weekday])


def _days(after: date, last: date) -> list[date]:
    return [after + timedelta(days=n) for n in range(1, (last - after).days + 1)]
