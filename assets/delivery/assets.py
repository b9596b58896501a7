"""The Dagster asset of delivery: the lists as copies where their readers look."""

import dagster as dg

from assets.delivery.access import DeliveryAccess
from assets.delivery.results import Delivered
from assets.delivery.settings import DeliveryError
from assets.lake.access import VALUE_TO_CALLER, LakeAccess

GROUP = "delivery"


@dg.asset(
    deps=["current_watchlists", "weekly_watchlists", "identity_sources", "school_units", "staff"],
    group_name=GROUP,
    kinds={"excel", "html"},
    io_manager_key=VALUE_TO_CALLER,
    description="Copies of the current lists and of the newest frozen week's at the target, and "
    "notices to their readers.",
)
def delivered_lists(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[LakeAccess],
    delivery: dg.ResourceParam[DeliveryAccess],
) -> dg.MaterializeResult[Delivered]:
    """Deliver the lists that stand; nothing is done where no target is set.

    A target or mail server that fails does not fail the run: the lists stand in the home, what is
    lacking is in the result, and the next night tries again.
    """
    with lake.open() as opened:
        try:
            made = delivery.deliver(opened)
        except DeliveryError as error:
            # Another process delivers, or nobody knows what lies where.
            made = Delivered(problem=str(error))
    for sentence in made.sentences() if not made.is_whole else ():
        context.log.warning("%s", sentence)
    return dg.MaterializeResult(metadata=_metadata(made), value=made)


def _metadata(made: Delivered) -> dict[str, dg.MetadataValue]:
    return {
        "has_target": dg.MetadataValue.bool(bool(made.target)),
        "is_whole": dg.MetadataValue.bool(made.is_whole),
        "files_put": dg.MetadataValue.int(made.put),
        "files_unchanged": dg.MetadataValue.int(made.unchanged),
        "files_removed": dg.MetadataValue.int(made.removed),
        "files_failed": dg.MetadataValue.int(len(made.faults) + made.not_tried),
        "copies_taken_back": dg.MetadataValue.int(made.taken_back),
        "copies_out_of_reach": dg.MetadataValue.int(len(made.out_of_reach)),
        "notices_sent": dg.MetadataValue.int(made.told),
        "notices_failed": dg.MetadataValue.int(len(made.untold)),
        "readers_without_address": dg.MetadataValue.int(len(made.without_address)),
    }
