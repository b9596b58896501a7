"""Files that can't be read as a whole: kept under the home by hash, with the reason beside.

The copy's name is the hash, because a file's own name may name a pupil. Not here: rows that are
refused one by one (`row_problems`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def quarantine_file(home: Path, path: Path, sha256: str, reason: str) -> Path:
    """Copy a file into the home's quarantine and return the copy's path.

    Raises:
        OSError: no room or no permission.
    """
    folder = home / "quarantine"
    folder.mkdir(exist_ok=True)
    copy = _copy_path(home, sha256)
    beside = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.copyfile(path, beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(copy)
    copy.with_suffix(".reason.txt").write_text(reason + "\n", encoding="utf-8")
    return copy


def release_file(home: Path, sha256: str) -> None:
    """Remove the copy of a file that could be read after all."""
    copy = _copy_path(home, sha256)
    copy.unlink(missing_ok=True)
    copy.with_suffix(".reason.txt").unlink(missing_ok=True)


def _copy_path(home: Path, sha256: str) -> Path:
    return home / "quarantine" / f"{sha256}.file"
