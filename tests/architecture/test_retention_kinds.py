"""Every table and every place says when it goes; what is decided is each a kind of something."""

from __future__ import annotations

import re
from datetime import date

import pytest

from assets.exports.pupils.erased_rows import KEY_COLUMNS
from assets.lake.lasting_rows import LASTING
from assets.lake.tables import TABLE_NAMES, columns_of
from assets.upkeep.retention.decision import KINDS
from assets.upkeep.retention.kinds import OTHERWISE, ROWS_OF, conditions_of
from rules.personal_data import NOT_YET, PLACES, Store
from rules.personal_data_page import TABLES_OF_PUPILS

_BY_DAY = [table for tables in ROWS_OF.values() for table in tables]
#: What the registry says of a place that the command lets go of: its name, and a kind.
_RETAINED = re.compile(r"`trappan retain`(?:, (\w+))?[:;,]?")


def test_every_table_is_of_one_kind_or_says_why_of_none() -> None:
    assert sorted([*_BY_DAY, *OTHERWISE]) == sorted(TABLE_NAMES)
    assert all(OTHERWISE.values())


@pytest.mark.parametrize("table", sorted(TABLES_OF_PUPILS - {"files", "row_problems"}))
def test_a_table_of_people_goes_by_its_day_or_with_its_people(table: str) -> None:
    has_key = not KEY_COLUMNS.isdisjoint(columns_of(table))
    is_named = table in {"identities", "staff", "school_units", "held_files", "ss12000_activities"}
    assert table in _BY_DAY or has_key or is_named


@pytest.mark.parametrize("kind", sorted(ROWS_OF))
def test_what_goes_of_a_table_is_asked_of_a_day(kind: str) -> None:
    for condition in conditions_of(kind, date(2026, 7, 1)).values():
        assert "DATE '2026-07-01'" in condition
        assert "{" not in condition


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_place_says_when_it_goes(place: Store) -> None:
    assert place.retention not in {"", NOT_YET}
    for kind in _RETAINED.findall(place.retention):
        assert not kind or kind in KINDS


def test_every_kind_reaches_a_place_of_the_registry() -> None:
    said = " ".join(place.retention for place in PLACES)
    # Lessons and identities are rows of the lake, and said there in words.
    for kind in set(KINDS) - {"identities"}:
        assert f"{kind}:" in said, kind


def test_rows_that_no_original_brings_back_are_of_a_kind_too() -> None:
    assert {*LASTING} <= {*_BY_DAY, *OTHERWISE}
