"""Calls of `trappan` that begin at once: a process that has loaded the program forks for each.

What a night loads takes longer than a night of a few pupils, and who kills hundreds of them would
wait for little else. Each call is a session of its own. Not here: any expectation.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.sources import ROOT

_LONGEST = 900.0


@dataclass(frozen=True)
class Ended:
    """How a call ended.

    Attributes:
        status: the exit status; that of a killed one is below 0.
        was_killed: by whoever called; False where it had ended by itself before that.
    """

    status: int
    was_killed: bool = False


class Commands:
    """Calls one command after the other.

    Args:
        server: the process that forks.
        log: what the commands print.
    """

    def __init__(self, server: subprocess.Popen[bytes], log: Path) -> None:
        self._server, self.log = server, log
        self._read = b""

    def run(self, *words: object) -> Ended:
        """Run a command to its end."""
        self._begin(words)
        return Ended(self._number(_LONGEST))

    def run_for(self, seconds: float, *words: object, with_children: bool) -> Ended:
        """Run a command and kill it after some seconds, unless it has ended by then.

        Args:
            seconds: from its first statement on.
            words: of the command.
            with_children: whether its processes die with it, as when the machine goes down; else
                they are left, as by a system that ends one process for want of memory.
        """
        pid = self._begin(words)
        if self._waited(seconds):
            return Ended(self._number(0))
        with suppress(ProcessLookupError):
            # Before it is a session of its own, there is nothing but itself.
            os.kill(pid, signal.SIGKILL)
        if with_children:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        status = self._number(_LONGEST)
        return Ended(status, was_killed=status == -signal.SIGKILL)

    def _begin(self, words: tuple[object, ...]) -> int:
        assert self._server.stdin
        asked = {"words": [str(word) for word in words], "log": str(self.log)}
        self._server.stdin.write(json.dumps(asked).encode() + b"\n")
        self._server.stdin.flush()
        return self._number(_LONGEST)

    def _waited(self, seconds: float) -> bool:
        """Whether the server says something within some seconds."""
        assert self._server.stdout
        return b"\n" in self._read or bool(select.select([self._server.stdout], [], [], seconds)[0])

    def _number(self, seconds: float) -> int:
        assert self._server.stdout
        while b"\n" not in self._read:
            assert self._waited(seconds), f"nothing was heard for {seconds:.0f} s: {self.log}"
            found = os.read(self._server.stdout.fileno(), 4096)
            assert found, f"the process that forks has ended: {self.log}"
            self._read += found
        line, _, self._read = self._read.partition(b"\n")
        return int(line)


@contextmanager
def ready_commands(log: Path) -> Iterator[Commands]:
    """Start the process that forks, and end it.

    Args:
        log: a file for what the commands print.
    """
    server = subprocess.Popen(
        [sys.executable, "-c", "from tests.long.ready_commands import serve; serve()"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("ab"),
    )
    try:
        yield Commands(server, log)
    finally:
        assert server.stdin
        server.stdin.close()
        server.wait(_LONGEST)


def serve() -> None:
    """Fork for each line of standard input; say the process, and how it ended."""
    warnings.simplefilter("ignore")
    app = importlib.import_module("pipelines.cli.app")
    # By the pipe's number: a child of `sys.stdout` would have what this one has not written yet.
    answers = os.dup(1)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        told, tell = os.pipe()
        # A thread would be missing in the child, with whatever lock it holds.
        assert threading.active_count() == 1
        gc.freeze()
        pid = os.fork()
        if not pid:
            os.setsid()
            os.close(told)
            _be_a_command(asked["words"], asked["log"])
            status = 1
            try:
                app.main()
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
            sys.stdout.flush()
            sys.stderr.flush()
            os.write(tell, json.dumps(sorted(sys.modules)).encode())
            # What libraries do at an end waits for threads that were not forked with this one.
            os._exit(status)
        os.close(tell)
        os.write(answers, b"%d\n" % pid)
        with os.fdopen(told, "rb") as of_child:
            loaded = of_child.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        # What one command loaded the next has from the beginning.
        for name in json.loads(loaded or b"[]"):
            if name not in sys.modules and not name.startswith("__"):
                with suppress(Exception):
                    importlib.import_module(name)
        os.write(answers, b"%d\n" % status)


def _be_a_command(words: list[str], log: str) -> None:
    opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((opened, 1), (opened, 2), (nothing, 0)):
        os.dup2(here, there)
    sys.argv = ["trappan", *words]
    # Each draws names of its own.
    random.seed()
