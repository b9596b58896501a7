"""Writes one school's list as an Excel workbook.

Here: which sheets there are and what stands on each. Not here: how a cell is made safe
(`workbook_sheet.py`) and looks (`workbook_style.py`), the columns (`outline.py`, `grounds.py`),
publishing the file.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from openpyxl import Workbook

from assets.watchlists import change_texts, grounds, outline, risk_texts, texts
from assets.watchlists import headings as h
from assets.watchlists.model import Watchlist
from assets.watchlists.outline import ListTable, RowT
from assets.watchlists.safe_text import sheet_names
from assets.watchlists.workbook_file import save
from assets.watchlists.workbook_front import fill_method, fill_summary
from assets.watchlists.workbook_sheet import ListSheet
from assets.watchlists.workbook_style import add_styles

_HEADING_ROW = 3  # under the title and the line that says what to do


def write_workbook(watchlist: Watchlist, path: Path) -> None:
    """Write the workbook of `watchlist` to exactly `path`, replacing what is there.

    Not atomic: the caller writes beside the published file and renames.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    book = _Book(watchlist)
    fill_summary(book.add_sheet(h.SUMMARY, pages_high=1), watchlist)
    principal = outline.principal_table(watchlist)
    book.add_table_sheet(
        h.PRINCIPAL, texts.full_title(watchlist), outline.principal_line(watchlist), principal
    )
    if outline.is_compared(watchlist):
        gone = outline.cleared_table(watchlist, watchlist.cleared)
        heading = change_texts.cleared_heading(watchlist)
        book.add_table_sheet(h.CLEARED, heading, change_texts.CLEARED_LINE, gone)
    _add_mentor_sheets(book, watchlist)
    shortfall = grounds.shortfall_table(watchlist)
    book.add_table_sheet(
        h.INSUFFICIENT, h.INSUFFICIENT, grounds.insufficient_line(watchlist), shortfall
    )
    if watchlist.at_risk:
        risk = risk_texts.at_risk_table(watchlist)
        line = risk_texts.section_line(watchlist)
        sheet = book.add_table_sheet(risk_texts.SECTION, risk_texts.SECTION, line, risk)
        sheet.put(len(risk.rows) + 5, 1, risk_texts.MEANING, "lista stilla")
    fill_method(book.add_sheet(h.METHOD), watchlist)
    book.save(path)


class _Book:
    """The workbook of a list; its sheets come in the order in which they are added."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._header = texts.print_header(watchlist)
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._styles = add_styles(self._book)
        # The file's properties travel further than its content: no person is named in them.
        properties = self._book.properties
        properties.title = f"{texts.LIST_NAME} {self._header}"
        properties.creator = texts.PRODUCER
        properties.language = "sv-SE"
        properties.created = watchlist.created_at.astimezone(UTC).replace(tzinfo=None)

    def add_sheet(self, name: str, pages_high: int = 0) -> ListSheet:
        """Add an empty sheet that prints on at most so many pages; 0 is as many as needed."""
        sheet = ListSheet(self._book.create_sheet(name), self._styles)
        sheet.set_up_print(self._header, pages_high)
        return sheet

    def add_table_sheet(
        self, name: str, title: str, line: str, table: ListTable[RowT]
    ) -> ListSheet:
        """Add a sheet with a table that can be filtered."""
        sheet = self.add_sheet(name)
        sheet.put_title(title, line)
        last_row = sheet.put_table(table, _HEADING_ROW)
        sheet.set_widths(column.width for column in table.columns)
        names_at = [column.kind for column in table.columns].index("name")
        sheet.keep_headings(_HEADING_ROW, names_at + 1)
        sheet.filter_table(_HEADING_ROW, len(table.columns), last_row)
        return sheet

    def save(self, path: Path) -> None:
        """Write the file."""
        save(self._book, path)


def _add_mentor_sheets(book: _Book, watchlist: Watchlist) -> None:
    parts = outline.mentor_parts(watchlist)
    taken = [h.SUMMARY, h.PRINCIPAL, h.CLEARED, h.INSUFFICIENT, risk_texts.SECTION, h.METHOD]
    wanted = [part.mentor or h.NO_MENTOR for part in parts]
    for name, part in zip(sheet_names(wanted, taken, h.MENTOR_FALLBACK), parts, strict=True):
        line = outline.mentor_line(part)
        table = outline.mentor_table(watchlist, part)
        sheet = book.add_table_sheet(name, texts.mentor_heading(part.mentor), line, table)
        if part.cleared:
            _add_cleared(sheet, watchlist, part)


def _add_cleared(sheet: ListSheet, watchlist: Watchlist, part: outline.MentorPart) -> None:
    row = sheet.last_row + 2
    sheet.put(row, 1, change_texts.cleared_heading(watchlist), "lista avsnitt")
    for gone in part.cleared:
        row += 1
        sheet.put(row, 1, outline.full_name(gone), "lista rad")
        # The last filled cell of the row, so that the sentence has the room to its right.
        sheet.put(row, 3, change_texts.why_cleared(gone), "lista rad")
