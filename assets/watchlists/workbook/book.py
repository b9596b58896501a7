"""The workbook as a file: its sheets in their order, its properties, and how it is saved.

Not here: what stands on the sheets (`workbook.py`), how a value gets into a cell (`sheet.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.chart import LineChart
from openpyxl.drawing.graphic import GraphicFrame
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.packaging.extended import ExtendedProperties
from openpyxl.styles.stylesheet import write_stylesheet
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook._writer import WorkbookWriter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import ColumnDimension, DimensionHolder, SheetDimension
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.writer.theme import theme_xml
from openpyxl.xml.constants import (
    ARC_APP,
    ARC_CORE,
    ARC_ROOT_RELS,
    ARC_STYLE,
    ARC_THEME,
    ARC_WORKBOOK,
    ARC_WORKBOOK_RELS,
    SHEET_MAIN_NS,
)
from openpyxl.xml.functions import fromstring, tostring

from assets.watchlists.columns import ListTable, RowT
from assets.watchlists.model import Watchlist
from assets.watchlists.swedish import texts
from assets.watchlists.workbook.sheet import ListSheet, Orientation
from assets.watchlists.workbook.style import StyleNumbers, add_styles

HEADING_ROW = 3  # of a table's own sheet: under the title and the line that says what to do


class TableBook:
    """A workbook of tables; its sheets come in the order in which they are added.

    Args:
        title: what it is, in the file's properties.
        header: what every printed page says.
        created: when its content was made.
        orientation: how its sheets print. Upright, no letter is smaller than 10 points.
    """

    def __init__(
        self, title: str, header: str, created: datetime, orientation: Orientation = "landscape"
    ) -> None:
        self._header = header
        self._orientation: Orientation = orientation
        self._book = _Book()
        self._book.remove(self._book.worksheets[0])
        self._styles = _look().numbers
        self._sheets: dict[str, ListSheet] = {}
        # The file's properties travel further than its content: no person is named in them.
        properties = self._book.properties
        properties.title = title
        properties.creator = texts.PRODUCER
        properties.language = "sv-SE"
        properties.created = created.astimezone(UTC).replace(tzinfo=None)

    def add_sheet(self, name: str) -> ListSheet:
        """Add an empty sheet; `name` is one of ours, never a text from the data."""
        sheet = self._book.create_sheet(name)
        added = ListSheet(sheet, self._styles)
        added.set_up_print(self._header, self._orientation)
        self._sheets[name] = added
        return added

    def add_table_sheet(
        self, name: str, title: str, line: str, table: ListTable[RowT]
    ) -> ListSheet:
        """Add a sheet with one table that can be sorted and filtered."""
        sheet = self.add_sheet(name)
        widths = [column.width for column in table.columns]
        sheet.put_title(title, line, widths)
        last_row = sheet.put_table(table, HEADING_ROW)
        sheet.set_widths(widths)
        sheet.keep_headings(HEADING_ROW, 1)
        if table.rows:
            sheet.print_side_by_side(widths)
            sheet.filter_table(HEADING_ROW, len(table.columns), last_row)
        return sheet

    def draw_beside(self, sheet: ListSheet, chart: LineChart, words: str) -> None:
        """Draw a chart beside what stands on a sheet, which stays as wide on paper as it is.

        Args:
            sheet: the sheet.
            chart: of numbers on any sheet of the workbook.
            words: what it shows, for those who don't see it.
        """
        first, last = sheet.dimension().split(":")
        beside = get_column_letter(coordinate_to_tuple(last)[1] + 1)
        sheet.draw(chart, f"{beside}{HEADING_ROW}", words, f"{first}:{last}")

    def save(self, path: Path | IO[bytes]) -> None:
        """Write the workbook to exactly `path`, replacing what is there, or into an open file.

        Raises:
            OSError: the file cannot be written.
        """
        self._book.properties.modified = datetime.now(UTC).replace(tzinfo=None)
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            _OneFileWriter(self._book, archive, self._sheets).save()


class ListBook(TableBook):
    """The workbook of a list.

    Args:
        watchlist: the list.
        orientation: how its sheets print.
    """

    def __init__(self, watchlist: Watchlist, orientation: Orientation = "landscape") -> None:
        header = texts.print_header(watchlist)
        title = f"{texts.LIST_NAME} {header}"
        super().__init__(title, header, watchlist.created_at, orientation)


# A workbook becomes one file. openpyxl would first write each sheet to a file of its own in the
# machine's folder for temporary files, with every name in clear; on a slow disk that costs as much
# time as the cells. It writes XML with lxml where it finds it, so lxml is installed and nobody
# imports it.


class _Look(NamedTuple):
    """The styles of every workbook: their numbers by name, and the part of the file with them."""

    numbers: Mapping[str, StyleNumbers]
    part: bytes


@cache
def _look() -> _Look:
    # Nothing in them is of a list, and to make them costs more than the cells of a mentor's list.
    book = Workbook()
    numbers = add_styles(book)
    return _Look(numbers, tostring(write_stylesheet(book)))


class _Book(Workbook):
    """openpyxl's workbook, with the styles that all have; cells have numbers of `_look`."""

    def _setup_styles(self) -> None:
        vars(self).update(_plain_styles())


@cache
def _plain_styles() -> Mapping[str, Any]:
    # What openpyxl gives every new workbook costs as much as a small sheet. Nobody adds to it.
    book: Any = Workbook.__new__(Workbook)
    Workbook._setup_styles(book)  # type: ignore[attr-defined]  # noqa: SLF001
    return dict(vars(book))


@cache
def _properties_of_program() -> bytes:
    part: Any = tostring(ExtendedProperties().to_tree())
    return bytes(part)


class _OneFileWriter(ExcelWriter):
    """openpyxl's writer, with its sheets in memory."""

    def __init__(self, book: Workbook, archive: ZipFile, sheets: dict[str, ListSheet]) -> None:
        super().__init__(book, archive)
        self._file = archive
        self._sheets = sheets
        self._own: Any = self  # what openpyxl does not tell of itself

    def write_data(self) -> None:
        """Write all parts, those that are the same in every workbook as they are."""
        book, archive, own = self.workbook, self._file, self._own
        archive.writestr(ARC_APP, _properties_of_program())
        archive.writestr(ARC_CORE, tostring(book.properties.to_tree()))
        archive.writestr(ARC_THEME, theme_xml)
        own._write_worksheets()  # noqa: SLF001
        own._write_charts()  # noqa: SLF001
        archive.writestr(ARC_STYLE, _look().part)
        writer: Any = WorkbookWriter(book)
        archive.writestr(ARC_ROOT_RELS, writer.write_root_rels())
        archive.writestr(ARC_WORKBOOK, writer.write())
        archive.writestr(ARC_WORKBOOK_RELS, writer.write_rels())
        own.manifest._write(archive, book)  # noqa: SLF001

    def write_worksheet(self, ws: Worksheet) -> None:
        """Write one sheet into the file."""
        drawing = _Drawing(self._sheets[ws.title].chart_words)
        drawing.charts = ws._charts  # type: ignore[attr-defined]  # noqa: SLF001
        ws._drawing = drawing  # type: ignore[attr-defined]  # noqa: SLF001
        writer = _SheetWriter(ws, self._sheets[ws.title])
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]  # noqa: SLF001
        self._file.writestr(ws.path.removeprefix("/"), writer.read())
        self.manifest.append(ws)


class _Drawing(SpreadsheetDrawing):
    """The drawing of a sheet, whose chart says in words what it shows."""

    # openpyxl finds the elements of a class in the class alone.
    __elements__ = SpreadsheetDrawing.__elements__

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def _chart_frame(self, idx: int) -> GraphicFrame:
        frame: GraphicFrame = super()._chart_frame(idx)  # type: ignore[misc]
        properties: Any = frame.nvGraphicFramePr.cNvPr
        properties.descr = self._words
        return frame


class _SheetWriter(WorksheetWriter):
    """openpyxl's writer of a sheet, with the cells of a `ListSheet`."""

    def __init__(self, ws: Worksheet, sheet: ListSheet) -> None:
        super().__init__(ws, BytesIO())
        self._list_sheet = sheet
        ws._hyperlinks = sheet.links  # type: ignore[attr-defined]  # noqa: SLF001

    def write_dimensions(self) -> None:
        """Write the range of the cells."""
        self.xf.send(SheetDimension(self._list_sheet.dimension()).to_tree())

    def write_cols(self) -> None:
        """Write the widths of the columns."""
        self.xf.send(_columns(self._list_sheet.widths))

    def write_rows(self) -> None:
        """Leave the rows' place empty: `read` puts them there, so that nobody parses them."""
        self.xf.send(fromstring(_NO_ROWS))

    def read(self) -> bytes:
        """Return the sheet as the file has it."""
        whole: bytes = super().read()
        return whole.replace(_NO_ROWS, self._list_sheet.rows_xml(), 1)


@lru_cache(maxsize=256)
def _columns(widths: tuple[float, ...]) -> Any:
    # Sheets of all lists have the same few; None where openpyxl knows of no column.
    sheet: Any = Workbook().active
    columns: Any = DimensionHolder(sheet)
    for place, width in enumerate(widths, start=1):
        letter = get_column_letter(place)
        columns[letter] = ColumnDimension(sheet, index=letter, width=width)
    return columns.to_tree()


# Of what stands before the rows, nothing is a text from the data.
_NO_ROWS = f'<sheetData xmlns="{SHEET_MAIN_NS}"/>'.encode()
