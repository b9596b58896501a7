"""Data rows of files as typed rows in temporary tables, each with at most one problem.

Two ways in, one meaning: the bulk path here hands whole groups of plain CSV files to DuckDB's
reader; whatever it can't take without a problem, and every workbook, goes row by row
(`row_by_row.py`) through the same SELECT. Not here: who has which key (`people.py`), duplicates
and storing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.exports.files.received import ReceivedFile
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layouts import DELIMITERS, FoundHeader, HeaderMatch, Layout
from assets.exports.senders.rights import RowRights
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

RAW_TABLES = {
    "lessons": "raw_lessons",
    "enrolments": "raw_enrolments",
    "aggregates": "raw_aggregates",
    "school_units": "raw_school_units",
    "school_breaks": "raw_school_breaks",
    "pupil_merges": "raw_pupil_merges",
}
# A lesson row is about 110 bytes; a line of more than a megabyte is a broken file.
_MAX_LINE_BYTES = 1 << 20
# A file id has 63 bits.
_ID_DIGITS = 19
# As many letters has a moment to the microsecond in ISO 8601.
_TIME_LETTERS = 26
# Every text is met by now, so a row without an export time is one that was staged before.
_EXPORTED_AT = (
    "SELECT offered_files.exported_at FROM offered_files WHERE offered_files.file_id = raw.file_id"
)
_ID_TAG = "SELECT offered_files.id_tag FROM offered_files WHERE offered_files.file_id = raw.file_id"
_KEY_PUPILS = """
    UPDATE {rows} SET
        pupil_key = civic_keys.pupil_key,
        problem = coalesce({rows}.problem, civic_keys.problem),
        exported_at = offered_files.exported_at,
        lesson_hash = lesson_of(civic_keys.pupil_key, lesson_id)
    FROM civic_keys, offered_files
    WHERE {rows}.exported_at IS NULL
        AND coalesce({rows}.civic_text, '') = civic_keys.civic_text
        AND {rows}.file_id = offered_files.file_id
"""
SAYS_MENTOR = "(mentor_name IS NOT NULL OR mentor_email IS NOT NULL)"
_KEY_MENTORS = """
    UPDATE {rows} SET mentor_key = staff_keys.staff_key
    FROM staff_keys
    WHERE {rows}.mentor_key IS NULL AND {says_mentor}
        AND coalesce({rows}.mentor_name, '') = staff_keys.name
        AND coalesce({rows}.mentor_email, '') = staff_keys.email
"""


@dataclass(frozen=True)
class Staging:
    """What files of one kind are staged in, as temporary tables.

    Attributes:
        kind: lessons, enrolments, aggregates, school_units, school_breaks or pupil_merges.
        offered: the files: when they were exported, how they write end dates.
        empty: the kind's columns without a row.
        rows: the typed rows.
        keyed: the typed rows with their keys; of lessons the same.
        rights: what the files' senders may say.
    """

    kind: str
    offered: TemporaryTable
    empty: TemporaryTable
    rows: TemporaryTable
    keyed: TemporaryTable
    rights: RowRights


@dataclass(frozen=True)
class BulkFile:
    """A plain text file whose header is known, ready for the bulk reader.

    Attributes:
        file: the file as it came.
        header: its header.
        utf8_path: where it, or its copy in UTF-8, is read from.
        lines: all its lines.
    """

    file: ReceivedFile
    header: FoundHeader
    utf8_path: Path
    lines: int

    @property
    def data_lines(self) -> int:
        """Lines below the header; as many rows must come out."""
        return self.lines - self.header.line_number

    @property
    def has_exact_rows(self) -> bool:
        """Whether there are as many separators as rows with the header's cells have.

        A row too short and one too long make it even; the short one is seen all the same.
        """
        index = DELIMITERS.index(self.header.delimiter)
        between = len(self.header.match.header) - 1
        found = self.file.separators[index] - self.header.separators_above
        return found == between * self.data_lines

    @property
    def shape(self) -> tuple[object, ...]:
        """Files of one shape can be read in one statement."""
        header = self.header
        has_tag = bool(self.file.sender.id_tag)
        layout = header.match.layout.name
        return (layout, header.match.header, header.delimiter, header.line_number, has_tag)


def load_macros(lake: Lake) -> None:
    """Load how cells are read (`sql/exports/parsing_macros.sql`) into the connection."""
    lake.prepare("exports/parsing_macros")


def begin_staging(lake: Lake, kind: str, files: Sequence[ReceivedFile]) -> Staging:
    """Make the tables that a batch of files of one kind is staged in, empty."""
    offered = load_offered(lake, files)
    rights = RowRights(lake, kind)
    columns = ", ".join(f"{column} VARCHAR" for column in COLUMNS[kind])
    empty = lake.make_empty("empty_rows", f"file_id BIGINT, line_number BIGINT, {columns}")
    point_raw_view(lake, kind, empty)
    lake.once(f"staged_{kind}", lambda: _prepare(lake, kind))
    rows = "batch_lessons" if kind == "lessons" else f"staged_{kind}"
    staged = lake.make(rows, f"SELECT * FROM {_unstaged(kind)}")
    keyed = staged if kind == "lessons" else lake.define(f"exports/keyed_{kind}")
    return Staging(kind, offered, empty, staged, keyed, rights)


def _prepare(lake: Lake, kind: str) -> None:
    """Make the typed rows of a kind, without one, for all batches of the connection.

    To find out the types of these columns takes as long as to read a small file.
    """
    if kind == "lessons":
        lake.define("exports/staged_lessons")
    lake.make(_unstaged(kind), lake.select(_typed(kind)))


def _unstaged(kind: str) -> str:
    return f"unstaged_{kind}"


def _typed(kind: str) -> str:
    return "exports/keyed_lessons" if kind == "lessons" else f"exports/staged_{kind}"


def insert_rows(lake: Lake, staging: Staging) -> None:
    """Stage the rows that the raw view of a kind has now.

    Lessons are keyed on the way, where their pupils have been met, as a night's rosters see to:
    of a city's month that saves a copy of ten million rows.
    """
    lake.connection.execute(
        f"INSERT INTO {staging.rows} BY NAME {lake.select(_typed(staging.kind))}"
    )
    staging.rights.refuse(staging.rows)


def key_lessons(lake: Lake, lessons: TemporaryTable) -> None:
    """Give staged lessons that have none yet their keys; everybody among them has been met."""
    lake.connection.execute(_KEY_PUPILS.format(rows=lessons))
    if lake.rows(f"SELECT 1 FROM {lessons} WHERE {SAYS_MENTOR} LIMIT 1"):
        lake.connection.execute(_KEY_MENTORS.format(rows=lessons, says_mentor=SAYS_MENTOR))


def find_shared(lake: Lake) -> TemporaryTable:
    """Find the lessons that more than one row of a batch speaks of."""
    lake.materialise("exports/repeating_days")
    return lake.materialise("exports/shared_lessons")


def end_staging(lake: Lake, staging: Staging) -> TemporaryTable:
    """Return the staged rows with their keys, which are looked up no more."""
    if staging.kind == "lessons":
        return staging.rows
    return lake.make(f"batch_{staging.kind}", f"SELECT * FROM {staging.keyed}")


def stage_bulk(lake: Lake, staging: Staging, files: Sequence[BulkFile], folder: Path) -> set[int]:
    """Stage whole files of one shape and return the ids of those that need reading row by row.

    Args:
        lake: the lake.
        staging: what they are staged in.
        files: files of one `shape`.
        folder: where links to them are made: DuckDB would take `*` in a name for a pattern.
    """
    folder.mkdir(parents=True, exist_ok=True)
    links: list[str] = []
    for bulk in files:
        time = bulk.file.exported_at.isoformat(timespec="microseconds")
        whose = bulk.file.sender.name if bulk.file.sender.id_tag else ""
        link = folder / f"{bulk.file.file_id:0{_ID_DIGITS}d}_{time}{whose}.csv"
        link.unlink(missing_ok=True)
        link.symlink_to(bulk.utf8_path.absolute())
        links.append(str(link))
        staging.rights.note(bulk.file, bulk.header.match.layout.name)
    try:
        has_tag = bool(files[0].file.sender.id_tag)
        rows = _bulk_rows(files[0].header, folder, links, has_tag=has_tag)
        lake.make_view(RAW_TABLES["lessons"], rows)
        insert_rows(lake, staging)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        # The reader gave up on the whole group, mostly for one file's sake: line ends that differ,
        # a line of megabytes. Row by row, that file tells what is wrong.
        if len(files) == 1:
            return {files[0].file.file_id}
        return set().union(*(stage_bulk(lake, staging, [bulk], folder) for bulk in files))
    finally:
        for path in links:
            Path(path).unlink(missing_ok=True)
    counts = dict(
        lake.rows(
            f"SELECT file_id, count(*) FROM {staging.rows} WHERE line_number IS NULL GROUP BY 1"
        )
    )
    return {
        bulk.file.file_id
        for bulk in files
        if counts.get(bulk.file.file_id, 0) != bulk.data_lines
        or (not bulk.has_exact_rows and _has_longer_rows(lake, bulk))
    }


def _has_longer_rows(lake: Lake, bulk: BulkFile) -> bool:
    """Whether a row has a cell more than the header, though an empty one.

    DuckDB reads past it, but where a decimal comma cut a cell in two, all to its right has slipped.
    """
    path = str(bulk.utf8_path.absolute())
    if any(letter in path for letter in "*?[{"):
        return True
    cells = _reader(bulk.header, [path], len(bulk.header.match.header) + 1)
    return bool(lake.rows(f"SELECT 1 FROM {cells} LIMIT 1"))


def _bulk_rows(header: FoundHeader, folder: Path, links: Sequence[str], *, has_tag: bool) -> str:
    # Where the id begins in a link's path, counted from 1, the export time behind it, and whose
    # ids these are. What is in the name costs nothing a row; for a second look-up DuckDB would keep
    # all rows.
    first = len(str(folder)) + 2
    then = first + _ID_DIGITS + 1
    last = then + _TIME_LETTERS
    tag = f"filename[{last}:-5] || chr(30)" if has_tag else "''"
    width = len(header.match.header)
    columns = ", ".join(
        f"{_bulk_cell(header.match, column)} AS {column}" for column in COLUMNS["lessons"]
    )
    # A cell under no heading is no end of a row: whatever it is, something has slipped.
    beyond = " AND ".join(
        f"coalesce(trim(c{index}), '') = ''" for index in range(header.width, width)
    )
    return (
        f"SELECT cast(filename[{first}:{first + _ID_DIGITS - 1}] AS BIGINT) AS file_id, "
        f"cast(filename[{then}:{last - 1}] AS TIMESTAMP) AS file_exported_at, {tag} AS id_tag, "
        f"NULL::BIGINT AS line_number, {columns} FROM {_reader(header, links, width)}"
        + (f" WHERE {beyond}" if beyond else "")
    )


def _reader(header: FoundHeader, paths: Sequence[str], width: int) -> str:
    """Return the rows of files that have so many cells, as a table of texts."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    names = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
    return (
        f"read_csv([{listed}], auto_detect = false, delim = '{header.delimiter}', quote = '\"', "
        f"escape = '\"', header = false, skip = {header.line_number}, columns = {{{names}}}, "
        f"filename = true, max_line_size = {_MAX_LINE_BYTES}, ignore_errors = true)"
    )


def _bulk_cell(match: HeaderMatch, column: str) -> str:
    """Return the expression that reads a column; of two that speak of protection the strictest."""
    if column not in match.positions:
        return "NULL::VARCHAR"
    if column != "protected" or len(match.markings) == 1:
        return f"c{match.positions[column]}"
    cells = [f"c{position}" for position in match.markings]
    strict = ", ".join(f"CASE WHEN protected_identity({cell}) THEN {cell} END" for cell in cells)
    return f"coalesce({strict}, {', '.join(cells)})"


def unstage(lake: Lake, table: TemporaryTable, file_ids: Sequence[int]) -> None:
    """Take files out of a staged table again."""
    lake.connection.execute(
        f"DELETE FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ids": list(file_ids)},
    )


def point_raw_view(lake: Lake, kind: str, source: TemporaryTable | str) -> None:
    """Make a table or frame the rows that the SELECT of a kind reads."""
    columns = ", ".join(("file_id", "line_number", *COLUMNS[kind]))
    if kind == "lessons":
        columns += f", ({_EXPORTED_AT}) AS file_exported_at, ({_ID_TAG}) AS id_tag"
    lake.make_view(RAW_TABLES[kind], f"SELECT {columns} FROM {source} AS raw")


def load_offered(lake: Lake, files: Sequence[ReceivedFile]) -> TemporaryTable:
    """Load files, so that SELECTs know each file's export time, and who may say what by it.

    Whether a file's end dates are exclusive its header decides (`note_layout`).
    """
    return lake.load(
        "offered_files",
        pl.DataFrame(
            {
                "file_id": [file.file_id for file in files],
                "exported_at": [file.exported_at for file in files],
                "is_time_believed": [file.is_time_believed for file in files],
                "has_exclusive_ends": [False] * len(files),
                "id_tag": [file.sender.id_tag for file in files],
                "source_tag": [file.sender.source_tag for file in files],
                "may_lift": [file.sender.may_lift for file in files],
                "releases_needed": [file.sender.releases_needed for file in files],
            },
            schema={
                "file_id": pl.Int64,
                "exported_at": pl.Datetime("us"),
                "is_time_believed": pl.Boolean,
                "has_exclusive_ends": pl.Boolean,
                "id_tag": pl.String,
                "source_tag": pl.String,
                "may_lift": pl.Boolean,
                "releases_needed": pl.Int8,
            },
        ),
    )


def note_layout(lake: Lake, staging: Staging, file: ReceivedFile, layout: Layout) -> None:
    """Let it be known how a file is read, before its rows are staged row by row.

    How it writes its end dates is for the SELECTs, what its sender may say by such a layout for
    the rights.
    """
    staging.rights.note(file, layout.name)
    if layout.has_exclusive_ends:
        lake.connection.execute(
            f"UPDATE {staging.offered} SET has_exclusive_ends = TRUE WHERE file_id = $file_id",
            {"file_id": file.file_id},
        )
