"""What one school's list of one week holds, as plain values.

Here: the shape that the collector (`content.py`) fills and the two writers (`workbook.py`,
`page.py`) show. Not here: queries, Swedish text, files.

Minutes are integers and rates are kept as the two integers they come from, so that a writer
formats a rate once and nobody compares floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from assets.flags.outlook import Outlook
from assets.flags.patterns import Pattern
from rules.follow_up_words import Reminder


@dataclass(frozen=True)
class Sums:
    """Minutes of one pupil over one window, as `docs/data-dictionary.md` defines them."""

    scheduled_minutes: int
    reported_minutes: int
    valid_minutes: int
    invalid_minutes: int
    days: int

    @property
    def absent_minutes(self) -> int:
        """A = V + I, minutes."""
        return self.valid_minutes + self.invalid_minutes

    @property
    def rate(self) -> Fraction | None:
        """A / R, or None when no lesson was reported."""
        return self._share(self.absent_minutes, self.reported_minutes)

    @property
    def valid_rate(self) -> Fraction | None:
        """V / R."""
        return self._share(self.valid_minutes, self.reported_minutes)

    @property
    def invalid_rate(self) -> Fraction | None:
        """I / R."""
        return self._share(self.invalid_minutes, self.reported_minutes)

    @property
    def rate_lower(self) -> Fraction | None:
        """A / S: the rate if every unreported lesson was attended."""
        return self._share(self.absent_minutes, self.scheduled_minutes)

    @property
    def rate_upper(self) -> Fraction | None:
        """(A + S - R) / S: the rate if every unreported lesson was missed."""
        unreported = self.scheduled_minutes - self.reported_minutes
        return self._share(self.absent_minutes + unreported, self.scheduled_minutes)

    @property
    def coverage(self) -> Fraction | None:
        """R / S: the share of scheduled minutes whose lesson was reported."""
        return self._share(self.reported_minutes, self.scheduled_minutes)

    @staticmethod
    def _share(part: int, whole: int) -> Fraction | None:
        return Fraction(part, whole) if whole else None


@dataclass(frozen=True)
class Evidence:
    """One verdict of one rule on one basis, with the sums behind it."""

    rule: str  # mentor_followup | ulf_one_month | ulf_two_months | sst_referral
    basis: str  # calendar | rolling
    verdict: str  # hit | insufficient
    certainty: str | None  # certain | likely for a hit, else None
    window_start: date
    window_end: date
    sums: Sums
    margin_minutes: Decimal  # absence over (+) or under (-) the rule's step, minutes
    reason: str | None = None  # why insufficient, as `flags` has it; None for a hit
    # (S, R, A) of each half where each half must reach the step; else empty
    halves: tuple[tuple[int, int, int], ...] = ()

    @property
    def lacks_lessons(self) -> bool:
        """The school gives sums per month only: said once on a list, not for every pupil."""
        return self.reason == "only_monthly_sums"


@dataclass(frozen=True)
class ListHistory:
    """How a pupil stands against the lists before: the clock of the school year, over all schools.

    `state` is new, escalated, continuing, lowered or cleared. `reason` is "" when there is nothing
    to say, else improved, corrected, left, insufficient, late_data or other_values.
    """

    state: str
    reason: str
    previous_level: int  # on the list before; 0 when on none
    first_week: str  # ISO week of the first list of this school year, e.g. "2026-W44"
    weeks_on_list: int  # weekly lists of this school year, this list too
    highest_level: int  # of this school year, this list too


@dataclass(frozen=True)
class RuleOutlook:
    """What can come of one rule on one basis, also of one that is clear."""

    rule: str
    basis: str
    outlook: Outlook


@dataclass(frozen=True)
class PupilOutlook:
    """What can come of a pupil's rules, and where the coming lessons were taken from."""

    outlooks: tuple[RuleOutlook, ...]
    known_until_date: date | None  # the last coming day that the lake knows
    weeks: int  # past weeks that the other days were taken from


@dataclass(frozen=True)
class UncountedLessons:
    """Lessons of one pupil that do not count, all for the same reason beside the same lesson.

    Subjects are '' where the lesson is at another school than the list's, or has none.
    """

    reason: str  # set_aside | after_leaving
    is_own_school: bool
    is_beside_own_school: bool
    subject: str
    beside_subject: str
    attendance: str  # absent | present | unreported | contradicted
    beside_attendance: str | None  # None: no lesson stands for it
    lessons: int
    first_date: date
    last_date: date


@dataclass(frozen=True)
class Unseen:
    """What is known of a pupil of a roster whom no lesson shows; both at the list's own school."""

    on_roster_since: date | None  # None: the roster names no first day
    last_lesson: date | None  # None: there is none


@dataclass(frozen=True)
class YearWeeks:
    """A pupil's ISO weeks of the school year at the list's own school, up to the list's week.

    The first is the first in which anybody on the school's list had a reported lesson there, so
    all curves of a list begin alike. A week without a reported lesson has 0 reported minutes: its
    share is undefined and never 0.
    """

    first_monday: date
    reported_minutes: tuple[int, ...]
    absent_minutes: tuple[int, ...]

    @cached_property
    def shares(self) -> tuple[Fraction | None, ...]:
        """A / R of each week; None where nothing was reported.

        Worked out once: a pupil's weeks stand in two workbooks and on two pages.
        """
        pairs = zip(self.absent_minutes, self.reported_minutes, strict=True)
        return tuple(Fraction(absent, whole) if whole else None for absent, whole in pairs)


@dataclass(frozen=True)
class ToldWeek:
    """What the school's frozen list of an earlier week counted, as it told it."""

    iso_week: str
    pupils_evaluated: int
    listed: int
    asked: tuple[int, int, int]  # pupils of each question: mentor, ulf, sst


@dataclass(frozen=True)
class Mentor:
    """One person who is mentor of a pupil; a pupil can have several."""

    key: str  # names the mentor's folder and files: HMAC of the address, or of the name without one
    name: str  # the address where no name is known


@dataclass(frozen=True)
class RowFollowUp:
    """How the follow-up of a listed pupil stood when the list was made; words by their codes."""

    mentor_status: str = ""  # "" for none
    mentor_date: date | None = None
    principal_status: str = ""  # "" for none
    principal_date: date | None = None
    responsible: str = ""  # the name; "" for nobody
    is_responsible_unknown: bool = False  # somebody is, whom the data of the school don't name
    next_date: date | None = None
    idle_days: int | None = None  # school days without an act; None where nothing waits for one
    overdue: Reminder | None = None  # which reminder is due
    allowed_days: int | None = None  # after so many school days it is
    is_unmoved: bool = False  # overdue, on the list before too, and no act since that list's day

    @property
    def is_overdue(self) -> bool:
        """Whether somebody is to be reminded."""
        return self.overdue is not None


@dataclass(frozen=True)
class ReadFollowUp:
    """When the portal was read for a list."""

    read_at: datetime | None  # timezone-aware; None: it could never be read
    is_stale: bool  # it could not be read for this list


@dataclass(frozen=True)
class PupilRow:
    """A pupil on the list. `level` 0 means: no rule is hit, some verdict is insufficient."""

    given_name: str
    family_name: str
    birth_date: date | None  # only to tell apart two pupils of one name in one class
    school_class: str
    grade: int | None
    mentor: str  # as the data name one or several; "" when nobody is named
    level: int  # 0 none, 1 mentor, 2 ulf, 3 sst
    evidence: tuple[Evidence, ...]  # hits first, then insufficient; strongest rule first
    one_month: Sums  # rolling, the `Watchlist.one_month_days` ending at as_of
    two_months: Sums  # rolling, the `Watchlist.two_months_days` ending at as_of
    calendar_month: Sums | None  # the latest completed month; None when it is not evaluated
    pupil_key: str = ""  # never shown: tells a remembered list who its rows are
    mentor_key: str = ""  # never shown
    history: ListHistory | None = None  # None in lists of before histories were kept
    ahead: PupilOutlook | None = None
    pattern: Pattern | None = None  # None: no reported lesson at this school
    uncounted: tuple[UncountedLessons, ...] = ()  # of the windows; the most lessons first
    unseen: Unseen | None = None  # None: the pupil is seen
    thin_percent: int | None = None  # timetable in percent of the class's, where that is thin
    mentors: tuple[Mentor, ...] = ()  # each of those whom `mentor` names
    year_weeks: YearWeeks | None = None  # None: no reported lesson at this school this year
    is_disputed: bool = False  # another school says that the pupil goes there
    follow_up: RowFollowUp | None = None  # None: no portal was read

    @property
    def is_overdue(self) -> bool:
        """Whether the reminder of an act is due."""
        return self.follow_up is not None and self.follow_up.is_overdue

    @property
    def change(self) -> str:
        """The pupil's state against the list before; "" when it isn't known."""
        return self.history.state if self.history else ""


@dataclass(frozen=True)
class ClearedPupil:
    """A pupil of the school's list before who is on it no more, and why."""

    given_name: str
    family_name: str
    birth_date: date | None  # as in PupilRow
    school_class: str
    grade: int | None
    mentor: str
    history: ListHistory
    one_month: Sums  # rolling, at as_of; nothing for a pupil who left
    pupil_key: str = ""  # never shown
    mentor_key: str = ""  # never shown
    mentors: tuple[Mentor, ...] = ()  # as in PupilRow
    follow_up: RowFollowUp | None = None  # None without a portal, and for a pupil who left


@dataclass(frozen=True)
class Chance:
    """An estimated probability, 0 to 1, of being over a step in the window that ends on `day`."""

    day: date
    probability: float


@dataclass(frozen=True)
class AtRiskRow:
    """A pupil who is under a step and may pass it: a statistical estimate, never a flag."""

    given_name: str
    family_name: str
    birth_date: date | None  # only to tell apart two pupils of one name in one class
    school_class: str
    grade: int | None
    mentor: str  # "" when nobody is named in the data
    threshold_bp: int  # the step, hundredths of a percent
    is_strict: bool  # over the step; else at the step is enough
    one_month: Sums  # rolling, as of `PupilRow`
    month_end: Chance | None  # None where such estimates are not good enough to be shown
    four_weeks: Chance | None
    pupil_key: str = ""  # never shown
    mentors: tuple[Mentor, ...] = ()  # as in PupilRow


@dataclass(frozen=True)
class ThinRow:
    """A pupil whose timetable is thin beside the class's. It says nothing of absence."""

    given_name: str
    family_name: str
    birth_date: date | None  # only to tell apart two pupils of one name in one class
    school_class: str
    grade: int | None
    mentor: str  # "" when nobody is named in the data
    percent: int  # of the class's median, cut
    first_date: date  # of the days that are looked at, the first with a lesson at the school
    pupil_key: str = ""  # never shown
    mentors: tuple[Mentor, ...] = ()  # as in PupilRow


@dataclass(frozen=True)
class UnreportedLessons:
    """Lessons of one class and subject that nobody reported, in the rolling two months."""

    school_class: str
    subject: str
    lessons: int  # distinct class lessons (start times), not pupil rows
    pupil_lessons: int  # pupil rows without a report; 0 where it is not told, as to a mentor
    recent_lessons: int  # those of `lessons` in the latest 14 days
    first_date: date
    last_date: date
    dates: tuple[tuple[date, str], ...]  # the latest (date, "HH:MM") first; at most 20


@dataclass(frozen=True)
class RuleExplanation:
    """One rule as it was applied, with the source of each value."""

    rule: str
    level: int
    comparison: str  # ">" or ">="
    threshold_pct: Decimal
    window: str  # one_month | two_months
    window_days: int  # length of the rolling window
    method: str  # pooled | each
    min_days: int
    min_days_each_half: int  # 0 when the rule has no halves
    grades: tuple[int, ...]
    references: tuple[tuple[str, str], ...]  # (parameter name, reference in Swedish)


@dataclass(frozen=True)
class Watchlist:
    """Everything a school's workbook and page show. Only pupils who may be shown are in it."""

    school_unit_code: str
    school_name: str  # "" when no register names the school
    district: str
    principal: str
    iso_week: str  # "2026-W46"
    as_of: date
    is_frozen: bool  # True: the week's published list; False: tonight's current list
    created_at: datetime  # timezone-aware
    rule_set: str
    rule_set_version: str
    rules: tuple[RuleExplanation, ...]
    shared_parameters: tuple[tuple[str, str, str], ...]  # (name, value and unit, Swedish reference)
    calendar_window: tuple[date, date] | None  # the latest completed month, None when not evaluated
    pupils_evaluated: int  # pupils who belong to the school at as_of, protected ones not counted
    protected_pupils: int  # protected pupils of the school who are flagged: for the principal only
    pupils: tuple[PupilRow, ...] = ()  # level >= 1, sorted by level, then rate, descending
    insufficient: tuple[PupilRow, ...] = ()  # some verdict insufficient (level may be >= 1)
    unreported: tuple[UnreportedLessons, ...] = ()
    cleared: tuple[ClearedPupil, ...] = ()  # by class and name
    compared_with: str = ""  # ISO week of the list before; "" when the school year has none
    notices: tuple[str, ...] = field(default=())  # Swedish sentences shown at the top
    held: tuple[str, ...] = field(default=())  # why newer data is not in it; one of the notices
    at_risk: tuple[AtRiskRow, ...] = ()  # under a step now; highest step, then chance, first
    thin: tuple[ThinRow, ...] = ()  # thin timetables, by class and name
    lost_rows: int = 0  # rows refused for an identity number: pupils whom the list may lack
    unseen_days: int = 30  # so many days without a lesson make a pupil unseen
    one_month_days: int = 30  # length of the rolling windows, as the columns name them
    two_months_days: int = 60
    lessons_without_attendance: int = 0  # on SS12000 calendars, rolling two months
    told_weeks: tuple[ToldWeek, ...] = ()  # of the frozen lists before, oldest first
    follow_up: ReadFollowUp | None = None  # None: the home has no portal

    @property
    def has_follow_up(self) -> bool:
        """Whether rows say what was done."""
        return self.follow_up is not None and self.follow_up.read_at is not None

    @property
    def overdue(self) -> tuple[PupilRow, ...]:
        """The listed pupils about whom nobody recorded an act in time."""
        return tuple(row for row in self.pupils if row.is_overdue)

    @cached_property
    def levels(self) -> dict[str, int]:
        """The level of each rule that the list explains."""
        return {rule.rule: rule.level for rule in self.rules}

    @property
    def unseen(self) -> tuple[PupilRow, ...]:
        """The pupils whom nobody sees, by class and name; some may stand on a level too."""
        rows = {row.pupil_key or row: row for row in (*self.insufficient, *self.pupils)}
        found = (row for row in rows.values() if row.unseen)
        return tuple(sorted(found, key=lambda r: (r.school_class, r.family_name, r.given_name)))

    @property
    def says_nothing(self) -> bool:
        """Whether the school's first list waits: no number in it is one."""
        return bool(self.held) and not self.pupils_evaluated
