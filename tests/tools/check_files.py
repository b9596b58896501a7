"""`make check FILES="..."`: what can be said of some files in under half a minute.

They are formatted and linted, types are checked, and the tests nearest to them are run until the
time is up. What found no time is named: it is for `make test`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.tools.nearest_tests import PRODUCT, Tree

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
#: Seconds from the start to the last test that is begun; the rest is for what it still takes.
TIME_FOR_TESTS = 24.0


class Until:
    """A plugin of pytest that begins no test after a moment.

    Attributes:
        ran: Node ids of the tests that were begun.
        chosen: How many there were.
        failed: How many tests, or files that could not be read, failed.
    """

    def __init__(self, end: float) -> None:
        self._end = end
        self.ran: list[str] = []
        self.chosen = 0
        self.failed = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what was found."""
        self.chosen = len(session.items)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note a test that begins."""
        self.ran.append(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Stop before a test that would begin too late."""
        if time.monotonic() > self._end:
            item.session.shouldstop = "the time is up"
            raise item.session.Interrupted(item.session.shouldstop)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what failed."""
        self.failed += report.failed

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count what could not be read."""
        self.failed += report.failed


def formatters(files: Iterable[Path]) -> list[list[str]]:
    """Return the commands that put files into the house style."""
    python, sql = _by_kind(files)
    found = []
    if python:
        found += [["ruff", "check", "--fix-only", "--quiet", *python]]
        found += [["ruff", "format", "--quiet", *python], ["ruff", "check", "--quiet", *python]]
    if sql:
        found += [["sqlfluff", "fix", "--quiet", *sql], ["sqlfluff", "lint", *sql]]
    return found


def checkers(files: Iterable[Path]) -> list[list[str]]:
    """Return the commands that look at the whole tree for what the files may have broken."""
    python, _ = _by_kind(files)
    found = []
    if python:
        found.append(["mypy"])
    if any(Path(name).relative_to(ROOT).parts[0] in PRODUCT for name in python):
        found.append(["lint-imports"])
    return found


def _by_kind(files: Iterable[Path]) -> tuple[list[str], list[str]]:
    names = [str(path) for path in files]
    return [n for n in names if n.endswith(".py")], [n for n in names if n.endswith(".sql")]


def files_of(words: Sequence[str], root: Path = ROOT) -> list[Path]:
    """Return the files that are named, absolute.

    Raises:
        ValueError: none is named, or one is no file of the project.
    """
    if not words:
        raise ValueError('no file is named. Write: make check FILES="rules/ladder.py"')
    found = [(root / word).resolve() for word in words]
    for word, path in zip(words, found, strict=True):
        if not path.is_file() or not path.is_relative_to(root):
            raise ValueError(f"{word}: no file of this project, expected a path from its root")
    return found


def run_tests(tests: Sequence[Path], end: float, root: Path = ROOT) -> bool:
    """Run test files until a moment of `time.monotonic`; say what found no time.

    Returns:
        Whether all that ran passed.
    """
    if not tests:
        print("No test mentions these files, nor what mentions them.")
        return True
    until = Until(end)
    names = [str(path) for path in tests]
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(root), *names], [until])
    begun = {nodeid.partition("::")[0] for nodeid in until.ran}
    left = [path.relative_to(root).as_posix() for path in tests]
    left = [name for name in left if name not in begun]
    print(f"Of {until.chosen} nearest tests in {len(tests)} files {len(until.ran)} were run.")
    if left:
        print("No time for: " + " ".join(left))
    is_cut = status == pytest.ExitCode.INTERRUPTED and until.failed == 0
    return is_cut or status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def main(words: Sequence[str]) -> int:
    """Check the named files; 0 when nothing is wrong, 1 when something is, 2 for bad usage."""
    end = time.monotonic() + TIME_FOR_TESTS
    try:
        files = files_of(words)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    is_well = True
    for command in formatters(files):
        is_well &= subprocess.run([BIN / command[0], *command[1:]], check=False).returncode == 0
    asked = {
        command[0]: subprocess.Popen(
            [BIN / command[0], *command[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in checkers(files)
    }
    is_well &= run_tests(Tree(ROOT).nearest(files), end)
    for name, process in asked.items():
        said, _ = process.communicate()
        if process.returncode:
            print(f"{name}:\n{said}")
            is_well = False
    print("Well." if is_well else "Something is wrong: see above.")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
