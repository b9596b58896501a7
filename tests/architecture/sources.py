"""The source files of the project, as the tests of its architecture read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("portal", "pipelines", "assets", "rules")


@dataclass(frozen=True)
class Module:
    """One Python file of the product."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """The file relative to the project's root."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything that stands in the file, outer things first."""
        return list(ast.walk(self.tree))

    @property
    def dotted(self) -> str:
        """The name it is imported by."""
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imported(self, nodes: Iterator[ast.AST] | None = None) -> set[str]:
        """Return the names of imported modules; of the whole file unless nodes are given."""
        found: set[str] = set()
        for node in nodes or self.nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
        return found

    def imported_at_once(self) -> set[str]:
        """Return what is imported when the module is, not only inside a function."""

        def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                    yield child
                    yield from outside_functions(child)

        return self.imported(outside_functions(self.tree))


def modules(*packages: str) -> list[Module]:
    """Return the modules of the packages; of all of them when none is named."""
    found: list[Module] = []
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            # Django writes these, and reads them by name.
            if "migrations" in path.parts:
                continue
            found.append(_module(path))
    return found


@cache
def _module(path: Path) -> Module:
    """Read a file once: to read them all takes two seconds, and a dozen tests ask for them."""
    text = path.read_text(encoding="utf-8")
    return Module(path, ast.parse(text), len(text.splitlines()))


def sql_files() -> list[Path]:
    """Return every file of `sql/`."""
    return sorted((ROOT / "sql").rglob("*.sql"))
