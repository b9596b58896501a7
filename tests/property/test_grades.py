"""A grade is the same grade however a school writes it; what is none is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.examples import examples
from tests.oracle.grades import NUMBERED, PRESCHOOL, grade_of

WRITTEN = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from([*NUMBERED, "Åk", "ÅR", "ÅRSKURS", "Klass", "gr"]),
    st.sampled_from(["", " ", ". ", ".", ":", "-"]),
    st.sampled_from(
        ["0", "7", "8", "9", "08", "10", "78", "8.0", "8,00", "8.5", *PRESCHOOL, "FKL"]
    ),
    st.sampled_from(["", " ", "-", ".0"]),
    st.sampled_from(["", "", "A", "b", "Ö", "AB", " ", "1"]),
)
SOUP = st.text(st.sampled_from("0789ÅåkKrsuFf-. ,:AbÖ"), max_size=9)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(settings_of(tmp_path_factory.mktemp("grades") / "home")) as lake:
        load_macros(lake)
        yield lake


@given(cells=st.lists(WRITTEN | SOUP, min_size=1, max_size=200))
@settings(max_examples=examples(40), deadline=None)
def test_a_grade_is_what_the_formats_say(reading: Lake, cells: list[str]) -> None:
    found = reading.rows(
        "SELECT cell, school_grade(cell), lettered_grade(cell) AND school_grade(cell) IS NOT NULL "
        "FROM (SELECT unnest($cells::VARCHAR[]) AS cell)",
        cells=cells,
    )
    assert {cell: (grade, left) for cell, grade, left in found} == {
        cell: grade_of(cell) for cell in cells
    }
