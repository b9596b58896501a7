"""What staging a batch of files gives, whatever the files hold.

Not here: how lessons (`lessons.py`) and rosters (`rosters.py`) are staged and stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import duckdb

from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import (
    FileOutcome,
    FileReport,
    RowProblem,
    judged,
    report_of,
    with_reason,
)


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

    @property
    def report(self) -> FileReport:
        """What the ledger says of the file when its rows are stored as they are."""
        report = replace(
            report_of(self.file, FileOutcome.ACCEPTED),
            layout=self.layout,
            period=self.period,
            rows_read=self.rows_read,
            rows_accepted=self.rows_read - self.rows_rejected,
            rows_rejected=self.rows_rejected,
            rows_warned=self.rows_warned,
            problems=self.problems,
        )
        return judged(with_reason(report, self.reason))


@dataclass
class StagedBatch:
    """What staging a batch gave.

    Attributes:
        counts: of each file that was staged.
        unreadable: files that can't be read, and why.
        held: files that were gone or changed while they were read, and how.
        awaiting: files that are not stored before somebody releases them, and why.
    """

    counts: list[FileCounts] = field(default_factory=list)
    unreadable: dict[ReceivedFile, str] = field(default_factory=dict)
    held: dict[ReceivedFile, str] = field(default_factory=dict)
    awaiting: dict[ReceivedFile, str] = field(default_factory=dict)

    def hold_changed(self, files: Sequence[ReceivedFile]) -> list[int]:
        """Hold files that are no longer what was looked at; return ids of all that fell away.

        What was read of a file that changed says nothing, not even that it can't be read.
        """
        for file in files:
            if file not in self.held and not file.is_unchanged():
                self.unreadable.pop(file, None)
                self.held[file] = "it changed while it was read"
        return [file.file_id for file in (*self.held, *self.unreadable)]


class ExportBatch(Protocol):
    """A batch of files of one kind: staged first, then stored in the caller's transaction."""

    def stage(self, files: Sequence[ReceivedFile]) -> StagedBatch:
        """Stage every file."""

    def store(self, connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Put the staged rows into the lake and return superseded rows per file."""

    def store_problems(
        self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]
    ) -> None:
        """Write the refused rows and warnings of these files."""
