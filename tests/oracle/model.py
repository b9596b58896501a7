"""The rows that the oracle reads and the sums that it makes, as plain values.

Here: one lesson row and one roster row as a school exported them, and minutes added up.
Not here: what the sums mean (`verdicts.py`), how rows are read from files (the product's
business: the oracle never parses a file).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class LessonRow:
    """One pupil at one lesson, in one export.

    `start` is naive local time (Europe/Stockholm). Minutes are None where the export left the
    cell empty. `is_reported` is what the row *means*: a row with every minute cell empty is
    unreported whatever its Rapporterad column says.
    """

    civic_no: str
    school_unit_code: str
    school_class: str
    grade: int | None
    mentor: str
    subject: str
    lesson_id: str | None
    start: datetime
    scheduled_minutes: int
    present_minutes: int | None
    valid_minutes: int | None
    invalid_minutes: int | None
    other_minutes: int | None
    is_reported: bool
    is_cancelled: bool
    is_protected: bool
    exported_at: datetime
    file_order: int = 0

    @property
    def day(self) -> date:
        """The date that the lesson started on."""
        return self.start.date()


@dataclass(frozen=True)
class RosterRow:
    """One pupil's time in one school, in one export of the roster.

    `end_date` is as the file has it: the last day, or the day after it where
    `is_end_exclusive`. Such a row may have no day at all: the pupil never began.
    """

    civic_no: str
    school_unit_code: str
    school_class: str
    grade: int | None
    mentor: str
    start_date: date | None
    end_date: date | None
    is_protected: bool
    exported_at: datetime
    is_end_exclusive: bool = False

    @property
    def has_a_day(self) -> bool:
        """Whether there is any day that the pupil is in this school."""
        is_empty = self.is_end_exclusive and self.end_date == self.start_date
        return self.end_date is None or not is_empty

    def is_valid_on(self, day: date) -> bool:
        """Whether the pupil is in this school on `day` according to this row."""
        has_begun = self.start_date is None or self.start_date <= day
        return has_begun and not self.ended_before(day)

    def ended_before(self, day: date) -> bool:
        """Whether the pupil's time in this school is over when `day` comes."""
        if self.end_date is None:
            return False
        return self.end_date <= day if self.is_end_exclusive else self.end_date < day


@dataclass(frozen=True)
class Sums:
    """S, R, V, I in minutes and the dates with a reported lesson."""

    scheduled: int
    reported: int
    valid: int
    invalid: int
    days: int

    @property
    def absent(self) -> int:
        """A: both kinds of absence count, always."""
        return self.valid + self.invalid

    @property
    def at_worst(self) -> int:
        """A + S - R: absence if every lesson that nobody reported was missed."""
        return self.absent + self.scheduled - self.reported


def sums_of(rows: Iterable[LessonRow], start: date, end: date) -> Sums:
    """Sums of held lessons over the dates start..end, over all schools in `rows`.

    A lesson that nobody reported counts as scheduled, and whatever minutes stand on it are
    neither presence nor absence.
    """
    scheduled = reported = valid = invalid = 0
    reported_days = set()
    for row in rows:
        if not start <= row.day <= end:
            continue
        scheduled += row.scheduled_minutes
        if row.is_reported:
            reported += row.scheduled_minutes
            valid += row.valid_minutes or 0
            invalid += row.invalid_minutes or 0
            reported_days.add(row.day)
    return Sums(scheduled, reported, valid, invalid, len(reported_days))


NO_SUMS = Sums(0, 0, 0, 0, 0)
