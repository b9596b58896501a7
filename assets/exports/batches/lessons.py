"""A batch of lesson files: staged, judged beside each other, then stored.

Not here: which files make a batch (`ingest.py`), the transaction (`lake.write`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import only_absence
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import store_words
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.row_reader import Openings, RowReader
from assets.exports.staging.repeated_rows import settle_repeated_lessons
from assets.exports.staging.row_stage import RowStage
from assets.exports.staging.slot_ids import SlotIds
from assets.exports.staging.staged_tables import (
    begin_staging,
    find_shared,
    unstage,
)
from assets.exports.storing.coverage import find_coverage, note_missing, store_sendings
from assets.exports.storing.joined import (
    JoinedRows,
    join_lessons,
    unmet_remarks,
    withdraw_joined,
    without_presence,
)
from assets.exports.storing.lessons import (
    arriving_identities,
    keep_superseded_words,
    store_identities,
    store_lessons,
    store_side_words,
    store_staff,
)
from assets.exports.storing.removals import Removals, watched
from assets.exports.storing.snapshots import complete_files, find_snapshots, snapshot_reason
from assets.exports.storing.unread_columns import note_read
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.standing import waiting_lessons
from assets.lake.upsert import replace_older


class LessonBatch:
    """Stages one batch and stores it.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils and staff, shared by all batches of a run.
        openings: headers and sheets of the run's files.
    """

    def __init__(self, lake: Lake, people: People, openings: Openings) -> None:
        self._lake = lake
        self._people = people
        self._openings = openings
        self._problems = ProblemLog(lake, people.sealer)
        # Made by `stage`, which comes before everything else.
        self._ids: SlotIds
        self._lessons: TemporaryTable
        self._shared: TemporaryTable
        self._superseded: TemporaryTable
        self._arriving_lessons: TemporaryTable
        self._coverage: TemporaryTable
        self._contradicted: TemporaryTable
        self._joint: TemporaryTable
        self._joined: JoinedRows
        self._staged_counts = pl.DataFrame()
        #: By file, how many of its stored rows wait: their pupils are enrolled elsewhere.
        self.waiting: dict[int, int] = {}
        self._missing: dict[int, str] = {}
        self._removals = Removals(lake)
        # Layouts of files that wait: whom they call protected is kept all the same.
        self._unstored: dict[int, str] = {}
        self._headers: dict[int, FoundHeader] = {}
        self._readers: dict[int, RowReader] = {}
        self._arriving = pl.DataFrame()
        self._units = pl.DataFrame()

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        lake = self._lake
        staging = begin_staging(lake, "lessons", files)
        lessons = self._lessons = staging.rows
        self._ids = SlotIds(lake, lessons)
        stage = RowStage(lake, self._people, self._openings, self._problems, staging)
        staged = stage.stage(files)
        batch.unreadable, batch.held = staged.unreadable, staged.held
        self._headers = {file_id: reader.header for file_id, reader in staged.readers.items()}
        self._readers = staged.readers
        changed = batch.hold_changed(files)
        if changed:
            unstage(lake, lessons, changed)
        self._shared = find_shared(lake)
        self._key_repeated_slots()
        if settle_repeated_lessons(lake, self._problems, lessons):
            self._shared = find_shared(lake)
        self._staged_counts = lake.relation("exports/staged_file_counts")
        self._joined = JoinedRows(lake, lessons, staged.readers)
        if self._joined.rows is not None:
            self._shared = find_shared(lake)
        self._judge_rows()
        self._read_people()
        batch.counts = self._counts(files, batch)
        self._arriving_lessons = lake.define("exports/arriving_lessons")
        return batch

    def judge_ids(self, staged: StagedBatch) -> None:
        """Find out what the files' lesson ids are, and take out files that do not tell.

        Once every batch before is stored, and before this one is.

        Args:
            staged: what `stage` gave; files that can't be taken move to its `unreadable`.
        """
        changed, held = self._ids.judge(self._headers)
        staged.unreadable |= self._take_out(staged, held)
        if held or changed:
            self._shared = find_shared(self._lake)
            self._judge_rows()

    def judge_presence(self, staged: StagedBatch) -> None:
        """Take out files by which every pupil of a school would be absent all the time.

        Args:
            staged: what `stage` gave; files that can't be taken move to its `unreadable`.
        """
        counted = {row["file_id"]: row for row in self._staged_counts.iter_rows(named=True)}
        asked = [
            counts.file.file_id
            for counts in staged.counts
            if not counts.file.is_released
            and self._headers[counts.file.file_id].match.layout.holds is None
            and (row := counted.get(counts.file.file_id))
            and row["rows_absent"] >= row["rows_reported"] > 0
        ]
        held = without_presence(self._lake, self._lessons, asked)
        staged.unreadable |= self._take_out(staged, held)
        if held:
            self._shared = find_shared(self._lake)
            self._judge_rows()

    def judge_removals(self, staged: StagedBatch) -> None:
        """Take out files that would remove or blank too many lessons, once `judge_ids` is done.

        Args:
            staged: what `stage` gave; files that wait move to its `awaiting`.
        """
        while watched(files := [counts.file for counts in staged.counts]):
            complete = self._complete()
            waiting = self._removals.judge(
                files,
                arriving=self._arriving_lessons,
                coverage=self._coverage,
                snapshots=find_snapshots(self._lake, complete),
            )
            if not waiting:
                return
            self._unstored |= {key: self._headers[key].match.layout.name for key in waiting}
            staged.awaiting |= self._take_out(staged, waiting)
            self._shared = find_shared(self._lake)
            self._judge_rows()

    def _take_out(self, staged: StagedBatch, why: Mapping[int, str]) -> dict[ReceivedFile, str]:
        """Take files out of the batch, and return them, each with the reason."""
        out = [counts for counts in staged.counts if counts.file.file_id in why]
        for counts in out:
            staged.counts.remove(counts)
            self._headers.pop(counts.file.file_id)
        if out:
            unstage(self._lake, self._lessons, sorted(why))
        return {counts.file: why[counts.file.file_id] for counts in out}

    def remarks(self) -> dict[int, str]:
        """Return what is to be said of files once they are stored, by file id."""
        said = self._ids.remarks()
        return said | {
            file_id: f"{said[file_id]}; {text}" if file_id in said else text
            for file_id, text in self._missing.items()
        }

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows into the lake and return superseded rows per file."""
        complete = self._complete()
        self._ids.store(connection)
        arriving = self._arriving_lessons
        keep_superseded_words(self._lake, self._lessons, self._superseded, arriving)
        days = self._lake.materialise("exports/covered_days", has_ids=self._has_ids())
        withdraw_joined(connection, f"SELECT lesson_date FROM {days}")
        superseded = store_lessons(
            connection, self._lake, complete, arriving=arriving, days=days, keeps_moved=True
        )
        store_side_words(connection, self._contradicted, self._joint)
        for file_id, rows in self._lake.rows(
            f"SELECT file_id, count(*) FROM {self._superseded} GROUP BY file_id"
        ):
            superseded[file_id] = superseded.get(file_id, 0) + rows
        store_staff(connection, self._people)
        by_source: dict[str, list[int]] = defaultdict(list)
        for file_id, header in self._headers.items():
            by_source[header.match.layout.name].append(file_id)
        for layout, ids in by_source.items():
            mine = _of_files(self._arriving, ids)
            loose = [word for file_id in ids for word in self._readers[file_id].loose_words]
            store_words(connection, self._people, mine, layout, loose)
            marked = [key for key in ids if self._headers[key].match.says_protection]
            note_read(connection, layout, mine, files=ids, with_column=marked)
            sealed = self._people.sealed_identities(mine, layout, is_roster=False)
            store_identities(connection, sealed)
            units = _of_files(self._units, ids).with_columns(layout=pl.lit(layout))
            replace_older(connection, "school_units", units, ("school_unit_code", "layout"))
        for file_id, layout in self._unstored.items():
            mine = _of_files(self._arriving, [file_id])
            protects = mine.with_columns(says_not_protected=pl.lit(value=False))
            store_words(
                connection, self._people, protects, layout, self._readers[file_id].loose_words
            )
        self._removals.store(connection, list(self._headers))
        self._missing = note_missing(
            connection,
            self._lake,
            self._people.sealer,
            self._headers,
            coverage=self._coverage,
            are_read_again=any(reader.file.is_read_again for reader in self._readers.values()),
        )
        store_sendings(connection, self._lessons, self._coverage)
        refused = {file_id: self._problems.refused(file_id) for file_id in self._headers}
        self._joined.store(connection, self._headers, refused)
        join_lessons(connection, self._lake)
        self._note_unmet()
        # Last: by now it is known who is protected.
        self.waiting = waiting_lessons(self._lake, arriving, self._headers)
        self._problems.note_waiting(self.waiting)
        return superseded

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused rows and warnings of these files."""
        self._problems.store(connection, file_ids)

    def _complete(self) -> list[int]:
        """Return the files that say all of a period, of those that say whole lessons."""
        headers = {
            file_id: header
            for file_id, header in self._headers.items()
            if not header.match.layout.is_joined
        }
        return complete_files(self._lake, self._lessons, headers, self._problems)

    def _note_unmet(self) -> None:
        absences = [file_id for file_id in self._joined.ids("absences") if file_id in self._headers]
        for file_id, text in unmet_remarks(self._lake, absences).items():
            before = self._missing.get(file_id)
            self._missing[file_id] = f"{before}; {text}" if before else text

    def _read_people(self) -> None:
        """Read what the staged rows say of pupils and schools, beside the storing of others."""
        rows = self._lessons
        if self._joined.rows is not None:
            rows = self._lake.make_view(
                "rows_of_people",
                f"SELECT * FROM {rows} UNION ALL SELECT * FROM {self._joined.rows}",
            )
        self._arriving = arriving_identities(self._lake, rows)
        self._units = self._lake.frame(
            "SELECT school_unit_code, false AS is_registered, "
            "plain_text(max(school_name)) AS school_name, NULL::VARCHAR AS district, "
            "NULL::VARCHAR AS principal_key, any_value(exported_at) AS exported_at, file_id "
            f"FROM {rows} WHERE problem IS NULL GROUP BY school_unit_code, file_id"
        )

    def _judge_rows(self) -> None:
        """Find what the batch's files supersede, cover, contradict and hold beside each other."""
        self._superseded = self._lake.materialise("exports/superseded_rows")
        self._coverage = find_coverage(self._lake)
        self._contradicted = self._lake.materialise("exports/contradicted_rows")
        self._joint = self._lake.materialise("exports/joint_rows")

    def _key_repeated_slots(self) -> None:
        """Key rows by date where a file repeats an id over dates, or its layout says so."""
        repeating = self._lake.rows(
            f"SELECT DISTINCT file_id FROM {self._shared} WHERE rows_in_file > 1"
        )
        if self._ids.key_repeated(self._headers, [file_id for (file_id,) in repeating]):
            self._shared = find_shared(self._lake)

    def _has_ids(self) -> bool:
        return bool(
            self._lake.rows(f"SELECT 1 FROM {self._lessons} WHERE lesson_id IS NOT NULL LIMIT 1")
        )

    def _counts(self, files: Sequence[ReceivedFile], batch: StagedBatch) -> list[FileCounts]:
        staged = {row["file_id"]: row for row in self._staged_counts.iter_rows(named=True)}
        counts: list[FileCounts] = []
        for file in files:
            key = file.file_id
            if key not in self._headers or file in batch.unreadable or file in batch.held:
                self._headers.pop(key, None)
                continue
            row = staged.get(key, {})
            first, last = row.get("period_first_date"), row.get("period_last_date")
            refused = self._problems.refused(key)
            reader = self._readers[key]
            reason = snapshot_reason(self._headers[key], reader.reason, refused)
            only = self._joined.doubt(key, refused)
            if not self._headers[key].match.layout.holds:
                only = only_absence(row.get("rows_reported", 0), row.get("rows_absent", 0))
            counts.append(
                FileCounts(
                    file=file,
                    layout=self._headers[key].match.layout.name,
                    rows_read=reader.rows_read,
                    rows_rejected=refused,
                    rows_warned=min(self._problems.warned(key), reader.rows_read - refused),
                    period=(first, last) if first and last else None,
                    problems=self._problems.shown(key),
                    reason="; ".join(filter(None, (only, reason))) or None,
                )
            )
        return counts


def _of_files(rows: pl.DataFrame, ids: Sequence[int]) -> pl.DataFrame:
    return rows.filter(pl.col("file_id").is_in(ids))
