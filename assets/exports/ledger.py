"""The ledger as it is read: which files the lake knows, and what the command line shows.

Not here: writing it (`storing.py`), deciding by it (`ingest.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from assets.lake import Lake
from assets.sealing import Sealer


@dataclass(frozen=True)
class KnownFile:
    """A content that was offered before.

    Attributes:
        outcome: what became of it; duplicates don't count.
        reason: why not all was taken.
        exported_at: the newest time at which the sender is known to have said it.
        receipts: names and times it came with.
    """

    outcome: str
    reason: str | None
    exported_at: datetime | None
    receipts: frozenset[tuple[str, datetime]]

    @property
    def is_settled(self) -> bool:
        """Its rows were taken; else it is to be read again."""
        return self.outcome not in {"quarantined", "duplicate"}


def known_files(lake: Lake, sealer: Sealer, hashes: list[str]) -> dict[str, KnownFile]:
    """Return what the ledger says of these contents, by SHA-256."""
    rows = lake.rows(
        "SELECT file_sha256, sealed_name, modified_at, outcome, reason, exported_at FROM files "
        "WHERE file_sha256 IN (SELECT unnest($hashes::VARCHAR[])) ORDER BY received_at",
        hashes=hashes,
    )
    known: dict[str, KnownFile] = {}
    for sha256, sealed_name, modified_at, outcome, reason, exported_at in rows:
        receipts = frozenset({(sealer.unseal(sealed_name)["name"], modified_at)})
        before = known.get(sha256)
        if before is None:
            known[sha256] = KnownFile(outcome, reason, exported_at, receipts)
            continue
        times = [time for time in (before.exported_at, exported_at) if time is not None]
        is_first_word = before.outcome == "duplicate"
        known[sha256] = KnownFile(
            outcome if is_first_word else before.outcome,
            reason if is_first_word else before.reason,
            max(times, default=None),
            before.receipts | receipts,
        )
    return known


def ledger_rows(lake: Lake, sealer: Sealer) -> pl.DataFrame:
    """Return the whole ledger, oldest first, with file names opened."""
    frame = lake.frame("SELECT * FROM files ORDER BY received_at, exported_at, file_id")
    names = [_name_of(sealer, sealed) for sealed in frame["sealed_name"]]
    return frame.drop("sealed_name").with_columns(pl.Series("file_name", names, dtype=pl.String))


def problem_rows(lake: Lake, sealer: Sealer, *, with_rows: bool) -> pl.DataFrame:
    """Return refused rows and warnings with file names; with the rows' cells when asked for."""
    frame = lake.frame(
        "SELECT problems.*, files.sealed_name FROM row_problems AS problems "
        "JOIN (SELECT file_id, any_value(sealed_name) AS sealed_name FROM files GROUP BY file_id) "
        "AS files ON problems.file_id = files.file_id "
        "ORDER BY problems.file_id, severity, line_number"
    )
    names = [_name_of(sealer, sealed) for sealed in frame["sealed_name"]]
    rows = [
        " | ".join(sealer.unseal(sealed)["row"].split("\x1f")) if with_rows and sealed else ""
        for sealed in frame["sealed_row"]
    ]
    return frame.drop("sealed_name", "sealed_row").with_columns(
        pl.Series("file_name", names, dtype=pl.String), pl.Series("row", rows, dtype=pl.String)
    )


def _name_of(sealer: Sealer, sealed: bytes) -> str:
    """Return a file's name; bytes in it that are no UTF-8 are shown as such."""
    name = sealer.unseal(sealed)["name"]
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
