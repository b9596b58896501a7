"""Reading a file row by row: exact line numbers, for workbooks, rosters and files with faults.

The bulk reader (`staging.py`) knows no line numbers; whatever it can't read without a problem is
read again here. Yields frames of text cells under our column names, with `line_number`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.exports.cells import has_shape
from assets.exports.columns import COLUMNS
from assets.exports.decoding import first_lines
from assets.exports.header_checks import refuse_header, refuse_unread_protection
from assets.exports.layouts import (
    HEADER_SEARCH_LINES,
    FoundHeader,
    HeaderMatch,
    Layout,
    best_match,
    find_header,
)
from assets.exports.outcomes import RowProblem
from assets.exports.protection import LooseWord, loose_word, strictest_marking
from assets.exports.received import ReceivedFile, UnreadableFileError
from assets.exports.row_counts import RowTally
from assets.exports.text_rows import DataRow, text_rows
from assets.exports.workbooks import Sheet, read_sheet

ROWS_PER_FRAME = 100_000
_UNIT = re.compile(r"[0-9]{5,8}")
_UNIT_DIGITS = 8
_SHEET_BYTES = 256 << 20


@dataclass
class RowReader:
    """Reads one file's data rows once, in frames, and keeps what is no row at all.

    Attributes:
        rows_read: data rows met so far; blank rows are none.
        shapeless_rows: those of them that are no row, so that they are in no frame.
        notes: what a person should know of the file as a whole.
        loose_words: what rows without shape say of protection.
        marked_persons: keys of persons of SS12000 whom a reference calls protected.
    """

    file: ReceivedFile
    header: FoundHeader
    rows: Iterable[DataRow]
    notes: tuple[str, ...] = ()
    rows_read: int = 0
    shapeless_rows: int = 0
    loose_words: list[LooseWord] = field(default_factory=list)
    marked_persons: set[str] = field(default_factory=set)
    _problems: list[RowProblem] = field(default_factory=list)

    @property
    def reason(self) -> str | None:
        """Say what of the file was not read at all; None if nothing."""
        unread = self.header.match.unread_columns
        said = [*self.notes, *([unread] if unread else [])]
        if self.rows_read == 0:
            said.insert(0, "it has a header but no rows")
        return "; ".join(said) or None

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of at most `ROWS_PER_FRAME` rows, which can have none.

        Raises:
            UnreadableFileError: the file has another number of rows than it says.
        """
        kept: list[DataRow] = []
        width = self.header.width
        tally = RowTally(self.header.match)
        for row in self.rows:
            if not "".join(row.cells).strip() or tally.is_trailer(row.cells, row.line_number):
                continue
            self.rows_read += 1
            tally.look_at(row.cells, row.line_number)
            if has_shape(row.cells, width):
                if row.is_unended and self.header.reads_last_column:
                    if not row.cells[width - 1].strip():
                        self._refuse("row.cut_short", row)
                        continue
                    self._problems.append(RowProblem("row.no_line_end", row.line_number, ""))
                kept.append(row)
            elif row.has_broken_quotes:
                self._refuse("row.broken_quotes", row)
            else:
                is_short = len(row.cells) < width
                self._refuse(f"row.too_{'few' if is_short else 'many'}_cells", row)
            if len(kept) + len(self._problems) >= ROWS_PER_FRAME:
                yield self._frame(kept)
                kept = []
        tally.check(self.rows_read)
        yield self._frame(kept)

    def take_problems(self) -> list[RowProblem]:
        """Return the problems met since the last call: rows without a row's shape."""
        problems, self._problems = self._problems, []
        return problems

    def _refuse(self, code: str, row: DataRow) -> None:
        self.shapeless_rows += 1
        word = loose_word(self.file, row.cells)
        if word:
            self.loose_words.append(word)
        found = f"{len(row.cells)} cells"
        kept = "\x1f".join(self._cells_to_keep(row.cells))
        self._problems.append(RowProblem(code, row.line_number, found, row=kept))

    def _cells_to_keep(self, cells: Sequence[str]) -> Sequence[str]:
        """Return a shapeless row's cells up to where the reason for an absence may stand.

        The reason is health data and is never stored. With the wrong number of cells nobody knows
        which cell it is: after a missing cell it stands further to the left.
        """
        match = self.header.match
        if not match.dropped:
            return cells
        missing = max(0, self.header.width - len(cells))
        return cells[: max(0, min(match.dropped) - missing)]

    def _frame(self, rows: Sequence[DataRow]) -> pl.DataFrame:
        match = self.header.match
        named = COLUMNS[match.layout.kind]
        columns: dict[str, Sequence[object]] = {
            "file_id": [self.file.file_id] * len(rows),
            "line_number": [row.line_number for row in rows],
        }
        for column in named:
            position = match.positions.get(column)
            if column == "protected" and len(match.markings) > 1:
                columns[column] = [strictest_marking(row.cells, match.markings) for row in rows]
                continue
            columns[column] = (
                [self.header.match.layout.said_by_name(column, self.file.name)] * len(rows)
                if position is None
                else [row.cells[position] for row in rows]
            )
        schema = {"file_id": pl.Int64, "line_number": pl.Int64} | dict.fromkeys(named, pl.String)
        texts = pl.col(*named).str.strip_chars(" \t")
        # An empty cell is no text.
        return pl.DataFrame(columns, schema=schema).with_columns(
            pl.when(texts != "").then(texts).name.keep()
        )


class Openings:
    """The headers of a run's files, and as many sheets as memory has room for.

    A file is met twice, when its layout is found and when its batch is read, but a workbook takes
    a process of its own to open.

    Attributes:
        unit: what the numbers of rows count: a line, or an object of JSON.
    """

    unit = "line"

    def __init__(self, layouts: Sequence[Layout]) -> None:
        self._layouts = layouts
        self._headers: dict[str, FoundHeader] = {}
        self._sheets: dict[str, Sheet] = {}

    def header(self, file: ReceivedFile) -> FoundHeader:
        """Return the header of a file.

        Raises:
            UnreadableFileError: no layout's header in it, or not the kind of file it says it is.
            ChangedFileError: the file is gone.
        """
        if file.sha256 not in self._headers:
            if file.is_workbook:
                sheet = self._sheet(file)
                self._headers[file.sha256] = _sheet_header(sheet, self._layouts)
                self._sheets[file.sha256] = sheet
                if sum(kept.size for kept in self._sheets.values()) > _SHEET_BYTES:
                    del self._sheets[file.sha256]
            else:
                self._headers[file.sha256] = find_text_header(file, self._layouts)
        refuse_header(self._headers[file.sha256])
        return self._headers[file.sha256]

    def rows(self, file: ReceivedFile) -> RowReader:
        """Return a reader of a file's rows; raises what `header` raises."""
        header = self.header(file)
        if not file.is_workbook:
            return RowReader(file, header, text_rows(file, header))
        sheet = self._sheets.pop(file.sha256, None) or self._sheet(file)
        notes = (sheet.unread_sheets,) if sheet.unread_sheets else ()
        return RowReader(file, header, _sheet_rows(sheet, header), notes)

    def named_units(self, file: ReceivedFile, header: FoundHeader) -> frozenset[str]:
        """Return the school units that a file names, whatever else is wrong with it.

        Raises:
            UnreadableFileError: it can't be read.
            ChangedFileError: it is gone.
        """
        position = header.match.positions.get("school_unit_code")
        if position is None:
            said = header.match.layout.said_by_name("school_unit_code", file.name)
            return frozenset({said} if said else ())
        rows = (
            _sheet_rows(self._sheet(file), header) if file.is_workbook else text_rows(file, header)
        )
        cells = {row.cells[position].strip() for row in rows if len(row.cells) > position}
        return frozenset(cell.zfill(_UNIT_DIGITS) for cell in cells if _UNIT.fullmatch(cell))

    def _sheet(self, file: ReceivedFile) -> Sheet:
        return read_sheet(file, tuple(layout.sheet for layout in self._layouts if layout.sheet))


def find_text_header(file: ReceivedFile, layouts: Sequence[Layout]) -> FoundHeader:
    """Return the header of a text file.

    Raises:
        UnreadableFileError: the file is empty or no layout's header is in its first lines.
        ChangedFileError: the file is gone.
    """
    lines = first_lines(file, HEADER_SEARCH_LINES)
    if not any(line.strip() for line in lines):
        raise UnreadableFileError(
            "the file is empty. Expected a header row and data rows. Export the file again."
        )
    found = find_header(lines, layouts)
    if isinstance(found, FoundHeader):
        return found
    nearest, line_number = found
    if nearest is not None:
        refuse_unread_protection(nearest, line_number)
    raise UnreadableFileError(no_header_message(*found))


def no_header_message(nearest: HeaderMatch | None, line_number: int) -> str:
    """Say which header came nearest and what it lacks."""
    if nearest is None or not nearest.positions:
        return (
            f"no header row in the first {HEADER_SEARCH_LINES} lines. Expected column names of a "
            "known layout, separated by semicolon, tab or comma. If the export is new, add a "
            "layout for it (docs/layouts.md)."
        )
    looks_like = f"line {line_number}: the header looks like the layout '{nearest.layout.name}'"
    if not nearest.missing:
        listed = ", ".join(f"'{name}'" for name in nearest.twice)
        return f"{looks_like}, but has {listed} twice. Expected it once. Export the file again."
    missing = ", ".join(f"'{name}'" for name in nearest.missing)
    return (
        f"{looks_like}, but lacks the column{'s' if len(nearest.missing) > 1 else ''} {missing}. "
        "Export the file with it, or add the new name to the layout's headers (docs/layouts.md)."
    )


def _sheet_header(sheet: Sheet, layouts: Sequence[Layout]) -> FoundHeader:
    nearest: HeaderMatch | None = None
    nearest_line = 0
    for number, cells in enumerate(sheet.first_rows(HEADER_SEARCH_LINES), start=1):
        match = best_match(cells, layouts)
        if match.fits:
            return FoundHeader(match, number, "")
        if nearest is None or len(match.positions) > len(nearest.positions):
            nearest, nearest_line = match, number
    if nearest is not None:
        refuse_unread_protection(nearest, nearest_line)
    raise UnreadableFileError(no_header_message(nearest, nearest_line))


def _sheet_rows(sheet: Sheet, header: FoundHeader) -> Iterator[DataRow]:
    for number, cells in sheet.rows_after(header.line_number):
        yield DataRow(number, cells)
