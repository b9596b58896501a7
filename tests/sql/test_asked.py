"""Who is explained, and which lessons are taken for the coming ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, day, given, key, moment

CARL, DORA = key("Carl"), key("Dora")


def asked(lake: Lake, pupil: object = None) -> set[Any]:
    lake.materialise("flags/asked_pupils", pupil_key=None if pupil is None else str(pupil))
    return {key for (key,) in lake.rows("SELECT pupil_key FROM asked_pupils")}


def verdicts(lake: Lake, **said: str) -> None:
    """Give verdicts by the names of pupils; without any nobody has one."""
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE verdicts (pupil_key UUID, verdict VARCHAR)"
    )
    for name, verdict in said.items():
        lake.connection.execute("INSERT INTO verdicts VALUES (?, ?)", [key(name), verdict])


def with_pupils(lake: Lake) -> None:
    """Anna is flagged, Bo is clear, Carl is flagged and protected, Dora is flagged and has left."""
    given(
        lake,
        "belonging",
        {"pupil_key": ANNA},
        {"pupil_key": BO},
        {"pupil_key": CARL, "is_protected": True},
        {"pupil_key": DORA, "has_left": True},
    )
    verdicts(lake, Anna="hit", Bo="clear", Carl="hit", Dora="hit")


def test_everybody_who_is_not_clear_is_explained_but_nobody_protected_or_gone(
    scratch: Lake,
) -> None:
    with_pupils(scratch)
    assert asked(scratch) == {ANNA}


def test_one_who_is_clear_can_be_asked_for_and_a_protected_one_can_not(scratch: Lake) -> None:
    with_pupils(scratch)
    assert asked(scratch, BO) == {BO}
    assert asked(scratch, CARL) == set()
    assert asked(scratch, DORA) == set()


def timetable(lake: Lake, *lessons: dict[str, Any]) -> dict[str, list[int]]:
    """Minutes of each lesson by month-day, as the only pupil has them."""
    given(lake, "belonging", {"pupil_key": ANNA})
    verdicts(lake)
    asked(lake, ANNA)
    given(lake, "lessons", *lessons)
    lake.materialise(
        "flags/asked_lessons",
        first_date=AS_OF - timedelta(days=60),
        last_date=AS_OF + timedelta(days=60),
    )
    rows = lake.relation("flags/asked_timetables", as_of=AS_OF).to_dicts()
    assert len(rows) <= 1
    days = [(row["lesson_dates"], row["lesson_minutes"]) for row in rows]
    return {f"{day:%m-%d}": minutes for d, m in days for day, minutes in zip(d, m, strict=True)}


def lesson(start: str, minutes: int = 60, **other: Any) -> dict[str, Any]:
    return {"starts_at": moment(start), "scheduled_minutes": minutes, **other}


def test_lessons_stand_in_the_order_of_the_day_and_cancelled_ones_not_at_all(
    scratch: Lake,
) -> None:
    found = timetable(
        scratch,
        lesson("11-13 10:00", 80),
        lesson("11-13 08:00", 40),
        lesson("11-13 12:00", 50, is_cancelled=True),
        lesson("11-12 08:00", is_cancelled=True),
    )
    assert found == {"11-13": [40, 80]}


def test_a_coming_day_that_is_wholly_cancelled_is_known_to_have_no_lesson(scratch: Lake) -> None:
    found = timetable(
        scratch,
        lesson("11-13 08:00"),
        lesson("11-16 08:00", is_cancelled=True),
        lesson("11-17 08:00", 45),
    )
    assert found == {"11-13": [60], "11-16": [], "11-17": [45]}


def test_cancelled_minutes_are_reported_beside_the_lessons(scratch: Lake) -> None:
    with_pupils(scratch)
    asked(scratch)
    given(
        scratch,
        "lessons",
        lesson("11-16 08:00", 40, is_cancelled=True),
        lesson("11-16 09:00", 50),
        lesson("11-17 09:00", 45),
    )
    scratch.materialise(
        "flags/asked_lessons", first_date=AS_OF, last_date=AS_OF + timedelta(days=60)
    )
    (row,) = scratch.relation("flags/asked_timetables", as_of=AS_OF).to_dicts()
    assert (row["lesson_minutes"], row["cancelled_minutes"]) == ([[50], [45]], [40, 0])


def test_the_timetable_of_a_school_that_the_pupil_left_does_not_go_on(scratch: Lake) -> None:
    found = timetable(
        scratch,
        lesson("11-06 08:00", school_unit_code=NORTH),
        lesson("11-13 08:00", 45, school_unit_code=SOUTH),
    )
    assert found == {"11-13": [45]}


def test_a_pupil_at_two_schools_at_once_has_the_lessons_of_both(scratch: Lake) -> None:
    found = timetable(
        scratch,
        lesson("11-12 08:00", school_unit_code=NORTH),
        lesson("11-13 08:00", 45, school_unit_code=SOUTH),
    )
    assert found == {"11-12": [60], "11-13": [45]}


def test_a_lesson_knows_its_absence_and_whether_it_was_at_the_own_school(scratch: Lake) -> None:
    given(scratch, "belonging", {"pupil_key": ANNA})
    verdicts(scratch)
    asked(scratch, ANNA)
    absent = {"valid_minutes": 20, "invalid_minutes": 15}
    own = lesson("11-13 08:00", **absent)
    given(scratch, "lessons", own, lesson("11-13 09:00", school_unit_code=SOUTH))
    scratch.materialise("flags/asked_lessons", first_date=AS_OF - timedelta(7), last_date=AS_OF)
    found = scratch.rows(
        "SELECT absent_minutes, is_own_school FROM asked_lessons ORDER BY starts_at"
    )
    assert found == [(35, True), (0, False)]


def test_a_school_with_lessons_for_long_goes_on_beside_a_newer_one(scratch: Lake) -> None:
    found = timetable(
        scratch,
        lesson("10-20 08:00", school_unit_code=NORTH),
        lesson("11-13 08:00", 45, school_unit_code=NORTH),
        lesson("11-12 08:00", school_unit_code=SOUTH),
    )
    assert found == {"10-20": [60], "11-12": [60], "11-13": [45]}


def test_a_school_that_was_left_does_not_go_on_beside_long_lessons_at_the_new_one(
    scratch: Lake,
) -> None:
    there = [lesson(f"{on} 08:00", 45, school_unit_code=SOUTH) for on in ("11-04", "11-13")]
    left = lesson("11-03 08:00", school_unit_code=NORTH)
    assert timetable(scratch, left, *there) == {"11-04": [45], "11-13": [45]}
    # What it has for the coming weeks says nothing of before.
    coming = lesson("11-17 08:00", school_unit_code=NORTH)
    found = timetable(scratch, left, *there, coming)
    assert found == {"11-04": [45], "11-13": [45], "11-17": [60]}


def test_the_day_itself_is_no_coming_one(scratch: Lake) -> None:
    on_the_day = f"{AS_OF:%m-%d} 08:00"
    assert timetable(scratch, lesson(on_the_day)) == {f"{AS_OF:%m-%d}": [60]}
    cancelled = lesson(on_the_day, is_cancelled=True)
    assert timetable(scratch, lesson("11-13 08:00"), cancelled) == {"11-13": [60]}


def test_reported_and_absent_minutes_are_those_of_all_schools_day_by_day(scratch: Lake) -> None:
    given(scratch, "belonging", {"pupil_key": ANNA}, {"pupil_key": BO})
    verdicts(scratch)
    asked(scratch, ANNA)
    minutes = {"reported_minutes": 50, "valid_minutes": 20, "invalid_minutes": 10}
    given(
        scratch,
        "absence_daily",
        {"lesson_date": AS_OF, **minutes},
        {"lesson_date": day("11-01"), **minutes},
        {"lesson_date": day("11-01"), "school_unit_code": SOUTH, **minutes},
        {"lesson_date": day("10-31"), **minutes},
        {"lesson_date": AS_OF + timedelta(days=1), **minutes},
        {"lesson_date": day("11-02"), "pupil_key": BO, **minutes},
    )
    (row,) = scratch.relation("flags/asked_sums", first_date=day("11-01"), as_of=AS_OF).to_dicts()
    assert row == {
        "pupil_key": str(ANNA),
        "lesson_dates": [day("11-01"), AS_OF],
        "absent_minutes": [60, 30],
        "reported_minutes": [100, 50],
    }


def test_pupils_with_the_same_lessons_share_a_timetable(scratch: Lake) -> None:
    with_pupils(scratch)
    scratch.connection.execute("UPDATE verdicts SET verdict = 'hit'")
    asked(scratch)
    both = [lesson("11-13 08:00", pupil_key=pupil) for pupil in (ANNA, BO)]
    given(scratch, "lessons", *both)
    scratch.materialise("flags/asked_lessons", first_date=AS_OF - timedelta(7), last_date=AS_OF)
    (row,) = scratch.relation("flags/asked_timetables", as_of=AS_OF).to_dicts()
    assert set(row["pupil_keys"]) == {str(ANNA), str(BO)}
