"""Offered files into the lake: each ends in exactly one outcome, rows and ledger together.

Here: which files are new, in which order and in what batches they go. Not here: how a file is
read (`staging/`, `readers/`) and how rows replace rows (`storing/`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from assets.exports.batches.batch import ExportBatch
from assets.exports.batches.kinds import (
    StagedWork,
    Work,
    in_order,
    judge,
    kind_of,
    let_wait,
    staged_reports,
    staged_work,
    stored_reports,
)
from assets.exports.batches.prefetch import StagingConnection, staged_ahead
from assets.exports.erased_files import refuse_erased, settle_originals, wipe_erased, without_erased
from assets.exports.files.archive import Archive
from assets.exports.files.arrivals import Intake, Receipts, modification_time, still_arriving
from assets.exports.files.offered_files import InboxEntry, Offered, copy_reports, entries_in
from assets.exports.files.originals import opened_originals
from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.files.spool import CHANGED, OfferedPlace, Spool, own_folder
from assets.exports.ledger.entries import (
    KnownFile,
    awaiting_files,
    contents_by_time,
    forget_quarantined,
    forget_read,
    known_files,
    refuse_another_key,
    refuse_half_revoked,
    with_other_words,
    write_reports,
)
from assets.exports.ledger.held_files import HeldFiles, Quarantine
from assets.exports.ledger.outcomes import (
    FileOutcome,
    FileReport,
    held,
    left_alone,
    report_of,
    with_reason,
)
from assets.exports.readers.header_checks import UnreadProtectionError
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.readers.row_reader import Openings
from assets.exports.senders.releases import released_files
from assets.exports.senders.rights import refuse_objects
from assets.exports.senders.senders import NO_SENDER, Senders
from assets.exports.senders.senders_file import refuse_lost_senders
from assets.exports.stage_times import StageTimes
from assets.exports.storing.claims import drop_lost_claims, note_limited
from assets.exports.storing.removals import MassRemovalError
from assets.exports.storing.unread_columns import UnreadColumn, note_unread, unread_column
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer

Progress = Callable[[str, int, int], None]
#: Reads known files once more; called with them, and by number when they were received, UTC.
ReadAgain = Callable[[Sequence[ReceivedFile], Mapping[int, datetime]], list[FileReport]]


def ingest_paths(
    lake: Lake,
    paths: Iterable[Path],
    *,
    layouts: Sequence[Layout] | None = None,
    on_progress: Progress | None = None,
    intake: Intake | None = None,
    senders: Senders | None = None,
    times: StageTimes | None = None,
) -> list[FileReport]:
    """Take files into the lake and return what became of each, in the order offered.

    Running it again with the same files changes nothing. A file ends accepted, accepted in part,
    superseded, duplicate, quarantined, awaiting_release (it would remove or blank many lessons), or
    held (it is still being written to, changed while it was read, can't be opened, is a link or no
    regular file, or has the name of an unfinished or old copy: nothing of it is recorded and the
    next run looks again). What was released since is taken, also when nobody offers it any more.

    Args:
        lake: the lake.
        paths: files, or folders whose files are all taken.
        layouts: the layouts to try; the shipped ones when None.
        on_progress: called with a word, bytes done and bytes in all.
        intake: whether to wait for files that are arriving, and to keep originals; no wait when
            None.
        senders: who may speak of what; one sender with every right when None.
        times: takes how long each stage took.

    Raises:
        SendersError: files of named senders were taken, and there are none now.
        RevokeError: a file was being revoked, and what it had superseded is not all back.
        FileNotFoundError: a path isn't there.
        LakeError: another process keeps the lake locked.
        KeyFileError: the lake was written with another key.
    """
    senders = senders or Senders()
    with _run(lake, layouts, on_progress, intake, times=times, offering=senders) as run:
        return run.take(entries_in(paths), senders)


def read_again(
    lake: Lake, file: ReceivedFile, *, layouts: Sequence[Layout] | None = None
) -> FileReport:
    """Read a file that the ledger knows once more, in place of what was made of it before.

    When it can't be read now, the report is held or quarantined, and what was taken of it stays.

    Raises:
        LakeError: another process keeps the lake locked.
        KeyFileError: the lake was written with another key.
    """
    with reading_again(lake, layouts) as again:
        return again([file], {})[0]


@contextmanager
def reading_again(
    lake: Lake, layouts: Sequence[Layout] | None = None, may_lose: Collection[str] = ()
) -> Iterator[ReadAgain]:
    """Give a function that reads known files once more, in place of what was made of them.

    Nobody else writes meanwhile. The function takes files, and when they were received.

    Args:
        lake: the lake.
        layouts: of the home; the shipped ones when None.
        may_lose: layouts whose files hang on what others say: one of which every row is refused now
            loses what was taken of it. Of all others that stays.

    Raises:
        LakeError: another process keeps the lake locked.
        KeyFileError: the lake was written with another key.
    """
    with _run(lake, layouts, None, None) as run:
        run.may_lose = frozenset(may_lose)
        yield run.read_all_again


@contextmanager
def _run(
    lake: Lake,
    layouts: Sequence[Layout] | None,
    on_progress: Progress | None,
    intake: Intake | None,
    *,
    times: StageTimes | None = None,
    offering: Senders | None = None,
) -> Iterator[_Ingest]:
    with lake.writing():
        times = times or StageTimes()
        on_progress = on_progress or (lambda *_: None)
        with lake.reading():
            if offering is not None:
                refuse_lost_senders(lake, offering)
                refuse_half_revoked(lake)
            run = _Ingest(lake, layouts or shipped_layouts(), on_progress, intake, times)
            if offering is not None:
                refuse_erased(lake, run.sealer)
        try:
            yield run
            settle_originals(lake, run.archive, run.layouts, run.with_erased, run.rereading)
        finally:
            run.archive.close()
            shutil.rmtree(run.folder, ignore_errors=True)
    wipe_erased(lake, run.with_erased, run.snapshot_before)


class _Ingest:
    """One run over offered files."""

    def __init__(
        self,
        lake: Lake,
        layouts: Sequence[Layout],
        on_progress: Progress,
        intake: Intake | None,
        times: StageTimes,
    ) -> None:
        self.lake = lake
        self.times = times
        self.on_progress = on_progress
        self.sealer = Sealer.of_home(lake.settings.home)
        refuse_another_key(lake, self.sealer)
        self.waiting = HeldFiles(lake, self.sealer)
        self.staging = StagingConnection.first(lake, self.sealer, times)
        self.intake = intake or Intake()
        home = lake.settings.home
        keeps = self.intake.keeps_originals
        self.archive = Archive(home, self.sealer, is_on=keeps, times=times)
        self.quarantine = Quarantine(home, self.archive)
        now = self.intake.now()
        self.receipts = Receipts(home, now)
        self.began_at = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        self.folder = own_folder(home)
        self.openings = Openings(layouts, self.folder)
        self.spool = Spool(self.folder / "spool", self.archive, times=times)
        #: Of contents whose copy had to go before it was their turn.
        self.kinds: dict[str, str] = {}
        self.reports: dict[Path, FileReport] = {}
        self.known: dict[int, KnownFile] = {}
        self.unread: list[FileReport] = []
        self.unread_columns: list[UnreadColumn] = []
        self.received: Mapping[int, datetime] = {}
        #: Files that are read once more, whatever the ledger says of them.
        self.rereading: frozenset[int] = frozenset()
        self.may_lose: frozenset[str] = frozenset()
        self.layouts, self.snapshot_before, self.with_erased = layouts, lake.snapshot(), set[int]()

    def take(self, entries: Sequence[InboxEntry], senders: Senders) -> list[FileReport]:
        listed = [entry for entry in entries if not entry.is_quiet]
        self.reports |= {e.path: left_alone(e.path, e.why_not) for e in listed if e.why_not}
        from_whom = {e.path: senders.of(*e.place) for e in listed if not e.why_not}
        for path in (path for path, sender in from_whom.items() if sender is None):
            self.reports[path] = held(path, NO_SENDER)
        places = [entry.place for entry in listed if from_whom.get(entry.path) is not None]
        arriving = still_arriving([place.path for place in places], self.intake)
        for path in arriving:
            self.reports[path] = held(path, "it is still being written to")
        looked = self._look([place for place in places if place.path not in arriving])
        offered = Offered(
            replace(file, sender=from_whom[file.path] or file.sender) for file in looked
        )
        self.known = known_files(self.lake, self.sealer, list(offered.files))
        released = released_files(self.lake, senders)
        new = list(offered.to_read(self.known, released))
        with ExitStack() as opened:
            gone = released - set(offered.files)
            new += self._released_originals(opened, senders, gone)
            self._read(list(with_other_words(self.lake, self.sealer, new)))
        self._settle_copies(offered)
        quiet = [left_alone(entry.path, entry.why_not) for entry in entries if entry.is_quiet]
        self.waiting.note([*self.reports.values(), *quiet])
        return [self.reports[entry.path] for entry in listed]

    def _released_originals(
        self, opened: ExitStack, senders: Senders, file_ids: Collection[int]
    ) -> Iterator[ReceivedFile]:
        """Yield released files that nobody offers any more, from the archive."""
        waiting = awaiting_files(self.lake, self.sealer) if file_ids else []
        for file in (file for file in waiting if file.file_id in file_ids):
            sender = senders.still_named(file.sender)
            if sender is None or not self.archive.holds(file.sha256):
                continue
            folder = self.lake.settings.home / "tmp"
            original = opened_originals(self.archive, [(file, sender)], folder)
            (received,) = opened.enter_context(original)
            self.known |= known_files(self.lake, self.sealer, [file.file_id])
            yield replace(received, is_released=True)

    def read_all_again(
        self, files: Sequence[ReceivedFile], received: Mapping[int, datetime] | None = None
    ) -> list[FileReport]:
        """Read files that the ledger knows once more, in place of what was made of them before.

        Args:
            files: the files.
            received: when they were received, UTC, by number.
        """
        self.received = received or {}
        self.known = known_files(self.lake, self.sealer, [file.file_id for file in files])
        self.rereading = frozenset(file.file_id for file in files)
        # What was taken once is not asked again how much it removes; nor what a rebuild knows so.
        taken = {file_id for file_id, before in self.known.items() if before.is_settled}
        free = [replace(f, is_released=f.is_released or f.file_id in taken) for f in files]
        self._read([replace(f, is_read_again=f.file_id in self.known) for f in free])
        return [self.reports[file.path] for file in files]

    def _read(self, offered: Sequence[ReceivedFile]) -> None:
        work = in_order(self._with_kinds(offered))
        self._write_quarantined(self.lake)
        # In the order in which they are read, so that the first rows need not wait for all.
        self.archive.keep_ahead(file for piece in work for file in piece.files)
        total = sum(piece.size for piece in work) or 1
        done = 0
        with closing(staged_ahead(self.staging, work, self._stage, Work.lets_ahead)) as staged:
            self.on_progress("reading", done, total)
            for taken in staged:
                self._take(taken)
                done += taken.work.size
                self.on_progress("reading", done, total)
        self.on_progress("reading", total, total)

    def _look(self, places: Sequence[OfferedPlace]) -> Iterator[ReceivedFile]:
        times = [time for path, _ in places if (time := modification_time(path))]
        looked = self.spool.take_all(places, contents_by_time(self.lake, times))
        for index, (place, found) in enumerate(zip(places, looked, strict=True)):
            self.on_progress("looking", index, len(places))
            if isinstance(found, ReceivedFile):
                if self.spool.is_full:
                    self._make_room(found)
                yield self.receipts.dated(found)
            else:
                self.reports[place.path] = held(place.path, str(found))

    def _make_room(self, file: ReceivedFile) -> None:
        """Find out what a file holds while its copy is there, and let the copy go for now."""
        with suppress(UnreadableFileError, ChangedFileError):
            self.kinds[file.sha256] = kind_of(file, self.openings)
        self.spool.drop(file)

    def _kind_of(self, file: ReceivedFile) -> str:
        kind = self.kinds.get(file.sha256)
        if kind is None:
            self.spool.bring(file)
            kind = kind_of(file, self.openings)
        return kind

    def _with_kinds(self, files: Iterable[ReceivedFile]) -> Iterator[tuple[str, ReceivedFile]]:
        for file in files:
            try:
                if file.is_json:
                    refuse_objects(file)
                yield self._kind_of(file), file
            except UnreadProtectionError as error:
                column = unread_column(file, error, self.openings)
                self.unread_columns.append(column)
                self._quarantine(file, str(error))
            except UnreadableFileError as error:
                self._quarantine(file, str(error))
            except ChangedFileError as error:
                self.reports[file.path] = held(file.path, str(error))

    def _stage(self, staging: StagingConnection, work: Work) -> StagedWork:
        """Stage files of one kind, once their originals are kept; maybe in a thread of its own."""
        kept = [file for file in work.files if self._is_kept(file)]
        with self.times.of("reading" if work.kind == "lessons" else "rosters"):
            return staged_work(work, kept, staging, self.openings)

    def _take(self, taken: StagedWork) -> None:
        """Store what was staged, on its own connection only, and say what became of each file."""
        with self.times.of("storing" if taken.work.kind == "lessons" else "rosters"):
            self._take_staged(taken)

    def _take_staged(self, taken: StagedWork) -> None:
        judge(taken)
        staged = taken.staged
        for file, reason in staged.held.items():
            self.reports[file.path] = held(file.path, reason)
        for file, reason in staged.unreadable.items():
            self._quarantine(file, reason)
        while True:
            try:
                self._store_staged(taken)
                break
            except MassRemovalError as error:
                let_wait(taken, error)
        for file in taken.work.files:
            self.spool.drop(file)
        if taken.work.kind == "pupil_merges":
            self.staging.people.forget()
        self._write_quarantined(taken.lake)

    def _store_staged(self, taken: StagedWork) -> None:
        staged = taken.staged
        reports = staged_reports(taken, self.openings)
        stays = [report for report in reports if self._stays_as_before(report)]
        for report in stays:
            self._leave_as_before(report)
        files = [counts.file for counts in staged.counts if counts.report not in stays]
        self._store(taken.lake, taken.batch, files, [r for r in reports if r not in stays])

    def _store(
        self,
        lake: Lake,
        batch: ExportBatch,
        files: Sequence[ReceivedFile],
        taken: Sequence[FileReport],
    ) -> None:
        """Store staged rows and their ledger rows in one transaction."""
        for report in taken:
            if report.outcome == FileOutcome.QUARANTINED:
                self.quarantine.note(report.sha256, report.reason)
        reread = [report.file_id for report in taken if report.file_id in self.rereading]
        # What the ledger says already is not said again.
        again = {report.file_id for report in taken if self._is_settled(report.file_id)}
        unsaid = [r for r in taken if r.file_id not in again and not self._is_known_as(r)]
        written = [*unsaid, *(report for report in taken if report.file_id in again)]
        final: dict[Path, FileReport] = {report.path: report for report in taken}

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            self.staging.people.begin_keeping()
            if reread:
                forget_read(connection, lake, reread)
            note_limited(connection, files, self.began_at, self.rereading)
            superseded = batch.store(connection)
            self.with_erased |= without_erased(connection, lake, self.sealer, files)
            if reread:
                drop_lost_claims(connection)
            final.update(stored_reports(batch, taken, again, superseded))
            forget_quarantined(connection, written)
            final_reports = [final[report.path] for report in written]
            write_reports(connection, self.sealer, final_reports, self.received)
            batch.store_problems(connection, [r.file_id for r in unsaid if r.is_read])

        if written:
            lake.write(change)
            self.staging.people.note_kept()
        self.reports |= final
        for report in taken:
            if report.outcome != FileOutcome.QUARANTINED:
                self.quarantine.release(report.sha256)

    def _is_kept(self, file: ReceivedFile) -> bool:
        """Wait until the original is in the archive; hold a file that changed meanwhile."""
        reason = "" if self.archive.keep(file) else CHANGED
        try:
            self.spool.bring(file)
        except ChangedFileError as error:
            reason = reason or str(error)
        if reason:
            self.reports[file.path] = held(file.path, reason)
        return not reason

    def _quarantine(self, file: ReceivedFile, reason: str) -> None:
        """Keep a file that can't be read and say why; the next run tries it again."""
        if not self._is_kept(file):
            return
        report = with_reason(report_of(file, FileOutcome.QUARANTINED), reason)
        if self._stays_as_before(report):
            self._leave_as_before(report)
            return
        self.spool.drop(file)
        self.quarantine.note(file.sha256, reason)
        self.reports[file.path] = report
        if not self._is_known_as(report):
            self.unread.append(report)

    def _write_quarantined(self, lake: Lake) -> None:
        """Write the ledger rows of files that could not be read, all in one transaction."""
        reports, self.unread = self.unread, []
        unread = {report.file_id for report in reports}
        columns = [one for one in self.unread_columns if one.file.file_id in unread]
        self.unread_columns = []

        def change(connection: duckdb.DuckDBPyConnection) -> None:
            note_unread(connection, columns)
            forget_quarantined(connection, reports)
            write_reports(connection, self.sealer, reports)

        if reports:
            lake.write(change)

    def _settle_copies(self, offered: Offered) -> None:
        """Report files whose content is known, or came twice in this run.

        Only after the first of them is stored: a run that dies before must not leave word that
        the content is known.
        """
        repeated: list[FileReport] = []
        for report, is_new in list(copy_reports(offered, self.reports, self.known)):
            self.reports[report.path] = report
            if report.outcome == FileOutcome.DUPLICATE:
                self.quarantine.release(report.sha256)
            if is_new:
                repeated.append(report)
        if repeated:
            self.lake.write(lambda connection: write_reports(connection, self.sealer, repeated))

    def _stays_as_before(self, report: FileReport) -> bool:
        """Whether a file that is read once more gives less than it did before: nothing."""
        before = self.known.get(report.file_id)
        was_taken = before is not None and before.is_settled
        return (
            was_taken
            and report.file_id in self.rereading
            and report.outcome == FileOutcome.QUARANTINED
            and report.layout not in self.may_lose
        )

    def _leave_as_before(self, report: FileReport) -> None:
        reason = f"{report.reason} What was taken of it before stays."
        self.reports[report.path] = replace(report, outcome=FileOutcome.HELD, reason=reason)

    def _is_settled(self, file_id: int) -> bool:
        before = self.known.get(file_id)
        return before is not None and before.is_settled and file_id not in self.rereading

    def _is_known_as(self, report: FileReport) -> bool:
        before = self.known.get(report.file_id)
        if before is None or report.file_id in self.rereading:
            return False
        return (before.outcome, before.reason) == (str(report.outcome), report.reason)
