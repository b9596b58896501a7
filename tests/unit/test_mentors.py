"""Who the mentors of a pupil are, from one word of a source about them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import STAFF
from assets.watchlists.collect.mentors import Staff, key_of_mentor, people_in, with_mentors
from tests.unit import watchlist_factory as make

ANNA, BO = ("Anna Ek", "anna@skola.example"), ("Bo Ask", "bo@skola.example")
BOTH = f"{ANNA[1]}, {BO[1]}"


def people(name: str, email: str) -> list[tuple[str, str]]:
    return list(people_in({"name": name, "email": email}))


@pytest.mark.parametrize("between", ["; ", ";", " / ", " & ", " och ", ", "])
def test_two_names_and_two_addresses_are_two_mentors(between: str) -> None:
    assert people(f"Anna Ek{between}Bo Ask", BOTH) == [ANNA, BO]


def test_a_name_with_a_comma_is_one_mentor_unless_there_are_as_many_addresses() -> None:
    assert people("Ek, Anna", "") == [("Ek, Anna", "")]
    assert people("Ek, Anna", ANNA[1]) == [("Ek, Anna", ANNA[1])]
    every = "A; B / C & D och E, F"
    assert people(every, ANNA[1]) == [(every, ANNA[1])]
    assert people("Ek, Anna; Ask, Bo", BOTH) == [("Ek, Anna", ANNA[1]), ("Ask, Bo", BO[1])]


def test_letters_och_within_a_name_part_no_names() -> None:
    assert people("Jochen Ek", BOTH) == [("", ANNA[1]), ("", BO[1])]


@pytest.mark.parametrize("names", ["Anna Ek", "Anna; Bo; Cilla", "Anna Ek;", "; Bo Ask", ""])
def test_names_that_can_not_be_told_apart_leave_the_addresses_alone(names: str) -> None:
    assert people(names, BOTH) == [("", ANNA[1]), ("", BO[1])]


def test_an_address_counts_once_however_its_letters_are_written() -> None:
    assert people("Anna Ek", "Anna@skola.example; <anna@SKOLA.example>") == [
        ("Anna Ek", "Anna@skola.example")
    ]
    assert people("", "tel 08-123 <bo@skola.example>") == [("", "bo@skola.example")]


def test_a_word_without_name_and_address_is_nobody() -> None:
    assert people(" ", "") == []
    assert people(" Anna Ek ", "ingen adress") == [("Anna Ek", "")]


def test_mentors_that_the_source_tells_apart_itself_stay_so() -> None:
    said = {"name": "Ek, Anna", "email": "", "mentors": json.dumps([["Ek, Anna", ""], [*BO]])}
    assert list(people_in(said)) == [("Ek, Anna", ""), BO]


def test_a_mentor_is_known_by_the_address_and_without_one_by_the_name(tmp_path: Path) -> None:
    sealer = Sealer.of_home(tmp_path)
    anna = key_of_mentor(sealer, *ANNA)
    assert anna == key_of_mentor(sealer, "A. Ek", "ANNA@skola.example")
    assert anna != key_of_mentor(sealer, ANNA[0], "en.annan@skola.example")
    unknown = key_of_mentor(sealer, "Anna Ek", "")
    assert unknown not in (anna, key_of_mentor(sealer, "Bo Ask", ""))
    assert unknown != key_of_mentor(sealer, "", "Anna Ek")


def test_the_staff_of_a_lake_are_persons_with_a_name_or_at_least_an_address(lake: Lake) -> None:
    sealer = Sealer.of_home(lake.settings.home)
    words = {"Anna Ek; Bo Ask": BOTH, "Anna": BOTH}
    keys = [str(sealer.key("staff", name)) for name in words]
    for key, (name, email) in zip(keys, words.items(), strict=True):
        sealed = sealer.seal(STAFF, (key,), {"name": name, "email": email})
        lake.connection.execute("INSERT INTO staff VALUES (?, ?)", [key, sealed])
    staff = Staff.of_lake(lake)
    named, nameless = (staff.of_row(key) for key in keys)
    assert (named["mentor"], [one.name for one in named["mentors"]]) == (
        "Anna Ek; Bo Ask",
        ["Anna Ek", "Bo Ask"],
    )
    assert [one.name for one in nameless["mentors"]] == [ANNA[1], BO[1]]
    # The same persons, whatever is known of their names.
    assert [one.key for one in nameless["mentors"]] == [one.key for one in named["mentors"]]
    assert staff.of_row(None) == staff.of_row("unknown") == {"mentor": "", "mentors": ()}


def test_every_part_of_an_older_list_gets_its_mentors_from_the_lake() -> None:
    mentors = (make.mentor("Maria Lindqvist"),)
    row = replace(make.pupil(), mentors=(), mentor_key="word")
    gone = replace(make.cleared(), mentors=(), mentor_key="word")
    kept = make.watchlist(row, insufficient=(row,), cleared=(gone,))
    known = with_mentors(kept, Staff({}, {"word": mentors}))
    for (one,) in (known.pupils, known.insufficient, known.cleared):
        assert one.mentors == mentors
