"""The catalog keeps no extremes of texts: a trigger takes them away before they are written.

DuckLake keeps the extremes of every column of every data file in its catalog, in clear, also of an
encrypted lake, and has no way to turn that off. A file whose only pupil of a class is a protected
one shows the class there. So triggers in the catalog itself let null be written in their place, of
every column of text or bytes; a school unit code alone keeps them, because reads are pruned by it.

DuckDB's own library for SQLite can't make a trigger, and a second one must not open the catalog in
a process where the first has it open: closing it would take that one's locks away. So it is done
in a process of its own, once for each catalog. Not here: what is sealed (`encryption.py`).
"""

from __future__ import annotations

import subprocess
import sys

import duckdb

from assets.lake import catalog_triggers
from assets.lake.catalog_triggers import TABLES, VERSION, is_text
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
    path = settings.catalog_string.removeprefix("sqlite:")
    done = subprocess.run(  # noqa: S603 - a module of our own
        [sys.executable, "-I", catalog_triggers.__file__, path], capture_output=True, check=False
    )
    if done.returncode:
        raise LakeError(
            "The lake's catalog can't be kept from showing what is in it: its file does not let "
            "triggers be made. Expected a catalog that this user may write to. Run `trappan "
            "doctor`."
        )


def _on_postgres(connection: duckdb.DuckDBPyConnection) -> str:
    ((names,),) = connection.execute(
        f"FROM postgres_query('{_CATALOG}', $text)",
        {"text": "SELECT coalesce(string_agg(tgname, ' '), '') AS names FROM pg_trigger"},
    ).fetchall()
    return str(names)


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
