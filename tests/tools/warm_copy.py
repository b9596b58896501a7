"""A copy of the tree in which faults are planted, and the warm process that is asked in it."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.tools.planted_faults import Mutant
from tests.tools.warm_tests import OURS, Answer, Asked


class Copy:
    """A copy of the tree; use it as a context manager.

    Attributes:
        collected: ids of the tests that the warm process has; none when it collects them itself.
    """

    def __init__(self, root: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._copy = Path(self._folder.name) / "tree"
        self._process: subprocess.Popen[str] | None = None
        self._serves: tuple[str, ...] = ()
        self.collected: list[str] = []
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (root / name).is_file():
                (self._copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, self._copy / name)
        for name in OURS:
            compileall.compile_dir(self._copy / name, quiet=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._folder.cleanup()

    def serve(self, mode: str, files: Sequence[str]) -> None:
        """Begin a warm process for some files of tests, unless it is the one that runs."""
        if self._serves == (mode, *files):
            return
        self._end()
        # The copy's packages come before those that are installed: `-m` puts its folder first.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.warm_tests", mode, *files],
            cwd=self._copy,
            env=os.environ | {"PYTHONPATH": str(self._copy)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._serves = (mode, *files)
        self.collected = self._answer()["collected"]

    def ask(
        self,
        mutant: Mutant,
        tests: Sequence[str],
        seconds: int,
        *,
        stops: bool = True,
        is_held: bool = False,
    ) -> Answer:
        """Ask tests, in that order, about a fault."""
        path = mutant.path.as_posix()
        asked = Asked(path, mutant.text, list(tests), seconds, stops, is_held)
        assert self._process is not None, "nothing serves"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(asked)) + "\n")
        self._process.stdin.flush()
        return Answer(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None, "nothing serves"
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the tests can't be collected: {' '.join(self._serves)}")
        said: dict[str, Any] = json.loads(line)
        return said

    def _end(self) -> None:
        if self._process is not None:
            self._process.communicate()
        self._process, self._serves = None, ()
