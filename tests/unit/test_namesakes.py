"""Who needs a birth date on a list: pupils of one name in one class, wherever they stand on it."""

from __future__ import annotations

import pytest

from assets.watchlists.collect.unseen import namesakes

PEOPLE = {
    "a": {"given_name": "Elsa", "family_name": "Andersson"},
    "b": {"given_name": "ELSA", "family_name": "Andersson"},
    "c": {"given_name": "Elsa", "family_name": "Andersén"},
}
HERE = {"school_unit_code": "10000001", "class_name": "7B"}


def test_two_of_a_name_in_a_class_are_namesakes_and_others_are_none() -> None:
    assert namesakes(PEOPLE, [("a", HERE), ("b", HERE), ("c", HERE)]) == {"a", "b"}


@pytest.mark.parametrize(
    "other", [{"class_name": "7A"}, {"class_name": ""}, {"school_unit_code": "10000002"}]
)
def test_two_of_a_name_in_different_classes_are_none(other: dict[str, str]) -> None:
    assert namesakes(PEOPLE, [("a", HERE), ("b", HERE | other)]) == set()


def test_a_pupil_in_two_parts_of_a_list_is_no_namesake() -> None:
    assert namesakes(PEOPLE, [("a", HERE), ("a", HERE)]) == set()
