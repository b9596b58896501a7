"""Data rows of files as typed rows in temporary tables, each with at most one problem.

Two ways in, one meaning: the bulk path hands whole groups of plain CSV files to DuckDB's reader;
whatever it can't take without a problem, and every workbook, goes row by row (`frames.py`) through
the same SELECT. Not here: keys, duplicates and storing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import polars as pl

from assets.exports.frames import ROWS_PER_FRAME, RowReader, open_rows
from assets.exports.layouts import COLUMNS, FoundHeader, Layout
from assets.exports.outcomes import RowProblem
from assets.exports.people import People
from assets.exports.reasons import shown
from assets.exports.received import ReceivedFile, UnreadableFileError
from assets.lake import Lake

RAW_TABLES = {
    "lessons": "raw_lessons",
    "enrolments": "raw_enrolments",
    "school_units": "raw_school_units",
}
# A lesson row is about 110 bytes; a line of more than a megabyte is a broken file.
_MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class BulkFile:
    """A plain text file whose header is known, ready for the bulk reader."""

    file: ReceivedFile
    header: FoundHeader
    utf8_path: Path

    @property
    def data_lines(self) -> int:
        """Lines below the header; as many rows must come out."""
        return self.file.lines - self.header.line_number

    @property
    def shape(self) -> tuple[object, ...]:
        """Files of one shape can be read in one statement."""
        header = self.header
        return (header.match.layout.name, header.match.header, header.delimiter, header.line_number)


def load_macros(lake: Lake) -> None:
    """Load how cells are read (`sql/exports/parsing_macros.sql`) into the connection."""
    lake.connection.execute(lake.select("exports/parsing_macros"))


def begin_staging(lake: Lake, kind: str, files: Sequence[ReceivedFile]) -> None:
    """Make the staged table of a kind of rows, empty, for a batch of files."""
    _load_offered(lake, files)
    columns = ", ".join(f"{column} VARCHAR" for column in COLUMNS[kind])
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE empty_rows (file_id BIGINT, line_number BIGINT, {columns})"
    )
    _point_raw_view(lake, kind, "empty_rows")
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE staged_{kind} AS {lake.select(f'exports/staged_{kind}')}; "
        f"CREATE OR REPLACE TEMP VIEW keyed_{kind} AS {lake.select(f'exports/keyed_{kind}')}"
    )


def stage_bulk(lake: Lake, files: Sequence[BulkFile], folder: Path) -> set[int]:
    """Stage whole files of one shape and return the ids of those that need reading row by row.

    Args:
        lake: the lake; `begin_staging` was called.
        files: files of one `shape`.
        folder: where links to them are made: DuckDB would take `*` in a name for a pattern.
    """
    folder.mkdir(parents=True, exist_ok=True)
    links: list[str] = []
    for bulk in files:
        link = folder / f"{bulk.file.file_id}.csv"
        link.unlink(missing_ok=True)
        link.symlink_to(bulk.utf8_path.resolve())
        links.append(str(link))
    connection = lake.connection
    connection.execute("DROP TABLE IF EXISTS bulk_errors; DROP TABLE IF EXISTS bulk_scans")
    try:
        connection.execute(_bulk_view(files[0].header, links))
        connection.execute(f"INSERT INTO staged_lessons {lake.select('exports/staged_lessons')}")
    except duckdb.Error:
        # The reader gave up on the whole group. Row by row, each file tells what is wrong.
        ids = [bulk.file.file_id for bulk in files]
        unstage(lake, "staged_lessons", ids)
        return set(ids)
    finally:
        for path in links:
            Path(path).unlink(missing_ok=True)
    counts = dict(
        lake.rows(
            "SELECT file_id, count(*) FROM staged_lessons WHERE line_number IS NULL GROUP BY 1"
        )
    )
    return {
        bulk.file.file_id for bulk in files if counts.get(bulk.file.file_id, 0) != bulk.data_lines
    }


def _bulk_view(header: FoundHeader, links: Sequence[str]) -> str:
    width = len(header.match.header)
    names = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
    columns = ", ".join(
        f"c{header.match.positions[column]} AS {column}"
        if column in header.match.positions
        else f"NULL::VARCHAR AS {column}"
        for column in COLUMNS["lessons"]
    )
    paths = ", ".join("'" + link.replace("'", "''") + "'" for link in links)
    return (
        "CREATE OR REPLACE TEMP VIEW raw_lessons AS SELECT "
        "cast(parse_filename(filename, true) AS BIGINT) AS file_id, "
        f"NULL::BIGINT AS line_number, {columns} FROM read_csv([{paths}], auto_detect = false, "
        f"delim = '{header.delimiter}', quote = '\"', escape = '\"', header = false, "
        f"skip = {header.line_number}, columns = {{{names}}}, filename = true, "
        f"max_line_size = {_MAX_LINE_BYTES}, ignore_errors = true, store_rejects = true, "
        "rejects_table = 'bulk_errors', rejects_scan = 'bulk_scans')"
    )


@dataclass
class StagedRows:
    """What staging files row by row gave.

    Attributes:
        readers: by file id; each knows how many rows it read.
        problems: by file id, refused rows and warnings, in order of line.
        unreadable: files that turned out to be no such file after all; none of their rows stays.
    """

    readers: dict[int, RowReader] = field(default_factory=dict)
    problems: dict[int, list[RowProblem]] = field(default_factory=dict)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)


def stage_rows(
    lake: Lake,
    people: People,
    kind: str,
    files: Sequence[ReceivedFile],
    layouts: Sequence[Layout],
) -> StagedRows:
    """Stage files row by row, and find each refused row and warning with its line.

    Args:
        lake: the lake; `begin_staging` was called.
        people: extended by the people of each frame before it is staged, so that a wrong identity
            number is found while the row's cells are at hand.
        kind: lessons, enrolments or school_units.
        files: the files, small ones many to a frame.
        layouts: the layouts to try.
    """
    staged = StagedRows()
    waiting: list[pl.DataFrame] = []
    for file in files:
        try:
            reader = open_rows(file, layouts)
            staged.readers[file.file_id] = reader
            for frame in reader.frames():
                waiting.append(frame)
                if sum(rows.height for rows in waiting) >= ROWS_PER_FRAME:
                    _stage_frame(lake, people, kind, pl.concat(waiting), staged)
                    waiting = []
        except UnreadableFileError as error:
            staged.unreadable[file] = str(error)
    if waiting:
        _stage_frame(lake, people, kind, pl.concat(waiting), staged)
    if staged.unreadable:
        unstage(lake, f"staged_{kind}", [file.file_id for file in staged.unreadable])
    for file_id, reader in staged.readers.items():
        found = staged.problems.get(file_id, []) + reader.problems
        staged.problems[file_id] = sorted(found, key=lambda problem: problem.line_number)
    return staged


def _stage_frame(
    lake: Lake, people: People, kind: str, frame: pl.DataFrame, staged: StagedRows
) -> None:
    people.key_frame(frame)
    lake.connection.register("row_frame", frame)
    _point_raw_view(lake, kind, "row_frame")
    lake.connection.execute(f"INSERT INTO staged_{kind} {lake.select(f'exports/staged_{kind}')}")
    found = lake.frame(
        f"SELECT file_id, line_number, problem, warning FROM keyed_{kind} "
        "SEMI JOIN row_frame USING (file_id, line_number) "
        "WHERE problem IS NOT NULL OR warning IS NOT NULL ORDER BY file_id, line_number"
    )
    _point_raw_view(lake, kind, "empty_rows")
    lake.connection.unregister("row_frame")
    rows = found.join(frame, on=["file_id", "line_number"], how="left", maintain_order="left")
    for row in rows.iter_rows(named=True):
        problems = staged.problems.setdefault(row["file_id"], [])
        if row["problem"]:
            problems.append(refusal(row["problem"], row, COLUMNS[kind]))
        else:
            _count_warning(problems, row)


def refusal(code: str, row: dict[str, object], columns: Sequence[str]) -> RowProblem:
    """Return the refusal of a row, with its cells for the sealed copy."""
    column = code.partition(".")[0]
    cell = row.get(column)
    text = None if cell is None else str(cell)
    cells = "\x1f".join("" if row.get(name) is None else str(row[name]) for name in columns)
    line = row["line_number"]
    return RowProblem(code, line if isinstance(line, int) else 0, shown(column, text), row=cells)


def _count_warning(problems: list[RowProblem], row: dict[str, object]) -> None:
    """Add a row to its kind of warning; the first row of a kind gives line and finding."""
    code = str(row["warning"])
    for index, problem in enumerate(problems):
        if problem.code == code and not problem.is_rejection:
            problems[index] = replace(problem, rows=problem.rows + 1)
            return
    first = refusal(code, row, ())
    problems.append(RowProblem(code, first.line_number, first.found))


def unstage(lake: Lake, table: str, file_ids: Sequence[int]) -> None:
    """Take files out of a staged table again."""
    lake.connection.execute(
        f"DELETE FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ids": list(file_ids)},
    )


def _point_raw_view(lake: Lake, kind: str, source: str) -> None:
    columns = ", ".join(("file_id", "line_number", *COLUMNS[kind]))
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {RAW_TABLES[kind]} AS SELECT {columns} FROM {source}"
    )


def _load_offered(lake: Lake, files: Sequence[ReceivedFile]) -> None:
    """Make `offered_files`, so that SELECTs know each file's export time."""
    lake.load(
        "offered_files",
        pl.DataFrame(
            {
                "file_id": [file.file_id for file in files],
                "exported_at": [file.exported_at for file in files],
            },
            schema={"file_id": pl.Int64, "exported_at": pl.Datetime("us")},
        ),
    )
