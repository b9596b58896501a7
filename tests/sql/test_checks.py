"""The checks in `sql/checks/`: a lake in order gives no row, one broken once gives exactly one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assets.checks.assets import SQL_CHECKS, failing_rows
from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, BO, NORTH, Row, day, given, key, moment, rows_of

FIRST_DATE = date(2026, 9, 1)
CILLA = key("Cilla")
CHECKS = {check.name: check for check in SQL_CHECKS}

# A little lake in which everything adds up: three lessons of two pupils, on two days.
LESSONS: list[Row] = [
    {"starts_at": moment("10-05 08:00"), "valid_minutes": 20},
    {"starts_at": moment("10-06 08:00"), "is_reported": False, "lesson_id": "L1"},
    {"starts_at": moment("10-05 08:00"), "pupil_key": BO, "invalid_minutes": 60},
]
DAYS: list[Row] = [
    {"lesson_date": day("10-05"), "valid_minutes": 20},
    {"lesson_date": day("10-06"), "reported_minutes": 0, "reported_lessons": 0},
    {"lesson_date": day("10-05"), "pupil_key": BO, "invalid_minutes": 60},
]
MONTHS: list[Row] = [
    {"scheduled_minutes": 120, "valid_minutes": 20},
    {"pupil_key": BO, "invalid_minutes": 60},
]
FLAGS: list[Row] = [
    {"rule": "mentor_followup", "level": 2},
    {"rule": "ulf_one_month", "level": 2, "invalid_minutes": 600},
    {"rule": "ulf_two_months", "level": 2, "verdict": "insufficient", "certainty": None},
    {
        "rule": "mentor_followup",
        "pupil_key": BO,
        "level": 0,
        "verdict": "insufficient",
        "certainty": None,
        "margin_minutes": -3,
    },
    # Absent from every minute: as much as there is, not more.
    {"rule": "sst_referral", "pupil_key": CILLA, "level": 3, "invalid_minutes": 1200},
    {"rule": "mentor_followup", "pupil_key": CILLA, "level": 3, "margin_minutes": 0},
]
FILES: list[Row] = [
    {"file_id": 1, "rows_accepted": 9, "rows_rejected": 1, "outcome": "accepted_in_part"},
    {"file_id": 2},
    {"file_id": 1, "outcome": "duplicate", "rows_read": 0, "rows_accepted": 0},
]
PROBLEMS: list[Row] = [{}, {"severity": "warning", "sealed_row": None, "rows": 4}]
WHOLE: dict[str, list[Row]] = {
    "lessons": LESSONS,
    "absence_daily": DAYS,
    "absence_monthly": MONTHS,
    "flags": FLAGS,
    "files": FILES,
    "row_problems": PROBLEMS,
}


def changed(table: str, index: int, **values: object) -> dict[str, list[Row]]:
    """Return the whole lake with one row of a table changed."""
    rows = [dict(row) for row in WHOLE[table]]
    rows[index] |= values
    return WHOLE | {table: list(rows)}


def added(table: str, **values: object) -> dict[str, list[Row]]:
    """Return the whole lake with a row more in a table."""
    return WHOLE | {table: [*WHOLE[table], values]}


def without(table: str, index: int) -> dict[str, list[Row]]:
    """Return the whole lake with a row less in a table."""
    return WHOLE | {table: [row for n, row in enumerate(WHOLE[table]) if n != index]}


def failing(lake: Lake, check: str, tables: dict[str, list[Row]]) -> int:
    for table, rows in tables.items():
        given(lake, table, *rows)
    return failing_rows(lake, CHECKS[check], FIRST_DATE)


@pytest.mark.parametrize("check", CHECKS)
def test_a_lake_in_order_passes(scratch: Lake, check: str) -> None:
    assert failing(scratch, check, WHOLE) == 0


@pytest.mark.parametrize("check", CHECKS)
def test_an_empty_lake_passes(scratch: Lake, check: str) -> None:
    assert failing(scratch, check, {table: [] for table in WHOLE}) == 0


BROKEN: list[tuple[str, str, dict[str, list[Row]]]] = [
    ("files_add_up", "a row read that is in no count", changed("files", 1, rows_read=11)),
    ("files_add_up", "a refused row that was not kept", without("row_problems", 0)),
    ("files_add_up", "a refused row too many", added("row_problems", line_number=3)),
    ("lessons_in_bounds", "no minutes", changed("lessons", 0, scheduled_minutes=0)),
    ("lessons_in_bounds", "over ten hours", changed("lessons", 0, scheduled_minutes=601)),
    ("lessons_in_bounds", "absent before zero", changed("lessons", 0, valid_minutes=-1)),
    ("lessons_in_bounds", "absent longer than it lasts", changed("lessons", 0, invalid_minutes=41)),
    ("lessons_in_bounds", "absence nobody reported", changed("lessons", 1, valid_minutes=1)),
    ("lessons_in_bounds", "invalid absence so", changed("lessons", 1, invalid_minutes=1)),
    ("lessons_in_bounds", "invalid before zero", changed("lessons", 0, invalid_minutes=-1)),
    ("lessons_in_bounds", "other before zero", changed("lessons", 0, other_minutes=-1)),
    ("lessons_in_bounds", "other activity too long", changed("lessons", 0, other_minutes=41)),
    (
        "lessons_in_bounds",
        "a date that is not its start's",
        changed("lessons", 0, lesson_date=day("10-06")),
    ),
    ("lessons_in_bounds", "a cut school code", changed("lessons", 0, school_unit_code="1000001")),
    ("lessons_unique", "a lesson stored twice", added("lessons", file_id=2)),
    (
        "lessons_unique",
        "an id stored twice",
        added("lessons", lesson_id="L1", starts_at=moment("10-06 09:00"), file_id=2),
    ),
    (
        "daily_equals_lessons",
        "a lesson not summed",
        added("lessons", starts_at=moment("10-07 08:00")),
    ),
    (
        "daily_equals_lessons",
        "a day without lessons",
        added("absence_daily", lesson_date=day("10-07")),
    ),
    ("daily_equals_lessons", "other absence", changed("absence_daily", 0, valid_minutes=19)),
    ("daily_equals_lessons", "other reporting", changed("absence_daily", 1, reported_minutes=60)),
    ("daily_equals_lessons", "other length", changed("absence_daily", 1, scheduled_minutes=61)),
    (
        "monthly_equals_daily",
        "a month not summed",
        added("absence_daily", lesson_date=day("09-01")),
    ),
    (
        "monthly_equals_daily",
        "a month without days",
        added("absence_monthly", month_start_date=day("09-01")),
    ),
    ("monthly_equals_daily", "other absence", changed("absence_monthly", 0, valid_minutes=21)),
    (
        "monthly_equals_daily",
        "another pupil count",
        added("absence_monthly", pupil_key=ANNA, scheduled_minutes=0, reported_minutes=0),
    ),
    ("flags_consistent", "two levels of one pupil", changed("flags", 0, level=1)),
    (
        "flags_consistent",
        "a level without its hit",
        changed("flags", 3, level=1),
    ),
    (
        "flags_consistent",
        "reported more than scheduled",
        changed("flags", 3, reported_minutes=1201),
    ),
    ("flags_consistent", "absent more than reported", changed("flags", 3, invalid_minutes=1201)),
    ("flags_consistent", "a hit without certainty", changed("flags", 0, certainty=None)),
    ("flags_consistent", "certain of no hit", changed("flags", 3, certainty="likely")),
    ("flags_consistent", "a window in the future", changed("flags", 3, window_end=day("11-16"))),
    ("flags_consistent", "a hit under the step", changed("flags", 0, margin_minutes=-1)),
]


@pytest.mark.parametrize(
    ("check", "tables"),
    [pytest.param(check, tables, id=f"{check}: {what}") for check, what, tables in BROKEN],
)
def test_one_thing_broken_is_one_failing_row(
    scratch: Lake, check: str, tables: dict[str, list[Row]]
) -> None:
    assert failing(scratch, check, tables) == 1


def test_every_check_is_broken_by_some_example() -> None:
    assert {check for check, _, _ in BROKEN} == set(CHECKS)


@pytest.mark.parametrize("check", [name for name, c in CHECKS.items() if c.has_first_date])
def test_what_lies_before_the_first_date_is_not_looked_at(scratch: Lake, check: str) -> None:
    old: list[Row] = [
        {"starts_at": moment("08-31 08:00"), "scheduled_minutes": 0},
        {"starts_at": moment("08-31 08:00"), "scheduled_minutes": 0},
    ]
    assert failing(scratch, check, WHOLE | {"lessons": [*LESSONS, *old]}) == 0


@pytest.mark.parametrize("check", [name for name, c in CHECKS.items() if c.has_first_date])
def test_the_first_date_itself_is_looked_at(scratch: Lake, check: str) -> None:
    fault: Row = {"starts_at": moment("09-01 08:00"), "scheduled_minutes": 0, "valid_minutes": 1}
    assert failing(scratch, check, WHOLE | {"lessons": [*LESSONS, fault, fault]}) == 1


def frame(lake: Lake, name: str, **parameters: object) -> list[tuple[Any, ...]]:
    for table, rows in WHOLE.items():
        given(lake, table, *rows)
    return rows_of(lake, f"checks/{name}", **parameters)


def test_the_contract_on_exports_sees_counts_per_school_and_day(scratch: Lake) -> None:
    found = frame(scratch, "contract_file_days", first_date=FIRST_DATE)
    assert found == [
        (NORTH, day("10-05"), 2, 2, 120, 0.0, 80),
        (NORTH, day("10-06"), 1, 1, 60, 1.0, 0),
    ]


def test_the_contract_on_sums_sees_the_extremes_of_a_month(scratch: Lake) -> None:
    ((month, pupils, days, least, highest, lowest, coverage),) = frame(
        scratch, "contract_monthly_rates"
    )
    assert (month, pupils, days, least) == (day("10-01"), 2, 1, 60)
    assert (highest, round(lowest, 4), coverage) == (1.0, 0.3333, 1.0)


def test_the_contract_on_flags_sees_a_count_per_rule_basis_and_verdict(scratch: Lake) -> None:
    found = frame(scratch, "contract_flags", as_of=AS_OF)
    assert found == [
        ("mentor_followup", "rolling", "hit", 2, 2, 3, 0.2),
        ("mentor_followup", "rolling", "insufficient", 1, 0, 0, 0.2),
        ("sst_referral", "rolling", "hit", 1, 3, 3, 1.0),
        ("ulf_one_month", "rolling", "hit", 1, 2, 2, 0.5),
        ("ulf_two_months", "rolling", "insufficient", 1, 2, 2, 0.2),
    ]
