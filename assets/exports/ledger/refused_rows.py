"""Refused rows and warnings, opened for a person: in clear only where nobody is protected.

Not here: which rows are refused (`problems.py`), and the words of it (`reasons.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.exports.ledger.entries import NAME_COLUMNS, UNOPENED, LedgerFile, printed_name
from assets.exports.ledger.reasons import pattern, reason_of
from assets.exports.pupils.identity_numbers import read_identity_number, short_form
from assets.exports.pupils.merges import known_merges, merged
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import REFUSED_ROW

# The cells of refused rows, opened for a person: in clear only where nobody is protected. A
# refused row is whole in the lake, sealed. It is shown in clear when it has a readable identity
# number, no source says that this pupil is protected, and the row itself says nothing of
# protection. All else is shown as a pattern: a number with a slip of the pen can be anybody's.

_MARKS = ("sekr", "skyd", "folkb", "protect")


class RowOpener:
    """Opens refused rows of one lake."""

    def __init__(self, lake: Lake, sealer: Sealer) -> None:
        self._sealer = sealer
        self._merged = merged(known_merges(lake)).keys
        self._protected = {
            key
            for (key,) in lake.rows(
                "SELECT pupil_key FROM protected_pupils UNION "
                # Also whoever is marked and was met in no row that was taken.
                "SELECT reference_key FROM protection_words WHERE is_protected "
                "AND reference_key NOT IN (SELECT reference_key FROM pupil_references)"
            )
        }

    def shown(self, problem: Mapping[str, Any]) -> str:
        """Return a row's cells joined by ` | `; as a pattern where somebody may be protected.

        Args:
            problem: the row of `row_problems`; a warning has no cells.
        """
        if problem["sealed_row"] is None:
            return ""
        cells = self._cells(problem)
        if cells is None:
            return UNOPENED
        if not self._may_be_shown(cells):
            cells = [pattern(cell) for cell in cells]
        return " | ".join(cells)

    def may_be_shown(self, problem: Mapping[str, Any]) -> bool:
        """Whether a row's cells may be shown in clear; a warning has none."""
        if problem["sealed_row"] is None:
            return True
        cells = self._cells(problem)
        return cells is not None and self._may_be_shown(cells)

    def _cells(self, problem: Mapping[str, Any]) -> list[str] | None:
        of_row = [problem[name] for name in REFUSED_ROW.bound_to]
        found = self._sealer.opened(REFUSED_ROW, of_row, problem["sealed_row"])
        return None if found is None else found["row"].split("\x1f")

    def _may_be_shown(self, cells: list[str]) -> bool:
        numbers = [read_identity_number(cell).canonical for cell in cells]
        own = {self._sealer.key("pupil", number) for number in numbers if number}
        own |= {self._sealer.key("short number", short_form(n)) for n in numbers if n}
        # An old number is the pupil of the new one, with that one's protection.
        keys = {self._merged.get(key, key) for key in own}
        is_marked = any(mark in cell.casefold() for cell in cells for mark in _MARKS)
        return bool(keys) and not keys & self._protected and not is_marked


def problem_rows(
    lake: Lake, sealer: Sealer, *, with_rows: bool, file: LedgerFile | None = None
) -> pl.DataFrame:
    """Return refused rows and warnings with file names and how to mend them.

    Args:
        lake: the lake.
        sealer: the home's.
        with_rows: the rows' cells too; as a pattern unless the pupil is known and not protected.
        file: only those of this file.
    """
    frame = lake.frame(
        f"SELECT problems.*, files.* EXCLUDE (file_id) FROM row_problems AS problems JOIN "
        f"(SELECT {NAME_COLUMNS} FROM files "
        "QUALIFY row_number() OVER (PARTITION BY file_id ORDER BY received_at) = 1) "
        "AS files ON problems.file_id = files.file_id "
        "WHERE $file_id IS NULL OR problems.file_id = $file_id "
        "ORDER BY problems.file_id, severity, line_number",
        file_id=file.file_id if file else None,
    )
    names = [printed_name(sealer, row) for row in frame.iter_rows(named=True)]
    opener = RowOpener(lake, sealer) if with_rows else None
    rows = [opener.shown(row) if opener else "" for row in frame.iter_rows(named=True)]
    return frame.drop("sealed_name", "sealed_row").with_columns(
        pl.Series("file_name", names, dtype=pl.String),
        pl.Series("row", rows, dtype=pl.String),
        pl.Series("fix", [reason_of(code).fix for code in frame["code"]], dtype=pl.String),
    )
