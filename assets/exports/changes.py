"""What a file changed in the lessons of the lake, from the lake's own snapshots.

The ledger row of a file knows the snapshot that wrote it, and DuckLake knows which rows a snapshot
added and took away; so no log of changes is kept. Not here: printing, identity numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assets.exports.ledger.entries import LedgerFile
from assets.lake.connection import Lake
from assets.lake.past.snapshots import SnapshotGoneError, has_its_changes

KINDS = ("new", "replaced", "unchanged", "removed")
COUNT_COLUMNS = ("school_unit_code", "month", *(f"rows_{kind}" for kind in KINDS), "rows_outdone")
ROW_COLUMNS = (
    "change",
    "civic_no",
    "school_unit_code",
    "lesson_date",
    "start",
    "subject",
    "old_scheduled_minutes",
    "old_valid_minutes",
    "old_invalid_minutes",
    "was_reported",
    "new_scheduled_minutes",
    "new_valid_minutes",
    "new_invalid_minutes",
    "is_reported",
)


@dataclass(frozen=True)
class FileChanges:
    """What one file changed.

    Attributes:
        rows: a lesson each, as `sql/exports/file_changes.sql` gives them, and `is_protected`.
        superseded: rows of the file that newer exports had superseded, which changed nothing.
    """

    rows: pl.DataFrame
    superseded: int

    @property
    def protected(self) -> int:
        """Rows of pupils with protected identity."""
        return int(self.rows["is_protected"].sum())

    def counts(self) -> list[dict[str, str]]:
        """Return the answer's rows: per school unit and month, then what was superseded, in all.

        Which school and month a superseded row was of is not stored anywhere but in the original.
        """
        months = self.rows.with_columns(pl.col("lesson_date").dt.strftime("%Y-%m").alias("month"))
        answer = [
            {"school_unit_code": school, "month": month}
            | {f"rows_{kind}": str((part["fate"] == kind).sum()) for kind in KINDS}
            | {"rows_outdone": ""}
            for (school, month), part in months.group_by(
                "school_unit_code", "month", maintain_order=True
            )
        ]
        answer.sort(key=lambda row: (row["school_unit_code"], row["month"]))
        if self.superseded:
            nothing = {f"rows_{kind}": "" for kind in KINDS}
            answer.append(
                {"school_unit_code": "", "month": ""}
                | nothing
                | {"rows_outdone": str(self.superseded)}
            )
        return answer

    def lessons(self, numbers: dict[str, str]) -> list[dict[str, str]]:
        """Return the lessons of pupils who are not protected, with old and new minutes."""
        shown = self.rows.filter(~pl.col("is_protected")).sort(
            "school_unit_code", "lesson_date", "starts_at", "pupil_key", "fate"
        )
        return [
            {name: _text(row.get(name)) for name in ROW_COLUMNS}
            | {
                "change": row["fate"],
                "civic_no": numbers.get(row["pupil_key"], ""),
                "start": f"{row['starts_at']:%H:%M}",
            }
            for row in shown.iter_rows(named=True)
        ]


def changes_of(lake: Lake, file: LedgerFile) -> FileChanges:
    """Return what a file changed in the lessons when it was taken, or said again later.

    Raises:
        SnapshotGoneError: the lake does not keep that snapshot any more.
    """
    parts: list[pl.DataFrame] = []
    for snapshot in file.snapshots:
        if not has_its_changes(lake, snapshot, "files"):
            raise SnapshotGoneError(
                f"The lake no longer keeps the snapshot which took {file.sha256[:12]}, or the one "
                "before it: what it changed is not known any more. `trappan archive open` has the "
                "file."
            )
        parts.append(_changes_in(lake, file, snapshot))
    return FileChanges(pl.concat(parts), file.rows_superseded)


def _changes_in(lake: Lake, file: LedgerFile, snapshot: int) -> pl.DataFrame:
    for made, source in (("inserted", "insertions"), ("deleted", "deletions")):
        lake.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {made}_lessons AS SELECT * FROM "
            f"ducklake_table_{source}('lake', 'main', 'lessons', {snapshot}, {snapshot})"
        )
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE covered_days AS SELECT school_unit_code, lesson_date "
        f"FROM lesson_snapshots AT (VERSION => {snapshot}) WHERE file_id = $file_id",
        {"file_id": file.file_id},
    )
    lake.materialise("exports/file_changes", file_id=file.file_id)
    return lake.frame(
        "SELECT *, pupil_key IN (SELECT cast(pupil_key AS VARCHAR) FROM protected_pupils) "
        "AS is_protected FROM file_changes"
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
