"""A disk that nobody may write to: the checkout for nights, the home for everything.

Everything is mounted read-only but the home, or the home is too: what `ProtectSystem=strict` of a
unit and `--read-only` of a container do. A permission would not do, because root may all the same.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.faults.supervised import TRAPPAN
from tests.faults.test_no_network import OFFERED
from tests.integration.conftest import AS_OF, SAMPLES

# Of this machine's memory, whoever runs the tests.
_OWN_TMP = "/dev/shm"  # noqa: S108
_MOUNTS = ("unshare", "--map-root-user", "--mount", "--propagation", "private")


def is_permitted() -> bool:
    """Whether this user may make a namespace of mounts, and a read-only one in it."""
    try:
        tried = subprocess.run(
            [*_MOUNTS, "mount", "-o", "remount,ro,bind", "/"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not is_permitted(), reason="this user may mount nothing")


def where_only(writable: Path | None, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line where nothing but a folder may be written to, and a /tmp of its own."""
    may = f"mount --bind {shlex.quote(str(writable))} {shlex.quote(str(writable))}"
    command = shlex.join([sys.executable, "-c", TRAPPAN, *map(str, words)])
    script = f"""
        {may if writable else ":"} && mount -o remount,ro,bind / || exit 90
        mount -t tmpfs -o mode=1777 none {_OWN_TMP} || exit 91
        (: > {shlex.quote(str(ROOT / "written"))}) 2> /dev/null && exit 92
        exec {command}
    """
    return subprocess.run(
        [*_MOUNTS, "sh", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": _OWN_TMP, "HOME": "/nonexistent",
             "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a night has filled, while nothing but it could be written to."""
    place = tmp_path_factory.mktemp("alone") / "home"
    (place / "inbox").mkdir(parents=True, mode=0o700)
    place.chmod(0o700)
    for pattern in OFFERED:
        for path in (SAMPLES / "inbox").glob(pattern):
            (place / "inbox" / path.name).write_bytes(path.read_bytes())
    said = where_only(place, "--home", place, "nightly", "--as-of", AS_OF)
    assert said.returncode == 0, said.stderr
    return place


def test_a_night_writes_into_its_home_only(home: Path) -> None:
    assert len(list((home / "lists" / "current").glob("*/*.xlsx"))) == 4
    assert (home / "dagster" / "dagster.yaml").read_bytes() == (ROOT / "dagster.yaml").read_bytes()


@pytest.mark.parametrize(
    "question",
    [("nightly", "--as-of", AS_OF), ("flags", "--as-of", AS_OF), ("files",)],
    ids=lambda words: str(words[0]),
)
def test_a_home_on_a_read_only_disk_is_refused_in_words_and_nothing_is_changed(
    home: Path, question: tuple[str, ...]
) -> None:
    """Questions too: they would need the lake's catalog, which SQLite locks by writing."""
    before = {path: path.lstat().st_mtime_ns for path in home.rglob("*")}
    said = where_only(None, "--home", home, *question)
    assert (said.returncode, said.stdout) == (1, "")
    assert "Read-only file system" in said.stderr
    assert "Traceback" not in said.stderr
    assert {path: path.lstat().st_mtime_ns for path in home.rglob("*")} == before
