"""Which word about a lesson counts: the newest export's, and never a contradiction's."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from assets.exports.staging.repeated_rows import compare_rows
from assets.exports.staging.staged_tables import find_shared
from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, BO, SOUTH, Row, given, moment, rows_of

OLD, NEW = moment("11-13 05:00"), moment("11-14 05:00")


def arriving(lake: Lake, *rows: Row) -> list[tuple[Any, ...]]:
    """Return file id and valid minutes of what is kept of a batch; rows of one key share a hash."""
    given(lake, "batch_lessons", *({"lesson_hash": 1} | dict(row) for row in rows))
    find_shared(lake)
    lake.materialise("exports/repeated_rows")
    lake.materialise("exports/superseded_rows")
    return rows_of(lake, "exports/arriving_lessons", "file_id", "valid_minutes")


def competing(lake: Lake, stored: list[Row], coming: list[Row]) -> list[bool]:
    """Return whether the stored row is newer, for each pair of stored and arriving row."""
    given(lake, "lessons", *stored)
    given(lake, "arriving_lessons", *coming)
    found = rows_of(
        lake,
        "exports/competing_lessons",
        "is_stored_newer",
        first_date=moment("10-05 00:00").date(),
        last_date=moment("10-05 00:00").date(),
        first_school="00000000",
        last_school="99999999",
        has_ids=any(row.get("lesson_id") for row in coming),
    )
    return [newer for (newer,) in found]


def refused(lake: Lake, *rows: Row) -> list[tuple[Any, ...]]:
    """Return line and reason of the rows of one file that are refused."""
    given(
        lake,
        "batch_lessons",
        *({"line_number": line} | dict(row) for line, row in enumerate(rows, start=2)),
    )
    lake.connection.execute(
        "UPDATE batch_lessons SET lesson_hash = hash(pupil_key, lesson_id) "
        "WHERE lesson_id IS NOT NULL"
    )
    find_shared(lake)
    found = lake.relation("exports/repeated_rows").filter(pl.col("problem").is_not_null())
    return sorted(found.select("line_number", "problem").rows())


def passed_over(lake: Lake, *rows: Row) -> list[tuple[Any, ...]]:
    """Return line and warning of the rows of one file that another one stands for."""
    refused(lake, *rows)
    found = lake.relation("exports/repeated_rows").filter(pl.col("problem").is_null())
    return sorted(found.select("line_number", "warning").rows())


def test_of_two_exports_of_a_lesson_the_newer_is_kept(scratch: Lake) -> None:
    older = {"file_id": 2, "exported_at": OLD, "valid_minutes": 10}
    newer = {"file_id": 1, "exported_at": NEW, "valid_minutes": 20}
    assert arriving(scratch, older, newer) == [(1, 20)]
    assert arriving(scratch, newer, older) == [(1, 20)]


def test_of_two_exports_of_one_minute_the_greater_file_id_is_kept(scratch: Lake) -> None:
    first, second = {"file_id": 1, "valid_minutes": 10}, {"file_id": 2, "valid_minutes": 20}
    assert arriving(scratch, first, second) == [(2, 20)]
    assert arriving(scratch, second, first) == [(2, 20)]


def test_a_refused_row_does_not_supersede_a_good_one(scratch: Lake) -> None:
    good = {"file_id": 1, "exported_at": OLD, "valid_minutes": 10}
    refused_row = {"file_id": 2, "exported_at": NEW, "problem": "valid_minutes.above_length"}
    assert arriving(scratch, good, refused_row) == [(1, 10)]


@pytest.mark.parametrize(
    "difference",
    [
        {"pupil_key": BO},
        {"school_unit_code": SOUTH},
        {"starts_at": moment("10-05 09:00")},
        {"subject": "SV"},
        {"lesson_id": "L1"},
    ],
    ids=["pupil", "school", "start", "subject", "one with an id"],
)
def test_rows_that_only_share_a_hash_are_lessons_apart(scratch: Lake, difference: Row) -> None:
    assert len(arriving(scratch, {}, {"file_id": 2} | dict(difference))) == 2


def test_a_lesson_with_an_id_is_the_same_wherever_it_was_moved(scratch: Lake) -> None:
    before = {"lesson_id": "L1", "exported_at": OLD}
    moved = {
        "lesson_id": "L1",
        "starts_at": moment("10-07 13:00"),
        "subject": "SV",
        "exported_at": NEW,
        "file_id": 2,
    }
    assert arriving(scratch, before, moved) == [(2, 0)]


@pytest.mark.parametrize(
    ("stored", "is_stored_newer"),
    [
        pytest.param({"exported_at": NEW, "file_id": 1}, True, id="newer"),
        pytest.param({"exported_at": OLD, "file_id": 9}, False, id="older"),
    ],
)
def test_a_stored_row_stays_when_its_export_is(
    scratch: Lake, stored: Row, is_stored_newer: bool
) -> None:
    coming = {"exported_at": moment("11-13 17:00"), "file_id": 5}
    assert competing(scratch, [stored], [coming]) == [is_stored_newer]


@pytest.mark.parametrize(("file_id", "is_stored_newer"), [(6, True), (4, False)])
def test_between_exports_of_one_minute_the_greater_file_id_decides(
    scratch: Lake, file_id: int, is_stored_newer: bool
) -> None:
    assert competing(scratch, [{"file_id": file_id}], [{"file_id": 5}]) == [is_stored_newer]


def test_another_lesson_is_no_rival(scratch: Lake) -> None:
    stored: list[Row] = [
        {"pupil_key": BO},
        {"school_unit_code": SOUTH},
        {"starts_at": moment("10-05 09:00")},
        {"subject": "SV"},
        {"lesson_id": "L1"},
    ]
    assert competing(scratch, stored, [{"pupil_key": ANNA, "file_id": 2}]) == []


def test_a_stored_lesson_with_an_id_meets_its_new_word_on_another_day(scratch: Lake) -> None:
    stored: Row = {"lesson_id": "L1", "starts_at": moment("09-28 08:00"), "exported_at": OLD}
    assert competing(scratch, [stored], [{"lesson_id": "L1", "file_id": 2}]) == [False]


@pytest.mark.parametrize(
    "other", [{"pupil_key": BO}, {"lesson_id": "L2"}], ids=["another pupil", "another lesson"]
)
def test_a_lesson_id_is_shared_by_a_class_and_names_one_lesson(scratch: Lake, other: Row) -> None:
    stored = {"lesson_id": "L1"} | dict(other)
    assert competing(scratch, [stored], [{"lesson_id": "L1", "file_id": 2}]) == []


def test_a_lesson_without_an_id_is_looked_for_on_the_arriving_days_only(scratch: Lake) -> None:
    stored: Row = {"starts_at": moment("10-06 08:00")}
    assert competing(scratch, [stored], [{"starts_at": moment("10-06 08:00"), "file_id": 2}]) == []


def test_a_row_written_twice_counts_once(scratch: Lake) -> None:
    assert refused(scratch, {}, {}, {}) == []
    assert passed_over(scratch, {}, {}, {}) == [(3, "row.repeated"), (4, "row.repeated")]


UNREPORTED: Row = {"is_reported": False}
CANCELLED: Row = {"is_cancelled": True}


def test_the_reported_row_counts_beside_one_that_nobody_reported(scratch: Lake) -> None:
    found = passed_over(scratch, UNREPORTED, {"valid_minutes": 10}, UNREPORTED)
    assert found == [(2, "row.unreported_beside"), (4, "row.unreported_beside")]
    assert refused(scratch, UNREPORTED, {"valid_minutes": 10}) == []
    two_lengths = refused(scratch, UNREPORTED, dict(UNREPORTED) | {"scheduled_minutes": 40})
    assert two_lengths == [(2, "row.contradicts"), (3, "row.contradicts")]


def test_the_held_row_counts_beside_a_cancelled_one_and_nothing_is_said(scratch: Lake) -> None:
    assert passed_over(scratch, CANCELLED, {"valid_minutes": 10}) == [(2, None)]
    assert passed_over(scratch, CANCELLED, UNREPORTED) == [(2, None)]
    assert passed_over(scratch, CANCELLED, CANCELLED) == [(3, "row.repeated")]
    # Two that were held and differ are owed, cancelled or not beside them.
    found = refused(scratch, CANCELLED, {"valid_minutes": 10}, {"valid_minutes": 20})
    assert [line for line, _ in found] == [2, 3, 4]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"subject": "MA"}, {"subject": "ma"}),
        ({"lesson_id": "a"}, {"lesson_id": "b"}),
        ({"lesson_id": "a"}, {}),
        ({"lesson_id": "a"}, {"lesson_id": "a", "starts_at": moment("10-05 09:00")}),
    ],
    ids=["subject in other letters", "two ids", "one without an id", "one id at two hours"],
)
def test_rows_of_one_lesson_under_two_names_contradict_each_other(
    scratch: Lake, one: Row, other: Row
) -> None:
    found = refused(scratch, dict(one) | {"valid_minutes": 10}, other)
    assert found == [(2, "row.contradicts"), (3, "row.contradicts")]


def test_without_a_subject_two_ids_are_two_lessons(scratch: Lake) -> None:
    one, other = {"subject": "", "lesson_id": "a"}, {"subject": "", "lesson_id": "b"}
    assert refused(scratch, one | {"valid_minutes": 10}, other) == []


def test_a_cancelled_lesson_of_another_id_is_a_word_of_its_own(scratch: Lake) -> None:
    assert passed_over(scratch, {"lesson_id": "a"} | dict(CANCELLED), {"lesson_id": "b"}) == []


def test_what_contradicts_is_reported_and_the_longest_length_kept(scratch: Lake) -> None:
    refused(
        scratch,
        {"valid_minutes": 15, "subject": "ma"},
        {"scheduled_minutes": 80, "invalid_minutes": 60},
        UNREPORTED,
    )
    told = "absent 15 of 60 min; absent 60 of 80 min; unreported, 60 min"
    scratch.materialise("exports/repeated_rows")
    assert set(scratch.rows("SELECT found FROM repeated_rows")) == {(told,)}
    found = rows_of(scratch, "exports/contradicted_rows", "subject", "scheduled_minutes")
    assert found == [("MA", 80)]


def joint(lake: Lake, *rows: Row) -> list[tuple[Any, ...]]:
    given(lake, "batch_lessons", *rows)
    find_shared(lake)
    return rows_of(lake, "exports/joint_rows", "first_starts_at", "second_starts_at")


def test_overlapping_lessons_of_a_subject_in_one_file_are_held_together(scratch: Lake) -> None:
    later: Row = {"starts_at": moment("10-05 08:59"), "subject": "ma"}
    pair = (moment("10-05 08:00"), moment("10-05 08:59"))
    assert joint(scratch, {}, later) == [pair]
    assert joint(scratch, dict(later) | {"problem": "row.contradicts"}, {}) == [pair]
    for apart in (
        {"starts_at": moment("10-05 09:00")},
        {"subject": "SV"},
        {"pupil_key": BO},
        {"school_unit_code": SOUTH},
        {"file_id": 2},
        {"problem": "valid_minutes.negative"},
    ):
        assert joint(scratch, {}, dict(later) | dict(apart)) == []


def test_of_rows_that_contradict_each_other_none_counts(scratch: Lake) -> None:
    found = refused(scratch, {"valid_minutes": 10}, {"valid_minutes": 20}, {"valid_minutes": 10})
    assert found == [
        (2, "row.contradicts"),
        (3, "row.contradicts"),
        (4, "row.contradicts"),
    ]


def test_rows_of_two_lessons_are_no_repetition(scratch: Lake) -> None:
    assert refused(scratch, {}, {"starts_at": moment("10-05 09:00")}, {"pupil_key": BO}) == []


def test_a_row_refused_for_another_reason_contradicts_nothing(scratch: Lake) -> None:
    assert refused(scratch, {}, {"valid_minutes": 99, "problem": "valid_minutes.negative"}) == []


def refused_records(lake: Lake, *rows: Row) -> list[tuple[Any, ...]]:
    """Return line and reason of the records of one roster that are refused."""
    given(
        lake,
        "batch_enrolments",
        *({"line_number": line} | dict(row) for line, row in enumerate(rows, start=2)),
    )
    compare_rows(lake, "enrolments")
    return rows_of(lake, "exports/repeated_records", "line_number", "problem")


def test_a_roster_record_written_twice_counts_once(scratch: Lake) -> None:
    assert refused_records(scratch, {}, {}) == [(3, "row.repeated")]


@pytest.mark.parametrize(
    "difference",
    [{"class_name": "8B"}, {"grade": None}, {"mentor_key": None}, {"end_date": AS_OF}],
    ids=["class", "grade", "mentor", "end"],
)
def test_of_roster_records_that_contradict_each_other_none_counts(
    scratch: Lake, difference: Row
) -> None:
    found = refused_records(scratch, {}, difference)
    assert found == [(2, "row.contradicts"), (3, "row.contradicts")]


@pytest.mark.parametrize(
    "difference",
    [
        {"pupil_key": BO},
        {"school_unit_code": SOUTH},
        {"start_date": AS_OF},
        {"file_id": 2},
        {"problem": "end_date.unreadable"},
    ],
    ids=["pupil", "school", "start", "file", "one refused already"],
)
def test_roster_records_of_two_things_are_no_repetition(scratch: Lake, difference: Row) -> None:
    assert refused_records(scratch, {}, dict(difference) | {"class_name": "8B"}) == []


def test_the_same_lesson_in_two_files_is_no_repetition(scratch: Lake) -> None:
    assert refused(scratch, {}, {"file_id": 2}) == []


def test_a_day_with_a_subject_twice_is_always_looked_at(scratch: Lake) -> None:
    """Of 40 subjects many have one bit: a day may be looked at for nothing, none is forgotten."""
    subjects = [f"Ämne {number}" for number in range(40)]
    day = [{"subject": subject} for subject in subjects]
    for subject in subjects:
        given(scratch, "batch_lessons", *day, {"subject": subject.upper()})
        find_shared(scratch)
        assert scratch.rows("SELECT rows_in_file FROM shared_lessons") == [(2,)]
