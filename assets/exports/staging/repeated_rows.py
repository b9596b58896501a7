"""Rows of one file that speak of the same thing: one of equal rows counts, of competing none.

A lesson of which all rows are refused is not gone: nobody has reported it (`computed_tables.py`).

Which rows those are says `sql/exports/repeated_*.sql`. Not here: the same thing in two files
(`storing/lessons.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assets.exports.ledger.problems import ProblemLog
from assets.exports.staging.row_by_row import refusal, warning
from assets.exports.staging.staged_tables import keyed_rows, staged_table
from assets.lake.connection import Lake

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


def settle_repeated_lessons(lake: Lake, problems: ProblemLog) -> None:
    """Refuse lesson rows that contradict each other, and warn of those that others stand for.

    Leaves `repeated_rows`. What is passed over is taken, but not stored: another row of the file
    says the same, or more.

    Args:
        lake: the lake, with `batch_lessons` of files read row by row.
        problems: takes the refusals and warnings.
    """
    lake.materialise("exports/repeated_rows")
    found = lake.frame(
        "SELECT rows.*, repeated.problem AS repetition, repeated.warning AS beside, "
        "repeated.found AS stated FROM batch_lessons AS rows "
        "JOIN repeated_rows AS repeated USING (file_id, line_number) ORDER BY file_id, line_number"
    )
    for row in found.iter_rows(named=True):
        _tell_repeated(problems, row, _cells(found.columns))
    _mark_refused(lake, "batch_lessons", "repeated_rows")


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


def _mark_refused(lake: Lake, table: str, repeated: str) -> None:
    lake.connection.execute(
        f"UPDATE {table} SET problem = repeated.problem FROM {repeated} AS repeated "
        f"WHERE {table}.file_id = repeated.file_id "
        f"AND {table}.line_number = repeated.line_number AND repeated.problem IS NOT NULL"
    )


def refuse_repeated(lake: Lake, problems: ProblemLog, kind: str, repeated: str) -> None:
    """Refuse the repeated rows of a batch.

    Args:
        lake: the lake, with the kind's keyed rows and its batch, which gets the problem.
        problems: takes the refusals.
        kind: enrolments, aggregates, school_units or pupil_merges.
        repeated: the stem of the SELECT in `sql/exports/` that finds them.
    """
    lake.materialise(f"exports/{repeated}")
    found = lake.frame(
        f"SELECT rows.*, repeated.problem AS repetition FROM {keyed_rows(kind)} AS rows "
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
    for table in {staged_table(kind), f"batch_{kind}"}:
        _mark_refused(lake, table, repeated)
