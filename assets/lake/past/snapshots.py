"""Old snapshots of the lake: which are kept, how the others go, and the lake without any.

A snapshot is the lake after one write. Old ones answer what was known at a moment, what a file
changed, and from what a list was made; and they keep every row that was ever deleted. Whoever asks
for one that is gone is told so (`SnapshotGoneError`), never given another one's answer.

Not here: how long what is kept (`assets/upkeep/maintenance/`), the files (`unneeded_files.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from assets.lake.catalog.statistics import forget_what_was
from assets.lake.connection import Lake
from assets.lake.past.unneeded_files import (
    Unneeded,
    merge_small_files,
    rewrite_deleted_rows,
    unneeded_files,
)
from assets.lake.settings import LakeError
from assets.lake.tables import TABLE_NAMES
from assets.lake.write_lock import patiently
from rules.errors import TrappanError

_CATALOG = "__ducklake_metadata_lake"
_WITH_THE_ONE_BEFORE = 2


class SnapshotGoneError(TrappanError):
    """The lake no longer keeps a snapshot that a question needs; the message says so."""


class Snapshot(NamedTuple):
    """A snapshot that the lake keeps, and when it was written, UTC."""

    snapshot_id: int
    written_at: datetime


def kept_snapshots(lake: Lake) -> list[Snapshot]:
    """Return the snapshots that the lake keeps, oldest first."""
    rows = lake.rows(
        "SELECT snapshot_id, epoch_us(snapshot_time) FROM ducklake_snapshots('lake') ORDER BY 1"
    )
    return [
        Snapshot(number, datetime.fromtimestamp(micros / 1_000_000, UTC)) for number, micros in rows
    ]


def has_its_changes(lake: Lake, number: int, table: str) -> bool:
    """Tell whether the lake still knows what a snapshot added and took away.

    For that it must keep the one before too: what only that one had goes with it. A snapshot that
    only wrote files again says of all their rows that they are new.

    Args:
        lake: the lake.
        number: of the snapshot.
        table: one of those that it must have added rows to.
    """
    rows = lake.rows(
        "SELECT changes FROM ducklake_snapshots('lake') WHERE snapshot_id IN ($one, $one - 1) "
        "ORDER BY snapshot_id DESC",
        one=number,
    )
    if len(rows) != _WITH_THE_ONE_BEFORE:
        return False
    (table_id,) = lake.rows(
        f"SELECT table_id FROM {_CATALOG}.ducklake_table "
        "WHERE table_name = $table AND end_snapshot IS NULL",
        table=table,
    )[0]
    return str(table_id) in rows[0][0].get("tables_inserted_into", ())


def unkept_snapshots(lake: Lake, since: datetime, also: Collection[int] = ()) -> list[int]:
    """Return the snapshots that nobody may ask for any more.

    Kept are all that were written since a moment, the one that was in force at that moment, those
    that are named, and the newest.

    Args:
        lake: the lake.
        since: with a time zone.
        also: ids of older ones that are kept.
    """
    snapshots = kept_snapshots(lake)
    older = [number for number, written_at in snapshots[:-1] if written_at < since]
    # The last of them is what was known at that moment.
    return sorted(set(older[:-1]) - set(also))


def expire_snapshots(lake: Lake, numbers: Collection[int]) -> None:
    """Let snapshots go, and nothing else: their files stay until they are deleted.

    Raises:
        LakeError: the catalog let go of a file that a kept snapshot needs; or another writer did
            not end in time.
    """
    if not numbers:
        return
    listed = ", ".join(str(int(number)) for number in numbers)
    with lake.writing():
        needed = _needed_files(lake, numbers)
        lake.write(
            lambda connection: connection.execute(
                f"CALL ducklake_expire_snapshots('lake', versions => [{listed}])"
            ).fetchall()
        )
        if not needed <= _needed_files(lake, ()):
            raise LakeError(
                "When old snapshots expired, the catalog let go of files that newer ones need. No "
                "file was deleted. Restore lake/catalog.sqlite (or the database) from the backup, "
                "and run no maintenance until this is understood."
            )


def files_only_of(lake: Lake, numbers: Collection[int]) -> set[str]:
    """Return the names of the files that nothing needs any more when snapshots go."""
    return _needed_files(lake, ()) - _needed_files(lake, numbers)


def _needed_files(lake: Lake, without: Collection[int]) -> set[str]:
    """Return the names of the files that any snapshot reads, but for some snapshots."""
    kept = [(one.snapshot_id,) for one in kept_snapshots(lake) if one.snapshot_id not in without]
    ids = ", ".join(f"({number})" for (number,) in kept)
    visible = (
        "{file}.begin_snapshot <= kept.snapshot_id "
        "AND ({file}.end_snapshot IS NULL OR {file}.end_snapshot > kept.snapshot_id)"
    )
    data, deleted = visible.format(file="data"), visible.format(file="deleted")
    kept_ones = f"(VALUES {ids}) AS kept (snapshot_id)"
    # Of a file that was written again the file of its deleted rows has no end of its own.
    return {
        name
        for statement in (
            (
                f"SELECT DISTINCT data.path FROM {_CATALOG}.ducklake_data_file AS data "
                f"JOIN {kept_ones} ON {data}"
            ),
            (
                f"SELECT DISTINCT deleted.path FROM {_CATALOG}.ducklake_delete_file AS deleted "
                f"JOIN {_CATALOG}.ducklake_data_file AS data USING (data_file_id) "
                f"JOIN {kept_ones} ON {data} AND {deleted}"
            ),
        )
        for (name,) in lake.rows(statement)
    }


def expire_everything_but_now(lake: Lake) -> Unneeded:
    """Leave nothing of the lake's past: what was deleted is in no snapshot and no file after it.

    Every file of which a row was deleted is written again, all other snapshots go, and so do at
    once all files that the present tables don't rest on, and what the catalog says of them. What
    was known then, what a file changed and what changed since a list was made can't be asked any
    more.
    Killed at any moment, it leaves a whole lake and is called again. Call it without the turn to
    write, and write nothing after it on this connection: DuckLake remembers the extremes of keys.

    Returns:
        What was deleted. `kept_left_over` is not 0 where files that the catalog does not know lie
        outside the home: they may have such rows, or be another lake's.

    Raises:
        LakeError: something of the past is left; or a file that is needed was to be deleted; or
            another writer did not end in time.
    """
    with lake.writing():
        _expire_all_but_the_newest(lake)
        rewrite_deleted_rows(lake, TABLE_NAMES, threshold=0.0)
        merge_small_files(lake)
        _expire_all_but_the_newest(lake)
        deleted = unneeded_files(lake, grace=timedelta(0), delete=True)
        left = _what_is_left(lake)
    patiently(lambda: forget_what_was(lake.settings, lake.connection))
    if left:
        raise LakeError(
            f"Something of the lake's past is left: {', '.join(left)}. Call it again when no other "
            "command runs; what is in the tables is whole."
        )
    return deleted


def expire_what_never_was(lake: Lake, since: int) -> Unneeded:
    """Leave nothing of rows that one write both put in and took out again.

    No snapshot shows them, but their data files have them. Those files are written again without
    them, and the snapshots that rest on the old ones go: of what these writes changed nothing can
    be asked any more. Killed at any moment, it leaves a whole lake.

    Args:
        lake: the lake.
        since: the snapshot before those writes.

    Returns:
        What was deleted; nothing where there are no such rows.

    Raises:
        LakeError: a file that is needed was to be deleted; or another writer did not end in time.
    """
    with lake.writing():
        found = lake.rows(
            f"SELECT DISTINCT table_name, data.begin_snapshot FROM {_CATALOG}.ducklake_data_file "
            f"AS data JOIN {_CATALOG}.ducklake_delete_file AS deleted USING (data_file_id) "
            f"JOIN {_CATALOG}.ducklake_table AS tables ON tables.table_id = data.table_id "
            "WHERE deleted.begin_snapshot = data.begin_snapshot AND tables.end_snapshot IS NULL "
            "AND data.begin_snapshot > $since",
            since=since,
        )
        if not found:
            return Unneeded(0, 0, 0)
        first = min(snapshot for _, snapshot in found)
        rewrite_deleted_rows(lake, {table for table, _ in found}, threshold=0.0)
        numbers = [one.snapshot_id for one in kept_snapshots(lake)[:-1]]
        expire_snapshots(lake, [number for number in numbers if number >= first])
        return unneeded_files(lake, grace=timedelta(0), delete=True)


def _expire_all_but_the_newest(lake: Lake) -> None:
    expire_snapshots(lake, [one.snapshot_id for one in kept_snapshots(lake)[:-1]])


def _what_is_left(lake: Lake) -> list[str]:
    """Return in words what of the past the catalog still knows."""
    counts = {
        "old snapshots": "SELECT count(*) - 1 FROM {c}.ducklake_snapshot",
        "deleted rows": "SELECT count(*) FROM {c}.ducklake_delete_file",
        "files of the past": (
            "SELECT count(*) FROM {c}.ducklake_data_file WHERE end_snapshot IS NOT NULL"
        ),
        "files to delete": "SELECT count(*) FROM {c}.ducklake_files_scheduled_for_deletion",
    }
    found = {what: lake.rows(count.format(c=_CATALOG))[0][0] for what, count in counts.items()}
    return [f"{number} {what}" for what, number in found.items() if number]
