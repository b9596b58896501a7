"""One pupil has one number, however it is written; whatever is no number is nobody's."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.pupils.identity_numbers import read_identity_number, with_century
from tests.examples import examples
from tests.oracle.identities import BLANKS, HYPHENS, KINDS, MOST, UNSEEN, civic_no, pupil_of

EXPORTED = date(2026, 11, 1)
EXPORTS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
TEMPORARY = st.builds(
    "{:%Y%m%d}{}".format,
    st.dates(date(1905, 1, 1), date(2036, 12, 31)),
    st.from_regex(r"[A-Z][A-Z0-9][0-9]{2}", fullmatch=True),
)
KNOWN = st.builds(civic_no, st.integers(0, MOST - 1), st.sampled_from(KINDS))
NUMBERS = KNOWN | TEMPORARY
JOINTS = st.sampled_from(["", *HYPHENS, *BLANKS])
SOUP = st.text(st.sampled_from("0123456789-+ TFPAtf.e" + UNSEEN + BLANKS + HYPHENS), max_size=16)


def read(text: str, exported: date) -> str | None:
    return read_identity_number(with_century(text, exported)).canonical


@st.composite
def spellings(draw: st.DrawFn, numbers: st.SearchStrategy[str], *, short: bool = False) -> str:
    """A number as some sender writes it."""
    number = draw(numbers)
    written = number[2 if short else 0 : 8] + draw(JOINTS) + number[8:]
    written = draw(st.sampled_from([written, written.lower()]))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(written)))
        written = written[:place] + draw(st.sampled_from(UNSEEN)) + written[place:]
    around = st.text(st.sampled_from(BLANKS), max_size=2)
    return f"{draw(around)}{written}{draw(around)}"


@given(st.data(), NUMBERS)
@settings(max_examples=examples(400), deadline=None)
def test_every_spelling_of_a_number_is_that_pupil(data: st.DataObject, number: str) -> None:
    spelling = data.draw(spellings(st.just(number)))
    assert read(spelling, EXPORTED) == number == pupil_of(spelling, EXPORTED)


@given(spellings(NUMBERS, short=True), EXPORTS)
@settings(max_examples=examples(400), deadline=None)
def test_ten_characters_are_a_pupil_only_where_one_century_has_pupils(
    spelling: str, exported: date
) -> None:
    assert read(spelling, exported) == pupil_of(spelling, exported)


@given(SOUP, EXPORTS)
@settings(max_examples=examples(600), deadline=None)
def test_what_is_no_number_is_nobodys(text: str, exported: date) -> None:
    assert read(text, exported) == pupil_of(text, exported)


@given(st.builds(civic_no, st.integers(0, MOST - 1)), EXPORTS)
@settings(max_examples=examples(100), deadline=None)
def test_a_personnummer_of_two_digit_year_is_refused_with_its_reason(
    number: str, exported: date
) -> None:
    found = read_identity_number(with_century(f"{number[2:8]}-{number[8:]}", exported))
    assert (found.canonical, found.problem) == (None, "civic_no.two_digit_year")
