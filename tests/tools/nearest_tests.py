"""Which test files stand nearest to a file: those that mention it.

A module is mentioned by its import path, anything else by its stem: `tests/sql/test_levels.py`
reads `flags/levels`. Where no test mentions a file, the tests of what mentions it are the nearest.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

#: Folders of the product that may mention a file; tests of these are the next nearest.
PRODUCT = ("pipelines", "assets", "portal", "rules", "data_samples")
#: Cheap tests first: those that come later may find no time.
ORDER = ("unit", "sql", "architecture", "tools", "integration", "faults", "property")
MOST_STEPS = 3


class Tree:
    """The Python files of a project, each with what it imports and says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files = [
            path for folder in (*PRODUCT, "tests") for path in sorted((root / folder).rglob("*.py"))
        ]
        self._texts = {path: path.read_text(encoding="utf-8") for path in self._files}
        self._imports = {path: _imported(text) for path, text in self._texts.items()}

    def nearest(self, files: Iterable[Path]) -> list[Path]:
        """Return the nearest test files of some files: those named after one, then the cheapest.

        Args:
            files: absolute paths under the root; they need not be Python.
        """
        files = list(files)
        found = {test for path in files for test in self._of_one(path)}
        stems = {path.stem.partition(".")[0].removeprefix("test_") for path in files}
        return sorted(
            found,
            key=lambda test: (not any(stem in test.stem for stem in stems), self._cost(test)),
        )

    def _of_one(self, path: Path) -> set[Path]:
        if _is_test(path):
            return {path}
        seen, asked = {path}, {path}
        for _ in range(MOST_STEPS):
            mentions = {one for each in asked for one in self._files if self._mentions(one, each)}
            tests = {one for one in mentions if _is_test(one)}
            if tests:
                return tests
            asked = mentions - seen
            seen |= mentions
        return set()

    def _mentions(self, reader: Path, path: Path) -> bool:
        if reader == path:
            return False
        if path.suffix == ".py":
            dotted = self.dotted(path)
            said = re.search(rf"\b{re.escape(dotted)}\b", self._texts[reader])
            return dotted in self._imports[reader] or said is not None
        if path.suffix == ".md":
            return path.name in self._texts[reader]
        return re.search(rf"\b{re.escape(path.stem)}\b", self._texts[reader]) is not None

    def dotted(self, path: Path) -> str:
        """Return the name that a module is imported by."""
        name = path.relative_to(self.root).as_posix()
        return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def _cost(self, test: Path) -> tuple[int, int, str]:
        folder = test.relative_to(self.root).parts[1]
        place = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return place, len(self._imports[test]), test.as_posix()


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py" and "benchmarks" not in path.parts


def _imported(text: str) -> set[str]:
    """Return the names of imported modules, also of those that stand behind `from X import`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found
