"""The Dagster asset of the pull: files of school systems that are asked over HTTP."""

import dagster as dg

from assets.pull.access import PullAccess

GROUP = "pull"


@dg.asset(
    group_name=GROUP,
    kinds={"json"},
    description="SS12000 files that were fetched from school systems, a file a window.",
)
def pulled_files(
    context: dg.AssetExecutionContext, pull: dg.ResourceParam[PullAccess]
) -> dg.MaterializeResult[None]:
    """Fetch what is new from every source.

    One asset, not one an endpoint: which endpoints there are is the operator's setting, and the
    graph should not change with it. Counts of each endpoint are metadata; a fault fails the run
    after everything else has come.
    """
    counts: dict[str, dg.MetadataValue] = {}
    for result in pull.pull():
        key = f"{result.source}_{result.endpoint}"
        counts[f"{key}_files"] = dg.MetadataValue.int(len(result.files))
        counts[f"{key}_objects"] = dg.MetadataValue.int(result.objects)
        outcome = result.fault or "all of it came"
        context.log.info(
            "%s %s: %d objects in %d files, %d pages; %s",
            result.source,
            result.endpoint,
            result.objects,
            len(result.files),
            result.pages,
            outcome,
        )
    pull.raise_faults()
    return dg.MaterializeResult(metadata=counts)
