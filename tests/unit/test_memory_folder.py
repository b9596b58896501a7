"""Where tests write in memory: only where there is room, and where programs may be started."""

from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path

import pytest

from tests.memory_folder import LEAST_FREE, LEAST_MEMORY, memory_folder

_State = namedtuple("_State", "f_bavail f_frsize f_flag")


@pytest.mark.parametrize(
    ("free", "memory", "flag", "fits"),
    [
        (LEAST_FREE, LEAST_MEMORY, 0, True),
        (LEAST_FREE - 1, LEAST_MEMORY, 0, False),
        (LEAST_FREE, LEAST_MEMORY - 1, 0, False),
        (LEAST_FREE, LEAST_MEMORY, os.ST_NOEXEC, False),
    ],
)
def test_tests_write_in_memory_only_where_there_is_room_and_programs_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    memory: int,
    flag: int,
    *,
    fits: bool,
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: _State(free, 1, flag))
    assert memory_folder(tmp_path, lambda: memory) == (tmp_path if fits else None)


def test_where_there_is_none_the_usual_folder_is_used(tmp_path: Path) -> None:
    assert memory_folder(tmp_path / "nothing", lambda: LEAST_MEMORY) is None
