"""The ledger, read and written: which files the lake knows, and what became of their rows.

Not here: refused rows (`refused_rows.py`), deciding by the ledger (`ingest.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl

from assets.exports.files.printable import printable_name
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import FileReport
from assets.exports.storing.claims import HALF_REVOKED
from assets.exports.storing.roster_changes import watching_rosters
from assets.lake.connection import Lake
from assets.lake.encryption import KeyFileError, Sealer
from assets.lake.sealed_places import FILE_NAME, HELD_NAME
from rules.errors import TrappanError

#: Shown in place of a sealed value that does not open where it stands.
UNOPENED = "(does not open: see `trappan verify`)"
#: A file's sealed name, and what it is bound to.
NAME_COLUMNS = ", ".join((FILE_NAME.column, *FILE_NAME.bound_to))
#: Outcomes of which no row is in the lake by that ledger row.
NOT_TAKEN = frozenset({"duplicate", "quarantined", "awaiting_release"})
_LEAST_DIGITS = 6
_OTHER_WORDS = (
    "other content came under this name and time before: where the two differ, the one with the "
    "greater hash counts. Give a correction a time of its own"
)
_HASH = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True)
class KnownFile:
    """A content that was offered before.

    Attributes:
        outcome: what became of it; duplicates don't count.
        reason: why not all was taken.
        exported_at: the newest time at which the sender is known to have said it.
        receipts: names and times it came with.
        awaits: why it is not read before somebody releases it; empty when it is. Of a content that
            was taken before it may be a later export.
    """

    outcome: str
    reason: str | None
    exported_at: datetime | None
    receipts: frozenset[tuple[str, datetime]]
    awaits: str = ""

    @property
    def is_settled(self) -> bool:
        """Its rows were taken, or revoked; else it is to be read again."""
        return self.outcome not in NOT_TAKEN

    @property
    def is_revoked(self) -> bool:
        """Somebody revoked it: it is not read again, whenever it is said."""
        return self.outcome == "revoked"


def refuse_another_key(lake: Lake, sealer: Sealer) -> None:
    """Look that the lake was written with this key; with another, known pupils would be strangers.

    Raises:
        KeyFileError: it was written with another key.
    """
    names = lake.frame(f"SELECT {NAME_COLUMNS} FROM files ORDER BY received_at DESC LIMIT 1000")
    # A name that was moved does not open either; with another key none of them does.
    if names.height and not any(name_in(sealer, row) for row in names.iter_rows(named=True)):
        raise KeyFileError(
            "No file name of the lake can be opened with this home's pupil.key. The key file is "
            "not the one that the lake was written with; restore it from the backup."
        )


class RevokeError(TrappanError):
    """A file can't be revoked, or was so half; the message says why and what to do."""


def refuse_half_revoked(lake: Lake) -> None:
    """Look that all that was taken back was so wholly: else lessons are missing without a word.

    Raises:
        RevokeError: revoking a file, or parting two numbers, was stopped.
    """
    if lake.rows("SELECT 1 FROM unmerged_pairs WHERE is_unfinished LIMIT 1"):
        raise RevokeError(
            "Parting two numbers was stopped, and what is said of them is not all back. Nothing "
            "was done, and the lists that are out still stand. Run first: trappan unmerge "
            "--unfinished --reason …"
        )
    for (sha256,) in lake.rows(
        "SELECT file_sha256 FROM files WHERE outcome = 'revoked' AND reason = $half LIMIT 1",
        half=HALF_REVOKED,
    ):
        raise RevokeError(
            f"Revoking {sha256[:12]} was stopped, and what it had superseded is not all back. "
            "Nothing was done, and the lists that are out still stand. Run first: trappan revoke "
            f"{sha256[:12]} --reason …"
        )


def known_files(lake: Lake, sealer: Sealer, file_ids: list[int]) -> dict[int, KnownFile]:
    """Return what the ledger says of these files, by number."""
    rows = lake.frame(
        f"SELECT {NAME_COLUMNS}, outcome, reason, exported_at FROM files WHERE file_id IN "
        "(SELECT unnest($file_ids::BIGINT[])) ORDER BY received_at",
        file_ids=file_ids,
    )
    known: dict[int, KnownFile] = {}
    for row in rows.iter_rows(named=True):
        file_id, outcome, reason = row["file_id"], row["outcome"], row["reason"]
        exported_at, name = row["exported_at"], name_in(sealer, row)
        receipts = frozenset() if name is None else frozenset({(name, row["modified_at"])})
        before = known.get(file_id)
        awaits = reason if outcome == "awaiting_release" else ""
        if before is None:
            known[file_id] = KnownFile(outcome, reason, exported_at, receipts, awaits)
            continue
        times = [time for time in (before.exported_at, exported_at) if time is not None]
        is_first_word = before.outcome in ("duplicate", "awaiting_release")
        known[file_id] = KnownFile(
            outcome if is_first_word else before.outcome,
            reason if is_first_word else before.reason,
            max(times, default=None),
            before.receipts | receipts,
            awaits or before.awaits,
        )
    return known


def contents_by_time(lake: Lake, times: Iterable[datetime]) -> dict[datetime, frozenset[str]]:
    """Return the hashes of contents that were taken, by the modification times that they came with.

    Args:
        lake: the lake.
        times: modification times of offered files; only these are looked for.
    """
    found: dict[datetime, set[str]] = {}
    for modified_at, sha256 in lake.rows(
        "SELECT modified_at, file_sha256 FROM files "
        "WHERE modified_at IN (SELECT unnest($times::TIMESTAMP[])) AND file_sha256 IN "
        "(SELECT file_sha256 FROM files WHERE outcome NOT IN ('duplicate', 'quarantined'))",
        times=sorted(set(times)),
    ):
        found.setdefault(modified_at, set()).add(sha256)
    return {time: frozenset(hashes) for time, hashes in found.items()}


def with_other_words(
    lake: Lake, sealer: Sealer, files: Sequence[ReceivedFile]
) -> Iterator[ReceivedFile]:
    """Yield files, with a notice where other content came under the same name and time before.

    A file that was written over in place keeps its name, and may keep its time. Which of the two
    counts must not hang on which came first, so nobody may take it for a correction.
    """
    said: dict[tuple[datetime, str], set[str]] = {}
    hashes = [file.sha256 for file in files]
    for row in lake.frame(
        f"SELECT {NAME_COLUMNS}, exported_at FROM files "
        "WHERE exported_at IN (SELECT unnest($times::TIMESTAMP[])) "
        "AND outcome NOT IN ('duplicate', 'quarantined', 'awaiting_release') "
        "AND file_sha256 NOT IN (SELECT unnest($hashes::VARCHAR[]))",
        times=[file.exported_at for file in files],
        hashes=hashes,
    ).iter_rows(named=True):
        if name := name_in(sealer, row):
            said.setdefault((row["exported_at"], row["sender"]), set()).add(name)
    for file in files:
        is_competing = file.name in said.get((file.exported_at, file.sender.name), ())
        notices = [words for words in (file.notice, _OTHER_WORDS if is_competing else "") if words]
        yield replace(file, notice="; ".join(notices))


class UnknownFileError(TrappanError):
    """No file, or more than one, of a hash; the message says what to give."""


@dataclass(frozen=True)
class LedgerFile:
    """A content that the ledger knows, as it was last judged.

    Attributes:
        sha256: its hash.
        name: the name it first came with.
        modified_at: its modification time then.
        exported_at: the newest time at which the sender is known to have said it.
        layout: the layout it was read with.
        period: the first and the last date of its lessons; None without any.
        outcome: what became of it; duplicates don't count.
        reason: why not all was taken.
        rows_rejected: refused rows.
        rows_superseded: rows that newer exports had superseded.
        snapshots: snapshots of the lake in which it was taken, oldest first.
        file_id: its number in every table.
        sender: the name of who sent it.
    """

    sha256: str
    name: str | None  # None when the sealed name does not open in its row
    modified_at: datetime
    exported_at: datetime | None
    layout: str | None
    period: tuple[date, date] | None
    outcome: str
    reason: str | None
    rows_rejected: int
    rows_superseded: int
    snapshots: tuple[int, ...]
    file_id: int
    sender: str


def find_file(lake: Lake, sealer: Sealer, prefix: str) -> LedgerFile:
    """Return the file whose hash begins so; `SENDER:HASH` where two senders sent the same bytes.

    Raises:
        UnknownFileError: the prefix is no hash, no file has it, or more than one.
    """
    sender, _, wanted = prefix.strip().rpartition(":")
    wanted = wanted.lower()
    if not _HASH.fullmatch(wanted):
        raise UnknownFileError(
            f"'{prefix}' is not the hash of a file. Expected at least {_LEAST_DIGITS} of its 64 "
            "digits 0-9 and a-f, as `trappan files` shows them."
        )
    rows = lake.frame(
        "SELECT *, snapshot_id FROM files WHERE starts_with(file_sha256, $wanted) "
        "AND $sender IN ('', sender) ORDER BY outcome = 'duplicate', received_at DESC",
        wanted=wanted,
        sender=sender,
    )
    hashes = rows["file_sha256"].unique().to_list()
    if len(hashes) != 1:
        found = f"{len(hashes)} files" if hashes else "no file"
        raise UnknownFileError(
            f"The ledger has {found} whose hash begins with '{wanted}'. Expected one; "
            "`trappan files --format csv` shows the hashes whole."
        )
    senders = sorted(set(rows["sender"]))
    if len(senders) > 1:
        raise UnknownFileError(
            f"{wanted[:12]} was sent by {' and '.join(senders)}. Say whose file is meant: "
            f"{senders[0]}:{wanted[:12]}."
        )
    return _of_rows(sealer, rows)


#: Outcomes of files of which rows are in the lake.
TAKEN = ("accepted", "accepted_in_part", "superseded")


def taken_files(
    lake: Lake, sealer: Sealer, outcomes: Sequence[str] = TAKEN, ledger: str = "files"
) -> list[tuple[LedgerFile, datetime]]:
    """Return every file of which rows were taken, and when it was received, UTC, oldest first.

    Args:
        lake: the lake.
        sealer: of its home.
        outcomes: those of the files that are meant.
        ledger: where its rows are.
    """
    rows = lake.frame(
        f"SELECT *, snapshot_id FROM {ledger} WHERE file_id IN (SELECT file_id FROM {ledger} "
        "WHERE outcome IN (SELECT unnest($outcomes::VARCHAR[]))) "
        "ORDER BY file_id, outcome = 'duplicate', received_at DESC",
        outcomes=list(outcomes),
    )
    found = [
        (_of_rows(sealer, group), group["received_at"][0])
        for _, group in rows.group_by("file_id", maintain_order=True)
    ]
    return sorted(found, key=lambda entry: (entry[1], entry[0].file_id))


def awaiting_files(lake: Lake, sealer: Sealer) -> list[LedgerFile]:
    """Return the files that are not stored before somebody releases them, oldest first."""
    rows = lake.frame(
        "SELECT *, snapshot_id FROM files WHERE outcome = 'awaiting_release' "
        "ORDER BY received_at, file_id"
    )
    return [_of_rows(sealer, of_file) for of_file in rows.partition_by("file_id")]


def _of_rows(sealer: Sealer, rows: pl.DataFrame) -> LedgerFile:
    """Return what the rows of one file say; the first is the one by which it was judged."""
    last = rows.row(0, named=True)
    times = [time for time in rows["exported_at"] if time is not None]
    first, final = last["period_first_date"], last["period_last_date"]
    return LedgerFile(
        sha256=last["file_sha256"],
        name=name_in(sealer, last),
        modified_at=last["modified_at"],
        exported_at=max(times, default=None),
        layout=last["layout"],
        period=(first, final) if first and final else None,
        outcome=last["outcome"],
        reason=last["reason"],
        rows_rejected=last["rows_rejected"],
        rows_superseded=last["rows_superseded"],
        snapshots=tuple(sorted(set(rows["snapshot_id"]))),
        file_id=last["file_id"],
        sender=last["sender"],
    )


def ledger_rows(lake: Lake, sealer: Sealer) -> pl.DataFrame:
    """Return the whole ledger, oldest first, with file names opened, and then what is held."""
    frame = lake.frame(
        "SELECT * EXCLUDE (is_held) FROM (SELECT *, false AS is_held FROM files UNION ALL BY NAME "
        "SELECT path_key, sealed_name, noticed_at AS received_at, 'held' AS outcome, reason, "
        "true AS is_held FROM held_files) ORDER BY is_held, received_at, exported_at, file_id"
    )
    names = [printed_name(sealer, row) for row in frame.iter_rows(named=True)]
    return frame.drop("sealed_name", "path_key").with_columns(
        pl.Series("file_name", names, dtype=pl.String)
    )


def printed_name(sealer: Sealer, row: Mapping[str, Any]) -> str:
    """Return the name of a ledger row, or of one that is held, as it may be printed."""
    if row.get("path_key") is None:
        return printable_name(name_in(sealer, row) or UNOPENED)
    held = sealer.opened(HELD_NAME, (row["path_key"],), row["sealed_name"])
    return printable_name(held["name"] if held else UNOPENED)


def name_in(sealer: Sealer, row: Mapping[str, Any]) -> str | None:
    """Return the name in a row of `files`; None when it is not this row's."""
    of_row = [row[name] for name in FILE_NAME.bound_to]
    found = sealer.opened(FILE_NAME, of_row, row["sealed_name"])
    return None if found is None else found["name"]


# Ledger rows into the lake, and taking back what the ledger said of a file before.

_LEDGER_TYPES: dict[str, type[pl.DataType] | pl.DataType] = {
    "sealed_name": pl.Binary,
    "layout": pl.String,
    "exported_at": pl.Datetime("us"),
    "period_first_date": pl.Date,
    "period_last_date": pl.Date,
    "reason": pl.String,
}


#: Tables whose rows are a file's own words.
_OF_FILES = (
    "lessons",
    "moved_lessons",
    "contradicted_lessons",
    "joint_lessons",
    "enrolments",
    "moving_records",
    "monthly_sums",
    "class_coverage",
    "school_sendings",
    "row_problems",
    *("planned_lessons", "absence_words", "absence_coverage", "joined_files"),
)


def write_reports(
    connection: duckdb.DuckDBPyConnection,
    sealer: Sealer,
    reports: Sequence[FileReport],
    received: Mapping[int, datetime] | None = None,
) -> None:
    """Write ledger rows; the caller holds the transaction.

    Args:
        connection: inside the transaction.
        sealer: the home's.
        reports: what became of the files.
        received: when files were received that are only read again, UTC, by number.
    """
    if not reports:
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    ledger = [
        {
            "file_id": report.file_id,
            "file_sha256": report.sha256,
            "sender": report.sender,
            "sealed_name": sealer.seal(
                FILE_NAME,
                _of_row(report, (received or {}).get(report.file_id, now)),
                {"name": report.name},
            ),
            "modified_at": report.modified_at,
            "received_at": (received or {}).get(report.file_id, now),
            "layout": report.layout,
            "exported_at": report.exported_at,
            "period_first_date": report.period[0] if report.period else None,
            "period_last_date": report.period[1] if report.period else None,
            "rows_read": report.rows_read,
            "rows_accepted": report.rows_accepted,
            "rows_rejected": report.rows_rejected,
            "rows_superseded": report.rows_superseded,
            "rows_warned": report.rows_warned,
            "outcome": str(report.outcome),
            "reason": report.reason,
        }
        for report in reports
    ]
    connection.register("ledger_frame", pl.DataFrame(ledger, schema_overrides=_LEDGER_TYPES))
    connection.execute("INSERT INTO files BY NAME SELECT * FROM ledger_frame")
    connection.unregister("ledger_frame")


def _of_row(report: FileReport, received_at: datetime) -> tuple[object, ...]:
    """Return what the sealed name of a report's row is bound to."""
    found = {
        "file_id": report.file_id,
        "file_sha256": report.sha256,
        "sender": report.sender,
        "modified_at": report.modified_at,
        "received_at": received_at,
    }
    return tuple(found[name] for name in FILE_NAME.bound_to)


def forget_quarantined(
    connection: duckdb.DuckDBPyConnection, reports: Sequence[FileReport]
) -> None:
    """Take back what the ledger said of these files when they could not be read, or waited."""
    ids = {"ids": [report.file_id for report in reports]}
    mine = "file_id IN (SELECT unnest($ids::BIGINT[]))"
    not_read = f"{mine} AND outcome IN ('quarantined', 'awaiting_release')"
    known = connection.execute(
        f"SELECT DISTINCT outcome FROM files WHERE {not_read}", ids
    ).fetchall()
    if ("quarantined",) in known:
        connection.execute(
            f"DELETE FROM row_problems WHERE {mine} "
            "AND file_id IN (SELECT file_id FROM files WHERE outcome = 'quarantined')",
            ids,
        )
    if known:
        connection.execute(f"DELETE FROM files WHERE {not_read}", ids)


def forget_read(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    file_ids: Sequence[int],
    *,
    is_revoked: bool = False,
) -> None:
    """Take back what was read of files that are read again: ledger rows, problems and rows.

    Rows that other files have superseded are gone already; what the files say of identities stays
    until they say it again, so that nobody's protection ends for a moment.

    Args:
        connection: inside a transaction.
        lake: its lake.
        file_ids: of the files.
        is_revoked: they are not read again: what they removed is back, and no longer counted.
    """
    ids = {"ids": list(file_ids)}
    mine = "file_id IN (SELECT unnest($ids::BIGINT[]))"
    # A lake that is made again from the originals knows none of them yet.
    if not connection.execute(f"SELECT 1 FROM files WHERE {mine} LIMIT 1", ids).fetchone():
        return
    connection.execute(
        f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons WHERE {mine}", ids
    )
    connection.execute(
        "INSERT INTO stale_days "
        f"SELECT DISTINCT lesson_date FROM contradicted_lessons WHERE {mine} "
        f"UNION SELECT DISTINCT lesson_date FROM absence_words WHERE {mine} "
        "UNION SELECT DISTINCT planned.lesson_date FROM planned_lessons AS planned "
        "JOIN absence_coverage AS covered ON planned.school_unit_code = covered.school_unit_code "
        "AND planned.lesson_date BETWEEN covered.first_date AND covered.last_date "
        f"WHERE covered.{mine} "
        f"UNION SELECT DISTINCT lesson_date FROM joint_lessons WHERE {mine}",
        ids,
    )
    listed = ", ".join(map(str, file_ids))
    pupils = f"SELECT DISTINCT pupil_key FROM enrolments WHERE file_id IN ({listed})"
    with watching_rosters(connection, lake, pupils, comes_again=True):
        for table in (*_OF_FILES, *(("lesson_removals",) if is_revoked else ())):
            connection.execute(f"DELETE FROM {table} WHERE {mine}", ids)
    connection.execute(f"DELETE FROM files WHERE {mine} AND outcome <> 'duplicate'", ids)
