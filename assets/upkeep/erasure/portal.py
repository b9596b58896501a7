"""A pupil out of the portal's database: what was said, handed on and opened, in SQL.

The portal's own code is not asked: it is a layer above. A test holds the tables against its models.
Who opened something, and when, stays; of whom goes. Everybody has to log in again, because what a
session holds nobody can search. Not here: the portal's logs on standard output, which name nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from assets.follow_up.portal_database import PortalAwayError, PortalDatabase
from assets.lake.catalog.statistics import without_common_values

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Tables of the portal with a pupil's key in them, and what becomes of such a row.
PUPIL_TABLES: Mapping[str, str] = {
    "portal_event": "deleted",
    "portal_handedpupil": "deleted",
    "portal_pupilreference": "deleted",
    "portal_accessentry": "the key is emptied",
}
#: Of its own, a login.
SESSIONS = "django_session"
#: A withdrawal points to what it takes back, so the newest go first.
DELETE_EVENTS = (
    "DELETE FROM portal_event WHERE pupil_key IN :keys AND withdraws_id IS NOT NULL",
    "DELETE FROM portal_event WHERE pupil_key IN :keys",
)
_DELETES = (
    *DELETE_EVENTS,
    "DELETE FROM portal_pupilreference WHERE pupil_key IN :keys",
)
# Of a delegation that was about this pupil alone the purpose may say who.
_ALONE = (
    "SELECT delegation_id FROM portal_handedpupil WHERE pupil_key IN :keys EXCEPT "
    "SELECT delegation_id FROM portal_handedpupil WHERE pupil_key NOT IN :keys"
)

#: What can be about a person: keys, words, sealed values. Numbers and moments are not.
_COLUMNS_WITH_TEXTS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name IN :keys "
    "AND data_type IN ('bytea', 'text', 'character varying', 'uuid')"
)


def in_portal(database: PortalDatabase, keys: frozenset[str]) -> int:
    """Return how many rows of the portal's database have a pupil's key.

    Raises:
        PortalAwayError: it does not answer.
    """
    return _in(database, keys, may_write=False)


def take_out_of_portal(database: PortalDatabase, keys: frozenset[str]) -> int:
    """Take a pupil out of the portal's database, and out of its freed pages.

    Returns:
        How many rows had the pupil's key.

    Raises:
        PortalAwayError: it does not answer, or others have it locked.
    """
    return _in(database, keys, may_write=True)


def _in(database: PortalDatabase, keys: frozenset[str], *, may_write: bool) -> int:
    if not keys:
        return 0

    def work(connection: Connection, there: Collection[str]) -> int:
        rows = _rows(connection, keys)
        if may_write:
            delete_pupils(connection, keys, has_sessions=SESSIONS in there)
        return rows

    again = "Stop the portal, and run: trappan erase --unfinished"
    return worked_on(database, work, may_write=may_write, again=again) or 0


def worked_on(
    database: PortalDatabase,
    work: Callable[[Connection, Collection[str]], int],
    *,
    may_write: bool,
    again: str,
) -> int | None:
    """Do something in the portal's database, in one transaction; what goes leaves its pages too.

    Args:
        database: the portal's.
        work: does it, with a connection and the names of the tables; returns rows.
        may_write: else it only looks.
        again: what to do when the database does not answer.

    Returns:
        What `work` returned; None where there is no portal.

    Raises:
        PortalAwayError: it does not answer, or others have it locked.
    """
    # A third of a second, and few ask.
    from sqlalchemy import inspect  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    if not database.is_there:
        return None
    try:
        engine = database.engine(may_write=may_write)
    except ImportError:
        raise PortalAwayError(
            "TRAPPAN_PORTAL_DATABASE is a Postgres database, and the package that speaks with one "
            'is not installed. Run: pip install "franvarotrappan[scale-out]"'
        ) from None
    try:
        there = set(inspect(engine).get_table_names())
        if not {*PUPIL_TABLES} <= there:
            return None
        with engine.begin() as connection:
            if may_write and connection.dialect.name == "sqlite":
                do(connection, "PRAGMA secure_delete = ON")
            rows = work(connection, there)
        if may_write:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                _sweep(connection, there, is_file=not database.address)
    except SQLAlchemyError as error:
        # Not its words: they quote the address, which has a password.
        original = type(getattr(error, "orig", None) or error).__name__
        raise PortalAwayError(
            f"The portal's database does not answer, or is locked ({original}). {again}"
        ) from None
    finally:
        engine.dispose()
    return rows


def _rows(connection: Connection, keys: frozenset[str]) -> int:
    return sum(
        int(do(connection, f"SELECT count(*) FROM {table} WHERE pupil_key IN :keys", keys).scalar())
        for table in PUPIL_TABLES
    )


def delete_pupils(connection: Connection, keys: frozenset[str], *, has_sessions: bool) -> None:
    """Delete all of some pupils, but that somebody opened something.

    Args:
        connection: to the portal's database, in a transaction.
        keys: of the pupils.
        has_sessions: it has a table of logins.
    """
    alone = [row[0] for row in do(connection, _ALONE, keys)]
    for statement in _DELETES:
        do(connection, statement, keys)
    do(connection, "DELETE FROM portal_handedpupil WHERE pupil_key IN :keys", keys)
    for delegation in alone:
        do(
            connection,
            "DELETE FROM portal_delegation WHERE id = :id AND NOT is_whole_school",
            id=delegation,
        )
    do(connection, "UPDATE portal_accessentry SET pupil_key = '' WHERE pupil_key IN :keys", keys)
    if has_sessions:
        do(connection, f"DELETE FROM {SESSIONS}")


def _sweep(connection: Connection, there: Collection[str], *, is_file: bool) -> None:
    """Let nothing that was deleted lie in freed pages, a log of writes, or statistics."""
    if is_file:
        do(connection, "VACUUM")
        do(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        return
    write_tables_again(
        connection, {*PUPIL_TABLES, "portal_delegation", "portal_person", SESSIONS} & {*there}
    )


def write_tables_again(connection: Connection, tables: Collection[str]) -> None:
    """Let a Postgres server keep nothing of what was in tables: no row, no value in its statistics.

    Its statistics have values of every column, sealed ones too, and they open with the home's key.

    Args:
        connection: to the portal's database, in no transaction.
        tables: names of the portal's tables.
    """
    for table in sorted(tables):
        do(connection, f"VACUUM (FULL) {table}")
    columns = do(connection, _COLUMNS_WITH_TEXTS, frozenset(tables)).fetchall()
    for statement in without_common_values({(table, column) for table, column in columns}):
        do(connection, statement)


def do(
    connection: Connection, statement: str, keys: frozenset[str] | None = None, **more: Any
) -> Any:
    """Execute a statement, in which `:keys` are several texts and `:name` is each of `more`."""
    from sqlalchemy import bindparam, text  # noqa: PLC0415

    prepared = text(statement)
    if keys is not None:
        prepared = prepared.bindparams(bindparam("keys", expanding=True))
        more["keys"] = sorted(keys)
    return connection.execute(prepared, more)
