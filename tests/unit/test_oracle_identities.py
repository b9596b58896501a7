"""Synthetic identity numbers are valid, distinct, and nobody's."""

from __future__ import annotations

import re

import pytest
from personnummer import personnummer

from tests.oracle.identities import (
    MOST,
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    TF_NUMBER,
    civic_no,
    luhn_digit,
    with_hyphen,
)

SAMPLE = range(0, MOST, 97)


@pytest.mark.parametrize(
    "number", ["201203149800", "201203149818", "201509029805", "201001279809", "201203749807"]
)
def test_the_check_digit_is_that_of_the_published_test_numbers(number: str) -> None:
    assert luhn_digit(number[2:11]) == int(number[11])


@pytest.mark.parametrize("kind", [PERSONNUMMER, SAMORDNINGSNUMMER])
def test_every_number_is_valid_and_in_the_test_series(kind: str) -> None:
    for n in SAMPLE:
        number = civic_no(n, kind)
        assert personnummer.valid(number), number
        assert 980 <= int(number[8:11]) <= 999
        assert 2010 <= int(number[:4]) <= 2019


def test_samordningsnummer_have_sixty_added_to_the_day() -> None:
    assert all(61 <= int(civic_no(n, SAMORDNINGSNUMMER)[6:8]) <= 91 for n in SAMPLE)


def test_tf_numbers_are_a_date_two_letters_and_two_digits() -> None:
    assert all(re.fullmatch(r"\d{8}TF\d{2}", civic_no(n, TF_NUMBER)) for n in SAMPLE)


def test_no_two_pupils_share_a_number() -> None:
    kinds = (PERSONNUMMER, SAMORDNINGSNUMMER, TF_NUMBER)
    numbers = [civic_no(n, kind) for n in range(MOST) for kind in kinds]

    assert len(set(numbers)) == len(numbers)


def test_there_is_no_number_for_one_pupil_too_many() -> None:
    with pytest.raises(ValueError, match="synthetic identities"):
        civic_no(MOST)


def test_the_hyphen_stands_before_the_last_four() -> None:
    assert with_hyphen("20130101TF01") == "20130101-TF01"
