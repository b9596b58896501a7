"""Which kind a file is of, in which order kinds are taken, and what stages and stores each.

Not here: the run over the files (`ingest.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import duckdb

from assets.exports.batches.batch import ExportBatch, StagedBatch
from assets.exports.batches.lessons import LessonBatch
from assets.exports.batches.merges import MergeBatch
from assets.exports.batches.prefetch import StagingConnection
from assets.exports.batches.rosters import RosterBatch
from assets.exports.files.offered_files import batches
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import (
    FileOutcome,
    FileReport,
    awaiting,
    said_again,
    with_remark,
    with_superseded,
    with_waiting,
)
from assets.exports.pupils.people import People
from assets.exports.readers.row_reader import Openings
from assets.exports.ss12000 import batch as ss12000_batch
from assets.exports.ss12000.aggregates import AggregateBatch
from assets.exports.ss12000.batch import ObjectBatch
from assets.exports.ss12000.derive import derive_again
from assets.exports.ss12000.living import define_living
from assets.exports.ss12000.resources import AGGREGATES_KIND, BY_NAME
from assets.exports.ss12000.resources import KINDS as SS12000_KINDS
from assets.exports.ss12000.words import withdraw_words
from assets.exports.storing.removals import MassRemovalError
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

# Which numbers are one pupil comes first; rosters before lessons, so that a night's lessons meet
# the night's register; sums of SS12000 after the persons that they refer to.
KIND_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            "pupil_merges",
            "school_units",
            "school_breaks",
            "enrolments",
            *SS12000_KINDS,
            AGGREGATES_KIND,
            "aggregates",
            "lessons",
        )
    )
}
#: Layouts of SS12000 whose files are read row by row, as those of other senders.
READ_BY_ROW = frozenset({AGGREGATES_KIND})
#: Kinds of files of SS12000 that bear no roster record: records of others follow from them too.
WITHOUT_RECORDS = frozenset(SS12000_KINDS) - {BY_NAME["persons"].kind}
#: Kinds of files whose objects point to each other, and from which lessons and records follow.
OBJECT_KINDS = frozenset(SS12000_KINDS)
#: Files of all resources of SS12000, as one kind of work: they are stored together.
_OBJECTS = "ss12000"
# Storing these changes nothing that staging lessons asks about.
_LEAVE_STAGING = frozenset(("school_units", "school_breaks", "enrolments", "aggregates", "lessons"))


@dataclass(frozen=True)
class Work:
    """Files of one kind that are staged and stored together.

    Attributes:
        kind: of the files; one for SS12000 files of all resources.
        files: the files.
        kinds: what each file of SS12000 holds, by number.
    """

    kind: str
    files: tuple[ReceivedFile, ...]
    kinds: Mapping[int, str] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.size for file in self.files)

    def lets_ahead(self, following: Work) -> bool:
        """Whether the following files may be staged while these are stored.

        Only text is worth it: Python that reads a workbook row by row would wait for Python that
        stores.
        """
        is_text = not any(file.is_workbook for file in following.files)
        return following.kind == "lessons" and self.kind in _LEAVE_STAGING and is_text


@dataclass(frozen=True)
class StagedWork:
    """Work that is staged, and what stores it: on the connection that it was staged on."""

    work: Work
    lake: Lake
    batch: ExportBatch
    staged: StagedBatch


def in_order(files: Iterable[tuple[str, ReceivedFile]]) -> list[Work]:
    """Return files, each with its kind, as the work of a run."""
    ordered = sorted(files, key=lambda entry: (KIND_ORDER[entry[0]], entry[1].path.name))
    kinds = {file.file_id: kind for kind, file in ordered if kind in SS12000_KINDS}
    return [
        Work(kind, tuple(batch), kinds if kind == _OBJECTS else {})
        for kind, of_kind in groupby(ordered, key=lambda entry: _work_of(entry[0]))
        for batch in batches([file for _, file in of_kind], is_bulk=kind == "lessons")
    ]


def _work_of(kind: str) -> str:
    return _OBJECTS if kind in SS12000_KINDS else kind


def kind_of(file: ReceivedFile, openings: Openings) -> str:
    """Return the kind of a file.

    Raises:
        UnreadableFileError: no known kind.
        ChangedFileError: the file is gone.
    """
    if file.is_json:
        return ss12000_batch.kind_of(file)
    return openings.header(file).match.layout.kind


def kind_of_layout(layout: str | None, known: Mapping[str, str]) -> str | None:
    """Return the kind of files that were read with a layout; None when it is not there any more.

    Args:
        layout: as the ledger has it.
        known: kinds of the home's layouts, by name.
    """
    if layout in READ_BY_ROW:
        return "aggregates"
    return layout if layout in OBJECT_KINDS else known.get(layout or "")


def staged_work(
    work: Work,
    files: Sequence[ReceivedFile],
    staging: StagingConnection,
    openings: Openings,
) -> StagedWork:
    """Stage files of one kind on a connection.

    Args:
        work: what is staged.
        files: those of its files that can be read.
        staging: the connection, and the keys of pupils and staff.
        openings: headers and sheets of the run's files.
    """
    batch = _batch_of(work, staging.lake, staging.people, openings)
    return StagedWork(work, staging.lake, batch, batch.stage(files) if files else StagedBatch())


def judge(taken: StagedWork) -> None:
    """Find out which staged files can't be taken, or not yet, once what came before is stored."""
    # A batch whose files all went away before they were staged has no rows to judge.
    if isinstance(taken.batch, LessonBatch) and taken.staged.counts:
        taken.batch.judge_ids(taken.staged)
        taken.batch.judge_presence(taken.staged)
        taken.batch.judge_removals(taken.staged)


def staged_reports(taken: StagedWork, openings: Openings) -> list[FileReport]:
    """Return the reports of files that are to be stored, and of those that wait for a release."""
    reports = [counts.report for counts in taken.staged.counts]
    for file, reason in taken.staged.awaiting.items():
        layout = taken.work.kinds.get(file.file_id)
        reports.append(awaiting(file, layout or openings.header(file).match.layout.name, reason))
    return reports


def let_wait(taken: StagedWork, error: MassRemovalError) -> None:
    """Take files out that would have removed too many lessons; the rest can be stored then."""
    if isinstance(taken.batch, ObjectBatch):
        taken.batch.take_out(taken.staged, error.waiting)


def stored_reports(
    batch: ExportBatch,
    taken: Iterable[FileReport],
    again: Collection[int],
    superseded: dict[int, int],
) -> dict[Path, FileReport]:
    """Return what became of files whose rows were stored, by path.

    Args:
        batch: which stored them.
        taken: its files.
        again: of them those, by id, of which the ledger says all already.
        superseded: by file, rows that a newer file had superseded.
    """
    if isinstance(batch, ObjectBatch):
        taken = [batch.with_words(report) if report.is_read else report for report in taken]
    remarks = batch.remarks() if isinstance(batch, LessonBatch) else {}
    # Of SS12000 objects it is not said that they wait: one object is no row of a roster.
    waiting = batch.waiting if isinstance(batch, (LessonBatch, RosterBatch)) else {}
    return {
        report.path: said_again(report)
        if report.file_id in again
        else with_waiting(with_remark(with_superseded(report, superseded), remarks), waiting)
        for report in taken
        if report.outcome != FileOutcome.AWAITING_RELEASE
    }


def _batch_of(work: Work, lake: Lake, people: People, openings: Openings) -> ExportBatch:
    if work.kind == _OBJECTS:
        return ObjectBatch(lake, people, work.kinds)
    if work.kind == AGGREGATES_KIND:
        return AggregateBatch(lake, people)
    if work.kind == "pupil_merges":
        return MergeBatch(lake, people, openings)
    if work.kind == "lessons":
        return LessonBatch(lake, people, openings)
    return RosterBatch(lake, people, openings, work.kind)


def make_ready_to_derive(lake: Lake) -> None:
    """Define what `derive_objects_again` reads; before its transaction begins."""
    define_living(lake)


def derive_objects_again(
    connection: duckdb.DuckDBPyConnection, lake: Lake, pupils: TemporaryTable
) -> None:
    """Make again what follows from SS12000 objects of pupils whose keys changed.

    Args:
        connection: inside a transaction.
        lake: its lake.
        pupils: the keys, as `pupil_key`.
    """
    derive_again(connection, lake, pupils)


def withdraw_objects(connection: duckdb.DuckDBPyConnection, file_id: int) -> None:
    """Take away what a file of SS12000 said of objects, before all others are read again."""
    withdraw_words(connection, file_id)
