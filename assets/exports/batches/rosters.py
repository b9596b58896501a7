"""Rosters, registers, breaks and monthly sums into the lake.

Small files, but a city sends hundreds, so all of a night's go in one transaction. Not here: how a
cell is read (`sql/exports/`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb
import polars as pl

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import store_words
from assets.exports.readers.layouts import HeaderMatch
from assets.exports.readers.row_reader import Openings, RowReader
from assets.exports.staging.repeated_rows import refuse_repeated
from assets.exports.staging.row_stage import RowStage
from assets.exports.staging.staged_tables import begin_staging, end_staging, unstage
from assets.exports.storing.lessons import arriving_identities, store_identities, store_staff
from assets.exports.storing.roster_changes import watching_rosters
from assets.exports.storing.unread_columns import note_read
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.standing import waiting_records, waiting_sums
from assets.lake.upsert import replace_older

# Breaks of schools (`lov`) into the lake: of a layout and school unit the newest file counts. A
# file that names a school says all of its breaks: one that was planned and is not in the newer
# file any more is gone, so that no school is excused by a plan that was changed.


def store_school_breaks(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    breaks: TemporaryTable,
    layout: str,
    ids: Sequence[int],
) -> None:
    """Put staged breaks in place of what older files of the layout said of the same school units.

    Args:
        connection: inside a transaction.
        lake: its lake.
        breaks: what was staged.
        layout: the layout that the files were read with.
        ids: of the files.
    """
    arriving = lake.frame(
        "SELECT school_unit_code, $layout AS layout, first_date, last_date, break_name, "
        f"exported_at, file_id FROM {breaks} WHERE problem IS NULL "
        "AND file_id IN (SELECT unnest($ids::BIGINT[])) "
        "QUALIFY (exported_at, file_id) = max((exported_at, file_id)) "
        "OVER (PARTITION BY school_unit_code)",
        layout=layout,
        ids=list(ids),
    )
    connection.register("arriving_breaks", arriving)
    same = "stored.school_unit_code = arriving.school_unit_code AND stored.layout = arriving.layout"
    try:
        connection.execute(
            "DELETE FROM school_breaks WHERE rowid IN (SELECT stored.rowid "
            f"FROM school_breaks AS stored JOIN arriving_breaks AS arriving ON {same} "
            "WHERE (stored.exported_at, stored.file_id) <= "
            "(arriving.exported_at, arriving.file_id))"
        )
        # What is left of such a school unit is newer.
        connection.execute(
            "INSERT INTO school_breaks BY NAME SELECT * FROM arriving_breaks AS arriving "
            f"WHERE NOT EXISTS (SELECT 1 FROM school_breaks AS stored WHERE {same} "
            "AND stored.file_id <> arriving.file_id)"
        )
    finally:
        connection.unregister("arriving_breaks")


class RosterBatch:
    """Stages roster (`enrolments`), register, breaks or sums files and stores them.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils and staff, shared by all batches of a run.
        openings: headers and sheets of the run's files.
        kind: enrolments, school_units, school_breaks or aggregates.
    """

    def __init__(self, lake: Lake, people: People, openings: Openings, kind: str) -> None:
        self._lake = lake
        self._people = people
        self._openings = openings
        self._kind = kind
        self._problems = ProblemLog(lake, people.sealer, openings.unit)
        #: By file, how many of its stored rows wait: their pupils are enrolled elsewhere.
        self.waiting: dict[int, int] = {}
        self._matches: dict[int, HeaderMatch] = {}
        self._readers: dict[int, RowReader] = {}
        # Made by `stage`, which comes before everything else.
        self._rows: TemporaryTable

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        kind, problems = self._kind, self._problems
        staging = begin_staging(self._lake, kind, files)
        stage = RowStage(self._lake, self._people, self._openings, problems, staging)
        staged = stage.stage(files)
        batch.unreadable, batch.held = staged.unreadable, staged.held
        fallen = batch.hold_changed(files)
        if fallen:
            unstage(self._lake, staging.rows, fallen)
        self._rows = end_staging(self._lake, staging)
        refuse_repeated(self._lake, problems, staging, self._rows)
        for file_id, reader in staged.readers.items():
            if file_id in fallen:
                continue
            match = reader.header.match
            self._matches[file_id] = match
            self._readers[file_id] = reader
            refused = problems.refused(file_id)
            batch.counts.append(
                FileCounts(
                    file=reader.file,
                    layout=match.layout.name,
                    rows_read=reader.rows_read,
                    rows_rejected=refused,
                    rows_warned=min(problems.warned(file_id), reader.rows_read - refused),
                    period=None,
                    problems=problems.shown(file_id),
                    reason=reader.reason,
                )
            )
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows in place of older ones; the caller holds the transaction."""
        store_staff(connection, self._people)
        by_source: dict[str, list[int]] = defaultdict(list)
        for file_id, match in self._matches.items():
            by_source[match.layout.name].append(file_id)
        for layout, ids in by_source.items():
            if self._kind == "school_units":
                self._store_units(connection, layout, ids)
                continue
            if self._kind == "school_breaks":
                store_school_breaks(connection, self._lake, self._rows, layout, ids)
                continue
            if self._kind == "aggregates":
                self._store_sums(connection, ids)
            else:
                self._store_enrolments(connection, ids)
            arriving = arriving_identities(self._lake, self._rows)
            mine = arriving.filter(arriving["file_id"].is_in(ids))
            self.keep_protection(connection, layout, mine, ids)
            marked = [key for key in ids if self._matches[key].says_protection]
            note_read(connection, layout, mine, files=ids, with_column=marked)
            sealed = self._people.sealed_identities(
                mine, layout, is_roster=self._kind == "enrolments"
            )
            store_identities(connection, sealed)
        # Last: by now it is known who is protected.
        if self._kind == "enrolments":
            self.waiting = waiting_records(self._lake, self._matches)
        elif self._kind == "aggregates":
            self.waiting = waiting_sums(self._lake, self._matches)
        self._problems.note_waiting(self.waiting)
        return {}

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused rows and warnings of these files."""
        self._problems.store(connection, file_ids)

    def keep_protection(
        self,
        connection: duckdb.DuckDBPyConnection,
        layout: str,
        arriving: pl.DataFrame,
        ids: Sequence[int],
    ) -> None:
        """Keep what the files of a layout say of protection."""
        loose = [word for file_id in ids for word in self._readers[file_id].loose_words]
        store_words(connection, self._people, arriving, layout, loose)

    def _store_units(
        self, connection: duckdb.DuckDBPyConnection, layout: str, ids: Sequence[int]
    ) -> None:
        units = self._lake.frame(
            "SELECT school_unit_code, $layout AS layout, true AS is_registered, school_name, "
            "district, principal_key::VARCHAR AS principal_key, exported_at, file_id "
            f"FROM {self._rows} WHERE problem IS NULL "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            layout=layout,
            ids=list(ids),
        )
        replace_older(connection, "school_units", units, ("school_unit_code", "layout"))

    def _store_sums(self, connection: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> None:
        sums = self._lake.frame(
            "SELECT pupil_key::VARCHAR AS pupil_key, school_unit_code, activity, "
            "period_first_date, period_last_date, scheduled_minutes, reported_minutes, "
            "valid_minutes, invalid_minutes, class_name, grade, "
            "mentor_key::VARCHAR AS mentor_key, exported_at, file_id "
            f"FROM {self._rows} WHERE problem IS NULL "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            ids=list(ids),
        )
        key = ("pupil_key", "school_unit_code", "activity", "period_first_date", "period_last_date")
        replace_older(connection, "monthly_sums", sums, key)

    def _store_enrolments(self, connection: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> None:
        records = self._lake.frame(
            "SELECT pupil_key::VARCHAR AS pupil_key, school_unit_code, class_name, grade, "
            "mentor_key::VARCHAR AS mentor_key, start_date, end_date, exported_at, file_id, "
            f"number_key::VARCHAR AS number_key FROM {self._rows} WHERE problem IS NULL "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            ids=list(ids),
        )
        key = ("pupil_key", "school_unit_code", "start_date")
        pupils = (
            f"SELECT DISTINCT pupil_key FROM {self._rows} "
            "WHERE problem IS NULL AND pupil_key IS NOT NULL"
        )
        moving = [key for key in ids if self._readers[key].file.sender.moves_pupils]
        with watching_rosters(connection, self._lake, pupils):
            replace_older(connection, "enrolments", records, key)
            if moving:
                said = records.filter(records["file_id"].is_in(moving))
                replace_older(connection, "moving_records", said, key)
