"""Files that can't be read as a whole: kept under the home by hash, with the reason beside.

The copy's name is the hash, because a file's own name may name a pupil. Not here: rows that are
refused one by one (`row_problems`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_CHUNK = 1 << 20


def quarantine_file(home: Path, path: Path, sha256: str, reason: str) -> bool:
    """Copy a file into the home's quarantine; False when it is no longer the file of that hash.

    Raises:
        OSError: no room or no permission in the home.
    """
    folder = home / "quarantine"
    folder.mkdir(exist_ok=True)
    copy = _copy_path(home, sha256)
    # One name for all attempts: what a killed one left is written over.
    beside = copy.with_name(f".{copy.name}")
    digest = hashlib.sha256()
    try:
        source = path.open("rb")
    except OSError:
        return False
    with source, beside.open("wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != sha256:
        beside.unlink()
        return False
    beside.replace(copy)
    copy.with_suffix(".reason.txt").write_text(reason + "\n", encoding="utf-8")
    return True


def release_file(home: Path, sha256: str) -> None:
    """Remove the copy of a file that could be read after all."""
    copy = _copy_path(home, sha256)
    copy.unlink(missing_ok=True)
    copy.with_suffix(".reason.txt").unlink(missing_ok=True)


def _copy_path(home: Path, sha256: str) -> Path:
    return home / "quarantine" / f"{sha256}.file"
