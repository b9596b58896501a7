"""Which columns a mentor's own list has, and the overview of mentors on the school's list.

A mentor's list is printed on A4 in portrait without being made smaller, so the columns of a table
are at most `PORTRAIT_WIDTH` wide together. Not here: whose pupils they are (`mentor_lists.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assets.watchlists import decisions, outline
from assets.watchlists.mentor_lists import MentorLine, listed_pupils, overview
from assets.watchlists.model import (
    AtRiskRow,
    ClearedPupil,
    Mentor,
    PupilRow,
    ThinRow,
    UnreportedLessons,
    Watchlist,
)
from assets.watchlists.outline import ListColumn, ListTable, RowT, full_name, rules_by_name
from assets.watchlists.swedish import (
    change_texts,
    evidence_texts,
    mentor_texts,
    risk_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.swedish import headings as h

#: Characters: what A4 in portrait has room for at full size, with seven columns.
PORTRAIT_WIDTH = 96.0
_NARROW = 12.0


def pupil_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """The mentor's pupils with the next step of each: the highest absence first.

    Args:
        watchlist: what `watchlist_of_mentor` gave.
    """
    rules = rules_by_name(watchlist)
    month = watchlist.one_month_days
    pupils = listed_pupils(watchlist)
    listed = decisions.most_absent_first(pupil for pupil in pupils if pupil.level)
    unassessed = tuple(pupil for pupil in pupils if not pupil.level)
    change = (
        (ListColumn[PupilRow](change_texts.heading(watchlist), "text", 12, _change),)
        if watchlist.compared_with
        else ()
    )
    columns: tuple[ListColumn[PupilRow], ...] = (
        ListColumn(h.H_NAME, "name", 20, full_name),
        ListColumn(h.H_CLASS, "brief", 6, lambda p: p.school_class),
        ListColumn(h.over(h.H_ABSENCE, month), "percent", 9.5, lambda p: p.one_month.rate),
        ListColumn(h.over(h.H_INVALID, month), "percent", 8.5, lambda p: p.one_month.invalid_rate),
        *change,
        ListColumn(h.H_RULES, "text", 21, lambda p: outline.rules_of(p, rules)),
        ListColumn(h.H_NEXT, "text", 18, next_step),
    )
    return ListTable(columns, (*listed, *unassessed), mentor_texts.NOBODY)


def _change(pupil: PupilRow) -> str:
    return change_texts.change(pupil.history) if pupil.history else ""


def next_step(pupil: PupilRow) -> str:
    """What the mentor does next about a pupil."""
    reasons = {item.reason for item in pupil.evidence if item.verdict == "insufficient"}
    missing = [step for reason, step in texts.UNSURE_STEPS.items() if reason in reasons]
    steps = [texts.NEXT_STEPS[pupil.level]] if pupil.level else missing[:1]
    if pupil.unseen is not None:
        steps.append(unseen_texts.next_step(pupil.unseen))
    return " ".join(steps) or texts.NEXT_STEPS[0]


def first_line(watchlist: Watchlist, mentor: Mentor) -> str:
    """Whose list it is, what is to be known of it, and what the mentor does first."""
    whose = f"{texts.mentor_heading(mentor.name)}."
    lines = (whose, *watchlist.notices, texts.DECISION, todo_line(watchlist))
    return " ".join(line for line in lines if line)


def todo_line(watchlist: Watchlist) -> str:
    """What the mentor does first; "" when no own pupil is on the list any more."""
    pupils = listed_pupils(watchlist)
    lines = []
    if any(pupil.level for pupil in pupils):
        lines.append(mentor_texts.TODO)
    elif any(outline.lacks_data(pupil) for pupil in pupils):
        lines.append(texts.INSUFFICIENT_LINE)
    if any(pupil.unseen for pupil in pupils):
        lines.append(unseen_texts.UNSEEN_LINE)
    return " ".join(lines)


def cleared_table(watchlist: Watchlist) -> ListTable[ClearedPupil]:
    """Own pupils of the list before who are on it no more, with why."""
    table = outline.cleared_table(watchlist, watchlist.cleared)
    dropped = (h.H_PREVIOUS, h.H_GRADE, h.H_MENTOR, h.H_HIGHEST)
    return _in_portrait(table, dropped, {h.H_WHY: 34, h.H_NAME: 22, h.H_CLASS: 6, h.H_CLOCK: 18})


def at_risk_table(watchlist: Watchlist) -> ListTable[AtRiskRow]:
    """Own pupils who may pass a step."""
    table = risk_texts.at_risk_table(watchlist)
    widths = {risk_texts.H_STEP: 24, h.H_NAME: 22, h.H_CLASS: 6}
    return _in_portrait(table, (h.H_GRADE, h.H_MENTOR), widths)


def thin_table(watchlist: Watchlist) -> ListTable[ThinRow]:
    """Own pupils with a thin timetable."""
    table = evidence_texts.thin_table(watchlist)
    widths = {h.H_CLASS: 6, h.H_PUPIL: 26, unseen_texts.H_SHARE: 26}
    return _in_portrait(table, (h.H_MENTOR,), widths)


def unreported_table(watchlist: Watchlist) -> ListTable[UnreportedLessons]:
    """Lessons without a report of classes that own pupils are in."""
    table = evidence_texts.unreported_table(watchlist)
    dropped = (h.H_PUPIL_LESSONS, h.H_FIRST, h.H_LAST)
    return _in_portrait(table, dropped, {h.H_CLASS: 7, h.H_SUBJECT: 20, h.H_WHEN: 42})


def _in_portrait(
    table: ListTable[RowT], dropped: tuple[str, ...], widths: Mapping[str, float]
) -> ListTable[RowT]:
    columns = (
        replace(column, width=widths.get(column.heading, _NARROW))
        for column in table.columns
        if column.heading not in dropped
    )
    return replace(table, columns=tuple(columns))


def overview_table(watchlist: Watchlist) -> ListTable[MentorLine]:
    """The mentors of the school's list, each with counts; who has no mentor stands last."""
    new = (
        (ListColumn[MentorLine](mentor_texts.H_NEW, "count", 9, lambda line: line.new),)
        if watchlist.compared_with
        else ()
    )
    gone = (
        (ListColumn[MentorLine](mentor_texts.H_GONE, "count", 13, lambda line: line.gone),)
        if watchlist.compared_with
        else ()
    )
    columns: tuple[ListColumn[MentorLine], ...] = (
        ListColumn(h.H_MENTOR, "name", 34, lambda line: line.name or h.NO_MENTOR),
        ListColumn(mentor_texts.H_CLASSES, "text", 24, lambda line: ", ".join(line.classes)),
        ListColumn(mentor_texts.H_PUPILS, "count", 13, lambda line: line.pupils),
        *new,
        ListColumn(mentor_texts.H_TO_ASSESS, "count", 13, lambda line: line.to_assess),
        ListColumn(mentor_texts.H_UNASSESSED, "count", 13, lambda line: line.unassessed),
        *gone,
    )
    empty = texts.none_here(watchlist, mentor_texts.OVERVIEW_EMPTY)
    return ListTable(columns, overview(watchlist), empty)
