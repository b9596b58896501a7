"""The sheets about the data behind a list: whom nobody sees, lessons without a report, evidence.

Here: which facts each row has, one a column. Not here: wording (`swedish/`), cells (`sheet.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from assets.watchlists.columns import Kind, ListColumn, ListTable, Value
from assets.watchlists.model import (
    Evidence,
    PupilRow,
    RuleExplanation,
    ThinRow,
    Watchlist,
)
from assets.watchlists.outline import lacks_data, rules_by_name
from assets.watchlists.swedish import decision_texts, rule_texts, texts, unseen_texts
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.pupil_sheets import WHO


@dataclass(frozen=True)
class UnseenRow:
    """A pupil about whom the data say too little.

    Attributes:
        pupil: whom no lesson shows, or for whom some rule can't be assessed; None for who has a
            thin timetable only.
        thin: the thin timetable.
    """

    pupil: PupilRow | None = None
    thin: ThinRow | None = None

    @property
    def person(self) -> PupilRow | ThinRow:
        """Whom it is about.

        Raises:
            ValueError: nobody.
        """
        person = self.pupil or self.thin
        if person is None:
            raise ValueError("a row about nobody")
        return person


def hardly_seen(watchlist: Watchlist) -> tuple[UnseenRow, ...]:
    """Every pupil about whom the data say too little, once: without lessons first."""
    thin = {row.pupil_key: row for row in watchlist.thin if row.pupil_key}
    unsure = [row for row in watchlist.insufficient if lacks_data(row) and not row.unseen]
    pupils = (*watchlist.unseen, *unsure)
    shown = {row.pupil_key for row in pupils}
    return (
        *(UnseenRow(row, thin.get(row.pupil_key)) for row in pupils),
        *(UnseenRow(thin=row) for row in watchlist.thin if row.pupil_key not in shown - {""}),
    )


def unseen_table(watchlist: Watchlist) -> ListTable[UnseenRow]:
    """Pupils without lessons, whom a rule can't assess, or with a thin timetable; a row each."""
    rules = rules_by_name(watchlist)

    def of_pupil(value: Callable[[PupilRow], Value]) -> Callable[[UnseenRow], Value]:
        return lambda row: value(row.pupil) if row.pupil else None

    def of_thin(value: Callable[[ThinRow], Value]) -> Callable[[UnseenRow], Value]:
        return lambda row: value(row.thin) if row.thin else None

    def who(column: ListColumn[PupilRow | ThinRow]) -> ListColumn[UnseenRow]:
        return ListColumn(
            column.heading, column.kind, column.width, lambda row: column.value(row.person)
        )

    columns = (
        *(who(column) for column in WHO),
        ListColumn[UnseenRow](
            w.H_NO_LESSONS, "brief", 10, of_pupil(lambda p: w.YES if p.unseen else "")
        ),
        ListColumn[UnseenRow](unseen_texts.H_SINCE, "date", 13, of_pupil(_on_roster_since)),
        ListColumn[UnseenRow](unseen_texts.H_LAST_LESSON, "date", 13, of_pupil(_last_lesson)),
        ListColumn[UnseenRow](
            h.over(h.H_COVERAGE, watchlist.two_months_days),
            "percent",
            12,
            of_pupil(lambda p: p.two_months.coverage),
        ),
        ListColumn[UnseenRow](
            w.H_THIN, "percent", 11, of_thin(lambda row: Fraction(row.percent, 100))
        ),
        ListColumn[UnseenRow](
            unseen_texts.H_FIRST_LESSON, "date", 13, of_thin(lambda row: row.first_date)
        ),
        ListColumn[UnseenRow](
            w.H_UNASSESSED, "word", 60, of_pupil(lambda p: _unassessed(p, rules))
        ),
        ListColumn[UnseenRow](
            w.H_NEXT,
            "word",
            60,
            of_pupil(lambda p: unseen_texts.next_step(p.unseen) if p.unseen else ""),
        ),
    )
    rows = hardly_seen(watchlist)
    return ListTable(columns, rows, texts.none_here(watchlist, texts.NO_INSUFFICIENT))


def _on_roster_since(pupil: PupilRow) -> date | None:
    return pupil.unseen.on_roster_since if pupil.unseen else None


def _last_lesson(pupil: PupilRow) -> date | None:
    return pupil.unseen.last_lesson if pupil.unseen else None


def _unassessed(pupil: PupilRow, rules: dict[str, RuleExplanation]) -> str:
    items = [item for item in pupil.evidence if item.reason != "no_lessons"]
    return rule_texts.insufficient_lines(rules, items, pupil.grade).replace("\n", " · ")


def unseen_line(watchlist: Watchlist) -> str:
    """What a reader does about pupils whom nobody sees, and whether some are not even here."""
    lines = [unseen_texts.UNSEEN_LINE] if watchlist.unseen else []
    if any(map(lacks_data, watchlist.insufficient)):
        lines.append(w.UNASSESSED_MEANING)
    if watchlist.thin:
        lines.append(unseen_texts.THIN_LINE)
    if watchlist.lost_rows:
        lines.append(unseen_texts.lost_line(watchlist))
    return " ".join(lines) or texts.DECISION


@dataclass(frozen=True)
class PupilVerdict:
    """One verdict about one pupil."""

    pupil: PupilRow
    item: Evidence


def evidence_table(watchlist: Watchlist) -> ListTable[PupilVerdict]:
    """Every verdict with the minutes behind it, a row each, so that it can be pivoted."""
    rules = rules_by_name(watchlist)
    questions = {q.value: words for q, words in decision_texts.QUESTIONS.items()}
    names = {name: rule_texts.rule_name(rule) for name, rule in rules.items()}
    asked = {name: questions[rule.level] for name, rule in rules.items()}
    steps = {name: Fraction(rule.threshold_pct) / 100 for name, rule in rules.items()}

    def who(column: ListColumn[PupilRow]) -> ListColumn[PupilVerdict]:
        return ListColumn(
            column.heading, column.kind, column.width, lambda row: column.value(row.pupil)
        )

    def of(
        heading: str, kind: Kind, width: float, value: Callable[[Evidence], Value]
    ) -> ListColumn[PupilVerdict]:
        return ListColumn(heading, kind, width, lambda row: value(row.item))

    columns = (
        *(who(column) for column in WHO),
        of(w.H_ASKED, "word", 22, lambda e: asked[e.rule]),
        of(w.H_LEADING, "word", 36, lambda e: names[e.rule]),
        of(w.H_BASIS_OF_RULE, "brief", 10, lambda e: w.BASES[e.basis]),
        of(w.H_FROM, "date", 12, lambda e: e.window_start),
        of(w.H_TO, "date", 12, lambda e: e.window_end),
        of(w.H_VERDICT, "word", 18, lambda e: w.VERDICTS[e.verdict]),
        of(w.H_BASIS, "brief", 10, lambda e: w.CERTAINTIES.get(e.certainty or "")),
        of(w.H_WHY, "word", 24, w.verdict_reason),
        of(w.H_MINUTES[0], "count", 12, lambda e: e.sums.scheduled_minutes),
        of(w.H_MINUTES[1], "count", 12, lambda e: e.sums.reported_minutes),
        of(w.H_MINUTES[2], "count", 10, lambda e: e.sums.valid_minutes),
        of(w.H_MINUTES[3], "count", 10, lambda e: e.sums.invalid_minutes),
        of(w.H_MINUTES[4], "count", 10, lambda e: e.sums.absent_minutes),
        of(h.H_DAYS, "count", 10, lambda e: e.sums.days),
        of(h.H_RATE, "percent", 9, lambda e: e.sums.rate),
        of(w.H_LEAST, "percent", 9, lambda e: e.sums.rate_lower),
        of(w.H_MOST, "percent", 9, lambda e: e.sums.rate_upper),
        of(w.H_STEP_SHARE, "percent", 9, lambda e: steps[e.rule]),
        # Compared with what was reported; where nothing was, there is nothing to compare.
        of(
            w.H_MARGIN_MINUTES,
            "minutes",
            11,
            lambda e: e.margin_minutes if e.sums.reported_minutes else None,
        ),
    )
    not_listed = (pupil for pupil in watchlist.insufficient if not pupil.level)
    rows = tuple(
        PupilVerdict(pupil, item)
        for pupil in (*watchlist.pupils, *not_listed)
        for item in pupil.evidence
    )
    return ListTable(columns, rows, texts.none_here(watchlist, w.NO_EVIDENCE))
