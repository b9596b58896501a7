"""`make check`: which commands look at a file, and that the tests end in time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.check_files import ROOT, checkers, files_of, formatters

TESTS = {
    "test_first.py": "def test_one():\n    assert True\n",
    "test_second.py": "def test_two():\n    assert {holds}\n",
}


def ran(folder: Path, seconds: float, *, holds: bool) -> subprocess.CompletedProcess[str]:
    """Run two test files with so many seconds left, in a process of their own."""
    for name, text in TESTS.items():
        (folder / name).write_text(text.format(holds=holds), encoding="utf-8")
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.tools.check_files import run_tests\n"
        f"folder = Path({str(folder)!r})\n"
        "tests = sorted(folder.glob('test_*.py'))\n"
        f"sys.exit(not run_tests(tests, time.monotonic() + {seconds}, folder))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_nearest_tests_that_hold_are_well(tmp_path: Path) -> None:
    done = ran(tmp_path, 60, holds=True)
    assert done.returncode == 0, done.stdout
    assert "Of 2 nearest tests in 2 files 2 were run." in done.stdout
    assert "No time for" not in done.stdout


def test_a_nearest_test_that_fails_is_not_well(tmp_path: Path) -> None:
    done = ran(tmp_path, 60, holds=False)
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_files_that_found_no_time_are_named_and_are_no_fault(tmp_path: Path) -> None:
    done = ran(tmp_path, -1, holds=False)
    assert done.returncode == 0, done.stdout
    assert "Of 2 nearest tests in 2 files 0 were run." in done.stdout
    assert "No time for: test_first.py test_second.py" in done.stdout


def test_a_test_file_that_can_not_be_read_is_not_well(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    assert ran(tmp_path, 60, holds=True).returncode == 1


def test_a_python_file_is_formatted_linted_and_typed_and_a_select_linted() -> None:
    python, select = ROOT / "rules" / "ladder.py", ROOT / "sql" / "flags" / "levels.sql"
    asked = [" ".join(command) for command in formatters([python, select])]
    assert [line.partition(" --quiet")[0] for line in asked[:3]] == [
        "ruff check --fix-only",
        "ruff format",
        "ruff check",
    ]
    assert [line.split()[:2] for line in asked[3:]] == [["sqlfluff", "fix"], ["sqlfluff", "lint"]]
    assert str(python) not in " ".join(asked[3:])
    assert str(select) not in " ".join(asked[:3])
    assert checkers([python, select]) == [["mypy"], ["lint-imports"]]
    assert checkers([Path(__file__)]) == [["mypy"]]
    assert checkers([select]) == []


@pytest.mark.parametrize("words", [[], ["rules/no_such.py"], ["../elsewhere.py"], ["rules"]])
def test_what_is_no_file_of_the_project_is_reported_at_once(words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"make check FILES|no file of this project"):
        files_of(words)


def test_the_command_says_bad_usage_before_anything_is_run() -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.check_files", "rules/no_such.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "rules/no_such.py: no file of this project" in done.stderr
    assert time.monotonic() - begun < 30
