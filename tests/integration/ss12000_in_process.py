"""The reader of SS12000 files within the test's own process, for tests that take many files.

What it reads and writes is what the process of its own does; its limits are not set. A start of
Python a file would make a property test take minutes. Not here: any expectation.
"""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from assets.exports.files.received import ReceivedFile
from assets.exports.ss12000 import json_child


class _Ended:
    """What a process that has ended looks like to who started it."""

    def __init__(self, out: bytes, words: str, status: int) -> None:
        self.stdout = io.BytesIO(out)
        self.stderr = io.BytesIO(words.encode())
        self._status = status

    def __enter__(self) -> _Ended:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def poll(self) -> int:
        return self._status

    def wait(self) -> int:
        return self._status


def read_here(file: ReceivedFile, *arguments: str) -> Any:
    """Read a file as `json_files._child` does, without a process."""
    out, words, status = io.BytesIO(), io.StringIO(), 0
    mine = SimpleNamespace(stdout=SimpleNamespace(buffer=out), stderr=words, modules={})
    json_child._Fields.has_twin = False
    with patch.object(json_child, "sys", mine), file.path.open("rb") as content:
        try:
            json_child._read(content, is_peek="peek" in arguments)
        except json_child.RefusedJson as error:
            words.write(str(error))
            status = json_child.REFUSED
    return _Ended(out.getvalue(), words.getvalue(), status)
