"""A name stands for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.architecture.sources import PACKAGES, modules


def test_no_two_classes_have_the_same_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules(*PACKAGES, "data_samples"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{module.name}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
