"""The lake's data files that nothing needs any more: merged, written again, and deleted.

DuckLake does the work; here is what it is let do. Before a file is deleted, its name is sought
among all that the catalog still knows, by a question of our own, and afterwards every file that the
tables rest on must be there: DuckLake's own word for what is unneeded has been wrong before. Names
are compared and not paths, so a home that was moved, a link or a slash too many changes nothing.

Found when tried with DuckDB 1.5.5:

- files are merged with what each row's snapshot was, but only those of which no row was deleted;
- a table that is written again without its deleted rows says of all of them that they are of that
  moment, and old snapshots go on reading the old files;
- what is replaced is put on a list in the catalog, and deleted when that is asked for. A reader
  that began before may be about to open it, so it is left for a while;
- a transaction that did not come to its end leaves files which the catalog never heard of.

Not here: which snapshots are kept (`snapshots.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import duckdb

from assets.lake.connection import Lake
from assets.lake.settings import LakeError
from assets.lake.tables import TABLE_NAMES
from assets.lake.write_lock import patiently

_CATALOG = "__ducklake_metadata_lake"
#: How long a file stays after the tables no longer rest on it, unless it is asked for at once: a
#: run or a question that began before may still open it.
GRACE = timedelta(days=1)
#: The share of a file's rows that must be deleted before it is written again.
MANY_DELETES = 0.05
_OPTIONS = "dry_run => $dry_run, older_than => cast($before AS TIMESTAMPTZ)"


@dataclass(frozen=True)
class Unneeded:
    """Files that nothing needs.

    Attributes:
        replaced: of the lake, whose rows stand in other files now or in no kept snapshot.
        left_over: of writes that did not come to their end.
        size_bytes: of all of them together, as far as they are there.
        kept_left_over: files that the catalog does not know and that are left, because they lie
            outside the home, where they may be another lake's.
    """

    replaced: int
    left_over: int
    size_bytes: int
    kept_left_over: int = 0

    @property
    def files(self) -> int:
        """How many there are to delete."""
        return self.replaced + self.left_over


def merge_small_files(lake: Lake, tables: Collection[str] = TABLE_NAMES) -> int:
    """Make one file of many, table by table; every snapshot reads the same rows as before.

    Returns:
        How many files were replaced.

    Raises:
        LakeError: another writer did not end in time.
    """
    several = _tables_where(lake, "ducklake_data_file", more_than=1)
    call = "ducklake_merge_adjacent_files('lake', $table_name)"
    return _replaced(lake, several & {*tables}, call)


def rewrite_deleted_rows(
    lake: Lake, tables: Collection[str], *, threshold: float = MANY_DELETES
) -> int:
    """Write the files again of which many rows were deleted, table by table.

    The rows then say of themselves that they were written now. So `files`, whose rows know the
    snapshot that took a file, is for who wants no old snapshot.

    Args:
        lake: the lake.
        tables: names of the lake's tables.
        threshold: the share of a file's rows that are deleted, from which on; 0 means any.

    Returns:
        How many files were replaced.

    Raises:
        LakeError: another writer did not end in time.
    """
    call = f"ducklake_rewrite_data_files('lake', $table_name, delete_threshold => {threshold!r})"
    with_deletes = _tables_where(lake, "ducklake_delete_file", more_than=0)
    return _replaced(lake, with_deletes & {*tables}, call)


def _tables_where(lake: Lake, files: str, *, more_than: int) -> set[str]:
    """Return the names of the tables of which the catalog knows so many files, of any snapshot.

    DuckLake takes as long over a table without anything to do, and most have nothing.
    """
    rows = lake.rows(
        f"SELECT table_name FROM {_CATALOG}.ducklake_table AS tables "
        f"JOIN {_CATALOG}.{files} AS files USING (table_id) "
        "WHERE tables.end_snapshot IS NULL GROUP BY table_name HAVING count(*) > $more_than",
        more_than=more_than,
    )
    return {name for (name,) in rows}


def _replaced(lake: Lake, tables: Collection[str], call: str) -> int:
    """Do it table by table, so that a run that is killed has done whole tables."""
    replaced = 0
    for name in sorted(tables):

        def change(connection: duckdb.DuckDBPyConnection, name: str = name) -> int:
            rows = connection.execute(f"CALL {call}", {"table_name": name}).fetchall()
            return sum(int(row[2]) for row in rows)

        replaced += lake.write(change)
    return replaced


def unneeded_files(lake: Lake, *, grace: timedelta = GRACE, delete: bool = False) -> Unneeded:
    """Find the files that nothing needs, and delete them if asked to.

    Files that the catalog does not know are deleted where they lie in the home. Anywhere else they
    may be another lake's, and are counted only.

    Args:
        lake: the lake.
        grace: how long a file must have been unneeded; 0 deletes also what a reader that began
            before is about to open.
        delete: whether they are deleted; else nothing changes.

    Raises:
        LakeError: DuckLake would delete a file that the catalog knows, or a file of the lake is
            missing afterwards; or another writer did not end in time.
    """
    # Nobody else writes meanwhile, so what the catalog does not know is of no write under way.
    with lake.writing():
        before = datetime.now(UTC) - grace
        replaced = _asked(lake, "ducklake_cleanup_old_files", before)
        left_over = _asked(lake, "ducklake_delete_orphaned_files", before)
        _refuse_live(lake, [*replaced, *left_over])
        is_own = not lake.settings.data_path
        deleted = [*replaced, *(left_over if is_own else ())]
        found = Unneeded(
            len(replaced),
            len(left_over) if is_own else 0,
            _size(lake, deleted),
            0 if is_own else len(left_over),
        )
        if delete and found.files:
            _asked(lake, "ducklake_cleanup_old_files", before, dry_run=False)
            if is_own:
                _asked(lake, "ducklake_delete_orphaned_files", before, dry_run=False)
            _refuse_lost(lake)
    return found


def _asked(lake: Lake, function: str, before: datetime, *, dry_run: bool = True) -> list[str]:
    """Return the paths that one of DuckLake's two ways to delete lists, or has deleted."""
    call = f"CALL {function}('lake', {_OPTIONS})"
    rows = patiently(lambda: lake.rows(call, dry_run=dry_run, before=before))
    return [str(row[0]) for row in rows]


def _live(lake: Lake) -> set[str]:
    """Return the names of all files that the catalog knows.

    It has a row of every file that any snapshot it keeps rests on, also the files of deleted rows,
    and no row of others.
    """
    return {
        PurePosixPath(path).name
        for table in ("ducklake_data_file", "ducklake_delete_file")
        for (path,) in lake.rows(f"SELECT path FROM {_CATALOG}.{table}")
    }


def _refuse_live(lake: Lake, paths: Iterable[str]) -> None:
    """Stop before a file is deleted that a kept snapshot needs."""
    live = _live(lake)
    wrong = [path for path in paths if PurePosixPath(path).name in live]
    if wrong:
        raise LakeError(
            f"{len(wrong)} of the files that were to be deleted are needed by the lake, the first "
            f"{wrong[0]}. Nothing was deleted. Where it is a copy that somebody put beside the "
            "lake's files, take it away; else this is a fault of DuckLake: keep the lake as it "
            "is, and run no maintenance until it is understood."
        )


def _refuse_lost(lake: Lake) -> None:
    """Say it when a file is gone that any kept snapshot needs."""
    lost = sorted(_live(lake) - set(lake_files(lake)))
    if lost:
        raise LakeError(
            f"After unneeded files were deleted, {len(lost)} data files of the lake are missing, "
            f"the first {lost[0]}. Restore lake/ from the backup, catalog and data files of the "
            "same time, and run no maintenance until it is understood."
        )


def lake_files(lake: Lake) -> dict[str, int]:
    """Return the names of all data files that lie there, needed or not, and their bytes."""
    if not lake.settings.is_on_s3:
        root = Path(lake.settings.data_string)
        return {path.name: path.stat().st_size for path in root.rglob("*.parquet")}
    prefix = lake.settings.data_path.rstrip("/")
    rows = lake.rows("SELECT filename, size FROM read_blob($files)", files=f"{prefix}/**/*.parquet")
    return {PurePosixPath(path).name: int(size) for path, size in rows}


def _size(lake: Lake, paths: Sequence[str]) -> int:
    """Return the bytes of files; one that a stopped clean-up had deleted already has none."""
    there = lake_files(lake) if paths else {}
    return sum(there.get(PurePosixPath(path).name, 0) for path in paths)
