"""The sheets of the school year: each pupil's weeks, and what the school's own lists counted.

Here: which numbers stand in a row, and the chart that the first sheet has of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from openpyxl.chart import LineChart, Reference
from openpyxl.chart.legend import Legend
from openpyxl.drawing.text import CharacterProperties
from openpyxl.utils import quote_sheetname

from assets.watchlists.columns import ListColumn, ListTable, Value
from assets.watchlists.curves import CountedWeek, counted_weeks
from assets.watchlists.decisions import Question, by_persistence
from assets.watchlists.model import PupilRow, ToldWeek, Watchlist
from assets.watchlists.release.week_states import sunday_of
from assets.watchlists.swedish import decision_texts, mentor_texts, texts, year_texts
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.book import HEADING_ROW
from assets.watchlists.workbook.pupil_sheets import WHO

_CHART_WIDTH, _CHART_HEIGHT = 9, 9  # cm: beside the first sheet's table on a screen of 1366 pixels
_LINES = (("1D3F5E", "solid"), ("6A4300", "dash"), ("7A1B12", "sysDot"))
_TITLE_SIZE = 1100  # hundredths of a point
_LINE_WIDTH = 22_000  # in 12,700ths of a point


def weeks_table(watchlist: Watchlist) -> ListTable[PupilRow]:
    """Every listed pupil's share of absence in each week of the school year; empty for no lesson.

    Without rows where no pupil has a week.
    """
    rows = tuple(pupil for group in by_persistence(watchlist) for pupil in group.pupils)
    known = {id(pupil): _shares(pupil) for pupil in rows}
    mondays = sorted({monday for shares in known.values() for monday in shares})

    def share(monday: date) -> Callable[[PupilRow], Value]:
        return lambda pupil: known[id(pupil)].get(monday)

    columns: tuple[ListColumn[PupilRow], ...] = (
        *WHO,
        *(
            ListColumn[PupilRow](f"v. {monday.isocalendar().week}", "percent", 8.5, share(monday))
            for monday in mondays
        ),
    )
    return ListTable(columns, rows if mondays else (), texts.nobody_listed(watchlist))


def _shares(pupil: PupilRow) -> dict[date, Fraction | None]:
    year = pupil.year_weeks
    if year is None:
        return {}
    return {year.first_monday + timedelta(weeks=n): share for n, share in enumerate(year.shares)}


def school_weeks_table(watchlist: Watchlist) -> ListTable[CountedWeek]:
    """What each list of the school year counted; a week without a list is a row without numbers.

    The weeks and the three questions come first: `school_chart` points to them.
    """

    def asked(question: Question) -> ListColumn[CountedWeek]:
        heading = decision_texts.QUESTIONS[question]
        return ListColumn(heading, "count", 14, lambda week: week.asked(question))

    def told(value: Callable[[ToldWeek], Value]) -> Callable[[CountedWeek], Value]:
        return lambda week: value(week.told) if week.told else None

    columns: tuple[ListColumn[CountedWeek], ...] = (
        ListColumn(w.H_WEEK, "name", 10, lambda week: year_texts.short_week(week.iso_week)),
        *(asked(question) for question in Question),
        ListColumn(mentor_texts.H_ON_LIST, "count", 12, told(lambda week: week.listed)),
        ListColumn(w.H_EVALUATED, "count", 12, told(lambda week: week.pupils_evaluated)),
        ListColumn(w.H_SHARE, "percent", 12, told(_share_listed)),
        ListColumn(w.H_SUNDAY, "date", 13, lambda week: sunday_of(week.iso_week)),
    )
    return ListTable(columns, counted_weeks(watchlist), "")


def _share_listed(week: ToldWeek) -> Fraction | None:
    return Fraction(week.listed, week.pupils_evaluated) if week.pupils_evaluated else None


def school_chart(weeks: int) -> LineChart:
    """Return a chart of the three questions that points to the numbers of `school_weeks_table`.

    Where a week has no list, its lines break. They differ in dashes, so that they are told apart in
    black and white too.

    Args:
        weeks: how many there are.
    """
    chart = LineChart()
    chart.title = w.CHART_TITLE
    title: Any = chart.title  # openpyxl makes a title of parts of a text
    for paragraph in title.tx.rich.p:
        for part in paragraph.r:
            part.rPr = CharacterProperties(sz=_TITLE_SIZE, b=True)
    chart.width, chart.height = _CHART_WIDTH, _CHART_HEIGHT
    chart.legend = Legend(legendPos="b")
    chart.display_blanks = "gap"
    sheet, last = quote_sheetname(w.SCHOOL_WEEKS), HEADING_ROW + weeks
    numbers = f"{sheet}!$B${HEADING_ROW}:${'ABCD'[len(Question)]}${last}"
    chart.add_data(Reference(range_string=numbers), titles_from_data=True)
    chart.set_categories(Reference(range_string=f"{sheet}!$A${HEADING_ROW + 1}:$A${last}"))
    for series, (color, dash) in zip(chart.series, _LINES, strict=True):
        line = series.graphicalProperties.line
        line.solidFill, line.dashStyle, line.width = color, dash, _LINE_WIDTH
        series.smooth = False
        # A week between two gaps is a point and no line.
        series.marker.symbol, series.marker.size = "circle", 3
        series.marker.graphicalProperties.solidFill = color
        series.marker.graphicalProperties.line.solidFill = color
    for axis in (chart.x_axis, chart.y_axis):
        # Else newer versions of Excel leave the axis out.
        axis.delete = False
    chart.y_axis.scaling.min = 0
    chart.y_axis.number_format = "0"
    return chart
