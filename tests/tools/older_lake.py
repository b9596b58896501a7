"""Make the small home of a lake of this program's form, which later programs are tried on.

`python -m tests.tools.older_lake` writes `tests/lakes/version-<n>.zip`: a home after two nights,
and what the program of then answered of it. All of it is an invented city's, so the key lies with
it. It needs nothing but the command line, so that it can be run in the checkout of an older program
too: `tests/lakes/README.md` says how. Not here: what is expected of an upgrade
(`tests/integration/test_upgrades.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

ROOT = Path.cwd()
LAKES = ROOT / "tests" / "lakes"
#: A city with hits of every rule, and its last day.
CITY = ("--pupils", "14", "--schools", "2", "--seed", "3", "--columns", "full")
SPAN = ("--from", "2026-08-17", "--to", "2026-10-04")
#: Questions whose answers an upgrade may not change.
QUESTIONS = (
    ("rates", "--month", "2026-09"),
    ("flags", "--as-of", "2026-10-04", "--all"),
    ("coverage", "--as-of", "2026-10-04"),
    ("rates", "--month", "2026-09", "--identities"),
)
#: Left out of the zip: made again, or no part of what is upgraded.
_LEFT_OUT = ("inbox/", "dagster/", "tmp/", "contracts/", "portal/")
_LEFT_OUT_TOO = (".xlsx", ".html")
_TRAPPAN = "from pipelines.command import main; main()"


def trappan(home: Path, *words: str) -> str:
    """Run a command of the checkout that one stands in, and return its standard output.

    Raises:
        RuntimeError: it did not end well.
    """
    settings = {
        "TRAPPAN_MENTOR_LISTS": "off",
        "TRAPPAN_SETTLE_SECONDS": "0",
        "TRAPPAN_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", _TRAPPAN, *words],
        env=os.environ | settings | {"TRAPPAN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 3}:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


def filled(home: Path) -> None:
    """Fill a home: two nights and a frozen week of an invented city."""
    inbox = home / "inbox"
    inbox.mkdir(parents=True, mode=0o700)
    trappan(home, "simulate", *CITY, *SPAN, "--out", str(inbox))
    trappan(home, "nightly", "--as-of", "2026-09-27")
    trappan(home, "publish", "--week", "2026-W39")
    trappan(home, "nightly", "--as-of", "2026-10-04")


def version_of(home: Path) -> str:
    """Return the version of a home's lake; a lake that says none is of the first."""
    with closing(sqlite3.connect(home / "lake" / "catalog.sqlite")) as catalog:
        found = catalog.execute(
            "SELECT value FROM ducklake_tag WHERE end_snapshot IS NULL "
            "AND value LIKE 'trappan schema %'"
        ).fetchone()
    return str(found[0]).split()[2] if found else "1"


def main() -> None:
    """Write the zip of this checkout's version."""
    folder = Path(tempfile.mkdtemp())
    try:
        home = folder / "home"
        filled(home)
        answers = [[*words, trappan(home, *words, "--format", "json")] for words in QUESTIONS]
        LAKES.mkdir(parents=True, exist_ok=True)
        target = LAKES / f"version-{version_of(home)}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            packed.writestr("answers.json", json.dumps(answers, ensure_ascii=False, indent=1))
            links = {}
            for path in sorted(home.rglob("*")):
                name = path.relative_to(home).as_posix()
                if path.is_symlink():
                    links[name] = str(path.readlink())
                elif (
                    path.is_file()
                    and not name.startswith(_LEFT_OUT)
                    and not name.endswith(_LEFT_OUT_TOO)
                ):
                    packed.write(path, f"home/{name}")
            # A zip knows no links, and the lists that are out are such.
            packed.writestr("links.json", json.dumps(links, indent=1))
        sys.stdout.write(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes\n")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
