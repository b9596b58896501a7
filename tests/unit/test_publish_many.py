"""A city's lists are written by several processes: all, in order, and none outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assets.watchlists.release import publish
from assets.watchlists.release.publish import (
    ListToPublish,
    Provenance,
    PublishError,
    publish_watchlists,
)
from tests.unit.watchlist_factory import watchlist

ROOT = Path(__file__).resolve().parents[2]
MADE_FROM = Provenance(7, "a" * 64, ({"sha256": "b" * 64, "rows_read": 3},))

DRIVER = """
import sys
from pathlib import Path
from tests.unit.test_publish_many import entries
from assets.watchlists.release.publish import publish_watchlists
if __name__ == "__main__":
    publish_watchlists(Path(sys.argv[1]), "current", entries(2000))
"""


def entries(count: int) -> list[ListToPublish]:
    one = watchlist()
    return [
        ListToPublish(replace(one, school_unit_code=str(99990000 + number)), MADE_FROM, one)
        for number in range(count)
    ]


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.watchlists.release.publish.os.cpu_count", lambda: 2)


def test_every_list_is_in_place_and_named_in_order(tmp_path: Path) -> None:
    told: list[int] = []
    wanted = entries(40)
    folders = publish_watchlists(tmp_path, "current", wanted, told.append)
    assert [folder.name for folder in folders] == [one.watchlist.school_unit_code for one in wanted]
    for folder in folders:
        shown = [path for path in folder.iterdir() if folder.name in path.name]
        assert sorted(path.suffix for path in shown) == [".html", ".xlsx"]
        assert (folder / "manifest.json").is_file()
    assert told[-1] == 40


def test_a_list_that_cannot_be_written_is_reported_and_the_others_keep_their_place(
    tmp_path: Path,
) -> None:
    wanted = entries(40)
    in_the_way = tmp_path / "lists" / ".versions" / "current" / "99990039"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(PublishError, match="school unit 99990039 could not be written"):
        publish_watchlists(tmp_path, "current", wanted)
    written = list((tmp_path / "lists" / "current").iterdir())
    assert written
    assert all((folder / "manifest.json").is_file() for folder in written)


def test_a_process_that_dies_is_reported_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the kernel does when memory is short.
    monkeypatch.setattr(publish, "publish_watchlist", _die)
    with pytest.raises(PublishError, match="ended before its time"):
        publish_watchlists(tmp_path, "current", entries(40))


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_no_process_outlives_one_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", DRIVER, tmp_path], cwd=ROOT)
    children: set[int] = set()
    lists = tmp_path / "lists" / "current"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (lists.is_dir() and any(lists.iterdir())):
        children |= _children(parent.pid)
        time.sleep(0.05)
    children |= _children(parent.pid)
    parent.kill()
    parent.wait()
    assert len(children) >= 2
    while time.monotonic() < deadline and any(map(_is_running, children)):
        time.sleep(0.1)
    assert not [child for child in children if _is_running(child)]


def _children(process: int) -> set[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except FileNotFoundError:
        return set()
    return set(map(int, text.split()))


def _is_running(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
