"""Hours, shares and minutes: what is read of them, and never a minute that was not written."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.exports.readers.layout_files import LayoutError, parse_layout
from assets.exports.readers.reshaping.amounts import (
    clock_minutes,
    has_decimals,
    lesson_length,
    minutes_of,
    said_unit,
    whole_minutes,
)
from tests.architecture.sources import ROOT

MACROS = (ROOT / "sql" / "exports" / "parsing_macros.sql").read_text(encoding="utf-8")
CELLS = st.one_of(
    st.text("0123456789:.,- –\xa0hT", max_size=9),
    st.builds("{:02d}:{:02d}".format, st.integers(0, 25), st.integers(0, 61)),
    st.builds("{}{}{}".format, st.integers(0, 25), st.sampled_from(".:"), st.integers(0, 70)),
    st.builds("{}{}".format, st.integers(-5, 70000), st.sampled_from(["", ",0", ".00", ",5"])),
    st.builds("0{}{:04d}".format, st.sampled_from(".,"), st.integers(0, 9999)),
    st.sampled_from(["1 234", "1899-12-31 08:20:00", "1900-01-01T08:20:00.0", "0820", "24:00"]),
).filter(lambda text: text == text.strip(" \t") and bool(text))


@pytest.fixture(scope="module")
def macros() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        yield connection


def asked(connection: duckdb.DuckDBPyConnection, what: str, cell: str) -> object:
    (found,) = connection.execute(f"SELECT {what}", {"cell": cell}).fetchall()[0]
    return found


@given(cell=CELLS)
def test_a_length_is_read_in_python_as_where_rows_are_staged(
    macros: duckdb.DuckDBPyConnection, cell: str
) -> None:
    assert whole_minutes(cell) == asked(macros, "whole_minutes($cell)", cell)
    minutes = "date_diff('minute', TIME '00:00', clock_time($cell))"
    assert clock_minutes(cell) == asked(macros, minutes, cell)


@given(
    minutes=st.integers(0, 600),
    decimals=st.integers(2, 4),
    mark=st.sampled_from(",."),
    sign=st.sampled_from(["", " h", "h", " tim"]),
    rounding=st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_hours_with_two_decimals_are_the_minutes_they_were_written_of(
    minutes: int, decimals: int, mark: str, sign: str, rounding: str
) -> None:
    value = (Decimal(minutes) / 60).quantize(Decimal(1).scaleb(-decimals), rounding)
    assert minutes_of(str(value).replace(".", mark) + sign, "hours") == minutes


@given(data=st.data(), length=st.integers(1, 600), decimals=st.integers(0, 3))
def test_a_share_is_the_minutes_it_was_written_of_or_none(
    data: st.DataObject, length: int, decimals: int
) -> None:
    minutes = data.draw(st.integers(0, length))
    value = (Decimal(100 * minutes) / length).quantize(Decimal(1).scaleb(-decimals))
    found = minutes_of(f"{value} %", "percent", length)
    exact = value * length / 100
    if found is None:
        assert length > 100 / Decimal(10) ** decimals
    elif exact == int(exact):
        assert found == exact
    else:
        assert found == minutes


@pytest.mark.parametrize(
    ("cell", "unit", "length", "minutes"),
    [
        ("1,0", "hours", None, 60),
        ("1", "hours", None, 60),
        ("0,33", "hours", None, 20),
        ("0,34", "hours", None, None),
        ("1:30", "hours", None, 90),
        ("01:30:00", "hours", None, 90),
        ("-", "hours", None, 0),
        ("x", "hours", None, None),
        ("25", "percent", 60, 15),
        ("33 %", "percent", 60, 20),
        ("33.3333333333333%", "percent", 60, 20),
        ("0.333333333333333", "hours", None, 20),
        ("33", "percent", 600, 198),
        ("33", "percent", 480, None),
        ("100", "percent", 55, 55),
        ("1", "percent", 60, None),
        ("1", "percent", 200, None),
        ("1 %", "percent", 200, 2),
        ("0,25", "percent", 60, None),
        ("0", "percent", 60, 0),
        ("25", "percent", None, None),
        ("60,0", "minutes", None, 60),
        ("7,5", "minutes", None, None),
    ],
)
def test_an_amount_is_whole_minutes_or_nothing(
    cell: str, unit: str, length: int | None, minutes: int | None
) -> None:
    assert minutes_of(cell, unit, length) == minutes  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("gf h", "hours"),
        ("frånvaro (h)", "hours"),
        ("frånvaro tim", "hours"),
        ("frånv. tim.", "hours"),
        ("timmar", "hours"),
        ("frånvaro %", "percent"),
        ("%-frånvaro", "percent"),
        ("frånvaro i procent", "percent"),
        ("giltig frånvaro (min)", "minutes"),
        ("n min", "minutes"),
        ("minuter", "minutes"),
        ("match", None),
        ("undv. tid", None),
        ("frånvaro", None),
        ("algoritm", None),
    ],
)
def test_a_header_says_its_unit_by_its_last_word(header: str, unit: str | None) -> None:
    assert said_unit(header) == unit


@pytest.mark.parametrize("cell", ["1,0", "60.00", "7,5", " 0,01", "-1,0"])
def test_a_cell_with_decimals_is_one(cell: str) -> None:
    assert has_decimals(cell)


@pytest.mark.parametrize("cell", ["0,0", "60", "-", "", "1 234", "x,y", "08.20-09.20", "0.00"])
def test_nothing_and_whole_numbers_have_no_decimals(cell: str) -> None:
    assert not has_decimals(cell)


def test_a_lesson_goes_on_over_midnight() -> None:
    assert lesson_length("", "23:30", "00:30") == 60
    assert lesson_length("", "23:00", "24:00") == 60
    assert lesson_length("45", "08:20", "09:20") == 45
    assert lesson_length("", "08:20", "") is None


LAYOUT = """\
name: stad
kind: lessons
description: x
restates: lesson
columns:
  civic_no: {headers: [Nr], required: true}
  valid_minutes: {headers: [HEADER], required: true}
"""


@pytest.mark.parametrize("unit", ["", ", unit: minutes"], ids=["no unit", "minutes"])
@pytest.mark.parametrize("header", ["Frånvaro (h)", "GF tim", "Frånvaro %", "Andel i procent"])
def test_a_header_of_hours_or_shares_is_never_taken_as_minutes(header: str, unit: str) -> None:
    text = LAYOUT.replace("[HEADER], required: true", f'["{header}"]{unit}')
    with pytest.raises(LayoutError, match=r"needs 'unit: (hours|percent)'"):
        parse_layout(text, "a")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("valid_minutes: {headers: [GF min], unit: hours}", "speaks of minutes"),
        ("scheduled_minutes: {headers: [Tid], unit: percent}", "of what"),
        ("class_name: {headers: [Klass], unit: hours}", "for columns of minutes"),
        ("valid_minutes: {headers: [GF], unit: seconds}", "expected"),
    ],
)
def test_a_unit_that_can_not_be_meant_is_refused(column: str, words: str) -> None:
    text = LAYOUT.partition("  valid_minutes")[0] + f"  {column}\n"
    with pytest.raises(LayoutError, match=words):
        parse_layout(text, "a")
