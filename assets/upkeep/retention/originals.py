"""Originals whose time is over, and what the ledger says of files that nobody can read again.

An original goes once its last day is past and no row of the lake needs it to be made again. What
came stays known by its hash, so that a file that still lies in the inbox is not taken as new; what
the ledger says of it beside that, its name and its refused rows, goes with the ledger's time. Not
here: rows of lessons (`kinds.py`), an original without one pupil (`upkeep/erasure/originals.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from assets.exports.files.archive import Archive
from assets.exports.files.removed import Removed
from assets.exports.ledger.entries import NAME_COLUMNS, name_in
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import FILE_NAME
from assets.upkeep.retention.decision import Cuts, Decision

#: What the ledger calls a file whose name went.
NAMELESS = "retained"
#: What it says of one of which rows were refused.
REFUSED_ROWS_WENT = "rows of it were refused; what they were went by the decision on retention"
_CONTENTS = """
    SELECT
        file_sha256,
        list(DISTINCT file_id) AS file_ids,
        bool_and(outcome IN ('quarantined', 'duplicate')) AS is_unread,
        bool_or(outcome = 'awaiting_release') AS is_awaited,
        max(received_at) AS received_at,
        max(coalesce(exported_at, received_at)) AS exported_at,
        max(period_last_date) AS last_date
    FROM files
    GROUP BY file_sha256
"""


@dataclass(frozen=True)
class KnownContent:
    """What the ledger knows of the bytes of a file.

    Attributes:
        sha256: of the bytes.
        file_ids: under which rows know it; more than one where two senders sent the same.
        is_unread: nobody could read it.
        received_on: the last day on which it came as something new.
        last_on: the last day that it can speak of.
    """

    sha256: str
    file_ids: frozenset[int]
    is_unread: bool
    received_on: date
    last_on: date


def known_contents(lake: Lake) -> list[KnownContent]:
    """Return what the ledger knows, but for files that wait for a person."""
    found = []
    for sha256, ids, is_unread, is_awaited, received, exported, last in lake.rows(_CONTENTS):
        if is_awaited:
            continue
        said = received.date() if is_unread else exported.date()
        found.append(
            KnownContent(
                sha256,
                frozenset(ids),
                bool(is_unread),
                received.date(),
                min(said, last) if last else said,
            )
        )
    return sorted(found, key=lambda one: one.sha256)


def originals_to_go(
    lake: Lake, archive: Archive, decision: Decision, cuts: Cuts, needed: Collection[int]
) -> dict[str, Removed]:
    """Return the originals whose time is over, by hash, and how they go.

    Args:
        lake: the lake, before anything went.
        archive: its originals.
        decision: says whether they go while the lake needs them.
        cuts: the first days that stay.
        needed: files of which a row stays that only an original brings back.
    """
    found: dict[str, Removed] = {}
    contents = known_contents(lake)
    for one in contents:
        if one.last_on >= cuts["originals"] or not archive.holds(one.sha256):
            continue
        if one.file_ids.isdisjoint(needed):
            found[one.sha256] = Removed.PAST
        elif decision.originals.even_without_rebuild:
            found[one.sha256] = Removed.EARLY
    known = {sha256 for (sha256,) in lake.rows("SELECT DISTINCT file_sha256 FROM files")}
    home = lake.settings.home
    # Of a run that was killed: no ledger row says of them when they came.
    for path in home.glob("archive/??/*.zst.age"):
        sha256 = path.name.split(".")[0]
        if path.name[0] != "." and sha256 not in known and _day_of(path) < cuts["originals"]:
            found[sha256] = Removed.PAST
    return found


def ledger_to_forget(
    lake: Lake, archive: Archive, cuts: Cuts, going: Collection[str]
) -> list[KnownContent]:
    """Return the files of which the ledger keeps no more than that they came.

    Of a file that can still be read again it keeps what that needs.

    Args:
        lake: the lake.
        archive: its originals.
        cuts: the first days that stay.
        going: hashes of the originals that go now.
    """
    return [
        one
        for one in known_contents(lake)
        if one.received_on < cuts["ledgers"]
        and (one.sha256 in going or not archive.holds(one.sha256))
    ]


def ledger_rows(lake: Lake, sealer: Sealer, contents: Iterable[KnownContent]) -> int:
    """Return how many rows of the ledger would go or change."""
    known = list(contents)
    ids = {file_id for one in known for file_id in one.file_ids}
    if not ids:
        return 0
    unread = {file_id for one in known if one.is_unread for file_id in one.file_ids}
    rows = 0
    for table, some in (("row_problems", ids), ("file_releases", ids), ("files", unread)):
        ((number,),) = lake.rows(
            f"SELECT count(*) FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
            ids=sorted(some),
        )
        rows += int(number)
    named = lake.frame(
        f"SELECT {NAME_COLUMNS} FROM files WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
        ids=sorted(ids - unread),
    )
    return rows + sum(name_in(sealer, row) != NAMELESS for row in named.iter_rows(named=True))


def forget_ledger(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    sealer: Sealer,
    contents: Iterable[KnownContent],
) -> int:
    """Leave of files in the ledger that they came, and of those that nobody could read nothing.

    Args:
        connection: inside a transaction.
        lake: its lake.
        sealer: of the home.
        contents: what `ledger_to_forget` returned.

    Returns:
        How many rows went or changed.
    """
    known = list(contents)
    if not known:
        return 0
    unread = {file_id for one in known if one.is_unread for file_id in one.file_ids}
    read = {file_id for one in known for file_id in one.file_ids} - unread
    gone = 0
    for table, ids in (
        ("row_problems", unread | read),
        ("file_releases", unread | read),
        ("files", unread),
    ):
        gone += _delete(connection, table, ids)
    rows = lake.frame(
        "SELECT * FROM files WHERE file_id IN (SELECT unnest($ids::BIGINT[]))", ids=sorted(read)
    )
    changed = 0
    whole = []
    for row in rows.iter_rows(named=True):
        is_named = name_in(sealer, row) != NAMELESS
        whole.append(row | _forgotten(sealer, row) if is_named else row)
        changed += is_named
    if not changed:
        return gone
    _delete(connection, "files", read)
    connection.register("ledger_rows", pl.DataFrame(whole, schema=rows.schema))
    try:
        connection.execute("INSERT INTO lake.files BY NAME SELECT * FROM ledger_rows")
    finally:
        connection.unregister("ledger_rows")
    return gone + changed


def _forgotten(sealer: Sealer, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row of the ledger says from now on: what was taken, and nothing of the rest."""
    of_row = [row[column] for column in FILE_NAME.bound_to]
    found: dict[str, Any] = {
        "sealed_name": sealer.seal(FILE_NAME, of_row, {"name": NAMELESS}),
        "rows_rejected": 0,
    }
    if row["rows_rejected"]:
        found["reason"] = REFUSED_ROWS_WENT
    if row["outcome"] != "duplicate":
        found["rows_read"] = row["rows_accepted"]
    return found


def _delete(connection: duckdb.DuckDBPyConnection, table: str, ids: Collection[int]) -> int:
    condition = f"FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))"
    values = {"ids": sorted(ids)}
    found = connection.execute(f"SELECT count(*) {condition}", values).fetchone()
    rows = int(found[0]) if found else 0
    if rows:
        connection.execute(f"DELETE {condition}", values)
    return rows


def remove_originals(archive: Archive, home: Path, going: dict[str, Removed]) -> int:
    """Remove originals, and say of each why; twice is as once.

    Args:
        archive: the archive.
        home: its home.
        going: what `originals_to_go` returned.

    Returns:
        How many were there.

    Raises:
        OSError: no permission.
    """
    removed = 0
    for sha256, why in sorted(going.items()):
        removed += archive.remove(sha256, why)
        (home / "archive" / sha256[:2] / f"{sha256}.receipts").unlink(missing_ok=True)
    return removed


def unneeded_reasons(lake: Lake, before: date) -> Iterator[Path]:
    """Yield the files that say why a file was refused which the ledger does not know any more.

    Args:
        lake: the lake, after its ledger was forgotten.
        before: the first day that stays.
    """
    known = {
        sha256
        for (sha256,) in lake.rows(
            "SELECT DISTINCT file_sha256 FROM files WHERE outcome = 'quarantined'"
        )
    }
    for path in sorted((lake.settings.home / "quarantine").glob("*.reason.txt")):
        if path.name.split(".")[0] not in known and _day_of(path) < before:
            yield path


def _day_of(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
