"""Files that may still be arriving: waited for once, and left to the next run when they changed.

Not here: what a file is (`received.py`), what becomes of it (`ingest.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from assets.exports.received import identity_of


@dataclass(frozen=True)
class Intake:
    """How files are taken.

    Attributes:
        settle_seconds: a file that was written to within so many seconds may still be arriving.
        keeps_originals: whether the original of every file goes into the archive.
        now: seconds since 1970.
        sleep: waits so many seconds.
    """

    settle_seconds: float = 0.0
    keeps_originals: bool = True
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def still_arriving(paths: Iterable[Path], intake: Intake) -> set[Path]:
    """Return the files that are being written to, after one wait for those that may be.

    A file whose time lies in the future (a clock that is a day off) says nothing of its age: it is
    waited for as one that was written just now, and taken when it did not change.
    """
    before: dict[Path, tuple[int, ...]] = {}
    longest = 0.0
    now = intake.now()
    for path in paths:
        modified = _modified(path)
        age = intake.settle_seconds if modified is None else max(now - modified, 0.0)
        seen = identity_of(path)
        if seen and age < intake.settle_seconds:
            before[path] = seen
            longest = max(longest, intake.settle_seconds - age)
    if not before:
        return set()
    intake.sleep(longest)
    return {path for path, seen in before.items() if identity_of(path) != seen}


def _modified(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None
