"""Which schools send nothing when they should, as last looked at for an as_of.

A school is silent when more of its school days are missing after its newest lesson than its own
rhythm explains. Whether a day was one, the other schools say: at least half of them have lessons
of it. Days that no other school confirms can be a holiday that nobody told us of, so more of them
are let pass. Days of a `lov` file, and days whose lessons are all cancelled, are never missing.

Here too: how a school sends, its rhythm. Pure, but for `look_for_silence`. Not here: what a list
says (`assets/watchlists/release/holds.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median_low

import duckdb
import polars as pl

from assets.lake.connection import Lake
from rules.models import RuleSet

# How a school sends: which days it usually has, how many it brings at once, and how late. Pure:
# dates in, numbers out.

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


#: Of a school that has been silent for longer there is nothing that could wait.
LOOK_BACK_DAYS = 366
#: Days of which single lessons are looked at.
RECENT_DAYS = 92
LESSONS, SUMS, NEVER = "lessons", "sums", "never"
_SCHEMA = {
    "as_of_date": pl.Date,
    "school_unit_code": pl.String,
    "kind": pl.String,
    "newest_date": pl.Date,
    "missing_days": pl.Int64,
    "confirmed_days": pl.Int64,
    "is_held": pl.Boolean,
}


@dataclass(frozen=True)
class Break:
    """Days without school; of every school when the code is empty."""

    school_unit_code: str
    first: date
    last: date


@dataclass
class SchoolDays:
    """What is known of a school's days up to as_of.

    Attributes:
        taught: dates with lessons that were sent.
        planned: dates with lessons that were exported before the day only.
        cancelled: dates whose lessons are all cancelled.
        arrivals: of each sending its day, and the last date that it has lessons of; by day.
        breaks: its breaks, those of all schools too.
    """

    taught: set[date] = field(default_factory=set)
    planned: set[date] = field(default_factory=set)
    cancelled: set[date] = field(default_factory=set)
    arrivals: list[tuple[date, date]] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)

    def is_free(self, day: date) -> bool:
        """Whether it said that there is no school on a day."""
        return day in self.cancelled or any(b.first <= day <= b.last for b in self.breaks)


@dataclass(frozen=True)
class Silence:
    """A school that sent nothing when it should.

    Attributes:
        school_unit_code: which.
        kind: of what there is nothing new: lessons or sums; or never anything.
        newest: the newest date of which it sent something; None when it never did.
        missing: school days since then without a word; of sums, months.
        confirmed: those of them that other schools have lessons of.
        is_held: whether its list waits.
    """

    school_unit_code: str
    kind: str
    newest: date | None
    missing: int
    confirmed: int = 0
    is_held: bool = True


def silent_schools(
    schools: Mapping[str, SchoolDays], as_of: date, limits: Limits
) -> Iterator[Silence]:
    """Yield the schools whose lessons should have come and did not, by code.

    Args:
        schools: by code; a school without a date that it sent lessons of is not judged.
        as_of: the last day that counts.
        limits: the values in force.
    """
    known = {code: school for code, school in schools.items() if school.taught}
    rhythms = {
        code: rhythm_of(school.taught, school.arrivals, limits) for code, school in known.items()
    }
    heard = as_of - timedelta(days=limits.rhythm_days)
    lively = {code for code, school in known.items() if max(school.taught) >= heard}
    for code in sorted(known):
        school, rhythm = known[code], rhythms[code]
        others = [known[other] for other in sorted(lively - {code})]
        peers = [
            known[other]
            for other in sorted(lively - {code})
            if rhythms[other].is_nightly and rhythms[other].most_missing >= rhythm.most_missing
        ]
        missing = [
            day
            for day in _days_after(max(school.taught), as_of)
            if not school.is_free(day)
            and (day.weekday() in rhythm.weekdays or day in school.planned)
        ]
        confirmed = sum(_have(others, day) for day in missing)
        is_behind_peers = rhythm.is_nightly and any(_have(peers, day) for day in missing)
        beyond = len(missing) - rhythm.most_missing
        if is_behind_peers or confirmed > rhythm.most_missing or beyond >= limits.alone_days:
            yield Silence(code, LESSONS, max(school.taught), len(missing), confirmed)


def _have(others: Sequence[SchoolDays], day: date) -> bool:
    """Whether at least half of the others have lessons of a day; who has a break is not asked."""
    asked = [other for other in others if not other.is_free(day)]
    return bool(asked) and 2 * sum(day in other.taught for other in asked) >= len(asked)


def _days_after(newest: date, as_of: date) -> list[date]:
    return [newest + timedelta(days=n) for n in range(1, (as_of - newest).days + 1)]


def silent_of_sums(
    ends: Mapping[str, date], breaks: Sequence[Break], as_of: date, limits: Limits
) -> Iterator[Silence]:
    """Yield the schools of which a month's sums are due; July has no school, and never is.

    Args:
        ends: by code, the last day of the newest month of which there are sums.
        breaks: all breaks: a month that lies in one is never due.
        as_of: the last day that counts.
        limits: the values in force.
    """
    for code, newest in sorted(ends.items()):
        free = [b for b in breaks if b.school_unit_code in {"", code}]
        due = 0
        first = newest + ONE_DAY
        while True:
            end = _month_end(first)
            if end + timedelta(days=limits.sums_days) > as_of:
                break
            due += first.month != 7 and not any(b.first <= first and end <= b.last for b in free)
            first = end + ONE_DAY
        if due:
            yield Silence(code, SUMS, newest, due)


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - ONE_DAY


def look_for_silence(lake: Lake, as_of: date, rule_set: RuleSet) -> list[Silence]:
    """Look which schools are silent at as_of, and keep them.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: with the values in force then.
    """
    limits = Limits.of_rules(rule_set)
    first = as_of - timedelta(days=LOOK_BACK_DAYS)
    breaks = [
        Break(*row)
        for row in lake.rows(
            "SELECT school_unit_code, first_date, last_date FROM school_breaks ORDER BY ALL"
        )
    ]
    found = list(silent_schools(_schools(lake, breaks, first, as_of), as_of, limits))
    without = lake.relation("checks/schools_without_lessons", first_date=first, as_of=as_of)
    ends = {code: end for code, end in without.iter_rows() if end is not None}
    found += silent_of_sums(ends, breaks, as_of, limits)
    # A list that says that there is no lesson is better than none, and nothing of it can be lost.
    found += [
        Silence(code, NEVER, None, 0, is_held=False)
        for code, end in without.iter_rows()
        if end is None
    ]
    _store(lake, as_of, found)
    return found


def _schools(
    lake: Lake, breaks: Sequence[Break], first: date, as_of: date
) -> dict[str, SchoolDays]:
    schools: dict[str, SchoolDays] = defaultdict(SchoolDays)
    range_of = {
        "first_date": first,
        "recent_date": as_of - timedelta(days=RECENT_DAYS),
        "as_of": as_of,
    }
    days = lake.relation("checks/sent_days", **range_of)
    for code, day, has_lessons, is_sent in days.iter_rows():
        school = schools[code]
        if not has_lessons:
            school.cancelled.add(day)
        else:
            (school.taught if is_sent else school.planned).add(day)
    arrivals = lake.relation("checks/school_arrivals", **range_of)
    for code, sent_on, last in arrivals.iter_rows():
        schools[code].arrivals.append((sent_on, last))
    for code, school in schools.items():
        school.breaks = [b for b in breaks if b.school_unit_code in {"", code}]
    return schools


def _store(lake: Lake, as_of: date, found: Sequence[Silence]) -> None:
    rows = pl.DataFrame(
        [
            (as_of, s.school_unit_code, s.kind, s.newest, s.missing, s.confirmed, s.is_held)
            for s in found
        ],
        schema=_SCHEMA,
        orient="row",
    )

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DELETE FROM school_silences WHERE as_of_date = $day", {"day": as_of})
        connection.register("silent_frame", rows)
        connection.execute("INSERT INTO school_silences BY NAME SELECT * FROM silent_frame")
        connection.unregister("silent_frame")

    lake.write(change)
