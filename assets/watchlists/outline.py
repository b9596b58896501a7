"""How a school's list is divided, and which columns each part has.

Here: tables of plain values that the workbook and the page both show, so that the two never
say different things. Not here: wording (`texts.py`), cells (`workbook.py`), HTML (`page.py`).
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from assets.watchlists.columns import ListColumn, ListTable
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
from assets.watchlists.swedish import change_texts, texts, unseen_texts
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish.safe_text import one_line


def full_name(pupil: PupilRow | ClearedPupil | AtRiskRow | ThinRow) -> str:
    """`Andersson, Alva`, with the birth date where the list says two pupils share a name."""
    parts = [part for part in (one_line(pupil.family_name), one_line(pupil.given_name)) if part]
    name = ", ".join(parts) or texts.NAME_MISSING
    return f"{name} ({texts.born(pupil.birth_date)})" if pupil.birth_date else name


def is_compared(watchlist: Watchlist) -> bool:
    """Whether there is a list of this school year before this one."""
    return bool(watchlist.compared_with)


def lacks_data(pupil: PupilRow) -> bool:
    """Whether some rule can't be assessed for another reason than that nobody sees the pupil."""
    return any(
        item.verdict == "insufficient" and not item.lacks_lessons and item.reason != "no_lessons"
        for item in pupil.evidence
    )


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


def next_step(pupil: PupilRow) -> str:
    """What whoever follows the pupil up does next; nothing of it is decided here."""
    reasons = {item.reason for item in pupil.evidence if item.verdict == "insufficient"}
    missing = [step for reason, step in texts.UNSURE_STEPS.items() if reason in reasons]
    steps = [texts.NEXT_STEPS[pupil.level]] if pupil.level else missing[:1]
    if pupil.unseen is not None:
        steps.append(unseen_texts.next_step(pupil.unseen))
    return " ".join(steps) or texts.NEXT_STEPS[0]


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


def about(
    watchlist: Watchlist, *, is_mentors: bool = False
) -> tuple[tuple[str, str | int | date], ...]:
    """Where the list comes from, as names and values; those of the school are the rektor's."""
    of_school = (
        (h.DISTRICT, watchlist.district or texts.NO_VALUE),
        (h.PRINCIPAL, watchlist.principal or texts.NO_VALUE),
    )
    evaluated = (h.EVALUATED, texts.counted(watchlist, unseen_texts.evaluated(watchlist)))
    return (
        (h.SCHOOL, texts.school(watchlist)),
        (h.SCHOOL_UNIT_CODE, watchlist.school_unit_code),
        *(() if is_mentors else of_school),
        (h.WEEK, texts.week(watchlist.iso_week)),
        (h.AS_OF, watchlist.as_of),
        (h.CREATED, texts.clock(watchlist.created_at)),
        (h.STATUS, texts.status(watchlist)),
        *(() if is_mentors else (evaluated,)),
        (h.RULE_SET, f"{watchlist.rule_set} {watchlist.rule_set_version}"),
    )
