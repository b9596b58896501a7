"""Whoever changes a file is shown the tests that mention it, the cheap ones first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.nearest_tests import Tree

FILES = {
    "rules/ladder.py": "STEPS = 3\n",
    "rules/parameters/stockholm/mentor.threshold.yaml": "value: 10\n",
    "assets/flags/__init__.py": "",
    "assets/flags/evaluate.py": "from rules import ladder\nSELECT = 'flags/levels'\n",
    "assets/flags/unread.py": "",
    "pipelines/night.py": "from assets.flags.evaluate import SELECT\n",
    "sql/flags/levels.sql": "SELECT 1\n",
    "sql/flags/verdicts.sql": "SELECT 1\n",
    "docs/rules.md": "# Rules\n",
    "tests/unit/factory.py": "",
    "tests/unit/test_lists.py": "from tests.unit import factory\nTHRESHOLD = 'mentor.threshold'\n",
    "tests/unit/test_pages.py": "import json\nfrom rules.ladder import STEPS\n",
    "tests/sql/test_verdicts.py": "'flags/verdicts'\n",
    "tests/sql/test_ladders_edges.py": "import rules.ladder, rules.other\n",
    "tests/property/test_ladder.py": "'rules.ladder.STEPS'\n",
    "tests/property/test_night.py": "import pipelines.night\nPAGE = 'rules.md'\n",
    "tests/benchmarks/test_night.py": "import pipelines.night, rules.ladder\n",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("tree")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Tree(root)


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        # Named after it first, then by folder; a benchmark is no test.
        ("rules/ladder.py", ["sql/test_ladders_edges", "property/test_ladder", "unit/test_pages"]),
        ("rules/parameters/stockholm/mentor.threshold.yaml", ["unit/test_lists"]),
        ("sql/flags/verdicts.sql", ["sql/test_verdicts"]),
        ("docs/rules.md", ["property/test_night"]),
        ("tests/unit/factory.py", ["unit/test_lists"]),
        ("tests/unit/test_pages.py", ["unit/test_pages"]),
        # No test mentions these; one mentions what mentions them.
        ("assets/flags/evaluate.py", ["property/test_night"]),
        ("sql/flags/levels.sql", ["property/test_night"]),
        ("assets/flags/unread.py", []),
    ],
)
def test_a_changed_file_is_looked_at_by_the_tests_that_mention_it(
    tree: Tree, changed: str, tests: list[str]
) -> None:
    found = tree.nearest([tree.root / changed])
    assert [path.relative_to(tree.root).as_posix() for path in found] == [
        f"tests/{test}.py" for test in tests
    ]


def test_a_test_of_two_changed_files_is_run_once(tree: Tree) -> None:
    changed = [tree.root / "tests/unit/factory.py", tree.root / "tests/unit/test_lists.py"]
    assert tree.nearest(changed) == [tree.root / "tests/unit/test_lists.py"]


def test_every_verdict_of_this_project_has_a_test_that_is_found() -> None:
    root = Path(__file__).resolve().parents[2]
    project = Tree(root)
    selects = sorted((root / "sql" / "flags").glob("*.sql"))
    assert selects
    assert [path.name for path in selects if not project.nearest([path])] == []
