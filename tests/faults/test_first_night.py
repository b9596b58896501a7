"""Whatever is done in a home before its first night, the first night makes its lake.

A key alone tells of a lake that is lost: lists of one night would take its place. But the portal,
a pull and others make the key too, and an operator starts the portal when the home is new.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.key_file import NO_LAKE_YET
from assets.lake.settings import LakeError
from tests.conftest import settings_of
from tests.faults.supervised import TRAPPAN
from tests.integration.conftest import AS_OF, SAMPLES, trappan
from tests.integration.every_command import LOGGED, UNLOGGED, called

#: How those of `UNLOGGED` are called here; what serves for ever is played in a process.
WORDS: dict[str, tuple[object, ...]] = {
    "pull": (),
    "backfill": ("--from", "2026-11", "--to", "2026-11", "--plan"),
    "coverage": ("--as-of", AS_OF),
    "whatif": ("--as-of", AS_OF, "--set", "mentor_followup.threshold=15"),
    "reevaluate": ("--from", AS_OF, "--to", AS_OF),
    "backtest": ("--from", "2026-10-01", "--to", "2026-10-31"),
    "status": (),
    "doctor": (),
    "verify": (),
    "maintain": (),
    "upgrade": (),
    "rules show": (),
}
#: They need no home, or a file that is not there; or they serve.
ELSEWHERE = {
    *("simulate", "restore", "layout check", "layout new", "rules check", "rules diff"),
    *("ui", "daemon", "portal"),
}
SOURCES = "sources:\n  - name: skola\n    url: https://127.0.0.1:9/v2.0\n    senders: [skola]\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A new home with something to take in."""
    place = tmp_path / "home"
    (place / "inbox").mkdir(parents=True, mode=0o700)
    place.chmod(0o700)
    for pattern in ("skolor_*", "elever_99999901*"):
        for path in (SAMPLES / "inbox").glob(pattern):
            shutil.copy2(path, place / "inbox")
    return place


def test_each_command_is_tried_before_the_first_night() -> None:
    assert {*WORDS, *ELSEWHERE} == {*UNLOGGED}


@pytest.mark.parametrize("command", sorted({*LOGGED, *WORDS}))
def test_a_lake_can_be_made_whatever_was_asked_before(
    home: Path, tmp_path: Path, command: str
) -> None:
    (home / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    called(home, tmp_path / "none", command, (LOGGED | WORDS)[command], "ab" * 32)
    with Lake.open(settings_of(home)):
        assert not (home / NO_LAKE_YET).exists()


def test_the_portal_is_started_before_the_first_night(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPPAN_PORTAL_DEMO", "true")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [sys.executable, "-c", TRAPPAN, "--home", str(home), "portal", "--port", port]
    serving = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not (home / "pupil.key").exists() and time.monotonic() < until:
            time.sleep(0.1)
        assert (home / NO_LAKE_YET).exists()
        said = trappan("--home", home, "nightly", "--as-of", AS_OF)
    finally:
        serving.terminate()
        serving.wait()
    assert said.status in {0, 3}, said.err
    assert not (home / NO_LAKE_YET).exists()
    assert (home / "portal" / "static").is_dir()
    doctor = trappan("--home", home, "doctor").out
    assert re.search(r"^well +permissions", doctor, re.MULTILINE), doctor


def test_a_key_that_a_lake_was_made_with_tells_of_it_for_ever(home: Path) -> None:
    """Also where the key came first, and where all else of the home is gone."""
    Sealer.of_home(home)
    with Lake.open(settings_of(home)):
        pass
    shutil.rmtree(home / "lake")
    with pytest.raises(LakeError, match="is lost"):
        Lake.open(settings_of(home))


def test_a_key_that_is_copied_into_a_home_tells_of_a_lake(home: Path, tmp_path: Path) -> None:
    """As when somebody begins to restore and a night comes in between."""
    Sealer.of_home(tmp_path / "other")
    shutil.copy2(tmp_path / "other" / "pupil.key", home)
    with pytest.raises(LakeError, match="is lost"):
        Lake.open(settings_of(home))
