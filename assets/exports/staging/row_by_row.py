"""Staging row by row: workbooks, rosters and files with faults, each problem with its line.

Not here: the bulk path (`staging/staged_tables.py`), how a row is read from a file
(`readers/row_reader.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ledger.reasons import shown
from assets.exports.pupils.people import People
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.row_reader import MERGED_CELLS, ROWS_PER_FRAME, Openings, RowReader
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


@dataclass
class StagedRows:
    """What staging files row by row gave.

    Attributes:
        readers: by file id; each knows how many rows it read.
        unreadable: files that turned out to be no such file after all; none of their rows stays.
        held: files that are gone; none of their rows stays.
    """

    readers: dict[int, RowReader] = field(default_factory=dict)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)
    held: dict[ReceivedFile, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowStage:
    """Stages files row by row, and finds each refused row and warning with its line.

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

    def stage(self, files: Sequence[ReceivedFile]) -> StagedRows:
        """Stage files, small ones many to a frame."""
        staged = StagedRows()
        waiting: list[pl.DataFrame] = []
        for file in files:
            try:
                reader = self.openings.rows(file)
                staged.readers[file.file_id] = reader
                note_layout(self.lake, self.staging, file, reader.header.match.layout)
                for frame in reader.frames():
                    self._note(file.file_id, reader.take_problems())
                    waiting.append(frame)
                    if sum(rows.height for rows in waiting) >= ROWS_PER_FRAME:
                        self._stage_frames(waiting, staged)
                        waiting = []
                    self._give_up_when_hopeless(reader)
            except UnreadableFileError as error:
                staged.unreadable[file] = str(error)
            except ChangedFileError as error:
                staged.held[file] = str(error)
        if waiting:
            self._stage_frames(waiting, staged)
        fallen = [file.file_id for file in (*staged.unreadable, *staged.held)]
        if fallen:
            unstage(self.lake, self.staging.rows, fallen)
        self._guard(staged)
        return staged

    def _stage_frames(self, frames: Sequence[pl.DataFrame], staged: StagedRows) -> None:
        frame = pl.concat(frames)
        lake, staging, kind = self.lake, self.staging, self.staging.kind
        self.people.key_frame(frame)
        lake.connection.register("row_frame", frame)
        point_raw_view(lake, kind, "row_frame")
        insert_rows(lake, staging)
        if kind == "lessons":
            key_lessons(lake, staging.rows)
            self._refuse_cut_rows(staged)
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
                if problem.code == "row.cut_short":
                    self.problems.take_back(row["file_id"], "row.no_line_end")
                if (row["file_id"], row["line_number"]) in self._merged:
                    # A warning is about a row that was taken.
                    self.problems.take_back(row["file_id"], MERGED_CELLS)
            else:
                problem = warning(row["warning"], row)
            self.problems.add(row["file_id"], problem)

    def _refuse_cut_rows(self, staged: StagedRows) -> None:
        """Refuse last rows without a line end whose minutes don't add up: 60 was cut to 6."""
        for file_id, reader in staged.readers.items():
            place = reader.header.match.positions.get("present_minutes")
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

    def _note(self, file_id: int, problems: Sequence[RowProblem]) -> None:
        for problem in problems:
            self.problems.add(file_id, problem)
            if problem.code == MERGED_CELLS:
                self._merged.add((file_id, problem.line_number))

    def _give_up_when_hopeless(self, reader: RowReader) -> None:
        file_id, rows = reader.file.file_id, reader.rows_read
        if rows >= HOPELESS_ROWS and self.problems.refused(file_id) == rows:
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
    return RowProblem(code, _line(row), _found(code, row), row=cells, school_unit_code=school)


def warning(code: str, row: dict[str, object]) -> RowProblem:
    """Return the warning about a row."""
    return RowProblem(code, _line(row), _found(code, row))


def _school(kind: str) -> str:
    """Return the keyed rows' school unit code; a change of numbers is of no school."""
    return "school_unit_code" if "school_unit_code" in COLUMNS[kind] else "NULL::VARCHAR"


def _line(row: dict[str, object]) -> int:
    line = row["line_number"]
    return line if isinstance(line, int) else 0


def _found(code: str, row: dict[str, object]) -> str:
    column = code.partition(".")[0]
    cell = row.get(column)
    return shown(column, None if cell is None else str(cell))
