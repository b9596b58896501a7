"""Which list a school's list is compared with (`sql/watchlists/baseline_lists.sql`)."""

from __future__ import annotations

from typing import Any

from assets.lake.connection import Lake
from tests.sql.given import AS_OF, NORTH, SOUTH, Row, day, given, rows_of

BEFORE: Row = {"period": "2026-W45", "as_of_date": day("11-08")}
EARLIER: Row = {"period": "2026-W44", "as_of_date": day("11-01")}


def baselines(lake: Lake, *publications: Row) -> list[tuple[Any, ...]]:
    given(lake, "publications", *publications)
    return rows_of(
        lake,
        "watchlists/baseline_lists",
        "school_unit_code",
        "period",
        as_of=AS_OF,
        first_date=day("07-01"),
    )


def test_each_school_has_its_own_newest_frozen_list(scratch: Lake) -> None:
    missed_a_week: Row = {"school_unit_code": SOUTH, **EARLIER}
    assert baselines(scratch, EARLIER, BEFORE, missed_a_week) == [
        (NORTH, "2026-W45"),
        (SOUTH, "2026-W44"),
    ]


def test_a_current_list_is_no_baseline(scratch: Lake) -> None:
    assert baselines(scratch, {**BEFORE, "is_frozen": False}) == []


def test_the_list_of_the_day_itself_and_later_ones_are_not_looked_at(scratch: Lake) -> None:
    same: Row = {"period": "2026-W46", "as_of_date": AS_OF}
    later: Row = {"period": "2026-W47", "as_of_date": day("11-22")}
    assert baselines(scratch, same, later, BEFORE) == [(NORTH, "2026-W45")]


def test_nothing_before_the_first_day_is_compared_with(scratch: Lake) -> None:
    june: Row = {"period": "2026-W26", "as_of_date": day("06-28")}
    assert baselines(scratch, june) == []
