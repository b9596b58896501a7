"""Values that are sealed one by one, sealed again with a new key: lake, portal, delivery's log.

A value is found by its bytes, which no other has, and put in its own place: killed at any moment,
some values are of the new key and the rest of the old one, and both open as long as both keys are
at hand. Values that neither key opens were lost before; they stay as they are and are counted.

Not here: files that are sealed as a whole (`sealed_files.py`), the order of things (`rotate.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from assets.delivery.delivery_log import FILE_NAME, DeliveryLog
from assets.follow_up.portal_database import PortalAwayError, PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.lake.sealed_places import LISTED, SEALED_COLUMNS, SEALED_IN_PORTAL, SealedPlace
from assets.upkeep.erasure.portal import write_tables_again
from rules.errors import TrappanError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Engine

_ROWS_AT_ONCE = 10_000
#: Of one transaction; each is some files of the lake.
_VALUES_AT_ONCE = 200_000


class KeyChangeError(TrappanError):
    """The home can't get a new key now, or not all is sealed with it; says what to do."""


@dataclass(frozen=True)
class Amounts:
    """How much of a place opens with which key.

    Attributes:
        of_new: sealed with the new key.
        of_old: with the old one.
        unopened: with neither: it was changed, or moved, before.
    """

    of_new: int = 0
    of_old: int = 0
    unopened: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Both together."""
        return Amounts(
            self.of_new + other.of_new,
            self.of_old + other.of_old,
            self.unopened + other.unopened,
        )


_NEW, _OLD, _UNOPENED = Amounts(of_new=1), Amounts(of_old=1), Amounts(unopened=1)


class Resealing:
    """Seals with the new key what the old one opens.

    Args:
        old: opens what was sealed before, and nothing else.
        new: seals.
        changes: whether what is found is put in its place; else it is counted only.
    """

    def __init__(self, old: Sealer, new: Sealer, *, changes: bool) -> None:
        self.old, self.new, self.changes = old, new, changes

    def again(
        self, place: SealedPlace, row: Sequence[object], sealed: bytes
    ) -> tuple[Amounts, bytes | None]:
        """Return of which key a value is, and the same value of the new key when it is of the old.

        Args:
            place: where it stands.
            row: what it is bound to there.
            sealed: the value.
        """
        try:
            self.new.unseal_bytes(place, row, sealed)
        except SealError:
            pass
        else:
            return _NEW, None
        try:
            plain = self.old.unseal_bytes(place, row, sealed)
        except SealError:
            return _UNOPENED, None
        return _OLD, self.new.seal_bytes(
            place, self.row_after(place, row), self.plain_after(place, plain)
        )

    def row_after(self, place: SealedPlace, row: Sequence[object]) -> Sequence[object]:  # noqa: ARG002
        """Return what a value will be bound to: the same as before."""
        return row

    def plain_after(self, place: SealedPlace, plain: bytes) -> bytes:  # noqa: ARG002
        """Return what will be sealed: the same as before."""
        return plain


def in_lake(lake: Lake, resealing: Resealing) -> Amounts:
    """Seal the values of the lake's tables again; the past of the lake has the old ones still.

    Args:
        lake: the lake; who changes it holds the turn to write.
        resealing: of which key to which.

    Returns:
        How it was when it was last looked at; nothing of the old key after a change.
    """
    found = Amounts()
    for place in SEALED_COLUMNS:
        of_place, again = _column(lake, resealing, place)
        while again and resealing.changes:
            lake.write(partial(_put, place=place, again=again))
            of_place, again = _column(lake, resealing, place)
        found += of_place
    return found


def _column(
    lake: Lake, resealing: Resealing, place: SealedPlace
) -> tuple[Amounts, dict[bytes, bytes]]:
    """Return what a column has, and for values of the old key the new ones, as many as fit."""
    cursor = lake.connection.execute(
        f"SELECT {', '.join((*place.bound_to, place.column))} FROM lake.{place.table} "
        f"WHERE {place.column} IS NOT NULL"
    )
    counted, again = Amounts(), dict[bytes, bytes]()
    while len(again) < _VALUES_AT_ONCE and (rows := cursor.fetchmany(_ROWS_AT_ONCE)):
        for *of_row, sealed in rows:
            key, after = resealing.again(place, of_row, sealed)
            counted += key
            if after is not None and resealing.changes:
                again[sealed] = after
    return counted, again


def _put(
    connection: duckdb.DuckDBPyConnection, place: SealedPlace, again: dict[bytes, bytes]
) -> None:
    pairs = {"before": list(again), "after": list(again.values())}
    connection.register("sealed_again", pl.DataFrame(pairs, schema=dict.fromkeys(pairs, pl.Binary)))
    try:
        ((count,),) = connection.execute(
            f"UPDATE lake.{place.table} SET {place.column} = sealed_again.after "
            f"FROM sealed_again WHERE {place.table}.{place.column} = sealed_again.before"
        ).fetchall()
    finally:
        connection.unregister("sealed_again")
    if count < len(again):
        raise KeyChangeError(
            f"Only {count} of {len(again)} values of {place.name} could be put in their place. The "
            "old key is still at hand, and nothing is lost. Run `trappan verify`, and then "
            "`trappan rotate-key` again."
        )


def in_deliveries(home: Path, resealing: Resealing) -> Amounts:
    """Seal again whom delivered lists name, in delivery's log.

    Raises:
        DeliveryError: lists are being delivered just now, or the file can't be used.
    """
    if not (home / FILE_NAME).exists():
        return Amounts()
    if resealing.changes:
        with DeliveryLog.opened(home, resealing.new) as log:
            log.put_again(lambda key, sealed: resealing.again(LISTED, (key,), sealed)[1])
    with DeliveryLog.looked_at(home, resealing.new) as log:
        return sum(
            (resealing.again(LISTED, (key,), sealed)[0] for key, sealed in log.contents()),
            Amounts(),
        )


def in_portal(database: PortalDatabase, resealing: Resealing) -> Amounts:
    """Seal notes and addresses of the portal's database again, and let nothing of before be left.

    The portal may run: a row is changed only if it is still as it was read.

    Raises:
        PortalAwayError: it does not answer, or others have it locked.
    """
    # A third of a second, and few ask.
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    if not database.is_there:
        return Amounts()
    try:
        engine = database.engine(may_write=resealing.changes)
    except ImportError:
        raise PortalAwayError(
            "TRAPPAN_PORTAL_DATABASE is a Postgres database, and the package that speaks with one "
            'is not installed. Run: pip install "franvarotrappan[scale-out]"'
        ) from None
    try:
        found, again = _of_portal(engine, resealing)
        if resealing.changes:
            _put_in_portal(engine, again, is_file=not database.address)
            found, _ = _of_portal(engine, resealing)
    except SQLAlchemyError as error:
        # Not its words: they quote the address, which has a password.
        original = type(getattr(error, "orig", None) or error).__name__
        raise PortalAwayError(
            f"The portal's database does not answer, or is locked ({original}). Nothing is lost: "
            "both keys are at hand. Stop the portal, and run `trappan rotate-key` again."
        ) from None
    finally:
        engine.dispose()
    return found


def _of_portal(
    engine: Engine, resealing: Resealing
) -> tuple[Amounts, list[tuple[SealedPlace, bytes, bytes]]]:
    from sqlalchemy import inspect, text  # noqa: PLC0415

    there = set(inspect(engine).get_table_names())
    counted, again = Amounts(), []
    with engine.connect() as connection:
        for place in SEALED_IN_PORTAL:
            if place.table not in there:
                continue
            columns = ", ".join((*place.bound_to, place.column))
            select = f"SELECT {columns} FROM {place.table} WHERE {place.column} IS NOT NULL"
            for *of_row, value in connection.execute(text(select)):
                sealed = bytes(value)
                key, after = resealing.again(place, of_row, sealed)
                counted += key
                if after is not None:
                    again.append((place, sealed, after))
    return counted, again


def _put_in_portal(
    engine: Engine, again: list[tuple[SealedPlace, bytes, bytes]], *, is_file: bool
) -> None:
    from sqlalchemy import inspect, text  # noqa: PLC0415

    def do(connection: Any, statement: str, **values: bytes) -> None:
        connection.execute(text(statement), values)

    with engine.begin() as connection:
        if is_file:
            do(connection, "PRAGMA secure_delete = ON")
        for place, before, after in again:
            do(
                connection,
                f"UPDATE {place.table} SET {place.column} = :after WHERE {place.column} = :before",
                before=before,
                after=after,
            )
    # Also when there was nothing to change: a process that was killed may have got so far.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if is_file:
            do(connection, "VACUUM")
            do(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
            return
        there = set(inspect(engine).get_table_names())
        write_tables_again(connection, {place.table for place in SEALED_IN_PORTAL} & there)
