"""The newest Python of this machine that the project says it runs on, for a second run of tests.

Looked for on the PATH and among the versions of pyenv, whose commands stand on the PATH and start
nothing where no project has chosen them. `python -m tests.tools.newest_python` prints its path.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 20
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
_ASKED = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.executable)"


def supported() -> list[str]:
    """Return the versions that pyproject.toml names, the oldest first: `3.11`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (_CLASSIFIER.fullmatch(line) for line in project["classifiers"])
    return sorted((match[1] for match in found if match), key=_number)


def newest(versions: Iterable[str]) -> str | None:
    """Return the path of the newest of some versions that starts and can make a venv."""
    for version in sorted(versions, key=_number, reverse=True):
        for command in (f"python{version}", *_pyenv(version)):
            path = _started(command, version)
            if path:
                return path
    return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _pyenv(version: str) -> list[str]:
    if not shutil.which("pyenv"):
        return []
    names = _said("pyenv", "versions", "--bare").split()
    own = sorted(
        (name for name in names if re.fullmatch(rf"{re.escape(version)}\.\d+", name)), key=_number
    )
    return [f"{_said('pyenv', 'prefix', name).strip()}/bin/python" for name in reversed(own)]


def _started(command: str, version: str) -> str | None:
    found, _, path = _said(command, "-c", _ASKED).strip().partition(" ")
    return path if found == version else None


def _said(*command: str) -> str:
    """What a command prints; nothing where it is not there or fails."""
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout if said.returncode == 0 else ""


def main() -> None:
    """Print the newest one that is newer than the one that runs this; nothing where none is."""
    own = sys.version_info[:2]
    print(newest(version for version in supported() if _number(version) > own) or "")


if __name__ == "__main__":
    main()
