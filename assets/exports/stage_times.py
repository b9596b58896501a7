"""Where the time of taking files in goes, by stage.

Stages go on beside each other, in threads, so what they took adds up to more than the run took. A
second is one stage's only: of what a stage does within another, the inner one has it. No personal
data: names of stages and seconds.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

#: In the order of a file's way. `looking` is reading, counting and copying a file's bytes;
#: `rosters` is everything about files that hold no lessons; `sums` are made once the files are in.
STAGES = ("looking", "hashing", "sealing", "reading", "keying", "storing", "rosters", "sums")

#: Begins the name of a stage's seconds in the metadata of a run.
SECONDS_OF = "seconds_"


class StageTimes:
    """Seconds of the clock by stage, of all threads of one run."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what is done within as a stage's; within `rosters` everything is that."""
        outer: str | None = getattr(self._thread, "stage", None)
        inner = outer if outer == "rosters" else stage
        self._turn_to(inner)
        try:
            yield
        finally:
            self._turn_to(outer)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count what is done within as no stage's: this thread waits for another."""
        outer: str | None = getattr(self._thread, "stage", None)
        self._turn_to(None)
        try:
            yield
        finally:
            self._turn_to(outer)

    def seconds(self) -> dict[str, float]:
        """Return what each stage took that took anything, in the order of `STAGES`."""
        with self._lock:
            taken = dict(self._seconds)
        return {stage: round(taken[stage], 2) for stage in STAGES if stage in taken}

    def _turn_to(self, stage: str | None) -> None:
        now = time.perf_counter()
        before: str | None = getattr(self._thread, "stage", None)
        if before is not None:
            with self._lock:
                self._seconds[before] += now - self._thread.since
        self._thread.stage, self._thread.since = stage, now
