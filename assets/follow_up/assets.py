"""Dagster asset of the follow-up stage: what people recorded in the portal comes into the lake."""

from datetime import UTC, datetime

import dagster as dg

from assets.follow_up.bringing import Brought, bring
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.access import VALUE_TO_CALLER, LakeAccess

GROUP = "follow_up"


@dg.asset(
    deps=["flags"],
    group_name=GROUP,
    kinds={"duckdb", "sqlalchemy"},
    io_manager_key=VALUE_TO_CALLER,
    description="What people recorded in the portal about pupils, without texts.",
)
def follow_up(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[Brought]:
    """Bring it into the lake; where the portal's database is away, say so and go on."""
    database = PortalDatabase(lake.settings.home, lake.portal_database)
    with lake.open() as opened:
        found = bring(opened, database, datetime.fromtimestamp(lake.now(), UTC))
    for sentence in found.sentences():
        context.log.warning(sentence)
    reading = found.reading
    metadata: dict[str, dg.MetadataValue] = {
        "has_portal": dg.MetadataValue.bool(reading is not None)
    }
    if reading is not None:
        read = f"{reading.read_at:%Y-%m-%d %H:%M} UTC" if reading.read_at else "never"
        metadata |= {
            "read_at": dg.MetadataValue.text(read),
            "is_stale": dg.MetadataValue.bool(reading.is_stale),
            "rows_read": dg.MetadataValue.int(reading.rows_read),
            "dagster/row_count": dg.MetadataValue.int(reading.events),
            "rows_withdrawn": dg.MetadataValue.int(reading.withdrawn),
            "rows_no_acts": dg.MetadataValue.int(reading.no_acts),
            "rows_refused": dg.MetadataValue.int(reading.refused),
        }
    if found.trouble:
        metadata["warning"] = dg.MetadataValue.text(found.trouble)
    return dg.MaterializeResult(metadata=metadata, value=found)
