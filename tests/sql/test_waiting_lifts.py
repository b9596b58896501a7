"""Which words "not protected" wait for a release (`sql/protection/waiting_lifts.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, Row, given, key, moment

OWN, OTHER = key("elever 99999901"), key("elever 99999902")
OLD, SHORT = key("old number"), key("short")
FILES: Sequence[Row] = (
    {"file_id": 1, "sender": "far", "layout": "elever"},
    {"file_id": 2, "sender": "mor", "layout": "lektionsfranvaro"},
)


def mark(at: str, **more: object) -> Row:
    return {"exported_at": moment(at), "is_protected": True, **more}


def lift(at: str, needed: int | None = 1, **more: object) -> Row:
    said = {"exported_at": moment(at), "is_protected": False, "releases_needed": needed}
    return {**said, **more}


def by(uid: int, until: str, **more: object) -> Row:
    return {"uid": uid, "until_at": moment(until), **more}


def waiting(
    lake: Lake,
    *words: Row,
    releases: Sequence[Row] = (),
    references: Sequence[Row] = ({}, {"reference_key": BO, "number_key": BO}),
    numbers: Sequence[Row] = ({}, {"number_key": BO, "pupil_key": BO}),
    changes: Sequence[Row] = (),
    files: Sequence[Row] = FILES,
    protected: Sequence[object] = (ANNA, BO),
) -> list[dict[str, Any]]:
    """Return what waits, in the order in which it is told."""
    given(lake, "protection_words", *words)
    given(lake, "lift_releases", *releases)
    given(lake, "pupil_references", *references)
    given(lake, "pupil_numbers", *numbers)
    given(lake, "number_changes", *changes)
    given(lake, "files", *files)
    given(lake, "protected_pupils", *({"pupil_key": pupil} for pupil in protected))
    return lake.relation("protection/waiting_lifts").rows(named=True)


def moments(found: list[dict[str, Any]]) -> list[datetime]:
    return [row["exported_at"] for row in found]


MARK, LIFT = mark("10-05 04:00"), lift("10-06 04:00")


def test_a_word_against_a_mark_of_the_same_source_waits(scratch: Lake) -> None:
    assert waiting(scratch, MARK, LIFT) == [
        {
            "reference_key": str(ANNA),
            "source_key": str(OWN),
            "exported_at": moment("10-06 04:00"),
            "releases_needed": 1,
            "releases": 0,
            "pupils": [str(ANNA)],
            "sender": "far",
            "layout": "elever",
        }
    ]


@pytest.mark.parametrize(
    "words",
    [
        [LIFT],
        [MARK],
        [MARK, lift("10-06 04:00", None)],
        [MARK, lift("10-05 04:00")],
        [MARK, lift("10-04 04:00")],
        [mark("10-05 04:00", source_key=OTHER), LIFT],
        [mark("10-05 04:00", reference_key=BO), LIFT],
        [mark("10-05 04:00", reference_key=BO), mark("10-05 04:00", source_key=OTHER), LIFT],
        # What the other source says, or says of another pupil, is not of the mark's moment.
        [MARK, LIFT, mark("10-07 04:00")],
    ],
    ids=[
        "no mark",
        "no word against it",
        "needs no release",
        "of the mark's moment",
        "before the mark",
        "the mark of another source",
        "the mark of another pupil",
        "of another pupil and of another source",
        "marked again",
    ],
)
def test_a_word_that_would_lift_nothing_does_not_wait(scratch: Lake, words: list[Row]) -> None:
    assert waiting(scratch, *words) == []


def test_who_is_not_protected_any_longer_waits_for_nobody(scratch: Lake) -> None:
    assert waiting(scratch, MARK, LIFT, protected=[BO]) == []


def test_the_newest_word_of_a_source_waits_and_the_oldest_is_told_first(scratch: Lake) -> None:
    newer = lift("10-08 04:00", 2, file_id=2)
    found = waiting(
        scratch,
        MARK,
        newer,
        LIFT,
        mark("10-05 04:00", reference_key=BO),
        lift("10-07 04:00", reference_key=BO),
    )
    assert moments(found) == [moment("10-07 04:00"), moment("10-08 04:00")]
    assert [(row["sender"], row["layout"]) for row in found] == [
        ("far", "elever"),
        ("mor", "lektionsfranvaro"),
    ]
    # As many people as any word of it wants.
    assert [row["releases_needed"] for row in found] == [1, 2]
    fewer = waiting(scratch, MARK, lift("10-06 04:00", 2), lift("10-08 04:00", file_id=2))
    assert [row["releases_needed"] for row in fewer] == [2]


def test_a_word_before_the_mark_hides_no_later_one(scratch: Lake) -> None:
    assert moments(waiting(scratch, lift("10-04 04:00"), MARK, LIFT)) == [moment("10-06 04:00")]


def test_of_two_pupils_of_a_source_each_waits_for_itself(scratch: Lake) -> None:
    words = [MARK, lift("10-06 04:00", 2)]
    others = [dict(word) | {"reference_key": BO} for word in words]
    found = waiting(scratch, *words, *others, releases=[by(1, "10-06 04:00")])
    told = {row["reference_key"]: row["releases"] for row in found}
    assert len(found) == 2
    assert told == {str(ANNA): 1, str(BO): 0}


def test_words_of_two_sources_wait_each_for_itself(scratch: Lake) -> None:
    others = [dict(word) | {"source_key": OTHER} for word in (MARK, LIFT)]
    found = waiting(scratch, MARK, LIFT, *others)
    assert {row["source_key"] for row in found} == {str(OWN), str(OTHER)}
    found = waiting(scratch, MARK, LIFT, *others, releases=[by(1, "10-06 04:00")])
    assert [(row["source_key"], row["releases"]) for row in found] == [(str(OTHER), 0)]


def test_a_word_whose_file_is_not_known_any_longer_waits_all_the_same(scratch: Lake) -> None:
    (found,) = waiting(scratch, MARK, LIFT, files=FILES[1:])
    assert (found["sender"], found["layout"]) == (None, None)


RELEASES: dict[str, tuple[Row, list[Row], int | None]] = {
    "released": (LIFT, [by(1, "10-06 04:00")], None),
    "a newer word of what is released": (lift("10-09 04:00"), [by(1, "10-06 04:00")], None),
    "up to the mark only": (LIFT, [by(1, "10-05 04:00")], 0),
    "up to before the mark": (LIFT, [by(1, "10-04 04:00")], 0),
    "of another source": (LIFT, [by(1, "10-06 04:00", source_key=OTHER)], 0),
    "of another pupil": (LIFT, [by(1, "10-06 04:00", reference_key=BO)], 0),
    "one of two": (lift("10-06 04:00", 2), [by(1, "10-06 04:00")], 1),
    "one of two, twice": (lift("10-06 04:00", 2), [by(1, "10-06 04:00")] * 2, 1),
    "one of two, an older word": (lift("10-06 04:00", 2), [by(1, "10-05 23:00")], 0),
    "one of two, of another source": (
        lift("10-06 04:00", 2), [by(1, "10-06 04:00", source_key=OTHER)], 0),
    "one of two, of another pupil": (
        lift("10-06 04:00", 2), [by(1, "10-06 04:00", reference_key=BO)], 0),
    "two": (lift("10-06 04:00", 2), [by(1, "10-06 04:00"), by(2, "10-06 04:00")], None),
}  # fmt: skip


@pytest.mark.parametrize("case", RELEASES)
def test_a_word_waits_until_it_is_released_and_how_many_have_is_told(
    scratch: Lake, case: str
) -> None:
    word, releases, people = RELEASES[case]
    found = waiting(scratch, MARK, word, releases=releases)
    assert [row["releases"] for row in found] == ([] if people is None else [people])


def test_after_a_change_to_two_people_a_word_before_the_mark_is_no_released_one(
    scratch: Lake,
) -> None:
    """Or the second person would find nothing to release, and the pupil stay hidden."""
    words = [lift("10-04 04:00"), MARK, lift("10-06 04:00", 2)]
    (found,) = waiting(scratch, *words, releases=[by(1, "10-06 04:00")])
    assert (found["releases_needed"], found["releases"]) == (2, 1)
    both = [by(1, "10-06 04:00"), by(2, "10-06 04:00")]
    assert waiting(scratch, *words, releases=both) == []
    # One after the mark that one person was enough for is released, whatever came after it.
    words = [MARK, lift("10-06 04:00"), lift("10-07 04:00", 2)]
    assert waiting(scratch, *words, releases=[by(1, "10-06 04:00")]) == []
    before = [by(uid, "10-03 04:00") for uid in (1, 2)]
    assert waiting(scratch, *words, releases=[*before, by(1, "10-06 04:00")]) == []


def test_a_release_that_others_put_there_is_not_told_as_one(scratch: Lake) -> None:
    words = [MARK, lift("10-06 04:00", 2)]
    waiting(scratch, *words, releases=[by(1, "10-06 04:00")])
    scratch.connection.execute("UPDATE lift_releases SET uid = 7")
    (found,) = scratch.relation("protection/waiting_lifts").rows(named=True)
    assert found["releases"] == 0


def test_a_short_number_waits_with_everybody_whom_it_can_mean(scratch: Lake) -> None:
    words = [dict(word) | {"reference_key": SHORT} for word in (MARK, LIFT)]
    references: list[Row] = [
        {"reference_key": SHORT},
        {"reference_key": SHORT, "number_key": BO},
    ]
    (found,) = waiting(scratch, *words, references=references)
    assert found["pupils"] == sorted([str(ANNA), str(BO)])
    # As many people as a word wants that lifts the mark of one of the two only.
    early = lift("10-04 04:00", 2, reference_key=SHORT)
    marks = [mark("10-03 04:00", reference_key=SHORT), mark("10-05 04:00", reference_key=BO)]
    references.append({"reference_key": BO, "number_key": BO})
    (found,) = waiting(scratch, *marks, early, words[1], references=references)
    assert (found["releases_needed"], len(found["pupils"])) == (2, 2)


@pytest.mark.parametrize(("since", "waits"), [("10-05 23:59", True), ("10-06 04:00", False)])
def test_a_later_numbers_word_waits_for_the_older_ones_mark_after_the_change(
    scratch: Lake, since: str, *, waits: bool
) -> None:
    found = waiting(
        scratch,
        mark("10-05 04:00", reference_key=OLD),
        LIFT,
        references=[{}, {"reference_key": OLD, "number_key": OLD}],
        numbers=[{}, {"number_key": OLD, "pupil_key": ANNA}],
        changes=[{"number_key": OLD, "later_key": ANNA, "since_at": moment(since)}],
    )
    assert [row["reference_key"] for row in found] == ([str(ANNA)] if waits else [])


def test_a_change_of_other_numbers_brings_no_word_to_a_mark(scratch: Lake) -> None:
    found = waiting(
        scratch,
        mark("10-05 04:00", reference_key=BO),
        LIFT,
        changes=[{"number_key": BO, "later_key": OLD, "since_at": moment("10-05 23:59")}],
    )
    assert found == []
