"""The lake: one DuckDB connection with DuckLake attached, and the only door to `sql/`.

Here: connecting, transactions with retry, running a SELECT of `sql/` by name. Not here: any
table's meaning (`tables.py`), any path outside the home, any rule.

Found when tried, and guarded here:

- DuckLake keeps every column's smallest and largest value in its catalog *in clear*, also of an
  encrypted table. Whatever names a person is therefore sealed before it is written
  (`encryption.py`), and of other texts the catalog gets no extremes (`catalog/statistics.py`).
- DuckLake puts small inserts into the catalog itself, in clear, unless
  `DATA_INLINING_ROW_LIMIT` is 0.
- A killed DuckDB leaves spill files in clear, so they are encrypted, live in a folder of their
  own under the home, and what a dead process left is wiped at the next start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import duckdb
import polars as pl

from assets.lake.catalog.read_only import Workplace, refuse_older_lake, refuse_read_only
from assets.lake.catalog.statistics import keep_no_extremes, know_empty_tables
from assets.lake.data_files import words_of_data_files
from assets.lake.encryption import KeyFileError, Sealer
from assets.lake.key_file import forget_no_lake
from assets.lake.lasting_rows import keep_rows
from assets.lake.protection_marks import define_marks, refuse_changed_words
from assets.lake.schema import TemporaryTable
from assets.lake.server_errors import words_of_server
from assets.lake.settings import (
    LakeError,
    LakeSettings,
    configuration,
    extension_path,
    lost_lake,
    put_aside,
    quoted,
    traces_of_a_lake,
)
from assets.lake.tables import TABLE_NAMES, TABLES
from assets.lake.upgrading.upgrade import note, stopped, take_next, upgrade_of
from assets.lake.upgrading.versions import refuse_newer
from assets.lake.write_lock import Turns, patiently
from rules.errors import TrappanError

__all__ = ["SQL_ROOT", "Lake", "LakeError", "LakeSettings"]

SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"
#: The view of what counts (`computed_tables.py`), on every connection. Where temporary tables or
#: views stand before the lake's, it reads those.
COUNTING_LESSONS = "absence/counting_lessons"
#: The macro that alone asks whether a share is reached, on every connection.
REACHES_STEP = "flags/reaches_step"
#: DuckDB's own functions stand before the lake, or every statement with one would begin to read the
#: lake's catalog, four milliseconds each; a frame that is handed over, five times that. A table
#: is made as `lake.<table>`, because the first of these is where a bare name would be made.
_NAMES_ARE_SOUGHT_IN = "SET search_path = 'system.main,lake.main'"

Result = TypeVar("Result")


class Lake:
    """One connection to the lake. Use it as a context manager; it isn't shared by threads."""

    def __init__(
        self,
        settings: LakeSettings,
        connection: duckdb.DuckDBPyConnection,
        turns: Turns | None = None,
        place: Workplace | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self._place = place
        self._prepared: set[str] = set()
        self._is_beside = turns is not None
        self._sealer = sealer
        self._traces: tuple[str, ...] = ()
        self._turns = turns or Turns(settings)

    @classmethod
    def open(
        cls, settings: LakeSettings, *, to_look_over: bool = False, sealer: Sealer | None = None
    ) -> Self:
        """Connect, attach and make sure that every table is there.

        Args:
            settings: of the lake.
            to_look_over: also a lake whose words of protection were changed by others, to say so.
            sealer: what marks are made with; that of the home's key file where none is given.

        Raises:
            ProtectionError: words of protection were changed or removed outside of trappan.
            LakeError: no permission, a missing extension, a catalog that is gone or doesn't
                answer, or a lake of a newer version, or of an older one that is to be rewritten.
            KeyFileError: the home has no key file, and the lake has data that was keyed with one.
        """
        # Whatever this process writes from here on is the owner's only (security by construction).
        os.umask(0o077)
        home = settings.home
        try:
            place = Workplace.of(settings)
        except OSError as error:
            raise LakeError(
                f"The home folder {home} can't be used: {error.strerror}. Expected a folder that "
                "this user may write to. Give another with --home or TRAPPAN_HOME, or change its "
                "owner."
            ) from None
        connection = duckdb.connect(config=configuration(settings, place.temp))
        lake = cls(settings, connection, place=place, sealer=sealer)
        try:
            lake._attach()
            lake._make_tables()
            lake._refuse_emptied()
            if not place.is_read_only:
                patiently(lambda: keep_no_extremes(settings, connection))
                forget_no_lake(home)
            with lake.reading():
                lake._refuse_a_new_key()
                lake._define_views()
                if not to_look_over:
                    refuse_changed_words(connection)
        except duckdb.Error as error:
            lake._let_go()
            if _is_no_lake(error):
                if settings.begins_anew and not settings.catalog:
                    put_aside(settings)
                    return cls.open(settings, to_look_over=to_look_over, sealer=sealer)
                traces = traces_of_a_lake(settings)
                raise lost_lake(settings, "its catalog is empty or damaged", traces) from None
            # Not its words: where a server is asked, they can quote a password.
            has_server = settings.is_on_postgres or settings.is_on_s3
            said = "" if has_server else f": {str(error).splitlines()[0]}"
            raise LakeError(
                words_of_server(error)
                or f"The lake's catalog {settings.catalog_string.split(':', 1)[0]}:… in {home} "
                f"does not answer{said}. Run `trappan doctor`."
            ) from None
        except TrappanError:
            lake._let_go()
            raise
        return lake

    def beside(self) -> Self:
        """Connect once more to the lake that is open, with temporary tables of one's own.

        Opening it again takes a third of a second of the processor, because DuckDB checks the
        signature of every extension; this takes a fiftieth of that. Close it before this one.
        """
        cursor = self.connection.cursor()
        lake = type(self)(self.settings, cursor, self._turns, self._place, self._sealer)
        lake.define_views()
        return lake

    def _attach(self) -> None:
        settings = self.settings
        if not settings.catalog_string.startswith(("sqlite:", "postgres:")):
            raise LakeError(
                "TRAPPAN_CATALOG is no catalog that can be used here. Expected "
                "postgres:dbname=… host=… user=…, or nothing for a file in the home."
            )
        for name in settings.extensions:
            self.connection.execute(f"LOAD '{extension_path(name)}'")
        for statement in settings.s3.statements() if settings.is_on_s3 else ():
            self.connection.execute(statement)
        options = [f"DATA_PATH '{quoted(settings.data_string)}'", "ENCRYPTED"]
        options.append("DATA_INLINING_ROW_LIMIT 0")
        if not settings.data_path:
            # The data lies in the home, wherever that is now: a home can be moved, or restored.
            options.append("OVERRIDE_DATA_PATH true")
        self._traces = traces_of_a_lake(settings)
        if self._traces and not settings.begins_anew:
            # An emptied catalog is no new one.
            options.append("CREATE_IF_NOT_EXISTS false")
        catalog = settings.catalog_string
        if self._place and self._place.is_read_only:
            options.append("READ_ONLY")
            catalog = self._place.catalog_string
        elif catalog.startswith("sqlite:"):
            options += ["META_JOURNAL_MODE 'WAL'", "META_BUSY_TIMEOUT 10000"]
        statement = f"ATTACH 'ducklake:{quoted(catalog)}' AS lake ({', '.join(options)})"
        patiently(lambda: self.connection.execute(statement))
        self._turns.attach(self.connection)
        self.connection.execute(_NAMES_ARE_SOUGHT_IN)
        # Without a script's file, DuckDB draws a bar into standard output, which has data only.
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute("SET lock_configuration = true")

    def _make_tables(self) -> None:
        """Make a new lake's tables, or take the steps that an older one has before it."""
        upgrade = upgrade_of(self.connection, TABLES)
        if upgrade.is_nothing:
            return
        has_ledger = upgrade.found is not None and self._has_ledger()
        if self._traces and not self.settings.begins_anew and not has_ledger:
            raise lost_lake(self.settings, "its catalog has no ledger", self._traces)
        refuse_older_lake(self.settings.home)
        if not self.settings.upgrades:
            upgrade.refuse_unasked()
        try:
            while self._write_in_turn(lambda connection: take_next(connection, TABLES)):
                continue
        except duckdb.Error as error:
            words = stopped(upgrade, error)
            if words is None:
                raise
            raise words from None
        # Killed before this, a lake is slower and nothing else.
        with self._turns.taken(self.connection):
            patiently(lambda: know_empty_tables(self.connection))
        note(upgrade, self.settings.home)

    def _has_ledger(self) -> bool:
        return bool(
            self.rows(
                "SELECT 1 FROM duckdb_tables() "
                "WHERE database_name = 'lake' AND table_name = 'files'"
            )
        )

    def _refuse_emptied(self) -> None:
        """Lists are made of files, so a lake without a file beside lists has lost its rows."""
        if self.settings.begins_anew or "lists/" not in self._traces:
            return
        if not self.has_rows("files"):
            raise lost_lake(self.settings, "its ledger is empty", self._traces)

    def _refuse_a_new_key(self) -> None:
        """A new key would make every pupil a stranger; the lake's data may be another machine's."""
        path = self.settings.home / "pupil.key"
        if not path.exists() and (self.has_rows("files") or self.has_rows("held_files")):
            raise KeyFileError(
                f"{path} is not there, but the lake has data that was keyed with it. Restore it "
                "from the backup, or copy it from the home that made the lake; a new key would "
                "make every pupil a stranger."
            )

    def define_views(self) -> None:
        """Make what every connection has; in one transaction the catalog is read once for all."""
        with self.reading():
            self.connection.execute(_NAMES_ARE_SOUGHT_IN)
            self._define_views()

    def _define_views(self) -> None:
        if self._sealer is None and (self.settings.home / "pupil.key").exists():
            self._sealer = Sealer.of_home(self.settings.home)
        define_marks(self.connection, self._sealer)
        self.define_protection()
        self.define(COUNTING_LESSONS)
        self.prepare(REACHES_STEP)

    def define_protection(self) -> None:
        """Make the views that alone say who is protected."""
        self.define("protection/released_words")
        self.define("protection/protected_pupils")
        self.define("protection/protected_persons")

    def close(self) -> None:
        """Close the connection, and wipe the spill folder when it was the one that opened it."""
        if self._is_beside:
            self.connection.close()
            return
        if self._turns.were_taken:
            self._keep_lasting_rows()
        self._let_go()

    def _let_go(self) -> None:
        self.connection.close()
        if self._place:
            self._place.clear()

    def _keep_lasting_rows(self) -> None:
        """Keep what no original brings back; where it can't be, `trappan verify` says so.

        Not while another process writes: that one keeps them at its end. And whatever goes wrong
        here, what was written to the lake stands.
        """
        home = self.settings.home
        with suppress(duckdb.Error, OSError, KeyFileError), self._turns.if_free() as is_free:
            if is_free and (home / "pupil.key").exists():
                with self.reading():
                    keep_rows(self.connection, home, Sealer.of_home(home))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        words = self._words_of_files(error) if isinstance(error, duckdb.Error) else None
        self.close()
        if words:
            raise LakeError(words) from None

    def _words_of_files(self, error: duckdb.Error) -> str | None:
        """Say which data file is lost or damaged, when that is the trouble."""
        with suppress(duckdb.Error), closing(self.connection.cursor()) as beside:
            beside.execute(_NAMES_ARE_SOUGHT_IN)
            return words_of_data_files(error, beside, self.settings)
        return None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Ask questions of one state of the lake; for each that is asked alone, it is looked up.

        Nothing is written within, and of temporary tables that are replaced within, the old ones
        stay in memory until its end.
        """
        prepared = set(self._prepared)
        self.connection.execute("BEGIN")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            _roll_back(self.connection)
            # What was made within is gone with it.
            self._prepared = prepared
            raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the turn to write, so that two runs write one after the other.

        Raises:
            LakeError: another process held it for longer than `lock_wait_seconds`, or a newer
                program upgraded the lake meanwhile; or the home can't be written to.
            KeyFileError: pupils got new keys since it was opened.
            duckdb.Error: the catalog's server is away.
        """
        refuse_read_only(self.settings.home)
        with self._turns.taken(self.connection):
            # A newer program may have upgraded the lake since it was opened here.
            refuse_newer(self.connection, meanwhile=True)
            if self._sealer is not None:
                self._sealer.look()
            yield

    def write(self, change: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
        """Run `change` in one transaction, again from its start when the catalog was locked.

        Args:
            change: does the whole change; it may run more than once and must not commit.

        Raises:
            LakeError: another writer did not end in time, or a newer program upgraded the lake.
        """
        with self.writing():
            return self._write_in_turn(change)

    def _write_in_turn(self, change: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
        def attempt() -> Result:
            self.connection.execute("BEGIN")
            try:
                result = change(self.connection)
                self.connection.execute("COMMIT")
            except BaseException:
                _roll_back(self.connection)
                raise
            return result

        with self._turns.taken(self.connection):
            return patiently(attempt)

    def select(self, name: str, ctes: Sequence[str] = (), /) -> str:
        """Return the SELECT of `sql/<name>.sql`; `ctes` are files that it, and later ones, read."""
        text = (SQL_ROOT / f"{name}.sql").read_text(encoding="utf-8").strip().rstrip(";")
        if not ctes:
            return text
        before = ", ".join(f"{Path(cte).name} AS (\n{self.select(cte)}\n)" for cte in ctes)
        return f"WITH {before} SELECT * FROM (\n{text}\n)"

    def relation(
        self, name: str, ctes: Sequence[str] = (), /, **parameters: object
    ) -> pl.DataFrame:
        """Run `sql/<name>.sql` with `$named` parameters and return its rows."""
        return self.frame(self.select(name, ctes), **parameters)

    def frame(self, statement: str, **parameters: object) -> pl.DataFrame:
        """Run one statement with `$named` parameters and return its rows."""
        return self.connection.execute(statement, parameters or None).pl()

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement with `$named` parameters and return its rows as tuples."""
        return self.connection.execute(statement, parameters or None).fetchall()

    def has_rows(self, table: str) -> bool:
        """Look whether a table has a row: first, of tables of the lake that mostly have none.

        Of a table that never had one DuckLake asks its catalog again for each column that a
        statement reads, two milliseconds each.
        """
        return bool(self.rows(f"SELECT 1 FROM {table} LIMIT 1"))

    def materialise(
        self, name: str, ctes: Sequence[str] = (), /, **parameters: object
    ) -> TemporaryTable:
        """Make a temporary table of `sql/<name>.sql`, named as the file."""
        return self.make(Path(name).name, self.select(name, ctes), **parameters)

    def define(self, name: str) -> TemporaryTable:
        """Make a temporary view of `sql/<name>.sql`, named as the file."""
        return self.make_view(Path(name).name, self.select(name))

    def make(self, name: str, select: str, /, **parameters: object) -> TemporaryTable:
        """Make a temporary table of a SELECT, in place of an older one of that name."""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_temporary(name)} AS {select}", parameters or None
        )
        return TemporaryTable(name)

    def make_view(self, name: str, select: str, /) -> TemporaryTable:
        """Make a temporary view of a SELECT, in place of an older one of that name."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_temporary(name)} AS {select}")
        return TemporaryTable(name)

    def make_empty(self, name: str, columns: str, /) -> TemporaryTable:
        """Make a temporary table without a row, in place of an older one of that name."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_temporary(name)} ({columns})")
        return TemporaryTable(name)

    def prepare(self, name: str) -> None:
        """Run `sql/<name>.sql`, macros that last as long as the connection, unless it was run."""
        self.once(name, lambda: self.connection.execute(self.select(name)))

    def once(self, name: str, make: Callable[[], object]) -> None:
        """Make what lasts as long as the connection, unless it was made; not while writing."""
        if name not in self._prepared:
            make()
            self._prepared.add(name)

    def load(self, table: str, frame: pl.DataFrame) -> TemporaryTable:
        """Make a temporary table of a frame, so that SELECTs can join parameters by name."""
        self.connection.register("frame_to_load", frame)
        try:
            return self.make(table, "SELECT * FROM frame_to_load")
        finally:
            self.connection.unregister("frame_to_load")

    def show_instead(self, table: str, select: str) -> None:
        """Let a table of the lake read as the rows of a SELECT, for the rest of this connection.

        The only way in which a name stands for something else than the lake's table: the same
        questions are asked of a past. The lake isn't changed; `lake.<table>` is still the table.

        Raises:
            ValueError: the lake has no such table.
        """
        if table not in TABLE_NAMES:
            raise ValueError(f"{table} is no table of the lake")
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {select}")

    def snapshot(self) -> int:
        """Return the id of the lake's newest snapshot."""
        (value,) = self.rows("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")[0]
        return int(value)


def _temporary(name: str) -> str:
    """Return a name for a temporary table, which must be none of the lake's.

    DuckDB looks among temporary tables first, and has no schemas for them: what is meant for the
    lake's table would silently read the temporary one.
    """
    if name in TABLE_NAMES:
        raise ValueError(f"{name} is a table of the lake; a temporary one needs another name")
    return name


def _is_no_lake(error: duckdb.Error) -> bool:
    """Tell a catalog that is no catalog any more from a server's trouble."""
    text = str(error).lower()
    return any(
        words in text
        for words in (
            "creating a new ducklake is explicitly disabled",
            "file is not a database",
            "disk image is malformed",
        )
    )


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        # A failed COMMIT has ended the transaction already.
        return
