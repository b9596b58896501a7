"""A batch of SS12000 files of one resource: staged, then stored with what follows from them.

Not here: which files make a batch (`ingest.py`), the transaction (`lake.write`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.ss12000.derive import store_and_derive
from assets.exports.ss12000.json_files import JsonRows, resource_of
from assets.exports.ss12000.living import define_living
from assets.exports.ss12000.persons import Persons
from assets.exports.ss12000.resources import (
    AGGREGATES,
    AGGREGATES_KIND,
    BY_KIND,
    BY_NAME,
    DELETIONS,
    EMPTY_KIND,
)
from assets.exports.ss12000.staging import ObjectStage
from assets.exports.ss12000.words import prepare_words, refuse_repeated
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_WAITS = {
    "event": "wait for their calendar event",
    "person": "wait for their person",
    "deleted": "are of an event or person that was taken away",
    "untaught": "are of activities that are not teaching (Övrigt, Läraraktivitet)",
}
# By what is odd in an attendance: its warning.
_ODD = {
    "length": "validAbsenceMinutes.above_length",
    "absence": "attendanceMinutes.without_absence",
    "sum": "attendanceMinutes.sum_differs",
}


def kind_of(file: ReceivedFile) -> str:
    """Return the kind of a JSON file by what it holds.

    Raises:
        UnreadableFileError: no SS12000 file, or of a resource that is not kept.
        ChangedFileError: the file is gone.
    """
    name = resource_of(file)
    if name == AGGREGATES:
        return AGGREGATES_KIND
    if name == DELETIONS.name:
        return DELETIONS.kind
    return BY_NAME[name].kind if name else EMPTY_KIND


class EmptyBatch:
    """Files without an object: taken, and nothing follows."""

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Count nothing."""
        reason = "it holds no objects"
        counts = [FileCounts(file, EMPTY_KIND, 0, 0, 0, None, (), reason) for file in files]
        batch = StagedBatch(counts)
        changed = batch.hold_changed(files)
        batch.counts = [entry for entry in counts if entry.file.file_id not in changed]
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:  # noqa: ARG002
        """Store nothing."""
        return {}

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Store nothing."""


@dataclass
class _Waiting:
    """Attendances of a file that give no lesson, or none yet, and why."""

    counts: Counter[str]

    def in_words(self) -> str | None:
        said = [
            f"{self.counts[what]} {words}" for what, words in _WAITS.items() if self.counts[what]
        ]
        return f"attendances that give no lesson yet: {', '.join(said)}" if said else None


class ObjectBatch:
    """Stages and stores files of one resource.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keeps the sealer of the run.
        kind: `ss12000_<resource>`.
    """

    def __init__(self, lake: Lake, people: People, kind: str) -> None:
        self._lake = lake
        self._resource = BY_KIND[kind]
        self._problems = ProblemLog(lake, people.sealer, "object")
        self._persons = Persons(lake, people.sealer)
        self._stage = ObjectStage(lake, self._persons, self._problems, self._resource)
        define_living(lake)
        # Made by `stage`, which comes before everything else.
        self._arriving: TemporaryTable

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        staged = self._stage.stage(files)
        batch.unreadable, batch.held = staged.unreadable, staged.held
        fallen = batch.hold_changed(files)
        self._stage.forget(fallen)
        refuse_repeated(self._lake, self._resource, self._problems)
        waiting = self._waiting()
        self._arriving = prepare_words(self._lake, self._resource)
        batch.counts = [
            self._counts(reader, waiting[file_id])
            for file_id, reader in staged.readers.items()
            if file_id not in fallen
        ]
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the words in place of older ones; the caller holds the transaction."""
        return store_and_derive(
            connection, self._lake, self._resource, self._persons, self._arriving
        )

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused objects and warnings of these files."""
        self._problems.store(connection, file_ids)

    def _counts(self, reader: JsonRows, waiting: _Waiting) -> FileCounts:
        file_id = reader.file.file_id
        refused = self._problems.refused(file_id)
        pages = (
            "it has a pageToken, so it is one page of several: send the others too"
            if reader.has_more
            else None
        )
        said = [words for words in (pages, waiting.in_words()) if words]
        return FileCounts(
            file=reader.file,
            layout=self._resource.kind,
            rows_read=reader.objects,
            rows_rejected=refused,
            rows_warned=min(self._problems.warned(file_id), reader.objects - refused),
            period=None,
            problems=self._problems.shown(file_id),
            reason="; ".join(said) or None,
        )

    def _waiting(self) -> dict[int, _Waiting]:
        found: dict[int, _Waiting] = defaultdict(lambda: _Waiting(Counter()))
        if self._resource.name != "attendances":
            return found
        waiting = self._lake.materialise("exports/ss12000_waiting")
        for file_id, what, first, rows in self._lake.rows(
            f"SELECT file_id, waits_for, min(line_number), count(*) FROM {waiting} GROUP BY ALL"
        ):
            found[file_id].counts[what] = rows
            if what in _ODD:
                problem = RowProblem(_ODD[what], first, "", rows=rows, unit="object")
                self._problems.add(file_id, problem)
        return found
