"""A night needs no network: a school's server may have none, and nothing tries to leave it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import AS_OF, SAMPLES

ROOT = Path(__file__).resolve().parents[2]
# A file or more of each kind and form.
OFFERED = (
    "elever_99999902*.csv",
    "lektionsfranvaro_99999901_2026-11*.csv",
    "lektionsfranvaro_99999902_2026-11*.xlsx",
    "manadssummor_99999904_2026-10*.csv",
    "nummerbyten_*.csv",
    "skolor_*.csv",
    "ss12000_*.json",
)
NIGHT = "import sys; from pipelines.cli import app as cli; sys.argv[0] = 'trappan'; cli.main()"
WITHOUT_NETWORK = ("unshare", "--map-root-user", "--net")


def is_permitted() -> bool:
    """Whether this user may make a network namespace: one with no way out, not even to itself."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not is_permitted(), reason="this user may not make a network namespace")
def test_a_night_without_any_network_gives_every_list(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for pattern in OFFERED:
        for path in (SAMPLES / "inbox").glob(pattern):
            shutil.copy2(path, inbox)
    home = tmp_path / "home"
    night = ("--home", home, "nightly", "--inbox", inbox, "--as-of", AS_OF)
    done = subprocess.run(
        [*WITHOUT_NETWORK, sys.executable, "-c", NIGHT, *map(str, night)],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list((home / "lists" / "current").glob("*/*.xlsx"))) == 4
