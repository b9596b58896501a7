"""Tests that pages about privacy name are there, and no place with personal data is left out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from rules.personal_data import PLACES
from tests.architecture.sources import ROOT

THREATS, PRIVACY = ROOT / "docs" / "threats.md", ROOT / "docs" / "privacy.md"


@cache
def known_tests() -> frozenset[str]:
    """Names of test functions and of files of tests."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    functions = {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    return frozenset(functions | {path.name for path in files})


def rows(page: Path, heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without its head."""
    text = page.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def unknown_tests(text: str) -> set[str]:
    named = set(re.findall(r"`(test_\w+(?:\.py)?)", text))
    return named - known_tests()


def test_every_place_has_its_row_among_the_threats() -> None:
    assert [row[0] for row in rows(THREATS, "Place by place")] == [place.name for place in PLACES]


@pytest.mark.parametrize("heading", ["Place by place", "Ways in"])
def test_every_claim_has_a_test_or_says_that_it_has_none(heading: str) -> None:
    found = rows(THREATS, heading)
    column = 3 if heading == "Place by place" else 2
    assert len(found) > 8
    assert [row[0] for row in found if not re.search(r"`test_|not tested", row[column])] == []


@pytest.mark.parametrize("page", [THREATS, PRIVACY], ids=lambda page: page.name)
def test_a_test_that_a_page_names_is_there(page: Path) -> None:
    assert unknown_tests(page.read_text(encoding="utf-8")) == set()


def test_a_test_that_is_not_there_is_found() -> None:
    assert unknown_tests("`test_nobody_wrote_this`") == {"test_nobody_wrote_this"}


def test_what_is_the_municipalitys_to_fill_is_marked() -> None:
    text = PRIVACY.read_text(encoding="utf-8")
    assert len(re.findall(r"`\[[^\]]+\]`", text)) > 10
    for article in ("6.1 e", "9.2 g", "article 22", "article 35", "article 36", "72 hours"):
        assert article in text
    assert "7 kap. 19 a §" in text
