"""Refused rows and warnings of a batch: all of them sealed and counted, the first few at hand.

A file of a city whose every row is wrong has ten million refused rows. They go into a temporary
table as they are met, so that memory doesn't grow with them. Not here: their words (`reasons.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import duckdb
import polars as pl

from assets.exports.ledger.outcomes import RowProblem, waiting_rows
from assets.exports.ledger.reasons import reason_of
from assets.exports.pupils.tombstones import ERASED, Tombstones
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import REFUSED_ROW

#: So many refused rows of a file are reported one by one; `row_problems` has them all.
SHOWN_ROWS = 1_000
_ROWS_PER_INSERT = 20_000
_COLUMNS = {
    "file_id": pl.Int64,
    "severity": pl.String,
    "line_number": pl.Int64,
    "column_number": pl.Int32,
    "code": pl.String,
    "column_name": pl.String,
    "reason": pl.String,
    "found": pl.String,
    "expected": pl.String,
    "rows": pl.Int64,
    "sealed_row": pl.Binary,
    "school_unit_code": pl.String,
}


class ProblemLog:
    """What was refused and warned of in one batch of files.

    Args:
        lake: the lake.
        sealer: of its home.
        unit: what `line_number` counts in these files: a line, or an object of JSON.
    """

    def __init__(self, lake: Lake, sealer: Sealer, unit: str = "line") -> None:
        self._lake = lake
        self._sealer = sealer
        self._unit = unit
        self._erased = Tombstones.of_home(lake.settings.home, sealer)
        self._waiting: list[dict[str, object]] = []
        self._refused: Counter[int] = Counter()
        self._refused_rows: dict[int, list[RowProblem]] = defaultdict(list)
        self._warnings: dict[int, dict[str, RowProblem]] = defaultdict(dict)
        lake.connection.execute(
            "CREATE OR REPLACE TEMP TABLE staged_problems AS SELECT * FROM row_problems LIMIT 0"
        )

    def add(self, file_id: int, problem: RowProblem) -> None:
        """Take a refused row, or rows' warning: of each kind the first row is reported."""
        if not problem.is_rejection:
            known = self._warnings[file_id].get(problem.code)
            if known:
                first = min(known, problem, key=lambda one: one.line_number)
                problem = replace(first, rows=known.rows + problem.rows)
            self._warnings[file_id][problem.code] = self._in_unit(problem)
            return
        if self._erased:
            problem = self._without_erased(problem)
        self._refused[file_id] += 1
        if len(self._refused_rows[file_id]) < SHOWN_ROWS:
            self._refused_rows[file_id].append(self._in_unit(problem))
        self._waiting.append(self._stored(file_id, problem))
        if len(self._waiting) >= _ROWS_PER_INSERT:
            self._insert()

    def note_waiting(self, waiting: Mapping[int, int]) -> None:
        """Take how many stored rows of files wait, in place of what was said before."""
        for file_id, rows in waiting.items():
            self.note_stored(file_id, waiting_rows(rows))

    def note_stored(self, file_id: int, problem: RowProblem) -> None:
        """Take a warning that is known once rows are stored, in place of one of its kind.

        A transaction that is tried again finds it again.
        """
        self._warnings[file_id][problem.code] = self._in_unit(problem)

    def take_back(self, file_id: int, code: str) -> None:
        """Take one warning back: its row was refused after all."""
        known = self._warnings[file_id].pop(code, None)
        if known and known.rows > 1:
            self._warnings[file_id][code] = replace(known, rows=known.rows - 1)

    def refused(self, file_id: int) -> int:
        """Return how many rows of a file were refused."""
        return self._refused[file_id]

    def warned(self, file_id: int) -> int:
        """Return how many warnings of rows of a file there are."""
        return sum(problem.rows for problem in self._warnings[file_id].values())

    def shown(self, file_id: int) -> tuple[RowProblem, ...]:
        """Return the first refused rows of a file and its warnings, in order of line."""
        found = [*self._refused_rows[file_id], *self._warnings[file_id].values()]
        return tuple(sorted(found, key=lambda problem: problem.line_number))

    def store(self, connection: duckdb.DuckDBPyConnection, file_ids: Iterable[int]) -> None:
        """Write the problems of these files; the caller holds the transaction."""
        ids = list(file_ids)
        self._insert()
        warnings = [
            self._stored(file_id, problem)
            for file_id in ids
            for problem in self._warnings[file_id].values()
        ]
        if warnings:
            _append(connection, "row_problems", warnings)
        if any(self._refused[file_id] for file_id in ids):
            connection.execute(
                "INSERT INTO row_problems BY NAME SELECT * FROM staged_problems "
                "WHERE file_id IN (SELECT unnest($ids::BIGINT[])) ORDER BY file_id, line_number",
                {"ids": ids},
            )

    def _without_erased(self, problem: RowProblem) -> RowProblem:
        """Return a refusal with nothing of its row, and no line, where that names an erased pupil.

        Whatever else was wrong with the row: what is refused is kept sealed otherwise.
        """
        cells = (problem.row or "").split("\x1f")
        if problem.code != ERASED and not any(map(self._erased.is_named_in, cells)):
            return problem
        return RowProblem(ERASED, 0, "", row="", school_unit_code=problem.school_unit_code)

    def _in_unit(self, problem: RowProblem) -> RowProblem:
        return problem if problem.unit == self._unit else replace(problem, unit=self._unit)

    def _insert(self) -> None:
        if self._waiting:
            _append(self._lake.connection, "staged_problems", self._waiting)
            self._waiting = []

    def _stored(self, file_id: int, problem: RowProblem) -> dict[str, object]:
        reason = reason_of(problem.code)
        return {
            "file_id": file_id,
            "severity": "rejected" if problem.is_rejection else "warning",
            "line_number": problem.line_number,
            "column_number": problem.column_number,
            "code": problem.code,
            "column_name": reason.column,
            "reason": reason.what,
            "found": problem.found,
            "expected": reason.expected,
            "rows": problem.rows,
            "sealed_row": self._sealed(file_id, problem),
            "school_unit_code": problem.school_unit_code if problem.is_rejection else None,
        }

    def _sealed(self, file_id: int, problem: RowProblem) -> bytes | None:
        if problem.row is None:
            return None
        of_row = (file_id, problem.line_number, problem.code)
        return self._sealer.seal(REFUSED_ROW, of_row, {"row": problem.row})


def _append(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, object]]
) -> None:
    connection.register("problem_frame", pl.DataFrame(rows, schema=_COLUMNS))
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM problem_frame")
    connection.unregister("problem_frame")
