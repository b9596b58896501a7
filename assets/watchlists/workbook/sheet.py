"""A sheet of a list's workbook: how a value gets into a cell, and how the sheet prints.

Here: the one way a value gets into a cell, tables, row heights, print setup. Not here: what cells
look like (`workbook/style.py`), what the sheets say (`workbook.py`, `outline.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from textwrap import wrap
from typing import cast

from openpyxl.cell.cell import Cell
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.outline import ListColumn, ListTable, RowT, Value
from assets.watchlists.swedish import texts
from assets.watchlists.swedish.safe_text import looks_like_formula, printable

_A4 = 9  # the paper code of A4
_TITLE_HEIGHT, _LINE_HEIGHT = 26, 15  # points
_FILTER_HEIGHT = 46  # points: two lines of heading, and room for the filter's arrow below
_MAX_HEIGHT = 400  # points; Excel allows 409
_KIND_STYLES = {
    "level": "lista text",  # a row to which no level applies
    "name": "lista namn",
    "text": "lista text",
    "lines": "lista text",
    "brief": "lista kort",
    "percent": "lista procent",
    "count": "lista antal",
    "date": "lista datum",
}


class ListSheet:
    """Writes on one sheet.

    Args:
        sheet: openpyxl's sheet.
        styles: what a cell of each style has, as `add_styles` gave it.
    """

    def __init__(self, sheet: Worksheet, styles: Mapping[str, StyleArray]) -> None:
        self._sheet = sheet
        self._styles = styles

    def put(self, row: int, column: int, value: Value, style: str) -> None:
        """Write one value; every string of every sheet passes here.

        A string is always stored as text: a name from a school system must never become a formula,
        an error value or a link. The quote prefix keeps it text when somebody edits the cell. A
        share is cut to tenths of a percent, because Excel rounds what it shows and 39.96 % must
        not read 40 %.
        """
        cell = cast("Cell", self._sheet.cell(row, column))
        # What `cell.style = style` does; see `add_styles`.
        cell._style = StyleArray(self._styles[style])  # type: ignore[attr-defined]  # noqa: SLF001
        if isinstance(value, str):
            text, is_like_formula = _as_text(value)
            if text:  # an empty text is an empty cell: Excel finds no string in it and complains
                cell.value = text
                cell.data_type = "s"
            if is_like_formula:
                cell.quotePrefix = True
        elif value is None or isinstance(value, int | date):
            cell.value = value
        else:
            cell.value = texts.tenths_of_percent(value) / 1000

    def put_title(self, title: str, line: str) -> None:
        """Write the two rows above a table: what the sheet is, and what to do."""
        self.put(1, 1, title, "lista titel")
        self.put(2, 1, line, "lista rad")
        self.set_height(1, _TITLE_HEIGHT)

    def put_level(self, row: int, column: int, level: int) -> None:
        """Write a level as symbol, words and colour."""
        self.put(row, column, texts.LEVELS[level], f"lista nivå {level}")

    def put_wide(self, row: int, widths: Sequence[float], text: str, style: str) -> None:
        """Write a sentence across the columns of these widths, on as many lines as it takes."""
        self.put(row, 1, text, style)
        self.widen(row, 1, len(widths))
        self.fit_height(row, [(text, sum(widths))])

    def widen(self, row: int, first: int, last: int) -> None:
        """Give the cell in column `first` the room of all columns up to `last`."""
        # Not `merge_cells`: it makes the style of every covered cell again, side by side.
        style = self._sheet.cell(row, first).style
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
            is_text = column.kind in {"level", "name", "text", "lines"}
            style = "lista rubrik" if is_text else "lista rubrik mitt"
            self.put(row, place, column.heading, style)
        self.set_height(row, heading_height)
        if not table.rows:
            self.put(row + 1, 1, table.empty, "lista rad")
            return row + 1
        for number, item in enumerate(table.rows, start=row + 1):
            wrapped = []
            for place, column in enumerate(table.columns, start=1):
                value = column.value(item)
                self._put_kind(number, place, column, value)
                if isinstance(value, str) and column.kind in {"name", "text", "lines"}:
                    wrapped.append((value, column.width))
            self.fit_height(number, wrapped)
        return row + len(table.rows)

    def _put_kind(self, row: int, place: int, column: ListColumn[RowT], value: Value) -> None:
        if column.kind == "level" and isinstance(value, int):
            self.put_level(row, place, value)
        elif value is None and column.kind == "percent":
            self.put(row, place, texts.NO_VALUE, "lista kort")
        else:
            self.put(row, place, value, _KIND_STYLES[column.kind])

    def filter_table(self, row: int, columns: int, last_row: int) -> None:
        """Put a filter on the table whose headings are in row `row`."""
        self._sheet.auto_filter.ref = f"A{row}:{get_column_letter(columns)}{last_row}"

    @property
    def last_row(self) -> int:
        """The last row that holds anything."""
        return self._sheet.max_row

    def set_height(self, row: int, height: float) -> None:
        """Set a row's height, in points."""
        self._sheet.row_dimensions[row].height = height

    def fit_height(self, row: int, wrapped: Iterable[tuple[str, float]], least: float = 0) -> None:
        """Make a row high enough for its wrapped texts, given with their widths in characters.

        Not every program does this when it opens a file.
        """
        lines = (
            sum(_line_count(part, int(width * 1.1)) for part in text.split("\n"))
            for text, width in wrapped
        )
        height = max(lines, default=1) * _LINE_HEIGHT + 3
        self.set_height(row, min(max(height, least), _MAX_HEIGHT))

    def set_widths(self, widths: Iterable[float]) -> None:
        """Set column widths, in characters."""
        for place, width in enumerate(widths, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = width

    def keep_headings(self, row: int, columns: int = 0) -> None:
        """Keep the first rows and columns in view, and print row `row` on top of every page."""
        self._sheet.freeze_panes = self._sheet.cell(row + 1, columns + 1).coordinate
        self._sheet.print_title_rows = f"{row}:{row}"

    def set_up_print(self, header: str, pages_high: int = 0, *, is_portrait: bool = False) -> None:
        """A4, one page wide; every page says in the margins what it is and whose.

        Args:
            header: school unit code and week.
            pages_high: the most pages it may take; 0 is as many as needed.
            is_portrait: upright, else across.
        """
        sheet = self._sheet
        sheet.page_setup.orientation = "portrait" if is_portrait else "landscape"
        sheet.page_setup.paperSize = _A4
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = pages_high
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        margins = sheet.page_margins
        margins.left = margins.right = 0.4  # inches
        margins.top = margins.bottom = 0.75
        margins.header = margins.footer = 0.3
        head, foot = HeaderFooterItem(), HeaderFooterItem()
        head.left.text = _header_text(header)
        foot.left.text = _header_text(texts.DECISION)
        care, number = _header_text(texts.CARE_SHORT), texts.PAGE_NUMBER
        if is_portrait:  # upright there is no room for three texts, nor for two long ones
            head.right.text, foot.right.text = care, number
        else:
            head.center.text = "&A"  # the sheet's name
            head.right.text, foot.right.text = number, care
        sheet.oddHeader, sheet.oddFooter = head, foot
        sheet.sheet_view.showGridLines = False


# The same few sentences and words stand in most cells.
@lru_cache(maxsize=4096)
def _as_text(value: str) -> tuple[str, bool]:
    text = printable(value)
    return text, looks_like_formula(text)


@lru_cache(maxsize=4096)
def _line_count(text: str, width: int) -> int:
    # A column of n characters is n digits wide, and letters are on the whole narrower than digits.
    return 1 if len(text) <= width else len(wrap(text, width))


def _header_text(text: str) -> str:
    return printable(text).replace("&", "&&")  # & starts a code in headers and footers
