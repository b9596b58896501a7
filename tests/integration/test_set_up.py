"""`make setup-small` and `make ui-demo`, as somebody with a fresh clone calls them.

What `make setup` does is install some locks by hash. Here the programs that would fetch are made-up
ones that write down how they were called, so no test waits for a network.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
import requests

from tests.architecture.sources import ROOT
from tests.integration.conftest import trappan
from tests.integration.test_own_pages import daemons

OUTER_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV"}
NEEDED = ("Makefile", "pyproject.toml", "requirements-setup.lock", "requirements.lock")
SETUP, RUNS, DEV = "requirements-setup.lock", "requirements.lock", "requirements-dev.lock"
SECONDS_TO_START = 120
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


def make(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # The `make` that these tests may run in says nothing to this one.
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=place,
        env={name: value for name, value in os.environ.items() if name not in OUTER_MAKE},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project with its locks, and a .venv whose python and uv only write down their words."""
    place = tmp_path / "clone"
    (place / ".venv" / "bin").mkdir(parents=True)
    for name in (*NEEDED, DEV):
        shutil.copyfile(ROOT / name, place / name)
    for name in ("python", "uv"):
        program = place / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> called.txt\n', encoding="utf-8")
        program.chmod(0o700)
    return place


def called(place: Path) -> list[str]:
    """What was called since the last question."""
    log = place / "called.txt"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def locks(call: str) -> list[str]:
    return re.findall(r"requirements\S*\.lock", call)


def test_a_small_set_up_asks_for_the_locks_of_what_runs_by_hash(clone: Path) -> None:
    said = make(clone, "setup-small")
    assert said.returncode == 0, said.stderr
    pip, sync, project = called(clone)
    assert pip.startswith("python -m pip install")
    assert sync.startswith("uv pip sync")
    assert (locks(pip), locks(sync)) == ([SETUP], [SETUP, RUNS])
    assert all("--require-hashes" in call for call in (pip, sync))
    # The project itself has no lock: nothing may come with it, and nothing is fetched to build it.
    assert project == "uv pip install --quiet --no-deps --no-build-isolation --editable ."


def test_a_second_set_up_does_nothing_until_a_lock_is_newer(clone: Path) -> None:
    assert make(clone, "setup").returncode == 0
    called(clone)
    assert make(clone, "setup").returncode == 0
    assert called(clone) == []
    later = time.time() + 10
    os.utime(clone / RUNS, (later, later))
    assert make(clone, "setup").returncode == 0
    assert len(called(clone)) == 3


def test_a_small_set_up_takes_away_what_only_tests_need(clone: Path) -> None:
    assert make(clone, "dev").returncode == 0
    assert [locks(call) for call in called(clone)] == [[SETUP], [SETUP, RUNS, DEV], []]
    (clone / ".venv" / "bin" / "pytest").touch()
    later = time.time() + 10
    os.utime(clone / RUNS, (later, later))
    assert make(clone, "setup").returncode == 0
    assert locks(called(clone)[1]) == [SETUP, RUNS, DEV]
    # `uv pip sync` removes whatever no lock of its call names.
    assert make(clone, "setup-small").returncode == 0
    assert locks(called(clone)[1]) == [SETUP, RUNS]


def test_a_failed_set_up_is_tried_again(clone: Path) -> None:
    uv = clone / ".venv" / "bin" / "uv"
    works = uv.read_text(encoding="utf-8")
    uv.write_text("#!/bin/sh\necho no such host >&2\nexit 1\n", encoding="utf-8")
    said = make(clone, "setup")
    assert (said.returncode, "no such host" in said.stderr) == (2, True)
    uv.write_text(works, encoding="utf-8")
    called(clone)
    assert make(clone, "setup").returncode == 0
    assert len(called(clone)) == 3


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_the_pages_of_the_demo_show_its_home_and_run_nothing_in_it(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    (home / "inbox").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    assert trappan("--home", home, "nightly", "--as-of", "2026-11-15").status == 0
    port = free_port()

    process = subprocess.Popen(
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", "ui-demo", f"VENV={sys.prefix}",
         f"DEMO_HOME={home}", f"PORT={port}"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name not in OUTER_MAKE},
            "PYTHONPATH": str(ROOT),
        },
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stderr
        said = next((line for line in process.stderr if "http://" in line), "")
        assert f"Dagster's pages of {home}: http://127.0.0.1:{port}." in said
        assert process.stderr.readline() == "They only show. Beside them no schedule runs.\n"
        info = answer_of(f"http://127.0.0.1:{port}/server_info").json()
        assert info["dagster_webserver_version"] == dg.__version__
        assert "<html" in answer_of(f"http://127.0.0.1:{port}").text
        assert daemons(process.pid) == 0
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def test_pages_of_a_demo_that_was_never_made_say_what_to_run(tmp_path: Path) -> None:
    said = make(ROOT, "ui-demo", f"DEMO_HOME={tmp_path / 'none'}")
    assert said.returncode == 2
    assert said.stdout == "There is no demo yet. Run: make demo\n"


def answer_of(url: str) -> requests.Response:
    """Ask until something listens there."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            answer = requests.get(url, timeout=30)
            answer.raise_for_status()
            return answer
        time.sleep(0.2)
    raise AssertionError(f"nothing answered at {url}")
