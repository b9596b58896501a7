"""A pupil is asked for by key or by number, in every form people write, and no form guesses."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from assets.flags.pupil_question import PupilTextError, read_question

AS_OF = date(2026, 11, 15)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("201205059858", "201205059858"),
        ("20120505-9858", "201205059858"),
        (" 20120505-9858\n", "201205059858"),
        ("120505-9858", "201205059858"),
        ("1205059858", "201205059858"),
        ("20130101-TF01", "20130101TF01"),
        ("130101-tf01", "20130101TF01"),
        ("201302639800", "201302639800"),  # a coordination number
        ("130263-9800", "201302639800"),
    ],
)
def test_a_number_is_read_in_every_form(text: str, number: str) -> None:
    found = read_question(text, AS_OF)
    assert (found.number, found.key) == (number, None)


def test_two_digits_of_the_year_are_the_latest_birth_up_to_the_day() -> None:
    assert read_question("121212-1212", date(2026, 1, 1)).number == "201212121212"
    assert read_question("121212-1212", date(2012, 12, 11)).number == "191212121212"
    assert read_question("121212+1212", date(2026, 1, 1)).number == "191212121212"


def test_a_key_is_read_whatever_its_case() -> None:
    key = uuid.UUID("8e81a012-a89f-7417-b486-f67d1e7864b7")
    assert read_question(str(key).upper(), AS_OF).key == key


@pytest.mark.parametrize(
    "text", ["", "-", "Omar", "20120505-9859", "8e81a012", "8e81a012a89f7417b486f67d1e7864b7"]
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(PupilTextError) as error:
        read_question(text, AS_OF)
    assert text in {"", "-"} or text not in str(error.value)
