"""Where a pupil belongs and who has left (`sql/flags/belonging.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from assets.lake.connection import Lake
from assets.lake.standing import find_standing
from tests.sql.given import AS_OF, BO, NORTH, SOUTH, Row, day, given, key, moment, rows_of

LEAVER_AFTER_DAYS = 21


def belonging(
    lake: Lake,
    *columns: str,
    lessons: list[Row] | None = None,
    roster: list[Row] | None = None,
    protected: list[Row] | None = None,
    undisputed: str | None = None,
) -> list[tuple[Any, ...]]:
    """Return where pupils belong; `lessons` holds each pupil's latest at each school.

    `undisputed` are other columns of the roster records' days, in the place of all their days.
    """
    latest = [{"lesson_date": AS_OF}] if lessons is None else lessons
    given(lake, "pupil_schools", *latest)
    given(lake, "enrolments", *(roster or []))
    days = find_standing(lake).days
    if undisputed:
        all_days = lake.make("all_days", f"SELECT * FROM {days}")
        lake.make_view(days.name, f"SELECT * REPLACE ({undisputed}) FROM {all_days}")
    given(lake, "protected_pupils", *(protected or []))
    return rows_of(
        lake, "flags/belonging", *columns, as_of=AS_OF, leaver_after_days=LEAVER_AFTER_DAYS
    )


def has_left(lake: Lake, **tables: Any) -> bool:
    """Return what is said of Anna."""
    anna = [row for row in belonging(lake, "pupil_key", "has_left", **tables) if row[0] != str(BO)]
    ((_, left),) = anna
    assert isinstance(left, bool)
    return left


def test_without_a_roster_a_pupil_belongs_where_the_latest_lesson_was(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"lesson_date": day("11-12")},
        {"lesson_date": day("11-13"), "school_unit_code": SOUTH, "class_name": "9B"},
    ]
    found = belonging(scratch, "school_unit_code", "class_name", "has_left", lessons=lessons)
    assert found == [(SOUTH, "9B", False)]


def test_of_two_schools_at_the_same_time_the_newer_export_decides(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"lesson_date": AS_OF, "last_exported_at": moment("11-14 05:00")},
        {
            "lesson_date": AS_OF,
            "school_unit_code": SOUTH,
            "last_exported_at": moment("11-14 06:00"),
        },
    ]
    assert belonging(scratch, "school_unit_code", lessons=lessons) == [(SOUTH,)]


def test_of_two_schools_that_nothing_tells_apart_the_lower_code_decides(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"lesson_date": AS_OF, "school_unit_code": SOUTH},
        {"lesson_date": AS_OF},
    ]
    assert belonging(scratch, "school_unit_code", lessons=lessons) == [(NORTH,)]


@pytest.mark.parametrize(
    ("undisputed", "school"),
    [
        # The day of as_of is disputed: another record, or the lessons, decide.
        ("DATE '2026-11-14' AS last_date", NORTH),
        ("DATE '2026-11-15' AS last_date", SOUTH),
        ("DATE '2026-11-16' AS first_date", NORTH),
        ("DATE '2026-11-15' AS first_date", SOUTH),
    ],
)
def test_a_record_is_a_place_on_its_undisputed_days_only(
    scratch: Lake, undisputed: str, school: str
) -> None:
    roster: list[Row] = [{"school_unit_code": SOUTH}]
    found = belonging(scratch, "school_unit_code", roster=roster, undisputed=undisputed)
    assert found == [(school,)]


def test_a_valid_roster_record_stands_before_lessons_elsewhere(scratch: Lake) -> None:
    roster: list[Row] = [{"school_unit_code": SOUTH, "class_name": "7C", "grade": 7}]
    found = belonging(scratch, "school_unit_code", "class_name", "grade", roster=roster)
    assert found == [(SOUTH, "7C", 7)]


def test_a_pupil_on_the_roster_without_lessons_belongs_there(scratch: Lake) -> None:
    found = belonging(scratch, "school_unit_code", "has_left", lessons=[], roster=[{}])
    assert found == [(NORTH, False)]


@pytest.mark.parametrize(
    ("start", "school"),
    [(AS_OF, SOUTH), (AS_OF + timedelta(days=1), NORTH)],
    ids=["which starts today decides", "which starts tomorrow says nothing yet"],
)
def test_a_roster_record(scratch: Lake, start: object, school: str) -> None:
    roster: list[Row] = [{"school_unit_code": SOUTH, "start_date": start}]
    assert belonging(scratch, "school_unit_code", roster=roster) == [(school,)]


def test_of_two_valid_records_the_one_that_started_last_decides(scratch: Lake) -> None:
    roster: list[Row] = [
        {"start_date": day("08-17")},
        {"school_unit_code": SOUTH, "start_date": day("10-26")},
    ]
    assert belonging(scratch, "school_unit_code", roster=roster) == [(SOUTH,)]


def test_a_record_without_a_start_has_always_been_valid(scratch: Lake) -> None:
    roster: list[Row] = [{"school_unit_code": SOUTH, "start_date": None}]
    assert belonging(scratch, "school_unit_code", roster=roster) == [(SOUTH,)]


def test_a_record_with_a_start_stands_before_one_without(scratch: Lake) -> None:
    roster: list[Row] = [
        {"start_date": None},
        {"school_unit_code": SOUTH, "start_date": day("08-17")},
    ]
    assert belonging(scratch, "school_unit_code", roster=roster) == [(SOUTH,)]


def test_of_records_that_started_together_the_school_with_lessons_decides(scratch: Lake) -> None:
    roster: list[Row] = [{}, {"school_unit_code": SOUTH}]
    lessons: list[Row] = [{"lesson_date": AS_OF, "school_unit_code": SOUTH}]
    assert belonging(scratch, "school_unit_code", roster=roster, lessons=lessons) == [(SOUTH,)]


def test_of_records_that_nothing_tells_apart_the_lower_code_decides(scratch: Lake) -> None:
    roster: list[Row] = [{"school_unit_code": SOUTH}, {}]
    assert belonging(scratch, "school_unit_code", roster=roster, lessons=[]) == [(NORTH,)]


def test_what_the_roster_leaves_open_is_taken_from_lessons_at_that_school(scratch: Lake) -> None:
    roster: list[Row] = [{"class_name": "", "grade": None, "mentor_key": None}]
    lessons: list[Row] = [
        {"lesson_date": day("11-01"), "class_name": "8D"},
        {"lesson_date": AS_OF, "school_unit_code": SOUTH, "class_name": "9B", "grade": 9},
    ]
    found = belonging(scratch, "class_name", "grade", "mentor_key", roster=roster, lessons=lessons)
    assert found == [("8D", 8, str(key("mentor")))]


@pytest.mark.parametrize(
    ("end", "left"),
    [(AS_OF, False), (AS_OF - timedelta(days=1), True)],
    ids=["on its last day still belongs", "the day after has left"],
)
def test_a_pupil_whose_roster_record_ends(scratch: Lake, end: object, left: bool) -> None:
    lessons: list[Row] = [{"lesson_date": day("11-10")}]
    assert has_left(scratch, roster=[{"end_date": end}], lessons=lessons) is left


def test_a_pupil_with_lessons_at_another_school_after_the_record_ended_has_moved_on(
    scratch: Lake,
) -> None:
    roster: list[Row] = [{"end_date": day("10-31")}]
    lessons: list[Row] = [
        {"lesson_date": day("10-30")},
        {"lesson_date": day("11-02"), "school_unit_code": SOUTH},
    ]
    found = belonging(scratch, "school_unit_code", "has_left", roster=roster, lessons=lessons)
    assert found == [(SOUTH, False)]


def test_lessons_at_the_school_that_was_left_do_not_bring_a_pupil_back(scratch: Lake) -> None:
    roster: list[Row] = [{"end_date": day("10-31")}]
    assert has_left(scratch, roster=roster, lessons=[{"lesson_date": day("11-02")}])


def test_lessons_elsewhere_on_the_records_last_day_are_no_move(scratch: Lake) -> None:
    roster: list[Row] = [{"end_date": day("10-31")}]
    lessons: list[Row] = [{"lesson_date": day("10-31"), "school_unit_code": SOUTH}]
    assert has_left(scratch, roster=roster, lessons=lessons)


def test_lessons_elsewhere_before_the_last_of_two_records_ended_are_no_move(scratch: Lake) -> None:
    roster: list[Row] = [
        {"end_date": day("09-30")},
        {"school_unit_code": SOUTH, "start_date": day("10-01"), "end_date": day("10-31")},
    ]
    for last, left in ((day("10-15"), True), (day("11-01"), False)):
        elsewhere: Row = {"lesson_date": last, "school_unit_code": "10000003"}
        assert has_left(scratch, roster=roster, lessons=[elsewhere]) is left


def test_a_second_record_that_is_valid_keeps_the_pupil(scratch: Lake) -> None:
    roster: list[Row] = [
        {"end_date": day("10-31")},
        {"school_unit_code": SOUTH, "start_date": day("11-01")},
    ]
    found = belonging(scratch, "school_unit_code", "has_left", roster=roster)
    assert found == [(SOUTH, False)]


@pytest.mark.parametrize(
    ("days", "left"),
    [(LEAVER_AFTER_DAYS, True), (LEAVER_AFTER_DAYS - 1, False)],
    ids=["for the days of the rule has left", "for a day less still belongs"],
)
def test_a_pupil_without_lessons_while_the_school_goes_on(
    scratch: Lake, days: int, left: bool
) -> None:
    lessons: list[Row] = [
        {"lesson_date": AS_OF - timedelta(days=days)},
        {"lesson_date": AS_OF, "pupil_key": BO},
    ]
    assert has_left(scratch, lessons=lessons) is left


def test_nobody_leaves_over_the_summer(scratch: Lake) -> None:
    lessons: list[Row] = [
        {"lesson_date": AS_OF - timedelta(days=70)},
        {"lesson_date": AS_OF - timedelta(days=70), "pupil_key": BO},
    ]
    assert not has_left(scratch, lessons=lessons)


def test_a_school_that_the_pupil_does_not_belong_to_says_nothing_of_leaving(
    scratch: Lake,
) -> None:
    lessons: list[Row] = [
        {"lesson_date": AS_OF - timedelta(days=40)},
        {"lesson_date": AS_OF, "pupil_key": BO, "school_unit_code": SOUTH},
    ]
    assert not has_left(scratch, lessons=lessons)


def test_who_is_protected_is_so_wherever_the_pupil_belongs(scratch: Lake) -> None:
    assert belonging(scratch, "is_protected", protected=[{}]) == [(True,)]


def test_another_pupils_protection_is_not_ones_own(scratch: Lake) -> None:
    assert belonging(scratch, "is_protected", protected=[{"pupil_key": BO}]) == [(False,)]


def test_the_latest_lesson_at_each_school_is_looked_up_to_and_including_as_of(
    scratch: Lake,
) -> None:
    given(
        scratch,
        "absence_daily",
        {"lesson_date": day("11-14"), "class_name": "7A"},
        {"lesson_date": AS_OF, "class_name": "7B", "grade": None, "mentor_key": None},
        {"lesson_date": AS_OF + timedelta(days=1), "class_name": "7C"},
        {"lesson_date": day("09-01"), "school_unit_code": SOUTH, "class_name": "6A"},
    )
    given(scratch, "summed_months")
    found = rows_of(
        scratch,
        "flags/pupil_schools",
        "school_unit_code",
        "lesson_date",
        "class_name",
        "grade",
        "mentor_key",
        as_of=AS_OF,
    )
    assert found == [
        (NORTH, AS_OF, "7B", None, None),
        (SOUTH, day("09-01"), "6A", 8, str(key("mentor"))),
    ]


def test_a_month_of_sums_stands_for_a_lesson_on_its_last_day(scratch: Lake) -> None:
    given(scratch, "absence_daily", {"lesson_date": day("10-12"), "class_name": "7A"})
    given(
        scratch,
        "summed_months",
        {"month_start_date": day("09-01"), "period_last_date": day("09-30"), "class_name": "7S"},
        {"school_unit_code": SOUTH, "class_name": "8S", "grade": None},
        # November is not over at as_of.
        {
            "school_unit_code": SOUTH,
            "month_start_date": day("11-01"),
            "period_last_date": day("11-30"),
        },
    )
    found = rows_of(
        scratch,
        "flags/pupil_schools",
        "school_unit_code",
        "lesson_date",
        "class_name",
        "grade",
        as_of=AS_OF,
    )
    assert found == [
        (NORTH, day("10-12"), "7A", 8),
        (SOUTH, day("10-31"), "8S", None),
    ]


NO_DAY: Row = {"start_date": day("10-05"), "end_date": day("10-04")}


def test_nobody_has_left_by_a_record_without_a_day(scratch: Lake) -> None:
    found = belonging(scratch, "school_unit_code", "has_record", "has_left", roster=[NO_DAY])
    assert found == [(NORTH, False, False)]


def test_a_record_without_a_day_neither_keeps_a_pupil_nor_hides_an_end(scratch: Lake) -> None:
    ended: Row = {"start_date": day("08-17"), "end_date": day("10-31")}
    assert has_left(scratch, roster=[ended, NO_DAY])
    # To come, and without a day: no school expects the pupil.
    for last, left in ((day("11-30"), True), (day("12-01"), False)):
        to_come: Row = {"start_date": day("12-01"), "end_date": last}
        assert has_left(scratch, roster=[ended, to_come]) is left


# --- the latest word of each school (`sql/flags/pupil_schools.sql`) -------------------------------


def latest(
    lake: Lake, days: Sequence[Row], sums: Sequence[Row], *columns: str
) -> list[tuple[Any, ...]]:
    given(lake, "absence_daily", *days)
    given(lake, "summed_months", *sums)
    return rows_of(lake, "flags/pupil_schools", *columns, as_of=AS_OF)


def test_the_latest_day_at_each_school_says_where_a_pupil_was(scratch: Lake) -> None:
    days: list[Row] = [
        {"lesson_date": AS_OF + timedelta(days=1), "class_name": "9C"},
        {"lesson_date": AS_OF, "class_name": "8A", "grade": None, "mentor_key": None},
        {"lesson_date": day("11-12"), "class_name": "7A"},
        {"lesson_date": day("10-05"), "school_unit_code": SOUTH},
        {"lesson_date": day("10-06"), "pupil_key": BO},
    ]
    found = latest(scratch, days, [], "school_unit_code", "lesson_date", "class_name", "grade")
    assert sorted(found, key=str) == sorted(
        [
            (NORTH, AS_OF, "8A", None),
            (SOUTH, day("10-05"), "8A", 8),
            (NORTH, day("10-06"), "8A", 8),
        ],
        key=str,
    )
    assert latest(scratch, days[1:2], [], "mentor_key") == [(None,)]


def test_sums_of_a_month_are_a_word_of_its_last_day(scratch: Lake) -> None:
    sums: Row = {"class_name": "8B", "grade": None}
    columns = ("lesson_date", "last_starts_at", "class_name", "grade")
    whole = (day("10-31"), moment("10-31 00:00"), "8B", None)
    assert latest(scratch, [{"lesson_date": day("10-30")}], [sums], *columns) == [whole]
    (found,) = latest(scratch, [{"lesson_date": day("11-02")}], [sums], *columns)
    assert found == (day("11-02"), moment("11-02 08:00"), "8A", 8)
    # Of one day a lesson is later than the day's beginning.
    (found,) = latest(scratch, [{"lesson_date": day("10-31")}], [sums], *columns)
    assert found == (day("10-31"), moment("10-31 08:00"), "8A", 8)


def test_of_two_words_of_one_moment_the_newer_export_says_the_class(scratch: Lake) -> None:
    sums = {"month_start_date": day("11-01"), "period_last_date": AS_OF}
    older, newer = (
        {**sums, "exported_at": moment(at), "class_name": name, "grade": grade, "mentor_key": None}
        for at, name, grade in (("11-15 04:00", "8A", 8), ("11-15 05:00", "8B", None))
    )
    for words in ([older, newer], [newer, older]):
        found = latest(scratch, [], words, "class_name", "grade", "last_exported_at")
        assert found == [("8B", None, moment("11-15 05:00"))]
