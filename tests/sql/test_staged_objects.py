"""Whom objects of SS12000 call protected, and which are taken (`sql/exports/staged_*.sql`)."""

from __future__ import annotations

from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, Row, key, moment
from tests.sql.given_objects import staged

MARKED = "Sekretessmarkering"
PUPIL: Row = {"id": "anna", "person": "anna", "civic_no": "20120101-2384"}
PLACE: Row = {
    "part": "enrolments",
    "organisation": "unit",
    "school_type": "GR",
    "start_date": "2026-08-17",
}


def keys_of(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["person_key"]) for row in rows)


@pytest.mark.parametrize(
    ("word", "is_marked"),
    [(MARKED, True), ("ingen", True), ("Ingen", False), ("", True), (None, False)],
)
def test_whoever_is_called_anything_but_ingen_is_marked(
    reading: Lake, word: str | None, *, is_marked: bool
) -> None:
    others: Row = {"line_number": 2, "person": "bo", "protected": "Ingen"}
    rows = staged(reading, "markings", {"person": "anna", "protected": word}, others)
    assert keys_of(rows) == [str(ANNA)] * is_marked


def test_a_mark_on_a_reference_counts_once_a_file_and_has_its_senders_source(reading: Lake) -> None:
    marked: Row = {"person": "anna", "protected": MARKED}
    rows = staged(reading, "markings", marked, dict(marked) | {"part": "staff"}, source_tag="far")
    assert [(row["file_id"], row["source_tag"]) for row in rows] == [(1, "far")]
    rows = staged(reading, "markings", marked, dict(marked) | {"file_id": 2})
    assert sorted((row["file_id"], row["source_tag"]) for row in rows) == [(1, ""), (2, "other")]


@pytest.mark.parametrize(
    ("cells", "file", "is_word"),
    [
        ({"protected": "Ingen"}, {}, True),
        ({"protected": MARKED}, {}, False),
        ({"protected": "ingen"}, {}, False),
        ({"protected": None}, {}, False),
        ({"protected": "Ingen", "part": "staff"}, {}, False),
        ({"protected": MARKED, "part": "staff"}, {}, False),
        ({"protected": "Ingen"}, {"is_time_believed": False}, False),
        ({"protected": "Ingen"}, {"may_lift": False}, False),
    ],
    ids=[
        "says so", "marked", "mis-spelt", "silent", "on a reference", "marked on one",
        "nobody knows when", "the sender may not",
    ],
)  # fmt: skip
def test_only_a_plain_ingen_of_the_object_itself_speaks_against_protection(
    reading: Lake, cells: Row, file: dict[str, Any], *, is_word: bool
) -> None:
    rows = staged(reading, "not_protected", dict(PUPIL) | dict(cells), **file)
    assert keys_of(rows) == [str(ANNA)] * is_word


def test_a_word_against_protection_knows_its_file_and_how_many_release_it(reading: Lake) -> None:
    word: Row = {"person": "anna", "protected": "Ingen"}
    other: Row = {"person": "bo", "protected": "Ingen", "file_id": 2}
    rows = staged(reading, "not_protected", word, other, releases_needed=1)
    told = {row["person_key"]: (row["file_id"], row["releases_needed"]) for row in rows}
    assert told == {str(ANNA): (1, 1), str(BO): (2, 2)}


def test_what_was_taken_away_is_known_by_its_id_and_a_person_by_the_persons_key(
    reading: Lake,
) -> None:
    rows = staged(
        reading,
        "deletions",
        {"entity": "persons", "id": "anna", "person": "anna"},
        {"entity": "activitites", "id": "a", "line_number": 2, "file_id": 2},
        {"entity": "groups", "id": "a", "line_number": 3},
        {"entity": "groups", "id": None, "line_number": 4},
        {"entity": "groups", "id": "b", "line_number": 5, "part": "members"},
    )
    found = {row["line_number"]: row for row in rows}
    assert sorted(found) == [1, 2, 3, 4]
    assert [found[n]["resource_name"] for n in (1, 2, 3)] == ["persons", "activities", "groups"]
    assert [found[n]["problem"] for n in (1, 2, 3, 4)] == [None, None, None, "id.missing"]
    assert str(found[1]["object_key"]) == str(ANNA)
    # The standard gives no time: it is said when the file was made.
    times = [moment("11-14 05:00"), moment("11-12 05:00")]
    assert [found[n]["exported_at"] for n in (1, 2)] == times
    assert found[2]["object_key"] == found[3]["object_key"] != found[1]["object_key"]


SEALED: Row = {"pupil_key": key("Anna's number"), "sealed": b"sealed"}
BAD: Row = {"civic_problem": "civic_no.unreadable"}


@pytest.mark.parametrize(
    ("cells", "sealed", "problem", "warning"),
    [
        ([PUPIL, PLACE], SEALED, None, None),
        ([PUPIL], SEALED, None, None),
        ([{**PUPIL, "id": None}], SEALED, "id.missing", None),
        ([{**PUPIL, "fault": "object.unreadable"}], SEALED, "object.unreadable", None),
        ([{**PUPIL, "fault": "names.unreadable"}], SEALED, None, "names.unreadable"),
        ([PUPIL, {**PLACE, "organisation": None}], SEALED, None, "enrolments.unreadable"),
        ([PUPIL, {**PLACE, "school_type": None}], SEALED, None, "enrolments.unreadable"),
        ([PUPIL, {**PLACE, "start_date": None}], SEALED, None, "enrolments.unreadable"),
        ([PUPIL, {**PLACE, "start_date": "hösten"}], SEALED, None, "enrolments.unreadable"),
        ([PUPIL, {**PLACE, "end_date": "jul"}], SEALED, None, "enrolments.unreadable"),
        ([PUPIL, {**PLACE, "end_date": "2026-12-18"}], SEALED, None, None),
        # Of another file, another object, or no enrolment.
        ([PUPIL, {**PLACE, "organisation": None, "file_id": 2}], SEALED, None, None),
        ([PUPIL, {**PLACE, "organisation": None, "line_number": 2}], SEALED, None, None),
        ([PUPIL, {**PLACE, "organisation": None, "part": "duties"}], SEALED, None, None),
        ([PUPIL], BAD, None, "civicNo.unreadable"),
        ([{**PUPIL, "civic_no": None}, PLACE], BAD, None, "civicNo.unreadable"),
        # Staff need no number.
        ([{**PUPIL, "civic_no": None}], BAD, None, None),
        ([{**PUPIL, "civic_no": None}, {**PLACE, "file_id": 2}], BAD, None, None),
        ([{**PUPIL, "civic_no": None}, {**PLACE, "line_number": 2}], BAD, None, None),
        ([{**PUPIL, "civic_no": None}, {**PLACE, "part": "duties"}], BAD, None, None),
        ([{**PUPIL, "modified": "i går"}], SEALED, None, "meta.unreadable"),
        ([{**PUPIL, "modified": "2026-11-13T05:00:00Z"}], SEALED, None, None),
    ],
)
def test_a_person_is_taken_by_the_id_and_what_can_not_be_read_is_said(
    reading: Lake, cells: list[Row], sealed: Row, problem: str | None, warning: str | None
) -> None:
    found = staged(reading, "persons", *cells, sealed=sealed)
    (row,) = [one for one in found if (one["file_id"], one["line_number"]) == (1, 1)]
    assert row["problem"] == problem
    if problem is None:
        assert row["warning"] == warning


def test_a_person_has_the_seals_of_the_own_object_and_no_other(reading: Lake) -> None:
    others = [{**PUPIL, "file_id": 2}, {**PUPIL, "line_number": 2}]
    rows = staged(reading, "persons", PUPIL, *others, PLACE, sealed=SEALED)
    told = {(row["file_id"], row["line_number"]): row["sealed"] for row in rows}
    assert told == {(1, 1): b"sealed", (2, 1): None, (1, 2): None}
    (time,) = {row["exported_at"] for row in rows if row["file_id"] == 1}
    assert time == moment("11-14 05:00")
