"""What a test may be called, and that nothing that ships is built on tests."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

LONGEST_NAME = 79
SHIPPED = ("pipelines", "assets", "portal", "rules", "data_samples")


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


def fixtures(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any(
            "fixture" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            yield node


def what_it_does(function: ast.FunctionDef) -> str:
    has_docstring = ast.get_docstring(function) is not None
    return "\n".join(map(ast.unparse, function.body[has_docstring:]))


def test_a_test_says_what_it_is_about_in_a_sentence_of_under_eighty_letters() -> None:
    found = {ids(path): [*names_of_tests(path)] for path in python_files("tests")}
    assert sum(map(len, found.values())) > 1000
    too_long = {
        path: [name for name in names if len(name) > LONGEST_NAME] for path, names in found.items()
    }
    assert {path: names for path, names in too_long.items() if names} == {}


def test_what_tests_of_several_files_ask_for_is_written_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in python_files("tests"):
        for fixture in fixtures(path):
            places[what_it_does(fixture)].append(f"{ids(path)}: {fixture.name}")
    assert len(places) > 40
    assert [found for found in places.values() if len(found) > 1] == [], "put it into conftest.py"


@pytest.mark.parametrize("path", python_files(*SHIPPED), ids=ids)
def test_nothing_that_ships_is_built_on_tests(path: Path) -> None:
    assert not [name for name in imported(path) if name.partition(".")[0] == "tests"]
