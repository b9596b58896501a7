"""The newest night as metrics, for the textfile collector of Prometheus' node exporter.

The file is OpenMetrics, and at the same time the older text form that the collector reads: gauges
only, no time stamps, and an end that is a comment there. Less than a report is in it, because
whoever reaches the exporter reads it: of a school unit how old its newest lesson is and whether its
list waits. Not here: the report (`report.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from assets.lake.whole_files import write_whole
from assets.upkeep.reporting.disk import MIB
from assets.upkeep.reporting.report import NightReport, NightResult

FILE_NAME = "trappan.prom"
_FOR_OTHERS = 0o644


def metrics_of(report: NightReport) -> bytes:
    """Return the metrics of a night."""
    # Here, not at the top: a status needs none of it.
    from prometheus_client import CollectorRegistry, Gauge  # noqa: PLC0415
    from prometheus_client.openmetrics.exposition import generate_latest  # noqa: PLC0415

    registry = CollectorRegistry()

    def gauge(name: str, what: str, value: float | None) -> None:
        if value is not None:
            Gauge(f"trappan_{name}", what, registry=registry).set(value)

    def gauges(name: str, what: str, label: str, values: Mapping[str, float]) -> None:
        found = Gauge(f"trappan_{name}", what, [label], registry=registry)
        for key, value in values.items():
            found.labels(key).set(value)

    gauges(
        "night_result",
        "How the newest night ended: 1 for the result that it has.",
        "result",
        {str(result): float(result == report.result) for result in NightResult},
    )
    gauge("night_begun_seconds", "When it was begun, since 1970.", _since(report.begun_at))
    gauge("night_ended_seconds", "When it ended, since 1970.", _since(report.ended_at))
    gauge("night_duration_seconds", "How long it took.", report.seconds)
    gauges("files", "Offered files, by outcome.", "outcome", report.files.by_outcome)
    files = report.files
    rows = {"read": files.rows_read, "accepted": files.rows_accepted, "refused": files.rows_refused}
    gauges("rows", "Rows of all files together.", "what", rows)
    lists = {"made": report.lists.made, "waiting": report.lists.waiting}
    gauges("lists", "Lists of the night.", "what", lists)
    gauge("files_awaiting_release", "Files that somebody has to release.", files.awaiting_release)
    schools = report.schools or ()
    gauges(
        "school_days_behind",
        "Days from a school unit's newest lesson to the night's last day.",
        "school_unit_code",
        {one.school_unit_code: one.days_behind for one in schools if one.days_behind is not None},
    )
    gauges(
        "school_list_waits",
        "Whether a school unit's list waits.",
        "school_unit_code",
        {one.school_unit_code: float(one.list == "waits") for one in schools},
    )
    gauges(
        "stage_seconds",
        "How long each stage of the night took.",
        "stage",
        {one.stage: one.seconds for one in report.stages},
    )
    if report.disk:
        gauge("home_bytes", "Size of the home.", report.disk.home_mib * MIB)
        gauge("free_bytes", "Free on the home's disk.", report.disk.free_mib * MIB)
    gauge("told_faults", "Ways of telling somebody that failed.", len(report.told.faults))
    return bytes(generate_latest(registry))  # type: ignore[no-untyped-call]


def write_metrics(report: NightReport, place: Path, *, is_in_home: bool) -> None:
    """Write the metrics of a night beside their place and move them there.

    Args:
        report: the night's.
        place: the file; in another folder than the home's the exporter may read it.
        is_in_home: whether the file is the owner's only, as all of the home.

    Raises:
        OSError: the folder is not there, or can't be written to.
    """
    write_whole(place, metrics_of(report), mode=0o600 if is_in_home else _FOR_OTHERS)


def _since(at: datetime | None) -> float | None:
    return None if at is None else round(at.timestamp(), 1)
