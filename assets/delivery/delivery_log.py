"""What lies outside the home, and what was said to whom: `HOME/delivery.sqlite`.

A file of its own, not a table of the lake: what was delivered has to be known also when the lake
is lost, or restored from last week's backup. Before a file is put somewhere the log says so, so
that a killed run leaves no copy that nobody knows of. Whom a copy names is kept sealed, for as long
as the copy may be there, and for one question only: which copies must be taken back. Events say
who, what, when, hash and outcome, and nothing of a pupil. Not here: what is put where
(`deliver.py`), when a notice is due (`notices.py`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from assets.delivery.settings import DeliveryError
from assets.delivery.shares import ListFile, ReaderKey, StandingList
from assets.lake.catalog.read_only import address_to_read
from assets.lake.encryption import Sealer, SealError
from assets.lake.sealed_places import LISTED

FILE_NAME = "delivery.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS copies (
    place TEXT, path TEXT, school_unit_code TEXT, mentor TEXT, file_sha256 TEXT, variant TEXT,
    bytes INTEGER, PRIMARY KEY (place, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    place TEXT, path TEXT, list_key TEXT, PRIMARY KEY (place, path, list_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (list_key TEXT PRIMARY KEY, sealed_pupils BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    at TEXT, kind TEXT, school_unit_code TEXT, mentor TEXT, address_key TEXT, place TEXT, path TEXT,
    file_sha256 TEXT, outcome TEXT, words TEXT
);
CREATE TABLE IF NOT EXISTS notices (
    address_key TEXT, reason_key TEXT, PRIMARY KEY (address_key, reason_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_changes (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Copy:
    """A file that was put somewhere.

    Attributes:
        path: below the place's root.
        reader: whose it is.
        file_sha256: of the file as the home has it; "" while it is not known what lies there.
        variant: tells files of one hash apart: the password that this one has.
        size: in bytes, as it was put there.
    """

    path: str
    reader: ReaderKey
    file_sha256: str
    variant: str
    size: int


@dataclass(frozen=True)
class DeliveryEvent:
    """Something that was done, or was to be done: a row of the log.

    Attributes:
        kind: put | removed | notice.
        reader: whose file, or who is told.
        outcome: done | failed.
        words: why it failed; "" when it did not.
        place: the target.
        path: below its root; "" of a notice.
        file_sha256: of the file as the home has it; "" of a notice.
        address_key: HMAC of the address that is told; "" of a file.
    """

    kind: str
    reader: ReaderKey
    outcome: str
    words: str = ""
    place: str = ""
    path: str = ""
    file_sha256: str = ""
    address_key: str = ""


class DeliveryLog:
    """The log of a home; use `opened`."""

    def __init__(self, connection: sqlite3.Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    @classmethod
    @contextmanager
    def looked_at(cls, home: Path, sealer: Sealer) -> Iterator[DeliveryLog]:
        """Open it to look only; nothing is noted, and none is begun.

        Raises:
            DeliveryError: the file can't be used.
        """
        path = home / FILE_NAME
        try:
            if path.exists():
                found = sqlite3.connect(address_to_read(path), uri=True, timeout=10)
            else:
                found = sqlite3.connect(":memory:")
                found.executescript(_TABLES)
            with closing(found):
                yield cls(found, sealer)
        except sqlite3.Error as error:
            raise _unusable(path, error) from None

    @classmethod
    @contextmanager
    def opened(cls, home: Path, sealer: Sealer) -> Iterator[DeliveryLog]:
        """Open it, or begin it; one process at a time delivers.

        Raises:
            DeliveryError: another process delivers, or the file can't be used.
        """
        try:
            with FileLock(home / "delivery.lock", mode=0o600).acquire(timeout=0):
                connection = _connect(home / FILE_NAME)
                try:
                    yield cls(connection, sealer)
                finally:
                    connection.close()
        except Timeout:
            raise DeliveryError(
                "Another process is delivering the lists of this home. Nothing was sent; wait "
                "until it has ended."
            ) from None
        except sqlite3.Error as error:
            raise _unusable(home / FILE_NAME, error) from None

    def places(self) -> list[str]:
        """Return every place where something of ours may lie."""
        rows = self._connection.execute("SELECT DISTINCT place FROM copies ORDER BY 1")
        return [place for (place,) in rows]

    def copies(self, place: str) -> dict[str, Copy]:
        """Return what may lie at a place, by path."""
        rows = self._connection.execute(
            "SELECT path, school_unit_code, mentor, file_sha256, variant, bytes FROM copies "
            "WHERE place = ? ORDER BY path",
            (place,),
        )
        return {
            path: Copy(path, ReaderKey(code, mentor), sha256, variant, size)
            for path, code, mentor, sha256, variant, size in rows
        }

    def naming_others(
        self, place: str, nameable: Collection[str], stands: Mapping[str, str]
    ) -> set[str]:
        """Return the paths of copies that may name somebody whom nobody may name now.

        Args:
            place: the target.
            nameable: keys of pupils who may be named.
            stands: for the key of each number that was changed the one that stands.
        """
        listed: dict[str, set[str]] = defaultdict(set)
        for path, list_key in self._connection.execute(
            "SELECT path, list_key FROM holds WHERE place = ?", (place,)
        ):
            listed[list_key].add(path)
        found: set[str] = set()
        for list_key, paths in listed.items():
            named = self._named(list_key)
            if named is None or any(stands.get(key, key) not in nameable for key in named):
                found |= paths
        return found

    def _named(self, list_key: str) -> list[str] | None:
        """Return whom a list names; None when that can't be known any more."""
        rows = self._connection.execute(
            "SELECT sealed_pupils FROM contents WHERE list_key = ?", (list_key,)
        ).fetchall()
        try:
            ((sealed,),) = rows
            named: list[str] = json.loads(self._sealer.unseal_text(LISTED, (list_key,), sealed))
        except (ValueError, SealError):
            return None
        return named

    def all_named(self) -> list[list[str]]:
        """Return whom each list names, as far as that is known."""
        keys = self._connection.execute("SELECT list_key FROM contents").fetchall()
        return [named for (key,) in keys if (named := self._named(key)) is not None]

    def unfit(self) -> int:
        """Return how many lists it can't say of whom they name."""
        keys = self._connection.execute("SELECT list_key FROM contents").fetchall()
        return sum(self._named(key) is None for (key,) in keys)

    def contents(self) -> list[tuple[str, bytes]]:
        """Return of each list whom it names, sealed, by its key."""
        return self._connection.execute("SELECT list_key, sealed_pupils FROM contents").fetchall()

    def put_again(self, again: Callable[[str, bytes], bytes | None]) -> None:
        """Put in the place of what is sealed what `again` gives, where it gives anything."""
        found = [(again(key, sealed), sealed, key) for key, sealed in self.contents()]
        with self._connection:
            self._connection.executemany(
                "UPDATE contents SET sealed_pupils = ? WHERE sealed_pupils = ? AND list_key = ?",
                [one for one in found if one[0] is not None],
            )
        # So that nothing of before is left in freed pages.
        self._connection.execute("VACUUM")

    def change_keys(
        self,
        name: str,
        again: Callable[[str, bytes], bytes | None],
        key_after: Callable[[str], str],
    ) -> None:
        """Put in the place of what is sealed what `again` gives, and give reasons their next keys.

        Once: what the log was told of a change of this name, it does not do a second time.

        Args:
            name: of the change.
            again: as for `put_again`.
            key_after: returns the next key of a key.
        """
        rows = self._connection.execute("SELECT 1 FROM key_changes WHERE name = ?", (name,))
        if rows.fetchall():
            return
        reasons = self._connection.execute("SELECT DISTINCT reason_key FROM notices").fetchall()
        # A principal's reason is a week.
        crossings = [reason for (reason,) in reasons if _is_key(reason)]
        found = [(again(key, sealed), sealed, key) for key, sealed in self.contents()]
        with self._connection:
            self._connection.executemany(
                "UPDATE contents SET sealed_pupils = ? WHERE sealed_pupils = ? AND list_key = ?",
                [one for one in found if one[0] is not None],
            )
            self._connection.executemany(
                "UPDATE notices SET reason_key = ? WHERE reason_key = ?",
                [(key_after(reason), reason) for reason in crossings],
            )
            self._connection.execute("INSERT INTO key_changes VALUES (?)", (name,))
        # So that nothing of before is left in freed pages.
        self._connection.execute("VACUUM")

    def begin(self, place: str, files: Iterable[tuple[ListFile, StandingList]]) -> None:
        """Note files that are going to be put at a place; what lay there may lie there still."""
        with self._connection:
            for file, of_list in files:
                self._connection.execute(
                    "INSERT INTO copies VALUES (?, ?, ?, ?, '', '', 0) "
                    "ON CONFLICT DO UPDATE SET file_sha256 = '', variant = '', bytes = 0",
                    (place, file.path, file.reader.school_unit_code, file.reader.mentor),
                )
                self._hold(place, file.path, of_list)

    def done(self, place: str, copy: Copy, of_list: StandingList, event: DeliveryEvent) -> None:
        """Note that a copy was put there, of this list, and that nothing of another lies there."""
        values = (copy.file_sha256, copy.variant, copy.size, place, copy.path)
        with self._connection:
            self._connection.execute(
                "UPDATE copies SET file_sha256 = ?, variant = ?, bytes = ? "
                "WHERE place = ? AND path = ?",
                values,
            )
            self._hold_only(place, copy.path, of_list)
            self._note(event)

    def unchanged(self, place: str, copies: Iterable[tuple[Copy, StandingList]]) -> None:
        """Note of which lists copies are that lie there as they should; a file names no more."""
        with self._connection:
            for copy, of_list in copies:
                self._hold_only(place, copy.path, of_list)

    def gone(self, place: str, path: str, event: DeliveryEvent | None = None) -> None:
        """Note that nothing lies there any more; without an event where nothing did."""
        with self._connection:
            for table in ("copies", "holds"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE place = ? AND path = ?", (place, path)
                )
            if event is not None:
                self._note(event)

    def _hold_only(self, place: str, path: str, of_list: StandingList) -> None:
        self._hold(place, path, of_list)
        self._connection.execute(
            "DELETE FROM holds WHERE place = ? AND path = ? AND list_key <> ?",
            (place, path, of_list.list_key),
        )

    def _hold(self, place: str, path: str, of_list: StandingList) -> None:
        execute, list_key = self._connection.execute, of_list.list_key
        execute("INSERT OR IGNORE INTO holds VALUES (?, ?, ?)", (place, path, list_key))
        if not execute("SELECT 1 FROM contents WHERE list_key = ?", (list_key,)).fetchall():
            sealed = self._sealer.seal_text(LISTED, (list_key,), json.dumps(sorted(of_list.pupils)))
            execute("INSERT INTO contents VALUES (?, ?)", (list_key, sealed))

    def forget_lists(self) -> None:
        """Forget whom lists name of which no copy is left."""
        with self._connection:
            self._connection.execute(
                "DELETE FROM contents WHERE list_key NOT IN (SELECT list_key FROM holds)"
            )

    def forget_pupils(self, keys: frozenset[str]) -> int:
        """Forget whom lists name that name one of these pupils, or may.

        Whom a copy of such a list names is not known then, so the next delivery takes it back.

        Args:
            keys: of pupils who are erased.

        Returns:
            How many copies lie outside that may name them.
        """
        found = self._connection.execute("SELECT list_key FROM contents").fetchall()
        naming = [key for (key,) in found if self._may_name(key, keys)]
        with self._connection:
            self._connection.executemany(
                "DELETE FROM contents WHERE list_key = ?", [(key,) for key in naming]
            )
        self._connection.execute("VACUUM")
        ((copies,),) = self._connection.execute(
            "SELECT count(DISTINCT place || path) FROM holds "
            "WHERE list_key NOT IN (SELECT list_key FROM contents)"
        ).fetchall()
        return int(copies)

    def _may_name(self, list_key: str, keys: frozenset[str]) -> bool:
        named = self._named(list_key)
        return named is None or not keys.isdisjoint(named)

    def note(self, event: DeliveryEvent) -> None:
        """Write a row of the log."""
        with self._connection:
            self._note(event)

    def _note(self, event: DeliveryEvent) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        reader = event.reader
        self._connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (at, event.kind, reader.school_unit_code, reader.mentor, event.address_key,
             event.place, event.path, event.file_sha256, event.outcome, event.words),
        )  # fmt: skip

    def events_before(self, day: date) -> int:
        """Return how many rows of the log are of before a day."""
        ((rows,),) = self._connection.execute(
            "SELECT count(*) FROM events WHERE at < ?", (day.isoformat(),)
        ).fetchall()
        return int(rows)

    def forget_before(self, day: date) -> None:
        """Delete the rows of the log of before a day; what lies where is no row of it."""
        with self._connection:
            self._connection.execute("DELETE FROM events WHERE at < ?", (day.isoformat(),))
        self._connection.execute("VACUUM")

    def last_failures(self) -> list[DeliveryEvent]:
        """Return of each file and each address that was last tried in vain what was said then.

        A file that is not ours to put there any more has no failure left.
        """
        rows = self._connection.execute(
            """
            SELECT kind, school_unit_code, mentor, outcome, words, place, path, address_key
            FROM events
            WHERE rowid IN (SELECT max(rowid) FROM events GROUP BY place, path, address_key)
                AND outcome = 'failed'
                AND (kind = 'notice' OR (place, path) IN (SELECT place, path FROM copies))
            ORDER BY rowid
            """
        )
        return [
            DeliveryEvent(kind, ReaderKey(code, mentor), outcome, words, place, path, "", address)
            for kind, code, mentor, outcome, words, place, path, address in rows
        ]

    def told(self, address_key: str) -> set[str]:
        """Return the reasons of which an address was told."""
        rows = self._connection.execute(
            "SELECT reason_key FROM notices WHERE address_key = ?", (address_key,)
        )
        return {reason for (reason,) in rows}

    def set_told(self, address_key: str, reasons: Collection[str]) -> None:
        """Note of which reasons an address was told; of others it is told when they come again."""
        if self.told(address_key) == set(reasons):
            return
        with self._connection:
            self._connection.execute("DELETE FROM notices WHERE address_key = ?", (address_key,))
            self._connection.executemany(
                "INSERT INTO notices VALUES (?, ?)", [(address_key, one) for one in sorted(reasons)]
            )


def _unusable(path: Path, error: sqlite3.Error) -> DeliveryError:
    return DeliveryError(
        f"{path} can't be used ({type(error).__name__}), so nobody knows what lies where. Look at "
        "the disk, or restore it from the backup."
    )


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=10)
    # What is deleted is overwritten: whom a copy named is nobody's business once it is gone.
    connection.execute("PRAGMA secure_delete = ON")
    connection.executescript(_TABLES)
    return connection


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
