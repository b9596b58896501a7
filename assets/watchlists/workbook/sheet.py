"""A sheet of a list's workbook: how a value gets into a cell, and how the sheet prints.

Here: the one way a value gets into a cell, tables, links, row heights, print setup. Not here: what
cells look like (`style.py`), what the sheets say (`workbook.py`), the file (`book.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from textwrap import wrap
from typing import Literal
from xml.sax.saxutils import escape

from openpyxl.chart import LineChart
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHEET_MAIN_NS

from assets.watchlists.columns import Kind, ListTable, RowT, Value
from assets.watchlists.swedish import texts
from assets.watchlists.swedish.safe_text import looks_like_formula, printable
from assets.watchlists.workbook.style import StyleNumbers

Orientation = Literal["landscape", "portrait"]

_A4 = 9  # the paper code of A4
_TITLE_HEIGHT, _LINE_HEIGHT = 26, 15  # points
_FILTER_HEIGHT = 46  # points: two lines of heading, and room for the filter's arrow below
_ROW_ROOM = 1.5  # points, above and below the lines of a row
_MAX_HEIGHT = 400  # points; Excel allows 409
_FIRST_DAY = date(1899, 12, 30)  # day 0 of spreadsheets
#: What a line above a table is long at most: it must not go over the page's edge.
_LINE_CHARACTERS: Mapping[Orientation, int] = {"landscape": 110, "portrait": 80}
#: What is wider than an A4 is not shrunk to it, in characters.
_PAGE_CHARACTERS: Mapping[Orientation, float] = {"landscape": 150, "portrait": 104}
#: Percent of such a sheet: nine points of eleven; upright, ten points stay ten.
_PAGES_SCALE: Mapping[Orientation, int] = {"landscape": 85, "portrait": 100}
_KIND_STYLES: Mapping[Kind, str] = {
    "name": "lista elev",
    "word": "lista ord",
    "text": "lista text",
    "brief": "lista kort",
    "percent": "lista procent",
    "count": "lista antal",
    "grade": "lista årskurs",
    "hours": "lista timmar",
    "minutes": "lista minuter",
    "date": "lista datum",
}


class ListSheet:
    """Writes on one sheet.

    Cells are kept as what the file has of them and not as openpyxl's objects, which cost several
    times as much; all else about the sheet is openpyxl's.

    Args:
        sheet: openpyxl's sheet.
        styles: the numbers of each style, as `add_styles` gave them.
    """

    def __init__(self, sheet: Worksheet, styles: Mapping[str, StyleNumbers]) -> None:
        self._sheet = sheet
        self._styles = styles
        self._cells: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self._heights: dict[int, float] = {}
        self._orientation: Orientation = "landscape"
        #: Of the columns, in characters.
        self.widths: tuple[float, ...] = ()
        #: Places of this workbook that a cell leads to.
        self.links: list[Hyperlink] = []
        #: What the sheet's chart shows, for those who don't see it; "" without a chart.
        self.chart_words = ""

    @property
    def name(self) -> str:
        """The sheet's name, as its tab shows it."""
        return self._sheet.title

    def put(self, row: int, column: int, value: Value, style: str) -> None:
        """Write one value; every value of every sheet passes here.

        A string is always stored as text: a name from a school system must never become a formula,
        an error value or a link. The quote prefix keeps it text when somebody edits the cell. A
        share is cut to tenths of a percent, because Excel rounds what it shows and 39.96 % must
        not read 40 %.
        """
        numbers, place = self._styles[style], f"{_letter(column)}{row}"
        if isinstance(value, str):
            content, is_like_formula = _as_text(value)
            number = numbers.quoted if is_like_formula else numbers.plain
            self._cells[row][column] = f'<c r="{place}" s="{number}"{content}'
            return
        start = f'<c r="{place}" s="{numbers.plain}"'
        if value is None:
            self._cells[row][column] = f"{start}/>"
        else:
            self._cells[row][column] = f"{start}><v>{_as_number(value)!r}</v></c>"

    def put_title(self, title: str, line: str, widths: Sequence[float] = ()) -> None:
        """Write the two rows above a table: what the sheet is, and what to do.

        Args:
            title: what the sheet is.
            line: what to do; where it is long it runs over several lines.
            widths: of the columns below, in characters; without them the line stays one.
        """
        self.put(1, 1, title, "lista titel")
        self.set_height(1, _TITLE_HEIGHT)
        most = _LINE_CHARACTERS[self._orientation]
        first = next((n for n in range(1, len(widths)) if sum(widths[:n]) >= most), len(widths))
        if first > 1 and sum(widths[:first]) > _PAGE_CHARACTERS[self._orientation]:
            first -= 1
        if len(line) > most and first:
            self.put_wide(2, widths[:first], line, "lista stycke")
        else:
            self.put(2, 1, line, "lista rad")

    def put_link(self, row: int, column: int, sheet_name: str) -> None:
        """Write the name of another of our sheets, which leads there."""
        self.put(row, column, sheet_name, "lista länk")
        self.links.append(
            Hyperlink(ref=f"{_letter(column)}{row}", location=f"{quote_sheetname(sheet_name)}!A1")
        )

    def put_wide(self, row: int, widths: Sequence[float], text: str, style: str) -> None:
        """Write a sentence across the columns of these widths, on as many lines as it takes."""
        self.put(row, 1, text, style)
        self.widen(row, 1, len(widths), style)
        self.fit_height(row, [(text, sum(widths))])

    def widen(self, row: int, first: int, last: int, style: str) -> None:
        """Give the cell in column `first` the room of all columns up to `last`.

        Never within a table that can be sorted: a spreadsheet refuses to sort it.
        """
        for column in range(first + 1, last + 1):
            self.put(row, column, None, style)
        self._sheet.merged_cells.add(CellRange(None, first, row, last, row))

    def put_table(
        self, table: ListTable[RowT], row: int, heading_height: float = _FILTER_HEIGHT
    ) -> int:
        """Write a table with its heading row at `row`.

        Returns:
            The last row that was written.
        """
        for place, column in enumerate(table.columns, start=1):
            is_text = column.kind in {"name", "word", "text"}
            style = "lista rubrik" if is_text else "lista rubrik mitt"
            self.put(row, place, column.heading, style)
        self.set_height(row, heading_height)
        if not table.rows:
            self.put(row + 1, 1, table.empty, "lista rad")
            return row + 1
        styled = [
            (place, column.value, _KIND_STYLES[column.kind])
            for place, column in enumerate(table.columns, start=1)
        ]
        for number, item in enumerate(table.rows, start=row + 1):
            for place, value, style in styled:
                self.put(number, place, value(item), style)
        self._fit_rows(table, row + 1)
        return row + len(table.rows)

    def _fit_rows(self, table: ListTable[RowT], first: int) -> None:
        """Make rows as high as their texts; a height stays where it is when rows are sorted."""
        wrapped = [column for column in table.columns if column.kind == "text"]
        if wrapped:
            for number, item in enumerate(table.rows, start=first):
                self.fit_height(number, [(str(c.value(item) or ""), c.width) for c in wrapped])

    def filter_table(self, row: int, columns: int, last_row: int) -> None:
        """Put a filter on the table whose headings are in row `row`."""
        self._sheet.auto_filter.ref = f"A{row}:{_letter(columns)}{last_row}"

    def set_height(self, row: int, height: float) -> None:
        """Set a row's height, in points."""
        self._heights[row] = height

    def fit_height(
        self,
        row: int,
        wrapped: Iterable[tuple[str, float]],
        least: float = 0,
        line_height: float = _LINE_HEIGHT,
    ) -> None:
        """Make a row high enough for its wrapped texts, given with their widths in characters.

        Not every program does this when it opens a file.
        """
        lines = (
            sum(_line_count(part, int(width * 1.1)) for part in text.split("\n"))
            for text, width in wrapped
        )
        height = max(lines, default=1) * line_height + _ROW_ROOM
        self.set_height(row, min(max(height, least), _MAX_HEIGHT))

    def set_widths(self, widths: Iterable[float]) -> None:
        """Set column widths, in characters."""
        self.widths = tuple(widths)

    def keep_headings(self, row: int, columns: int = 0) -> None:
        """Keep the first rows and columns in view, and print row `row` on top of every page."""
        self._sheet.freeze_panes = f"{_letter(columns + 1)}{row + 1}"
        self._sheet.print_title_rows = f"{row}:{row}"

    def set_up_print(self, header: str, orientation: Orientation) -> None:
        """A4; every page says in the margins what it is and whose; `header` is school and week."""
        sheet, self._orientation = self._sheet, orientation
        sheet.page_setup.paperSize = _A4
        margins = sheet.page_margins
        margins.left = margins.right = 0.25  # inches
        margins.top, margins.bottom = 0.6, 0.55
        margins.header = margins.footer = 0.25
        head, foot = HeaderFooterItem(), HeaderFooterItem()
        head.left.text = _header_text(header)
        head.center.text = "&A"  # the sheet's name
        head.right.text = texts.PAGE_NUMBER
        foot.left.text = _header_text(texts.DECISION)
        foot.right.text = _header_text(texts.CARE_SHORT)
        sheet.oddHeader, sheet.oddFooter = head, foot
        sheet.sheet_view.showGridLines = False
        self.fit_to_page(orientation)

    def fit_to_page(self, orientation: Orientation) -> None:
        """Print one page wide, on as many pages as it takes."""
        head, foot = self._sheet.oddHeader, self._sheet.oddFooter
        # Upright, the two sentences of the footer have no room side by side.
        if orientation == "portrait" and head and foot:
            head.center.text, foot.right.text = _header_text(texts.CARE_SHORT), None
        setup = self._sheet.page_setup
        setup.orientation, setup.fitToWidth, setup.fitToHeight = orientation, 1, 0
        self._sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)

    def print_side_by_side(self, widths: Iterable[float]) -> None:
        """Print a table that is wider than a page on pages beside each other, not too small.

        Each has the first column, so that a row is still somebody's.
        """
        if sum(widths) > _PAGE_CHARACTERS[self._orientation]:
            self._sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=False)
            self._sheet.page_setup.scale = _PAGES_SCALE[self._orientation]
            self._sheet.print_title_cols = "A:A"

    def draw(self, chart: LineChart, place: str, words: str, printed: str) -> None:
        """Put a chart on the sheet.

        Args:
            chart: of any sheet of the workbook.
            place: the cell at its upper left corner.
            words: what it shows, for those who don't see it.
            printed: the range of cells that is printed; a chart beside it would shrink the rest.
        """
        self._sheet.add_chart(chart, place)
        self.chart_words = words
        self._sheet.print_area = printed

    def dimension(self) -> str:
        """The range from the first cell to the last."""
        last = max((column for cells in self._cells.values() for column in cells), default=1)
        return f"A1:{_letter(last)}{max(self._cells, default=1)}"

    def rows_xml(self) -> bytes:
        """The rows as the file has them; letters other than ASCII's as references."""
        rows = []
        for row in sorted(self._cells.keys() | self._heights.keys()):
            height = self._heights.get(row)
            high = f' ht="{height!r}" customHeight="1"' if height else ""
            cells = "".join([xml for _, xml in sorted(self._cells[row].items())])
            rows.append(f'<row r="{row}"{high}{f">{cells}</row>" if cells else "/>"}')
        start = f'<sheetData xmlns="{SHEET_MAIN_NS}"'
        text = f"{start}>{''.join(rows)}</sheetData>" if rows else f"{start}/>"
        return text.encode("ascii", "xmlcharrefreplace")


_letter = lru_cache(maxsize=256)(get_column_letter)


def _as_number(value: int | Fraction | Decimal | date) -> int | float:
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction):
        return texts.tenths_of_percent(value) / 1000
    return float(value) if isinstance(value, Decimal) else (value - _FIRST_DAY).days


# The same few sentences and words stand in most cells.
@lru_cache(maxsize=4096)
def _as_text(value: str) -> tuple[str, bool]:
    """What follows a cell's place and style, and whether the text looks like a formula."""
    text = printable(value)
    # An empty text is an empty cell: Excel finds no string in it and complains.
    if not text:
        return "/>", False
    # Not in a table of its own that cells point at: openpyxl has none either.
    kept = escape(text, {"\r": "&#13;"})
    return f' t="inlineStr"><is><t xml:space="preserve">{kept}</t></is></c>', looks_like_formula(
        text
    )


@lru_cache(maxsize=4096)
def _line_count(text: str, width: int) -> int:
    # A column of n characters is n digits wide, and letters are on the whole narrower than digits.
    return 1 if len(text) <= width else len(wrap(text, width))


def _header_text(text: str) -> str:
    return printable(text).replace("&", "&&")  # & starts a code in headers and footers
