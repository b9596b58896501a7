"""Dagster's history in SQLite, with connections that stay open: `dagster.yaml` names it.

Dagster opens its database again for every event, and a night has hundreds: half of what an event
costs, and of a night without new files more than a second. Nor does an event wait for the disk: the
database is whole after a power cut, and may lack the last events of the run that was cut off, which
is made up for as any run that was killed. Files and tables are Dagster's own, so a history can be
read with or without this. Not here: which instance is used (`running.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

#: As many runs as a process is likely to ask about at a time, and the index of all.
MOST_OPEN = 8


class OpenEvents(SqliteEventLogStorage):
    """Events as Dagster keeps them, in databases that stay open until others are asked for."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._open: OrderedDict[str, Connection] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            # The first time, Dagster's own way: it makes the tables.
            with super()._connect(shard) as connection:
                yield connection
            return
        # One thread at a time, as with Dagster's own.
        with self._db_lock:
            connection = self._kept(shard)
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                self._open.pop(shard).close()
                raise

    def _kept(self, shard: str) -> Connection:
        if shard not in self._open:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=NullPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            self._open[shard] = engine.connect()
            # In the write-ahead mode that Dagster's tables are made in.
            self._open[shard].exec_driver_sql("PRAGMA synchronous = NORMAL")
            self._open[shard].commit()
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(shard)
        return self._open[shard]

    def delete_events(self, run_id: str) -> None:
        """Remove the events of a run, as Dagster does, and the run's database, which it keeps."""
        super().delete_events(run_id)
        with self._db_lock:
            if run_id in self._open:
                self._open.pop(run_id).close()
            self._initialized_dbs.discard(run_id)
            place = Path(self.path_for_shard(run_id))
            for path in place.parent.glob(f"{place.name}*"):
                path.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Remove every event, as Dagster does."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open, when the instance is done with."""
        self._close()
        super().dispose()

    def _close(self) -> None:
        with self._db_lock:
            while self._open:
                self._open.popitem()[1].close()


class History(DagsterSqliteStorage):
    """The history of a home: runs and schedules as Dagster keeps them, and `OpenEvents`."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        # Where Dagster puts them; it has no name for the place that others may use.
        self._event_log_storage = OpenEvents(self._event_log_storage._base_dir)  # noqa: SLF001

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> History:
        """Return the storage that `dagster.yaml` asks for; Dagster calls it."""
        return cls.from_local(inst_data=inst_data, **config_value)
