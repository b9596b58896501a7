"""The head of a file, also of one that fits no layout: separator, header line, nearest layout.

What ingest refuses with a sentence, a person who writes a layout wants to see. Not here: reading
files into the lake (`readers/row_reader.py`), drafting (`layout_drafts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assets.exports.files.decoding import first_lines
from assets.exports.files.received import ReceivedFile, UnreadableFileError
from assets.exports.readers.cells import filled_width, split_cells
from assets.exports.readers.header_checks import refuse_line_ends
from assets.exports.readers.layouts import (
    DELIMITERS,
    HEADER_SEARCH_LINES,
    HeaderMatch,
    Layout,
    best_match,
    sheets_to_try,
)
from assets.exports.readers.workbook import read_sheet

_ROWS_BELOW = 100
_LONGEST = 1 << 16
_LETTER = re.compile(r"[^\W\d_]")
_LONG_NUMBER = re.compile(r"\d{5,}|\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Head:
    """The first rows of a file, with the one that is its header, or seems to be.

    Attributes:
        delimiter: between cells; empty in a workbook.
        rows: cells of the first rows.
        line_number: of the header, counted from 1.
        match: the layout that fits it, else the nearest, which may know no column of it.
        other_sheets: names of a workbook's other sheets.
    """

    delimiter: str
    rows: list[list[str]]
    line_number: int
    match: HeaderMatch
    other_sheets: tuple[str, ...] = ()

    @property
    def header(self) -> list[str]:
        """The header's cells, without empty ones at the end."""
        cells = self.rows[self.line_number - 1]
        return cells[: filled_width(cells)]

    @property
    def first_rows(self) -> list[list[str]]:
        """A few rows below the header, blank ones left out."""
        below = self.rows[self.line_number :]
        return [row for row in below if "".join(row).strip()][:_ROWS_BELOW]


def head_of(file: ReceivedFile, layouts: Sequence[Layout], sheet: int = 0) -> Head:
    """Return the head of a file.

    Args:
        file: the file.
        layouts: those that are tried.
        sheet: of a workbook: that sheet, by its number, instead of the one that is read; or 0.

    Raises:
        UnreadableFileError: it is no text and no workbook, has no row that could be a header, or
            one that may have swallowed a row.
        ChangedFileError: it is gone.
    """
    count = HEADER_SEARCH_LINES + _ROWS_BELOW
    no_header = UnreadableFileError(
        f"no line of the first {HEADER_SEARCH_LINES} has two cells or more, so there is no "
        "header row. Expected a table with semicolon, tab or comma, or a workbook. Export the "
        "file again."
    )
    if file.is_workbook:
        if sheet:
            heads = _heads("", read_sheet(file, number=sheet).first_rows(count), layouts)
        else:
            heads = _heads_of_sheets(file, layouts, count)
    else:
        lines = [line[:_LONGEST] for line in first_lines(file, count)]
        if next((line for line in lines if line.strip()), "").lstrip()[:1] in {"{", "["}:
            raise UnreadableFileError(
                "this is JSON. Layouts are for tables: CSV files and workbooks."
            )
        heads = [
            head
            for delimiter in DELIMITERS
            for head in _heads(
                delimiter, [split_cells(line, delimiter).cells for line in lines], layouts
            )
        ]
    if not heads:
        raise no_header
    head = max(heads, key=_rank)
    refuse_line_ends(head.header, head.line_number)
    return head


def _heads_of_sheets(file: ReceivedFile, layouts: Sequence[Layout], count: int) -> list[Head]:
    """Return the heads of the sheet that is read: one by number only where its layout fits."""
    for number, names, asking in sheets_to_try(layouts):
        try:
            sheet = read_sheet(file, names, number=number)
        except UnreadableFileError:
            if number:
                continue
            raise
        heads = [
            replace(head, other_sheets=sheet.other_names)
            for head in _heads("", sheet.first_rows(count), asking)
        ]
        if not number or any(head.match.fits for head in heads):
            return heads
    return []


def _heads(delimiter: str, rows: list[list[str]], layouts: Iterable[Layout]) -> list[Head]:
    known = list(layouts)
    return [
        Head(delimiter, rows, number, best_match(cells, known))
        for number, cells in enumerate(rows[:HEADER_SEARCH_LINES], start=1)
        if filled_width(cells) > 1
    ]


def _rank(head: Head) -> tuple[bool, int, int, int]:
    """Rank heads: one that fits, then known columns, then words; of equals the first line."""
    words = [cell for cell in head.header if _LETTER.search(cell) and not _LONG_NUMBER.search(cell)]
    return head.match.fits, len(head.match.positions), len(words), -head.line_number
