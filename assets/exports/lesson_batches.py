"""A batch of lesson files: staged in bulk where possible, row by row where needed, then stored.

Not here: which files make a batch (`ingest.py`), the transaction (`lake.write`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import duckdb

from assets.exports.batches import FileCounts, StagedBatch
from assets.exports.frames import find_text_header
from assets.exports.layouts import HeaderMatch, Layout
from assets.exports.outcomes import RowProblem
from assets.exports.people import People
from assets.exports.received import ReceivedFile, UnreadableFileError, transcode
from assets.exports.staging import BulkFile, begin_staging, refusal, stage_bulk, stage_rows, unstage
from assets.exports.storing import (
    arriving_identities,
    replace_older,
    store_identities,
    store_lessons,
    store_staff,
)
from assets.lake import Lake


class LessonBatch:
    """Stages one batch and stores it.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils and staff, shared by all batches of a run.
        layouts: the layouts to try.
        folder: for transcoded copies and links; the caller removes it.
    """

    def __init__(self, lake: Lake, people: People, layouts: Sequence[Layout], folder: Path) -> None:
        self._lake = lake
        self._people = people
        self._layouts = layouts
        self._folder = folder
        self._matches: dict[int, HeaderMatch] = {}
        self._problems: dict[int, list[RowProblem]] = defaultdict(list)
        self._rows_read: dict[int, int] = {}

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        lake = self._lake
        begin_staging(lake, "lessons", files)
        careful = self._stage_in_bulk(files, batch)
        self._people.key_staged("staged_lessons")
        lake.connection.execute(
            "CREATE OR REPLACE TEMP TABLE batch_lessons AS SELECT * FROM keyed_lessons"
        )
        lake.materialise("exports/shared_lessons")
        careful |= self._files_with_problems()
        if careful:
            unstage(lake, "batch_lessons", sorted(careful))
            again = [f for f in files if f.file_id in careful and f not in batch.unreadable]
            self._stage_by_row(again, batch)
            lake.materialise("exports/shared_lessons")
        batch.counts = self._counts(files, batch)
        lake.define("exports/arriving_lessons")
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows into the lake and return superseded rows per file."""
        superseded = store_lessons(connection, self._lake)
        store_staff(connection, self._people)
        arriving = arriving_identities(self._lake, "batch_lessons")
        for layout in {match.layout.name for match in self._matches.values()}:
            ids = [key for key, match in self._matches.items() if match.layout.name == layout]
            mine = arriving.filter(arriving["file_id"].is_in(ids))
            store_identities(connection, self._people.sealed_identities(mine, layout))
            self._store_school_names(connection, layout, ids)
        return superseded

    def _stage_in_bulk(self, files: Sequence[ReceivedFile], batch: StagedBatch) -> set[int]:
        """Stage what the bulk reader takes and return the ids of the other files."""
        careful: set[int] = set()
        groups: dict[tuple[object, ...], list[BulkFile]] = defaultdict(list)
        for file in files:
            if file.is_workbook:
                careful.add(file.file_id)
                continue
            try:
                header = find_text_header(file, self._layouts)
                path = file.path if file.is_plain else transcode(file, self._folder)
            except UnreadableFileError as error:
                batch.unreadable[file] = str(error)
                continue
            self._matches[file.file_id] = header.match
            bulk = BulkFile(file, header, path)
            groups[bulk.shape].append(bulk)
            self._rows_read[file.file_id] = bulk.data_lines
        for group in groups.values():
            careful |= stage_bulk(self._lake, group, self._folder / "links")
        return careful

    def _stage_by_row(self, files: Sequence[ReceivedFile], batch: StagedBatch) -> None:
        """Stage files row by row and add them to `batch_lessons`."""
        begin_staging(self._lake, "lessons", files)
        staged = stage_rows(self._lake, self._people, "lessons", files, self._layouts)
        batch.unreadable |= staged.unreadable
        self._lake.connection.execute("INSERT INTO batch_lessons SELECT * FROM keyed_lessons")
        repeated = self._refuse_repeated()
        counted = dict(self._lake.rows("SELECT file_id, count(*) FROM staged_lessons GROUP BY 1"))
        for file in files:
            if file in staged.unreadable:
                continue
            reader = staged.readers[file.file_id]
            self._matches[file.file_id] = reader.header.match
            self._rows_read[file.file_id] = reader.rows_read
            self._problems[file.file_id] = sorted(
                staged.problems[file.file_id] + repeated[file.file_id],
                key=lambda problem: problem.line_number,
            )
            # Guard: rows read = rows staged + rows refused for their shape.
            accounted = counted.get(file.file_id, 0) + len(reader.problems)
            if accounted != reader.rows_read:
                unstage(self._lake, "batch_lessons", [file.file_id])
                batch.unreadable[file] = (
                    f"{reader.rows_read} rows were read, but {accounted} accounted for. This is "
                    "a fault in the program, not in the file; report it."
                )

    def _refuse_repeated(self) -> dict[int, list[RowProblem]]:
        """Refuse rows of one file that speak of the same lesson; the problems by file id."""
        self._lake.materialise("exports/repeated_rows")
        repeated = self._lake.frame(
            "SELECT rows.* EXCLUDE (problem), repeated_rows.problem AS repetition "
            "FROM batch_lessons AS rows JOIN repeated_rows USING (file_id, line_number) "
            "ORDER BY file_id, line_number"
        )
        problems: dict[int, list[RowProblem]] = defaultdict(list)
        kept = [name for name in repeated.columns if name != "repetition"]
        for row in repeated.iter_rows(named=True):
            problems[row["file_id"]].append(refusal(row["repetition"], row, kept))
        if problems:
            self._lake.connection.execute(
                "UPDATE batch_lessons SET problem = repeated_rows.problem FROM repeated_rows "
                "WHERE batch_lessons.file_id = repeated_rows.file_id "
                "AND batch_lessons.line_number = repeated_rows.line_number"
            )
        return problems

    def _files_with_problems(self) -> set[int]:
        """Return staged files with refused, warned or repeated rows."""
        return {
            key
            for (key,) in self._lake.rows(
                "SELECT DISTINCT file_id FROM batch_lessons "
                "WHERE problem IS NOT NULL OR warning IS NOT NULL "
                "UNION SELECT file_id FROM shared_lessons WHERE rows_in_file > 1"
            )
        }

    def _counts(self, files: Sequence[ReceivedFile], batch: StagedBatch) -> list[FileCounts]:
        staged = {
            row["file_id"]: row
            for row in self._lake.relation("exports/staged_file_counts").iter_rows(named=True)
        }
        counts: list[FileCounts] = []
        for file in files:
            match = self._matches.get(file.file_id)
            if match is None or file in batch.unreadable:
                continue
            row = staged.get(file.file_id, {})
            problems = tuple(self._problems[file.file_id])
            first, last = row.get("period_first_date"), row.get("period_last_date")
            counts.append(
                FileCounts(
                    file=file,
                    layout=match.layout.name,
                    rows_read=self._rows_read[file.file_id],
                    rows_rejected=sum(problem.is_rejection for problem in problems),
                    rows_warned=row.get("rows_warned", 0),
                    period=(first, last) if first and last else None,
                    problems=problems,
                    reason=match.unread_columns,
                )
            )
        return counts

    def _store_school_names(
        self, connection: duckdb.DuckDBPyConnection, layout: str, ids: Sequence[int]
    ) -> None:
        units = self._lake.frame(
            "SELECT school_unit_code, $layout AS layout, false AS is_registered, "
            "max(school_name) AS school_name, NULL::VARCHAR AS district, "
            "NULL::VARCHAR AS principal_key, exported_at, file_id FROM batch_lessons "
            "WHERE problem IS NULL AND file_id IN (SELECT unnest($ids::BIGINT[])) "
            "GROUP BY school_unit_code, exported_at, file_id",
            layout=layout,
            ids=list(ids),
        )
        replace_older(connection, "school_units", units, ("school_unit_code", "layout"))
