"""The second Python that tests are run on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.tools.newest_python import ROOT, newest, supported


def stand_in(folder: Path, name: str, said: str, status: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{said}'\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_newest_that_starts_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is there and starts nothing, as those of pyenv, is passed by."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    stand_in(tmp_path, "python3.9", "3.9 /nine")
    stand_in(tmp_path, "python3.12", "3.12 /twelve")
    stand_in(tmp_path, "python3.13", "command not found", status=127)
    stand_in(tmp_path, "pyenv", "", status=1)
    assert newest(["3.9", "3.12", "3.13"]) == "/twelve"
    stand_in(tmp_path, "python3.13", "3.12 /twelve")  # a link to another version
    assert newest(["3.9", "3.12", "3.13"]) == "/twelve"
    stand_in(tmp_path, "python3.13", "3.13 /thirteen")
    assert newest(["3.9", "3.12", "3.13"]) == "/thirteen"
    assert newest(["2.7"]) is None


def test_versions_are_the_same_wherever_they_are_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (typed,) = re.findall(r"^TYPED := (.+)$", makefile, re.MULTILINE)
    assert typed.split() == supported()
    assert f'requires-python = ">={supported()[0]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert sys.version_info >= tuple(map(int, supported()[0].split(".")))
