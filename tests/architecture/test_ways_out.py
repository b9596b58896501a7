"""There is one writer of CSV and one module that prints, so that nothing from outside slips by."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, Module, modules

#: Who may write CSV, print, or write to a stream of the terminal; and why.
ALLOWED = {
    "csv": {
        "assets.exports.csv_text": "the one writer",
        "assets.simulator.run": "exports of an invented city, which a program reads",
    },
    "print": {
        "pipelines.cli.printing": "the one module that prints",
        "assets.exports.readers.workbook_child": "a child that answers its parent through a pipe",
        "assets.exports.ss12000.json_child": "another",
        "assets.exports.children.confine": "a child that says which layers hold it",
    },
}
_PRINTERS = {"print", "pprint"}
_STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def ways_out(module: Module) -> Iterator[tuple[str, int]]:
    """Yield what kind of way out a module has, and the line."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        is_method = isinstance(called, ast.Attribute)
        name = getattr(called, "attr", getattr(called, "id", ""))
        of_stream = getattr(getattr(called, "value", None), "attr", "") in _STREAMS
        if name in {"writer", "DictWriter"} or (name == "write_csv" and is_method):
            yield "csv", node.lineno
        elif (
            name in {"echo", "secho", "Console"}
            or (name in _PRINTERS and not is_method)
            or (name in {"write", "writelines"} and of_stream)
        ):
            yield "print", node.lineno


@pytest.mark.parametrize("kind", ALLOWED)
def test_only_one_module_writes_csv_and_only_one_prints(kind: str) -> None:
    found = {
        module.dotted: line
        for module in modules(*PACKAGES)
        for what, line in ways_out(module)
        if what == kind
    }
    assert {name: line for name, line in found.items() if name not in ALLOWED[kind]} == {}
    # What is allowed is still done there.
    assert set(found) == set(ALLOWED[kind])
