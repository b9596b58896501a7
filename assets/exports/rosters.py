"""Rosters and registers into the lake: `elever` and `skolor` files, row by row.

Small files, so there is no bulk path; but a city sends hundreds, so all of a night's go in one
transaction. Not here: how a cell is read (`sql/exports/`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb

from assets.exports.batches import FileCounts, StagedBatch
from assets.exports.layouts import Layout
from assets.exports.people import People
from assets.exports.received import ReceivedFile
from assets.exports.staging import begin_staging, stage_rows
from assets.exports.storing import (
    arriving_identities,
    replace_older,
    store_identities,
    store_staff,
)
from assets.lake import Lake


class RosterBatch:
    """Stages roster (`enrolments`) or register (`school_units`) files and stores them.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils and staff, shared by all batches of a run.
        layouts: the layouts to try.
        kind: enrolments or school_units.
    """

    def __init__(self, lake: Lake, people: People, layouts: Sequence[Layout], kind: str) -> None:
        self._lake = lake
        self._people = people
        self._layouts = layouts
        self._kind = kind
        self._ids_of_layout: dict[str, list[int]] = defaultdict(list)

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        begin_staging(self._lake, self._kind, files)
        staged = stage_rows(self._lake, self._people, self._kind, files, self._layouts)
        batch.unreadable = staged.unreadable
        for file in files:
            if file in staged.unreadable:
                continue
            reader, problems = staged.readers[file.file_id], staged.problems[file.file_id]
            match = reader.header.match
            self._ids_of_layout[match.layout.name].append(file.file_id)
            batch.counts.append(
                FileCounts(
                    file=file,
                    layout=match.layout.name,
                    rows_read=reader.rows_read,
                    rows_rejected=sum(problem.is_rejection for problem in problems),
                    rows_warned=sum(p.rows for p in problems if not p.is_rejection),
                    period=None,
                    problems=tuple(problems),
                    reason=match.unread_columns,
                )
            )
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows in place of older ones; the caller holds the transaction."""
        store_staff(connection, self._people)
        for layout, ids in self._ids_of_layout.items():
            if self._kind == "school_units":
                self._store_units(connection, layout, ids)
            else:
                self._store_enrolments(connection, layout, ids)
        return {}

    def _store_units(
        self, connection: duckdb.DuckDBPyConnection, layout: str, ids: Sequence[int]
    ) -> None:
        units = self._lake.frame(
            "SELECT school_unit_code, $layout AS layout, true AS is_registered, school_name, "
            "district, principal_key::VARCHAR AS principal_key, exported_at, file_id "
            "FROM keyed_school_units WHERE problem IS NULL "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            layout=layout,
            ids=list(ids),
        )
        replace_older(connection, "school_units", units, ("school_unit_code", "layout"))

    def _store_enrolments(
        self, connection: duckdb.DuckDBPyConnection, layout: str, ids: Sequence[int]
    ) -> None:
        records = self._lake.frame(
            "SELECT pupil_key::VARCHAR AS pupil_key, school_unit_code, class_name, grade, "
            "mentor_key::VARCHAR AS mentor_key, start_date, end_date, exported_at, file_id "
            "FROM keyed_enrolments WHERE problem IS NULL "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            ids=list(ids),
        )
        key = ("pupil_key", "school_unit_code", "start_date")
        replace_older(connection, "enrolments", records, key)
        arriving = arriving_identities(self._lake, "keyed_enrolments")
        mine = arriving.filter(arriving["file_id"].is_in(ids))
        store_identities(connection, self._people.sealed_identities(mine, layout))
