"""Dagster assets of the exports stage: offered files become ledger, lessons and rosters."""

from collections import Counter
from collections.abc import Iterator

import dagster as dg

from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import FileReport
from assets.exports.readers.layout_files import load_layouts
from assets.exports.retry import retry_file
from assets.exports.senders.senders_file import senders_of
from assets.exports.stage_times import SECONDS_OF, StageTimes
from assets.lake.access import VALUE_TO_CALLER, LakeAccess
from assets.lake.encryption import Sealer
from assets.lake.schema import Table
from assets.lake.ss12000_tables import SS12000_TABLES
from assets.lake.tables import PROTECTION_TABLES, TABLES

GROUP = "exports"
_TABLES = (
    "files",
    "held_files",
    "row_problems",
    "lessons",
    "lesson_snapshots",
    "removed_lessons",
    "pupil_merges",
    "stale_days",
    "enrolments",
    "monthly_sums",
    "identity_sources",
    "identities",
    "staff",
    "school_units",
    "school_breaks",
    "school_sendings",
    "lesson_removals",
    *(table.name for table in PROTECTION_TABLES),
    *(table.name for table in SS12000_TABLES),
)


def _spec(table: Table) -> dg.AssetSpec:
    spec = dg.AssetSpec(
        table.name, group_name=GROUP, kinds={"duckdb", "polars"}, description=table.meaning
    )
    # What became of the offered files: a report has a file's name in it, which is stored nowhere.
    return spec.with_io_manager_key(VALUE_TO_CALLER) if table.name == "files" else spec


@dg.multi_asset(
    name="received_exports",
    specs=[_spec(table) for table in TABLES if table.name in _TABLES],
)
def received_exports(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> Iterator[dg.MaterializeResult[list[FileReport] | None]]:
    """Take every offered file; files that are known already change nothing.

    The value of `files` is the report of each offered file.
    """
    times = StageTimes()
    layouts = load_layouts([lake.layouts_folder] if lake.layouts_folder else [])
    senders = senders_of(lake.settings.home, lake.sender_folders, layouts, lake.sender)
    with lake.open() as opened:
        if lake.retried:
            known = find_file(opened, Sealer.of_home(opened.settings.home), lake.retried)
            reports = [retry_file(opened, known, layouts=layouts, senders=senders)]
        else:
            reports = ingest_paths(
                opened,
                lake.offered,
                layouts=layouts,
                on_progress=lake.on_progress,
                intake=Intake(lake.settle_seconds, lake.keeps_originals),
                senders=senders,
                times=times,
            )
        with opened.reading():
            counts = {name: opened.rows(f"SELECT count(*) FROM {name}")[0][0] for name in _TABLES}
    outcomes = Counter(str(report.outcome) for report in reports)
    context.log.info("files offered: %d; %s", len(reports), dict(sorted(outcomes.items())))
    counted = {f"files_{outcome}": number for outcome, number in outcomes.items()} | {
        "rows_read": sum(report.rows_read for report in reports),
        "rows_accepted": sum(report.rows_accepted for report in reports),
        "rows_rejected": sum(report.rows_rejected for report in reports),
    }
    seconds = {f"{SECONDS_OF}{stage}": taken for stage, taken in times.seconds().items()}
    for name in _TABLES:
        metadata: dict[str, int | float] = {"dagster/row_count": counts[name]}
        if name == "files":
            metadata |= {**counted, **seconds}
            yield dg.MaterializeResult(asset_key=name, metadata=metadata, value=reports)
        else:
            yield dg.MaterializeResult(asset_key=name, metadata=metadata)
