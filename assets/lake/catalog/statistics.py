"""What the catalog knows of the values of columns: nothing of texts, and something of every table.

DuckLake keeps the extremes of every column of every data file in its catalog, in clear, also of an
encrypted lake, and has no way to turn that off. A file whose only pupil of a class is a protected
one shows the class there. So triggers in the catalog itself let null be written in their place, of
every column of text or bytes; a school unit code alone keeps them, because reads are pruned by it.

DuckDB's own library for SQLite can't make a trigger, and a second one must not open the catalog in
a process where the first has it open: closing it would take that one's locks away. So it is done
in a process of its own, once for each catalog.

Of a table that never had a row DuckLake has no statistics, and does not remember that: it asks the
catalog for them at every column of every statement, two milliseconds each. Most tables of most
lakes are such. So each table gets the statistics of no row when it is made; those of its first
rows are the same with and without them. Not here: what is sealed (`encryption.py`).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Iterator

import duckdb

from assets.lake.catalog import triggers
from assets.lake.catalog.triggers import TABLES, VERSION, is_text
from assets.lake.settings import LakeError, LakeSettings, quoted

_CATALOG = "__ducklake_metadata_lake"


def keep_no_extremes(settings: LakeSettings, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the triggers where they are missing, and wipe what the catalog has of before.

    Args:
        settings: of the lake.
        connection: attached to it, in no transaction.

    Raises:
        LakeError: the catalog's file does not let them be made.
        duckdb.Error: a catalog on a server does not.
    """
    if settings.is_on_postgres:
        if VERSION not in _on_postgres(connection):
            connection.execute(f"CALL postgres_execute('{_CATALOG}', $text)", {"text": _POSTGRES})
        return
    # A text of our own, so without a parameter: for its first one DuckDB loads pandas.
    count = f"SELECT count(*) FROM sqlite_master WHERE name LIKE '%{VERSION}%'"
    ((made,),) = connection.execute(
        f"FROM sqlite_query('{_CATALOG}', '{quoted(count)}')"
    ).fetchall()
    if int(made) == 2 * len(TABLES):
        return
    if not _done_in_file(settings, "triggers"):
        raise LakeError(
            "The lake's catalog can't be kept from showing what is in it: its file does not let "
            "triggers be made. Expected a catalog that this user may write to. Run `trappan "
            "doctor`."
        )


def know_empty_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the catalog know that tables without statistics have no row.

    Args:
        connection: attached to the lake, in no transaction, with the turn to write: two who do this
            at once would leave two rows of a table.
    """
    connection.execute(_SIZES)
    connection.execute(_COLUMNS)


def forget_what_was(settings: LakeSettings, connection: duckdb.DuckDBPyConnection) -> None:
    """Wipe from the catalog what it said of rows and files that are gone.

    The extremes of a table only ever widen, so those of its keys may be of somebody who is gone;
    so may those of a file, when its rows were put in and taken out in one transaction; and what was
    deleted lies in the catalog's freed pages.

    Args:
        settings: of the lake.
        connection: attached to it, in no transaction. On a server the turn to write must have been
            given back: its transaction would keep all that was deleted since.

    Raises:
        LakeError: others read the catalog's file for longer than a minute.
        duckdb.Error: the catalog's server is away.
    """
    for statement in _KEYS:
        connection.execute(statement)
    if settings.is_on_postgres:
        for text in (
            f"VACUUM (FULL) {', '.join(_WITH_VALUES)}",
            *without_common_values(_WITH_SECRETS),
        ):
            call = f"CALL postgres_execute('{_CATALOG}', $text, use_transaction => false)"
            connection.execute(call, {"text": text})
    elif not _done_in_file(settings, "wipe"):
        raise LakeError(
            "What the lake's catalog said of rows that are gone could not be wiped: others read it "
            "for longer than a minute. Everything else was done. Run it again when no other "
            "command runs."
        )


def without_common_values(columns: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield what lets a Postgres server forget which values of columns were common.

    Its own statistics keep values of rows that are gone: those that came often, and bounds between.
    To look at a table again keeps those of one that is empty now; they go with a column's type,
    also where that stays the same. Nothing is written again by that.

    Args:
        columns: table and column, of whoever runs it.
    """
    for table, column in sorted(columns):
        yield (
            f"DO $body$ BEGIN EXECUTE (SELECT 'ALTER TABLE {table} ALTER COLUMN {column} TYPE ' "
            "|| format_type(atttypid, atttypmod) "
            f"FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'); "
            "END $body$"
        )
    # Of a database that is another's the server skips it with a warning.
    yield "VACUUM (FULL) pg_catalog.pg_statistic"


def _done_in_file(settings: LakeSettings, what: str) -> bool:
    path = settings.catalog_string.removeprefix("sqlite:")
    done = subprocess.run(  # noqa: S603 - a module of our own
        [sys.executable, "-I", triggers.__file__, what, path],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _on_postgres(connection: duckdb.DuckDBPyConnection) -> str:
    ((names,),) = connection.execute(
        f"FROM postgres_query('{_CATALOG}', $text)",
        {"text": "SELECT coalesce(string_agg(tgname, ' '), '') AS names FROM pg_trigger"},
    ).fetchall()
    return str(names)


_EXTREMES = ("min_value", "max_value")
#: The catalog's tables that say what is in rows or files.
_WITH_VALUES = (*TABLES, "ducklake_data_file", "ducklake_delete_file", "ducklake_snapshot_changes")
#: Of these the server's own statistics must have no value: keys of pupils, keys of files.
_WITH_SECRETS = {
    *((table, column) for table in TABLES for column in _EXTREMES),
    *((table, "encryption_key") for table in ("ducklake_data_file", "ducklake_delete_file")),
}
_KEYS = tuple(
    f"UPDATE {_CATALOG}.{table} SET min_value = NULL, max_value = NULL "
    f"WHERE EXISTS (SELECT 1 FROM {_CATALOG}.ducklake_column AS described "
    f"WHERE described.table_id = {table}.table_id "
    f"AND described.column_id = {table}.column_id "
    "AND lower(described.column_type) = 'uuid')"
    for table in TABLES
)
_NEW = (
    "end_snapshot IS NULL AND NOT EXISTS (SELECT 1 FROM {catalog}.{table} AS known "
    "WHERE known.table_id = described.table_id)"
)
_SIZES = (
    f"INSERT INTO {_CATALOG}.ducklake_table_stats BY NAME SELECT table_id, 0 AS record_count, "
    f"0 AS next_row_id, 0 AS file_size_bytes FROM {_CATALOG}.ducklake_table AS described "
    f"WHERE {_NEW.format(catalog=_CATALOG, table='ducklake_table_stats')}"
)
_COLUMNS = (
    f"INSERT INTO {_CATALOG}.ducklake_table_column_stats BY NAME SELECT table_id, column_id, "
    "false AS contains_null, if(starts_with(column_type, 'float'), false, NULL) AS contains_nan "
    f"FROM {_CATALOG}.ducklake_column AS described "
    f"WHERE {_NEW.format(catalog=_CATALOG, table='ducklake_table_column_stats')}"
)
_POSTGRES = (
    f"CREATE OR REPLACE FUNCTION {VERSION}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
    f"IF {is_text('NEW')} THEN NEW.min_value := NULL; NEW.max_value := NULL; END IF; "
    "RETURN NEW; END $body$;"
    + "".join(
        f"CREATE OR REPLACE TRIGGER {VERSION} BEFORE INSERT OR UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {VERSION}();"
        f"UPDATE {table} SET min_value = min_value WHERE min_value IS NOT NULL;"
        for table in TABLES
    )
)
