"""What a school's list rests on: the verdicts of a pupil, missing data, rules and values.

Here: tables of plain values that the workbook and the page both show. Not here: the tables of
pupils (`outline.py`), wording (`rule_texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from assets.watchlists.model import (
    Evidence,
    PupilRow,
    RuleExplanation,
    ThinRow,
    UnreportedLessons,
    Unseen,
    Watchlist,
)
from assets.watchlists.outline import (
    Kind,
    ListColumn,
    ListTable,
    Value,
    full_name,
    lacks_data,
    rules_by_name,
)
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import rule_texts, texts, unseen_texts
from assets.watchlists.swedish.safe_text import one_line


@dataclass(frozen=True)
class Shortfall:
    """One thing that the data lack: just one of these is given.

    Attributes:
        pupil: for whom some rule can't be assessed.
        unseen: whom no lesson shows.
        thin: with a thin timetable.
        lost: what is said of refused rows.
        lessons: without a report.
    """

    pupil: PupilRow | None = None
    unseen: PupilRow | None = None
    thin: ThinRow | None = None
    lost: str = ""
    lessons: UnreportedLessons | None = None

    @property
    def kind(self) -> str:
        """What the row is about."""
        kinds = (
            (self.pupil, h.KIND_PUPIL),
            (self.unseen, unseen_texts.KIND_UNSEEN),
            (self.thin, unseen_texts.KIND_THIN),
            (self.lost, unseen_texts.KIND_LOST),
        )
        return next((kind for given, kind in kinds if given), h.KIND_LESSONS)

    @property
    def person(self) -> PupilRow | ThinRow | None:
        """The pupil whom it is about, if it is about one."""
        return self.pupil or self.unseen or self.thin

    def pick(
        self,
        of_pupil: Callable[[PupilRow], Value] | None,
        of_lessons: Callable[[UnreportedLessons], Value] | None,
    ) -> Value:
        """The value of whichever of the two it is; empty where the column is about another."""
        if self.pupil is not None:
            return of_pupil(self.pupil) if of_pupil else ""
        return of_lessons(self.lessons) if of_lessons and self.lessons else ""

    def shown(self) -> str:
        """What is said of who is hardly seen, in one cell."""
        if self.unseen is not None and self.unseen.unseen is not None:
            unseen = self.unseen.unseen
            return f"{unseen_texts.since(unseen)} {unseen_texts.next_step(unseen)}"
        if self.thin is not None:
            return f"{_thin_share(self.thin)}. {unseen_texts.THIN_LINE}"
        return self.lost


def shortfall_table(watchlist: Watchlist) -> ListTable[Shortfall]:
    """All that is lacking under one heading row, so that a sheet can be filtered by class."""
    rows = (
        *(Shortfall(unseen=pupil) for pupil in watchlist.unseen),
        *(Shortfall(pupil=pupil) for pupil in watchlist.insufficient if lacks_data(pupil)),
        *(Shortfall(thin=row) for row in watchlist.thin),
        *((Shortfall(lost=unseen_texts.lost_line(watchlist)),) if watchlist.lost_rows else ()),
        *(Shortfall(lessons=lessons) for lessons in watchlist.unreported),
    )
    return ListTable(
        _shortfall_columns(watchlist), rows, texts.none_here(watchlist, texts.NO_INSUFFICIENT)
    )


def insufficient_line(watchlist: Watchlist) -> str:
    """What to do about missing data; when none is missing, what the list is."""
    is_missing = watchlist.unreported or any(map(lacks_data, watchlist.insufficient))
    lines = [texts.INSUFFICIENT_LINE] if is_missing else []
    if watchlist.unseen:
        lines.append(unseen_texts.UNSEEN_LINE)
    return " ".join(lines) or texts.DECISION


def insufficient_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """Pupils who are seen, and for whom some rule cannot be assessed all the same."""
    rules = rules_by_name(watchlist)

    def missing(pupil: PupilRow) -> str:
        items = [item for item in pupil.evidence if item.reason != "no_lessons"]
        return rule_texts.insufficient_lines(rules, items, pupil.grade)

    columns: tuple[ListColumn[PupilRow], ...] = (
        ListColumn(h.H_PUPIL, "name", 26, full_name),
        ListColumn(h.H_CLASS, "brief", 8, lambda p: p.school_class),
        ListColumn(h.H_MENTOR, "text", 20, lambda p: one_line(p.mentor) or h.NO_MENTOR),
        ListColumn(h.H_LEVEL, "level", 20, lambda p: p.level),
        ListColumn(h.H_MISSING, "text", 80, missing),
        ListColumn(_coverage_heading(watchlist), "percent", 11, lambda p: p.two_months.coverage),
    )
    rows = tuple(filter(lacks_data, watchlist.insufficient))
    return ListTable(columns, rows, texts.none_here(watchlist, texts.NO_INSUFFICIENT))


def unseen_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """Pupils of the roster whom no lesson shows, by class."""

    def seen(row: PupilRow, of: Callable[[Unseen], Value]) -> Value:
        return of(row.unseen) if row.unseen else ""

    columns: tuple[ListColumn[PupilRow], ...] = (
        ListColumn(h.H_CLASS, "brief", 8, lambda p: p.school_class),
        ListColumn(h.H_PUPIL, "name", 26, full_name),
        ListColumn(h.H_MENTOR, "text", 20, lambda p: one_line(p.mentor) or h.NO_MENTOR),
        ListColumn(
            unseen_texts.H_SINCE, "date", 14, lambda p: seen(p, lambda u: u.on_roster_since)
        ),
        ListColumn(
            unseen_texts.H_LAST_LESSON, "date", 14, lambda p: seen(p, lambda u: u.last_lesson)
        ),
        ListColumn(h.H_NEXT, "text", 60, lambda p: seen(p, unseen_texts.next_step)),
    )
    return ListTable(columns, watchlist.unseen, texts.NO_VALUE)


def thin_table(watchlist: Watchlist) -> ListTable[ThinRow]:
    """Pupils with a thin timetable, by class."""
    columns: tuple[ListColumn[ThinRow], ...] = (
        ListColumn(h.H_CLASS, "brief", 8, lambda row: row.school_class),
        ListColumn(h.H_PUPIL, "name", 26, full_name),
        ListColumn(h.H_MENTOR, "text", 20, lambda row: one_line(row.mentor) or h.NO_MENTOR),
        ListColumn(unseen_texts.H_SHARE, "text", 26, _thin_share),
        ListColumn(unseen_texts.H_FIRST_LESSON, "date", 14, lambda row: row.first_date),
    )
    return ListTable(columns, watchlist.thin, texts.NO_VALUE)


def _thin_share(row: ThinRow) -> str:
    return rule_texts.as_sentence(unseen_texts.thin_share(row.percent))


def unreported_table(watchlist: Watchlist) -> ListTable[UnreportedLessons]:
    """Lessons of each class and subject that nobody reported."""
    columns: tuple[ListColumn[UnreportedLessons], ...] = (
        ListColumn(h.H_CLASS, "name", 8, lambda u: u.school_class),
        ListColumn(h.H_SUBJECT, "text", 26, lambda u: u.subject),
        ListColumn(h.H_LESSONS, "count", 11, lambda u: u.lessons),
        ListColumn(h.H_RECENT_LESSONS, "count", 12, lambda u: u.recent_lessons),
        ListColumn(h.H_PUPIL_LESSONS, "count", 11, lambda u: u.pupil_lessons),
        ListColumn(h.H_FIRST, "date", 12, lambda u: u.first_date),
        ListColumn(h.H_LAST, "date", 12, lambda u: u.last_date),
        ListColumn(h.H_WHEN, "text", 80, texts.lesson_times),
    )
    empty = texts.none_here(watchlist, texts.no_unreported(watchlist))
    return ListTable(columns, watchlist.unreported, empty)


def _shortfall_columns(watchlist: Watchlist) -> tuple[ListColumn[Shortfall], ...]:
    coverage = _coverage_heading(watchlist)
    pupils = {column.heading: column for column in insufficient_table(watchlist).columns}
    lessons = {column.heading: column for column in unreported_table(watchlist).columns}

    def joined(
        heading: str, kind: Kind, width: float, pupil: str | None, lesson: str | None
    ) -> ListColumn[Shortfall]:
        of_pupil = pupils[pupil].value if pupil else None
        of_lessons = lessons[lesson].value if lesson else None
        return ListColumn(heading, kind, width, lambda row: row.pick(of_pupil, of_lessons))

    def person(of: Callable[[PupilRow | ThinRow], str]) -> Callable[[Shortfall], str]:
        return lambda row: of(row.person) if row.person else ""

    names, classes = person(full_name), person(lambda p: p.school_class)
    mentors = person(lambda p: one_line(p.mentor) or h.NO_MENTOR)
    of_missing, of_when = pupils[h.H_MISSING].value, lessons[h.H_WHEN].value
    return (
        ListColumn(h.H_KIND, "brief", 15, lambda row: row.kind),
        ListColumn(
            h.H_SUBJECT_OR_NAME,
            "name",
            26,
            lambda r: names(r) or r.pick(None, lambda u: u.subject),
        ),
        ListColumn(
            h.H_CLASS, "brief", 8, lambda r: classes(r) or r.pick(None, lambda u: u.school_class)
        ),
        ListColumn(h.H_MENTOR, "text", 20, mentors),
        joined(h.H_LEVEL, "level", 19, h.H_LEVEL, None),
        ListColumn(
            h.H_MISSING_OR_WHEN, "text", 76, lambda r: r.shown() or r.pick(of_missing, of_when)
        ),
        joined(coverage, "percent", 12, coverage, None),
        joined(h.H_LESSONS, "count", 11, None, h.H_LESSONS),
        joined(h.H_RECENT_LESSONS, "count", 12, None, h.H_RECENT_LESSONS),
        joined(h.H_PUPIL_LESSONS, "count", 12, None, h.H_PUPIL_LESSONS),
        joined(h.H_FIRST, "date", 12, None, h.H_FIRST),
        joined(h.H_LAST, "date", 12, None, h.H_LAST),
    )


def _coverage_heading(watchlist: Watchlist) -> str:
    return h.over(h.H_COVERAGE, watchlist.two_months_days)


def evidence_table(watchlist: Watchlist) -> Callable[[PupilRow], ListTable[Evidence]]:
    """Return what gives each pupil's verdicts: which limits, by which absence, with which margin.

    That a school gives monthly sums only is said once at the top of the list, and that nobody sees
    a pupil once on the row: neither is repeated for every rule.
    """
    rules = rules_by_name(watchlist)
    columns: tuple[ListColumn[Evidence], ...] = (
        ListColumn(h.H_LIMIT, "name", 30, lambda e: rule_texts.rule_name(rules[e.rule])),
        ListColumn(h.H_WINDOW, "text", 24, lambda e: rule_texts.window(e, rules[e.rule])),
        ListColumn(h.H_VERDICT, "text", 24, lambda e: rule_texts.verdict(e, rules[e.rule])),
        ListColumn(h.H_RATE, "text", 16, rule_texts.share),
        ListColumn(h.H_DAYS, "count", 9, lambda e: e.sums.days),
        ListColumn(h.H_MARGIN, "text", 14, rule_texts.margin_of),
    )

    def of(pupil: PupilRow) -> ListTable[Evidence]:
        items = (e for e in pupil.evidence if not e.lacks_lessons and e.reason != "no_lessons")
        return ListTable(columns, tuple(items), "")

    return of


def rule_table(watchlist: Watchlist) -> ListTable[RuleExplanation]:
    """The rules as they were applied, with their sources."""
    columns: tuple[ListColumn[RuleExplanation], ...] = (
        ListColumn(h.H_LIMIT, "name", 40, rule_texts.rule_name),
        ListColumn(h.H_LEVEL, "level", 18, lambda rule: rule.level),
        ListColumn(h.H_COUNTED, "text", 38, rule_texts.counted),
        ListColumn(h.H_MIN_DAYS, "text", 22, rule_texts.min_days),
        ListColumn(h.H_GRADES, "brief", 11, lambda rule: texts.grades(rule.grades)),
        ListColumn(h.H_SOURCES, "text", 70, lambda rule: rule_texts.sources(rule.references)),
    )
    return ListTable(columns, watchlist.rules, texts.NO_VALUE)


def parameter_table(watchlist: Watchlist) -> ListTable[tuple[str, str, str]]:
    """Values that several rules share, with their sources."""

    def name(row: tuple[str, str, str]) -> str:
        return rule_texts.as_sentence(rule_texts.parameter(row[0]))

    columns: tuple[ListColumn[tuple[str, str, str]], ...] = (
        ListColumn(h.H_PARAMETER, "name", 40, name),
        ListColumn(h.H_VALUE, "brief", 18, lambda row: rule_texts.value(row[1])),
        ListColumn(h.H_SOURCE, "text", 141, itemgetter(2)),
    )
    return ListTable(columns, watchlist.shared_parameters, texts.NO_VALUE)
