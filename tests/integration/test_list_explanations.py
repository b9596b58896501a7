"""What folds out of a row of the page is what `trappan explain` says of the pupil."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.integration.conftest import AS_OF, SampleHome, trappan


def folded_out(home: SampleHome, school: str, name: str) -> str:
    """The text that folds out below a pupil of the principal's table, its spaces made plain."""
    (page,) = (home.path / "lists" / "current" / school).glob("*.html")
    text = page.read_text(encoding="utf-8")
    start = text.index(f"Underlag för {name}")
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text[start : text.index("</details>", start)]))
    return " ".join(plain.split())


@pytest.fixture(scope="module")
def omar(sample_home: SampleHome) -> str:
    return folded_out(sample_home, "99999901", "Haddad, Omar")


def test_a_row_folds_out_to_the_comparisons_of_explain(sample_home: SampleHome, omar: str) -> None:
    said = trappan(
        "explain", "201205059858", "--as-of", AS_OF, "--format", "json", "--home", sample_home.path
    )
    shown = [
        (rule, basis)
        for rule in json.loads(said.out)["rules"]
        for basis in rule["bases"]
        if basis["verdict"] == "hit"
    ]
    assert len(shown) == 6
    for _, basis in shown:
        for compared in basis["comparisons"]:
            assert f"{compared['written']}: {'ja' if compared['holds'] else 'nej'}" in omar
    days = {basis["outlook"]["turn_date"] for _, basis in shown}
    months = {"11": "november", "12": "december"}
    for day in days:
        year, month, number = day.split("-")
        assert f"före {int(number)} {months[month]} {year}, även med full närvaro" in omar


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
