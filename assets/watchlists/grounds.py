"""What a school's list rests on: the verdicts of a pupil, missing data, rules and values.

Here: tables of plain values that the workbook and the page both show. Not here: the tables of
pupils (`outline.py`), wording (`rule_texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from assets.watchlists import headings as h
from assets.watchlists import rule_texts, texts
from assets.watchlists.model import (
    Evidence,
    PupilRow,
    RuleExplanation,
    UnreportedLessons,
    Watchlist,
)
from assets.watchlists.outline import Column, Kind, Table, Value, full_name, rules_by_name
from assets.watchlists.safe_text import one_line


@dataclass(frozen=True)
class Shortfall:
    """What the list cannot assess for a pupil, or lessons without a report: one of the two."""

    pupil: PupilRow | None = None
    lessons: UnreportedLessons | None = None

    def pick(
        self,
        of_pupil: Callable[[PupilRow], Value] | None,
        of_lessons: Callable[[UnreportedLessons], Value] | None,
    ) -> Value:
        """The value of whichever it is; empty where the column is about the other one."""
        if self.pupil is not None:
            return of_pupil(self.pupil) if of_pupil else ""
        return of_lessons(self.lessons) if of_lessons and self.lessons else ""


def shortfall_table(watchlist: Watchlist) -> Table[Shortfall]:
    """Pupils and lessons under one heading row, so that a sheet can be filtered by class."""
    rows = (
        *(Shortfall(pupil=pupil) for pupil in watchlist.insufficient),
        *(Shortfall(lessons=lessons) for lessons in watchlist.unreported),
    )
    return Table(
        _shortfall_columns(watchlist), rows, texts.none_here(watchlist, texts.NO_INSUFFICIENT)
    )


def insufficient_line(watchlist: Watchlist) -> str:
    """What to do about missing data; when none is missing, what the list is."""
    is_missing = watchlist.insufficient or watchlist.unreported
    return texts.INSUFFICIENT_LINE if is_missing else texts.DECISION


def insufficient_table(watchlist: Watchlist) -> Table[PupilRow]:
    """Pupils for whom some rule cannot be assessed."""
    rules = rules_by_name(watchlist)

    def missing(pupil: PupilRow) -> str:
        return rule_texts.insufficient_lines(rules, pupil.evidence, pupil.grade)

    columns: tuple[Column[PupilRow], ...] = (
        Column(h.H_PUPIL, "name", 26, full_name),
        Column(h.H_CLASS, "brief", 8, lambda p: p.school_class),
        Column(h.H_MENTOR, "text", 20, lambda p: one_line(p.mentor) or h.NO_MENTOR),
        Column(h.H_LEVEL, "level", 20, lambda p: p.level),
        Column(h.H_MISSING, "text", 80, missing),
        Column(_coverage_heading(watchlist), "percent", 11, lambda p: p.two_months.coverage),
    )
    return Table(columns, watchlist.insufficient, texts.none_here(watchlist, texts.NO_INSUFFICIENT))


def unreported_table(watchlist: Watchlist) -> Table[UnreportedLessons]:
    """Lessons of each class and subject that nobody reported."""
    columns: tuple[Column[UnreportedLessons], ...] = (
        Column(h.H_CLASS, "name", 8, lambda u: u.school_class),
        Column(h.H_SUBJECT, "text", 26, lambda u: u.subject),
        Column(h.H_LESSONS, "count", 11, lambda u: u.lessons),
        Column(h.H_RECENT_LESSONS, "count", 12, lambda u: u.recent_lessons),
        Column(h.H_PUPIL_LESSONS, "count", 11, lambda u: u.pupil_lessons),
        Column(h.H_FIRST, "date", 12, lambda u: u.first_date),
        Column(h.H_LAST, "date", 12, lambda u: u.last_date),
        Column(h.H_WHEN, "text", 80, texts.lesson_times),
    )
    empty = texts.none_here(watchlist, texts.no_unreported(watchlist))
    return Table(columns, watchlist.unreported, empty)


def _shortfall_columns(watchlist: Watchlist) -> tuple[Column[Shortfall], ...]:
    coverage = _coverage_heading(watchlist)
    pupils = {column.heading: column for column in insufficient_table(watchlist).columns}
    lessons = {column.heading: column for column in unreported_table(watchlist).columns}

    def joined(
        heading: str, kind: Kind, width: float, pupil: str | None, lesson: str | None
    ) -> Column[Shortfall]:
        of_pupil = pupils[pupil].value if pupil else None
        of_lessons = lessons[lesson].value if lesson else None
        return Column(heading, kind, width, lambda row: row.pick(of_pupil, of_lessons))

    return (
        Column(h.H_KIND, "brief", 11, lambda row: h.KIND_PUPIL if row.pupil else h.KIND_LESSONS),
        joined(h.H_SUBJECT_OR_NAME, "name", 26, h.H_PUPIL, h.H_SUBJECT),
        joined(h.H_CLASS, "brief", 8, h.H_CLASS, h.H_CLASS),
        joined(h.H_MENTOR, "text", 20, h.H_MENTOR, None),
        joined(h.H_LEVEL, "level", 19, h.H_LEVEL, None),
        joined(h.H_MISSING_OR_WHEN, "text", 76, h.H_MISSING, h.H_WHEN),
        joined(coverage, "percent", 12, coverage, None),
        joined(h.H_LESSONS, "count", 11, None, h.H_LESSONS),
        joined(h.H_RECENT_LESSONS, "count", 12, None, h.H_RECENT_LESSONS),
        joined(h.H_PUPIL_LESSONS, "count", 12, None, h.H_PUPIL_LESSONS),
        joined(h.H_FIRST, "date", 12, None, h.H_FIRST),
        joined(h.H_LAST, "date", 12, None, h.H_LAST),
    )


def _coverage_heading(watchlist: Watchlist) -> str:
    return h.over(h.H_COVERAGE, watchlist.two_months_days)


def evidence_columns(watchlist: Watchlist) -> tuple[Column[Evidence], ...]:
    """Every verdict kept for a pupil, with the minutes behind it: the same for all pupils."""
    rules = rules_by_name(watchlist)
    minutes: tuple[Callable[[Evidence], Value], ...] = (
        lambda e: e.sums.scheduled_minutes,
        lambda e: e.sums.reported_minutes,
        lambda e: e.sums.valid_minutes,
        lambda e: e.sums.invalid_minutes,
        lambda e: e.sums.absent_minutes,
    )
    return (
        Column(h.H_LIMIT, "name", 30, lambda e: rule_texts.rule_name(rules[e.rule])),
        Column(h.H_WINDOW, "text", 24, lambda e: rule_texts.window(e, rules[e.rule])),
        Column(h.H_VERDICT, "text", 18, rule_texts.verdict),
        *(Column(head, "count", 11, of) for head, of in zip(h.H_MINUTES, minutes, strict=True)),
        Column(h.H_RATE, "percent", 9, lambda e: e.sums.rate),
        Column(h.H_BOUNDS, "brief", 16, rule_texts.bounds),
        Column(h.H_DAYS, "count", 9, lambda e: e.sums.days),
        Column(h.H_MARGIN, "text", 14, lambda e: rule_texts.margin(e.margin_minutes)),
    )


def rule_table(watchlist: Watchlist) -> Table[RuleExplanation]:
    """The rules as they were applied, with their sources."""
    columns: tuple[Column[RuleExplanation], ...] = (
        Column(h.H_LIMIT, "name", 40, rule_texts.rule_name),
        Column(h.H_LEVEL, "level", 18, lambda rule: rule.level),
        Column(h.H_COUNTED, "text", 38, rule_texts.counted),
        Column(h.H_MIN_DAYS, "text", 22, rule_texts.min_days),
        Column(h.H_GRADES, "brief", 11, lambda rule: texts.grades(rule.grades)),
        Column(h.H_SOURCES, "text", 70, lambda rule: rule_texts.sources(rule.references)),
    )
    return Table(columns, watchlist.rules, texts.NO_VALUE)


def parameter_table(watchlist: Watchlist) -> Table[tuple[str, str, str]]:
    """Values that several rules share, with their sources."""

    def name(row: tuple[str, str, str]) -> str:
        return rule_texts.as_sentence(rule_texts.parameter(row[0]))

    columns: tuple[Column[tuple[str, str, str]], ...] = (
        Column(h.H_PARAMETER, "name", 40, name),
        Column(h.H_VALUE, "brief", 18, lambda row: rule_texts.value(row[1])),
        Column(h.H_SOURCE, "text", 141, itemgetter(2)),
    )
    return Table(columns, watchlist.shared_parameters, texts.NO_VALUE)
