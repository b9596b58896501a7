"""A pupil's coming lessons: as the lake knows them, else as the last weeks had them.

Pure. Not here: which lessons those were (`sql/flags/asked_timetables.sql`), what comes of missing
them (`outlook.py`).

A coming day is taken as the lake has it when that is a whole day: its minutes, cancelled lessons
counted, are not fewer than its weekday's; or every lesson of it is cancelled. A school may know of
one changed lesson only, and the rest of that day goes on as usual. Any other day is taken as its
weekday was in the latest four weeks with lessons, of the last eight: weeks are counted back from
as_of, and one without lessons, a holiday, is passed over. A weekday has
lessons when it had them in at least half of these weeks; then those of the day with the median
scheduled minutes, the lower one and the latest of several. Holidays to come are not known unless
the lake has their lessons as cancelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = 7
#: Weeks with lessons that are looked at, and how far back they are looked for.
WEEKS_USED, WEEKS_SEEN = 4, 8

#: The minutes of each lesson of a day, in the order of the day.
Lessons = Sequence[int]


@dataclass(frozen=True)
class KnownDay:
    """A coming day of which the lake has a lesson.

    Attributes:
        lessons: those that are not cancelled; empty where every lesson is.
        cancelled_minutes: of those that are.
    """

    lessons: Lessons
    cancelled_minutes: int = 0

    def is_whole(self, usual: Lessons) -> bool:
        """Whether it is taken as it is, in place of the weekday's usual lessons."""
        return not self.lessons or sum(self.lessons) + self.cancelled_minutes >= sum(usual)


@dataclass(frozen=True)
class ComingTimetable:
    """Coming lessons by day, days without lessons left out, and where they were taken from.

    Attributes:
        lessons: minutes of each lesson, by coming day.
        known_until_date: the last coming day that the lake knows whole; None when it knows none.
        weeks: how many past weeks the other days were taken from; 0 when there were none.
    """

    lessons: Mapping[date, Lessons]
    known_until_date: date | None
    weeks: int


def coming_lessons(
    as_of: date, last: date, taught: Mapping[date, Lessons], known: Mapping[date, KnownDay]
) -> ComingTimetable:
    """Return the lessons of the days after as_of up to `last`.

    Args:
        as_of: the last day that counts.
        last: the last day to return.
        taught: lessons up to as_of that were not cancelled.
        known: coming days of which the lake has a lesson.
    """
    weekdays, weeks = _usual_weekdays(as_of, taught)
    lessons: dict[date, Lessons] = {}
    known_until: date | None = None
    for number in range(1, (last - as_of).days + 1):
        day = as_of + timedelta(days=number)
        minutes = weekdays.get(day.weekday(), ())
        if day in known and known[day].is_whole(minutes):
            minutes, known_until = known[day].lessons, day
        if minutes:
            lessons[day] = minutes
    return ComingTimetable(lessons, known_until, weeks)


def _usual_weekdays(as_of: date, taught: Mapping[date, Lessons]) -> tuple[dict[int, Lessons], int]:
    weeks: dict[int, list[date]] = defaultdict(list)
    for day, minutes in taught.items():
        weeks_ago = (as_of - day).days // _WEEK
        if minutes and 0 <= weeks_ago < WEEKS_SEEN:
            weeks[weeks_ago].append(day)
    used = sorted(weeks)[:WEEKS_USED]
    weekdays: dict[int, list[date]] = defaultdict(list)
    for week in used:
        for day in weeks[week]:
            weekdays[day.weekday()].append(day)
    usual = {
        weekday: _median_day(days, taught)
        for weekday, days in weekdays.items()
        if 2 * len(days) >= len(used)
    }
    return usual, len(used)


def _median_day(days: list[date], taught: Mapping[date, Lessons]) -> Lessons:
    minutes = sorted(sum(taught[day]) for day in days)
    median = minutes[(len(minutes) - 1) // 2]
    return taught[max(day for day in days if sum(taught[day]) == median)]
