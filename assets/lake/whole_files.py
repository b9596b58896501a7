"""Small files of the home that are there whole, or as they were before.

Not here: the archive, which seals as it reads (`exports/files/archive.py`), and the key file, which
is replaced by a new key only (`key_file.py`).
"""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file beside its place and move it there, the owner's only; its folder is there.

    A process that is killed in between leaves the old content, and `.<name>.<process>` beside it.

    Args:
        path: the place.
        content: all of it.
        mode: of what is written for others too; whatever the umask is.

    Raises:
        OSError: no room or no permission; the old content stands.
    """
    beside = path.with_name(f".{path.name.removeprefix('.')}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let the disk have what was put in its place in a folder.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
