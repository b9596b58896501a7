"""Starting a process that reads a file from outside, and listening to it.

It gets the file as an open descriptor, no environment and no folder. What it answers is not
believed: it is counted as it comes, a line at a time, and a process that says too much, or is
silent for too long, is ended. Not here: what it gives up (`confine.py`), what its lines mean.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from assets.exports.children.limits import LONGEST_LINE, REFUSED, most_bytes
from assets.exports.files.received import ChangedFileError, ReceivedFile
from rules.errors import TrappanError

_CONFINE = Path(__file__).with_name("confine.py")
_BLOCK = 1 << 16
_LONGEST_REASON = 500


class NoAnswerError(TrappanError):
    """A file could not be read by its process; the message says why, without a word of the file."""


class ChildAnswer:
    """What a process says of a file, line by line. As a context it is ended when it is left.

    Args:
        script: the process, Python.
        arguments: its arguments; no word of the file is among them.
        file: read on its standard input.
        seconds: so long it is waited for in all.
        python: options of the interpreter.

    Raises:
        ChangedFileError: the file is gone.
    """

    def __init__(
        self,
        script: Path,
        arguments: Sequence[str],
        file: ReceivedFile,
        seconds: float,
        python: Sequence[str] = ("-I",),
    ) -> None:
        try:
            with file.open() as content:
                self._child = subprocess.Popen(  # noqa: S603 - no word of the file is an argument
                    [sys.executable, *python, str(script), *arguments],
                    stdin=content,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={},
                    cwd="/",
                )
        except OSError as error:
            raise ChangedFileError(f"can't be read: {error.strerror}") from None
        self._seconds = seconds
        self._most = self._left = most_bytes(file.size)
        self._held = bytearray()
        assert self._child.stdout is not None  # noqa: S101 - Popen was told to make it
        assert self._child.stderr is not None  # noqa: S101 - as above
        self._out: IO[bytes] = self._child.stdout
        self._error: IO[bytes] = self._child.stderr
        self._said = b""
        self._has_last_words = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.wait()
        self._out.close()
        self._error.close()

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._child.pid

    def line(self) -> bytes:
        """Return the next line without its end; empty when there is none.

        Raises:
            NoAnswerError: it is too long, too much was said, or nothing came for too long.
        """
        looked = 0
        while (end := self._held.find(b"\n", looked)) < 0:
            looked = len(self._held)
            if looked > LONGEST_LINE:
                raise NoAnswerError("a row of it is far longer than an export's")
            block = self._block()
            if not block:
                end = looked
                break
            self._held += block
        found = bytes(self._held[:end])
        del self._held[: end + 1]
        return found

    def copy_into(self, target: IO[bytes]) -> None:
        """Write all that is still to come into a file; raises what `line` raises."""
        target.write(self._held)
        self._held.clear()
        while block := self._block():
            target.write(block)

    def end(self) -> str:
        """Wait until it has ended, and return what it said last, on its standard error.

        Raises:
            NoAnswerError: it refused the file, or died of it.
        """
        while self._block():
            pass
        while self._hear(self._error):
            pass
        words = self._last_words()
        try:
            status = self._child.wait(max(self._seconds, 1))
        except subprocess.TimeoutExpired:
            raise NoAnswerError("it takes too long to unpack") from None
        if status == REFUSED:
            raise NoAnswerError(words)
        if status:
            raise NoAnswerError(
                "it needs more memory or time than an export does. Perhaps a text, a number or a "
                "nesting in it has no end"
            )
        return words

    def _block(self) -> bytes:
        """Return what comes next on its standard output; meanwhile its last words are heard.

        Who waits for one pipe only would wait for ever for a process that fills the other.
        """
        return self._hear(self._out)

    def _hear(self, wanted: IO[bytes]) -> bytes:
        """Return a block of one of its two pipes, empty at its end; all that it says counts.

        Raises:
            NoAnswerError: too much was said, or nothing came for too long.
        """
        while True:
            pipe = self._next(wanted)
            block = os.read(pipe.fileno(), _BLOCK)
            self._left -= len(block)
            if self._left < 0:
                raise NoAnswerError(
                    f"what stands in it is more than {self._most >> 20} MB, ten times what an "
                    "export of its size holds"
                )
            if pipe is self._error:
                self._has_last_words = not block
                self._said += block[: _LONGEST_REASON - len(self._said)]
            if pipe is wanted:
                return block

    def _next(self, wanted: IO[bytes]) -> IO[bytes]:
        """Return the pipe that has something; only the time that is spent waiting counts."""
        pipes = {wanted.fileno(): wanted}
        if not self._has_last_words:
            pipes[self._error.fileno()] = self._error
        poll = select.poll()
        for number in pipes:
            poll.register(number, select.POLLIN)
        begin = time.monotonic()
        ready = poll.poll(max(self._seconds, 0) * 1000)
        self._seconds -= time.monotonic() - begin
        if not ready:
            raise NoAnswerError("it takes too long to unpack")
        return pipes[ready[0][0]]

    def _last_words(self) -> str:
        text = self._said.decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def layers() -> dict[str, str]:
    """Return what holds a reader on this machine: of files, network and processes, by what.

    Raises:
        OSError: no process can be started.
    """
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-I", "-S", str(_CONFINE)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={},
        cwd="/",
        text=True,
    )
    found = (line.partition("\t") for line in done.stdout.splitlines())
    return {what: layer for what, _, layer in found}
