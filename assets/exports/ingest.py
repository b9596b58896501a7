"""Offered files into the lake: each ends in exactly one outcome, rows and ledger together.

Here: which files are new, in which order and in what batches they go. Not here: how a file is
read (`staging.py`, `frames.py`) and how rows replace rows (`storing.py`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import duckdb

from assets.exports.batches import ExportBatch
from assets.exports.frames import open_rows
from assets.exports.layouts import Layout, shipped_layouts
from assets.exports.ledger import known_files
from assets.exports.lesson_batches import LessonBatch
from assets.exports.outcomes import FileReport, Outcome, judged, with_superseded
from assets.exports.people import People
from assets.exports.quarantine import quarantine_file, release_file
from assets.exports.received import ReceivedFile, UnreadableFileError, local_time, look_at
from assets.exports.rosters import RosterBatch
from assets.exports.staging import load_macros
from assets.exports.storing import write_reports
from assets.lake import Lake
from assets.sealing import Sealer

# So much CSV at a time: enough to keep DuckDB busy, little enough for its memory.
BATCH_BYTES = 192 << 20
# Rosters first, so that a night's lessons meet the night's register.
_KIND_ORDER = {"school_units": 0, "enrolments": 1, "lessons": 2}

Progress = Callable[[str, int, int], None]


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files that these paths offer: themselves, or all files below a folder.

    Hidden files, temporary names and README files are no exports and are left out.

    Raises:
        FileNotFoundError: a path isn't there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = (Path(root, name) for root, _, names in os.walk(path) for name in names)
            found += sorted(file for file in below if _is_export(file.relative_to(path)))
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(path)
    return found


def _is_export(path: Path) -> bool:
    if any(part.startswith((".", "~$")) for part in path.parts):
        return False
    return not path.name.upper().startswith("README")


def ingest_paths(
    lake: Lake,
    paths: Iterable[Path],
    *,
    layouts: Sequence[Layout] | None = None,
    on_progress: Progress | None = None,
) -> list[FileReport]:
    """Take files into the lake and return what became of each, in the order offered.

    Running it again with the same files changes nothing. A file ends accepted, accepted in part,
    superseded, duplicate, quarantined, or held (it changed while it was read, or can't be opened:
    nothing is recorded and the next run tries again).

    Args:
        lake: the lake.
        paths: files, or folders whose files are all taken.
        layouts: the layouts to try; the shipped ones when None.
        on_progress: called with a word, bytes done and bytes in all.

    Raises:
        FileNotFoundError: a path isn't there.
        LakeError: another process keeps the lake locked.
    """
    with lake.writing():
        run = _Ingest(lake, layouts or shipped_layouts(), on_progress or _silent)
        try:
            return run.take(files_in(paths))
        finally:
            shutil.rmtree(run.folder, ignore_errors=True)


def _silent(_word: str, _done: int, _total: int) -> None:
    return


class _Ingest:
    """One run over offered files."""

    def __init__(self, lake: Lake, layouts: Sequence[Layout], on_progress: Progress) -> None:
        self.lake = lake
        self.layouts = layouts
        self.on_progress = on_progress
        self.sealer = Sealer.of_home(lake.settings.home)
        self.people = People(lake, self.sealer)
        self.folder = lake.settings.home / "tmp" / str(os.getpid()) / "incoming"
        self.reports: dict[Path, FileReport] = {}
        load_macros(lake)

    def take(self, paths: Sequence[Path]) -> list[FileReport]:
        new = self._new_files(paths)
        ordered = sorted(new, key=lambda entry: (_KIND_ORDER[entry[1].kind], entry[0].path.name))
        total = sum(file.size for file, _ in ordered) or 1
        done = 0
        for kind, files in groupby(ordered, key=lambda entry: entry[1].kind):
            for batch in _batches([file for file, _ in files]):
                self.on_progress("reading", done, total)
                self._take_batch(kind, batch)
                done += sum(file.size for file in batch)
        self.on_progress("reading", total, total)
        return [self.reports[path] for path in paths]

    def _new_files(self, paths: Sequence[Path]) -> list[tuple[ReceivedFile, Layout]]:
        """Look at every file; settle those that are known or can't be read at all."""
        looked: list[ReceivedFile] = []
        for index, path in enumerate(paths):
            self.on_progress("looking", index, len(paths))
            try:
                looked.append(look_at(path))
            except OSError as error:
                self.reports[path] = _held(path, f"can't be opened: {error.strerror}")
        known = known_files(self.lake, self.sealer, [file.sha256 for file in looked])
        seen: set[str] = set()
        repeated: list[FileReport] = []
        new: list[tuple[ReceivedFile, Layout]] = []
        for file in looked:
            before = known.get(file.sha256)
            if file.sha256 in seen or (before and before.outcome != Outcome.QUARANTINED):
                report = replace(
                    _report(file, Outcome.DUPLICATE), reason="its content is known already"
                )
                self.reports[file.path] = report
                # The same file still lying in the inbox is no new receipt.
                if before is None or (file.path.name, file.modified_at) not in before.receipts:
                    repeated.append(report)
                continue
            seen.add(file.sha256)
            try:
                new.append((file, open_rows(file, self.layouts).header.match.layout))
            except UnreadableFileError as error:
                self.quarantine(file, str(error))
        if repeated:
            self.write(lambda connection: write_reports(connection, self.sealer, repeated))
        return new

    def _take_batch(self, kind: str, files: Sequence[ReceivedFile]) -> None:
        """Stage and store a batch of files of one kind."""
        batch: ExportBatch = (
            LessonBatch(self.lake, self.people, self.layouts, self.folder)
            if kind == "lessons"
            else RosterBatch(self.lake, self.people, self.layouts, kind)
        )
        outcome = batch.stage(files)
        for file, reason in outcome.unreadable.items():
            self.quarantine(file, reason)
        reports = [
            replace(
                _report(counts.file, Outcome.ACCEPTED),
                layout=counts.layout,
                period=counts.period,
                rows_read=counts.rows_read,
                rows_accepted=counts.rows_read - counts.rows_rejected,
                rows_rejected=counts.rows_rejected,
                rows_warned=counts.rows_warned,
                problems=counts.problems,
                reason=counts.reason,
            )
            for counts in outcome.counts
        ]
        self.finish(reports, {file.path: file for file in files}, batch.store)

    def finish(
        self,
        reports: Sequence[FileReport],
        files: dict[Path, ReceivedFile],
        store: Callable[[duckdb.DuckDBPyConnection], dict[int, int] | None],
    ) -> None:
        """Store staged rows and their ledger rows in one transaction."""
        taken: list[FileReport] = []
        for report in reports:
            file = files[report.path]
            if not file.is_unchanged():
                # Its rows were staged with the batch; the whole batch waits for the next run.
                self.reports |= {
                    other.path: _held(other.path, "a file changed while it was read")
                    for other in reports
                }
                return
            taken.append(judged(report))
        for report in taken:
            if report.outcome == Outcome.QUARANTINED:
                quarantine_file(
                    self.lake.settings.home, report.path, report.sha256, report.reason or ""
                )
        final: list[FileReport] = []

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            superseded = store(connection) or {}
            final[:] = [with_superseded(report, superseded) for report in taken]
            _forget_quarantined(connection, final)
            write_reports(connection, self.sealer, final)

        self.write(change)
        self.reports |= {report.path: report for report in final}
        for report in final:
            if report.outcome != Outcome.QUARANTINED:
                release_file(self.lake.settings.home, report.sha256)

    def quarantine(self, file: ReceivedFile, reason: str) -> None:
        """Keep a file that can't be read and say why; the next run tries it again."""
        report = replace(_report(file, Outcome.QUARANTINED), reason=reason)
        self.reports[file.path] = report
        before = known_files(self.lake, self.sealer, [file.sha256]).get(file.sha256)
        if before and before.reason == reason:
            return
        quarantine_file(self.lake.settings.home, file.path, file.sha256, reason)

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            _forget_quarantined(connection, [report])
            write_reports(connection, self.sealer, [report])

        self.write(change)

    def write(self, change: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        self.lake.write(change)


def _batches(files: Sequence[ReceivedFile]) -> Iterator[list[ReceivedFile]]:
    """Cut files, in order, into batches of about `BATCH_BYTES`."""
    batch: list[ReceivedFile] = []
    for file in files:
        batch.append(file)
        if sum(waiting.size for waiting in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _report(file: ReceivedFile, outcome: Outcome) -> FileReport:
    return FileReport(
        path=file.path,
        sha256=file.sha256,
        file_id=file.file_id,
        modified_at=file.modified_at,
        outcome=outcome,
        exported_at=file.exported_at,
    )


def _held(path: Path, reason: str) -> FileReport:
    status = path.stat() if path.exists() else None
    return FileReport(
        path=path,
        sha256="",
        file_id=0,
        modified_at=local_time(status.st_mtime if status else 0),
        outcome=Outcome.HELD,
        reason=f"{reason}. Nothing was read; the next run tries again.",
    )


def _forget_quarantined(
    connection: duckdb.DuckDBPyConnection, reports: Sequence[FileReport]
) -> None:
    """Take back what the ledger said of these files when they could not be read."""
    ids = {"ids": [report.file_id for report in reports]}
    mine = "file_id IN (SELECT unnest($ids::BIGINT[]))"
    known = connection.execute(
        f"SELECT count(*) FROM files WHERE {mine} AND outcome = 'quarantined'", ids
    ).fetchone()
    if known and known[0]:
        connection.execute(f"DELETE FROM row_problems WHERE {mine}", ids)
        connection.execute(f"DELETE FROM files WHERE {mine} AND outcome = 'quarantined'", ids)
