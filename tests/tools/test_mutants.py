"""`make mutants`: which faults are planted, and that one which no test finds is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.mutants import ALLOWED, ROOT, TARGETS, Mutant, allowed, files_of, mutants_of

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
