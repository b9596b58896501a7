"""A batch of SS12000 files: objects and deletions staged, then stored with what follows from them.

The newest word about each object stays in its table; a deletion stands beside it, and takes it away
while it is not older. So the order of arrival leaves no trace, and what an object said of
protection holds. Views `living_…` are the tables without what was taken away; lessons and records
are derived from them. A school unit that was taken away stays: its lessons say their school by it.

Not here: which files make a batch (`batches/kinds.py`), the transaction (`lake.write`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import duckdb

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import FileReport, RowProblem, with_remark
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.ss12000.derive import Arriving, store_and_derive
from assets.exports.ss12000.json_files import JsonRows, resource_of
from assets.exports.ss12000.living import define_living
from assets.exports.ss12000.persons import Persons
from assets.exports.ss12000.resources import (
    AGGREGATES,
    AGGREGATES_KIND,
    BY_NAME,
    DELETIONS,
    EMPTY_KIND,
    RESOURCES,
    Resource,
)
from assets.exports.ss12000.staging import ObjectStage, begin_markings
from assets.exports.ss12000.words import prepare_words, refuse_repeated
from assets.exports.staging.staged_tables import load_offered
from assets.exports.storing.removals import Removals, watched
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_OTHERS = "of other resources, from which nothing follows here"
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


class ObjectBatch:
    """Stages and stores files of any resources: together, because objects point to each other.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keeps the sealer of the run.
        kinds: what `kind_of` said of each file, by number.
    """

    def __init__(self, lake: Lake, people: People, kinds: Mapping[int, str]) -> None:
        self._lake = lake
        self._kinds = kinds
        self._problems = ProblemLog(lake, people.sealer, "object")
        self._persons = Persons(lake, people.sealer)
        define_living(lake)
        self._removals = Removals(lake)
        self._stages: dict[Resource, ObjectStage] = {}
        self._taken: list[ReceivedFile] = []
        # Files that wait: whom they call protected is kept all the same.
        self._unstored: set[int] = set()
        self._remarks: dict[int, str] = {}
        # Made by `stage`, which comes before everything else.
        self._arriving: Arriving
        self._markings: TemporaryTable

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        lake, kinds = self._lake, self._kinds
        offered = load_offered(lake, files)
        self._markings = begin_markings(lake)
        readers: dict[int, JsonRows] = {}
        for resource in (*RESOURCES, DELETIONS):
            mine = [file for file in files if kinds[file.file_id] == resource.kind]
            if mine:
                stage = ObjectStage(lake, self._persons, self._problems, resource, self._markings)
                staged = stage.stage(mine, offered)
                readers |= staged.readers
                batch.unreadable |= staged.unreadable
                batch.held |= staged.held
                self._stages[resource] = stage
        fallen = batch.hold_changed(files)
        for resource, stage in self._stages.items():
            stage.forget(fallen)
            if resource is not DELETIONS:
                refuse_repeated(lake, resource, self._problems)
        left = [file for file in files if file.file_id not in fallen]
        batch.counts = [self._counts(file, readers.get(file.file_id)) for file in left]
        self._prepare(left)
        return batch

    def take_out(self, staged: StagedBatch, why: Mapping[int, str]) -> None:
        """Take out files that have to wait for a release, each with the reason."""
        for counts in [counts for counts in staged.counts if counts.file.file_id in why]:
            staged.counts.remove(counts)
            staged.awaiting[counts.file] = why[counts.file.file_id]
        for stage in self._stages.values():
            stage.take_out(sorted(why))
        self._unstored |= set(why)
        self._removals = Removals(self._lake)
        self._prepare([counts.file for counts in staged.counts])

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the words in place of older ones; the caller holds the transaction.

        Raises:
            MassRemovalError: files would remove too many lessons; the transaction has to end.
        """
        watching = partial(self._removals.watching, self._taken) if watched(self._taken) else None
        lost = store_and_derive(connection, self._lake, self._arriving, watching)
        self._removals.store(connection, [file.file_id for file in self._taken])
        self._note_waiting()
        return lost

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused objects and warnings of these files."""
        self._problems.store(connection, file_ids)

    def with_words(self, report: FileReport) -> FileReport:
        """Return a file's report with what is known of it once all words are stored."""
        file_id = report.file_id
        warned = min(self._problems.warned(file_id), report.rows_accepted)
        known = replace(report, rows_warned=warned, problems=self._problems.shown(file_id))
        return with_remark(known, self._remarks)

    def _prepare(self, files: Sequence[ReceivedFile]) -> None:
        """Find out what these files of the staged ones say together."""
        lake = self._lake
        self._taken = list(files)
        deletions = None
        if DELETIONS in self._stages:
            known = ", ".join(f"'{name}'" for name in BY_NAME)
            deletions = lake.make(
                "arriving_deletions",
                f"SELECT * EXCLUDE (line_number, problem, warning) FROM {DELETIONS.staged} "
                f"WHERE problem IS NULL AND resource_name IN ({known})",
            )
        self._arriving = Arriving(
            words={
                resource: prepare_words(lake, resource)
                for resource in self._stages
                if resource is not DELETIONS
            },
            deletions=deletions,
            markings=self._markings,
            persons=self._persons,
            files=frozenset(file.file_id for file in files) | self._unstored,
        )

    def _counts(self, file: ReceivedFile, reader: JsonRows | None) -> FileCounts:
        kind = self._kinds[file.file_id]
        if reader is None:
            return FileCounts(file, kind, 0, 0, 0, None, (), "it holds no objects")
        said = [self._taken_away(file.file_id)] if kind == DELETIONS.kind else []
        if reader.has_more:
            said.append("it has a pageToken, so it is one page of several: send the others too")
        refused = self._problems.refused(file.file_id)
        return FileCounts(
            file=file,
            layout=kind,
            rows_read=reader.objects,
            rows_rejected=refused,
            rows_warned=min(self._problems.warned(file.file_id), reader.objects - refused),
            period=None,
            problems=self._problems.shown(file.file_id),
            reason="; ".join(said) or None,
        )

    def _taken_away(self, file_id: int) -> str:
        found = Counter(
            dict(
                self._lake.rows(
                    f"SELECT resource_name, count(*) FROM {DELETIONS.staged} "
                    "WHERE file_id = $file_id AND problem IS NULL GROUP BY resource_name",
                    file_id=file_id,
                )
            )
        )
        said = [f"{found[name]} {name}" for name in BY_NAME if found[name]]
        others = found.total() - sum(found[name] for name in BY_NAME)
        said += [f"{others} {_OTHERS}"] if others else []
        return f"taken away at the source: {', '.join(said) or 'nothing'}"

    def _note_waiting(self) -> None:
        """Note which attendances give no lesson yet, and which are odd, now that all is stored."""
        self._remarks = {}
        if BY_NAME["attendances"] not in self._stages:
            return
        waiting = self._lake.materialise("exports/ss12000_waiting")
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        for file_id, what, first, rows in self._lake.rows(
            f"SELECT file_id, waits_for, min(line_number), count(*) FROM {waiting} GROUP BY ALL"
        ):
            counts[file_id][what] = rows
            if what in _ODD:
                problem = RowProblem(_ODD[what], first, "", rows=rows, unit="object")
                self._problems.note_stored(file_id, problem)
        for file_id, of_file in counts.items():
            said = [f"{of_file[what]} {words}" for what, words in _WAITS.items() if of_file[what]]
            if said:
                words = f"attendances that give no lesson yet: {', '.join(said)}"
                self._remarks[file_id] = words
