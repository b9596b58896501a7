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
    """A content that was offered before."""

    outcome: str
    reason: str | None
    receipts: frozenset[tuple[str, datetime]]


def known_files(lake: Lake, sealer: Sealer, hashes: list[str]) -> dict[str, KnownFile]:
    """Return what the ledger says of these contents, by SHA-256."""
    rows = lake.rows(
        "SELECT file_sha256, sealed_name, modified_at, outcome, reason FROM files "
        "WHERE file_sha256 IN (SELECT unnest($hashes::VARCHAR[])) ORDER BY received_at",
        hashes=hashes,
    )
    known: dict[str, KnownFile] = {}
    for sha256, sealed_name, modified_at, outcome, reason in rows:
        receipt = (sealer.unseal(sealed_name)["name"], modified_at)
        before = known.get(sha256)
        if before is None or before.outcome == "duplicate":
            receipts = before.receipts if before else frozenset()
            known[sha256] = KnownFile(outcome, reason, receipts | {receipt})
        else:
            known[sha256] = KnownFile(before.outcome, before.reason, before.receipts | {receipt})
    return known


def ledger_rows(lake: Lake, sealer: Sealer) -> pl.DataFrame:
    """Return the whole ledger, oldest first, with file names opened."""
    frame = lake.frame("SELECT * FROM files ORDER BY received_at, exported_at, file_id")
    names = [sealer.unseal(sealed)["name"] for sealed in frame["sealed_name"]]
    return frame.drop("sealed_name").with_columns(pl.Series("file_name", names, dtype=pl.String))


def problem_rows(lake: Lake, sealer: Sealer, *, with_rows: bool) -> pl.DataFrame:
    """Return refused rows and warnings with file names; with the rows' cells when asked for."""
    frame = lake.frame(
        "SELECT problems.*, files.sealed_name FROM row_problems AS problems "
        "JOIN (SELECT file_id, any_value(sealed_name) AS sealed_name FROM files GROUP BY file_id) "
        "AS files ON problems.file_id = files.file_id "
        "ORDER BY problems.file_id, severity, line_number"
    )
    names = [sealer.unseal(sealed)["name"] for sealed in frame["sealed_name"]]
    rows = [
        " | ".join(sealer.unseal(sealed)["row"].split("\x1f")) if with_rows and sealed else ""
        for sealed in frame["sealed_row"]
    ]
    return frame.drop("sealed_name", "sealed_row").with_columns(
        pl.Series("file_name", names, dtype=pl.String), pl.Series("row", rows, dtype=pl.String)
    )
