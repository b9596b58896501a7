"""The values of `parallel.*` by which lessons at the same time are decided, for SELECTs.

Sums are made by the values that the lake keeps with them. Where none were made yet, in a new lake
or a past of before, the shipped ones hold. Not here: the values themselves (`rules/parallel.py`).
"""

from __future__ import annotations

import polars as pl

from assets.lake.connection import Lake
from rules.parallel import shipped_values


def load_parallel_in_force(lake: Lake) -> None:
    """Make the temporary table `parallel_in_force`, which `lessons_set_aside` reads."""
    shipped = pl.DataFrame(
        [(value.valid_from, value.method, value.least_cover_bp) for value in shipped_values()],
        {"valid_from_date": pl.Date, "method": pl.String, "least_cover_bp": pl.Int32},
        orient="row",
    )
    lake.load("shipped_parallel_values", shipped)
    lake.materialise("absence/parallel_in_force")
