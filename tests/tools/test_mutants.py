"""`make mutants`: which faults are planted, and that one which no test finds is named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.mutant_record import Record
from tests.tools.mutants import ALLOWED, ROOT, TARGETS, AskedTests, allowed, files_of, probe
from tests.tools.planted_faults import Mutant, mutants_of
from tests.tools.warm_copy import Copy
from tests.tools.warm_tests import Answer

SELECT = """-- limits: 5 AND 6 stay as they are here.
SELECT name
FROM limits
WHERE value >= 5 AND NOT is_gone AND word <> 'min >= 5'
ORDER BY value DESC
"""
FUNCTION = """def reached(part: int, whole: int) -> bool:
    return part >= whole and whole > 10
"""


def changed_lines(mutant: Mutant, text: str) -> list[str]:
    pairs = zip(text.splitlines(), mutant.text.splitlines(), strict=True)
    return [after for before, after in pairs if before != after]


def test_a_select_gets_one_fault_at_a_time_and_none_in_words() -> None:
    mutants = list(mutants_of(Path("sql/limits.sql"), SELECT))
    assert [changed_lines(mutant, SELECT) for mutant in mutants] == [
        ["WHERE value > 5 AND NOT is_gone AND word <> 'min >= 5'"],
        ["WHERE value >= 6 AND NOT is_gone AND word <> 'min >= 5'"],
        ["WHERE value >= 5 OR NOT is_gone AND word <> 'min >= 5'"],
        ["WHERE value >= 5 AND  is_gone AND word <> 'min >= 5'"],
        ["WHERE value >= 5 AND NOT is_gone OR word <> 'min >= 5'"],
        ["WHERE value >= 5 AND NOT is_gone AND word = 'min >= 5'"],
        ["ORDER BY value ASC"],
    ]
    assert len({mutant.name for mutant in mutants}) == len(mutants)


def test_a_comparison_of_python_gets_every_other_one() -> None:
    mutants = list(mutants_of(Path("rules/reached.py"), FUNCTION))
    found = {line for mutant in mutants for line in changed_lines(mutant, FUNCTION)}
    assert "    return part > whole and whole > 10" in found
    assert "    return part >= whole or whole > 10" in found
    assert "    return part >= whole and whole > 11" in found


def test_every_target_has_files() -> None:
    assert len(files_of(TARGETS)) > len(TARGETS)


def test_a_target_without_files_is_refused() -> None:
    with pytest.raises(ValueError, match="sql/no_such"):
        files_of(["sql/no_such"])


def test_whoever_may_live_is_named_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    name = "sql/flags/levels.sql: `WHERE x > 1`: > -> >="
    (tmp_path / ALLOWED).write_text(
        f"# Faults\n\n- {name} **Why:** no row.\n- other\n", encoding="utf-8"
    )
    assert allowed(tmp_path) == {name}


def test_a_fault_that_may_live_is_still_one() -> None:
    """Whoever changes such a line finds its reason again."""
    named = {
        mutant.name
        for path in {ROOT / name.partition(": ")[0] for name in allowed()}
        for mutant in mutants_of(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
    }
    assert allowed() <= named


def test_what_no_test_can_ask_for_is_not_planted() -> None:
    text = """from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Share:
    part: int


def pairs(parts: list[int]) -> list[tuple[int, int]]:
    return list(zip(parts, parts, strict=True)) if parts else []
"""
    found = {m.change for m in mutants_of(Path("rules/pairs.py"), text)}
    assert found
    assert not [change for change in found if "strict=False" in change or "frozen" in change]
    assert not [change for change in found if "TYPE_CHECKING" in change]


def test_a_probe_is_the_module_and_notes_that_it_was_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MUTANTS_REACHED", raising=False)
    known: dict[str, object] = {}
    exec(probe(FUNCTION), known)  # noqa: S102 - our own few lines
    reached = known["reached"]
    assert callable(reached)
    assert not os.environ.get("MUTANTS_REACHED")
    assert reached(11, 11)
    assert os.environ.pop("MUTANTS_REACHED") == "1"


def test_those_that_found_faults_are_asked_first() -> None:
    tests = AskedTests(
        ["a", "tests/sql/b", "tests/sql/c"], {"a": 1, "tests/sql/b": 14, "tests/sql/c": 2}
    )
    tests.killers = Counter({"tests/sql/c": 3, "a": 1})
    assert tests.in_order() == ["tests/sql/c", "a", "tests/sql/b"]
    assert tests.quick() == ["tests/sql/c"]


def test_what_is_known_of_a_fault_holds_until_its_file_or_the_tests_change(
    tmp_path: Path,
) -> None:
    root, kept = tmp_path / "root", tmp_path / "kept.jsonl"
    root.mkdir()
    for name in ("one.py", "two.py"):
        (root / name).write_text("", encoding="utf-8")
    killed, living = (Mutant(Path("a.sql"), 1, change, change) for change in ("b", "c"))
    tests = ["one.py::test_one", "two.py::test_two"]
    record = Record(root, kept)
    assert record.verdict(killed, tests) is None
    record.keep(killed, tests, Answer("one.py::test_one"))
    record.keep(living, tests, Answer())
    again = Record(root, kept)
    assert again.verdict(killed, tests[:1]) == record.verdict(killed, tests)
    found = again.verdict(living, tests)
    assert found is not None
    assert found.killer is None
    assert again.verdict(living, tests[:1]) is None, "another set of tests was never asked"
    assert again.verdict(Mutant(Path("a.sql"), 1, "b", "b, and more"), tests) is None
    (root / "changed.py").write_text("more", encoding="utf-8")
    (root / "changed.py").rename(root / "two.py")
    whole = Record(root, kept)
    mutant_of_one = whole.verdict(killed, tests)
    assert mutant_of_one is not None, "the test that found it is as it was"


@pytest.fixture(scope="module")
def small_copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A tree of one module and one test, and a warm process for it."""
    root = tmp_path_factory.mktemp("tree")
    (root / "rules").mkdir()
    (root / "rules" / "reached.py").write_text(FUNCTION, encoding="utf-8")
    (root / "tests" / "tools").mkdir(parents=True)
    shutil.copy2(ROOT / "tests" / "tools" / "warm_tests.py", root / "tests" / "tools")
    (root / "tests" / "test_reached.py").write_text(
        "from rules.reached import reached\n\ndef test_reached():\n    assert reached(12, 12)\n",
        encoding="utf-8",
    )
    # Else the installed packages of these names would come before them.
    for package in ("rules", "tests", "tests/tools"):
        (root / package / "__init__.py").touch()
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    with Copy(root) as copy:
        copy.serve("imported", ["tests/test_reached.py"])
        yield copy


@pytest.mark.parametrize(
    ("fault", "killer"),
    [
        ("part > whole and whole > 10", "tests/test_reached.py::test_reached"),
        ("part >= whole and whole > 11", None),
        ("part >= whole and whole >", "collection"),
        ("part >= whole and whole > 10", None),
    ],
    ids=["one that a test finds", "one that no test finds", "no Python", "none"],
)
def test_a_planted_fault_is_looked_for_and_taken_away(
    small_copy: Copy, fault: str, killer: str | None
) -> None:
    text = FUNCTION.replace("part >= whole and whole > 10", fault)
    mutant = Mutant(Path("rules/reached.py"), 2, fault, text)
    found = small_copy.ask(mutant, ["tests/test_reached.py"], 60).killer
    assert found == killer or (killer == "collection" and found == "tests/test_reached.py")
