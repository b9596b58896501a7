"""Opening what others may write to: one open, no link followed, and nothing that waits.

Whoever may write to an inbox may put anything there, and something else a moment later. So what is
looked at is what was opened, never what has its name. Not here: the copy that is read from then on
(`spool.py`), what a file is (`received.py`).
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_OWN_FILES = Path("/proc/self/fd")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def open_regular(path: Path, below: Path | None = None) -> int:
    """Return a descriptor of a regular file with one name, to be read; nothing waits.

    Args:
        path: the file.
        below: the folder that was offered, which may be a link itself. No part of the path below
            it may be one. The file's own folder when None.

    Raises:
        OSError: it can't be opened, is no regular file, or has other names (hard links) through
            which it could be a file that the sender may not read.
    """
    if path.parent == _OWN_FILES:
        # What this process holds open itself stands under such a name, and that is a link.
        return _regular(os.open(path, _FILE), path)
    root = below or path.parent
    *folders, name = path.relative_to(root).parts
    at = os.open(root, _FOLDER)
    try:
        for folder in folders:
            inner = _opened_folder(folder, at)
            os.close(at)
            at = inner
        descriptor = os.open(name, _FILE | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)
    return _regular(descriptor, path, most_names=1)


def _opened_folder(name: str, at: int) -> int:
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise OSError(error.errno, "a folder on the way is none, or a link", name) from None
        raise


def _regular(descriptor: int, path: Path, most_names: int | None = None) -> int:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        # A pipe would never end, nor would a device.
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if most_names is not None and status.st_nlink > most_names:
        os.close(descriptor)
        raise OSError(
            errno.EMLINK,
            f"it has {status.st_nlink} names (hard links), so it may be another's file. Put a copy "
            "there",
            str(path),
        )
    return descriptor


def identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes with every change of a file: a modification time can be put back."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def identity_of(path: Path) -> tuple[int, ...] | None:
    """Return what changes with every change of the file that lies there; None when it is gone."""
    try:
        return identity(path.stat() if path.parent == _OWN_FILES else path.lstat())
    except OSError:
        return None
