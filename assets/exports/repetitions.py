"""Rows of one file that speak of the same thing: one of equal rows counts, of rivals none.

Which rows those are says `sql/exports/repeated_*.sql`. Not here: the same thing in two files
(`storing.py`).
"""

from __future__ import annotations

from assets.exports.problems import ProblemLog
from assets.exports.row_staging import refusal
from assets.exports.staging import keyed_rows, staged_table
from assets.lake import Lake

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
    | {"exported_at", "problem", "warning", "repetition"}
)


def refuse_repeated(lake: Lake, problems: ProblemLog, kind: str, repeated: str) -> None:
    """Refuse the repeated rows of a batch.

    Args:
        lake: the lake, with the kind's keyed rows and its batch, which gets the problem.
        problems: takes the refusals.
        kind: lessons, enrolments or school_units.
        repeated: the stem of the SELECT in `sql/exports/` that finds them.
    """
    lake.materialise(f"exports/{repeated}")
    found = lake.frame(
        f"SELECT rows.*, repeated.problem AS repetition FROM {keyed_rows(kind)} AS rows "
        f"JOIN {repeated} AS repeated USING (file_id, line_number) ORDER BY file_id, line_number"
    )
    if found.is_empty():
        return
    cells = [name for name in found.columns if name not in _NO_CELLS]
    for row in found.iter_rows(named=True):
        problems.add(
            row["file_id"], refusal(row["repetition"], row, cells, row.get("school_unit_code"))
        )
        if row["warning"]:
            problems.take_back(row["file_id"], row["warning"])
    for table in {staged_table(kind), f"batch_{kind}"}:
        lake.connection.execute(
            f"UPDATE {table} SET problem = repeated.problem FROM {repeated} AS repeated "
            f"WHERE {table}.file_id = repeated.file_id "
            f"AND {table}.line_number = repeated.line_number"
        )
