"""The school year week by week: `pupil_weeks` and `told_weeks`, and the same in plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.lake.connection import Lake
from assets.watchlists.collect.school_year import told_weeks, year_weeks
from assets.watchlists.model import ToldWeek
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, Row, day, key
from tests.sql.given import given as stored

YEAR = date(2026, 7, 1)
HOME = {ANNA: NORTH, BO: NORTH, key("Cleo"): SOUTH}


@dataclass(frozen=True)
class Day:
    """A pupil's day at a school."""

    pupil: Any
    school: str
    on: date
    reported: int
    valid: int
    invalid: int


@st.composite
def days(draw: st.DrawFn) -> Day:
    reported = draw(st.sampled_from((0, 60, 300)))
    absent = draw(st.integers(0, reported))
    valid = draw(st.integers(0, absent))
    return Day(
        draw(st.sampled_from([*HOME, key("Dag")])),
        draw(st.sampled_from((NORTH, SOUTH))),
        draw(st.dates(date(2026, 6, 15), AS_OF + timedelta(days=10))),
        reported,
        valid,
        absent - valid,
    )


def found(lake: Lake, rows: list[Day], as_of: date = AS_OF) -> dict[str, dict[date, Fraction]]:
    """What the product says: the share of each week, by pupil."""
    asked = [{"pupil_key": pupil, "school_unit_code": home} for pupil, home in HOME.items()]
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE asked_pupils (pupil_key UUID, school_unit_code VARCHAR)"
    )
    for row in asked:
        lake.connection.execute(
            "INSERT INTO asked_pupils VALUES ($pupil_key, $school_unit_code)", row
        )
    stored(
        lake,
        "absence_daily",
        *(
            {
                "pupil_key": one.pupil,
                "school_unit_code": one.school,
                "lesson_date": one.on,
                "scheduled_minutes": 300,
                "reported_minutes": one.reported,
                "valid_minutes": one.valid,
                "invalid_minutes": one.invalid,
            }
            for one in rows
        ),
    )
    shares: dict[str, dict[date, Fraction]] = {}
    for pupil, weeks in year_weeks(lake, as_of).items():
        assert weeks.first_monday.weekday() == 0
        mondays = [weeks.first_monday + timedelta(weeks=n) for n in range(len(weeks.shares))]
        assert mondays[-1] <= as_of < mondays[-1] + timedelta(weeks=1)
        shares[pupil] = {
            monday: share
            for monday, share in zip(mondays, weeks.shares, strict=True)
            if share is not None
        }
    return shares


def expected(rows: list[Day], as_of: date = AS_OF) -> dict[str, dict[date, Fraction]]:
    """The same, from the definition."""
    sums: dict[Any, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in rows:
        if HOME.get(one.pupil) == one.school and YEAR <= one.on <= as_of:
            week = sums[str(one.pupil)][one.on - timedelta(days=one.on.weekday())]
            week[0] += one.reported
            week[1] += one.valid + one.invalid
    of_pupils = {
        pupil: {monday: Fraction(part, whole) for monday, (whole, part) in weeks.items() if whole}
        for pupil, weeks in sums.items()
    }
    return {pupil: weeks for pupil, weeks in of_pupils.items() if weeks}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(days(), max_size=40))
def test_weeks_are_the_own_schools_of_this_year_and_never_another_schools(
    scratch: Lake, rows: list[Day]
) -> None:
    assert found(scratch, rows) == expected(rows)


def test_lessons_before_a_move_are_no_weeks_of_the_new_school(scratch: Lake) -> None:
    before = Day(ANNA, SOUTH, day("09-07"), 300, 0, 300)
    after = Day(ANNA, NORTH, day("10-19"), 300, 30, 0)
    assert found(scratch, [before, after]) == {str(ANNA): {day("10-19"): Fraction(1, 10)}}


def test_all_of_a_school_begin_in_the_week_in_which_the_first_of_them_has_lessons(
    scratch: Lake,
) -> None:
    found(scratch, [Day(ANNA, NORTH, day("08-19"), 300, 0, 0), Day(BO, NORTH, AS_OF, 300, 9, 0)])
    weeks = year_weeks(scratch, AS_OF)
    assert {one.first_monday for one in weeks.values()} == {day("08-17")}
    assert {len(one.shares) for one in weeks.values()} == {13}


def test_a_night_in_the_middle_of_a_week_ends_with_the_week_so_far(scratch: Lake) -> None:
    rows = [Day(ANNA, NORTH, day("11-09"), 300, 0, 300), Day(ANNA, NORTH, day("11-12"), 300, 0, 0)]
    assert found(scratch, rows, day("11-11")) == {str(ANNA): {day("11-09"): Fraction(1)}}


def test_what_frozen_lists_counted_is_told_oldest_first_for_each_school(scratch: Lake) -> None:
    earlier: Row = {
        "period": "2026-W44",
        "as_of_date": day("11-01"),
        "flagged_pupils": 5,
        "mentor_pupils": 5,
        "ulf_pupils": 2,
        "sst_pupils": 1,
    }
    uncounted: Row = {
        "period": "2026-W43",
        "as_of_date": day("10-25"),
        "pupils_evaluated": None,
        "mentor_pupils": None,
        "ulf_pupils": None,
        "sst_pupils": None,
    }
    current: Row = {"period": "current", "is_frozen": False, "as_of_date": day("11-11")}
    today: Row = {"period": "2026-W46", "as_of_date": AS_OF}
    elsewhere: Row = {"school_unit_code": SOUTH}
    stored(scratch, "publications", {}, earlier, uncounted, current, today, elsewhere)
    assert told_weeks(scratch, AS_OF) == {
        NORTH: (
            ToldWeek("2026-W44", 20, 5, (5, 2, 1)),
            ToldWeek("2026-W45", 20, 1, (1, 0, 0)),
        ),
        SOUTH: (ToldWeek("2026-W45", 20, 1, (1, 0, 0)),),
    }
