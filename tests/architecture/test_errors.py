"""Every error whose words are ours comes from one base, and who tells errors catches that base."""

from __future__ import annotations

import ast
import builtins
from importlib import import_module
from pathlib import Path

import pytest

from rules.errors import TrappanError
from tests.architecture.django_ready import READY, run_with_django
from tests.architecture.sources import Module, modules

ALL = modules()
BUILT_IN = {
    name
    for name, thing in vars(builtins).items()
    if isinstance(thing, type) and issubclass(thing, BaseException)
}
# They run in a process of their own, and their words leave it as text: nobody catches them here.
CHILDREN = "_child.py"


def classes(module: Module) -> list[type]:
    """Return the classes that a module defines and that can be raised."""
    loaded = vars(import_module(module.dotted))
    defined = [node.name for node in module.tree.body if isinstance(node, ast.ClassDef)]
    found = [loaded[name] for name in defined]
    return [one for one in found if issubclass(one, BaseException)]


DEFINING = [
    module
    for module in ALL
    if not module.name.endswith(CHILDREN)
    and not module.name.startswith("portal/")
    and any(isinstance(node, ast.ClassDef) for node in module.tree.body)
]


def test_every_error_of_ours_comes_from_the_one_base() -> None:
    strangers = [
        f"{module.name}: {one.__name__}"
        for module in DEFINING
        for one in classes(module)
        if not issubclass(one, TrappanError)
    ]
    assert strangers == []


def test_every_error_of_the_portal_comes_from_the_one_base(tmp_path: Path) -> None:
    names = [module.dotted for module in ALL if module.name.startswith("portal/")]
    code = f"""
{READY}
from importlib import import_module
from rules.errors import TrappanError
found = [one for name in {names!r} for one in vars(import_module(name)).values()
         if isinstance(one, type) and issubclass(one, BaseException) and one.__module__ == name]
print(len(found), *[one.__qualname__ for one in found if not issubclass(one, TrappanError)])
"""
    said = run_with_django(code, tmp_path)
    count, *strangers = said.stdout.split()
    assert strangers == [], said.stderr[-2000:]
    assert int(count) >= 3


def test_there_are_errors_of_ours_on_every_floor() -> None:
    floors = {module.name.partition("/")[0] for module in DEFINING if classes(module)}
    assert floors == {"pipelines", "assets", "rules"}


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.name)
def test_no_error_is_hidden_inside_a_function_or_a_class(module: Module) -> None:
    """There the test above would not see it."""
    inside = [
        node.name
        for outer in ast.walk(module.tree)
        if not isinstance(outer, ast.Module)
        for node in ast.iter_child_nodes(outer)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in BUILT_IN for base in node.bases)
    ]
    assert inside == []


def test_the_base_imports_nothing() -> None:
    (base,) = [module for module in ALL if module.dotted == TrappanError.__module__]
    assert base.imported() == set()
