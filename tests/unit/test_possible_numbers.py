"""A refused number still names a pupil, by its last ten characters; other cells name nobody."""

from __future__ import annotations

import pytest

from assets.exports.pupils.identity_numbers import possible_numbers, short_form

WAYS = (
    "131201-9860", "131201+9860", "131201 9860", "1312019860", "20131201 - 9860",
    "20 13 12 01 9860",
    "1312019860.0", "1312019860,00", "1,312019860E+09", "2.01312019860E+11", "131201–9860",
    "20131201\u200b-9860", "１３１２０１-９８６０", "191312019860", "Elev 131201-9860 (8A)",
)  # fmt: skip


@pytest.mark.parametrize("text", WAYS)
def test_every_way_to_write_the_ten_digits_means_who_has_them(text: str) -> None:
    assert "1312019860" in possible_numbers(text)


def test_a_first_zero_that_a_spreadsheet_took_away_is_put_back() -> None:
    assert possible_numbers("312019860") == {"0312019860"}


def test_a_temporary_number_without_its_century_is_one_too() -> None:
    assert possible_numbers("130101-tf01") == {short_form("20130101TF01")}


def test_a_whole_row_means_everybody_in_it() -> None:
    row = "99999901;8A;131201-9860;Ek;2026-10-05;08:20;20150902-9805;60"
    assert possible_numbers(row) == {"1312019860", "1509029805"}


@pytest.mark.parametrize(
    "text",
    ["", "Ek", "99999901", "2026-10-05", "08:20", "2026-10-05 08:20:00", "60", "1,31202E+11",
     "Sekretessmarkering", "8A", "mo.mentor@example.org", "1e9999999"],
)  # fmt: skip
def test_what_is_no_number_of_a_pupil_means_nobody(text: str) -> None:
    assert possible_numbers(text) == frozenset()
