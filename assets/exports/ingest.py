"""Offered files into the lake: each ends in exactly one outcome, rows and ledger together.

Here: which files are new, in which order and in what batches they go. Not here: how a file is
read (`staging.py`, `frames.py`) and how rows replace rows (`storing.py`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

import duckdb

from assets.exports.batch_kinds import KIND_ORDER, batch_of, kind_of
from assets.exports.batches import ExportBatch
from assets.exports.frames import Openings
from assets.exports.layouts import Layout, shipped_layouts
from assets.exports.ledger import KnownFile, known_files
from assets.exports.offers import Offered, batches, files_in
from assets.exports.outcomes import FileReport, Outcome, judged, with_superseded
from assets.exports.people import People
from assets.exports.quarantine import quarantine_file, release_file
from assets.exports.received import (
    ChangedFileError,
    ReceivedFile,
    UnreadableFileError,
    local_time,
    look_at,
)
from assets.exports.staging import load_macros
from assets.exports.storing import write_reports
from assets.lake import Lake
from assets.sealing import Sealer

__all__ = ["Progress", "files_in", "ingest_paths"]

Progress = Callable[[str, int, int], None]


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
        self.openings = Openings(layouts)
        self.on_progress = on_progress
        self.sealer = Sealer.of_home(lake.settings.home)
        self.people = People(lake, self.sealer)
        self.folder = lake.settings.home / "tmp" / str(os.getpid()) / "incoming"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.reports: dict[Path, FileReport] = {}
        self.known: dict[str, KnownFile] = {}
        self.quarantined: list[FileReport] = []
        load_macros(lake)

    def take(self, paths: Sequence[Path]) -> list[FileReport]:
        offered = Offered(self._look(paths))
        hashes = list(offered.files)
        self.known = known_files(self.lake, self.sealer, hashes)
        new = list(self._with_kinds(offered.to_read(self.known)))
        self._write_quarantined()
        ordered = sorted(new, key=lambda entry: (KIND_ORDER[entry[0]], entry[1].path.name))
        total = sum(file.size for _, file in ordered) or 1
        done = 0
        for kind, files in groupby(ordered, key=lambda entry: entry[0]):
            for batch in batches([file for _, file in files]):
                self.on_progress("reading", done, total)
                self._take_batch(kind, batch)
                done += sum(file.size for file in batch)
        self._settle_copies(offered)
        self.on_progress("reading", total, total)
        return [self.reports[path] for path in paths]

    def _look(self, paths: Sequence[Path]) -> Iterator[ReceivedFile]:
        for index, path in enumerate(paths):
            self.on_progress("looking", index, len(paths))
            try:
                yield look_at(path)
            except OSError as error:
                self.reports[path] = _held(path, f"it can't be opened: {error.strerror}")

    def _with_kinds(self, files: Iterable[ReceivedFile]) -> Iterator[tuple[str, ReceivedFile]]:
        for file in files:
            try:
                yield kind_of(file, self.openings), file
            except UnreadableFileError as error:
                self._quarantine(file, str(error))
            except ChangedFileError as error:
                self.reports[file.path] = _held(file.path, str(error))

    def _take_batch(self, kind: str, files: Sequence[ReceivedFile]) -> None:
        """Stage and store a batch of files of one kind."""
        batch = batch_of(kind, self.lake, self.people, self.openings, self.folder)
        staged = batch.stage(files)
        for file, reason in staged.held.items():
            self.reports[file.path] = _held(file.path, reason)
        for file, reason in staged.unreadable.items():
            self._quarantine(file, reason)
        taken = [
            judged(
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
            )
            for counts in staged.counts
        ]
        self._store(batch, taken)
        self._write_quarantined()

    def _store(self, batch: ExportBatch, taken: Sequence[FileReport]) -> None:
        """Store staged rows and their ledger rows in one transaction."""
        home = self.lake.settings.home
        for report in taken:
            if report.outcome == Outcome.QUARANTINED:
                quarantine_file(home, report.path, report.sha256, report.reason or "")
        # What the ledger says already is not said again.
        again = {report.sha256 for report in taken if self._is_settled(report.sha256)}
        unsaid = [r for r in taken if r.sha256 not in again and not self._is_known_as(r)]
        written = [*unsaid, *(report for report in taken if report.sha256 in again)]
        final: dict[Path, FileReport] = {report.path: report for report in taken}

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            superseded = batch.store(connection)
            for report in taken:
                final[report.path] = (
                    _said_again(report)
                    if report.sha256 in again
                    else with_superseded(report, superseded)
                )
            _forget_quarantined(connection, unsaid)
            write_reports(connection, self.sealer, [final[report.path] for report in written])
            batch.store_problems(connection, [report.file_id for report in unsaid])

        if written:
            self.lake.write(change)
        self.reports |= final
        for report in taken:
            if report.outcome != Outcome.QUARANTINED:
                release_file(home, report.sha256)

    def _quarantine(self, file: ReceivedFile, reason: str) -> None:
        """Keep a file that can't be read and say why; the next run tries it again."""
        report = replace(_report(file, Outcome.QUARANTINED), reason=reason)
        if not quarantine_file(self.lake.settings.home, file.path, file.sha256, reason):
            self.reports[file.path] = _held(file.path, "it changed while it was read")
            return
        self.reports[file.path] = report
        if not self._is_known_as(report):
            self.quarantined.append(report)

    def _write_quarantined(self) -> None:
        """Write the ledger rows of files that could not be read, all in one transaction."""
        reports, self.quarantined = self.quarantined, []

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            _forget_quarantined(connection, reports)
            write_reports(connection, self.sealer, reports)

        if reports:
            self.lake.write(change)

    def _settle_copies(self, offered: Offered) -> None:
        """Report files whose content is known, or came twice in this run.

        Only after the first of them is stored: a run that dies before must not leave word that
        the content is known.
        """
        repeated: list[FileReport] = []
        for first, copy in offered.copies(set(self.reports)):
            before = self.known.get(copy.sha256)
            outcome = self.reports.get(first.path)
            if outcome is not None and outcome.outcome == Outcome.HELD:
                self.reports[copy.path] = _held(copy.path, "the same content was held just now")
                continue
            if outcome is not None and outcome.outcome == Outcome.QUARANTINED:
                self.reports[copy.path] = replace(
                    _report(copy, Outcome.QUARANTINED), reason=outcome.reason
                )
                continue
            said_at = outcome.exported_at if outcome else self._last_said(copy.sha256)
            report = replace(
                _report(copy, Outcome.DUPLICATE),
                exported_at=said_at,
                reason="its content is known already",
            )
            self.reports[copy.path] = report
            release_file(self.lake.settings.home, copy.sha256)
            # The same file still lying in the inbox is no new receipt.
            if before is None or (copy.path.name, copy.modified_at) not in before.receipts:
                repeated.append(report)
        if repeated:
            self.lake.write(lambda connection: write_reports(connection, self.sealer, repeated))

    def _last_said(self, sha256: str) -> datetime | None:
        before = self.known.get(sha256)
        return before.exported_at if before else None

    def _is_settled(self, sha256: str) -> bool:
        before = self.known.get(sha256)
        return before is not None and before.is_settled

    def _is_known_as(self, report: FileReport) -> bool:
        before = self.known.get(report.sha256)
        if before is None:
            return False
        return (before.outcome, before.reason) == (str(report.outcome), report.reason)


def _report(file: ReceivedFile, outcome: Outcome) -> FileReport:
    return FileReport(
        path=file.path,
        sha256=file.sha256,
        file_id=file.file_id,
        modified_at=file.modified_at,
        outcome=outcome,
        exported_at=file.exported_at,
    )


def _said_again(report: FileReport) -> FileReport:
    """Return the report of a known content that was exported anew: its rows count from then."""
    return replace(
        report,
        outcome=Outcome.DUPLICATE,
        rows_read=0,
        rows_accepted=0,
        rows_rejected=0,
        rows_warned=0,
        problems=(),
        reason="its content is known already; its rows now count from this later export",
    )


def _held(path: Path, reason: str) -> FileReport:
    try:
        modified = path.stat().st_mtime
    except OSError:
        modified = 0.0
    return FileReport(
        path=path,
        sha256="",
        file_id=0,
        modified_at=local_time(modified),
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
