"""The Dagster asset of the drill: once a month somebody knows that an erasure leaves nothing."""

import dagster as dg

from assets.lake.access import LakeAccess
from assets.upkeep.erasure.drill import drill, today_in_stockholm

GROUP = "erasure"


@dg.asset(
    group_name=GROUP,
    kinds={"duckdb"},
    description="A made-up pupil planted in a home of its own, erased, and looked for at every "
    "byte; and whether anybody who was erased is in the lake.",
)
def erasure_drill(
    context: dg.AssetExecutionContext,  # noqa: ARG001 - as every asset
    lake: dg.ResourceParam[LakeAccess],
) -> dg.MaterializeResult[None]:
    """Do the drill; one that does not pass ends the run as failed."""
    done = drill(lake.settings, lake.rules_on, today_in_stockholm())
    metadata = {
        "has_passed": dg.MetadataValue.bool(done.has_passed),
        "places_planted": dg.MetadataValue.int(len(done.planted)),
        "traces_found": dg.MetadataValue.int(len(done.found)),
        "pupils_back": dg.MetadataValue.int(done.are_back),
    }
    if not done.has_passed:
        raise dg.Failure(
            description="The drill of erasure did not pass: HOME/erasures/drill.json says where "
            "something was found. Erase nobody before it is mended.",
            metadata=metadata,
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata=metadata)
