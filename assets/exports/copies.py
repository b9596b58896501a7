"""Offered files that were not read, because their content is known or came twice in a run.

Not here: which of several copies is read (`offers.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from assets.exports.ledger import KnownFile
from assets.exports.offers import Offered
from assets.exports.outcomes import FileOutcome, FileReport, held, report_of


def copy_reports(
    offered: Offered, reports: Mapping[Path, FileReport], known: Mapping[str, KnownFile]
) -> Iterator[tuple[FileReport, bool]]:
    """Yield a report for each file without one, and whether the ledger has to hear of it.

    Args:
        offered: the run's files.
        reports: what became of those that were read.
        known: what the ledger says of their contents.
    """
    for first, copy in offered.copies(set(reports)):
        before = known.get(copy.sha256)
        outcome = reports.get(first.path)
        if outcome is not None and outcome.outcome == FileOutcome.HELD:
            yield held(copy.path, "the same content was held just now"), False
        elif outcome is not None and outcome.outcome == FileOutcome.QUARANTINED:
            quarantined = report_of(copy, FileOutcome.QUARANTINED)
            yield replace(quarantined, reason=outcome.reason, notice=""), False
        else:
            last = before.exported_at if before else None
            report = replace(
                report_of(copy, FileOutcome.DUPLICATE),
                exported_at=outcome.exported_at if outcome else last,
                reason="its content is known already",
            )
            # The same file still lying in the inbox is no new receipt.
            is_new = before is None or (copy.name, copy.modified_at) not in before.receipts
            yield report, is_new
