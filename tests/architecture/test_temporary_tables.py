"""Whoever reads a temporary table in a statement of its own is handed what made it (ADR 0029)."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from assets.exports.readers.columns import COLUMNS
from assets.lake.tables import TABLE_NAMES
from tests.architecture.sources import ROOT, Module, modules

# What every connection has from its opening: handed over with the lake.
OF_EVERY_CONNECTION = {
    "counting_lessons",
    "protected_persons",
    "protected_pupils",
    "released_words",
}
MAKERS = ("materialise", "define", "make", "make_view", "make_empty", "load", "register")
STAGING = "assets/exports/staging/staged_tables.py"
_IN_STATEMENT = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|VIEW)\s+([a-z][a-z0-9_]*)")


@cache
def texts_of(module: Module) -> tuple[str, ...]:
    """Return what a module writes in texts, each with `{}` where something is put in."""
    joined = [node for node in module.nodes if isinstance(node, ast.JoinedStr)]
    within = {id(part) for node in joined for part in node.values}
    found = []
    for node in joined:
        parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
        found.append("".join(map(str, parts)))
    constants = (node for node in module.nodes if isinstance(node, ast.Constant))
    return (*found, *(str(node.value) for node in constants if id(node) not in within))


def made_in(module: Module) -> set[str]:
    """Return the temporary tables and views that a module makes by a name that it spells."""
    called = {
        str(node.args[0].value).rpartition("/")[2]
        for node in module.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in MAKERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    written = re.findall(r"TEMP (?:TABLE|VIEW) (\w+)", "\n".join(texts_of(module)))
    return (called | set(written)) - TABLE_NAMES - OF_EVERY_CONNECTION


def makers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for name in made_in(module):
            found[name].add(module.name)
    # Made by names that are put together.
    for kind in COLUMNS:
        for name in (f"staged_{kind}", f"keyed_{kind}", f"batch_{kind}"):
            found[name].add(STAGING)
    return found


MADE_BY = makers()


def spelled_by_others(module: Module) -> set[str]:
    """Return the temporary tables of other modules that a module's statements name."""
    named = {name for text in texts_of(module) for name in _IN_STATEMENT.findall(text)}
    return {name for name in named if module.name not in MADE_BY.get(name, {module.name})}


def test_the_temporary_tables_are_found() -> None:
    assert len(MADE_BY) > 60
    assert {"verdicts", "batch_lessons", "days_to_sum", "person_keys"} <= set(MADE_BY)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_names_no_temporary_table_that_another_makes(module: Module) -> None:
    assert spelled_by_others(module) == set()


@pytest.mark.parametrize(
    "written",
    [
        "lake.rows('SELECT pupil_key FROM verdicts')",
        "lake.rows(f'SELECT {columns} FROM flags JOIN belonging USING (pupil_key)')",
        "connection.execute('DELETE FROM batch_lessons')",
    ],
)
def test_a_name_of_another_modules_table_is_found(written: str) -> None:
    assert spelled_by_others(Module(ROOT / "assets" / "new.py", ast.parse(written), 1))


def test_a_temporary_name_is_a_table_everywhere_or_a_view_everywhere() -> None:
    """DuckDB makes neither in place of the other, and a connection may be used for both."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for node in module.nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            first = node.args[0] if node.args else None
            if node.func.attr in MAKERS and isinstance(first, ast.Constant):
                name = str(first.value).rpartition("/")[2]
                kinds[name].add("view" if node.func.attr in {"define", "make_view"} else "table")
    assert len(kinds) > 50
    assert {name for name, found in kinds.items() if len(found) > 1} == set()
