"""How new each school's lessons are, and whether a night had any of it (`sql/upkeep/`)."""

from __future__ import annotations

from datetime import date

import pytest

from assets.lake.connection import Lake
from tests.sql.given import AS_OF, NORTH, SOUTH, Row, day, given, moment

NIGHT = moment("11-16 03:00")
TABLES = ("school_units", "absence_daily", "school_sendings", "monthly_sums", "lessons", "files")
SENDING: Row = {
    "school_unit_code": NORTH,
    "first_lesson_date": day("11-13"),
    "last_lesson_date": day("11-13"),
    "exported_at": moment("11-14 05:00"),
    "file_id": 1,
}


def fresh(lake: Lake, **rows: list[Row]) -> list[tuple[str, date | None, bool]]:
    for table in TABLES:
        given(lake, table, *rows.get(table, []))
    frame = lake.relation(
        "upkeep/school_freshness",
        first_date=day("01-01"),
        recent_date=day("09-01"),
        as_of=AS_OF,
        begun_at=NIGHT,
    )
    assert frame.columns == ["school_unit_code", "newest_lesson_date", "has_sent"]
    return list(frame.rows())


def file(outcome: str = "accepted", **more: object) -> Row:
    return {"received_at": moment("11-16 03:01"), "outcome": outcome, **more}


def daily(text: str, exported: str, code: str = NORTH) -> Row:
    return {
        "school_unit_code": code, "lesson_date": day(text), "last_exported_at": moment(exported),
    }  # fmt: skip


def test_a_school_of_the_register_that_never_sent_has_no_day(scratch: Lake) -> None:
    assert fresh(scratch, school_units=[{}]) == [(NORTH, None, False)]


def test_the_newest_day_is_one_that_was_sent_up_to_as_of(scratch: Lake) -> None:
    days = [
        daily("11-12", "11-12 18:00"),
        # A timetable that came before its day, and a day after as_of.
        daily("11-13", "11-01 05:00"),
        daily("11-16", "11-16 18:00"),
    ]
    assert fresh(scratch, absence_daily=days) == [(NORTH, day("11-12"), False)]


@pytest.mark.parametrize(
    ("outcome", "sent"),
    [
        ("accepted", True),
        ("accepted_in_part", True),
        ("superseded", True),
        ("duplicate", False),
        ("quarantined", False),
        ("awaiting_release", False),
    ],
)
def test_only_a_file_that_was_read_this_night_is_a_sending(
    scratch: Lake, outcome: str, sent: bool
) -> None:
    found = fresh(scratch, school_sendings=[SENDING], files=[file(outcome)], school_units=[{}])
    assert found == [(NORTH, None, sent)]


def test_a_file_of_an_earlier_night_is_none_of_this(scratch: Lake) -> None:
    earlier = file(received_at=moment("11-16 02:59"))
    assert fresh(scratch, school_sendings=[SENDING], files=[earlier], school_units=[{}]) == [
        (NORTH, None, False)
    ]


def test_monthly_sums_are_a_sending_of_their_own_school_only(scratch: Lake) -> None:
    sums: list[Row] = [{"school_unit_code": SOUTH, "file_id": 1}]
    assert fresh(scratch, monthly_sums=sums, files=[file()], school_units=[{}]) == [
        (NORTH, None, False),
        (SOUTH, None, True),
    ]


@pytest.mark.parametrize(("layout", "sent"), [("ss12000_attendances", True), ("lektioner", False)])
def test_lessons_are_asked_for_objects_of_ss12000(scratch: Lake, layout: str, sent: bool) -> None:
    found = fresh(scratch, lessons=[{}], files=[file(layout=layout)], school_units=[{}])
    assert found == [(NORTH, None, sent)]
