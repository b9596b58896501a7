"""What staging a batch of files gives, whatever the files hold.

Not here: how lessons (`lesson_batches.py`) and rosters (`rosters.py`) are staged and stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import duckdb

from assets.exports.outcomes import RowProblem
from assets.exports.received import ReceivedFile


@dataclass(frozen=True)
class FileCounts:
    """What the ledger wants to know of one staged file."""

    file: ReceivedFile
    layout: str
    rows_read: int
    rows_rejected: int
    rows_warned: int
    period: tuple[date, date] | None
    problems: tuple[RowProblem, ...]
    reason: str | None


@dataclass
class StagedBatch:
    """What staging a batch gave: counts per file, and the files that can't be read."""

    counts: list[FileCounts] = field(default_factory=list)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)


class ExportBatch(Protocol):
    """A batch of files of one kind: staged first, then stored in the caller's transaction."""

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file."""

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows into the lake and return superseded rows per file."""
