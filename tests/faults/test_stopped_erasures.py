"""An erasure that is killed at any of its steps is ended by the next call, and no night goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.erasure import erase as erasing
from assets.upkeep.erasure.journal import Journal, unfinished
from assets.upkeep.erasure.whom import Child
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.conftest import Said, trappan
from tests.integration.erased_home import NUMBER, OTHERS, erase, offer_small
from tests.integration.test_erasure import found_in
from tests.ready_processes import run_ready

#: Ends the process before, or after, a step has begun its work, as the machine would.
_KILLED = """
import os, signal, sys
from assets.upkeep.erasure import erase as erasing
number, after = int(sys.argv[2]), sys.argv[3] == "after"
def killed_at(step):
    def killed(*given):
        if after:
            step(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    killed.__name__ = step.__name__
    return killed
if number < len(erasing.STEPS):
    steps = list(erasing.STEPS)
    steps[number] = killed_at(steps[number])
    erasing.STEPS = tuple(steps)
else:
    name = ("expire_everything_but_now", "_keep_lasting_rows")[number - len(erasing.STEPS)]
    setattr(erasing, name, killed_at(getattr(erasing, name)))
sys.argv = ["trappan", "--home", sys.argv[1], "erase", "-"]
from pipelines.cli.app import main
main()
"""
#: Ends the process when it is about to move or remove its n-th file, whichever that is; told no n,
#: it says how many there were.
_KILLED_AT_A_FILE = """
import os, signal, sys
number = int(sys.argv[2])
seen = 0
def look(event, given):
    global seen
    if event in ("os.rename", "os.remove", "os.rmdir"):
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["trappan", "--home", sys.argv[1], "erase", "-"]
from pipelines.cli.app import main
sys.addaudithook(look)
try:
    main()
finally:
    print("files:", seen)
"""
_AFTER_STEPS = 2
#: Of all moments; TRAPPAN_ORACLE_EXAMPLES asks for more.
_TIMES = examples(2)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a night of one pupil and another."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    offer_small(home)
    said = trappan("--home", home, "nightly", "--as-of", "2026-10-11")
    assert said.status in {0, 3}, said.err
    return home


@pytest.fixture(scope="module")
def erased_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which another pupil of the same files was erased, with a lost lake beside."""
    home = tmp_path_factory.mktemp("before") / "home"
    offer_small(home, others=2)
    said = trappan("--home", home, "nightly", "--as-of", "2026-10-11")
    assert said.status in {0, 3}, said.err
    shutil.copytree(home / "lake", home / "lake.lost-1")
    said = erase(home, OTHERS[1])
    assert said.status == 0, said.err
    return home


@pytest.fixture(scope="module")
def files_moved(erased_before: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """So many files are moved or removed by an erasure in that home."""
    home = tmp_path_factory.mktemp("counted") / "home"
    shutil.copytree(erased_before, home, symlinks=True)
    done = run(_KILLED_AT_A_FILE, home, 0)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rpartition("files: ")[2])


def run(program: str, *words: object) -> subprocess.CompletedProcess[str]:
    return run_ready(program, *words, typed=f"{NUMBER}\n")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(len(erasing.STEPS) + _AFTER_STEPS))
def test_a_killed_erasure_is_ended_by_the_next_call(
    filled: Path, tmp_path: Path, number: int, when: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home, symlinks=True)
    assert run(_KILLED, home, number, when).returncode == -signal.SIGKILL
    (stopped,) = (home / "erasures").glob("*.unfinished")
    assert NUMBER.replace("-", "").encode() not in stopped.read_bytes()
    night = trappan("--home", home, "ingest", home / "inbox")
    assert night.status == 1
    assert "trappan erase --unfinished" in night.err
    ended = erase(home) if number % 2 else trappan("--home", home, "erase", "--unfinished")
    assert_ended(home, ended)


@pytest.mark.parametrize("time", range(_TIMES))
def test_one_killed_at_any_file_is_ended_by_the_next_call(
    erased_before: Path, files_moved: int, tmp_path: Path, time: int
) -> None:
    home = tmp_path / "home"
    shutil.copytree(erased_before, home, symlinks=True)
    # The first puts the note of what is to be done in its place: before it, nothing was begun.
    number = 2 + time * (files_moved - 2) // _TIMES
    assert run(_KILLED_AT_A_FILE, home, number).returncode == -signal.SIGKILL
    if list((home / "erasures").glob("*.unfinished")):
        assert trappan("--home", home, "ingest", home / "inbox").status == 1
        assert_ended(home, trappan("--home", home, "erase", "--unfinished"))
    else:
        assert_ended(home, erase(home))


def assert_ended(home: Path, ended: Said) -> None:
    assert ended.status == 0, ended.err
    assert not list((home / "erasures").glob("*.unfinished"))
    assert found_in(home) == []
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(1,)]
        assert not lake.rows("SELECT 1 FROM files WHERE rows_read <> rows_accepted + rows_rejected")
    verified = trappan("--home", home, "verify")
    assert verified.status == 0, verified.out


@pytest.mark.parametrize("place", [".incoming/7.zst.age", "ab/.left.zst.age", "lasting/.files.a.1"])
def test_what_a_killed_night_left_half_kept_goes_too(
    filled: Path, tmp_path: Path, place: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home, symlinks=True)
    left = home / "archive" / place
    left.parent.mkdir(exist_ok=True)
    like = "lasting/*.age" if "lasting" in place else "??/*.age"
    shutil.copy(min((home / "archive").glob(like)), left)
    ended = erase(home)
    assert not left.exists()
    assert_ended(home, ended)


def test_what_is_kept_of_an_unfinished_one_opens_for_its_home_only(tmp_path: Path) -> None:
    sealer = Sealer.of_home(tmp_path)
    child = Child(
        frozenset({sealer.key("pupil", "201203149800")}),
        frozenset({"201203149800"}),
        frozenset({("Åsa", "Öberg")}),
        True,
    )
    journal = Journal.begin(child)
    journal.originals = [{"sha256": "0" * 64}]
    journal.count("lists", 2)
    journal.tell("Do it by hand.")
    journal.keep(tmp_path, sealer)
    (path,) = (tmp_path / "erasures").iterdir()
    assert b"2012" not in path.read_bytes()
    assert unfinished(tmp_path, sealer) == [journal]
