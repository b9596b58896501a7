"""What a row of the page opens to is what `trappan explain` says of the pupil."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.integration.conftest import AS_OF, SampleHome, trappan


def folded_out(home: SampleHome, school: str, name: str) -> str:
    """The text that a pupil's row opens to, its spaces made plain."""
    (page,) = (home.path / "lists" / "current" / school).glob("*.html")
    text = page.read_text(encoding="utf-8")
    start = text.index(f"<h3><bdi>{name}</bdi></h3>")
    end = text.index("</td></tr>\n</tbody>", start)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text[start:end]))
    return " ".join(plain.split())


@pytest.fixture(scope="module")
def omar(sample_home: SampleHome) -> str:
    return folded_out(sample_home, "99999901", "Haddad, Omar")


def test_a_row_opens_to_the_limits_of_explain_and_to_days_that_say_something(
    sample_home: SampleHome, omar: str
) -> None:
    said = trappan(
        "explain",
        "-",
        "--as-of",
        AS_OF,
        "--format",
        "json",
        "--home",
        sample_home.path,
        typed="201205059858",
    )
    shown = [
        (rule, basis)
        for rule in json.loads(said.out)["rules"]
        for basis in rule["bases"]
        if basis["verdict"] == "hit"
    ]
    assert len(shown) == 6
    assert omar.count("Nås (underlag: ") == 6
    # The arithmetic is for who asks `explain`.
    assert "10000" not in omar
    months = {"11": "november", "12": "december", "01": "januari"}
    for _, basis in shown:
        year, month, number = basis["outlook"]["turn_date"].split("-")
        told = f"före {int(number)} {months[month]} {year}, även med full närvaro"
        # The calendar basis is left at the end of a month, whoever the pupil is.
        assert (told in omar) == (basis["basis"] == "rolling")


def test_a_row_says_what_the_outlook_rests_on(omar: str) -> None:
    assert "Kommande lektioner är tagna från de senaste 4 veckorna med lektioner" in omar
    assert "kommande lov är inte kända" in omar


def test_a_new_mentor_reads_no_day_of_the_earlier_school(sample_home: SampleHome) -> None:
    # At 99999901 up to 9 October, at 99999902 from the 12th.
    told = folded_out(sample_home, "99999902", "Nyström, Hanna")
    pattern = told[told.index("Hur frånvaron ligger på skolan") :]
    # The school days since the 12th, and not the 37 of both schools.
    assert "20 skoldagar med rapport" in pattern
    assert "99999901" not in told
