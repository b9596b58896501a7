"""Whatever a file or a header is called, what is printed steers nothing and numbers nobody."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.files.printable import plainly_seen, printable_header, printable_name

_ODD = (
    "\x00\x07\x1b\x1e\x7f\x85\x9b\u200b\u200d\u200e\u2028\u2029\u202e"
    "\u2066\u2069\ufeff\udcff\ud800\ufe0f\u3164"
)
_ANY = st.text(
    st.one_of(st.characters(), st.sampled_from(_ODD), st.sampled_from("0123456789-_. T")),
    max_size=40,
)
_INVISIBLE = ("", "\u200b", "\u200d", "\x1b", "\u202e", "\xad")


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for letter in text)


@settings(deadline=None)
@given(_ANY)
def test_what_is_printed_of_a_name_is_plainly_seen_and_one_line(name: str) -> None:
    for shown in (printable_name(name), printable_header(name), plainly_seen(name)):
        assert shown.isprintable()
        assert not _has_control(shown)
        shown.encode()


@settings(deadline=None)
@given(_ANY)
def test_a_name_that_was_made_printable_stays_as_it_is(name: str) -> None:
    shown = printable_name(name)
    assert printable_name(shown) == shown


@st.composite
def _numbers(draw: st.DrawFn) -> str:
    """An identity number of the test series in one of the forms in which people write them."""
    year = draw(st.sampled_from(["", "19", "20"])) + draw(
        st.from_regex(r"[0-9]{2}", fullmatch=True)
    )
    month, day = draw(st.integers(1, 12)), draw(st.integers(1, 31)) + draw(st.sampled_from([0, 60]))
    last = draw(
        st.one_of(
            st.from_regex(r"98[0-8][0-8]", fullmatch=True),
            st.sampled_from(["TF01", "T120", "P128"]),
        )
    )
    inner, outer = draw(
        st.sampled_from(
            [
                ("", ""),
                ("", "-"),
                ("", "+"),
                ("", " "),
                ("", "_"),
                ("-", "-"),
                (" ", " "),
                (".", ""),
            ]
        )
    )
    if last[0].isalpha():
        inner = ""
    text = f"{year}{inner}{month:02}{inner}{day:02}{outer}{last}"
    odd = draw(st.sampled_from(_INVISIBLE))
    place = draw(st.integers(0, len(text)))
    text = text[:place] + odd + text[place:]
    return text.translate(draw(st.sampled_from([{}, _FULL_WIDTH])))


_FULL_WIDTH = {ord("0") + n: 0xFF10 + n for n in range(10)}
_BESIDE = st.text(st.sampled_from("abåÖ ._()[]#"), max_size=6)


@settings(deadline=None)
@given(_BESIDE, _numbers(), _BESIDE)
def test_no_name_and_no_header_shows_an_identity_number(
    before: str, number: str, after: str
) -> None:
    name = f"{before}{number} {after}.csv"
    for shown in (printable_name(name), printable_header(name)):
        digits = "".join(
            str(unicodedata.decimal(letter))
            for letter in re.sub(r"<U\+[0-9A-F]+>", "", shown)
            if letter.isdecimal()
        )
        assert set(digits) <= {"9"}, shown


@pytest.mark.parametrize(
    "name",
    [
        "lektionsfranvaro_99999901_2026-10_20261101T0500.csv",
        "lektionsfranvaro_99999901_2026-10_20261101T050000.csv.gz",
        "manadssummor_99999901_202610_20261103T0400.csv",
        "elever_20261101T0400.csv",
        "franvaro 2026-10-01_2026-10-31.csv",
        "franvaro_20261001-20261031.xlsx",
        "närvaro åk 8 v. 43 (kopia).xlsx",
        "skola 99999901-8A.csv",
        "persons_0001_20261114T0400.json",
    ],
)
def test_days_codes_and_times_that_operators_need_stay_readable(name: str) -> None:
    assert printable_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Åsa Öberg 20120314-9800_20261101T0500.csv", "Åsa Öberg 99999999-9999_20261101T0500.csv"),
        ("201203149800.csv", "999999999999.csv"),
        ("1203149800 (2).csv", "9999999999 (2).csv"),
        ("20130101-TF01.csv", "99999999-TF99.csv"),
        (
            "bad\x1b]0;pwn\x07\x1b[31m\u202ex.csv",
            "bad<U+001B>]0;pwn<U+0007><U+001B>[31m<U+202E>x.csv",
        ),
        ("l\udce4sning.csv", "l<0xE4>sning.csv"),
        ("two\nlines.csv", "two<U+000A>lines.csv"),
    ],
)
def test_what_is_dangerous_in_a_name_is_written_out(name: str, shown: str) -> None:
    assert printable_name(name) == shown


def test_a_header_is_short_one_line_and_without_long_numbers() -> None:
    assert printable_header("Resultat\n  20261005 " + "x" * 60) == "Resultat 99999999 " + "x" * 22
