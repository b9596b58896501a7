"""The Dagster asset of retention: once a month what was decided to go goes, and nothing else."""

import dagster as dg

from assets.exports.readers.layout_files import load_layouts
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.upkeep.erasure.erase import HomeToClear
from assets.upkeep.retention.decision import KINDS, UNDECIDED, decision_of
from assets.upkeep.retention.retain import retain, went_of

GROUP = "retention"


@dg.asset(
    group_name=GROUP,
    kinds={"duckdb"},
    description="What HOME/retention.yaml decides goes, out of every place of the home. Without a "
    "decision nothing goes.",
)
def retained_home(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Do one round of retention, where something was decided."""
    home = lake.settings.home
    decision = decision_of(home)
    if decision is None:
        context.log.info(UNDECIDED)
        return dg.MaterializeResult(metadata={"is_decided": dg.MetadataValue.bool(False)})
    folders = [lake.layouts_folder] if lake.layouts_folder else []
    # A connection of its own: nothing may be written on it after the lake's past is gone.
    with Lake.open(lake.settings) as opened:
        receipt = retain(
            HomeToClear(
                opened,
                load_layouts(folders),
                PortalDatabase(home, lake.portal_database),
                lake.inbox[0] if lake.inbox else home / "inbox",
                lake.on_progress,
            ),
            decision,
        )
    went = went_of(receipt) if receipt else dict.fromkeys(KINDS, 0)
    return dg.MaterializeResult(
        metadata={
            "is_decided": dg.MetadataValue.bool(True),
            **{f"{kind}_gone": dg.MetadataValue.int(number) for kind, number in went.items()},
        }
    )
