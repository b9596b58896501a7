"""What a test may be called, and that nothing that ships is built on tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

LONGEST_NAME = 79
SHIPPED = ("pipelines", "assets", "rules", "data_samples")


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names_of_tests(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_a_test_says_what_it_is_about_in_a_sentence_of_under_eighty_letters() -> None:
    found = {ids(path): [*names_of_tests(path)] for path in python_files("tests")}
    assert sum(map(len, found.values())) > 1000
    too_long = {
        path: [name for name in names if len(name) > LONGEST_NAME] for path, names in found.items()
    }
    assert {path: names for path, names in too_long.items() if names} == {}


@pytest.mark.parametrize("path", python_files(*SHIPPED), ids=ids)
def test_nothing_that_ships_is_built_on_tests(path: Path) -> None:
    assert not [name for name in imported(path) if name.partition(".")[0] == "tests"]
