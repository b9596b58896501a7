"""How a school's list is divided, and which columns each part has.

Here: tables of plain values that the workbook and the page both show, so that the two never
say different things. Not here: wording (`texts.py`), cells (`workbook.py`), HTML (`page.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Generic, Literal, TypeVar

from assets.watchlists.collect import uncounted
from assets.watchlists.model import (
    AtRiskRow,
    ClearedPupil,
    Evidence,
    PupilRow,
    RuleExplanation,
    Sums,
    ThinRow,
    Watchlist,
)
from assets.watchlists.swedish import change_texts, pattern_texts, rule_texts, texts, unseen_texts
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish.safe_text import one_line

RowT = TypeVar("RowT")
#: level: 0-3; name: the cell that names the row; text: may run over lines; lines: several lines of
#: text, which a page may set below the row; brief: short, centred.
Kind = Literal["level", "name", "text", "lines", "brief", "percent", "count", "date"]
Value = str | int | Fraction | date | None
_LOOK_FIRST = 8  # rows: what is taken in at a glance


@dataclass(frozen=True)
class ListColumn(Generic[RowT]):
    """One column: its heading, the width in characters, and the value of a row."""

    heading: str
    kind: Kind
    width: float
    value: Callable[[RowT], Value]


@dataclass(frozen=True)
class ListTable(Generic[RowT]):
    """Rows under columns; `empty` is said instead of the rows when there are none."""

    columns: tuple[ListColumn[RowT], ...]
    rows: tuple[RowT, ...]
    empty: str


def full_name(pupil: PupilRow | ClearedPupil | AtRiskRow | ThinRow) -> str:
    """`Andersson, Alva`, with the birth date where the list says two pupils share a name."""
    parts = [part for part in (one_line(pupil.family_name), one_line(pupil.given_name)) if part]
    name = ", ".join(parts) or texts.NAME_MISSING
    return f"{name} ({texts.born(pupil.birth_date)})" if pupil.birth_date else name


def level_counts(watchlist: Watchlist) -> dict[int, int]:
    """Pupils on each level, the highest level first."""
    levels = [pupil.level for pupil in watchlist.pupils]
    return {level: levels.count(level) for level in sorted(texts.LEVEL_MEANINGS, reverse=True)}


def is_compared(watchlist: Watchlist) -> bool:
    """Whether there is a list of this school year before this one."""
    return bool(watchlist.compared_with)


def look_first(watchlist: Watchlist) -> tuple[tuple[PupilRow, ...], int]:
    """The pupils to look at first, in the list's order, and how many more there are like them.

    These are the new and the escalated ones, or the top of the list when it was not compared
    with the week before.
    """
    pupils = watchlist.pupils
    if is_compared(watchlist):
        pupils = tuple(pupil for pupil in pupils if pupil.change in {"new", "escalated"})
    return pupils[:_LOOK_FIRST], max(0, len(pupils) - _LOOK_FIRST)


def lacks_data(pupil: PupilRow) -> bool:
    """Whether some rule can't be assessed for another reason than that nobody sees the pupil."""
    return any(
        item.verdict == "insufficient" and not item.lacks_lessons and item.reason != "no_lessons"
        for item in pupil.evidence
    )


def principal_line(watchlist: Watchlist) -> str:
    """What the principal does first; on an empty list, what the list is."""
    return texts.PRINCIPAL_LINE if watchlist.pupils else texts.DECISION


def leading_hit(pupil: PupilRow, rules: dict[str, RuleExplanation]) -> Evidence | None:
    """The hit that says most about the pupil's level: highest level, certain, widest margin."""
    hits = [item for item in pupil.evidence if item.verdict == "hit"]
    return max(
        hits,
        key=lambda hit: (rules[hit.rule].level, hit.certainty == "certain", hit.margin_minutes),
        default=None,
    )


def rules_by_name(watchlist: Watchlist) -> dict[str, RuleExplanation]:
    """The rules of the list by name."""
    return {rule.rule: rule for rule in watchlist.rules}


def principal_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """All pupils with a level, as sorted in the list."""
    columns = _pupil_columns(watchlist)
    mentor = ListColumn[PupilRow](
        h.H_MENTOR, "text", 17, lambda p: one_line(p.mentor) or h.NO_MENTOR
    )
    at = [column.heading for column in columns].index(h.H_GRADE) + 1
    return ListTable(
        (*columns[:at], mentor, *columns[at:]), watchlist.pupils, texts.nobody_listed(watchlist)
    )


def _pupil_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    rules = rules_by_name(watchlist)
    month, two_months = watchlist.one_month_days, watchlist.two_months_days
    change = (
        (ListColumn[PupilRow](change_texts.heading(watchlist), "text", 19, _change),)
        if is_compared(watchlist)
        else ()
    )
    return (
        ListColumn(h.H_LEVEL, "level", 17, lambda p: p.level),
        *change,
        ListColumn(h.H_NAME, "name", 23, full_name),
        ListColumn(h.H_CLASS, "brief", 6.5, lambda p: p.school_class),
        ListColumn(h.H_GRADE, "brief", 4.5, lambda p: texts.grade(p.grade)),
        ListColumn(h.over(h.H_ABSENCE, month), "percent", 10.5, lambda p: p.one_month.rate),
        ListColumn(h.over(h.H_ABSENCE, two_months), "percent", 10.5, lambda p: p.two_months.rate),
        ListColumn(_calendar_heading(watchlist), "percent", 10, lambda p: _rate(p.calendar_month)),
        ListColumn(h.over(h.H_VALID, month), "percent", 8.5, lambda p: p.one_month.valid_rate),
        ListColumn(h.over(h.H_INVALID, month), "percent", 8.5, lambda p: p.one_month.invalid_rate),
        ListColumn(h.over(h.H_DAYS, month), "count", 9.5, lambda p: p.one_month.days),
        ListColumn(h.H_RULES, "lines", 47, lambda p: rules_of(p, rules)),
        ListColumn(h.H_PATTERN, "lines", 27, lambda p: pattern_texts.brief(p.pattern)),
        ListColumn(h.H_CERTAINTY, "brief", 9, lambda p: _certainty(p, rules)),
        ListColumn(h.H_MARGIN, "text", 15.5, lambda p: _margin(p, rules)),
        ListColumn(h.over(h.H_COVERAGE, month), "percent", 11.5, lambda p: p.one_month.coverage),
    )


def _change(pupil: PupilRow) -> str:
    return change_texts.change(pupil.history) if pupil.history else ""


def cleared_table(
    watchlist: Watchlist, pupils: tuple[ClearedPupil, ...]
) -> ListTable[ClearedPupil]:
    """Pupils of the list before who are on it no more, with why."""
    columns: tuple[ListColumn[ClearedPupil], ...] = (
        ListColumn(h.H_PREVIOUS, "level", 17, lambda p: p.history.previous_level),
        ListColumn(h.H_WHY, "text", 38, change_texts.why_cleared),
        ListColumn(h.H_NAME, "name", 23, full_name),
        ListColumn(h.H_CLASS, "brief", 6.5, lambda p: p.school_class),
        ListColumn(h.H_GRADE, "brief", 4.5, lambda p: texts.grade(p.grade)),
        ListColumn(h.H_MENTOR, "text", 17, lambda p: one_line(p.mentor) or h.NO_MENTOR),
        ListColumn(
            h.over(h.H_ABSENCE, watchlist.one_month_days),
            "percent",
            10.5,
            lambda p: p.one_month.rate,
        ),
        ListColumn(h.H_CLOCK, "text", 22, lambda p: change_texts.clock(p.history)),
        ListColumn(h.H_HIGHEST, "level", 17, lambda p: p.history.highest_level),
    )
    return ListTable(columns, pupils, change_texts.NOBODY_CLEARED)


def _rate(sums: Sums | None) -> Fraction | None:
    return sums.rate if sums else None


def _calendar_heading(watchlist: Watchlist) -> str:
    window = watchlist.calendar_window
    return texts.month_heading(window[0]) if window else h.H_CALENDAR


def rules_of(pupil: PupilRow, rules: dict[str, RuleExplanation]) -> str:
    """A line for each rule the pupil reaches, and for each that cannot be assessed.

    Below them, that nobody sees the pupil, once for all rules; and which lessons do not count, and
    beside what: the teacher of a lesson that is set aside has marked the pupil absent. That a
    school gives monthly sums only is said once, at the top of the list.
    """
    lines = []
    items = [e for e in pupil.evidence if not e.lacks_lessons and e.reason != "no_lessons"]
    for name in dict.fromkeys(item.rule for item in items):
        hits = [e for e in pupil.evidence if e.rule == name and e.verdict == "hit"]
        rule = rules[name]
        lines.append(rule_texts.hit_line(rule, hits) if hits else rule_texts.unassessed(rule))
    below = (*unseen_texts.row_lines(pupil), *uncounted.lines(pupil.uncounted))
    return "\n".join((*lines, *below))


def _certainty(pupil: PupilRow, rules: dict[str, RuleExplanation]) -> str:
    hit = leading_hit(pupil, rules)
    return texts.CERTAINTIES.get(hit.certainty or "", texts.NO_VALUE) if hit else texts.NO_VALUE


def _margin(pupil: PupilRow, rules: dict[str, RuleExplanation]) -> str:
    hit = leading_hit(pupil, rules)
    return rule_texts.margin(hit.margin_minutes) if hit else texts.NO_VALUE


def in_brief(pupil: PupilRow, watchlist: Watchlist) -> str:
    """What to know about a pupil at first sight: class, absence, and the rule that leads."""
    rules = rules_by_name(watchlist)
    hit = leading_hit(pupil, rules)
    parts = [
        change_texts.in_brief(pupil) if is_compared(watchlist) else "",
        pupil.school_class,
        # Of the window that reaches the step: another one's share can lie below it.
        rule_texts.hit_in_brief(rules[hit.rule], hit)
        if hit
        else texts.month_absence(pupil.one_month.rate, watchlist.one_month_days),
    ]
    return " · ".join(part for part in parts if part)


def about(watchlist: Watchlist) -> tuple[tuple[str, str | int | date], ...]:
    """Where the list comes from, as names and values."""
    return (
        (h.SCHOOL, texts.school(watchlist)),
        (h.SCHOOL_UNIT_CODE, watchlist.school_unit_code),
        (h.DISTRICT, watchlist.district or texts.NO_VALUE),
        (h.PRINCIPAL, watchlist.principal or texts.NO_VALUE),
        (h.WEEK, texts.week(watchlist.iso_week)),
        (h.AS_OF, watchlist.as_of),
        (h.CREATED, texts.clock(watchlist.created_at)),
        (h.STATUS, texts.status(watchlist)),
        (h.EVALUATED, texts.counted(watchlist, unseen_texts.evaluated(watchlist))),
        (h.RULE_SET, f"{watchlist.rule_set} {watchlist.rule_set_version}"),
    )
