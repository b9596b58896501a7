"""What a school's list says at its top about the data behind it: old, refused, unreported.

Here: when such a notice is due, and its numbers. Not here: the sentences (`texts.py`), queries
(`content.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from assets.watchlists.collect import uncounted
from assets.watchlists.collect.data_gaps import EventGaps
from assets.watchlists.collect.disputes import Dispute, sentences
from assets.watchlists.collect.uncounted import LessonsAfterEnd
from assets.watchlists.release.week_states import Baseline
from assets.watchlists.swedish import notice_texts, texts
from assets.watchlists.swedish.headings import INSUFFICIENT
from rules.models import RuleSet
from rules.threshold import Threshold

# Exports come every night; a long weekend alone is no reason to say anything.
_NEW_FOR_DAYS = 7


@dataclass(frozen=True)
class Reporting:
    """How new the lessons of a school are, and how much of its rolling month is reported."""

    newest_lesson: date | None = None  # None: there is no lesson at or before as_of
    scheduled_minutes: int = 0
    reported_minutes: int = 0


@dataclass(frozen=True)
class MonthlySums:
    """What a school gives as sums per month, where lessons are missing or say otherwise."""

    only_sums_pupils: int = 0  # whose rolling windows can't be assessed for it
    newest_month_end: date | None = None
    differing_pupils: int = 0  # with lessons too, more than 2 % apart


@dataclass(frozen=True)
class RefusedRows:
    """Rows that were refused, in the files that stand behind a school's list."""

    rows: int = 0
    files: int = 0  # those of the files that had any


@dataclass(frozen=True)
class MissingLessons:
    """Lessons of one class and date that a newer file of their source lacks."""

    school_class: str
    lesson_date: date
    pupil_lessons: int


_NO_SUMS = MonthlySums()
_NO_LESSONS = LessonsAfterEnd()
_CLASSES_SHOWN = 8
_NO_GAPS = EventGaps()


def notices_of(
    as_of: date,
    rule_set: RuleSet,
    reporting: Reporting,
    refused: RefusedRows,
    sums: MonthlySums = _NO_SUMS,
    *,
    after_end: LessonsAfterEnd = _NO_LESSONS,
    baseline: Baseline | None = None,
    full_sheets: int = 0,
    missing: Sequence[MissingLessons] = (),
    gaps: EventGaps = _NO_GAPS,
    disputes: Sequence[Dispute] = (),
) -> tuple[str, ...]:
    """Return what is to be said of a school's data, what weighs most first.

    Args:
        as_of: the last day that counts.
        rule_set: for the coverage that is called too low, and the days of a month.
        reporting: of this school.
        refused: of this school.
        sums: of this school.
        after_end: of this school.
        baseline: the list that this one is compared with.
        full_sheets: files that end at the last row that a spreadsheet has room for.
        missing: of this school.
        gaps: what SS12000 leaves open about the school's lessons.
        disputes: between this school and others.
    """
    is_known_by_sums = reporting.newest_lesson is None and sums.newest_month_end is not None
    notices = (
        "" if is_known_by_sums else old_lessons(as_of, reporting.newest_lesson),
        only_sums(rule_set, sums),
        differing_sums(sums),
        low_coverage(rule_set, reporting),
        *gaps.notices(rule_set.two_months_days),
        refused_rows(refused),
        uncounted.after_end(after_end),
        *sentences(disputes),
        cut_sheets(full_sheets),
        missing_at_source(missing),
        changed_rules(rule_set, baseline),
    )
    return tuple(notice for notice in notices if notice)


def old_lessons(as_of: date, newest_lesson: date | None) -> str:
    """Say from when the newest lesson is, when it is more than a week old; else ""."""
    if newest_lesson is None:
        return notice_texts.NOTICE_NO_LESSON.format(as_of=texts.day(as_of))
    if (as_of - newest_lesson).days <= _NEW_FOR_DAYS:
        return ""
    return notice_texts.NOTICE_OLD.format(newest=texts.day(newest_lesson))


def low_coverage(rule_set: RuleSet, reporting: Reporting) -> str:
    """Say which share of the school's rolling month is reported, when it is too low; else ""."""
    reported, scheduled = reporting.reported_minutes, reporting.scheduled_minutes
    floor = Threshold(rule_set.coverage_floor_bp, is_strict=False)
    if not scheduled or floor.reached(reported, scheduled):
        return ""
    return notice_texts.NOTICE_COVERAGE.format(
        share=texts.percent(Fraction(reported, scheduled)),
        days=rule_set.one_month_days,
        floor=texts.number(Decimal(rule_set.coverage_floor_bp) / 100),
        place=INSUFFICIENT,
    )


def only_sums(rule_set: RuleSet, sums: MonthlySums) -> str:
    """Say how many pupils are known by monthly sums only; "" when none is."""
    if not sums.only_sums_pupils or sums.newest_month_end is None:
        return ""
    return notice_texts.NOTICE_SUMS.format(
        pupils=texts.pupils(sums.only_sums_pupils),
        newest=texts.day(sums.newest_month_end),
        one_month=rule_set.one_month_days,
        two_months=rule_set.two_months_days,
    )


def differing_sums(sums: MonthlySums) -> str:
    """Say for how many pupils sums and lessons are too far apart; "" when for none."""
    if not sums.differing_pupils:
        return ""
    return notice_texts.NOTICE_SUMS_DIFFER.format(pupils=texts.pupils(sums.differing_pupils))


def refused_rows(refused: RefusedRows) -> str:
    """Say how many rows were refused in how many files; "" when none was."""
    if not refused.rows:
        return ""
    return notice_texts.NOTICE_REFUSED.format(
        rows=f"{refused.rows} {'rad' if refused.rows == 1 else 'rader'}",
        files=f"{refused.files} {'fil' if refused.files == 1 else 'filer'}",
    )


def cut_sheets(files: int) -> str:
    """Say that rows may be missing where a spreadsheet had no room for them; "" when nowhere."""
    if not files:
        return ""
    return notice_texts.NOTICE_FULL_SHEET.format(
        files=f"{files} {'fil' if files == 1 else 'filer'}"
    )


def missing_at_source(missing: Sequence[MissingLessons]) -> str:
    """Say which lessons a newer file lacks, by class and date; "" when it lacks none."""
    if not missing:
        return ""
    lessons = sum(group.pupil_lessons for group in missing)
    shown = [
        f"{group.school_class or notice_texts.NO_CLASS}"
        f" {texts.short_days([group.lesson_date])} ({group.pupil_lessons})"
        for group in missing[:_CLASSES_SHOWN]
    ]
    if len(missing) > _CLASSES_SHOWN:
        shown.append(f"och {len(missing) - _CLASSES_SHOWN} till")
    return notice_texts.NOTICE_MISSING.format(
        lessons=f"{lessons} {'elevlektion' if lessons == 1 else 'elevlektioner'}",
        classes=", ".join(shown),
    )


def changed_rules(rule_set: RuleSet, baseline: Baseline | None) -> str:
    """Say that the list before was made by other values, when it was; else ""."""
    if baseline is None or baseline.rule_set_version == rule_set.version:
        return ""
    return notice_texts.NOTICE_RULES_CHANGED.format(week=texts.week(baseline.period))
