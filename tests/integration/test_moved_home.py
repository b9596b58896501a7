"""A home that was moved, or restored from a backup to another folder, is the same home."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.integration.conftest import AS_OF, SampleHome, trappan


def test_a_home_can_be_moved(sample_home: SampleHome, tmp_path: Path) -> None:
    asked = ("flags", "--as-of", AS_OF, "--format", "csv")
    before = trappan(*asked, "--home", sample_home.path)
    shutil.copytree(sample_home.path, tmp_path / "copy", symlinks=True)
    moved = (tmp_path / "copy").rename(tmp_path / "elsewhere")
    after = trappan(*asked, "--home", moved)
    assert (after.status, after.out) == (0, before.out)
    assert before.out.count("\n") > 10
    empty = tmp_path / "empty"
    empty.mkdir()
    night = trappan("nightly", "--inbox", empty, "--as-of", AS_OF, "--home", moved)
    assert night.status == 0, night.err
    assert trappan(*asked, "--home", moved).out == before.out
