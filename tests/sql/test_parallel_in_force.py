"""By which values lessons at the same time are decided (`sql/absence/parallel_in_force.sql`)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from assets.lake.connection import Lake
from tests.sql.given import day, given

SHIPPED = (day("2020-07-01"), "most_present", 5000)
KEPT = (day("2026-08-01"), "first", 2500)
COLUMNS = ("valid_from_date", "method", "least_cover_bp")


@pytest.mark.parametrize("kept", [(), (KEPT,), (KEPT, (day("2027-01-01"), "first", 3000))])
def test_values_kept_with_the_sums_hold_and_shipped_ones_before_there_are_any(
    lake: Lake, kept: tuple[tuple[Any, ...], ...]
) -> None:
    given(lake, "parallel_values", *(dict(zip(COLUMNS, one, strict=True)) for one in kept))
    types = {"valid_from_date": pl.Date, "method": pl.String, "least_cover_bp": pl.Int32}
    lake.load("shipped_parallel_values", pl.DataFrame([SHIPPED], types, orient="row"))
    found = lake.relation("absence/parallel_in_force").rows()
    assert sorted(found) == sorted(kept or (SHIPPED,))
