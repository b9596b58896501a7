"""Writes one school's list as an Excel workbook.

Here: which sheets there are, what stands on each, and the file. Not here: how a cell is made safe
(`workbook/sheet.py`) and looks (`workbook/style.py`), the columns (`outline.py`,
`swedish/evidence_texts.py`), publishing the file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from assets.watchlists import mentor_tables, outline
from assets.watchlists.model import Mentor, Watchlist
from assets.watchlists.outline import ListTable, RowT
from assets.watchlists.swedish import (
    change_texts,
    evidence_texts,
    mentor_texts,
    risk_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.swedish import headings as h
from assets.watchlists.workbook.sheet import ListSheet
from assets.watchlists.workbook.style import add_styles

# openpyxl writes XML with lxml where it finds it, so lxml is installed and nobody imports it.

# A workbook becomes one file. openpyxl would first write each sheet to a file of its own in the
# machine's folder for temporary files, with every name in clear; on a slow disk that costs as much
# time as the cells.


class _OneFileWriter(ExcelWriter):
    """openpyxl's writer, with its sheets in memory; they have no drawings and no links."""

    def __init__(self, book: Workbook, archive: ZipFile) -> None:
        super().__init__(book, archive)
        self._file = archive

    def write_worksheet(self, ws: Worksheet) -> None:
        """Write one sheet into the file."""
        writer = WorksheetWriter(ws, BytesIO())
        writer.write()
        self._file.writestr(ws.path.removeprefix("/"), writer.read())
        self.manifest.append(ws)


def save(book: Workbook, path: Path) -> None:
    """Write `book` to exactly `path`, replacing what is there.

    Raises:
        OSError: the file cannot be written.
    """
    book.properties.modified = datetime.now(UTC).replace(tzinfo=None)
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        _OneFileWriter(book, archive).save()


# The first and the last sheet of a workbook: the summary, and how everything is counted. Here:
# what stands where on those two sheets.

_SUMMARY_WIDTHS: list[float] = [26, 34, 96]
_PLAIN_HEADING = 20  # points: a heading row of one line
_COUNT_HEIGHT = 20  # points: a number in large type


def fill_summary(sheet: ListSheet, watchlist: Watchlist) -> None:
    """Write the sheet that says in ten seconds what this is and whom to look at first.

    The number of protected pupils stands here and on no other sheet.
    """
    sheet.put_title(texts.full_title(watchlist), texts.what_it_is(watchlist))
    sheet.put(3, 1, texts.DECISION, "lista viktig")
    sheet.put(4, 1, texts.DECISION_LONG, "lista stilla")
    row = 6
    for notice in watchlist.notices:
        sheet.put_wide(row, _SUMMARY_WIDTHS, notice, "lista notis")
        row += 1
    row = _put_counts(sheet, watchlist, row + bool(watchlist.notices)) + 2
    if outline.is_compared(watchlist):
        sheet.put_wide(row, _SUMMARY_WIDTHS, change_texts.summary(watchlist), "lista text")
        row += 2
    row = _put_look_first(sheet, watchlist, row) + 2
    _put_about(sheet, watchlist, row)
    sheet.set_widths(_SUMMARY_WIDTHS)


def _put_counts(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    for column, name in enumerate(h.SUMMARY_HEADINGS, start=1):
        sheet.put(row, column, name, "lista rubrik mitt" if column == 2 else "lista rubrik")
    sheet.set_height(row, _PLAIN_HEADING)
    for level, count in outline.level_counts(watchlist).items():
        row += 1
        sheet.put_level(row, 1, level)
        sheet.put(row, 2, texts.counted(watchlist, count), "lista tal")
        sheet.put(row, 3, texts.LEVEL_MEANINGS[level], "lista text")
        sheet.set_height(row, _COUNT_HEIGHT)
    for name, count, meaning in (
        (texts.LEVELS[0], len(watchlist.insufficient), texts.INSUFFICIENT_MEANING),
        (h.PROTECTED, watchlist.protected_pupils, texts.PROTECTED_MEANING),
    ):
        row += 1
        sheet.put(row, 1, name, "lista nivå 0")
        sheet.put(row, 2, texts.counted(watchlist, count), "lista tal")
        sheet.put(row, 3, meaning, "lista text")
        sheet.fit_height(row, [(meaning, _SUMMARY_WIDTHS[2])], _COUNT_HEIGHT)
    return row


def _put_look_first(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    sheet.put(row, 1, texts.look_first_heading(outline.is_compared(watchlist)), "lista avsnitt")
    if not watchlist.pupils:
        sheet.put(row + 1, 1, texts.nobody_listed(watchlist), "lista rad")
        return row + 1
    pupils, more = outline.look_first(watchlist)
    if not pupils:
        sheet.put(row + 1, 1, texts.LOOK_FIRST_NONE, "lista rad")
        return row + 1
    for pupil in pupils:
        row += 1
        sheet.put_level(row, 1, pupil.level)
        name, brief = outline.full_name(pupil), outline.in_brief(pupil, watchlist)
        sheet.put(row, 2, name, "lista namn")
        sheet.put(row, 3, brief, "lista text")
        sheet.fit_height(row, zip((name, brief), _SUMMARY_WIDTHS[1:], strict=True))
    if more:
        row += 1
        sheet.put(row, 2, texts.more_pupils(more), "lista stilla")
    return row


def _put_about(sheet: ListSheet, watchlist: Watchlist, row: int) -> None:
    sheet.put(row, 1, h.ABOUT, "lista avsnitt")
    for name, value in outline.about(watchlist):
        row += 1
        sheet.put(row, 1, name, "lista stilla")
        sheet.put(row, 2, value, "lista uppgift" if isinstance(value, str) else "lista dag")
    sheet.put(row + 2, 1, texts.CARE, "lista stilla")


def fill_method(sheet: ListSheet, watchlist: Watchlist) -> None:
    """Write the sheet that explains the rules, the terms and the values, with their sources."""
    sheet.put_title(h.METHOD, texts.METHOD_LINE)
    rules = evidence_texts.rule_table(watchlist)
    row = sheet.put_table(rules, 3, _PLAIN_HEADING) + 2
    sheet.put(row, 1, h.DEFINITIONS, "lista avsnitt")
    for term, meaning in h.terms(watchlist.one_month_days, watchlist.two_months_days):
        row += 1
        sheet.put(row, 1, term, "lista viktig")
        sheet.put(row, 2, meaning, "lista rad")
    row += 2
    sheet.put(row, 1, h.PARAMETERS, "lista avsnitt")
    values = evidence_texts.parameter_table(watchlist)
    last_row = sheet.put_table(values, row + 1, _PLAIN_HEADING)
    # The sources have the room of all columns that the rules have to the right of the values.
    for number in range(row + 1, last_row + 1):
        sheet.widen(number, len(values.columns), len(rules.columns))
    sheet.set_widths([column.width for column in rules.columns])
    sheet.keep_headings(2)


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
    mentors = mentor_tables.overview_table(watchlist)
    book.add_table_sheet(
        mentor_texts.OVERVIEW, mentor_texts.OVERVIEW, mentor_texts.OVERVIEW_LINE, mentors
    )
    shortfall = evidence_texts.shortfall_table(watchlist)
    book.add_table_sheet(
        h.INSUFFICIENT, h.INSUFFICIENT, evidence_texts.insufficient_line(watchlist), shortfall
    )
    if watchlist.at_risk:
        risk = risk_texts.at_risk_table(watchlist)
        line = risk_texts.section_line(watchlist)
        sheet = book.add_table_sheet(risk_texts.SECTION, risk_texts.SECTION, line, risk)
        sheet.put(len(risk.rows) + 5, 1, risk_texts.MEANING, "lista stilla")
    fill_method(book.add_sheet(h.METHOD), watchlist)
    book.save(path)


# What the cells of a mentor's workbook look like: a few tables of text, counts and days.
_MENTOR_STYLES = frozenset(
    f"lista {name}"
    for name in ("titel", "rad", "rubrik", "rubrik mitt", "text", "namn", "kort", "procent")
) | {"lista antal", "lista datum"}


class _Book:
    """The workbook of a list; its sheets come in the order in which they are added."""

    def __init__(self, watchlist: Watchlist, *, is_portrait: bool = False) -> None:
        self._is_portrait = is_portrait
        self._header = texts.print_header(watchlist)
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._styles = add_styles(self._book, _MENTOR_STYLES if is_portrait else ())
        # The file's properties travel further than its content: no person is named in them.
        properties = self._book.properties
        properties.title = f"{texts.LIST_NAME} {self._header}"
        properties.creator = texts.PRODUCER
        properties.language = "sv-SE"
        properties.created = watchlist.created_at.astimezone(UTC).replace(tzinfo=None)

    def add_sheet(self, name: str, pages_high: int = 0) -> ListSheet:
        """Add an empty sheet that prints on at most so many pages; 0 is as many as needed."""
        sheet = ListSheet(self._book.create_sheet(name), self._styles)
        sheet.set_up_print(self._header, pages_high, is_portrait=self._is_portrait)
        return sheet

    def add_table_sheet(
        self, name: str, title: str, line: str, table: ListTable[RowT]
    ) -> ListSheet:
        """Add a sheet with a table that can be filtered."""
        sheet = self.add_sheet(name)
        widths = [column.width for column in table.columns]
        sheet.put_title(title, line)
        if self._is_portrait:  # a sentence that runs on to the right would run off the paper
            sheet.put_wide(2, widths, line, "lista text")
        last_row = sheet.put_table(table, _HEADING_ROW)
        sheet.set_widths(widths)
        names_at = [column.kind for column in table.columns].index("name")
        sheet.keep_headings(_HEADING_ROW, names_at + 1)
        sheet.filter_table(_HEADING_ROW, len(table.columns), last_row)
        return sheet

    def save(self, path: Path) -> None:
        """Write the file."""
        save(self._book, path)


def write_mentor_workbook(watchlist: Watchlist, mentor: Mentor, path: Path) -> None:
    """Write a mentor's own workbook to exactly `path`, replacing what is there.

    It prints on A4 in portrait at full size: a sheet of the mentor's pupils, and one for each of
    the other parts that holds something.

    Args:
        watchlist: what `watchlist_of_mentor` gave.
        mentor: whose list it is.
        path: of the file.

    Raises:
        OSError: the file cannot be written.
    """
    book = _Book(watchlist, is_portrait=True)
    pupils = mentor_tables.pupil_table(watchlist)
    line = mentor_tables.first_line(watchlist, mentor)
    book.add_table_sheet(mentor_texts.PUPILS, texts.title(watchlist), line, pupils)
    if watchlist.cleared:
        gone = mentor_tables.cleared_table(watchlist)
        heading = change_texts.cleared_heading(watchlist)
        book.add_table_sheet(h.CLEARED, heading, change_texts.CLEARED_LINE, gone)
    if watchlist.at_risk:
        risk = mentor_tables.at_risk_table(watchlist)
        line = risk_texts.section_line(watchlist)
        book.add_table_sheet(risk_texts.SECTION, risk_texts.SECTION, line, risk)
    if watchlist.thin:
        thin = mentor_tables.thin_table(watchlist)
        book.add_table_sheet(
            unseen_texts.THIN, unseen_texts.THIN, unseen_texts.thin_line(watchlist), thin
        )
    if watchlist.unreported:
        lessons = mentor_tables.unreported_table(watchlist)
        book.add_table_sheet(h.UNREPORTED, h.UNREPORTED, mentor_texts.UNREPORTED_LINE, lessons)
    book.save(path)
