"""Staging the rows of files: many at a time, and what has a problem once more, one by one.

Plain rows of text files are staged as they come. Which of them are refused, or are the first that
have a warning, the staged rows tell, by line: those are taken out, and read again one by one with
the rows that are not plain, for their cells and their reason. So a bad row costs what a bad row
costs, and no file is slow for its sake. Workbooks, which have no plain rows, are staged one by one.

Not here: what the cells mean (`staging/staged_tables.py`), how a row is read from a file
(`readers/row_reader.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import duckdb
import polars as pl
import pyarrow as pa

from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ledger.reasons import shown
from assets.exports.pupils.people import People
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.row_reader import MERGED_CELLS, ROWS_PER_FRAME, Openings, RowReader
from assets.exports.readers.text_rows import RowFault, place_of
from assets.exports.staging.staged_tables import (
    Staging,
    insert_rows,
    key_lessons,
    note_layout,
    point_raw_view,
    unstage,
)
from assets.lake.connection import Lake

# A file whose first so many rows are all refused is given up: it is no export of this layout.
HOPELESS_ROWS = 100_000


_OF_PEOPLE = frozenset(
    {"civic_no", "old_civic_no", "new_civic_no"}
    | {f"{role}_{what}" for role in ("mentor", "principal") for what in ("name", "email")}
)


@dataclass
class StagedRows:
    """What staging files gave.

    Attributes:
        readers: by file id; each knows how many rows it read.
        unreadable: files that turned out to be no such file after all; none of their rows stays.
        held: files that are gone; none of their rows stays.
    """

    readers: dict[int, RowReader] = field(default_factory=dict)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)
    held: dict[ReceivedFile, str] = field(default_factory=dict)

    @contextmanager
    def noting(self, file: ReceivedFile) -> Iterator[None]:
        """Note a file that can't be read, and why."""
        try:
            yield
        except UnreadableFileError as error:
            self.unreadable[file] = str(error)
        except ChangedFileError as error:
            self.held[file] = str(error)

    def has_lost(self, file: ReceivedFile) -> bool:
        """Whether a file can't be read."""
        return file in self.unreadable or file in self.held


@dataclass(frozen=True)
class RowStage:
    """Stages files, and finds each refused row and warning with its line.

    Attributes:
        lake: the lake.
        people: extended by the people of each frame before it is staged, so that a wrong identity
            number is found while the row's cells are at hand.
        openings: headers and sheets of the run's files.
        problems: takes what is refused and warned of.
        staging: what they are staged in.
    """

    lake: Lake
    people: People
    openings: Openings
    problems: ProblemLog
    staging: Staging
    _merged: set[tuple[int, int]] = field(default_factory=set)
    _faults: dict[tuple[int, int], RowFault] = field(default_factory=dict)

    def stage(self, files: Sequence[ReceivedFile]) -> StagedRows:
        """Stage files, small ones many to a frame."""
        staged = StagedRows()
        self._stage_plain([file for file in files if not file.is_workbook], staged)
        first_taken = self._take_out_problems(staged)
        waiting: list[pl.DataFrame] = []
        for file in files:
            if staged.has_lost(file):
                continue
            with staged.noting(file):
                reader = staged.readers.get(file.file_id) or self._open(file, staged)
                for frame in reader.frames():
                    self._note(file.file_id, reader.take_problems())
                    for line, fault in reader.take_faults().items():
                        self._faults[file.file_id, line] = fault
                    waiting.append(frame)
                    if sum(rows.height for rows in waiting) >= ROWS_PER_FRAME:
                        self._stage_frames(waiting, staged)
                        waiting = []
                    self._give_up_when_hopeless(reader, first_taken.get(file.file_id))
        if waiting:
            self._stage_frames(waiting, staged)
        fallen = [file.file_id for file in (*staged.unreadable, *staged.held)]
        if fallen:
            unstage(self.lake, self.staging.rows, fallen)
        self._guard(staged)
        return staged

    def _open(self, file: ReceivedFile, staged: StagedRows) -> RowReader:
        reader = self.openings.rows(file)
        staged.readers[file.file_id] = reader
        note_layout(self.lake, self.staging, file, reader.header.match.layout)
        return reader

    def _stage_plain(self, files: Sequence[ReceivedFile], staged: StagedRows) -> None:
        """Stage the plain rows of text files: DuckDB asks for them, and so none of them waits."""
        for file in files:
            with staged.noting(file):
                self._open(file, staged)
        if not staged.readers:
            return
        lake, staging = self.lake, self.staging
        rows = _PlainStream(staging.kind, staged)
        lake.connection.register("plain_rows", rows.reader())
        point_raw_view(lake, staging.kind, "plain_rows")
        try:
            insert_rows(lake, staging)
        except duckdb.Error:
            # DuckDB would tell the fault of a reader in its own words.
            if rows.fault:
                raise rows.fault from None
            raise
        finally:
            point_raw_view(lake, staging.kind, staging.empty)
            lake.connection.unregister("plain_rows")
        if rows.people:
            self.people.key_frame(pl.DataFrame(pa.concat_tables(rows.people)))
        fallen = [file.file_id for file in (*staged.unreadable, *staged.held)]
        if fallen:
            unstage(lake, staging.rows, fallen)
        if staging.kind == "lessons":
            self.people.key_staged(staging.rows)
            with self.people.times.of("keying"):
                key_lessons(lake, staging.rows)

    def _take_out_problems(self, staged: StagedRows) -> dict[int, int]:
        """Take out plain rows that are refused, and the first that has a warning, of each kind.

        Their readers will give them again, one by one.

        Returns:
            The first line of a row that stays, by file id, of files of which many don't.
        """
        lake, rows, keyed = self.lake, self.staging.rows, self.staging.keyed
        again = lake.make(
            "rows_again",
            f"SELECT file_id, line_number FROM {keyed} WHERE problem IS NOT NULL UNION ALL "
            f"SELECT file_id, min(line_number) FROM {keyed} "
            "WHERE problem IS NULL AND warning IS NOT NULL GROUP BY file_id, warning",
        )
        lines: dict[int, list[int]] = defaultdict(list)
        for file_id, line in lake.rows(f"SELECT * FROM {again}"):
            lines[file_id].append(line)
        if lines:
            lake.connection.execute(
                f"DELETE FROM {rows} WHERE (file_id, line_number) IN (SELECT * FROM {again})"
            )
            for file_id, code, line, count in lake.rows(
                f"SELECT file_id, warning, min(line_number), count(*) FROM {keyed} "
                "WHERE warning IS NOT NULL GROUP BY file_id, warning"
            ):
                self.problems.add(file_id, RowProblem(code, line, "", rows=count))
        many: list[int] = []
        for file_id, reader in staged.readers.items():
            if not staged.has_lost(reader.file):
                reader.look_again(lines.get(file_id, ()))
                if reader.lines_again >= HOPELESS_ROWS:
                    many.append(file_id)
        return dict(
            lake.rows(
                f"SELECT file_id, min(line_number) FROM {rows} "
                "WHERE file_id IN (SELECT unnest($ids::BIGINT[])) GROUP BY file_id",
                ids=many,
            )
            if many
            else ()
        )

    def _stage_frames(self, frames: Sequence[pl.DataFrame], staged: StagedRows) -> None:
        frame = pl.concat(frames)
        lake, staging, kind = self.lake, self.staging, self.staging.kind
        self.people.key_frame(frame)
        lake.connection.register("row_frame", self._with_files(frame, staged))
        point_raw_view(lake, kind, "row_frame")
        insert_rows(lake, staging)
        if kind == "lessons":
            with self.people.times.of("keying"):
                key_lessons(lake, staging.rows)
            self._refuse_cut_rows(staged)
        self._refuse_faults()
        found = lake.frame(
            f"SELECT file_id, line_number, problem, warning, {_school(kind)} AS school "
            f"FROM {staging.keyed} "
            "SEMI JOIN row_frame USING (file_id, line_number) "
            "WHERE problem IS NOT NULL OR warning IS NOT NULL ORDER BY file_id, line_number"
        )
        point_raw_view(lake, kind, staging.empty)
        lake.connection.unregister("row_frame")
        rows = found.join(frame, on=["file_id", "line_number"], how="left", maintain_order="left")
        for row in rows.iter_rows(named=True):
            if row["problem"]:
                problem = refusal(row["problem"], row, COLUMNS[kind], row["school"])
                fault = self._faults.pop((row["file_id"], row["line_number"]), None)
                if fault:
                    problem = replace(problem, found=fault.found, column_number=fault.column_number)
                if problem.code == "row.cut_short":
                    self.problems.take_back(row["file_id"], "row.no_line_end")
                if (row["file_id"], problem.line_number) in self._merged:
                    # A warning is about a row that was taken.
                    self.problems.take_back(row["file_id"], MERGED_CELLS)
            else:
                problem = warning(row["warning"], row)
            self.problems.add(row["file_id"], problem)

    def _with_files(self, frame: pl.DataFrame, staged: StagedRows) -> pl.DataFrame:
        """Return rows with what the SELECT of lessons asks of their files."""
        if self.staging.kind != "lessons":
            return frame
        files = [reader.file for reader in staged.readers.values()]
        known = pl.DataFrame(
            {
                "file_id": [file.file_id for file in files],
                "file_exported_at": [file.exported_at for file in files],
                "id_tag": [file.sender.id_tag for file in files],
            },
            schema={
                "file_id": pl.Int64,
                "file_exported_at": pl.Datetime("us"),
                "id_tag": pl.String,
            },
        )
        return frame.join(known, on="file_id", how="left")

    def _refuse_cut_rows(self, staged: StagedRows) -> None:
        """Refuse last rows without a line end whose minutes don't add up: 60 was cut to 6."""
        for file_id, reader in staged.readers.items():
            place = reader.canonical.positions.get("present_minutes")
            if reader.last_row is None or place is None:
                continue
            self.lake.connection.execute(
                f"UPDATE {self.staging.rows} SET problem = 'row.cut_short' WHERE problem IS NULL "
                "AND file_id = $file_id AND line_number = $line AND is_reported "
                "AND whole_minutes(nullif($present, '')) + valid_minutes + invalid_minutes "
                "+ other_minutes <> scheduled_minutes",
                {
                    "file_id": file_id,
                    "line": reader.last_row.line_number,
                    "present": reader.last_row.cells[place].strip(" \t"),
                },
            )

    def _refuse_faults(self) -> None:
        """Refuse the rows of which a reader said that no cells of ours could be made."""
        if not self._faults:
            return
        faults = self.lake.load(
            "row_faults",
            pl.DataFrame(
                {
                    "file_id": [file_id for file_id, _ in self._faults],
                    "line_number": [line for _, line in self._faults],
                    "code": [fault.code for fault in self._faults.values()],
                },
                schema={"file_id": pl.Int64, "line_number": pl.Int64, "code": pl.String},
            ),
        )
        rows = self.staging.rows
        self.lake.connection.execute(
            f"UPDATE {rows} SET problem = faults.code FROM {faults} AS faults "
            f"WHERE {rows}.file_id = faults.file_id AND {rows}.line_number = faults.line_number"
        )

    def _note(self, file_id: int, problems: Sequence[RowProblem]) -> None:
        for problem in problems:
            self.problems.add(file_id, problem)
            if problem.code == MERGED_CELLS:
                self._merged.add((file_id, problem.line_number))

    def _give_up_when_hopeless(self, reader: RowReader, first_taken: int | None) -> None:
        """Give a file up whose first rows are all refused, so far as they are read again."""
        file_id = reader.file.file_id
        refused, rows = self.problems.refused(file_id), reader.rows_looked_at
        if refused < HOPELESS_ROWS or refused != rows:
            return
        if first_taken is None or first_taken > reader.line_number:
            first = self.problems.shown(file_id)[0].in_words()
            raise UnreadableFileError(
                f"each of the first {rows} rows was refused; the first: {first}"
            )

    def _guard(self, staged: StagedRows) -> None:
        """Rows read = rows staged + rows refused for their shape, or the file isn't taken."""
        counted = dict(
            self.lake.rows(f"SELECT file_id, count(*) FROM {self.staging.rows} GROUP BY 1")
        )
        for file_id, reader in staged.readers.items():
            accounted = counted.get(file_id, 0) + reader.shapeless_rows
            if accounted == reader.rows_read or reader.file in (*staged.unreadable, *staged.held):
                continue
            unstage(self.lake, self.staging.rows, [file_id])
            staged.unreadable[reader.file] = (
                f"{reader.rows_read} rows were read, but {accounted} accounted for. This is "
                "a fault in the program, not in the file; report it."
            )


class _PlainStream:
    """The plain rows of files, one after the other, for one statement.

    Attributes:
        people: the cells about people; not of lessons, whose pupils are looked up as they are
            staged.
        fault: why it broke off; a file that can't be read is only noted.
    """

    def __init__(self, kind: str, staged: StagedRows) -> None:
        self.people: list[pa.Table] = []
        self.fault: BaseException | None = None
        self._is_of_lessons = kind == "lessons"
        self._readers = [one for one in staged.readers.values() if not staged.has_lost(one.file)]
        self._staged = staged
        texts = [(name, pa.string()) for name in COLUMNS[kind]]
        fields = [("file_id", pa.int64()), ("line_number", pa.int64()), *texts]
        if self._is_of_lessons:
            fields += [("file_exported_at", pa.timestamp("us")), ("id_tag", pa.string())]
        self._schema = pa.schema(fields)
        self._of_people = [name for name in COLUMNS[kind] if name in _OF_PEOPLE]

    def reader(self) -> pa.RecordBatchReader:
        """Return the rows, which can be read once."""
        return pa.RecordBatchReader.from_batches(self._schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for reader in self._readers:
                with self._staged.noting(reader.file):
                    for table in reader.plain_tables():
                        if not self._is_of_lessons:
                            self.people.append(table.select(self._of_people))
                        yield from self._with_file(table, reader.file).to_batches()
        except BaseException as fault:
            self.fault = fault
            raise

    def _with_file(self, table: pa.Table, file: ReceivedFile) -> pa.Table:
        """Return rows with what the SELECT of lessons asks of their file.

        As columns, because DuckDB would keep all rows once more to look it up.
        """
        if not self._is_of_lessons:
            return table
        exported_at = pa.scalar(file.exported_at, pa.timestamp("us"))
        table = table.append_column("file_exported_at", pa.repeat(exported_at, table.num_rows))
        return table.append_column("id_tag", pa.repeat(file.sender.id_tag, table.num_rows))


def refusal(
    code: str, row: dict[str, object], columns: Sequence[str], school: str | None = None
) -> RowProblem:
    """Return the refusal of a row, with its cells for the sealed copy.

    Args:
        code: what is wrong.
        row: its cells by our column names, and its line number.
        columns: those whose cells are kept.
        school: the school unit code that was read of it.
    """
    cells = "\x1f".join("" if row.get(name) is None else str(row[name]) for name in columns)
    line, column = _place(row)
    return RowProblem(
        code,
        line,
        _found(code, row),
        row=cells,
        school_unit_code=school,
        column_number=column,
    )


def warning(code: str, row: dict[str, object]) -> RowProblem:
    """Return the warning about a row."""
    line, column = _place(row)
    return RowProblem(code, line, _found(code, row), column_number=column)


def _school(kind: str) -> str:
    """Return the keyed rows' school unit code; a change of numbers is of no school."""
    return "school_unit_code" if "school_unit_code" in COLUMNS[kind] else "NULL::VARCHAR"


def _place(row: dict[str, object]) -> tuple[int, int | None]:
    number = row["line_number"]
    return place_of(number) if isinstance(number, int) else (0, None)


def _found(code: str, row: dict[str, object]) -> str:
    column = code.partition(".")[0]
    cell = row.get(column)
    return shown(column, None if cell is None else str(cell))
