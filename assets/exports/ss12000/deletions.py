"""What was taken away at the source, and what of the lake is left then.

The newest word about each object stays in its table; a deletion stands beside it, and takes it away
while it is not older. So the order of arrival leaves no trace, and what an object said of
protection holds. Views `living_…` are the tables without what was taken away; lessons and records
are derived from them. A school unit that was taken away stays: its lessons say their school by it.

Not here: what is derived (`derive.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import duckdb

from assets.exports.batches.batch import FileCounts, StagedBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.problems import ProblemLog
from assets.exports.pupils.people import People
from assets.exports.ss12000.derive import store_deletions
from assets.exports.ss12000.json_files import JsonRows
from assets.exports.ss12000.living import define_living
from assets.exports.ss12000.persons import Persons
from assets.exports.ss12000.resources import BY_NAME, DELETIONS
from assets.exports.ss12000.staging import ObjectStage
from assets.lake.connection import Lake

_OTHERS = "of other resources, from which nothing follows here"


class DeletionBatch:
    """Stages and stores files of deletedEntities.

    Args:
        lake: the lake, with the parsing macros loaded.
        people: keeps the sealer of the run.
    """

    def __init__(self, lake: Lake, people: People) -> None:
        self._lake = lake
        self._problems = ProblemLog(lake, people.sealer, "object")
        self._stage = ObjectStage(lake, Persons(lake, people.sealer), self._problems, DELETIONS)
        define_living(lake)

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file of the batch; afterwards `store` can be called."""
        batch = StagedBatch()
        staged = self._stage.stage(files)
        batch.unreadable, batch.held = staged.unreadable, staged.held
        fallen = batch.hold_changed(files)
        self._stage.forget(fallen)
        batch.counts = [
            self._counts(reader)
            for file_id, reader in staged.readers.items()
            if file_id not in fallen
        ]
        return batch

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the deletions beside the objects; the caller holds the transaction."""
        known = ", ".join(f"'{name}'" for name in BY_NAME)
        arriving = self._lake.make(
            "arriving_deletions",
            f"SELECT * EXCLUDE (line_number, problem, warning) FROM {DELETIONS.staged} "
            f"WHERE problem IS NULL AND resource_name IN ({known})",
        )
        store_deletions(connection, self._lake, arriving)
        return {}

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused ids of these files."""
        self._problems.store(connection, file_ids)

    def _counts(self, reader: JsonRows) -> FileCounts:
        file_id = reader.file.file_id
        refused = self._problems.refused(file_id)
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
        pages = "; it has a pageToken, so it is one page of several: send the others too"
        return FileCounts(
            file=reader.file,
            layout=DELETIONS.kind,
            rows_read=reader.objects,
            rows_rejected=refused,
            rows_warned=0,
            period=None,
            problems=self._problems.shown(file_id),
            reason=f"taken away at the source: {', '.join(said) or 'nothing'}"
            + (pages if reader.has_more else ""),
        )
