"""Objects of SS12000 files as typed rows in temporary tables, each with at most one problem.

Not here: how a file is read (`json_files.py`), how words replace words (`words.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ledger.reasons import shown
from assets.exports.ss12000.json_child import Shape, load_shapes
from assets.exports.ss12000.json_files import JsonRows, schema_of
from assets.exports.ss12000.persons import Persons
from assets.exports.ss12000.resources import Resource
from assets.exports.staging.staged_tables import unstage
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

# The cell that a problem's field speaks of, where it may be shown.
_SHOWN_CELLS = {
    "schoolUnitCode": "school_unit_code",
    "startDate": "start_date",
    "endDate": "end_date",
    "startTime": "start_time",
    "endTime": "end_time",
    "teachingLengthStudent": "teaching_minutes",
    "isReported": "reported",
    "cancelled": "cancelled",
    "attendanceMinutes": "present_minutes",
    "validAbsenceMinutes": "valid_minutes",
    "invalidAbsenceMinutes": "invalid_minutes",
    "otherAttendanceMinutes": "other_minutes",
    "meta": "modified",
}
_NO_CELLS = frozenset({"file_id", "line_number", "part", "fault"})


@dataclass
class StagedObjects:
    """What staging files of one resource gave.

    Attributes:
        readers: by file id; each knows how many objects it read.
        unreadable: files of which nothing stays, and why.
        held: files that are gone; nothing of them stays.
    """

    readers: dict[int, JsonRows] = field(default_factory=dict)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)
    held: dict[ReceivedFile, str] = field(default_factory=dict)


def begin_markings(lake: Lake) -> TemporaryTable:
    """Make the table of what a batch's files say of protection, empty."""
    return lake.make_empty(
        "staged_markings",
        "file_id BIGINT, person_key UUID, source_tag VARCHAR, exported_at TIMESTAMP",
    )


class ObjectStage:
    """Stages files of one resource.

    Args:
        lake: the lake, with the parsing macros loaded.
        persons: keys of persons, shared by all resources of a batch.
        problems: takes what is refused and warned of.
        resource: what the files hold.
        markings: of the batch; it gets what these files say of protection.
    """

    def __init__(
        self,
        lake: Lake,
        persons: Persons,
        problems: ProblemLog,
        resource: Resource,
        markings: TemporaryTable,
    ) -> None:
        self._lake = lake
        self._persons = persons
        self._problems = problems
        self._resource = resource
        self._markings = markings
        self._tables: list[TemporaryTable] = []
        self._selects = {resource.staged: resource.select}
        if resource.part:
            self._selects[resource.part.staged] = resource.part.select
        if resource.name == "persons":
            self._selects["staged_not_protected"] = "exports/staged_not_protected"

    def stage(self, files: Sequence[ReceivedFile], offered: TemporaryTable) -> StagedObjects:
        """Stage files; afterwards the tables hold them and no others.

        Args:
            files: of the resource.
            offered: all files of the batch.
        """
        self._show(_no_cells(load_shapes()[self._resource.name]), offered)
        self._tables = [
            self._lake.make(table, self._lake.select(select))
            for table, select in self._selects.items()
        ]
        staged = StagedObjects()
        for file in files:
            reader = JsonRows(file)
            try:
                for frame in reader.frames():
                    self._stage_frame(frame, offered)
                staged.readers[file.file_id] = reader
                self._guard(reader)
            except UnreadableFileError as error:
                staged.unreadable[file] = str(error)
            except ChangedFileError as error:
                staged.held[file] = str(error)
        self._lake.connection.unregister("ss12000_cells")
        self.forget([file.file_id for file in (*staged.unreadable, *staged.held)])
        return staged

    def forget(self, file_ids: Sequence[int]) -> None:
        """Take files out of the staged tables, and what they say of protection."""
        self.take_out(file_ids)
        if file_ids:
            unstage(self._lake, self._markings, file_ids)

    def take_out(self, file_ids: Sequence[int]) -> None:
        """Take files out of the staged tables; whom they call protected stays known."""
        for table in self._tables if file_ids else ():
            unstage(self._lake, table, file_ids)

    def _stage_frame(self, frame: pl.DataFrame, offered: TemporaryTable) -> None:
        lake, staged = self._lake, self._resource.staged
        self._show(frame, offered)
        for table, select in self._selects.items():
            lake.connection.execute(f"INSERT INTO {table} {lake.select(select)}")
        lake.connection.execute(
            f"INSERT INTO {self._markings} {lake.select('exports/staged_markings')}"
        )
        found = lake.frame(
            f"SELECT file_id, line_number, problem, warning FROM {staged} "
            "WHERE file_id = $file_id AND line_number BETWEEN $first AND $last "
            "AND (problem IS NOT NULL OR warning IS NOT NULL) ORDER BY line_number",
            file_id=frame["file_id"].first(),
            first=frame["line_number"].min(),
            last=frame["line_number"].max(),
        )
        if found.is_empty():
            return
        objects = frame.filter(pl.col("part") == "")
        rows = found.join(objects, on=["file_id", "line_number"], maintain_order="left")
        for row in rows.iter_rows(named=True):
            self._problems.add(row["file_id"], problem_of(row))

    def _show(self, frame: pl.DataFrame, offered: TemporaryTable) -> None:
        """Make a frame the cells that the SELECTs read, its persons keyed."""
        if self._resource.name == "persons":
            frame = frame.with_columns(
                pl.when(pl.col("part") == "")
                .then(pl.col("id"))
                .otherwise(pl.col("person"))
                .alias("person")
            )
            self._persons.load_sealed(frame, offered)
        if "person" in frame.columns:
            self._persons.key(frame["person"])
        self._lake.connection.register("ss12000_cells", frame)

    def _guard(self, reader: JsonRows) -> None:
        """Objects read = rows staged, or the file isn't taken."""
        ((rows,),) = self._lake.rows(
            f"SELECT count(*) FROM {self._resource.staged} WHERE file_id = $file_id",
            file_id=reader.file.file_id,
        )
        if rows != reader.objects:
            raise UnreadableFileError(
                f"{reader.objects} objects were read, but {rows} accounted for. This is a fault in "
                "the program, not in the file; report it."
            )


def problem_of(row: dict[str, object]) -> RowProblem:
    """Return the refusal of an object, with its cells for the sealed copy, or its warning."""
    code = str(row["problem"] or row["warning"])
    column = code.partition(".")[0]
    cell = row.get(_SHOWN_CELLS.get(column, ""))
    kept = None
    if row["problem"]:
        left_out = _NO_CELLS | {"problem", "warning"}
        kept = "\x1f".join("" if v is None else str(v) for k, v in row.items() if k not in left_out)
    line = row["line_number"]
    return RowProblem(
        code,
        line if isinstance(line, int) else 0,
        shown(column, None if cell is None else str(cell)),
        row=kept,
    )


def _no_cells(shape: Shape) -> pl.DataFrame:
    return pl.DataFrame(schema=schema_of(shape) | {"file_id": pl.Int64})
