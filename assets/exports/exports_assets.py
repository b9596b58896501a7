"""Dagster assets of the exports stage: offered files become ledger, lessons and rosters."""

from collections import Counter
from collections.abc import Iterator

import dagster as dg

from assets.exports.ingest import ingest_paths
from assets.exports.ledger import find_file
from assets.exports.retry import retry_file
from assets.lake_access import LakeAccess
from assets.protection_tables import PROTECTION_TABLES
from assets.sealing import Sealer
from assets.ss12000_tables import SS12000_TABLES
from assets.tables import TABLES

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
    *(table.name for table in PROTECTION_TABLES),
    *(table.name for table in SS12000_TABLES),
)
_MEANINGS = {table.name: table.meaning for table in TABLES}


@dg.multi_asset(
    name="received_exports",
    specs=[
        dg.AssetSpec(name, group_name=GROUP, kinds={"duckdb", "polars"}, description=meaning)
        for name, meaning in _MEANINGS.items()
        if name in _TABLES
    ],
)
def received_exports(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> Iterator[dg.MaterializeResult[None]]:
    """Take every offered file; files that are known already change nothing."""
    layouts = lake.layouts()
    with lake.open() as opened:
        if lake.retried:
            known = find_file(opened, Sealer.of_home(opened.settings.home), lake.retried)
            reports = [retry_file(opened, known, layouts=layouts)]
        else:
            reports = ingest_paths(
                opened,
                lake.offered,
                layouts=layouts,
                on_progress=lake.on_progress,
                intake=lake.intake,
            )
        counts = {name: opened.rows(f"SELECT count(*) FROM {name}")[0][0] for name in _TABLES}
    lake.reports[:] = reports
    outcomes = Counter(str(report.outcome) for report in reports)
    context.log.info("files offered: %d; %s", len(reports), dict(sorted(outcomes.items())))
    run = {
        f"files_{outcome}": dg.MetadataValue.int(number) for outcome, number in outcomes.items()
    } | {
        "rows_read": dg.MetadataValue.int(sum(report.rows_read for report in reports)),
        "rows_accepted": dg.MetadataValue.int(sum(report.rows_accepted for report in reports)),
        "rows_rejected": dg.MetadataValue.int(sum(report.rows_rejected for report in reports)),
    }
    for name in _TABLES:
        extra = run if name == "files" else {}
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={"dagster/row_count": dg.MetadataValue.int(counts[name]), **extra},
        )
