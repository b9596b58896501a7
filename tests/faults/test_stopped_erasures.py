"""An erasure that is killed at any of its steps is ended by the next call, and no night goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.erasure import erase as erasing
from assets.upkeep.erasure.journal import Journal, unfinished
from assets.upkeep.erasure.whom import Child
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.erased_home import NUMBER, erase, offer_small
from tests.integration.test_erasure import found_in

ROOT = Path(__file__).resolve().parents[2]
#: Ends the process before, or after, a step has begun its work, as the machine would.
_KILLED = """
import os, signal, sys
from assets.upkeep.erasure import erase as erasing
number, after = int(sys.argv[2]), sys.argv[3] == "after"
def killed(home, journal, step=erasing.STEPS[number] if number < len(erasing.STEPS) else None):
    if after:
        step(home, journal)
    os.kill(os.getpid(), signal.SIGKILL)
if number < len(erasing.STEPS):
    steps = list(erasing.STEPS)
    killed.__name__ = steps[number].__name__
    steps[number] = killed
    erasing.STEPS = tuple(steps)
else:
    def gone(lake):
        if after:
            erasing_past(lake)
        os.kill(os.getpid(), signal.SIGKILL)
    erasing_past = erasing.expire_everything_but_now
    erasing.expire_everything_but_now = gone
sys.argv = ["trappan", "--home", sys.argv[1], "erase", "-"]
from pipelines.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a night of one pupil and another."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    offer_small(home)
    said = trappan("--home", home, "nightly", "--as-of", "2026-10-11")
    assert said.status in {0, 3}, said.err
    return home


def killed(home: Path, number: int, when: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(home), str(number), when],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=f"{NUMBER}\n",
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(len(erasing.STEPS) + 1))
def test_a_killed_erasure_is_ended_by_the_next_call(
    filled: Path, tmp_path: Path, number: int, when: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home, symlinks=True)
    assert killed(home, number, when) == -signal.SIGKILL
    (stopped,) = (home / "erasures").glob("*.unfinished")
    assert NUMBER.replace("-", "").encode() not in stopped.read_bytes()
    night = trappan("--home", home, "ingest", home / "inbox")
    assert night.status == 1
    assert "trappan erase --unfinished" in night.err
    ended = erase(home) if number % 2 else trappan("--home", home, "erase", "--unfinished")
    assert ended.status == 0, ended.err
    assert not list((home / "erasures").glob("*.unfinished"))
    assert found_in(home) == []
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(1,)]
        assert not lake.rows("SELECT 1 FROM files WHERE rows_read <> rows_accepted + rows_rejected")


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
