"""Months that a school gives as sums: which count, and what they stand for.

Where a pupil has a lesson at a school in a month, that school's sums of the month count nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.oracle.model import LessonRow, Sums


@dataclass(frozen=True)
class SumRow:
    """One pupil's minutes at one school over a period, in one export; dates are inclusive."""

    civic_no: str
    school_unit_code: str
    school_class: str
    grade: int | None
    mentor: str
    first: date
    last: date
    scheduled: int
    reported: int
    valid: int
    invalid: int
    is_protected: bool
    exported_at: datetime

    @property
    def is_whole_month(self) -> bool:
        """Whether the period is one calendar month."""
        tomorrow = self.last + timedelta(days=1)
        is_last = tomorrow.day == 1
        return self.first.day == 1 and is_last and (tomorrow - self.first).days <= 31


def newest_sums(rows: Iterable[SumRow]) -> list[SumRow]:
    """The newest sum of each pupil, school and period."""
    newest: dict[tuple[Any, ...], SumRow] = {}
    for row in rows:
        key = (row.civic_no, row.school_unit_code, row.first, row.last)
        if key not in newest or row.exported_at > newest[key].exported_at:
            newest[key] = row
    return list(newest.values())


def counted_sums(rows: Iterable[SumRow], held: Iterable[LessonRow]) -> list[SumRow]:
    """The newest sum of each pupil, school and whole month where no lesson speaks for itself."""
    taught = {(x.civic_no, x.school_unit_code, x.day.replace(day=1)) for x in held}
    return [
        row
        for row in newest_sums(rows)
        if row.is_whole_month
        and row.scheduled
        and (row.civic_no, row.school_unit_code, row.first) not in taught
    ]


def as_lesson(row: SumRow) -> LessonRow:
    """A month of sums says where the pupil was on its last day, as a lesson would."""
    return LessonRow(
        civic_no=row.civic_no,
        school_unit_code=row.school_unit_code,
        school_class=row.school_class,
        grade=row.grade,
        mentor=row.mentor,
        subject="",
        lesson_id=None,
        start=datetime.combine(row.last, time(0)),
        scheduled_minutes=0,
        present_minutes=None,
        valid_minutes=None,
        invalid_minutes=None,
        other_minutes=None,
        is_reported=False,
        is_cancelled=False,
        is_protected=row.is_protected,
        exported_at=row.exported_at,
    )


def with_month(total: Sums, rows: Sequence[SumRow], month: date, full_day_minutes: int) -> Sums:
    """The sums of a calendar month with what is known as sums only; days as many as fit."""
    mine = [row for row in rows if row.first == month]
    reported = sum(row.reported for row in mine)
    return Sums(
        total.scheduled + sum(row.scheduled for row in mine),
        total.reported + reported,
        total.valid + sum(row.valid for row in mine),
        total.invalid + sum(row.invalid for row in mine),
        total.days + reported // full_day_minutes,
    )


def knows_only_sums(rows: Sequence[SumRow], window_start: date, scheduled: int) -> bool:
    """Whether nobody can tell the lessons of a rolling window: a month of sums reaches into it,
    or there is no lesson in it at all. `rows` are this school year's, at as_of.
    """
    return any(row.last >= window_start for row in rows) or (bool(rows) and not scheduled)
