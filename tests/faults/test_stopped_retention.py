"""A round of retention that is stopped at any of its steps is ended by the next one."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.exports.pupils.tombstones import TombstoneError
from assets.lake.connection import Lake
from assets.upkeep.retention import retain as retaining
from assets.upkeep.retention.decision import RetentionError
from tests.conftest import settings_of
from tests.integration.aged_home import clearing, copied, decided, found_in, lived
from tests.integration.conftest import trappan
from tests.ready_processes import run_ready

#: Steps, and what comes after them.
PLACES = [
    *(step.__name__ for step in retaining.STEPS),
    *("expire_everything_but_now", "keep_rows", "settle_ledger", "let_rows_go", "forget_ledger"),
]


#: Ends the process once a step has done its work, as the machine would.
_KILLED = """
import os, signal, sys
from pathlib import Path
from assets.lake.connection import Lake
from assets.upkeep.retention import retain as retaining
from tests.conftest import settings_of
from tests.integration.aged_home import clearing, decided
home, name = Path(sys.argv[1]), sys.argv[2]
real = getattr(retaining, name)
def killed(*given):
    real(*given)
    os.kill(os.getpid(), signal.SIGKILL)
killed.__name__ = name
retaining.STEPS = tuple(killed if one.__name__ == name else one for one in retaining.STEPS)
setattr(retaining, name, killed)
with Lake.open(settings_of(home)) as lake:
    retaining.retain(clearing(lake), decided())
"""


class StoppedError(BaseException):
    """The machine stops: nothing of ours catches it."""


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a pupil whose time is over."""
    return lived(tmp_path_factory.mktemp("stopped"))


def stopped_at(patch: pytest.MonkeyPatch, name: str, *, is_done: bool) -> None:
    """Let a round stop at a place, before it has begun or after it is done."""
    real: Callable[..., object] = getattr(retaining, name)

    def stops(*given: object) -> object:
        if is_done:
            real(*given)
        raise StoppedError

    stops.__name__ = name
    steps = [stops if step.__name__ == name else step for step in retaining.STEPS]
    patch.setattr(retaining, "STEPS", tuple(steps))
    patch.setattr(retaining, name, stops)


def stop(home: Path, name: str, *, is_done: bool) -> None:
    with pytest.MonkeyPatch.context() as patch, Lake.open(settings_of(home)) as lake:
        stopped_at(patch, name, is_done=is_done)
        with pytest.raises(StoppedError):
            retaining.retain(clearing(lake), decided())


def end(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        assert retaining.retain(clearing(lake), decided()) is not None


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", PLACES)
def test_a_round_that_is_stopped_is_ended_by_the_next(
    aged: Path, tmp_path: Path, name: str, *, is_done: bool
) -> None:
    home = copied(aged, tmp_path)
    stop(home, name, is_done=is_done)
    assert (home / "retention" / "unfinished.json").exists()
    end(home)
    assert found_in(home) == []
    assert [path.suffix for path in (home / "retention").iterdir()] == [".json"]
    assert not (home / "retention" / "unfinished.json").exists()
    with Lake.open(settings_of(home)) as lake:
        assert retaining.plan(clearing(lake), decided()).is_nothing
        assert lake.relation("checks/files_add_up").is_empty()
    shutil.rmtree(home)


@pytest.mark.parametrize("name", ["_the_originals", "_the_lake", "keep_rows"])
def test_a_round_that_is_killed_is_ended_by_the_next(aged: Path, tmp_path: Path, name: str) -> None:
    home = copied(aged, tmp_path)
    done = run_ready(_KILLED, home, name)
    assert done.returncode == -signal.SIGKILL, done.stderr
    end(home)
    assert found_in(home) == []
    with Lake.open(settings_of(home)) as lake:
        assert retaining.plan(clearing(lake), decided()).is_nothing


def test_nothing_goes_before_a_stopped_erasure_has_ended(aged: Path, tmp_path: Path) -> None:
    home = copied(aged, tmp_path)
    (home / "erasures").mkdir()
    (home / "erasures" / "20261001-0123abcd.unfinished").touch()
    with Lake.open(settings_of(home)) as lake, pytest.raises(TombstoneError):
        retaining.retain(clearing(lake), decided())
    assert found_in(home)


def test_a_damaged_note_of_a_stopped_round_is_named(aged: Path, tmp_path: Path) -> None:
    home = copied(aged, tmp_path)
    (home / "retention").mkdir()
    (home / "retention" / "unfinished.json").write_text("{")
    with Lake.open(settings_of(home)) as lake, pytest.raises(RetentionError, match="damaged"):
        retaining.retain(clearing(lake), decided())
    said = trappan("--home", home, "doctor").out
    assert "WRONG  retention: a round was stopped" in said
