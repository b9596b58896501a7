"""Reading a file row by row: exact line numbers, for workbooks, rosters and files with faults.

The bulk reader (`staging.py`) knows no line numbers; whatever it can't read without a problem is
read again here. Yields frames of text cells under our column names, with `line_number`.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import fastexcel
import polars as pl

from assets.exports.layouts import (
    COLUMNS,
    HEADER_SEARCH_LINES,
    FoundHeader,
    HeaderMatch,
    Layout,
    best_match,
    find_header,
)
from assets.exports.outcomes import RowProblem
from assets.exports.received import ReceivedFile, UnreadableFileError, decoded_lines, first_lines

ROWS_PER_FRAME = 200_000


@dataclass
class RowReader:
    """Reads one file's data rows once, in frames, and keeps what is no row at all.

    Attributes:
        rows_read: data rows met so far; blank rows are none.
        problems: rows that don't have the header's number of cells.
    """

    file: ReceivedFile
    header: FoundHeader
    rows: Iterable[tuple[int, Sequence[str]]]
    rows_read: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of at most `ROWS_PER_FRAME` rows."""
        kept: list[tuple[int, Sequence[str]]] = []
        width = _width(self.header.match.header)
        for line_number, cells in self.rows:
            if not any(cell.strip() for cell in cells):
                continue
            self.rows_read += 1
            # A separator at the end of the line makes one empty cell more: no cell is lost.
            filled = len(cells) - _empty_tail(cells)
            if filled > width or len(cells) < width:
                code = "row.too_many_cells" if filled > width else "row.too_few_cells"
                self.problems.append(problem_of(code, line_number, cells))
                continue
            kept.append((line_number, cells))
            if len(kept) == ROWS_PER_FRAME:
                yield self._frame(kept)
                kept = []
        if kept:
            yield self._frame(kept)

    def _frame(self, rows: Sequence[tuple[int, Sequence[str]]]) -> pl.DataFrame:
        match = self.header.match
        columns: dict[str, Sequence[object]] = {
            "file_id": [self.file.file_id] * len(rows),
            "line_number": [line_number for line_number, _ in rows],
        }
        for column in COLUMNS[match.layout.kind]:
            position = match.positions.get(column)
            columns[column] = (
                [None] * len(rows)
                if position is None
                else [_cell(cells, position) for _, cells in rows]
            )
        schema = {"file_id": pl.Int64, "line_number": pl.Int64} | dict.fromkeys(
            COLUMNS[match.layout.kind], pl.String
        )
        return pl.DataFrame(columns, schema=schema)


def open_rows(file: ReceivedFile, layouts: Iterable[Layout]) -> RowReader:
    """Find the header of a file and return a reader of its rows.

    Raises:
        UnreadableFileError: no layout's header in it, or not the kind of file it says it is.
    """
    if file.is_workbook:
        return _open_workbook(file, tuple(layouts))
    header = find_text_header(file, tuple(layouts))
    return RowReader(file, header, _text_rows(file, header))


def find_text_header(file: ReceivedFile, layouts: Sequence[Layout]) -> FoundHeader:
    """Return the header of a text file.

    Raises:
        UnreadableFileError: the file is empty or no layout's header is in its first lines.
    """
    lines = first_lines(file, HEADER_SEARCH_LINES)
    if not any(line.strip() for line in lines):
        raise UnreadableFileError(
            "the file is empty. Expected a header row and data rows. Export the file again."
        )
    found = find_header(lines, layouts)
    if isinstance(found, FoundHeader):
        return found
    raise UnreadableFileError(no_header_message(*found))


def no_header_message(nearest: HeaderMatch | None, line_number: int) -> str:
    """Say which header came nearest and what it lacks."""
    if nearest is None or not nearest.positions:
        return (
            f"no header row in the first {HEADER_SEARCH_LINES} lines. Expected column names of a "
            "known layout, separated by semicolon, tab or comma. If the export is new, add a "
            "layout for it (docs/inputs.md)."
        )
    missing = ", ".join(f"'{name}'" for name in nearest.missing)
    return (
        f"line {line_number}: the header looks like the layout '{nearest.layout.name}', but lacks "
        f"the column{'s' if len(nearest.missing) > 1 else ''} {missing}. Export the file with it, "
        "or add the new name to the layout's headers (docs/inputs.md)."
    )


def problem_of(code: str, line_number: int, cells: Sequence[str]) -> RowProblem:
    """Return the refusal of a row whose shape is wrong."""
    return RowProblem(code, line_number, f"{len(cells)} cells", row="\x1f".join(cells))


def _text_rows(file: ReceivedFile, header: FoundHeader) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of the data rows.

    A quotation mark that is never closed would swallow the rest of the file as one cell, so a
    row whose cells hold line breaks is taken apart again and each of its lines read as it is.
    """
    lines = decoded_lines(file)
    for _ in range(header.line_number):
        next(lines)
    number = header.line_number
    width = _width(header.match.header)
    pending: list[str] = []
    for line in lines:
        number += 1
        pending.append(line)
        text = "".join(pending)
        if _has_open_quote(text) and len(pending) < 20:
            continue
        cells = _split(text, header.delimiter)
        if len(pending) > 1 and len(cells) != width:
            first = number - len(pending) + 1
            for offset, single in enumerate(pending):
                yield first + offset, single.rstrip("\r\n").split(header.delimiter)
        else:
            yield number - len(pending) + 1, cells
        pending = []
    for offset, single in enumerate(pending):
        yield number - len(pending) + 1 + offset, single.rstrip("\r\n").split(header.delimiter)


def _has_open_quote(text: str) -> bool:
    return '"' in text and text.count('"') % 2 == 1


def _split(text: str, delimiter: str) -> list[str]:
    line = text.rstrip("\r\n")
    if '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter), [])


def _open_workbook(file: ReceivedFile, layouts: Sequence[Layout]) -> RowReader:
    try:
        book = fastexcel.read_excel(str(file.path))
        if not book.sheet_names:
            raise UnreadableFileError("the workbook has no sheet. Expected one with a header row.")
        # skip_rows=0: else empty rows at the top are left out and every row number is off.
        sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise UnreadableFileError(
            f"not a workbook that can be read ({type(error).__name__}): damaged, encrypted or cut "
            "short. Expected an .xlsx file. Export the file again."
        ) from None
    nearest: HeaderMatch | None = None
    nearest_line = 0
    for number, row in enumerate(sheet.head(HEADER_SEARCH_LINES).iter_rows(), start=1):
        match = best_match([cell or "" for cell in row], layouts)
        if match.fits:
            header = FoundHeader(match, number, "")
            return RowReader(file, header, _sheet_rows(sheet, number))
        if nearest is None or len(match.positions) > len(nearest.positions):
            nearest, nearest_line = match, number
    raise UnreadableFileError(no_header_message(nearest, nearest_line))


def _sheet_rows(sheet: pl.DataFrame, header_line: int) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(sheet.slice(header_line).iter_rows(), start=header_line + 1):
        yield number, [unicodedata.normalize("NFC", cell) if cell else "" for cell in row]


def _width(header: Sequence[str]) -> int:
    return len(header) - _empty_tail(header)


def _empty_tail(cells: Sequence[str]) -> int:
    count = 0
    for cell in reversed(cells):
        if cell.strip():
            break
        count += 1
    return count


def _cell(cells: Sequence[str], position: int) -> str | None:
    text = cells[position].strip(" \t\xa0\ufeff") if position < len(cells) else ""
    return text or None
