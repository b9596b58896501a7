"""What a school's list rests on: the verdicts of a pupil, missing data, rules and values.

Here: tables of plain values that the workbook and the page both show. Not here: the tables of
pupils (`outline.py`), wording (`rule_texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from assets.watchlists.columns import ListColumn, ListTable, Value
from assets.watchlists.model import (
    Evidence,
    PupilRow,
    RuleExplanation,
    ThinRow,
    UnreportedLessons,
    Unseen,
    Watchlist,
)
from assets.watchlists.outline import full_name, lacks_data, rules_by_name
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import rule_texts, texts, unseen_texts
from assets.watchlists.swedish.safe_text import one_line


def insufficient_line(watchlist: Watchlist) -> str:
    """What to do about missing data; when none is missing, what the list is."""
    is_missing = watchlist.unreported or any(map(lacks_data, watchlist.insufficient))
    lines = [texts.INSUFFICIENT_LINE] if is_missing else []
    if watchlist.unseen:
        lines.append(unseen_texts.UNSEEN_LINE)
    return " ".join(lines) or texts.DECISION


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
    untold = not any(lessons.pupil_lessons for lessons in watchlist.unreported)
    pupil_lessons = ListColumn[UnreportedLessons](
        h.H_PUPIL_LESSONS, "count", 13, lambda u: u.pupil_lessons
    )
    columns: tuple[ListColumn[UnreportedLessons], ...] = (
        ListColumn(h.H_CLASS, "name", 12, lambda u: u.school_class),
        ListColumn(h.H_SUBJECT, "word", 28, lambda u: u.subject),
        ListColumn(h.H_LESSONS, "count", 13, lambda u: u.lessons),
        ListColumn(h.H_RECENT_LESSONS, "count", 13, lambda u: u.recent_lessons),
        *(() if untold else (pupil_lessons,)),
        ListColumn(h.H_FIRST, "date", 12, lambda u: u.first_date),
        ListColumn(h.H_LAST, "date", 12, lambda u: u.last_date),
        ListColumn(h.H_WHEN, "word", 46, texts.lesson_times),
    )
    empty = texts.none_here(watchlist, texts.no_unreported(watchlist))
    return ListTable(columns, watchlist.unreported, empty)


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
