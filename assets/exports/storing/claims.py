"""Since when the lake knows what senders say that may not move pupils.

Kept per record and day, so that nobody takes a pupil with a date or an export time, which can be
forged, nor by opening a record again that had ended. Not here: what follows from it
(`assets/lake/standing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import duckdb

from assets.exports.files.received import ReceivedFile
from assets.lake.connection import Lake

#: What the ledger says of a revoked file until all others are read again.
HALF_REVOKED = (
    "revoked, but what it had superseded is not all back: the command was stopped. Run it again"
)
#: A SELECT of what was taken back, and is not whole yet.
UNFINISHED = (
    f"SELECT 1 FROM files WHERE outcome = 'revoked' AND reason = '{HALF_REVOKED}' "
    "UNION ALL SELECT 1 FROM unmerged_pairs WHERE is_unfinished"
)
_CLAIMS = "pupil_key, school_unit_code, start_date, until_date, sender, taken_at, number_key"


def note_limited(
    connection: duckdb.DuckDBPyConnection,
    files: Iterable[ReceivedFile],
    taken_at: datetime,
    rereading: Collection[int] = (),
) -> None:
    """Note which files about to be stored are of senders that may not move pupils.

    Args:
        connection: inside the transaction that stores them.
        files: the files.
        taken_at: when the run began.
        rereading: those that are only read again, and were taken when they were.
    """
    for file in files:
        sender, of_file = file.sender, [file.file_id]
        # The same bytes that come again are a word of today: a roster of last year is none of then.
        is_kept = file.file_id in rereading
        if not sender.is_declared:
            continue
        known = connection.execute("SELECT 1 FROM disputable_files WHERE file_id = ?", of_file)
        is_known = known.fetchone() is not None
        if sender.moves_pupils:
            if is_known:
                connection.execute("DELETE FROM disputable_files WHERE file_id = ?", of_file)
        elif not (is_known and is_kept):
            connection.execute("DELETE FROM disputable_files WHERE file_id = ?", of_file)
            connection.execute(
                "INSERT INTO disputable_files BY NAME "
                "SELECT ? AS file_id, ? AS sender, ? AS taken_at",
                [file.file_id, sender.name, taken_at],
            )


def renew_claims(connection: duckdb.DuckDBPyConnection, lake: Lake, watched: str) -> None:
    """Put the claims of watched pupils' records up to date; the caller holds the transaction.

    Args:
        connection: inside a transaction.
        lake: its lake; `words_before` has their records as they were.
        watched: a SELECT of the keys of `watched_pupils`.
    """
    renewed = lake.materialise("standing/renewed_claims")
    connection.execute(f"DELETE FROM enrolment_claims WHERE pupil_key IN ({watched})")
    connection.execute(f"INSERT INTO enrolment_claims BY NAME SELECT {_CLAIMS} FROM {renewed}")


def drop_claims_of(
    connection: duckdb.DuckDBPyConnection, file_id: int, *, has_records: bool
) -> None:
    """Forget since when a file's records are known, because it is revoked.

    Others of its sender of the same run are known from their files again, which say the same.

    Args:
        connection: inside a transaction.
        file_id: the file.
        has_records: records bear its number. Of all others it stays known since when they are.
    """
    of_file = [file_id]
    if has_records:
        connection.execute(
            "DELETE FROM enrolment_claims WHERE (sender, taken_at) IN "
            "(SELECT (sender, taken_at) FROM disputable_files WHERE file_id = ?)",
            of_file,
        )
    connection.execute("DELETE FROM disputable_files WHERE file_id = ?", of_file)


def drop_lost_claims(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget claims of records that are gone: a file that was read again no longer says them.

    While something that was taken back is not whole, records come back that are not there now.
    """
    if connection.execute(f"{UNFINISHED} LIMIT 1").fetchone():
        return
    connection.execute(
        "DELETE FROM enrolment_claims WHERE rowid IN (SELECT claims.rowid "
        "FROM enrolment_claims AS claims ANTI JOIN enrolments AS records "
        "ON claims.pupil_key = records.pupil_key "
        "AND claims.school_unit_code = records.school_unit_code "
        "AND claims.start_date IS NOT DISTINCT FROM records.start_date)"
    )
