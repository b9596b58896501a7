"""Reading a file's rows: the plain ones of a text file many at a time, all others one by one.

Gives text cells under our column names, with `line_number`. What is plain says `plain_rows.py`; a
plain row that is refused is looked at once more, one by one, as every odd row is. Rows of workbooks
are read one by one, and those of layouts that count their rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa

from assets.exports.files.decoding import first_lines, refuse_odd_row_end
from assets.exports.files.received import ReceivedFile, UnreadableFileError
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.pupils.identity_numbers import possible_numbers, with_century
from assets.exports.pupils.protection import LooseWord, loose_word, strictest_marking
from assets.exports.readers.cells import split_cells
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.header_checks import (
    UnreadProtectionError,
    refuse_header,
    refuse_unread_protection,
)
from assets.exports.readers.layouts import (
    HEADER_SEARCH_LINES,
    FoundHeader,
    HeaderMatch,
    Layout,
    best_match,
    find_header,
    sheets_to_try,
)
from assets.exports.readers.periods import covered_period
from assets.exports.readers.plain_rows import PlainRows
from assets.exports.readers.reshaping.canonical_rows import CanonicalRows
from assets.exports.readers.row_counts import RowTally
from assets.exports.readers.row_shapes import RowShapes, shared_ending
from assets.exports.readers.sheet_rows import SheetRows
from assets.exports.readers.text_rows import DataRow, RowFault, text_rows
from assets.exports.readers.workbook import Sheet, read_sheet

ROWS_PER_FRAME = 100_000
MERGED_CELLS = "row.merged_cells"
# The last row of a sheet, today and in the format of before 2007: what came after is cut off.
SHEET_ROWS = frozenset({65_536, 1_048_576})
_UNIT = re.compile(r"[0-9]{5,8}")
_UNIT_DIGITS = 8
# What the sheets of a run may fill of the disk, and how many of them are open at once.
_SHEET_BYTES = 512 << 20
_OPEN_SHEETS = 128


@dataclass
class RowReader:
    """Reads one file's data rows once, in frames, and keeps what is no row at all.

    Attributes:
        canonical: makes its rows rows of our columns.
        plain: its plain rows, where they are read many at a time; else all are in `rows`.
        rows_read: data rows met so far; blank rows are none.
        lines_again: lines of a text file that are read one by one.
        rows_looked_at: rows that were read one by one.
        line_number: of the last of these.
        last_line: the number of the file's last line, or the sheet's last row.
        shapeless_rows: those of them that are no row, so that they are in no frame.
        notes: what a person should know of the file as a whole.
        last_row: the last row, when it has no line end and its last cell is read.
        ending: asked once: how many empty cells all its rows have beyond the header's.
        loose_words: what rows without shape say of protection.
        lost_rows: those without shape that can be about a pupil.
        period: of a file of absences, the first and the last day of which it speaks.
        marked_persons: keys of persons of SS12000 whom a reference calls protected.
    """

    file: ReceivedFile
    header: FoundHeader
    canonical: CanonicalRows
    rows: Iterable[DataRow]
    notes: tuple[str, ...] = ()
    plain: PlainRows | None = None
    rows_read: int = 0
    lines_again: int = 0
    rows_looked_at: int = 0
    line_number: int = 0
    last_line: int = 0
    shapeless_rows: int = 0
    last_row: DataRow | None = None
    ending: Callable[[], int] = int
    lost_rows: int = 0
    period: tuple[date, date] | None = None
    loose_words: list[LooseWord] = field(default_factory=list)
    marked_persons: set[str] = field(default_factory=set)
    _problems: list[RowProblem] = field(default_factory=list)
    _faults: dict[int, RowFault] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """Say what of the file was not read at all; None if nothing."""
        unread = self.header.match.unread_columns
        said = [*self.notes, *([unread] if unread else [])]
        if self.full_sheet():
            said.insert(
                0,
                f"it ends at row {self.last_line}, the last that a spreadsheet has room for: rows "
                "may have been cut off",
            )
        if self.rows_read == 0:
            said.insert(0, "it has a header but no rows")
        return "; ".join(said) or None

    def plain_tables(self) -> Iterator[pa.Table]:
        """Yield the plain rows of a text file; afterwards `frames` gives the others.

        Raises:
            UnreadableFileError: bytes that are no text.
            ChangedFileError: the file is gone.
        """
        if self.plain is None:
            return
        for table in self.plain.tables():
            self.rows_read += table.num_rows
            yield table
        self.look_again(())

    def look_again(self, numbers: Sequence[int]) -> None:
        """Let `frames` give plain rows once more, with all that are not plain.

        Args:
            numbers: lines of such rows, which nobody counts any more.
        """
        if self.plain is None:
            return
        self.rows_read -= len(numbers)
        lines = sorted({*self.plain.odd, *numbers})
        self.lines_again = len(lines)
        self.rows = text_rows(self.file, self.header, lines)

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of at most `ROWS_PER_FRAME` rows, which can have none.

        Raises:
            UnreadableFileError: the file has another number of rows than it says.
        """
        kept: list[DataRow] = []
        shapes = RowShapes(self.header, self.ending)
        tally = RowTally(self.header.match)
        lines = 0
        for row in self.rows:
            if not "".join(row.cells).strip() or tally.is_trailer(row.cells, row.line_number):
                continue
            if self.canonical.is_between_rows(row):
                continue
            self.line_number = row.line_number
            lines += 1
            tally.look_at(row.cells, row.line_number)
            if fault := shapes.fault(row):
                if self.canonical.ends_block(fault):
                    lines -= 1
                    continue
                self._refuse(fault, row)
            else:
                kept += map(self._noted, self.canonical.of(row))
            if len(kept) + len(self._problems) >= ROWS_PER_FRAME:
                yield self._frame(kept)
                kept = []
        tally.check(lines)
        self._problems += self.full_sheet()
        yield self._frame(kept)

    def full_sheet(self) -> list[RowProblem]:
        """Return a warning where the last line is the last that a spreadsheet has room for."""
        if self.rows_read == 0 or self.last_line not in SHEET_ROWS:
            return []
        return [RowProblem("row.sheet_full", self.last_line, f"{self.last_line} rows")]

    def _noted(self, row: DataRow) -> DataRow:
        """Count a row that has its shape, and note what is to be said of it."""
        self.rows_read += 1
        self.rows_looked_at += 1
        if row.is_unended and self.header.reads_last_column:
            self._problems.append(RowProblem("row.no_line_end", row.line_number, ""))
            self.last_row = row
        if row.merged:
            self._problems.append(RowProblem(MERGED_CELLS, row.line_number, row.merged))
        if row.fault:
            self._faults[row.number] = row.fault
        return row

    def take_faults(self) -> dict[int, RowFault]:
        """Return, by number, the rows since the last call that are refused whatever is staged."""
        faults, self._faults = self._faults, {}
        return faults

    def take_problems(self) -> list[RowProblem]:
        """Return the problems met since the last call: rows without a row's shape."""
        problems, self._problems = self._problems, []
        return problems

    def _refuse(self, code: str, row: DataRow) -> None:
        self.rows_read += 1
        self.rows_looked_at += 1
        self.shapeless_rows += 1
        word = loose_word(self.file, row.cells)
        if word:
            self.loose_words.append(word)
        self.lost_rows += bool(possible_numbers(" ".join(row.cells)))
        found = f"{len(row.cells)} cells"
        kept = "\x1f".join(self._cells_to_keep(row.cells))
        self._problems.append(RowProblem(code, row.line_number, found, row=kept))

    def _cells_to_keep(self, cells: Sequence[str]) -> Sequence[str]:
        """Return a shapeless row's cells up to where the reason for an absence may stand.

        The reason is health data and is never stored. With the wrong number of cells nobody knows
        which cell it is: after a missing cell it stands further to the left.
        """
        health = self.header.match.health_places
        if not health:
            return cells
        missing = max(0, self.header.width - len(cells))
        return cells[: max(0, min(health) - missing)]

    def _frame(self, rows: Sequence[DataRow]) -> pl.DataFrame:
        match = self.header.match
        named = COLUMNS[match.layout.kind]
        columns: dict[str, Sequence[object]] = {
            "file_id": [self.file.file_id] * len(rows),
            "line_number": [row.number for row in rows],
        }
        positions, markings = self.canonical.positions, self.canonical.markings
        for column in named:
            position = positions.get(column)
            if column == "protected" and len(markings) > 1:
                columns[column] = [strictest_marking(row.cells, markings) for row in rows]
                continue
            columns[column] = (
                [self.header.match.layout.said_by_name(column, self.file.name)] * len(rows)
                if position is None
                else self._texts(column, [row.cells[position] for row in rows])
            )
        schema = {"file_id": pl.Int64, "line_number": pl.Int64} | dict.fromkeys(named, pl.String)
        texts = pl.col(*named).str.strip_chars(" \t")
        # An empty cell is no text.
        return pl.DataFrame(columns, schema=schema).with_columns(
            pl.when(texts != "").then(texts).name.keep()
        )

    def _texts(self, column: str, cells: list[str]) -> list[str]:
        if not column.endswith("civic_no"):
            return cells
        exported = self.file.exported_at.date()
        full = {text: with_century(text, exported) for text in set(cells)}
        return [full[text] for text in cells]


class Openings:
    """The headers of a run's files, and as many sheets as there is room for.

    A file is met twice, when its layout is found and when its batch is read, but a workbook takes
    a process of its own to open.

    Args:
        layouts: those that are tried.
        folder: for the rows of sheets, in files of no name; that of the machine when None.

    Attributes:
        unit: what the numbers of rows count: a line, or an object of JSON.
    """

    unit = "line"

    def __init__(self, layouts: Sequence[Layout], folder: Path | None = None) -> None:
        self._layouts = layouts
        self._folder = folder
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
                self._headers[file.sha256], sheet = self._found_sheet(file)
                self._sheets[file.sha256] = sheet
                filled = sum(kept.size for kept in self._sheets.values())
                if filled > _SHEET_BYTES or len(self._sheets) > _OPEN_SHEETS:
                    self._sheets.pop(file.sha256).lines.close()
            else:
                self._headers[file.sha256] = find_text_header(file, self._layouts)
        refuse_header(self._headers[file.sha256])
        return self._headers[file.sha256]

    def rows(self, file: ReceivedFile) -> RowReader:
        """Return a reader of a file's rows; raises what `header` raises."""
        header = self.header(file)
        if not file.is_workbook:
            return RowReader(
                file,
                header,
                _canonical(file, header),
                text_rows(file, header),
                plain=PlainRows(file, header) if _has_plain_rows(header) else None,
                last_line=file.lines,
                ending=lambda: shared_ending(header, text_rows(file, header)),
                period=covered_period(header.match.layout, file.name, _above(file, header)),
            )
        sheet = self._sheets.pop(file.sha256, None) or self._sheet(file, header.sheet_number)
        rows = SheetRows(sheet, header)
        return RowReader(
            file,
            header,
            _canonical(file, header, sheet),
            rows,
            rows.notes,
            last_line=sheet.height,
            period=covered_period(header.match.layout, file.name, _above(file, header, sheet)),
        )

    def named_units(self, file: ReceivedFile, header: FoundHeader) -> frozenset[str]:
        """Return the school units that a file names, whatever else is wrong with it.

        Raises:
            UnreadableFileError: it can't be read.
            ChangedFileError: it is gone.
        """
        if not header.match.says("school_unit_code"):
            said = header.match.layout.said_by_name("school_unit_code", file.name)
            return frozenset({said} if said else ())
        sheet = self._sheet(file, header.sheet_number) if file.is_workbook else None
        canonical = _canonical(file, header, sheet)
        rows = SheetRows(sheet, header) if sheet else text_rows(file, header)
        position = canonical.positions["school_unit_code"]
        whole = (
            row
            for row in rows
            if not canonical.is_between_rows(row) and len(row.cells) >= header.width
        )
        cells = {one.cells[position].strip() for row in whole for one in canonical.of(row)}
        return frozenset(cell.zfill(_UNIT_DIGITS) for cell in cells if _UNIT.fullmatch(cell))

    def _found_sheet(self, file: ReceivedFile) -> tuple[FoundHeader, Sheet]:
        """Return the first sheet on which a layout that may stand there finds its header."""
        unread: UnreadProtectionError | None = None
        *numbered, (_, _, layouts) = sheets_to_try(self._layouts)
        for number, _, asking in numbered:
            try:
                sheet = self._sheet(file, number)
                return replace(_sheet_header(sheet, asking), sheet_number=number), sheet
            except UnreadProtectionError as error:
                unread = error
            except UnreadableFileError:
                continue
        sheet = self._sheet(file)
        try:
            return _sheet_header(sheet, layouts), sheet
        except UnreadableFileError as error:
            # A column that nobody could read on another sheet protects somebody all the same.
            raise unread or error from None

    def _sheet(self, file: ReceivedFile, number: int = 0) -> Sheet:
        *_, (_, names, _) = sheets_to_try(self._layouts)
        return read_sheet(file, names, self._folder, number)


def _canonical(
    file: ReceivedFile, header: FoundHeader, sheet: Sheet | None = None
) -> CanonicalRows:
    """Return what makes a file's rows ours, once it has seen what stands above the header."""
    canonical = CanonicalRows(file, header)
    if header.match.layout.blocks is not None:
        for number, cells in enumerate(_above(file, header, sheet), start=1):
            canonical.is_between_rows(DataRow(number, cells))
    return canonical


def _above(
    file: ReceivedFile, header: FoundHeader, sheet: Sheet | None = None
) -> Sequence[list[str]]:
    """Return the lines above a header, where its layout asks what they say."""
    lines = header.line_number - 1
    layout = header.match.layout
    if not lines or (layout.blocks is None and layout.covers is None):
        return []
    if sheet:
        return list(sheet.first_rows(lines))
    return [split_cells(line, header.delimiter).cells for line in first_lines(file, lines)]


def _has_plain_rows(header: FoundHeader) -> bool:
    """Whether rows may be read many at a time.

    Each row of a file that counts them is asked, and each that has to be reshaped.
    """
    layout = header.match.layout
    return layout.row_count is None and not layout.is_reshaped


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
        refuse_odd_row_end(lines[found.line_number - 1], f"line {found.line_number}")
        return found
    nearest, line_number = found
    if nearest is not None:
        refuse_unread_protection(nearest, line_number)
    raise UnreadableFileError(no_header_message(nearest, line_number))


def no_header_message(nearest: HeaderMatch | None, line_number: int) -> str:
    """Say which header came nearest and what it lacks."""
    # A word such as "Namn" alone is no header that is nearly there.
    if nearest is None or not nearest.has_required:
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
