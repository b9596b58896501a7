"""The lessons that count, as everybody reads them (`sql/absence/counting_lessons.sql`)."""

from __future__ import annotations

from typing import Any

import pytest

from assets.lake.connection import COUNTING_LESSONS, Lake
from tests.sql.given import ANNA, BO, NORTH, SOUTH, Row, day, given, moment, rows_of

_UNCOUNTED: Row = {
    "pupil_key": ANNA,
    "school_unit_code": NORTH,
    "lesson_date": day("10-05"),
    "starts_at": moment("10-05 08:00"),
    "subject": "MA",
    "lesson_id": None,
    "scheduled_minutes": 60,
    "valid_minutes": 0,
    "invalid_minutes": 0,
    "other_minutes": 0,
    "is_reported": True,
    "is_contradicted": False,
    "file_id": 1,
    "reason": "superseded",
}
#: Another pupil, day, start, school, subject or id: each alone makes it another lesson.
OTHERS: list[dict[str, Any]] = [
    {"pupil_key": BO},
    {"lesson_date": day("10-06")},
    {"starts_at": moment("10-05 09:00")},
    {"school_unit_code": SOUTH},
    {"subject": "SV"},
    {"lesson_id": "a"},
]
WHAT = [next(iter(other)) for other in OTHERS]


def counting(
    lake: Lake, *, lessons: list[Row], contradicted: list[Row], uncounted: list[Row]
) -> list[tuple[Any, ...]]:
    """Return what counts: whether contradicted, whether reported, and the minutes."""
    given(lake, "lessons", *lessons)
    given(lake, "contradicted_lessons", *contradicted)
    given(lake, "uncounted_lessons", *(dict(_UNCOUNTED) | dict(row) for row in uncounted))
    return rows_of(
        lake,
        COUNTING_LESSONS,
        "is_contradicted",
        "is_reported",
        "scheduled_minutes",
        "valid_minutes",
        "invalid_minutes",
        "other_minutes",
    )


LESSON: Row = {"valid_minutes": 10, "invalid_minutes": 20, "other_minutes": 5}
AS_TOLD = (False, True, 60, 10, 20, 5)
#: Nobody has reported it.
OWED = (True, False, 60, 0, 0, 0)


def test_a_lesson_counts_as_told_and_a_contradicted_one_as_unreported(scratch: Lake) -> None:
    found = counting(scratch, lessons=[LESSON], contradicted=[{}], uncounted=[])
    assert found == [AS_TOLD, OWED]


def test_a_cancelled_lesson_does_not_count(scratch: Lake) -> None:
    cancelled: Row = {"is_cancelled": True}
    assert counting(scratch, lessons=[cancelled], contradicted=[], uncounted=[]) == []


def test_what_was_decided_of_a_lesson_is_not_said_of_a_contradicted_one(scratch: Lake) -> None:
    both: dict[str, list[Row]] = {"lessons": [LESSON], "contradicted": [{}]}
    assert counting(scratch, **both, uncounted=[{}]) == [OWED]
    assert counting(scratch, **both, uncounted=[{"is_contradicted": True}]) == [AS_TOLD]


@pytest.mark.parametrize("other", OTHERS, ids=WHAT)
def test_only_the_lesson_itself_is_left_out(scratch: Lake, other: dict[str, Any]) -> None:
    found = counting(scratch, lessons=[LESSON], contradicted=[], uncounted=[other])
    assert found == [AS_TOLD]


@pytest.mark.parametrize("other", [*OTHERS, {"file_id": 2}], ids=[*WHAT, "file_id"])
def test_only_the_contradiction_of_that_file_is_left_out(
    scratch: Lake, other: dict[str, Any]
) -> None:
    settled = {"is_contradicted": True, **other}
    found = counting(scratch, lessons=[], contradicted=[{}], uncounted=[settled])
    assert found == [OWED]


def test_lessons_with_an_id_are_left_out_by_it(scratch: Lake) -> None:
    named: Row = {"lesson_id": "a"}
    assert counting(scratch, lessons=[named], contradicted=[], uncounted=[named]) == []
    settled: Row = {"lesson_id": "a", "is_contradicted": True}
    assert counting(scratch, lessons=[], contradicted=[named], uncounted=[settled]) == []
