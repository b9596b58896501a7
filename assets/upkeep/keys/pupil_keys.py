"""New keys of pupils: what the lake and the portal know by a keyed hash gets its next key.

A new identity makes all that is sealed unreadable to who has the old one. Who has the old secret of
keyed hashes could still try numbers against the keys of a newer copy of the lake. So each stored
key is enciphered with a new secret (`lake/encryption.py`): a key has one next key, whatever it was
made of, also where nobody knows the number any more. A word of protection goes on meaning its
pupil.

The lake changes in one transaction, the portal's database in another, each sealed file as a whole.
What is done already is told by what it is sealed with; of the lake and the portal, which have more
than sealed values, by a mark that is written in the same transaction. Nothing else may run
meanwhile: half of a home knows a pupil by one key and half by the other (`lake/key_file.py`).

Not here: sealing again what holds no key (`resealing.py`), the order of things (`rotate.py`).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from assets.delivery.delivery_log import FILE_NAME, DeliveryLog
from assets.follow_up.portal_database import PortalAwayError, PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import KeyCipher, Sealer
from assets.lake.protection_marks import FILE_MAC, LIFT_MAC, WORD_MAC, know_key, mark_all
from assets.lake.schema import Table
from assets.lake.sealed_places import (
    LIST,
    LISTED,
    SEALED_COLUMNS,
    SEALED_IN_PORTAL,
    SealedPlace,
)
from assets.lake.tables import TABLES
from assets.upkeep.erasure.portal import PUPIL_TABLES, do, worked_on
from assets.upkeep.keys.resealing import (
    Amounts,
    Resealing,
    in_deliveries,
    in_lake,
    in_portal,
)
from rules.errors import TrappanError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

#: Columns of the lake with keys that are made with the home's secret.
KEYED = frozenset(
    {
        *("pupil_key", "number_key", "later_key", "old_pupil_key", "new_pupil_key"),
        *("reference_key", "source_key", "person_key", "content_key", "path_key", "class_key"),
        *("staff_key", "mentor_key", "principal_key"),
    }
)
#: Hashes of ids of a server's objects, which no secret makes.
UNKEYED = frozenset(
    {
        *("place_key", "organisation_key", "group_key", "activity_key", "duty_key"),
        *("event_key", "attendance_key"),
    }
)
#: Of a person a key, of other objects such a hash.
OF_ANY_OBJECT = "object_key"
#: MACs of rows, which are made again, and of which rows.
MARKS: Mapping[str, str] = {
    "protection_words": WORD_MAC,
    "lift_releases": LIFT_MAC,
    "file_releases": FILE_MAC,
}
#: What `mark_all` makes of them.
TOTALS = "protection_totals"
#: Of the portal's database: that its keys are those of a change. It goes when the change has ended.
_PORTAL_MARK = "trappan_pupil_keys"
_AT_ONCE = 500
_ROWS_AT_ONCE = 10_000
_PAIRS = "new_keys"
_SEALED = "sealed_with_new_keys"
_ROWS = "rows_with_new_keys"
#: What must mean the same pupils, before and after.
_PROTECTED = ("SELECT pupil_key FROM protected_pupils", "SELECT person_key FROM protected_persons")


class PupilKeysRefusedError(TrappanError):
    """Pupils can't get new keys: more than keys would change. The lake is as it was."""


class NewPupilKeys(Resealing):
    """Seals again, and gives what is keyed its next key.

    Args:
        old: opens what was sealed before, with the keys before.
        new: seals.
        secret: the new one of keyed hashes.
        name: of this change, in the marks.
        senders: names of senders, beside those of the ledger.
        changes: whether what is found is put in its place; else it is counted only.
    """

    def __init__(
        self,
        old: Sealer,
        new: Sealer,
        *,
        secret: bytes,
        name: str,
        senders: Collection[str],
        changes: bool,
    ) -> None:
        super().__init__(old, new, changes=changes)
        self.name = name
        self.senders = tuple(senders)
        self._cipher = KeyCipher(secret)

    def keys_after(self, keys: Iterable[str]) -> list[str]:
        """Return the next key of each key, as texts."""
        blocks = bytes.fromhex("".join(key.replace("-", "") for key in keys))
        found = self._cipher.after(blocks).hex()
        return [
            "-".join((one[:8], one[8:12], one[12:16], one[16:20], one[20:]))
            for one in (found[at : at + 32] for at in range(0, len(found), 32))
        ]

    def row_after(self, place: SealedPlace, row: Sequence[object]) -> list[object]:
        """Return what a value will be bound to."""
        return [
            self.keys_after([str(value)])[0] if column in KEYED and value is not None else value
            for column, value in zip(place.bound_to, row, strict=True)
        ]

    def plain_after(self, place: SealedPlace, plain: bytes) -> bytes:
        """Return what will be sealed: a list, and whom a list names, have keys within."""
        if place is LIST:
            of_list = self._of_list(json.loads(zlib.decompress(plain)))
            text = json.dumps(of_list, ensure_ascii=False, separators=(",", ":"))
            return zlib.compress(text.encode())
        if place is LISTED:
            return json.dumps(sorted(self.keys_after(json.loads(plain)))).encode()
        return plain

    def _of_list(self, said: Any) -> Any:
        if isinstance(said, list):
            return [self._of_list(one) for one in said]
        if not isinstance(said, dict):
            return said
        # A mentor's own `key` names folders, and stays.
        return {
            name: self.keys_after([value])[0] if name in KEYED and value else self._of_list(value)
            for name, value in said.items()
        }


def in_lake_with_keys(
    lake: Lake, resealing: NewPupilKeys, *, is_done: bool, done: Callable[[], None]
) -> Amounts:
    """Give the lake's rows their new keys, seal their values again and mark words again.

    Args:
        lake: the lake; who changes it holds the turn to write, and it knows the marks of `old`.
        resealing: from which secrets to which.
        is_done: whether it is known that it was done.
        done: called when it is; before it the lake's past must not go, which has the mark.

    Returns:
        How much opens with which key; nothing where it was changed, which is not looked at twice.

    Raises:
        PupilKeysRefusedError: not every row came through, or protection would not mean the same
            pupils; the lake is as it was.
    """
    if not resealing.changes:
        return in_lake(lake, resealing)
    if not is_done:
        if not has_new_keys(lake, resealing.name):
            try:
                lake.write(lambda connection: _change(connection, resealing))
            except BaseException:
                know_key(lake.connection, resealing.old)
                raise
        know_key(lake.connection, resealing.new)
        done()
    return Amounts()


def keyed_rows(lake: Lake) -> int:
    """Return how many rows of the lake are put there once more."""
    return sum(
        _count(lake.connection, f"lake.{table.name}")
        for table in TABLES
        if not KEYED.isdisjoint(column.name for column in table.columns)
    )


def has_new_keys(lake: Lake, name: str) -> bool:
    """Whether a change of this name was committed to the lake, of which the past is still there."""
    return bool(
        lake.rows(
            "SELECT 1 FROM ducklake_snapshots('lake') WHERE commit_message = $name LIMIT 1",
            name=_message(name),
        )
    )


def _message(name: str) -> str:
    return f"new keys of pupils, {name}"


def _change(connection: duckdb.DuckDBPyConnection, resealing: NewPupilKeys) -> None:
    """Do all of it, in a transaction that may be begun again."""
    know_key(connection, resealing.old)
    protected = [_keys(connection, statement) for statement in _PROTECTED]
    _make_pairs(connection, resealing)
    _keep_the_source_of_a_sender(connection, resealing.senders)
    _seal(connection, resealing)
    fitting = {name: _fitting(connection, name) for name in MARKS}
    know_key(connection, resealing.new)
    for table in TABLES:
        if table.name != TOTALS:
            _rewrite(connection, table)
    mark_all(connection)
    for name, count in fitting.items():
        if count != _count(connection, f"{name} WHERE mark_key = {MARKS[name]}"):
            raise PupilKeysRefusedError(f"{name}: other marks would fit than now")
    for statement, before in zip(_PROTECTED, protected, strict=True):
        if set(resealing.keys_after(before)) != _keys(connection, statement):
            raise PupilKeysRefusedError("other pupils would be protected than now")
    connection.execute(f"CALL lake.set_commit_message('trappan', '{_message(resealing.name)}')")


def _keys(connection: duckdb.DuckDBPyConnection, statement: str) -> set[str]:
    return {str(key) for (key,) in connection.execute(statement).fetchall() if key is not None}


def _make_pairs(connection: duckdb.DuckDBPyConnection, resealing: NewPupilKeys) -> None:
    """Make a table of every key that is stored and its next one."""
    columns = [
        f"SELECT {column.name} AS before FROM lake.{table.name}"
        for table in TABLES
        for column in table.columns
        if column.name in KEYED
    ]
    columns.append(
        f"SELECT {OF_ANY_OBJECT} FROM lake.ss12000_deletions WHERE resource_name = 'persons'"
    )
    union = " UNION ".join(columns)
    keys = connection.execute(
        f"SELECT cast(before AS VARCHAR) AS before FROM ({union}) WHERE before IS NOT NULL"
    ).pl()
    after = pl.Series("after", resealing.keys_after(keys["before"]), dtype=pl.String)
    _load(connection, _PAIRS, keys.with_columns(after), "cast(before AS UUID) AS before, "
          "cast(after AS UUID) AS after")  # fmt: skip


def _load(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame, columns: str
) -> None:
    connection.register(f"{name}_frame", rows)
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {name}_frame"
        )
    finally:
        connection.unregister(f"{name}_frame")


def _keep_the_source_of_a_sender(
    connection: duckdb.DuckDBPyConnection, senders: Sequence[str]
) -> None:
    """Let a source that is made of a person's key be made of the person's new one.

    `server_source` (`sql/exports/parsing_macros.sql`) hashes a sender's tag and the person's key:
    the sender's next word of the person has to be of the same source, or it could never lift what
    the sender's earlier word marked. Which tags there are say the ledger and the home's senders.
    """
    connection.execute(
        f"UPDATE {_PAIRS} SET after = made.after FROM ("
        "SELECT cast(md5(tags.tag || cast(persons.before AS VARCHAR)) AS UUID) AS before, "
        "cast(md5(tags.tag || cast(persons.after AS VARCHAR)) AS UUID) AS after "
        f"FROM {_PAIRS} AS persons SEMI JOIN ("
        "SELECT person_key FROM lake.ss12000_persons "
        "UNION SELECT reference_key FROM lake.protection_words"
        ") AS met ON persons.before = met.person_key "
        "CROSS JOIN (SELECT DISTINCT sender || chr(30) AS tag FROM ("
        "SELECT sender FROM lake.files UNION SELECT unnest($senders)) WHERE sender <> ''"
        f") AS tags) AS made WHERE {_PAIRS}.before = made.before",
        {"senders": ["", *senders]},
    )


def _seal(connection: duckdb.DuckDBPyConnection, resealing: NewPupilKeys) -> None:
    """Make a table of every sealed value that the old key opens, and the same of the new one."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE every_{_SEALED} (before BLOB, after BLOB)")
    # Beside this transaction, which has changed nothing yet: a batch is stored while it is read.
    with closing(connection.cursor()) as beside:
        for place in SEALED_COLUMNS:
            beside.execute(
                f"SELECT {', '.join((*place.bound_to, place.column))} FROM lake.{place.table} "
                f"WHERE {place.column} IS NOT NULL"
            )
            while rows := beside.fetchmany(_ROWS_AT_ONCE):
                _keep_sealed(connection, resealing, place, rows)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SEALED} AS "
        f"SELECT before, any_value(after) AS after FROM every_{_SEALED} GROUP BY before"
    )


def _keep_sealed(
    connection: duckdb.DuckDBPyConnection,
    resealing: NewPupilKeys,
    place: SealedPlace,
    rows: list[tuple[Any, ...]],
) -> None:
    found: dict[bytes, bytes] = {}
    for *of_row, sealed in rows:
        _, after = resealing.again(place, of_row, sealed)
        # One that was copied to another row opens at its own only.
        if after is not None:
            found[sealed] = after
    pairs = {"before": list(found), "after": list(found.values())}
    frame = pl.DataFrame(pairs, schema=dict.fromkeys(pairs, pl.Binary))
    connection.register("sealed_rows", frame)
    try:
        connection.execute(f"INSERT INTO every_{_SEALED} FROM sealed_rows")
    finally:
        connection.unregister("sealed_rows")


def _fitting(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Note of each row whether its mark fits, and return how many do.

    Of the row, not of the mark: a row that others put there can have the mark of a true one.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_marked(table)} AS "
        f"SELECT *, coalesce(mark_key = {MARKS[table]}, FALSE) AS is_fitting FROM lake.{table}"
    )
    return _count(connection, f"{_marked(table)} WHERE is_fitting")


def _marked(table: str) -> str:
    return f"marked_{table}"


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    ((count,),) = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
    return int(count)


def _rewrite(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Put every row of a table there once more, with its new keys."""
    keyed = [one.name for one in table.columns if one.name in KEYED or one.name == OF_ANY_OBJECT]
    sealed = [place.column for place in SEALED_COLUMNS if place.table == table.name]
    is_marked = table.name in MARKS
    rows = _count(connection, f"lake.{table.name}")
    if not rows or not (keyed or sealed or is_marked):
        return
    columns, joins = [], []
    for column in table.columns:
        name = column.name
        if name in (*keyed, *sealed):
            pairs = _PAIRS if name in keyed else _SEALED
            joins.append(
                f"LEFT JOIN {pairs} AS of_{name} ON stored.{name} = of_{name}.before"
                + (" AND stored.resource_name = 'persons'" if name == OF_ANY_OBJECT else "")
            )
            columns.append(f"coalesce(of_{name}.after, stored.{name}) AS {name}")
        else:
            columns.append(f"stored.{name}")
    source = _marked(table.name) if is_marked else f"lake.{table.name}"
    if is_marked:
        columns.append("stored.is_fitting")
    select = f"SELECT {', '.join(columns)} FROM {source} AS stored {' '.join(joins)}"
    if is_marked:
        # A mark that did not fit goes on fitting nothing.
        select = (
            f"SELECT * EXCLUDE (is_fitting) REPLACE (CASE WHEN is_fitting THEN "
            f"{MARKS[table.name]} ELSE mark_key END AS mark_key) FROM ({select})"
        )
    # DuckLake gives no rows of a snapshot that this transaction has deleted.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS {select}")
    connection.execute(f"DELETE FROM lake.{table.name}")
    connection.execute(f"INSERT INTO lake.{table.name} BY NAME FROM {_ROWS}")
    connection.execute(f"DROP TABLE {_ROWS}")
    after = _count(connection, f"lake.{table.name}")
    if after != rows:
        raise PupilKeysRefusedError(f"{table.name} has {rows} rows, and would have {after}")


def in_deliveries_with_keys(home: Path, resealing: NewPupilKeys) -> Amounts:
    """Give whom delivered lists name, and what was told of whom, their new keys.

    Raises:
        DeliveryError: lists are being delivered just now, or the file can't be used.
    """
    if resealing.changes and (home / FILE_NAME).exists():
        with DeliveryLog.opened(home, resealing.new) as log:
            log.change_keys(
                resealing.name,
                lambda key, sealed: resealing.again(LISTED, (key,), sealed)[1],
                lambda key: resealing.keys_after([key])[0],
            )
    return in_deliveries(home, Resealing(resealing.old, resealing.new, changes=False))


def in_portal_with_keys(database: PortalDatabase, resealing: NewPupilKeys) -> Amounts:
    """Give the pupils in the portal's database their new keys, and seal its values again.

    Raises:
        PortalAwayError: it does not answer, or others have it locked.
    """
    if resealing.changes:
        worked_on(
            database,
            lambda connection, there: _change_portal(connection, there, resealing),
            may_write=True,
            again="Stop the portal, and run: trappan rotate-key --pupil-keys",
        )
    return in_portal(database, Resealing(resealing.old, resealing.new, changes=False))


def _change_portal(connection: Connection, there: Collection[str], resealing: NewPupilKeys) -> int:
    if _PORTAL_MARK in there:
        mark = do(
            connection, f"SELECT 1 FROM {_PORTAL_MARK} WHERE name = :name", name=resealing.name
        )
        if mark.fetchall():
            return 0
    if connection.dialect.name == "postgresql":
        # A request that is about to write has begun to keep its pupil's row: its end is waited for.
        do(connection, f"LOCK TABLE {', '.join(sorted(PUPIL_TABLES))} IN EXCLUSIVE MODE")
    for place in (one for one in SEALED_IN_PORTAL if one.table in there):
        columns = ", ".join((*place.bound_to, place.column))
        select = f"SELECT {columns} FROM {place.table} WHERE {place.column} IS NOT NULL"
        for *of_row, value in do(connection, select).fetchall():
            _, after = resealing.again(place, of_row, bytes(value))
            if after is not None:
                do(
                    connection,
                    f"UPDATE {place.table} SET {place.column} = :after "
                    f"WHERE {place.column} = :before",
                    before=bytes(value),
                    after=after,
                )
    rows = _change_keys(connection, resealing)
    if _PORTAL_MARK not in there:
        do(connection, f"CREATE TABLE {_PORTAL_MARK} (name varchar(80))")
    do(connection, f"INSERT INTO {_PORTAL_MARK} VALUES (:name)", name=resealing.name)
    return rows


def _change_keys(connection: Connection, resealing: NewPupilKeys) -> int:
    """Give every pupil's key its next one, and return of how many rows."""
    union = " UNION ".join(f"SELECT pupil_key FROM {table}" for table in PUPIL_TABLES)
    keys = [str(key) for (key,) in do(connection, union).fetchall() if key]
    do(connection, f"CREATE TEMP TABLE {_PAIRS} (before varchar(36), after varchar(36))")
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        values: dict[str, Any] = {
            f"{name}_{number}": key
            for name, those in (("before", some), ("after", resealing.keys_after(some)))
            for number, key in enumerate(those)
        }
        marks = ", ".join(f"(:before_{number}, :after_{number})" for number in range(len(some)))
        do(connection, f"INSERT INTO {_PAIRS} VALUES {marks}", **values)
    do(connection, f"CREATE INDEX of_{_PAIRS} ON {_PAIRS} (before)")
    rows = 0
    for table in PUPIL_TABLES:
        rows += do(
            connection,
            f"UPDATE {table} SET pupil_key = {_PAIRS}.after FROM {_PAIRS} "
            f"WHERE {table}.pupil_key = {_PAIRS}.before",
        ).rowcount
    do(connection, f"DROP TABLE {_PAIRS}")
    return rows


def forget_portal_mark(database: PortalDatabase) -> None:
    """Take the mark out of the portal's database, when the change has ended.

    Where the database is away, it stays, and says nothing of the next change.
    """

    def work(connection: Connection, there: Collection[str]) -> int:
        if _PORTAL_MARK in there:
            do(connection, f"DROP TABLE {_PORTAL_MARK}")
        return 0

    with suppress(PortalAwayError):
        worked_on(database, work, may_write=True, again="")
