"""Who follows CONTRIBUTING.md or looks a word up finds what is named there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WALKS = [
    "Change a threshold",
    "Add a column to the list",
    "Add a format",
    "Add an asset",
    "Mend a wrong number",
]
FOLDERS = ("pipelines", "assets", "portal", "rules", "sql", "data_samples", "tests", "docs")
NAMED = re.findall(rf"(?<![\w/])((?:{'|'.join(FOLDERS)})/[\w./-]+)", GUIDE)
WRITTEN_IN = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", GUIDE)


@pytest.mark.parametrize("name", sorted({name.rstrip(".") for name in NAMED}))
def test_a_walk_passes_files_that_are_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize(("name", "file"), WRITTEN_IN)
def test_a_walk_names_functions_that_stand_where_it_says(name: str, file: str) -> None:
    code = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:(?:def|class) {name}\b|{name}\b\s*[:=])", code, re.MULTILINE)


@pytest.mark.parametrize("walk", WALKS)
def test_every_walk_ends_in_the_tests_to_run(walk: str) -> None:
    _, _, text = GUIDE.partition(f"\n## {walk}\n")
    last = text.partition("\n## ")[0].strip().rpartition("\n\n")[2]
    assert last.startswith('Run: `make check FILES="')
    assert "tests/" in last


def test_every_word_of_the_glossary_is_a_word_of_the_code() -> None:
    rows = [line.split(" | ") for line in GLOSSARY.splitlines() if line.startswith("| ")]
    words = {word for row in rows for word in re.findall(r"`(\w+)`", row[1])}
    assert len(words) > 40
    said = {
        word
        for folder in ("pipelines", "assets", "portal", "rules", "sql")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".yaml"}
        for word in re.findall(r"[A-Za-z_]+", path.read_text(encoding="utf-8"))
    }
    assert sorted(words - said) == []


def test_the_glossary_points_to_pages_that_are_there() -> None:
    pages = {Path(link) for link in re.findall(r"\]\(([\w/.-]+\.md)", GLOSSARY)}
    assert pages
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []
