"""How the cells of a lesson file are read (`sql/exports/parsing_macros.sql`, `staged_lessons.sql`).

Every form that a school system or a spreadsheet writes is taken, and what can't be read without
guessing is refused, never rounded.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import given, moment

CELLS = {
    "file_id": 1,
    "line_number": 2,
    "id_tag": "",
    "school_unit_code": "10000001",
    "class_name": "8A",
    "grade": "8",
    "civic_no": "20120101-2384",
    "protected": "Ingen",
    "lesson_date": "2026-10-05",
    "start_time": "08:20",
    "subject": "MA",
    "scheduled_minutes": "60",
    "present_minutes": "60",
    "valid_minutes": "0",
    "invalid_minutes": "0",
    "reported": "Ja",
}


def value_of(lake: Lake, macro: str, cell: str | None) -> Any:
    ((value,),) = lake.rows(f"SELECT {macro}($cell::VARCHAR)", cell=cell)
    return value


def staged(lake: Lake, **cells: str | None) -> dict[str, Any]:
    """Return the row that a line of a file becomes, where it differs from the usual."""
    given(lake, "raw_lessons", CELLS | cells)
    (row,) = lake.relation("exports/staged_lessons").iter_rows(named=True)
    return dict(row)


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        ("60", 60),
        ("0", 0),
        ("600", 600),
        ("60,0", 60),
        ("60.00", 60),
        ("060", 60),
        (" 60 ", 60),
        ("1 234", 1234),
        ("1\xa0234", 1234),
        ("1\u202f234,00", 1234),
        ("-", 0),
        ("–", 0),
        ("-5", -5),
        ("7,5", None),
        ("7.5", None),
        ("1.234", None),
        ("1,234", None),
        ("60 min", None),
        ("1:00", None),
        ("6e1", None),
        ("1_0", None),
        ("", None),
        ("sextio", None),
        (None, None),
    ],
)
def test_minutes_are_whole_or_not_read(
    reading: Lake, cell: str | None, minutes: int | None
) -> None:
    assert value_of(reading, "whole_minutes", cell) == minutes


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-10-05", date(2026, 10, 5)),
        ("20261005", date(2026, 10, 5)),
        ("2026-10-05 00:00:00", date(2026, 10, 5)),
        ("2026-10-05T00:00:00.000", date(2026, 10, 5)),
        ("46300", date(2026, 10, 5)),
        ("46300.0", date(2026, 10, 5)),
        ("2028-02-29", date(2028, 2, 29)),
        ("2026-02-29", None),
        ("2026-13-01", None),
        ("1926-10-05", None),
        ("2126-10-05", None),
        ("2026-10-05 08:20:00", None),
        ("05/10/2026", None),
        ("10-05-2026", None),
        ("26-10-05", None),
        (None, None),
    ],
)
def test_a_date_is_read_in_the_forms_that_can_mean_one_day_only(
    reading: Lake, cell: str | None, day: date | None
) -> None:
    assert value_of(reading, "calendar_date", cell) == day


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("08:20", time(8, 20)),
        ("8:20", time(8, 20)),
        ("8.20", time(8, 20)),
        ("0820", time(8, 20)),
        ("08:20:00", time(8, 20)),
        ("1899-12-31 08:20:00", time(8, 20)),
        ("0,347222222", time(8, 20)),
        ("0.347222222", time(8, 20)),
        ("0.5", time(12, 0)),
        ("0,5", time(12, 0)),
        (".75", time(18, 0)),
        ("0.75", time(18, 0)),
        ("0.25", time(6, 0)),
        ("0.347222", time(8, 20)),
        ("0.34722222222222221", time(8, 20)),
        ("00.25", time(0, 25)),
        ("0:25", time(0, 25)),
        ("0", None),
        ("0.0", None),
        ("1", None),
        ("0.345", None),
        ("0.99999", None),
        ("00:00", time(0, 0)),
        ("24:00", None),
        ("08:60", None),
        ("08:20:30", None),
        ("kl 8", None),
        (None, None),
    ],
)
def test_a_clock_time_is_read_to_the_minute(
    reading: Lake, cell: str | None, clock: time | None
) -> None:
    assert value_of(reading, "clock_time", cell) == clock


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        ("8", 8),
        ("0", 0),
        ("F", 0),
        ("Förskoleklass", 0),
        ("Åk 8", 8),
        ("årskurs 9", 9),
        ("8.0", 8),
        ("08", 8),
        ("8,0", 8),
        ("F-klass", 0),
        ("Fklass", 0),
        ("f klass", 0),
        ("FKL", 0),
        ("0-klass", 0),
        ("FSK", 0),
        ("fk", 0),
        ("Åk F", 0),
        ("7A", 7),
        ("7 a", 7),
        ("0A", 0),
        ("åk8", 8),
        ("åk 8b", 8),
        ("Åk 4", 4),
        ("Åk. 4", 4),
        ("ÅR 5", 5),
        ("9 ", 9),
        ("årskurs 6", 6),
        ("10", None),
        ("78", None),
        ("7-9", None),
        ("7AB", None),
        ("A7", None),
        ("-8", None),
        ("8.5", None),
        ("åtta", None),
        ("2026", None),
        ("klass", None),
        ("FA", None),
        ("", None),
        (None, None),
    ],
)
def test_a_grade_is_0_to_9(reading: Lake, cell: str | None, grade: int | None) -> None:
    assert value_of(reading, "school_grade", cell) == grade


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("10000001", "10000001"),
        ("123456", "00123456"),
        ("10000001.0", "10000001"),
        ("1234", None),
        ("100000012", None),
        ("1000000A", None),
        (None, None),
    ],
)
def test_a_school_unit_code_gets_its_lost_zeros_back(
    reading: Lake, cell: str | None, code: str | None
) -> None:
    assert value_of(reading, "unit_code", cell) == code


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("Ja", True),
        ("x", True),
        ("1", True),
        ("SANT", True),
        ("Nej", False),
        ("nej", False),
        ("0", False),
        ("kanske", None),
        (None, None),
    ],
)
def test_yes_and_no_are_read_as_people_and_spreadsheets_write_them(
    reading: Lake, cell: str | None, answer: bool | None
) -> None:
    assert value_of(reading, "yes_or_no", cell) is answer


@pytest.mark.parametrize(
    ("cell", "is_protected"),
    [
        ("Ingen", False),
        ("Nej", False),
        (None, False),
        ("Ja", True),
        ("Sekretessmarkering", True),
        ("ingen", True),
        ("?", True),
    ],
)
def test_whatever_is_not_a_plain_no_protects(
    reading: Lake, cell: str | None, is_protected: bool
) -> None:
    assert value_of(reading, "protected_identity", cell) is is_protected


def test_a_plain_row_becomes_a_lesson_without_a_problem(reading: Lake) -> None:
    row = staged(reading, valid_minutes="20", present_minutes="40", lesson_id=" L7 ")
    assert (row["problem"], row["warning"]) == (None, None)
    assert row["starts_at"] == moment("10-05 08:20")
    assert (row["scheduled_minutes"], row["valid_minutes"], row["invalid_minutes"]) == (60, 20, 0)
    assert (row["is_reported"], row["is_cancelled"]) == (True, False)
    assert (row["lesson_id"], row["line_number"]) == ("L7", 2)


def test_an_id_is_its_senders_own_where_one_must_not_speak_for_another(reading: Lake) -> None:
    assert staged(reading, id_tag="far\x1e", lesson_id=" L7 ")["lesson_id"] == "far\x1eL7"
    assert staged(reading, id_tag="far\x1e", lesson_id=" ")["lesson_id"] is None


@pytest.mark.parametrize(
    ("cells", "is_reported", "kept"),
    [
        pytest.param({"reported": "Ja", "valid_minutes": "20"}, True, 20, id="yes"),
        pytest.param({"reported": "Nej", "valid_minutes": "20"}, False, 0, id="no, yet minutes"),
        pytest.param({"reported": None, "valid_minutes": "20"}, True, 20, id="not said, minutes"),
        pytest.param(
            {
                "reported": None,
                "present_minutes": None,
                "valid_minutes": None,
                "invalid_minutes": None,
            },
            False,
            0,
            id="not said, no minutes at all",
        ),
        pytest.param(
            {
                "reported": "Ja",
                "present_minutes": None,
                "valid_minutes": None,
                "invalid_minutes": None,
            },
            False,
            0,
            id="yes, but no minutes at all",
        ),
        pytest.param(
            {"reported": "Ja", "valid_minutes": None, "invalid_minutes": None},
            True,
            0,
            id="only presence is written",
        ),
    ],
)
def test_a_lesson_is_reported_when_somebody_wrote_minutes_and_nobody_said_no(
    reading: Lake, cells: dict[str, str | None], is_reported: bool, kept: int
) -> None:
    row = staged(reading, **cells)
    assert (row["is_reported"], row["valid_minutes"]) == (is_reported, kept)


KINDS = ("present_minutes", "valid_minutes", "invalid_minutes", "other_minutes")


@pytest.mark.parametrize("written", KINDS)
def test_a_lesson_with_one_kind_of_minutes_is_reported_and_may_be_all_of_it(
    reading: Lake, written: str
) -> None:
    row = staged(reading, **(dict.fromkeys(KINDS) | {written: "60"}), reported=None)
    assert (row["is_reported"], row["problem"], row["warning"]) == (True, None, None)
    kept = {kind: row[kind] for kind in KINDS[1:]}
    assert kept == {kind: 60 if kind == written else 0 for kind in KINDS[1:]}


@pytest.mark.parametrize("written", KINDS[1:])
def test_no_kind_of_minutes_is_kept_of_a_lesson_that_nobody_reported(
    reading: Lake, written: str
) -> None:
    row = staged(reading, reported="Nej", **{written: "1"})
    assert (row["is_reported"], row["warning"]) == (False, "reported.no_but_minutes")
    assert [row[kind] for kind in KINDS[1:]] == [0, 0, 0]


@pytest.mark.parametrize(("cell", "is_cancelled"), [("Ja", True), ("Nej", False), (None, False)])
def test_a_lesson_is_cancelled_when_somebody_says_so(
    reading: Lake, cell: str | None, *, is_cancelled: bool
) -> None:
    row = staged(reading, cancelled=cell)
    assert (row["is_cancelled"], row["problem"]) == (is_cancelled, None)


@pytest.mark.parametrize(
    ("lesson_date", "problem"),
    [
        ("2016-07-01", None),
        ("2016-06-30", "lesson_date.not_believed"),
        ("2027-11-15", None),
        ("2027-11-16", "lesson_date.not_believed"),
    ],
)
def test_a_date_is_believed_ten_school_years_back_and_a_year_ahead(
    reading: Lake, lesson_date: str, problem: str | None
) -> None:
    given(
        reading,
        "raw_lessons",
        CELLS | {"lesson_date": lesson_date, "file_exported_at": moment("11-14 05:00")},
    )
    (row,) = reading.relation("exports/staged_lessons").iter_rows(named=True)
    assert row["problem"] == problem


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("08:20", "09:20", 60),
        ("23:30", "00:30", 60),
        ("23:30", "24:00", 30),
        ("08:20", None, None),
    ],
    ids=["end minus start", "over midnight it goes on", "until midnight", "no end, no length"],
)
def test_a_lesson_without_a_length_takes_it_from_its_clock_times(
    reading: Lake, start: str, end: str | None, minutes: int | None
) -> None:
    row = staged(reading, scheduled_minutes=None, start_time=start, end_time=end)
    assert row["scheduled_minutes"] == minutes


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"school_unit_code": None}, "school_unit_code.missing"),
        ({"school_unit_code": "Summa"}, "school_unit_code.unreadable"),
        ({"lesson_date": None}, "lesson_date.missing"),
        ({"lesson_date": "5 okt"}, "lesson_date.unreadable"),
        ({"start_time": None}, "start_time.missing"),
        ({"start_time": "morgon"}, "start_time.unreadable"),
        ({"scheduled_minutes": None}, "scheduled_minutes.missing"),
        ({"scheduled_minutes": "7,5"}, "scheduled_minutes.unreadable"),
        ({"scheduled_minutes": "0"}, "scheduled_minutes.out_of_range"),
        ({"scheduled_minutes": "601"}, "scheduled_minutes.out_of_range"),
        ({"scheduled_minutes": "1", "present_minutes": "1"}, None),
        ({"scheduled_minutes": "600", "present_minutes": "600"}, None),
        ({"valid_minutes": "20,5"}, "valid_minutes.unreadable"),
        ({"invalid_minutes": "x"}, "invalid_minutes.unreadable"),
        ({"other_minutes": "x"}, "other_minutes.unreadable"),
        ({"present_minutes": "x"}, "present_minutes.unreadable"),
        ({"valid_minutes": "-1"}, "valid_minutes.negative"),
        ({"invalid_minutes": "-1"}, "invalid_minutes.negative"),
        ({"other_minutes": "-1"}, "other_minutes.negative"),
        ({"present_minutes": "-1"}, "present_minutes.negative"),
        ({"valid_minutes": "61"}, "valid_minutes.above_length"),
        ({"valid_minutes": "30", "invalid_minutes": "31"}, "valid_minutes.above_length"),
        ({"valid_minutes": "30", "invalid_minutes": "30", "present_minutes": "0"}, None),
        ({"valid_minutes": "30", "other_minutes": "31"}, "valid_minutes.above_length"),
        ({"other_minutes": "0"}, None),
        ({"reported": "kanske"}, "reported.unreadable"),
        ({"cancelled": "kanske"}, "cancelled.unreadable"),
        ({"school_unit_code": None, "lesson_date": None}, "school_unit_code.missing"),
    ],
)
def test_the_first_thing_wrong_refuses_the_row(
    reading: Lake, cells: dict[str, str | None], problem: str | None
) -> None:
    assert staged(reading, **cells)["problem"] == problem


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        ({"grade": "8AB"}, "grade.unreadable"),
        ({"grade": "8A"}, "grade.letter_left_over"),
        ({"class_name": "#N/A"}, "row.error_value"),
        ({"subject": "#SAKNAS!"}, "row.error_value"),
        ({"lesson_id": "#FORMULA!"}, "row.error_value"),
        ({"class_name": "8.0"}, "class_name.spreadsheet"),
        ({"class_name": "8,0"}, "class_name.spreadsheet"),
        ({"class_name": "1 maj"}, "class_name.spreadsheet"),
        ({"class_name": "08-maj"}, "class_name.spreadsheet"),
        ({"class_name": "8-May-26"}, "class_name.spreadsheet"),
        ({"class_name": "maj-08"}, "class_name.spreadsheet"),
        ({"class_name": "2026-05-08"}, "class_name.spreadsheet"),
        ({"class_name": "2026-05-08 00:00:00"}, "class_name.spreadsheet"),
        ({"class_name": "46150"}, "class_name.spreadsheet"),
        ({"class_name": "07:01:00"}, "class_name.spreadsheet"),
        ({"class_name": "8,00E+01"}, "class_name.spreadsheet"),
        ({"school_unit_code": "123456"}, "school_unit_code.zeros_restored"),
        ({"reported": "Nej", "invalid_minutes": "60"}, "reported.no_but_minutes"),
        ({"present_minutes": "50"}, "present_minutes.sum_differs"),
        ({"reported": None, "present_minutes": "50"}, "present_minutes.sum_differs"),
        ({"reported": "Nej", "present_minutes": "50"}, None),
        ({"protected": "ingen"}, "protected.unknown_value"),
        ({"protected": None}, None),
        ({"lesson_date": "46300"}, "lesson_date.serial_number"),
    ],
)
def test_a_warning_is_said_and_the_row_is_taken(
    reading: Lake, cells: dict[str, str | None], warning: str | None
) -> None:
    row = staged(reading, **cells)
    assert (row["problem"], row["warning"]) == (None, warning)


@pytest.mark.parametrize(
    "name", ["8A", "8", "80", "8-5", "7:1", "7:12", "1/2", "8.1", "8maj", "Majblomman", "F-6 Ek"]
)
def test_a_class_as_schools_name_it_is_no_damage(reading: Lake, name: str) -> None:
    assert staged(reading, class_name=name)["warning"] is None


@pytest.mark.parametrize("word", ["#N/A", "#REF!", "#NAMN?", "#DIV/0!", "#SAKNAS!", "#MERGED!"])
def test_an_error_of_a_spreadsheet_is_no_class_no_subject_and_no_id(
    reading: Lake, word: str
) -> None:
    row = staged(reading, class_name=word, subject=word, lesson_id=word)
    assert (row["class_name"], row["subject"], row["lesson_id"]) == ("", "", None)
    assert row["problem"] is None
