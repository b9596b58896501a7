"""The lake made again from the originals of the archive, with its key and nothing else.

What the originals do not say was kept beside them (`lake/lasting_rows.py`): names, times and
senders of files, what people decided, what lists told. The new lake is made beside the place where
it will stand, in `HOME/lake.rebuild/`, through the ordinary ingest, many files at a time: in any
order files give one state. A rebuild that was stopped goes on with what it has. What was there of
a lake is put aside, never removed. Originals are opened without a name, so that a process that is
killed leaves none in clear.

Not here: sums, flags and lists, which the next night makes; texts of the portal, which are in its
own database.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from assets.exports.batches.kinds import KIND_ORDER, kind_of_layout
from assets.exports.files.archive import Archive
from assets.exports.files.originals import opened_originals
from assets.exports.files.removed import Removed, removed_by_decision
from assets.exports.ingest import Progress, reading_again
from assets.exports.ledger.entries import LedgerFile, taken_files
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.rereading import OtherFile, sent_by
from assets.exports.revoke import REVOKED_WHOLLY
from assets.exports.senders.senders import Senders
from assets.exports.storing.claims import HALF_REVOKED
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.lasting_rows import DECIDED, MET, TOLD, kept_rows
from assets.lake.settings import LakeError, LakeSettings, put_aside
from rules.errors import TrappanError

UNFINISHED = "lake.rebuild"
#: So many originals are open, in clear and without a name, at a time: a batch of the ingest.
_AT_ONCE = 256
#: So many bytes of them at most, unless one has more.
_BYTES_AT_ONCE = 256 << 20
#: Who was erased: their rows are refused here too.
_ERASED = "erasures"
_PAIRS = tuple(f"{number:02x}" for number in range(256))
#: Outcomes of which the ledger's own row is put back, because nothing is read of them.
_NOT_READ = ("duplicate", "revoked", "awaiting_release")
_SAME = ("layout", "rows_read", "rows_accepted", "rows_rejected")


class RebuildError(TrappanError):
    """The lake can't be made from the archive; the message says what is missing."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did.

    Attributes:
        read: files that were read.
        missing: hashes of files that were taken, and have no original any more, though the lake
            had something of them.
        unlike: hashes of files of which other rows were taken than the first time.
        unknown: originals of which nothing is known: they came in a run that was killed.
        seconds: that reading took.
    """

    read: int
    missing: tuple[str, ...]
    unlike: tuple[str, ...]
    unknown: tuple[str, ...]
    seconds: float


def rebuild_lake(
    settings: LakeSettings,
    *,
    layouts: Sequence[Layout] | None = None,
    senders: Senders | None = None,
    on_progress: Progress | None = None,
) -> Rebuilt:
    """Make the lake of a home again, and put it in the place of what is there.

    Args:
        settings: of the lake, which lies in the home.
        layouts: of the home; the shipped ones when None.
        senders: of the home; one with every right when None.
        on_progress: called with a word, files done and files in all.

    Raises:
        RebuildError: the lake is on servers, or nothing was kept beside the originals.
        RevokeError: a file's sender is not in senders.yaml any more.
        LakeError: another process writes.
        KeyFileError: the key is gone or another one.
    """
    if settings.catalog or settings.data_path:
        raise RebuildError(
            "The lake lies on servers (TRAPPAN_CATALOG, TRAPPAN_DATA_PATH). Expected one in the "
            "home. Restore it by the servers' own means."
        )
    home = settings.home
    if not (home / "pupil.key").exists():
        raise RebuildError(
            f"{home / 'pupil.key'} is not there. Nothing of the archive opens without it: put it "
            "back from where it is kept."
        )
    _keep_what_is_there(settings)
    ledger = kept_rows(home, Sealer.of_home(home), "files")
    if ledger is None:
        raise RebuildError(
            f"{home / 'archive' / 'lasting'} has no ledger: under which names and when the "
            "originals came is not known. Restore the home from a backup, or offer the files again."
        )
    with _alone(settings):
        beside = _beside(settings)
        rebuilt = _Rebuilding(beside, ledger, layouts, senders or Senders(), on_progress).run()
        put_aside(settings)
        (beside.home / "lake").replace(home / "lake")
        shutil.rmtree(beside.home)
    _keep_what_is_there(settings)
    return rebuilt


def _keep_what_is_there(settings: LakeSettings) -> None:
    """Let a lake that still opens keep the newest of what no original brings back."""
    try:
        with Lake.open(settings, to_look_over=True) as lake, lake.writing():
            # Kept when it is closed, because it had a turn.
            pass
    except LakeError:
        # Lost: that is what a rebuild is for.
        return


@contextmanager
def _alone(settings: LakeSettings) -> Iterator[None]:
    lock = FileLock(settings.home / "lake.lock", mode=0o600)
    try:
        lock.acquire(timeout=settings.lock_wait_seconds)
    except Timeout:
        raise LakeError(
            f"Another trappan process has been writing to {settings.home} for more than "
            f"{settings.lock_wait_seconds:.0f} seconds. Nothing was changed."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _beside(settings: LakeSettings) -> LakeSettings:
    """Make the home of the new lake: with links to key and originals, and nothing else."""
    home = settings.home / UNFINISHED
    beside = replace(settings, home=home, begins_anew=False)
    if not (home / "pupil.key").is_symlink():
        home.mkdir(exist_ok=True, mode=0o700)
        # Before the key: a home with a key and no lake has lost it.
        Lake.open(beside).close()
        archive = home / "archive"
        archive.mkdir(exist_ok=True, mode=0o700)
        for pair in _PAIRS:
            link = archive / pair
            if not link.is_symlink():
                link.symlink_to(Path("../../archive", pair))
        if (settings.home / _ERASED).exists():
            (home / _ERASED).symlink_to(Path("..", _ERASED))
        (home / "pupil.key").symlink_to("../pupil.key")
    return beside


class _Rebuilding:
    """One rebuild."""

    def __init__(
        self,
        beside: LakeSettings,
        ledger: pl.DataFrame,
        layouts: Sequence[Layout] | None,
        senders: Senders,
        on_progress: Progress | None,
    ) -> None:
        self.home, self.beside, self.ledger = beside.home.parent, beside, ledger
        self.sealer = Sealer.of_home(self.home)
        self.layouts, self.senders = layouts, senders
        self.on_progress = on_progress
        self.kinds = {layout.name: layout.kind for layout in layouts or shipped_layouts()}
        self.archive = Archive(self.home, self.sealer)
        self.missing: list[str] = []
        #: Of these nothing was in the lake any more when a decision on retention let them go.
        self.past: frozenset[str] = frozenset()
        self.seconds = 0.0

    def run(self) -> Rebuilt:
        try:
            with Lake.open(self.beside) as lake:
                self._put_back(lake, DECIDED)
                read = self._read(lake, self._files(lake))
                unlike = lake.write(lambda connection: self._put_ledger_back(connection, lake))
                self._put_back(lake, [table for table in TOLD if table != "files"], is_last=True)
                self._add_met(lake)
        finally:
            self.archive.close()
        return Rebuilt(
            read, tuple(sorted(self.missing)), unlike, self._unknown(), round(self.seconds, 1)
        )

    def _put_back(self, lake: Lake, tables: Sequence[str], *, is_last: bool = False) -> None:
        """Put kept rows into tables; before files are read only where nothing is yet."""
        frames = {table: kept_rows(self.home, self.sealer, table) for table in tables}

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            for table, rows in frames.items():
                is_empty = not lake.has_rows(f"lake.{table}")
                if rows is None or not (is_last or is_empty):
                    continue
                if not is_empty:
                    connection.execute(f"DELETE FROM lake.{table}")
                _insert(connection, table, rows)
            if is_last:
                # All was read with the pairs parted: nothing of them is left to be done.
                connection.execute(
                    "UPDATE lake.unmerged_pairs SET is_unfinished = false WHERE is_unfinished"
                )

        lake.write(change)

    def _add_met(self, lake: Lake) -> None:
        """Add numbers that only a file said of which nothing is read, such as a revoked one."""
        frames = {table: kept_rows(self.home, self.sealer, table) for table in MET}

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            for table, rows in frames.items():
                if rows is not None:
                    key = list(MET[table])
                    there = lake.frame(f"SELECT {', '.join(key)} FROM lake.{table}")
                    _insert(connection, table, rows.join(there, on=key, how="anti"))

        lake.write(change)

    def _files(self, lake: Lake) -> list[OtherFile]:
        """Return the files that have to be read, as a night would: rosters before lessons."""
        lake.load("kept_ledger", self.ledger)
        done = {file_id for (file_id,) in lake.rows("SELECT DISTINCT file_id FROM files")}
        outcomes = ("accepted", "accepted_in_part", "superseded", "quarantined")
        entries = _as_in_ledger(lake, self.sealer, outcomes)
        found = [entry for entry in entries if entry[0].file_id not in done]
        there = [entry for entry in found if self.archive.holds(entry[0].sha256)]
        lost = [file.sha256 for file, _ in found if not self.archive.holds(file.sha256)]
        folder = self.home / "archive"
        past = {one for one in lost if removed_by_decision(folder, one) == Removed.PAST}
        self.past = frozenset(past)
        self.missing = [one for one in lost if one not in past]
        others = sent_by(there, self.senders)
        last = len(KIND_ORDER)

        def order(other: OtherFile) -> tuple[int, datetime, str]:
            kind = kind_of_layout(other.file.layout, self.kinds)
            exported = other.file.exported_at or other.file.modified_at
            return KIND_ORDER.get(kind or "", last), exported, other.file.sha256

        return sorted(others, key=order)

    def _read(self, lake: Lake, others: Sequence[OtherFile]) -> int:
        begun = time.perf_counter()
        done = 0
        with reading_again(lake, self.layouts) as again:
            for some in _by_size(others, self.home):
                if self.on_progress:
                    self.on_progress("reading", done, len(others))
                pairs = [(other.file, other.sender) for other in some]
                with opened_originals(self.archive, pairs, self.beside.home / "tmp") as files:
                    taken = {
                        other.file.file_id
                        for other in some
                        if other.file.outcome != FileOutcome.QUARANTINED
                    }
                    received: Mapping[int, datetime] = {
                        other.file.file_id: other.received_at for other in some
                    }
                    reports = again(
                        [replace(f, is_released=f.file_id in taken) for f in files], received
                    )
                _refuse_held(reports)
                done += len(some)
        self.seconds = time.perf_counter() - begun
        return done

    def _put_ledger_back(
        self, connection: duckdb.DuckDBPyConnection, lake: Lake
    ) -> tuple[str, ...]:
        """Put the ledger's own rows back: of what was read as before, and of what is not read."""
        made = lake.frame("SELECT * FROM lake.files")
        before = self.ledger
        said = before.filter(~pl.col("outcome").is_in([*_NOT_READ, "quarantined"]))
        refused = before.filter(pl.col("outcome") == "quarantined")
        same = pl.concat(
            [
                said.join(made, on=["file_id", *_SAME], how="semi", nulls_equal=True),
                refused.join(made, on=["file_id", "outcome", "reason"], how="semi"),
            ]
        )
        # Known all the same, so that what still lies in an inbox is not taken as new.
        is_past = pl.col("file_sha256").is_in(list(self.past))
        unread = before.filter(pl.col("outcome").is_in(_NOT_READ) | is_past).with_columns(
            pl.when(pl.col("reason") == HALF_REVOKED)
            .then(pl.lit(REVOKED_WHOLLY))
            .otherwise(pl.col("reason"))
            .alias("reason")
        )
        # Of a file that has no original nothing was taken, so its copies are no copies.
        gone = set(self.missing)
        unread = unread.filter(
            ~((pl.col("outcome") == "duplicate") & pl.col("file_sha256").is_in(list(gone)))
        )
        kept = pl.concat([same, unread])
        fresh = (
            made.join(same, on="file_id", how="anti")
            .join(unread.filter(pl.col("outcome") != "duplicate"), on="file_id", how="anti")
            .filter(pl.col("outcome") != "duplicate")
        )
        connection.execute("DELETE FROM lake.files")
        _insert(connection, "files", kept)
        _insert(connection, "files", fresh.select(made.columns))
        unlike = fresh.join(said, on="file_id", how="semi")
        return tuple(sorted({*unlike["file_sha256"]} - self._without_erased(fresh, said)))

    def _without_erased(self, made: pl.DataFrame, before: pl.DataFrame) -> set[str]:
        """Return the files of which only rows of erased pupils are gone, refused when they came.

        Their originals have been rewritten since, so the rows are neither read nor refused again.
        """
        both = made.join(before, on=["file_id", "layout", "rows_accepted"], suffix="_before")
        gone = pl.col("rows_read_before") - pl.col("rows_read")
        as_refused = pl.col("rows_rejected_before") - pl.col("rows_rejected")
        shrunk = both.filter((gone > 0) & (gone == as_refused))["file_sha256"]
        return {one for one in shrunk if self.archive.was_rewritten(one) is not None}

    def _unknown(self) -> tuple[str, ...]:
        known = set(self.ledger["file_sha256"])
        found = {path.name.split(".")[0] for path in (self.home / "archive").glob("??/*.zst.age")}
        return tuple(sorted(found - known))


def _as_in_ledger(
    lake: Lake, sealer: Sealer, outcomes: Sequence[str]
) -> list[tuple[LedgerFile, datetime]]:
    """Return files of the kept ledger, with when they were received."""
    return taken_files(
        lake, sealer, outcomes, ledger="(SELECT *, 0 AS snapshot_id FROM kept_ledger)"
    )


def _by_size(others: Sequence[OtherFile], home: Path) -> Iterator[list[OtherFile]]:
    """Cut files into parts of which the originals may be open at once."""
    part: list[OtherFile] = []
    size = 0
    for other in others:
        sha256 = other.file.sha256
        # Sealed it is about a tenth: zstd goes before age.
        weight = 10 * (home / "archive" / sha256[:2] / f"{sha256}.zst.age").stat().st_size
        if part and (len(part) == _AT_ONCE or size + weight > _BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(other)
        size += weight
    if part:
        yield part


def _refuse_held(reports: Sequence[FileReport]) -> None:
    """Stop when a file could not be read now: a lake without it would be another one."""
    held = [report for report in reports if report.outcome == FileOutcome.HELD]
    if held:
        raise RebuildError(
            f"{len(held)} files could not be read now, the first {held[0].sha256[:12]}: "
            f"{held[0].reason}. Nothing was put in place; run the same command again."
        )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    if not rows.height:
        return
    connection.register("rows_to_put_back", rows)
    try:
        connection.execute(f"INSERT INTO lake.{table} BY NAME SELECT * FROM rows_to_put_back")
    finally:
        connection.unregister("rows_to_put_back")
