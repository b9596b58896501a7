"""Rows of one file that speak of the same thing: one of equal rows counts, of competing none.

A lesson of which all rows are refused is not gone: nobody has reported it (`computed_tables.py`).

Which rows those are says `repeated_rows` of lessons, `repeated_records` of all else. Not here: the
same thing in two files (`storing/lessons.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assets.exports.ledger.problems import ProblemLog
from assets.exports.staging.row_stage import refusal, warning
from assets.exports.staging.staged_tables import Staging
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

# What is no cell of the row, so not part of its sealed copy.
_NO_CELLS = frozenset(
    {
        "file_id",
        "line_number",
        "pupil_key",
        "old_pupil_key",
        "new_pupil_key",
        "mentor_key",
        "principal_key",
        "lesson_hash",
    }
    | {"exported_at", "problem", "warning", "repetition", "beside", "stated"}
)


def settle_repeated_lessons(lake: Lake, problems: ProblemLog, lessons: TemporaryTable) -> bool:
    """Refuse lesson rows that contradict each other, and warn of those that others stand for.

    What is passed over is taken, but not stored: another row of the file
    says the same, or more.

    Args:
        lake: the lake; `find_shared` has looked at its staged lessons.
        problems: takes the refusals and warnings.
        lessons: the staged lessons; what is refused gets its problem.

    Returns:
        Whether any row was refused.
    """
    repeated = lake.materialise("exports/repeated_rows")
    found = lake.frame(
        "SELECT rows.*, repeated.problem AS repetition, repeated.warning AS beside, "
        "repeated.found AS stated "
        f"FROM {lessons} AS rows JOIN {repeated} AS repeated "
        "USING (file_id, line_number) ORDER BY file_id, line_number"
    )
    for row in found.iter_rows(named=True):
        _tell_repeated(problems, row, _cells(found.columns))
    if found["repetition"].null_count() == found.height:
        return False
    _mark_refused(lake, lessons, repeated)
    return True


def _tell_repeated(problems: ProblemLog, row: dict[str, Any], cells: list[str]) -> None:
    file_id = row["file_id"]
    if row["lesson_id"]:
        # As the sender wrote it, without the date that a slot's id gets.
        row["lesson_id"] = row["lesson_id"].partition("\x1f")[0]
    if row["repetition"]:
        refused = refusal(row["repetition"], row, cells, row["school_unit_code"])
        problems.add(file_id, replace(refused, found=row["stated"]))
        if row["warning"]:
            problems.take_back(file_id, row["warning"])
    elif row["beside"] and not row["warning"]:
        # A row has one warning at most: the first thing that is odd about it.
        problems.add(file_id, replace(warning(row["beside"], row), found=row["stated"]))


def _cells(columns: list[str]) -> list[str]:
    return [name for name in columns if name not in _NO_CELLS]


def _mark_refused(lake: Lake, table: TemporaryTable, repeated: TemporaryTable) -> None:
    lake.connection.execute(
        f"UPDATE {table} SET problem = repeated.problem FROM {repeated} AS repeated "
        f"WHERE {table}.file_id = repeated.file_id "
        f"AND {table}.line_number = repeated.line_number AND repeated.problem IS NOT NULL"
    )


def refuse_repeated(
    lake: Lake, problems: ProblemLog, staging: Staging, batch: TemporaryTable
) -> None:
    """Refuse the repeated rows of a batch.

    Args:
        lake: the lake.
        problems: takes the refusals.
        staging: what the rows were staged in; of any kind but lessons.
        batch: what `end_staging` gave; what is refused gets its problem there too.
    """
    compare_rows(lake, staging.kind)
    repeated = lake.materialise("exports/repeated_records")
    found = lake.frame(
        f"SELECT rows.*, repeated.problem AS repetition FROM {staging.keyed} AS rows "
        f"JOIN {repeated} AS repeated USING (file_id, line_number) ORDER BY file_id, line_number"
    )
    if found.is_empty():
        return
    cells = _cells(found.columns)
    for row in found.iter_rows(named=True):
        problems.add(
            row["file_id"], refusal(row["repetition"], row, cells, row.get("school_unit_code"))
        )
        if row["warning"]:
            problems.take_back(row["file_id"], row["warning"])
    for table in (staging.rows, batch):
        _mark_refused(lake, table, repeated)


def compare_rows(lake: Lake, kind: str) -> None:
    """Let `comparable_rows` be what the kind's batch says of each thing, and of which thing."""
    lake.make_view("comparable_rows", lake.select(f"exports/comparable_{kind}"))
