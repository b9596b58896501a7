"""A batch of lesson files: staged in bulk where possible, row by row where needed, then stored.

Not here: which files make a batch (`ingest.py`), the transaction (`lake.write`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import duckdb
import polars as pl

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.decoding import transcode
from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import LooseWord, store_words
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.row_reader import Openings, RowReader
from assets.exports.staging.repeated_rows import settle_repeated_lessons
from assets.exports.staging.row_by_row import RowStage
from assets.exports.staging.slot_ids import SlotIds
from assets.exports.staging.staged_tables import (
    BulkFile,
    Staging,
    begin_staging,
    find_shared,
    key_lessons,
    stage_bulk,
    unstage,
)
from assets.exports.storing.coverage import find_coverage, has_older, note_missing, store_sendings
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
        folder: for transcoded copies and links; the caller removes it.
    """

    def __init__(self, lake: Lake, people: People, openings: Openings, folder: Path) -> None:
        self._lake = lake
        self._people = people
        self._openings = openings
        self._folder = folder
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
        #: By file, how many of its stored rows wait: their pupils are enrolled elsewhere.
        self.waiting: dict[int, int] = {}
        self._missing: dict[int, str] = {}
        self._removals = Removals(lake)
        # Layouts of files that wait: whom they call protected is kept all the same.
        self._unstored: dict[int, str] = {}
        self._headers: dict[int, FoundHeader] = {}
        self._rows_read: dict[int, int] = {}
        self._reasons: dict[int, str | None] = {}
        self._loose: dict[int, list[LooseWord]] = {}
        self._arriving = pl.DataFrame()
        self._units = pl.DataFrame()

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        lake = self._lake
        staging = begin_staging(lake, "lessons", files)
        lessons = self._lessons = staging.rows
        self._ids = SlotIds(lake, lessons)
        careful = self._stage_in_bulk(staging, files, batch)
        self._people.key_staged(lessons)
        key_lessons(lake, lessons)
        self._shared = find_shared(lake)
        self._key_repeated_slots()
        careful |= self._files_with_problems()
        if careful:
            unstage(lake, lessons, sorted(careful))
            fallen = {file.file_id for file in (*batch.unreadable, *batch.held)}
            self._stage_by_row(staging, [f for f in files if f.file_id in careful - fallen], batch)
        changed = batch.hold_changed(files)
        if changed:
            unstage(lake, lessons, changed)
        settle_repeated_lessons(lake, self._problems, lessons)
        if careful or changed:
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

    def judge_removals(self, staged: StagedBatch) -> None:
        """Take out files that would remove or blank too many lessons, once `judge_ids` is done.

        Args:
            staged: what `stage` gave; files that wait move to its `awaiting`.
        """
        while watched(files := [counts.file for counts in staged.counts]):
            complete = complete_files(self._lake, self._lessons, self._headers, self._problems)
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
        complete = complete_files(self._lake, self._lessons, self._headers, self._problems)
        self._ids.store(connection)
        arriving = self._arriving_lessons
        keep_superseded_words(self._lake, self._lessons, self._superseded, arriving)
        had_older = has_older(self._lake, self._coverage)
        days = self._lake.materialise("exports/covered_days", has_ids=self._has_ids())
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
            loose = [word for file_id in ids for word in self._loose.get(file_id, ())]
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
            store_words(connection, self._people, protects, layout, self._loose.get(file_id, ()))
        self._removals.store(connection, list(self._headers))
        self._missing = note_missing(
            connection,
            self._lake,
            self._people.sealer,
            self._headers,
            coverage=self._coverage,
            had_older=had_older,
        )
        store_sendings(connection, self._lessons, self._coverage)
        # Last: by now it is known who is protected.
        self.waiting = waiting_lessons(self._lake, arriving, self._headers)
        self._problems.note_waiting(self.waiting)
        return superseded

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused rows and warnings of these files."""
        self._problems.store(connection, file_ids)

    def _stage_in_bulk(
        self, staging: Staging, files: Sequence[ReceivedFile], batch: StagedBatch
    ) -> set[int]:
        """Stage what the bulk reader takes and return the ids of the other files."""
        careful: set[int] = set()
        groups: dict[tuple[object, ...], list[BulkFile]] = defaultdict(list)
        # Copies in UTF-8 have no name: they are gone when they are closed, or this process is.
        with ExitStack() as copies:
            for file in files:
                try:
                    header = self._openings.header(file)
                    if file.is_workbook or _needs_care(file, header):
                        careful.add(file.file_id)
                        continue
                    path, lines = file.read_from, file.lines
                    if not file.is_plain:
                        copy, lines = transcode(file, self._folder)
                        copies.enter_context(copy)
                        path = Path(f"/proc/self/fd/{copy.fileno()}")
                except UnreadableFileError as error:
                    batch.unreadable[file] = str(error)
                    continue
                except ChangedFileError as error:
                    batch.held[file] = str(error)
                    continue
                bulk = BulkFile(file, header, path, lines)
                groups[bulk.shape].append(bulk)
                self._note_header(file, header, bulk.data_lines)
            for group in groups.values():
                careful |= stage_bulk(self._lake, staging, group, self._folder / "links")
        return careful

    def _read_people(self) -> None:
        """Read what the staged rows say of pupils and schools, beside the storing of others."""
        self._arriving = arriving_identities(self._lake, self._lessons)
        self._units = self._lake.frame(
            "SELECT school_unit_code, false AS is_registered, "
            "plain_text(max(school_name)) AS school_name, NULL::VARCHAR AS district, "
            "NULL::VARCHAR AS principal_key, any_value(exported_at) AS exported_at, file_id "
            f"FROM {self._lessons} WHERE problem IS NULL GROUP BY school_unit_code, file_id"
        )

    def _judge_rows(self) -> None:
        """Find what the batch's files supersede, cover, contradict and hold beside each other."""
        self._superseded = self._lake.materialise("exports/superseded_rows")
        self._coverage = find_coverage(self._lake)
        self._contradicted = self._lake.materialise("exports/contradicted_rows")
        self._joint = self._lake.materialise("exports/joint_rows")

    def _key_repeated_slots(self) -> None:
        """Key rows by date where a file that was read in bulk repeats an id over dates."""
        repeating = self._lake.rows(
            f"SELECT DISTINCT file_id FROM {self._shared} WHERE rows_in_file > 1"
        )
        if self._ids.key_repeated(self._headers, [file_id for (file_id,) in repeating]):
            self._shared = find_shared(self._lake)

    def _note_header(self, file: ReceivedFile, header: FoundHeader, rows_read: int) -> None:
        self._headers[file.file_id] = header
        self._rows_read[file.file_id] = rows_read

    def _stage_by_row(
        self, staging: Staging, files: Sequence[ReceivedFile], batch: StagedBatch
    ) -> None:
        """Stage files row by row."""
        stage = RowStage(self._lake, self._people, self._openings, self._problems, staging)
        staged = stage.stage(files)
        batch.unreadable |= staged.unreadable
        batch.held |= staged.held
        for file_id, reader in staged.readers.items():
            self._note_header(reader.file, reader.header, reader.rows_read)
            self._reasons[file_id] = reader.reason
            self._loose[file_id] = reader.loose_words
        self._ids.key_repeated(self._headers, staged.readers)

    def _has_ids(self) -> bool:
        return bool(
            self._lake.rows(f"SELECT 1 FROM {self._lessons} WHERE lesson_id IS NOT NULL LIMIT 1")
        )

    def _files_with_problems(self) -> set[int]:
        """Return staged files with refused, warned or repeated rows."""
        lake = self._lake
        shared = lake.relation("exports/shared_starts")["file_id"] if self._has_ids() else ()
        return set(shared) | {
            key
            for (key,) in lake.rows(
                f"SELECT DISTINCT file_id FROM {self._lessons} "
                "WHERE problem IS NOT NULL OR warning IS NOT NULL "
                f"UNION SELECT file_id FROM {self._shared} WHERE rows_in_file > 1"
            )
        }

    def _counts(self, files: Sequence[ReceivedFile], batch: StagedBatch) -> list[FileCounts]:
        staged = {
            row["file_id"]: row
            for row in self._lake.relation("exports/staged_file_counts").iter_rows(named=True)
        }
        counts: list[FileCounts] = []
        for file in files:
            key = file.file_id
            if key not in self._headers or file in batch.unreadable or file in batch.held:
                self._headers.pop(key, None)
                continue
            if key not in self._reasons:
                self._tell_bulk(file)
            row = staged.get(key, {})
            first, last = row.get("period_first_date"), row.get("period_last_date")
            refused = self._problems.refused(key)
            accepted = self._rows_read[key] - refused
            counts.append(
                FileCounts(
                    file=file,
                    layout=self._headers[key].match.layout.name,
                    rows_read=self._rows_read[key],
                    rows_rejected=refused,
                    rows_warned=min(self._problems.warned(key), accepted),
                    period=(first, last) if first and last else None,
                    problems=self._problems.shown(key),
                    reason=snapshot_reason(self._headers[key], self._reasons[key], refused),
                )
            )
        return counts

    def _tell_bulk(self, file: ReceivedFile) -> None:
        """Tell of a file that was read in bulk what a row reader would."""
        header = self._headers[file.file_id]
        reader = RowReader(file, header, (), rows_read=self._rows_read[file.file_id])
        reader.last_line = file.lines
        self._reasons[file.file_id] = reader.reason
        for problem in reader.full_sheet():
            self._problems.add(file.file_id, problem)
        if reader.rows_read and not file.ends_its_last_line and header.reads_last_column:
            problem = RowProblem("row.no_line_end", header.line_number + reader.rows_read, "")
            self._problems.add(file.file_id, problem)


def _of_files(rows: pl.DataFrame, ids: Sequence[int]) -> pl.DataFrame:
    return rows.filter(pl.col("file_id").is_in(ids))


def _needs_care(file: ReceivedFile, header: FoundHeader) -> bool:
    """Whether the row reader must read a text file, because the two would not agree on a cell."""
    if header.match.layout.row_count or (file.has_tabs and header.delimiter != "\t"):
        return True
    if file.ends_its_last_line or not header.reads_last_column:
        return False
    # The last row may be cut where its last cell would be.
    last = file.last_bytes.rstrip(b' "')
    return file.encoding == "utf-16" or last.endswith(header.delimiter.encode())
