"""Which schools' lists wait because a file speaks of protection in words that nobody could read.

A later file of the same layout and school whose column of protection is read lets them go, and so
does the file itself, once it is read. A later file that leaves the column out does not: it says
nothing of those whom the first one may have called protected. Not here: the lists (`releases.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.readers.header_checks import UnreadProtectionError
from assets.exports.readers.row_reader import Openings
from assets.lake.upsert import replace_older

#: Stands for every school unit: the file names none that can be read.
EVERY_SCHOOL = ""


@dataclass(frozen=True)
class UnreadColumn:
    """A file with a column of protection that its layout does not know.

    Attributes:
        file: the file.
        layout: the layout that fits it, or comes nearest.
        units: the school units that it names, or `EVERY_SCHOOL`.
    """

    file: ReceivedFile
    layout: str
    units: frozenset[str]


def unread_column(
    file: ReceivedFile, error: UnreadProtectionError, openings: Openings
) -> UnreadColumn:
    """Return whose lists wait for a file that was refused for such a column."""
    units: frozenset[str] = frozenset()
    if error.header is not None:
        try:
            units = openings.named_units(file, error.header)
        except (UnreadableFileError, ChangedFileError):
            units = frozenset()
    own = file.sender.school_units
    if own is not None:
        # Nobody's lists wait for a file that may not speak of them.
        return UnreadColumn(file, error.layout, units & own or own)
    return UnreadColumn(file, error.layout, units or frozenset({EVERY_SCHOOL}))


def note_unread(connection: duckdb.DuckDBPyConnection, found: Iterable[UnreadColumn]) -> None:
    """Keep that lists wait; the caller holds the transaction."""
    for column in found:
        _forget(connection, [column.file.file_id])
        for code in sorted(column.units):
            connection.execute(
                "INSERT INTO protection_columns (layout, school_unit_code, is_read, exported_at, "
                "file_id) VALUES (?, ?, false, ?, ?)",
                [column.layout, code, column.file.exported_at, column.file.file_id],
            )


def note_read(
    connection: duckdb.DuckDBPyConnection,
    layout: str,
    arriving: pl.DataFrame,
    *,
    files: Sequence[int],
    with_column: Sequence[int],
) -> None:
    """Keep that files could be read, and of which schools their column of protection was.

    Args:
        connection: inside a transaction.
        layout: of the files.
        arriving: as `sql/exports/arriving_identities.sql` gives it, of these files.
        files: all that are stored.
        with_column: those that have a column of protection.
    """
    _forget(connection, files)
    read = (
        arriving.filter(pl.col("file_id").is_in(list(with_column)) & pl.col("is_accepted"))
        .group_by("school_unit_code", "exported_at", "file_id")
        .agg()
        .with_columns(pl.lit(layout).alias("layout"), pl.lit(True).alias("is_read"))
    )
    if read.height:
        replace_older(
            connection, "protection_columns", read, ("layout", "school_unit_code", "is_read")
        )


def _forget(connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]) -> None:
    if not connection.execute("SELECT 1 FROM protection_columns LIMIT 1").fetchone():
        return
    ids = {"ids": list(file_ids)}
    mine = "NOT is_read AND file_id IN (SELECT unnest($ids::BIGINT[]))"
    if connection.execute(f"SELECT 1 FROM protection_columns WHERE {mine} LIMIT 1", ids).fetchall():
        connection.execute(f"DELETE FROM protection_columns WHERE {mine}", ids)
