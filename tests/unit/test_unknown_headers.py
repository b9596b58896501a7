"""A header that no layout knows is reported in words only when none of them looks like data."""

from __future__ import annotations

import pytest

from assets.exports.readers.unknown_headers import as_headers, may_end_a_line, speaks_of_protection


def test_plain_headers_are_reported() -> None:
    names = ["Anmärkning", "Åk 7-9", "Lektionslängd\n(min)"]
    assert as_headers(names) == names


@pytest.mark.parametrize(
    "datum", ["201203149800", "2026-10-05", "15", "08:20", "x" * 61, "a\x85b", "99999901"]
)
def test_one_that_looks_like_data_makes_patterns_of_all(datum: str) -> None:
    told = as_headers(["Hemliga", datum])
    assert told[0] == "xxxxxxx"
    assert not set(told[1]) - set("9x-: ?")


@pytest.mark.parametrize(
    "name",
    ["Sekretessmarkering", "SKYDDAD", "Personskydd", "is_protected", "Se\u00adkre\u200dtess",
     "Sekre tess", "skydd(ade) uppgifter"],
)  # fmt: skip
def test_a_word_of_protection_is_found_within_others(name: str) -> None:
    assert speaks_of_protection(name)


@pytest.mark.parametrize("name", ["Sekreterare", "Kyddare", "Protokoll", "Klass", ""])
def test_other_words_are_not_of_protection(name: str) -> None:
    assert not speaks_of_protection(name)


@pytest.mark.parametrize("letter", "\x00\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029")
def test_what_some_systems_end_lines_with_is_found(letter: str) -> None:
    assert may_end_a_line(letter)


@pytest.mark.parametrize("letter", "\n\r\ta9 å\xa0")
def test_usual_characters_end_no_hidden_line(letter: str) -> None:
    assert not may_end_a_line(letter)
