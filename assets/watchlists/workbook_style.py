"""How a cell is written and how a sheet looks and prints.

Here: the one way a value gets into a cell, named styles, print setup. Not here: what the sheets
say (`workbook.py`, `outline.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from textwrap import wrap
from typing import cast

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists import texts
from assets.watchlists.outline import Column, RowT, Table, Value
from assets.watchlists.safe_text import looks_like_formula, printable

_FONT = "Calibri"
_INK, _QUIET, _BAND = "1F2A30", "51606A", "1B4B5A"
_LINE = Side(style="thin", color="D5DCE0")
# Fill and ink of each level; the words and triangles in the cell say the same without colour.
_LEVEL_COLOURS = {
    3: ("F6D5D0", "7A1B12"),
    2: ("FBE6C3", "6A4300"),
    1: ("DCE9F3", "1D3F5E"),
    0: ("E9ECEE", "3F4A50"),
}
_A4 = 9  # the paper code of A4
_TITLE_HEIGHT, _LINE_HEIGHT = 26, 15  # points
_FILTER_HEIGHT = 46  # points: two lines of heading, and room for the filter's arrow below
_MAX_HEIGHT = 400  # points; Excel allows 409


def add_styles(book: Workbook) -> None:
    """Register the styles; named once, so that writing thousands of cells stays fast."""
    for style in (*_text_styles(), *_table_styles(), *_level_styles()):
        book.add_named_style(style)


def _style(
    name: str, font: Font, alignment: Alignment, number_format: str = "General", **look: object
) -> NamedStyle:
    style = NamedStyle(name=name, font=font, alignment=alignment, number_format=number_format)
    for key, value in look.items():
        setattr(style, key, value)
    return style


def _text_styles() -> tuple[NamedStyle, ...]:
    line = Alignment(vertical="center")
    return (
        _style("lista titel", Font(name=_FONT, size=16, bold=True, color=_BAND), line),
        _style("lista avsnitt", Font(name=_FONT, size=12, bold=True, color=_BAND), line),
        _style("lista rad", Font(name=_FONT, size=11, color=_INK), line),
        _style("lista stilla", Font(name=_FONT, size=10, color=_QUIET), line),
        _style("lista viktig", Font(name=_FONT, size=11, bold=True, color=_INK), line),
        _style(
            "lista notis",
            Font(name=_FONT, size=11, color="6A4300"),
            Alignment(vertical="center", wrap_text=True),
            fill=PatternFill("solid", fgColor="FFF6E3"),
        ),
    )


def _table_styles() -> tuple[NamedStyle, ...]:
    ink, below = Font(name=_FONT, size=11, color=_INK), Border(bottom=_LINE)
    white = Font(name=_FONT, size=10, bold=True, color="FFFFFF")
    band = PatternFill("solid", fgColor=_BAND)
    wrapped = Alignment(vertical="top", wrap_text=True)
    centred = Alignment(vertical="top", horizontal="center")
    right = Alignment(vertical="top", horizontal="right", indent=2)
    return (
        _style("lista rubrik", white, Alignment(vertical="center", wrap_text=True), fill=band),
        _style(
            "lista rubrik mitt",
            white,
            Alignment(vertical="center", horizontal="center", wrap_text=True),
            fill=band,
        ),
        _style("lista text", ink, wrapped, border=below),
        _style("lista kort", ink, centred, border=below),
        _style(
            "lista namn", Font(name=_FONT, size=11, bold=True, color=_INK), wrapped, border=below
        ),
        _style("lista procent", ink, right, "0.0%", border=below),
        _style("lista antal", ink, centred, "0", border=below),
        _style("lista datum", ink, centred, "yyyy-mm-dd", border=below),
        _style("lista uppgift", ink, Alignment(horizontal="left")),
        _style("lista dag", ink, Alignment(horizontal="left"), "yyyy-mm-dd"),
        _style(
            "lista tal",
            Font(name=_FONT, size=14, bold=True, color=_INK),
            centred,
            "0",
            border=below,
        ),
    )


def _level_styles() -> tuple[NamedStyle, ...]:
    return tuple(
        _style(
            f"lista nivå {level}",
            Font(name=_FONT, size=11, bold=True, color=ink),
            Alignment(vertical="top"),
            border=Border(bottom=_LINE),
            fill=PatternFill("solid", fgColor=fill),
        )
        for level, (fill, ink) in _LEVEL_COLOURS.items()
    )


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


def put(sheet: Worksheet, row: int, column: int, value: Value, style: str) -> None:
    """Write one value; every string of every sheet passes here.

    A string is always stored as text: a name from a school system must never become a formula, an
    error value or a link. The quote prefix keeps it text when somebody edits the cell. A share is
    cut to tenths of a percent, because Excel rounds what it shows and 39.96 % must not read 40 %.
    """
    cell = cast("Cell", sheet.cell(row, column))
    cell.style = style
    if isinstance(value, str):
        text = printable(value)
        if text:  # an empty text is an empty cell: Excel finds no string in it and complains
            cell.value = text
            cell.data_type = "s"
        if looks_like_formula(text):
            cell.quotePrefix = True
    elif isinstance(value, Fraction):
        cell.value = int(value * 1000) / 1000
    elif value is not None:
        cell.value = value


def put_table(
    sheet: Worksheet, table: Table[RowT], row: int, heading_height: float = _FILTER_HEIGHT
) -> int:
    """Write a table with its heading row at `row`.

    Returns:
        The last row that was written.
    """
    for place, column in enumerate(table.columns, start=1):
        is_text = column.kind in {"level", "name", "text", "lines"}
        style = "lista rubrik" if is_text else "lista rubrik mitt"
        put(sheet, row, place, column.heading, style)
    sheet.row_dimensions[row].height = heading_height
    if not table.rows:
        put(sheet, row + 1, 1, table.empty, "lista rad")
        return row + 1
    for number, item in enumerate(table.rows, start=row + 1):
        wrapped = []
        for place, column in enumerate(table.columns, start=1):
            value = column.value(item)
            _put_kind(sheet, number, place, column, value)
            if isinstance(value, str) and column.kind in {"name", "text", "lines"}:
                wrapped.append((value, column.width))
        fit_height(sheet, number, wrapped)
    return row + len(table.rows)


def fit_height(
    sheet: Worksheet, row: int, wrapped: Iterable[tuple[str, float]], least: float = 0
) -> None:
    """Make a row high enough for its wrapped texts, given with the width they have in characters.

    Not every program does this when it opens a file.
    """
    lines = (
        sum(_line_count(part, int(width * 1.1)) for part in text.split("\n"))
        for text, width in wrapped
    )
    height = max(lines, default=1) * _LINE_HEIGHT + 3
    sheet.row_dimensions[row].height = min(max(height, least), _MAX_HEIGHT)


def _line_count(text: str, width: int) -> int:
    # A column of n characters is n digits wide, and letters are on the whole narrower than digits.
    return 1 if len(text) <= width else len(wrap(text, width))


def put_wide(sheet: Worksheet, row: int, widths: list[float], text: str, style: str) -> None:
    """Write a sentence across the columns of these widths, on as many lines as it takes."""
    put(sheet, row, 1, text, style)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(widths))
    fit_height(sheet, row, [(text, sum(widths))])


def put_level(sheet: Worksheet, row: int, column: int, level: int) -> None:
    """Write a level as symbol, words and colour."""
    put(sheet, row, column, texts.LEVELS[level], f"lista nivå {level}")


def _put_kind(sheet: Worksheet, row: int, place: int, column: Column[RowT], value: Value) -> None:
    if column.kind == "level" and isinstance(value, int):
        put_level(sheet, row, place, value)
    elif value is None and column.kind == "percent":
        put(sheet, row, place, texts.NO_VALUE, "lista kort")
    else:
        put(sheet, row, place, value, _KIND_STYLES[column.kind])


def put_title(sheet: Worksheet, title: str, line: str) -> None:
    """Write the two rows above a table: what the sheet is, and what to do."""
    put(sheet, 1, 1, title, "lista titel")
    put(sheet, 2, 1, line, "lista rad")
    sheet.row_dimensions[1].height = _TITLE_HEIGHT


def set_widths(sheet: Worksheet, widths: list[float]) -> None:
    """Set column widths, in characters."""
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def set_up_print(sheet: Worksheet, header: str, pages_high: int = 0) -> None:
    """A4 landscape, one page wide; every page says in the margins what it is and whose.

    Args:
        sheet: the sheet.
        header: school unit code and week.
        pages_high: the most pages it may take; 0 is as many as needed.
    """
    sheet.page_setup.orientation = "landscape"
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
    head.center.text = "&A"  # the sheet's name
    head.right.text = texts.PAGE_NUMBER
    foot.left.text = _header_text(texts.DECISION)
    foot.right.text = _header_text(texts.CARE_SHORT)
    sheet.oddHeader, sheet.oddFooter = head, foot
    sheet.sheet_view.showGridLines = False


def _header_text(text: str) -> str:
    return printable(text).replace("&", "&&")  # & starts a code in headers and footers


def keep_headings(sheet: Worksheet, row: int, columns: int = 0) -> None:
    """Keep the first rows and columns in view, and print row `row` on top of every page."""
    sheet.freeze_panes = sheet.cell(row + 1, columns + 1).coordinate
    sheet.print_title_rows = f"{row}:{row}"
