"""Writes one school's list as an Excel workbook.

Here: which sheets there are and what stands on each. Not here: how a cell is made safe and looks
(`workbook_style.py`), the columns (`outline.py`, `grounds.py`), publishing the file.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists import change_texts, grounds, outline, risk_texts, texts
from assets.watchlists import headings as h
from assets.watchlists.model import Watchlist
from assets.watchlists.outline import RowT, Table
from assets.watchlists.safe_text import sheet_names
from assets.watchlists.workbook_front import fill_method, fill_summary
from assets.watchlists.workbook_style import (
    add_styles,
    keep_headings,
    put,
    put_table,
    put_title,
    set_up_print,
    set_widths,
)

_HEADING_ROW = 3  # under the title and the line that says what to do


def write_workbook(watchlist: Watchlist, path: Path) -> None:
    """Write the workbook of `watchlist` to exactly `path`, replacing what is there.

    Not atomic: the caller writes beside the published file and renames.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    book = Workbook()
    add_styles(book)
    fill_summary(book.worksheets[0], watchlist)
    principal = outline.principal_table(watchlist)
    _add_table_sheet(
        book, h.PRINCIPAL, texts.full_title(watchlist), outline.principal_line(watchlist), principal
    )
    if outline.is_compared(watchlist):
        gone = outline.cleared_table(watchlist, watchlist.cleared)
        heading = change_texts.cleared_heading(watchlist)
        _add_table_sheet(book, h.CLEARED, heading, change_texts.CLEARED_LINE, gone)
    _add_mentor_sheets(book, watchlist)
    shortfall = grounds.shortfall_table(watchlist)
    _add_table_sheet(
        book, h.INSUFFICIENT, h.INSUFFICIENT, grounds.insufficient_line(watchlist), shortfall
    )
    if watchlist.at_risk:
        risk = risk_texts.at_risk_table(watchlist)
        line = risk_texts.section_line(watchlist)
        _add_table_sheet(book, risk_texts.SECTION, risk_texts.SECTION, line, risk)
        put(book.worksheets[-1], len(risk.rows) + 5, 1, risk_texts.MEANING, "lista stilla")
    fill_method(book.create_sheet(h.METHOD), watchlist)
    for sheet in book.worksheets:
        pages_high = 1 if sheet.title == h.SUMMARY else 0
        set_up_print(sheet, texts.print_header(watchlist), pages_high)
    _describe(book, watchlist)
    book.save(path)


def _describe(book: Workbook, watchlist: Watchlist) -> None:
    # The file's properties travel further than its content: no person is named in them.
    book.properties.title = f"{texts.LIST_NAME} {texts.print_header(watchlist)}"
    book.properties.creator = texts.PRODUCER
    book.properties.language = "sv-SE"
    book.properties.created = watchlist.created_at.astimezone(UTC).replace(tzinfo=None)


def _add_table_sheet(
    book: Workbook, name: str, title: str, line: str, table: Table[RowT]
) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    put_title(sheet, title, line)
    last_row = put_table(sheet, table, _HEADING_ROW)
    set_widths(sheet, [column.width for column in table.columns])
    names_at = [column.kind for column in table.columns].index("name")
    keep_headings(sheet, _HEADING_ROW, names_at + 1)
    sheet.auto_filter.ref = f"A{_HEADING_ROW}:{get_column_letter(len(table.columns))}{last_row}"
    return sheet


def _add_mentor_sheets(book: Workbook, watchlist: Watchlist) -> None:
    parts = outline.mentor_parts(watchlist)
    taken = [h.SUMMARY, h.PRINCIPAL, h.CLEARED, h.INSUFFICIENT, risk_texts.SECTION, h.METHOD]
    wanted = [part.mentor or h.NO_MENTOR for part in parts]
    for name, part in zip(sheet_names(wanted, taken, h.MENTOR_FALLBACK), parts, strict=True):
        line = outline.mentor_line(part)
        table = outline.mentor_table(watchlist, part)
        sheet = _add_table_sheet(book, name, texts.mentor_heading(part.mentor), line, table)
        if part.cleared:
            _add_cleared(sheet, watchlist, part)


def _add_cleared(sheet: Worksheet, watchlist: Watchlist, part: outline.MentorPart) -> None:
    row = sheet.max_row + 2
    put(sheet, row, 1, change_texts.cleared_heading(watchlist), "lista avsnitt")
    for gone in part.cleared:
        row += 1
        put(sheet, row, 1, outline.full_name(gone), "lista rad")
        # The last filled cell of the row, so that the sentence has the room to its right.
        put(sheet, row, 3, change_texts.why_cleared(gone), "lista rad")
