"""Small files of the home that are there whole, or as they were before; and logs of lines.

Not here: the archive, which seals as it reads (`exports/files/archive.py`), and the key file, which
is replaced by a new key only (`key_file.py`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# A link in a log's place is not followed.
_TO_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


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


def append_line(path: Path, line: str) -> None:
    """Write a line at the end of a log that others write to, the owner's only.

    Raises:
        OSError: no room or no permission; then it is not there, or not whole.
    """
    while True:
        descriptor = os.open(path, _TO_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                # Old lines may have been let go meanwhile: then another file has the name.
                if os.path.samestat(os.fstat(log.fileno()), path.lstat()):
                    log.write(f"{line}\n".encode())
                    log.flush()
                    os.fsync(log.fileno())
                    return


def keep_lines(path: Path, is_kept: Callable[[bytes], bool]) -> None:
    """Leave of a log the lines that are kept; what others append meanwhile is not lost.

    Raises:
        OSError: no room or no permission; the log stands as it was.
    """
    with path.open("rb") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        lines = log.read().splitlines(keepends=True)
        write_whole(path, b"".join(line for line in lines if is_kept(line)))


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
