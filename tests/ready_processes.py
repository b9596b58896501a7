"""Processes that begin at once: one that has loaded the program forks for each.

What a night loads takes longer than a night of a few pupils, and who kills hundreds of them would
wait for little else. Each is a session of its own. Not here: any expectation.
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
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.architecture.sources import ROOT

_LONGEST = 900.0
#: What a night loads when it needs it. A process that is killed tells nobody what it has loaded.
_OF_A_NIGHT = ("pipelines.definitions", "polars", "duckdb", "openpyxl", "sqlalchemy")


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
    """Calls one command or program after the other.

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

    def program(
        self, program: str, words: tuple[object, ...], typed: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, as `python -c` does, and return all that it printed.

        Args:
            program: its text.
            words: its arguments.
            typed: its standard input.
            environment: all of it.
        """
        with tempfile.TemporaryDirectory() as folder:
            told, out, err = (Path(folder) / name for name in ("typed", "out", "err"))
            told.write_text(typed, encoding="utf-8")
            self._begin(
                words, program=program, typed=told, out=out, err=err, environment={**environment}
            )
            status = self._number(_LONGEST)
            printed = [one.read_text(encoding="utf-8", errors="replace") for one in (out, err)]
        return subprocess.CompletedProcess([*map(str, words)], status, *printed)

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

    def _begin(self, words: tuple[object, ...], **more: object) -> int:
        assert self._server.stdin
        usual = {"program": "", "typed": os.devnull, "out": self.log, "err": self.log}
        asked = {
            name: one if isinstance(one, dict) else str(one) for name, one in (usual | more).items()
        } | {"words": [str(word) for word in words]}
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


def run_ready(
    program: str, *words: object, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `python -c` does, in a process that has loaded ours.

    Args:
        program: its text.
        words: its arguments.
        typed: its standard input.
        environment: what it has beside the environment of the test.
    """
    return _of_this_process().program(program, words, typed, os.environ | environment)


@cache
def _of_this_process() -> Commands:
    """Commands for all tests of a process; the server ends when its standard input does."""
    return Commands(_server(subprocess.DEVNULL), Path(os.devnull))


@contextmanager
def ready_commands(log: Path) -> Iterator[Commands]:
    """Start the process that forks, and end it.

    Args:
        log: a file for what the commands print.
    """
    with log.open("ab") as opened:
        server = _server(opened.fileno())
    try:
        yield Commands(server, log)
    finally:
        assert server.stdin
        server.stdin.close()
        server.wait(_LONGEST)


def _server(errors: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from tests.ready_processes import serve; serve()"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def serve() -> None:
    """Fork for each line of standard input; say the process, and how it ended."""
    warnings.simplefilter("ignore")
    app = importlib.import_module("pipelines.cli.app")
    for name in _OF_A_NIGHT:
        importlib.import_module(name)
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
            _be_a_command(asked)
            status = _status_of(partial(_run, asked["program"]) if asked["program"] else app.main)
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


def _run(program: str) -> None:
    exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102


def _status_of(call: Callable[[], object]) -> int:
    try:
        call()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _be_a_command(asked: dict[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    opened = [
        os.open(asked["typed"], os.O_RDONLY),
        *(os.open(asked[name], flags, 0o600) for name in ("out", "err")),
    ]
    for there, here in enumerate(opened):
        os.dup2(here, there)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.argv = ["-c" if asked["program"] else "trappan", *asked["words"]]
    if "environment" in asked:
        os.environ.clear()
        os.environ.update(asked["environment"])
    # Each draws names of its own.
    random.seed()
