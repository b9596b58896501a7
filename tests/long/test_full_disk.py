"""A disk that is full at any size during a night: said, old lists stand, the next one is well."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from assets.watchlists.release.remembered import MANIFEST
from tests.benchmarks.hard_year import in_memory, room
from tests.integration.conftest import trappan
from tests.long.small_nights import copied, difference, night, prepared, state_of
from tests.ready_processes import Commands, ready_commands

SIZES = 12
_ENOUGH = "2g"
#: What is said of a disk without room, whoever meets it first.
_WORDS = ("full", "No space left on device", "could not be written", "no room")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, whose size can be set."""
    with in_memory(tmp_path / "disk") as can_be_full:
        if not can_be_full:
            pytest.skip("this user may mount nothing, so no disk is full")
        room(tmp_path / "disk", _ENOUGH)
        yield tmp_path / "disk"


def used(disk: Path) -> int:
    return shutil.disk_usage(disk).used


def most_used(disk: Path, commands: Commands, *words: object) -> tuple[int, int]:
    """Run a command; return its status, and the most that was used of the disk meanwhile, bytes."""
    most, is_over = used(disk), threading.Event()

    def look() -> None:
        nonlocal most
        while not is_over.wait(0.005):
            most = max(most, used(disk))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        return commands.run(*words).status, most
    finally:
        is_over.set()
        looking.join()


def content_of(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, and where each link leads."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_symlink()
    }


def test_a_night_on_a_disk_that_is_full_at_any_size_is_made_good(
    tmp_path: Path, disk: Path
) -> None:
    with ready_commands(tmp_path / "commands.log") as commands:
        waiting = prepared(tmp_path / "later", commands, "later")
        home = copied(waiting, disk / "clean")
        # Twice, for what the first of all nights loads.
        commands.run(*night(copied(waiting, tmp_path / "before")))
        at_first = used(disk)
        status, most = most_used(disk, commands, *night(home))
        assert status == 0, commands.log.read_text(errors="replace")[-3000:]
        clean = state_of(home)
        shutil.rmtree(home.parent)
        said: dict[int, str] = {}
        for number in range(SIZES):
            home = copied(waiting, disk / "home")
            old = content_of(home / "lists")
            more = (most - at_first) * number // SIZES
            room(disk, f"{(used(disk) + more) // 1024 + 4}k")
            begins = commands.log.stat().st_size
            status = commands.run(*night(home)).status
            words = commands.log.read_bytes()[begins:].decode(errors="replace")
            room(disk, _ENOUGH)
            where = f"{more // 1024} KiB more than before the night: status {status}: {words}"
            assert "Traceback" not in words, where
            if status == 0:
                # Less than the night before it needed was enough.
                said[more] = "came through"
            else:
                assert status == 1, where
                assert any(word in words for word in _WORDS), where
                said[more] = words.strip().splitlines()[-1]
            assert_old_or_new(home / "lists", old, where)
            assert commands.run(*night(home)).status == 0, where
            assert difference(state_of(home), clean) == {}, where
            assert trappan("--home", home, "verify").status == 0, where
            shutil.rmtree(home.parent)
    for more, words in said.items():
        print(f"{more // 1024:6} KiB: {words}")
    assert sum(words != "came through" for words in said.values()) >= SIZES * 2 // 3, said


def assert_old_or_new(lists: Path, old: dict[str, str], where: str) -> None:
    """Each list is as it was, byte for byte, or another one that is whole."""
    now = content_of(lists)
    links = [name for name in old if name.startswith(("current/", "20")) and "/" in name]
    assert links
    for name in links:
        place = lists / name
        if now.get(name) == old[name]:
            of_folder = (place.parent / old[name]).resolve().relative_to(lists.resolve()).as_posix()
            before = {file: said for file, said in old.items() if file.startswith(of_folder)}
            assert before
            assert {file: now.get(file) for file in before} == before, where
        else:
            assert name.startswith("current/"), where
            assert (place / MANIFEST).is_file(), where
