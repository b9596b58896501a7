"""One round of maintenance: what the promise does not cover goes, and small files become large.

In this order, because what one step replaces is what the next one deletes: snapshots go, files with
many deleted rows are written again, small ones are merged, and what nothing has needed for a day is
deleted. What this round replaced is deleted by the next one, so that a run or a question that began
before keeps its answer. Each step ends whole table by table; a round that was killed is followed by
one that does the rest, and a second one at once finds nothing to do.

Not here: how long what stays (`promise.py`), Dagster's history (`assets.py`), the steps
themselves (`assets/lake/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from assets.lake.connection import Lake
from assets.lake.past.snapshots import (
    expire_snapshots,
    files_only_of,
    kept_snapshots,
    unkept_snapshots,
)
from assets.lake.past.unneeded_files import (
    GRACE,
    lake_files,
    merge_small_files,
    rewrite_deleted_rows,
    unneeded_files,
)
from assets.lake.tables import TABLE_NAMES
from assets.upkeep.maintenance.promise import Promise, list_snapshots, since

#: Rows of the ledger know the snapshot that took a file, and would forget it.
_NOT_REWRITTEN = ("files",)
_TABLES = tuple(name for name in TABLE_NAMES if name not in _NOT_REWRITTEN)
_MEGA = 1_000_000

Step = Callable[[str], None]


@dataclass(frozen=True)
class Maintained:
    """What a round did, or would do.

    Attributes:
        snapshots_kept: that the promise covers.
        snapshots_gone: that it does not.
        files_before: data files that lay there.
        files_after: those that lie there now; the same where nothing was done.
        bytes_before: of `files_before`.
        bytes_after: of `files_after`.
        deleted: files that were deleted, or would be.
        deleted_bytes: of them.
        waiting: files that nothing needs and that wait for the next round.
        waiting_bytes: of them.
        kept_left_over: files that the catalog does not know, outside the home, which stay.
        promise: what was left for.
    """

    snapshots_kept: int
    snapshots_gone: int
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    deleted: int
    deleted_bytes: int
    waiting: int
    waiting_bytes: int
    kept_left_over: int
    promise: Promise

    def sentences(self, *, is_dry_run: bool = False) -> Iterator[str]:
        """Yield what is said of it."""
        verb = "would go" if is_dry_run else "went"
        yield (
            f"Snapshots: {self.snapshots_gone} {verb}, {self.snapshots_kept} are kept: "
            f"{self.promise.words}."
        )
        be = "would be" if is_dry_run else "were"
        yield (
            f"Files of the lake: {self.deleted} ({_megabytes(self.deleted_bytes)}) {be} deleted; "
            f"{self.files_after} ({_megabytes(self.bytes_after)}) lie there."
        )
        if self.waiting:
            yield (
                f"Of those, {self.waiting} ({_megabytes(self.waiting_bytes)}) are not needed any "
                "more, and go with the next maintenance: a run or a question may still read them."
            )
        if self.kept_left_over:
            yield (
                f"{self.kept_left_over} files in TRAPPAN_DATA_PATH are not known to the lake's "
                "catalog and stay: they may be another lake's, or left by a write that was "
                "stopped (docs/operators-maintenance.md)."
            )


def maintain(
    lake: Lake, promise: Promise, *, grace: timedelta = GRACE, on_step: Step | None = None
) -> Maintained:
    """Do one round.

    Args:
        lake: the lake.
        promise: what must be left.
        grace: how long a file that is not needed any more stays.
        on_step: is told what is done next.

    Raises:
        LakeError: something that is needed would be deleted, and was not; or another writer did
            not end in time. What was done before stays done.
    """
    tell = on_step or _nobody
    before = lake_files(lake)
    tell("snapshots")
    gone = unkept_snapshots(lake, since(lake, promise), list_snapshots(lake, promise))
    expire_snapshots(lake, gone)
    kept = len(kept_snapshots(lake))
    tell("files with deleted rows")
    rewrite_deleted_rows(lake, _TABLES)
    tell("small files")
    merge_small_files(lake)
    tell("files that nothing needs")
    deleted = unneeded_files(lake, grace=grace, delete=True)
    after, waiting = lake_files(lake), unneeded_files(lake, grace=timedelta(0))
    return Maintained(
        snapshots_kept=kept,
        snapshots_gone=len(gone),
        files_before=len(before),
        files_after=len(after),
        bytes_before=sum(before.values()),
        bytes_after=sum(after.values()),
        deleted=deleted.files,
        deleted_bytes=deleted.size_bytes,
        waiting=waiting.files,
        waiting_bytes=waiting.size_bytes,
        kept_left_over=waiting.kept_left_over,
        promise=promise,
    )


def look(lake: Lake, promise: Promise, *, grace: timedelta = GRACE) -> Maintained:
    """Say what a round would do; nothing changes.

    How much smaller merged files are is not known before; what would wait is what the snapshots
    that go alone need.

    Args:
        lake: the lake.
        promise: what must be left.
        grace: how long a file that is not needed any more stays.

    Raises:
        LakeError: DuckLake would delete a file that is needed.
    """
    there = lake_files(lake)
    gone = unkept_snapshots(lake, since(lake, promise), list_snapshots(lake, promise))
    with_them = files_only_of(lake, gone)
    due = unneeded_files(lake, grace=grace)
    waiting = unneeded_files(lake, grace=timedelta(0))
    return Maintained(
        snapshots_kept=len(kept_snapshots(lake)) - len(gone),
        snapshots_gone=len(gone),
        files_before=len(there),
        files_after=len(there),
        bytes_before=sum(there.values()),
        bytes_after=sum(there.values()),
        deleted=due.files,
        deleted_bytes=due.size_bytes,
        waiting=waiting.files - due.files + len(with_them),
        waiting_bytes=waiting.size_bytes
        - due.size_bytes
        + sum(there.get(name, 0) for name in with_them),
        kept_left_over=waiting.kept_left_over,
        promise=promise,
    )


def _nobody(_: str) -> None:
    """Nobody watches."""


def _megabytes(size: int) -> str:
    return f"{size / _MEGA:,.1f} MB"
