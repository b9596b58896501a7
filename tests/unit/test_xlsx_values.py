"""Numbers and days of a spreadsheet as a person reads them."""

from __future__ import annotations

import pytest

from assets.exports.readers.xlsx.sheet import range_of
from assets.exports.readers.xlsx.values import (
    NO_VALUE,
    day_text,
    is_date_format,
    is_percent_format,
    iso_text,
    number_text,
    percent_text,
    plain_string,
)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("60", "60"),
        ("60.0", "60"),
        ("6E1", "60"),
        ("-0", "-0"),
        (" 8 ", "8"),
        ("201203149800", "201203149800"),
        ("2.012031498E11", "201203149800"),
        ("15.000000000000002", "15"),
        ("0.34722222222222221", "0.347222222222222"),
        ("7.5", "7.5"),
        (".5", "0.5"),
        ("1E-7", "0.0000001"),
        ("1E20", "100000000000000000000"),
        ("1_0", NO_VALUE),
        ("0x1", NO_VALUE),
        ("NaN", NO_VALUE),
        ("INF", NO_VALUE),
        ("1E999", NO_VALUE),
        ("hej", NO_VALUE),
        ("٦٠", NO_VALUE),
    ],
)
def test_a_number_is_shown_in_full_or_is_none(stored: str, shown: str) -> None:
    assert number_text(stored) == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("0.25", "25%"),
        ("1", "100%"),
        ("0", "0%"),
        ("0.33333333333333331", "33.3333333333333%"),
        ("1E-2", "1%"),
        ("hej", NO_VALUE),
    ],
)
def test_a_share_is_shown_as_a_percentage(stored: str, shown: str) -> None:
    assert percent_text(stored) == shown


@pytest.mark.parametrize(
    ("number", "code", "is_share"),
    [
        (9, None, True),
        (10, None, True),
        (14, None, False),
        (170, "0.0%", True),
        (170, "0.0 %;-0.0 %", True),
        (170, '0" % av lektionen"', False),
        (170, "General", False),
    ],
)
def test_a_format_of_a_share_is_told(number: int, code: str | None, is_share: bool) -> None:
    assert is_percent_format(number, code) == is_share


@pytest.mark.parametrize(
    ("stored", "is_1904", "shown"),
    [
        ("46300", False, "2026-10-05"),
        ("44838", True, "2026-10-05"),
        ("46300.347222222", False, "2026-10-05 08:20:00"),
        ("0.347222", False, "08:20:00"),
        ("0.347222", True, "08:20:00"),
        ("0", False, "00:00:00"),
        ("0.99999999", False, "1899-12-31"),
        ("-1", False, "-1"),
        ("99999999", False, "99999999"),
        ("hej", False, NO_VALUE),
    ],
)
def test_a_number_with_a_days_format_is_a_day_or_time(
    stored: str, is_1904: bool, shown: str
) -> None:
    assert day_text(stored, is_1904=is_1904) == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-10-05", "2026-10-05"),
        ("2026-10-05T00:00:00Z", "2026-10-05"),
        ("2026-10-05T08:20:00.000", "2026-10-05 08:20:00"),
        ("08:20:00", "08:20:00"),
        ("T08:20:00", "08:20:00"),
        ("1899-12-30T08:20:00", "08:20:00"),
        ("", NO_VALUE),
        ("5 okt", NO_VALUE),
    ],
)
def test_an_iso_day_is_written_as_the_others(stored: str, shown: str) -> None:
    assert iso_text(stored) == shown


@pytest.mark.parametrize(
    ("number", "code", "is_day"),
    [
        (0, None, False),
        (14, None, True),
        (20, None, True),
        (46, None, True),
        (49, None, False),
        (164, "yyyy\\-mm\\-dd;@", True),
        (165, "[$-41D]d mmmm yyyy", True),
        (166, "[h]:mm", True),
        (167, "General", False),
        (168, '0 "min"', False),
        (169, "0.00E+00", False),
        (170, "[Red]0;[Blue]-0", False),
        (171, "#\\ ##0_d", False),
        (172, '0;"dagar"', False),
        (14, "0", False),
    ],
)
def test_a_format_shows_a_day_or_it_does_not(number: int, code: str | None, is_day: bool) -> None:
    assert is_date_format(number, code) is is_day


def test_letters_that_xml_can_not_hold_are_letters_again() -> None:
    assert plain_string("8_x0041_") == "8A"
    assert plain_string("_xD83D__xDE00_") == "😀"
    assert plain_string("8_x00_A") == "8_x00_A"
    assert plain_string("_x005F_x0041_") == "_x0041_"


def test_a_range_is_its_corners_in_whatever_order() -> None:
    assert range_of("B3:A1") == range_of("$A$1:$B$3") == (1, 1, 3, 2)
    assert range_of("AA7") == (7, 27, 7, 27)
    assert range_of("hej") is None
    assert range_of("A1:B2:C3") is None
    assert range_of("A0") is None
