"""Whose turn it is to write: one process at a time, of this home and of all that share a catalog.

DuckLake sees two writers that change the same rows, but not two that add the same ones: two nights
that take the same file would both store its lessons. So a writer holds a lock for as long as it
reads what it builds on and writes. In a home it is a file. Homes on several machines can share a
catalog only on Postgres, and there it is an advisory lock of the database as well: held by a
transaction of its own, so that it ends with the connection, whatever becomes of the process.
Races that are left, for the catalog itself, are tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb
from filelock import FileLock, Timeout
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from assets.lake.settings import LakeError, LakeSettings, quoted

Result = TypeVar("Result")

_LOCK = "hashtextextended('trappan: who writes', 0)"
# A server's limit for idle or long transactions would end a long night's turn.
_TAKE = (
    f"SELECT pg_try_advisory_xact_lock({_LOCK}) AS is_ours, "
    "(SELECT count(set_config(name, '0', true)) FROM pg_settings "
    "WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')) AS unlimited"
)
_LOOK_SECONDS = 0.2
_ELSEWHERE = "to the same catalog, from another home or machine,"


class Turns:
    """The locks of one process; connections beside each other share them.

    Args:
        settings: of the lake.
    """

    def __init__(self, settings: LakeSettings) -> None:
        self._settings = settings
        self._file = FileLock(settings.home / "lake.lock", mode=0o600)
        self._holder: duckdb.DuckDBPyConnection | None = None
        #: Whether this process had a turn.
        self.were_taken = False

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Get ready on a connection that has the extensions; the catalog's lock is asked there."""
        if self._settings.is_on_postgres:
            place = quoted(self._settings.catalog.removeprefix("postgres:"))
            connection.execute(f"ATTACH '{place}' AS turns (TYPE postgres, READ_ONLY)")

    @contextmanager
    def taken(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Hold the turn; a turn within a turn is the same one.

        Args:
            connection: one of those that `attach` was called for, or beside it.

        Raises:
            LakeError: another process had it for longer than `lock_wait_seconds`.
            duckdb.Error: the catalog's server is away, or was since the turn was taken.
        """
        until = time.monotonic() + self._settings.lock_wait_seconds
        try:
            self._file.acquire(timeout=self._settings.lock_wait_seconds)
        except Timeout:
            raise self._waited(f"to {self._settings.home}") from None
        self.were_taken = True
        try:
            with self._of_catalog(connection, until):
                yield
        finally:
            self._file.release()

    @contextmanager
    def if_free(self) -> Iterator[bool]:
        """Hold the home's turn unless another process has it; gives whether it is held."""
        try:
            self._file.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            self._file.release()

    @contextmanager
    def _of_catalog(self, connection: duckdb.DuckDBPyConnection, until: float) -> Iterator[None]:
        if not self._settings.is_on_postgres:
            yield
        elif self._holder is not None:
            # A server that was restarted has forgotten whose turn it is; then the question fails.
            if not _is_ours(self._holder):
                raise self._waited(_ELSEWHERE)
            yield
        else:
            holder = connection.cursor()
            holder.execute("BEGIN")
            try:
                while not _is_ours(holder):
                    if time.monotonic() > until:
                        raise self._waited(_ELSEWHERE)
                    time.sleep(_LOOK_SECONDS)
                self._holder = holder
                yield
            finally:
                self._holder = None
                # Without a server there is nothing to give back.
                with suppress(duckdb.Error):
                    holder.execute("ROLLBACK")
                holder.close()

    def _waited(self, place: str) -> LakeError:
        return LakeError(
            f"Another trappan process has been writing {place} for more than "
            f"{self._settings.lock_wait_seconds:.0f} seconds. Nothing was changed. Let it end "
            "and run the command again."
        )


def _is_ours(holder: duckdb.DuckDBPyConnection) -> bool:
    row = holder.execute(f"FROM postgres_query('turns', '{quoted(_TAKE)}')").fetchone()
    return row is not None and bool(row[0])


def _is_passing_conflict(error: BaseException) -> bool:
    """Tell a lost race for the catalog, worth another try, from an error that stays."""
    text = str(error).lower()
    return isinstance(error, duckdb.Error) and (
        "database is locked" in text
        or "transaction conflict" in text
        or "could not serialize" in text
        # Two first runs make the same catalog; the next attempt finds it made.
        or 'violates unique constraint "pg_' in text
        or ('relation "ducklake_' in text and "already exists" in text)
    )


@retry(
    retry=retry_if_exception(_is_passing_conflict),
    wait=wait_random_exponential(multiplier=0.05, max=2),
    stop=stop_after_delay(60),
    reraise=True,
)
def patiently(attempt: Callable[[], Result]) -> Result:
    """Do something that may run more than once, again when it lost a race for the catalog."""
    return attempt()
