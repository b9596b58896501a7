"""The lake's data files themselves: which are lost, and which can't be read any more.

Found when tried with DuckDB 1.5.5: every part of an encrypted data file that is read is checked by
its tag, and the error of a wrong tag doesn't name the file. A bit that is flipped in a part that
nothing reads changes no answer, and some flipped bits end the connection that meets them. Not here:
the connection (`connection.py`).
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLES

# What DuckDB says when a data file is gone, cut or changed; its words are not repeated.
_OF_DATA_FILE = re.compile(
    r"AES tag|[Dd]ecrypt|\.parquet|[Pp]arquet|TProtocol|magic bytes|[Ss]nappy|ZSTD|zstd|"
    r"[Cc]orrupt|No such file|Could not read|reached end of file",
)
#: The catalog's own tables, of files that no table rests on today too.
_CATALOG = "__ducklake_metadata_lake"
#: How a Parquet file begins, in clear and encrypted.
_MAGIC = frozenset({b"PAR1", b"PARE"})
_RESTORE = (
    "Nothing was changed. Restore lake/ from the backup, catalog and data files of the same time; "
    "without one, run `trappan rebuild` (docs/operators-trouble.md)."
)


class DataFile(NamedTuple):
    """A data file that a table rests on, as it was written."""

    path: str
    size: int
    key: bytes | None


def data_files(connection: duckdb.DuckDBPyConnection) -> list[DataFile]:
    """Return the files that the tables rest on today, those of deleted rows too."""
    found = {
        DataFile(path, size, key)
        for table in TABLES
        for *of_data, deleted, deleted_size, deleted_key in connection.execute(
            "SELECT data_file, data_file_size_bytes, data_file_encryption_key, delete_file, "
            "delete_file_size_bytes, delete_file_encryption_key "
            "FROM ducklake_list_files('lake', $name)",
            {"name": table.name},
        ).fetchall()
        for path, size, key in (of_data, (deleted, deleted_size, deleted_key))
        if path is not None
    }
    return sorted(found)


def kept_files(connection: duckdb.DuckDBPyConnection, settings: LakeSettings) -> list[DataFile]:
    """Return the files of every snapshot that is kept: a past is asked of them too."""
    where = (
        "CASE WHEN file.path_is_relative THEN "
        "CASE WHEN named.path_is_relative THEN spaces.path || named.path ELSE named.path END "
        "|| file.path ELSE file.path END"
    )
    found: set[DataFile] = set()
    for table in ("ducklake_data_file", "ducklake_delete_file"):
        found |= {
            DataFile(
                path if path.startswith("/") else f"{settings.data_string}{path}",
                size,
                None if key is None else b64decode(key),
            )
            for path, size, key in connection.execute(
                f"SELECT DISTINCT {where}, file.file_size_bytes, file.encryption_key "
                f"FROM {_CATALOG}.{table} AS file "
                f"JOIN {_CATALOG}.ducklake_table AS named ON file.table_id = named.table_id "
                f"JOIN {_CATALOG}.ducklake_schema AS spaces ON named.schema_id = spaces.schema_id"
            ).fetchall()
        }
    return sorted(found)


def lost_files(
    connection: duckdb.DuckDBPyConnection, settings: LakeSettings, files: list[DataFile]
) -> list[str]:
    """Return the files that are not there, or of another size than they were written with."""
    if settings.is_on_s3:
        # Listed all at once: to ask for each would take a request a file. Nothing of them is read.
        prefix = settings.data_path.rstrip("/")
        there = set(
            connection.execute(
                "SELECT filename, size FROM read_blob($files)", {"files": f"{prefix}/**/*.parquet"}
            ).fetchall()
        )
        return [file.path for file in files if (file.path, file.size) not in there]
    return [
        file.path
        for file in files
        if not Path(file.path).is_file() or Path(file.path).stat().st_size != file.size
    ]


def rows_in(files: Iterable[DataFile]) -> Iterator[tuple[DataFile, int | None]]:
    """Read files of this machine whole, and yield each with its rows; None where it can't be read.

    On connections of their own: some damage makes DuckDB give up the connection that met it, and no
    question after that would be answered.
    """
    connection = _reading()
    try:
        for file in files:
            try:
                found = connection.execute(
                    "SELECT count(*), bit_xor(hash(whole)) FROM "
                    "read_parquet($path, encryption_config = {footer_key_value: $key}) AS whole",
                    {"path": file.path, "key": file.key},
                ).fetchone()
            except duckdb.Error:
                connection.close()
                connection = _reading()
                found = None
            # The first bytes are read by nobody.
            yield file, found[0] if found and _has_magic(file.path) else None
    finally:
        connection.close()


def _reading() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": "",
            "threads": 1,
        }
    )


def _has_magic(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) in _MAGIC


def damaged_files(files: Iterable[DataFile]) -> list[str]:
    """Return the files of this machine that can't be read whole."""
    return [file.path for file, rows in rows_in(files) if rows is None]


def rows_said(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many rows the catalog says that each data file has, by the file's name."""
    said = connection.execute(
        f"SELECT path, record_count FROM {_CATALOG}.ducklake_data_file"
    ).fetchall()
    return {Path(path).name: count for path, count in said}


def words_of_data_files(
    error: BaseException, connection: duckdb.DuckDBPyConnection, settings: LakeSettings
) -> str | None:
    """Return what is said when an error comes of a lost or damaged data file; else None.

    Args:
        error: what a statement ended with.
        connection: a connection of its own, to the same lake.
        settings: of the lake.
    """
    if not isinstance(error, duckdb.Error) or not _OF_DATA_FILE.search(str(error)):
        return None
    try:
        files = data_files(connection)
        lost = lost_files(connection, settings, files)
        damaged = [] if lost or settings.is_on_s3 else damaged_files(files)
    except duckdb.Error:
        return None
    if lost:
        return (
            f"{len(lost)} of the lake's {len(files)} data files are missing or cut, the first "
            f"{lost[0]}. {_RESTORE}"
        )
    if damaged:
        return (
            f"{len(damaged)} of the lake's {len(files)} data files are damaged, the first "
            f"{damaged[0]}. {_RESTORE}"
        )
    return None
