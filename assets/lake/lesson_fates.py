"""Which lessons of some days count nowhere, and why: asked with the sums, and by the ledger.

Both ask the same SELECTs, so that the ledger's reason says what the list will. The steps are those
of docs/rules.md. Not here: of which days it must be asked (`absence/which_count.py`,
`exports/storing/coverage.py`), the values themselves (`rules/parallel.py`).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.lake.connection import Lake
from rules.parallel import shipped_values


def decide_fates(lake: Lake, first: date, last: date) -> None:
    """Make `stated_lessons` and of them `lesson_fates`: a row for each that counts nowhere.

    Args:
        lake: the lake, or a past of it, with `crowded_days`: pupils and dates.
        first: the first of these dates; they prune the scan.
        last: the last of them.
    """
    lake.materialise("absence/stated_lessons", first_date=first, last_date=last)
    lake.materialise("absence/superseded_lessons")
    lake.materialise("absence/lessons_after_leaving")
    _load_parallel_in_force(lake)
    lake.materialise("absence/lessons_set_aside")
    lake.materialise("absence/lesson_fates")


def _load_parallel_in_force(lake: Lake) -> None:
    """Make `parallel_in_force`: the values kept with the sums, or the shipped ones before any."""
    shipped = pl.DataFrame(
        [(value.valid_from, value.method, value.least_cover_bp) for value in shipped_values()],
        {"valid_from_date": pl.Date, "method": pl.String, "least_cover_bp": pl.Int32},
        orient="row",
    )
    lake.load("shipped_parallel_values", shipped)
    lake.materialise("absence/parallel_in_force")
