"""The sheets of the school year: each pupil's weeks, and what the school's own lists counted.

Here: which numbers stand in a row. Not here: the drawing on the first sheet (`chart.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from assets.watchlists.curves import CountedWeek, counted_weeks
from assets.watchlists.decisions import Question, by_persistence
from assets.watchlists.model import PupilRow, ToldWeek, Watchlist
from assets.watchlists.release.week_states import sunday_of
from assets.watchlists.swedish import decision_texts, texts, year_texts
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.pupil_sheets import WHO
from assets.watchlists.workbook.sheet import CellValue, SheetColumn, SheetTable


def weeks_table(watchlist: Watchlist) -> SheetTable[PupilRow]:
    """Every listed pupil's share of absence in each week of the school year; empty for no lesson.

    Without rows where no pupil has a week.
    """
    rows = tuple(pupil for group in by_persistence(watchlist) for pupil in group.pupils)
    known = {id(pupil): _shares(pupil) for pupil in rows}
    mondays = sorted({monday for shares in known.values() for monday in shares})

    def share(monday: date) -> Callable[[PupilRow], CellValue]:
        return lambda pupil: known[id(pupil)].get(monday)

    columns = (
        *WHO,
        *(
            SheetColumn[PupilRow](f"v. {monday.isocalendar().week}", "percent", 8.5, share(monday))
            for monday in mondays
        ),
    )
    return SheetTable(columns, rows if mondays else (), texts.nobody_listed(watchlist))


def _shares(pupil: PupilRow) -> dict[date, Fraction | None]:
    year = pupil.year_weeks
    if year is None:
        return {}
    return {year.first_monday + timedelta(weeks=n): share for n, share in enumerate(year.shares)}


def school_weeks_table(watchlist: Watchlist) -> SheetTable[CountedWeek]:
    """What each list of the school year counted; a week without a list is a row without numbers.

    The weeks and the three questions come first: the chart of the first sheet points to them.
    """

    def asked(question: Question) -> SheetColumn[CountedWeek]:
        heading = decision_texts.QUESTIONS[question]
        return SheetColumn(heading, "count", 14, lambda week: week.asked(question))

    def told(value: Callable[[ToldWeek], CellValue]) -> Callable[[CountedWeek], CellValue]:
        return lambda week: value(week.told) if week.told else None

    columns: tuple[SheetColumn[CountedWeek], ...] = (
        SheetColumn(w.H_WEEK, "name", 10, lambda week: year_texts.short_week(week.iso_week)),
        *(asked(question) for question in Question),
        SheetColumn(w.H_ON_LIST, "count", 12, told(lambda week: week.listed)),
        SheetColumn(w.H_EVALUATED, "count", 12, told(lambda week: week.pupils_evaluated)),
        SheetColumn(w.H_SHARE, "percent", 12, told(_share_listed)),
        SheetColumn(w.H_SUNDAY, "date", 13, lambda week: sunday_of(week.iso_week)),
    )
    return SheetTable(columns, counted_weeks(watchlist), "")


def _share_listed(week: ToldWeek) -> Fraction | None:
    return Fraction(week.listed, week.pupils_evaluated) if week.pupils_evaluated else None
