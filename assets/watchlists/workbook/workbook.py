"""Writes one school's list as an Excel workbook, for its rektor.

Here: which sheets there are, and in which order. Not here: what stands on each (`*_sheet.py`,
`*_sheets.py`), how a cell is made safe (`sheet.py`) and looks (`style.py`), publishing the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from assets.watchlists.columns import ListTable, RowT
from assets.watchlists.curves import counted_weeks
from assets.watchlists.mentor_loads import mentor_table
from assets.watchlists.model import Watchlist
from assets.watchlists.swedish import change_texts, risk_texts, texts, year_texts
from assets.watchlists.swedish import mentor_texts as m
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.swedish.evidence_texts import unreported_table
from assets.watchlists.workbook.book import ListBook
from assets.watchlists.workbook.data_sheets import (
    evidence_table,
    unseen_line,
    unseen_table,
)
from assets.watchlists.workbook.method_sheet import fill_method
from assets.watchlists.workbook.overview_sheet import fill_overview
from assets.watchlists.workbook.print_sheet import fill_print
from assets.watchlists.workbook.pupil_sheets import gone_table, pupil_table, risk_table
from assets.watchlists.workbook.weeks_sheet import school_chart, school_weeks_table, weeks_table

_AddSheet = Callable[[ListBook], int | None]  # gives the rows of its table, if it has one


def write_workbook(watchlist: Watchlist, path: Path) -> None:
    """Write the workbook of `watchlist` to exactly `path`, replacing what is there.

    Not atomic: the caller writes beside the published file and renames.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    book = ListBook(watchlist)
    overview = book.add_sheet(w.OVERVIEW)
    contents = [(name, add(book)) for name, add in _sheets(watchlist)]
    fill_overview(overview, watchlist, contents)
    weeks = counted_weeks(watchlist)
    if weeks:
        words = year_texts.school_curves(weeks)
        book.draw_beside(overview, school_chart(len(weeks)), words)
    book.save(path)


def _sheets(watchlist: Watchlist) -> Iterator[tuple[str, _AddSheet]]:
    """The sheets after the first one, in their order."""
    title = texts.full_title(watchlist)
    yield w.PUPILS, _with_table(w.PUPILS, title, w.pupils_line(watchlist), pupil_table(watchlist))
    if watchlist.compared_with:
        heading = change_texts.cleared_heading(watchlist)
        line, table = change_texts.CLEARED_LINE, gone_table(watchlist)
        yield w.GONE, _with_table(w.GONE, heading, line, table)
    unseen, line = unseen_table(watchlist), unseen_line(watchlist)
    yield w.UNSEEN, _with_table(w.UNSEEN, w.UNSEEN, line, unseen)
    unreported, line = unreported_table(watchlist), texts.INSUFFICIENT_LINE
    yield w.UNREPORTED, _with_table(w.UNREPORTED, w.UNREPORTED, line, unreported)
    if watchlist.at_risk:
        line = f"{risk_texts.section_line(watchlist)} {w.RISK_ROUNDED}"
        yield w.RISK, _with_table(w.RISK, w.RISK, line, risk_table(watchlist))
    weeks = weeks_table(watchlist)
    if weeks.rows:
        yield w.WEEKS, _with_table(w.WEEKS, w.WEEKS, w.WEEKS_LINE, weeks)
    of_school = school_weeks_table(watchlist)
    if of_school.rows:
        line = w.SCHOOL_WEEKS_LINE
        yield w.SCHOOL_WEEKS, _with_table(w.SCHOOL_WEEKS, w.SCHOOL_WEEKS, line, of_school)
    mentors = mentor_table(watchlist)
    yield m.MENTORS, _with_table(m.MENTORS, m.MENTORS, m.MENTORS_LINE, mentors)
    yield w.PRINT, lambda book: _add_print(book, watchlist)
    evidence = evidence_table(watchlist)
    yield w.EVIDENCE, _with_table(w.EVIDENCE, w.EVIDENCE, w.EVIDENCE_LINE, evidence)
    yield w.METHOD, lambda book: fill_method(book.add_sheet(w.METHOD), watchlist)


def _with_table(name: str, title: str, line: str, table: ListTable[RowT]) -> _AddSheet:
    def add(book: ListBook) -> int:
        book.add_table_sheet(name, title, line, table)
        return len(table.rows)

    return add


def _add_print(book: ListBook, watchlist: Watchlist) -> None:
    sheet, heading = book.add_sheet(w.PRINT), texts.full_title(watchlist)
    fill_print(sheet, watchlist, watchlist.pupils, heading, "rektor")
