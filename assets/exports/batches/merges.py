"""Files of changed numbers (`nummerbyten`) into the lake.

Not here: which key stands for a pupil (`pupils/merges.py`), stored rows (`rekeying.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.merges import Merge, known_merges, merged
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import store_numbers
from assets.exports.pupils.rekeying import keep_changes, rekey
from assets.exports.readers.row_reader import Openings
from assets.exports.staging.repeated_rows import refuse_repeated
from assets.exports.staging.row_stage import RowStage, StagedRows, refusal
from assets.exports.staging.staged_tables import begin_staging, end_staging, unstage
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.upsert import replace_older

_KIND = "pupil_merges"
_PARTED = "new_civic_no.parted"


class MergeBatch:
    """Stages files of changed numbers and stores them.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils, shared by all batches of a run; they are made again after `store`.
        openings: headers and sheets of the run's files.
    """

    def __init__(self, lake: Lake, people: People, openings: Openings) -> None:
        self._lake = lake
        self._people = people
        self._openings = openings
        self._problems = ProblemLog(lake, people.sealer)
        # Made by `stage`, which comes before everything else.
        self._said: TemporaryTable

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        staging = begin_staging(self._lake, _KIND, files)
        stage = RowStage(self._lake, self._people, self._openings, self._problems, staging)
        staged = stage.stage(files)
        batch.unreadable, batch.held = staged.unreadable, staged.held
        fallen = batch.hold_changed(files)
        if fallen:
            unstage(self._lake, staging.rows, fallen)
        rows = end_staging(self._lake, staging)
        refuse_repeated(self._lake, self._problems, staging, rows)
        # What somebody parted is taken, and joins nobody.
        # What closes a circle is refused, but remembered: which of its words is the newest, and
        # does nothing, may change when another file comes.
        self._said = self._lake.make(
            "said_merges",
            "SELECT old_pupil_key, new_pupil_key, exported_at, file_id, line_number, changed_date "
            f"FROM {rows} WHERE problem IS NULL AND warning IS DISTINCT FROM '{_PARTED}'",
        )
        self._refuse_circles(rows)
        batch.counts = self._counts(staged, set(fallen))
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Remember the merges, and give stored rows the keys that stand for their pupils."""
        said = self._lake.frame(
            "SELECT old_pupil_key::VARCHAR AS old_pupil_key, exported_at, file_id, changed_date, "
            f"new_pupil_key::VARCHAR AS new_pupil_key FROM {self._said}"
        )
        store_numbers(connection, self._people)
        if said.height:
            # Each file's word stays: when one is revoked, the others are known.
            key = ("old_pupil_key", "new_pupil_key", "file_id")
            replace_older(connection, "pupil_merges", said, key)
            found = merged(known_merges(self._lake))
            rekey(connection, self._lake, found.keys)
            keep_changes(connection, found.changes)
        return {}

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused rows and warnings of these files."""
        self._problems.store(connection, file_ids)

    def _refuse_circles(self, staged: TemporaryTable) -> None:
        rows = self._lake.rows(
            f"SELECT old_pupil_key, new_pupil_key, exported_at, file_id FROM {self._said}"
        )
        circular = merged([*known_merges(self._lake), *(Merge(*row) for row in rows)]).circular
        if not circular:
            return
        pairs = {(str(old), str(new)) for old, new in circular}
        good = self._lake.frame(f"SELECT * FROM {staged} WHERE problem IS NULL")
        for row in good.iter_rows(named=True):
            if (str(row["old_pupil_key"]), str(row["new_pupil_key"])) in pairs:
                problem = refusal("new_civic_no.circle", row, ("old_text", "new_text"))
                self._problems.add(row["file_id"], problem)

    def _counts(self, staged: StagedRows, fallen: set[int]) -> list[FileCounts]:
        counts: list[FileCounts] = []
        for file_id, reader in staged.readers.items():
            if file_id in fallen:
                continue
            refused = self._problems.refused(file_id)
            counts.append(
                FileCounts(
                    file=reader.file,
                    layout=reader.header.match.layout.name,
                    rows_read=reader.rows_read,
                    rows_rejected=refused,
                    rows_warned=min(self._problems.warned(file_id), reader.rows_read - refused),
                    period=None,
                    problems=self._problems.shown(file_id),
                    reason=reader.reason,
                )
            )
        return counts
