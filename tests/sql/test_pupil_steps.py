"""Where a pupil is counted, and on which step: nobody who is protected has a place."""

from __future__ import annotations

import pytest

from assets.lake.connection import Lake
from tests.sql.given import NORTH, Row, given, rows_of

CASES: dict[str, tuple[list[Row], tuple[str | None, int | None, str]]] = {
    "nothing": ([{"level": 0, "verdict": "clear"}], (NORTH, 7, "clear")),
    "a step": ([{"level": 2, "verdict": "hit"}, {"level": 2, "verdict": "clear"}], (NORTH, 7, "2")),
    "a step beside too little": (
        [{"level": 1, "verdict": "hit"}, {"level": 1, "verdict": "insufficient"}],
        (NORTH, 7, "1"),
    ),
    "too little": (
        [{"level": 0, "verdict": "clear"}, {"level": 0, "verdict": "insufficient"}],
        (NORTH, 7, "insufficient"),
    ),
    "the highest, were they to differ": (
        [{"level": 3, "verdict": "hit"}, {"level": 0, "verdict": "clear"}],
        (NORTH, 7, "3"),
    ),
    "protected": ([{"is_protected": True, "level": 2, "verdict": "hit"}], (None, None, "2")),
    "protected, were rows to differ": (
        [
            {"is_protected": True, "level": 0, "verdict": "clear"},
            {"is_protected": False, "level": 0, "verdict": "clear"},
        ],
        (None, None, "clear"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_pupil_is_counted_on_the_highest_step_and_a_protected_one_nowhere(
    scratch: Lake, case: str
) -> None:
    rows, (school, grade, step) = CASES[case]
    usual = {"school_unit_code": NORTH, "grade": 7, "is_protected": False}
    given(scratch, "verdicts", *(usual | dict(row) for row in rows))
    columns = ("is_protected", "school_unit_code", "grade", "step")
    assert rows_of(scratch, "flags/pupil_steps", *columns) == [
        (school is None, school, grade, step)
    ]
