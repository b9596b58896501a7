"""Reads a workbook back for the tests, the way a rektor's Excel reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.model import Watchlist
from assets.watchlists.workbook.workbook import write_workbook

FIXED = ["Sammanfattning", "Rektor", "Mentorer", "Otillräckliga data", "Så räknas det"]


def opened(watchlist: Watchlist, path: Path) -> Workbook:
    write_workbook(watchlist, path)
    return load_workbook(path)


def parts(path: Path) -> dict[str, str]:
    """The text of every file in the workbook's zip."""
    with ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(sheet: Worksheet) -> list[dict[str, Any]]:
    """The table under the heading row, a dictionary a row."""
    table = [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]
    return [dict(zip(map(str, table[0]), row, strict=True)) for row in table[1:]]


def names(sheet: Worksheet) -> list[str]:
    return [row["Namn"] for row in rows(sheet)]


def everything(book: Workbook) -> str:
    values = (v for sheet in book for row in sheet.iter_rows(values_only=True) for v in row)
    return "\n".join(str(value) for value in values if value is not None)


def cell_under(sheet: Worksheet, heading: str, row: int = 4) -> Any:
    column = next(cell.column for cell in sheet[3] if cell.value == heading)
    return sheet.cell(row, column)
