"""A folder in memory for what tests write: `python -m tests.memory_folder` prints it, or nothing.

A test writes little and waits for the disk each time that a database commits: a whole run takes a
fifth longer on one. It is used where it can hold what a run leaves (half a gigabyte at most at a
time, seen) with much to spare, and where programs in it may be started, as tests do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its user's in it
#: Bytes that must be free: of the folder, and of the machine's memory beside the tests' own.
LEAST_FREE = 6 * 2**30
LEAST_MEMORY = 12 * 2**30


def memory_folder(folder: Path = FOLDER, available: Callable[[], int] | None = None) -> Path | None:
    """Return a folder in memory that tests may fill; None where there is none that fits.

    Args:
        folder: where it would be.
        available: says how many bytes of memory are free; the system's word when None.
    """
    try:
        state = os.statvfs(folder)
        memory = (available or _available)()
    except (OSError, AttributeError, StopIteration):
        return None
    fits = state.f_bavail * state.f_frsize >= LEAST_FREE and memory >= LEAST_MEMORY
    may_start = not state.f_flag & os.ST_NOEXEC
    return folder if fits and may_start and os.access(folder, os.W_OK | os.X_OK) else None


def _available() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024


if __name__ == "__main__":
    print(memory_folder() or "")
