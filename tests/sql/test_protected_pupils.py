"""Who is protected: of each source the newest word, of all sources the strictest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, NORTH, Row, given, key, moment

OTHER_SOURCE = key("elever 99999902")
UNIT, PLACELESS = key("unit"), "00000000-0000-0000-0000-000000000000"
OLD, SHORT, PERSON = key("old number"), key("short"), key("person")


def said(at: str, *, protected: bool, **more: object) -> Row:
    return {"exported_at": moment(at), "is_protected": protected, **more}


def protected(
    lake: Lake,
    *words: Row,
    references: Sequence[Row] = ({},),
    numbers: Sequence[Row] = ({},),
    changes: Sequence[Row] = (),
    units: Sequence[Row] = (),
    releases: Sequence[Row] = (),
) -> set[str]:
    """Return the keys that stand for protected pupils."""
    given(lake, "lift_releases", *releases)
    given(lake, "protection_words", *words)
    given(lake, "pupil_references", *references)
    given(lake, "pupil_numbers", *numbers)
    given(lake, "number_changes", *changes)
    given(lake, "ss12000_organisations", *units)
    found = lake.relation("protection/protected_pupils")
    return set(found["pupil_key"].cast(str))


MARK = said("10-05 04:00", protected=True)
LATER_NO = said("10-06 04:00", protected=False)


def test_who_was_never_called_protected_is_not(scratch: Lake) -> None:
    assert protected(scratch, LATER_NO) == set()


def test_silence_lifts_nothing(scratch: Lake) -> None:
    assert protected(scratch, MARK) == {str(ANNA)}


def test_a_newer_no_of_the_same_source_lifts(scratch: Lake) -> None:
    assert protected(scratch, MARK, LATER_NO) == set()


def test_a_newer_mark_stands(scratch: Lake) -> None:
    assert protected(scratch, said("10-07 04:00", protected=True), LATER_NO) == {str(ANNA)}


def test_of_one_moment_the_strictest_word_counts(scratch: Lake) -> None:
    no = said("10-05 04:00", protected=False)
    assert protected(scratch, MARK, no) == {str(ANNA)}


def test_of_one_moment_the_strictest_word_counts_also_after_an_older_mark(scratch: Lake) -> None:
    again, no = (said("10-07 04:00", protected=one) for one in (True, False))
    assert protected(scratch, MARK, again, no) == {str(ANNA)}


def test_the_newest_no_counts_and_not_one_before_the_mark_was_said_again(scratch: Lake) -> None:
    again, no = said("10-07 04:00", protected=True), said("10-08 04:00", protected=False)
    assert protected(scratch, MARK, LATER_NO, again, no) == set()
    assert protected(scratch, MARK, LATER_NO, again) == {str(ANNA)}


def no(at: str, needed: int = 1) -> Row:
    return said(at, protected=False, releases_needed=needed)


def by(uid: int, until: str, **more: object) -> Row:
    return {"uid": uid, "until_at": moment(until), **more}


RELEASES: dict[str, tuple[list[Row], list[Row], bool]] = {
    "nobody": ([no("10-06 04:00")], [], True),
    "one": ([no("10-06 04:00")], [by(1, "10-06 04:00")], False),
    "newer words carry on": ([no("10-09 04:00")], [by(1, "10-06 04:00")], False),
    "until it is said again": (
        [no("10-09 04:00"), said("10-07 04:00", protected=True)], [by(1, "10-06 04:00")], True),
    "then once more": (
        [no("10-09 04:00"), said("10-07 04:00", protected=True)], [by(1, "10-09 04:00")], False),
    "the same person once more": (
        [no("10-09 04:00"), said("10-07 04:00", protected=True)],
        [by(1, "10-06 04:00"), by(1, "10-09 04:00")], False),
    "one of two": ([no("10-06 04:00", 2)], [by(1, "10-06 04:00")], True),
    "the same twice": ([no("10-06 04:00", 2)], [by(1, "10-06 04:00")] * 2, True),
    "two": ([no("10-06 04:00", 2)], [by(1, "10-06 04:00"), by(2, "10-06 04:00")], False),
    "the second an older word": (
        [no("10-08 04:00", 2)], [by(1, "10-08 04:00"), by(2, "10-04 04:00")], True),
    "another source": (
        [no("10-06 04:00")], [by(1, "10-06 04:00", source_key=OTHER_SOURCE)], True),
    "another pupil": ([no("10-06 04:00")], [by(1, "10-06 04:00", reference_key=BO)], True),
    "a word that is gone": ([], [by(1, "10-06 04:00")], True),
    "beside one that needs none": ([no("10-06 04:00"), LATER_NO], [], False),
}  # fmt: skip


@pytest.mark.parametrize("case", RELEASES)
def test_a_word_that_needs_a_release_lifts_what_was_said_before_it(
    scratch: Lake, case: str
) -> None:
    words, releases, hidden = RELEASES[case]
    assert bool(protected(scratch, MARK, *words, releases=releases)) is hidden


def test_another_sources_no_lifts_nothing(scratch: Lake) -> None:
    no = said("10-06 04:00", protected=False, source_key=OTHER_SOURCE)
    assert protected(scratch, MARK, no) == {str(ANNA)}


def test_of_all_sources_the_strictest_counts(scratch: Lake) -> None:
    other = said("10-07 04:00", protected=True, source_key=OTHER_SOURCE)
    assert protected(scratch, MARK, LATER_NO, other) == {str(ANNA)}


@pytest.mark.parametrize(("units", "hidden"), [((), True), (({},), False)])
def test_a_no_with_a_place_that_the_lake_does_not_know_lifts_nothing(
    scratch: Lake, units: Sequence[Row], hidden: bool
) -> None:
    no = said("10-06 04:00", protected=False, place_key=UNIT)
    known = [unit(UNIT) | dict(row) for row in units]
    assert bool(protected(scratch, MARK, no, units=known)) is hidden


def test_a_no_without_a_place_lifts_nothing(scratch: Lake) -> None:
    no = said("10-06 04:00", protected=False, place_key=PLACELESS)
    assert protected(scratch, MARK, no, units=[unit(UNIT)]) == {str(ANNA)}


def test_a_short_number_means_everybody_whose_number_ends_so(scratch: Lake) -> None:
    mark = said("10-05 04:00", protected=True, reference_key=SHORT)
    numbers: list[Row] = [{}, {"number_key": BO, "pupil_key": BO}]
    references: list[Row] = [
        {},
        {"reference_key": SHORT},
        {"reference_key": SHORT, "number_key": BO},
    ]
    both = {str(ANNA), str(BO)}
    assert protected(scratch, mark, references=references, numbers=numbers) == both
    # A word about one of the two lifts it for that one.
    found = protected(scratch, mark, LATER_NO, references=references, numbers=numbers)
    assert found == {str(BO)}


def test_a_person_means_every_number_that_the_person_had(scratch: Lake) -> None:
    mark = said("10-05 04:00", protected=True, reference_key=PERSON, source_key=PERSON)
    numbers: list[Row] = [{}, {"number_key": BO, "pupil_key": BO}]
    references: list[Row] = [
        {"reference_key": PERSON},
        {"reference_key": PERSON, "number_key": BO},
    ]
    found = protected(scratch, mark, references=references, numbers=numbers)
    assert found == {str(ANNA), str(BO)}


CHANGED: dict[str, Sequence[Row]] = {
    "numbers": [{}, {"number_key": OLD, "pupil_key": ANNA}],
    "references": [{}, {"reference_key": OLD, "number_key": OLD}],
    "changes": [{"number_key": OLD, "later_key": ANNA, "since_at": moment("10-10 23:59")}],
}
OLD_MARK = said("10-05 04:00", protected=True, reference_key=OLD)


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        ([OLD_MARK], True),
        ([MARK], True),
        # Of the old number, while it was the number.
        ([OLD_MARK, said("10-06 04:00", protected=False, reference_key=OLD)], False),
        # At the moment of the change it was still the number, and the new one was not yet.
        ([OLD_MARK, said("10-10 23:59", protected=False, reference_key=OLD)], False),
        ([OLD_MARK, said("10-10 23:59", protected=False)], True),
        # Of the old number after the change: the source has not heard of it.
        ([OLD_MARK, said("10-12 04:00", protected=False, reference_key=OLD)], True),
        # Of the new number before the change: it could be anybody's.
        ([OLD_MARK, said("10-08 04:00", protected=False)], True),
        ([OLD_MARK, said("10-12 04:00", protected=False)], False),
        (
            [
                said("10-13 04:00", protected=True, reference_key=OLD),
                said("10-12 04:00", protected=False),
            ],
            True,
        ),
        ([MARK, said("10-06 04:00", protected=False, reference_key=OLD)], True),
        # A word that lifts the old number's mark lifts no newer mark, nor one of its own moment.
        (
            [
                OLD_MARK,
                said("10-12 04:00", protected=False),
                said("10-15 04:00", protected=True),
            ],
            True,
        ),
        (
            [
                OLD_MARK,
                said("10-15 04:00", protected=False),
                said("10-15 04:00", protected=True),
            ],
            True,
        ),
        # The newest word counts, and not one that was said before the mark.
        (
            [
                OLD_MARK,
                said("10-12 04:00", protected=False),
                said("10-15 04:00", protected=True),
                said("10-16 04:00", protected=False),
            ],
            False,
        ),
        # Each number's mark is lifted by a word of its own, the newer one's before the older's.
        (
            [
                MARK,
                LATER_NO,
                said("10-07 04:00", protected=True, reference_key=OLD),
                said("10-08 04:00", protected=False, reference_key=OLD),
            ],
            False,
        ),
        ([MARK, said("10-12 04:00", protected=False)], False),
    ],
)  # fmt: skip
def test_after_a_changed_number_the_marks_of_both_count_until_the_new_one_is_lifted(
    scratch: Lake, words: Sequence[Row], hidden: bool
) -> None:
    found = protected(scratch, *words, **CHANGED)
    # Under both keys: an answer of a time before the change has the old one.
    assert found == ({str(ANNA), str(OLD)} if hidden else set())


def test_a_number_that_was_changed_twice_is_an_old_one_from_the_first_change_on(
    scratch: Lake,
) -> None:
    """What is said of it later lifts nothing: the source has not heard of the change."""
    twice = [
        {"number_key": OLD, "later_key": ANNA, "since_at": moment(since)}
        for since in ("10-10 23:59", "10-20 23:59")
    ]
    lift = said("10-12 04:00", protected=False, reference_key=OLD)
    found = protected(scratch, OLD_MARK, lift, **CHANGED | {"changes": twice})
    assert found == {str(ANNA), str(OLD)}


def unit(organisation: object) -> dict[str, object]:
    return {
        "organisation_key": organisation,
        "organisation_type": "Skolenhet",
        "school_unit_code": NORTH,
        "content_hash": 1,
        "stated_at": moment("10-01 04:00"),
        "exported_at": moment("10-01 04:00"),
        "file_id": 1,
    }
