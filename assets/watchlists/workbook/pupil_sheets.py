"""The sheets of pupils: all of the list, those who are gone from it, and those at risk.

Here: which facts each pupil's row has, one a column. Not here: wording (`swedish/`), cells
(`sheet.py`), whom nobody sees and the minutes behind a row (`data_sheets.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from assets.watchlists.collect import uncounted
from assets.watchlists.columns import ListColumn, ListTable, Value
from assets.watchlists.decisions import Question, answer, by_persistence, is_new_to, persistence
from assets.watchlists.model import (
    AtRiskRow,
    Chance,
    ClearedPupil,
    Evidence,
    ListHistory,
    PupilRow,
    Sums,
    ThinRow,
    Watchlist,
)
from assets.watchlists.outline import full_name, leading_hit, rules_by_name
from assets.watchlists.swedish import (
    change_texts,
    decision_texts,
    dispute_texts,
    pattern_texts,
    rule_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.swedish import follow_up_texts as f
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.swedish.safe_text import one_line

WHO: tuple[ListColumn[PupilRow | ClearedPupil | AtRiskRow | ThinRow], ...] = (
    ListColumn(h.H_NAME, "name", 30, full_name),
    ListColumn(h.H_CLASS, "brief", 8, lambda p: p.school_class),
    ListColumn(h.H_GRADE, "grade", 6, lambda p: p.grade),
    ListColumn(h.H_MENTOR, "word", 26, lambda p: one_line(p.mentor) or h.NO_MENTOR),
)


def question_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    """The three questions side by side, with what the data say to each."""

    def column(question: Question) -> ListColumn[PupilRow]:
        def said(pupil: PupilRow) -> str:
            return decision_texts.ANSWERS[answer(watchlist, pupil, question)]

        return ListColumn(decision_texts.QUESTIONS[question], "brief", 13, said)

    return tuple(column(question) for question in Question)


def pupil_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """Every listed pupil once: whose absence goes on first, and in each group the highest first."""
    columns: tuple[ListColumn[PupilRow], ...] = (
        *WHO,
        *question_columns(watchlist),
        *_follow_up_columns(watchlist),
        ListColumn(w.H_PERSISTENCE, "brief", 10, lambda p: w.PERSISTENCES[persistence(p)]),
        *_history_columns(watchlist),
        *_absence_columns(watchlist),
        *_limit_columns(watchlist),
        ListColumn(h.H_PATTERN, "word", 34, lambda p: known(pattern_texts.brief(p.pattern))),
        ListColumn(w.H_THIN, "percent", 11, _thin_share),
        ListColumn(w.H_NOTE, "word", 60, note),
    )
    rows = tuple(pupil for group in by_persistence(watchlist) for pupil in group.pupils)
    return ListTable(columns, rows, texts.nobody_listed(watchlist))


def _follow_up_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    if not watchlist.has_follow_up:
        return ()
    return (
        ListColumn(f.H_STATUS, "word", 40, lambda p: f.status(p.follow_up)),
        ListColumn(f.H_RESPONSIBLE, "word", 22, lambda p: f.responsible(p.follow_up)),
        ListColumn(f.H_IDLE, "count", 11, lambda p: f.idle(p.follow_up)),
    )


def known(text: str) -> str:
    """A text of the lists; empty where it is only the sign for "no value"."""
    return "" if text == texts.NO_VALUE else text


def note(pupil: PupilRow) -> str:
    """What to know beside the numbers: another school's claim, nobody sees, what does not count."""
    return " · ".join(
        (
            *dispute_texts.row_lines(pupil),
            *unseen_texts.row_lines(pupil),
            *uncounted.lines(pupil.uncounted),
        )
    )


def _thin_share(pupil: PupilRow) -> Fraction | None:
    return None if pupil.thin_percent is None else Fraction(pupil.thin_percent, 100)


def _history_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    if not watchlist.compared_with:
        return ()

    def of(value: Callable[[ListHistory], Value]) -> Callable[[PupilRow], Value]:
        return lambda pupil: value(pupil.history) if pupil.history else None

    return (
        ListColumn(w.since(watchlist), "word", 13, of(lambda x: w.STATES[x.state])),
        ListColumn(w.H_REASON, "word", 24, of(w.reason)),
        ListColumn(w.H_WEEKS, "count", 10, of(lambda x: x.weeks_on_list)),
        ListColumn(w.H_FIRST_WEEK, "brief", 9, of(lambda x: change_texts.short_week(x.first_week))),
    )


def _absence_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    month, two_months = watchlist.one_month_days, watchlist.two_months_days
    window = watchlist.calendar_window
    calendar = texts.month_heading(window[0]) if window else w.H_CALENDAR
    return (
        ListColumn(h.over(h.H_ABSENCE, month), "percent", 11, lambda p: p.one_month.rate),
        ListColumn(h.over(h.H_ABSENCE, two_months), "percent", 11, lambda p: p.two_months.rate),
        ListColumn(calendar, "percent", 11, lambda p: _rate(p.calendar_month)),
        ListColumn(h.over(h.H_VALID, month), "percent", 10, lambda p: p.one_month.valid_rate),
        ListColumn(h.over(h.H_INVALID, month), "percent", 10, lambda p: p.one_month.invalid_rate),
        ListColumn(h.over(h.H_DAYS, month), "count", 11, lambda p: p.one_month.days),
        ListColumn(h.over(h.H_COVERAGE, month), "percent", 12, lambda p: p.one_month.coverage),
    )


def _rate(sums: Sums | None) -> Fraction | None:
    return sums.rate if sums else None


def _limit_columns(watchlist: Watchlist) -> tuple[ListColumn[PupilRow], ...]:
    """The limit that leads, the share in its window, how far over it, and how sure that is."""
    rules = rules_by_name(watchlist)

    def of(value: Callable[[Evidence], Value]) -> Callable[[PupilRow], Value]:
        def shown(pupil: PupilRow) -> Value:
            hit = leading_hit(pupil, rules)
            return value(hit) if hit else None

        return shown

    return (
        ListColumn(w.H_LEADING, "word", 36, of(lambda e: rule_texts.rule_name(rules[e.rule]))),
        ListColumn(
            w.H_LEADING_WINDOW, "brief", 11, of(lambda e: rule_texts.basis(e, rules[e.rule]))
        ),
        ListColumn(w.H_LEADING_SHARE, "percent", 11, of(lambda e: e.sums.rate)),
        ListColumn(w.H_HOURS, "hours", 11, of(lambda e: w.hours(e.margin_minutes))),
        ListColumn(w.H_BASIS, "brief", 10, of(lambda e: w.CERTAINTIES.get(e.certainty or ""))),
    )


def gone_table(watchlist: Watchlist) -> ListTable[ClearedPupil]:
    """Pupils of the list before who are on it no more: why, and what was asked about them."""

    def before(question: Question) -> ListColumn[ClearedPupil]:
        def asked(pupil: ClearedPupil) -> str:
            return "" if is_new_to(pupil, question) else w.YES

        heading = f"{w.BEFORE}: {decision_texts.QUESTIONS[question]}"
        return ListColumn(heading, "brief", 14, asked)

    columns: tuple[ListColumn[ClearedPupil], ...] = (
        *WHO,
        ListColumn(w.H_WHY_GONE, "word", 62, change_texts.why_cleared),
        *(before(question) for question in Question),
        ListColumn(
            h.over(h.H_ABSENCE, watchlist.one_month_days),
            "percent",
            11,
            lambda p: p.one_month.rate,
        ),
        ListColumn(w.H_WEEKS, "count", 10, lambda p: p.history.weeks_on_list),
        ListColumn(
            w.H_FIRST_WEEK, "brief", 9, lambda p: change_texts.short_week(p.history.first_week)
        ),
    )
    if watchlist.has_follow_up:
        # Being under every step again ends nothing that people have begun.
        columns += (ListColumn(f.H_FOLLOW_UP, "word", 60, f.goes_on),)
    return ListTable(columns, watchlist.cleared, change_texts.NOBODY_CLEARED)


def risk_table(watchlist: Watchlist) -> ListTable[AtRiskRow]:
    """The pupils who may reach a step, the highest step first."""
    rows = watchlist.at_risk
    month_end = next((row.month_end for row in rows if row.month_end), None)
    four_weeks = next((row.four_weeks for row in rows if row.four_weeks), None)
    columns: tuple[ListColumn[AtRiskRow], ...] = (
        *WHO,
        ListColumn(w.H_STEP, "percent", 9, lambda row: Fraction(row.threshold_bp, 10_000)),
        ListColumn(
            h.over(h.H_ABSENCE, watchlist.one_month_days),
            "percent",
            11,
            lambda row: row.one_month.rate,
        ),
        *_chance_column(month_end, lambda row: row.month_end, is_month_end=True),
        *_chance_column(four_weeks, lambda row: row.four_weeks, is_month_end=False),
    )
    return ListTable(columns, rows, w.NOBODY_UNSEEN)


def _chance_column(
    shown: Chance | None, chance: Callable[[AtRiskRow], Chance | None], *, is_month_end: bool
) -> tuple[ListColumn[AtRiskRow], ...]:
    if shown is None:
        return ()

    def rounded(row: AtRiskRow) -> Fraction | None:
        found = chance(row)
        return w.rounded_chance(found.probability) if found else None

    heading = w.chance_heading(texts.short_days([shown.day]), is_month_end)
    return (ListColumn(heading, "percent", 16, rounded),)
