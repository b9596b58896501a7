"""The reader of SS12000 files within the test's own process, for tests that take many files.

What it reads and writes is what the process of its own does; its limits are not set. A start of
Python a file would make a property test take minutes. Not here: any expectation.
"""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from assets.exports.children.answers import NoAnswerError
from assets.exports.files.received import ReceivedFile
from assets.exports.ss12000 import json_child


class _Said:
    """What a process that has ended says to who started it."""

    def __init__(self, out: bytes, words: str, refusal: str) -> None:
        self._out = io.BytesIO(out)
        self._words, self._refusal = words, refusal

    def __enter__(self) -> _Said:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def line(self) -> bytes:
        return self._out.readline().removesuffix(b"\n")

    def end(self) -> str:
        if self._refusal:
            raise NoAnswerError(self._refusal)
        return self._words


def read_here(file: ReceivedFile, *arguments: str) -> Any:
    """Read a file as `json_files._answer` does, without a process."""
    out, words, refusal = io.BytesIO(), io.StringIO(), ""
    mine = SimpleNamespace(stdout=SimpleNamespace(buffer=out), stderr=words)
    json_child._Fields.has_twin = False
    with patch.object(json_child, "sys", mine), file.open() as content:
        try:
            json_child._read(content, json_child.load_shapes(), is_peek="peek" in arguments)
        except json_child.RefusedJson as error:
            refusal = str(error)
    return _Said(out.getvalue(), words.getvalue(), refusal)
