"""Lessons that don't count, of the one who is explained (`sql/flags/asides.sql`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, day, given, moment

ASIDE: dict[str, Any] = {
    "pupil_key": ANNA,
    "school_unit_code": NORTH,
    "lesson_date": day("11-10"),
    "starts_at": moment("11-10 08:00"),
    "subject": "SV",
    "scheduled_minutes": 60,
    "valid_minutes": 20,
    "invalid_minutes": 40,
    "other_minutes": 0,
    "is_reported": True,
    "is_contradicted": False,
    "file_id": 1,
    "reason": "set_aside",
    "beside_school_unit_code": NORTH,
    "beside_starts_at": moment("11-10 08:10"),
    "beside_subject": "SVA",
    "beside_present_minutes": 50,
    "is_beside_reported": True,
}


def lesson(start: str, **other: Any) -> dict[str, Any]:
    return {"starts_at": moment(start), **other}


def asides(lake: Lake, *uncounted: dict[str, Any], owed: tuple[Any, ...] = ()) -> Any:
    given(lake, "uncounted_lessons", *(ASIDE | row for row in uncounted))
    given(lake, "lessons")
    given(lake, "contradicted_lessons", *owed)
    return lake.relation(
        "flags/asides", pupil_key=str(ANNA), own=NORTH, first_date=day("11-01"), as_of=AS_OF
    ).to_dicts()


def test_a_lesson_that_does_not_count_is_told_with_what_stands_for_it(scratch: Lake) -> None:
    (found,) = asides(scratch, {})
    assert (found["reason"], found["is_own_school"], found["starts_at"], found["subject"]) == (
        "set_aside",
        True,
        moment("11-10 08:00"),
        "SV",
    )
    assert (found["scheduled_minutes"], found["absent_minutes"]) == (60, 60)
    assert found["is_beside_own_school"]
    assert (found["beside_starts_at"], found["beside_subject"]) == (moment("11-10 08:10"), "SVA")


def test_of_a_lesson_at_another_school_only_the_date_is_told(scratch: Lake) -> None:
    other = {"school_unit_code": SOUTH, "beside_school_unit_code": SOUTH}
    (found,) = asides(scratch, other)
    assert found["lesson_date"] == day("11-10")
    assert (found["is_own_school"], found["is_beside_own_school"]) == (False, False)
    hidden = ("starts_at", "subject", "beside_starts_at", "beside_subject")
    assert [found[name] for name in hidden] == [None] * 4


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        ({"pupil_key": BO}, False),
        ({"lesson_date": day("10-31")}, False),
        ({"lesson_date": day("11-01")}, True),
        ({"lesson_date": AS_OF}, True),
        ({"lesson_date": AS_OF + timedelta(days=1)}, False),
        ({"reason": "superseded"}, True),
        ({"reason": "superseded", "is_contradicted": True}, False),
        ({"is_contradicted": True}, True),
    ],
)
def test_what_is_told_is_of_the_pupil_and_the_days_and_not_settled(
    scratch: Lake, row: dict[str, Any], *, is_told: bool
) -> None:
    assert bool(asides(scratch, row)) is is_told


def test_a_contradicted_lesson_that_is_owed_is_told(scratch: Lake) -> None:
    owed = lesson("11-11 09:00", scheduled_minutes=80)
    others = (lesson("10-31 09:00"), lesson("11-11 09:00", pupil_key=BO))
    (found,) = asides(scratch, owed=(owed, *others))
    assert (found["reason"], found["is_contradicted"], found["is_reported"]) == (
        "contradicted",
        True,
        False,
    )
    assert (found["scheduled_minutes"], found["absent_minutes"]) == (80, 0)
    given(scratch, "lessons", lesson("11-11 09:00"))
    told = scratch.relation(
        "flags/asides", pupil_key=str(ANNA), own=NORTH, first_date=day("11-01"), as_of=AS_OF
    )
    # What counts as reported is no aside.
    assert [row["reason"] for row in told.to_dicts()] == ["contradicted"]


def test_asides_stand_in_the_order_of_their_days(scratch: Lake) -> None:
    later = {"lesson_date": day("11-12"), "starts_at": moment("11-12 07:00")}
    noon = {"starts_at": moment("11-10 12:00")}
    found = asides(scratch, later, noon, {})
    assert [row["starts_at"].hour for row in found] == [8, 12, 7]
