"""What holds for a whole workbook: its sheets, its strings, its formats, its first day.

Not here: the cells (`sheet.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assets.exports.children.limits import LONGEST_CELL
from assets.exports.readers.xlsx.parts import (
    TOO_LONG,
    Package,
    RefusedWorkbook,
    is_true,
    relationship_id,
    tags,
)
from assets.exports.readers.xlsx.values import is_date_format, is_percent_format, plain_string

_BOOK = tags("sheet", "workbookPr", "calcPr")
_STRINGS = tags("si", "t", "rPh")
_STYLES = tags("numFmt", "cellXfs", "xf")


@dataclass(frozen=True)
class SheetEntry:
    """A sheet of cells as the workbook lists it."""

    name: str
    part: str
    is_hidden: bool


@dataclass
class Book:
    """A workbook.

    Attributes:
        sheets: those of cells, in their order; charts and dialogs are none.
        is_1904: days are counted from 1904.
        waits_for_results: the program that wrote it asks for all formulas to be calculated.
        strings: shared strings.
        date_styles: numbers of the styles that show a day or time.
        percent_styles: numbers of those that show a percentage.
    """

    sheets: list[SheetEntry] = field(default_factory=list)
    is_1904: bool = False
    waits_for_results: bool = False
    strings: list[str] = field(default_factory=list)
    date_styles: frozenset[int] = frozenset()
    percent_styles: frozenset[int] = frozenset()


def open_book(package: Package) -> Book:
    """Return the workbook of a package.

    Raises:
        RefusedWorkbook: it is none, or damaged.
    """
    part = _main_part(package)
    related = package.related(part)
    book = Book()
    _read_book(package, part, related, book)
    for kind, target in related.values():
        if kind == "sharedStrings":
            book.strings = _shared_strings(package, target)
        elif kind == "styles":
            _read_styles(package, target, book)
    return book


def chosen_sheet(book: Book, wanted: Sequence[str], number: int = 0) -> SheetEntry:
    """Return the first sheet that has one of the names, else the first that is not hidden.

    Args:
        book: the workbook.
        wanted: names.
        number: of those that are not hidden, from 1: that one, whatever its name; 0 for none.

    Raises:
        RefusedWorkbook: it has no sheet of cells that can be seen, or not so many.
    """
    if number:
        seen = [sheet for sheet in book.sheets if not sheet.is_hidden]
        if number > len(seen):
            raise RefusedWorkbook(f"it has no sheet {number} that can be seen")
        return seen[number - 1]
    names = {_folded(name) for name in wanted}
    for sheet in book.sheets:
        if _folded(sheet.name) in names:
            return sheet
    for sheet in book.sheets:
        if not sheet.is_hidden:
            return sheet
    raise RefusedWorkbook("all its sheets are hidden" if book.sheets else "it has no sheet")


def _main_part(package: Package) -> str:
    for kind, part in package.related("").values():
        if kind == "officeDocument":
            return part
    if package.has("xl/workbook.xml"):
        return "xl/workbook.xml"
    raise RefusedWorkbook("a zip file without a workbook in it")


def _read_book(
    package: Package, part: str, related: Mapping[str, tuple[str, str]], book: Book
) -> None:
    def start(tag: str, said: Mapping[str, str]) -> None:
        name = _BOOK.get(tag)
        if name == "workbookPr":
            book.is_1904 = is_true(said.get("date1904"))
        elif name == "calcPr":
            book.waits_for_results = is_true(said.get("fullCalcOnLoad"))
        elif name == "sheet":
            kind, target = related.get(relationship_id(said), ("", ""))
            if kind == "worksheet":
                is_hidden = said.get("state", "visible") != "visible"
                book.sheets.append(SheetEntry(said.get("name", ""), target, is_hidden))
            elif not kind:
                raise RefusedWorkbook("damaged: one of its sheets is nowhere")

    package.parse(part, start)


def _shared_strings(package: Package, part: str) -> list[str]:
    strings: list[str] = []
    pieces: list[str] = []
    kept: list[str] = []
    spoken = 0  # how deep in the signs of how a text is spoken, which are no part of it

    def start(tag: str, _: Mapping[str, str]) -> None:
        nonlocal spoken
        name = _STRINGS.get(tag)
        if name == "rPh":
            spoken += 1
        elif name == "si":
            kept.clear()
        pieces.clear()

    def end(tag: str) -> None:
        nonlocal spoken
        name = _STRINGS.get(tag)
        if name == "t" and not spoken:
            kept.append("".join(pieces))
        elif name == "rPh":
            spoken -= 1
        elif name == "si":
            text = plain_string("".join(kept))
            if len(text) > LONGEST_CELL:
                raise RefusedWorkbook(TOO_LONG)
            strings.append(text)

    package.parse(part, start, end, pieces)
    return strings


def _read_styles(package: Package, part: str, book: Book) -> None:
    codes: dict[int, str] = {}
    formats: list[int] = []
    in_cells = False

    def start(tag: str, said: Mapping[str, str]) -> None:
        nonlocal in_cells
        name = _STYLES.get(tag)
        if name == "cellXfs":
            in_cells = True
        elif name == "numFmt":
            codes[_number(said.get("numFmtId"))] = said.get("formatCode", "")
        elif name == "xf" and in_cells:
            formats.append(_number(said.get("numFmtId")))

    def end(tag: str) -> None:
        nonlocal in_cells
        if _STYLES.get(tag) == "cellXfs":
            in_cells = False

    package.parse(part, start, end)
    shown = [(style, number, codes.get(number)) for style, number in enumerate(formats)]
    book.date_styles = frozenset(s for s, number, code in shown if is_date_format(number, code))
    book.percent_styles = frozenset(
        s for s, number, code in shown if is_percent_format(number, code)
    )


def _number(said: str | None) -> int:
    return int(said) if said and said.isdecimal() else 0


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()
