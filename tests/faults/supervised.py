"""What systemd does for the units of docs/deploy, as far as it is about what was killed.

Real systemd wants to be the first process of a machine. Here are the lines of the units that say
what is started, and what is done when it ends: each unit is a session of its own, of which nothing
is left when its first process has ended, and which is started again. Not here: any expectation.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.architecture.sources import ROOT

UNITS = ROOT / "docs" / "deploy" / "systemd"
PROGRAM = "/srv/franvarotrappan/.venv/bin/trappan"
TRAPPAN = (
    "import sys; sys.argv = ['trappan', *sys.argv[1:]]\nfrom pipelines.command import main; main()"
)
_LONGEST_PAUSE = 1.0


def settings_of_unit(name: str) -> dict[str, str]:
    """Return the lines of a unit and of what all units share; of a setting the last word counts."""
    found: dict[str, str] = {}
    for path in (*sorted((UNITS / "trappan-.service.d").glob("*.conf")), UNITS / name):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, is_there, value = line.partition("=")
            if is_there and not line.startswith("#"):
                found[key] = value
    return found


@dataclass
class Unit:
    """A unit that runs."""

    command: list[str]
    environment: dict[str, str]
    restarts: str
    pause: float
    log: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    _is_over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, start_new_session=True,
                stdout=log, stderr=log,
            )  # fmt: skip
        self.starts += 1

    def run(self) -> None:
        """Start it again as the unit says, until it is ended."""
        assert self.restarts == "always"
        while True:
            assert self.process
            self.process.wait()
            self._end_the_rest()
            if self._is_over.wait(self.pause):
                return
            self.start()

    def _end_the_rest(self) -> None:
        # KillMode=control-group, which is what systemd does when nothing else is said.
        assert self.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        self._is_over.set()
        assert self.process
        self.process.terminate()
        try:
            self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._end_the_rest()


@contextlib.contextmanager
def supervised(name: str, home: Path, *words: str, **environment: str) -> Iterator[Unit]:
    """Run a unit with a home, and some words of its command another way."""
    said = settings_of_unit(name)
    program, *given = shlex.split(said["ExecStart"])
    assert program == PROGRAM
    unit = Unit(
        [sys.executable, "-c", TRAPPAN, *given, *words],
        {**os.environ, "PYTHONPATH": str(ROOT), "TRAPPAN_HOME": str(home), **environment},
        said["Restart"],
        min(float(said["RestartSec"]), _LONGEST_PAUSE),
        home.with_name(f"{name}.log"),
    )
    unit.start()
    thread = threading.Thread(target=unit.run, daemon=True)
    thread.start()
    try:
        yield unit
    finally:
        unit.end()
        thread.join(120)


def wait_for(what: Callable[[], object], seconds: float, why: str) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} seconds: {why}")


def below(parent: int) -> list[tuple[int, str]]:
    """Return the processes that a process has started, and theirs: number and words."""
    listed = subprocess.run(
        ["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [(int(pid), int(ppid), words) for pid, ppid, words in (r.split(None, 2) for r in listed)]
    ahead, found = [parent], []
    while ahead:
        above = ahead.pop()
        children = [(pid, words) for pid, ppid, words in rows if ppid == above]
        ahead += [pid for pid, _ in children]
        found += children
    return found


def kill_below(parent: int, *words: str) -> None:
    """Kill the one process below another whose command line has these words."""
    found = [pid for pid, line in below(parent) if all(word in line for word in words)]
    assert len(found) == 1, (words, below(parent))
    os.kill(found[0], signal.SIGKILL)
