"""The Dagster asset of the pull: files of school systems that are asked over HTTP."""

from collections.abc import Iterator

import dagster as dg

from assets.pull.access import PullAccess
from assets.pull.pull import Fetched, PullError, summary_of

GROUP = "pull"
#: Metadata with a row for each endpoint that was asked, also of a pull that fails.
ENDPOINTS = "endpoints"


@dg.asset(
    group_name=GROUP,
    kinds={"json"},
    description="SS12000 files that were fetched from school systems, a file a window.",
)
def pulled_files(
    context: dg.AssetExecutionContext, pull: dg.ResourceParam[PullAccess]
) -> Iterator[dg.AssetObservation | dg.MaterializeResult[None]]:
    """Fetch what is new from every source.

    One asset, not one an endpoint: which endpoints there are is the operator's setting, and the
    graph should not change with it. Counts of each endpoint are metadata; a fault fails the run
    after everything else has come.
    """
    counts: dict[str, dg.MetadataValue] = {}
    results = pull.pull()
    for result in results:
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
    # Not a materialisation, which says that all is there.
    rows = dg.MetadataValue.json([_row(result) for result in results])
    yield dg.AssetObservation("pulled_files", metadata={ENDPOINTS: rows})
    faults = summary_of(results)
    if faults:
        raise PullError(faults)
    yield dg.MaterializeResult(metadata=counts)


def _row(result: Fetched) -> dict[str, str | int]:
    return {
        "source": result.source,
        "endpoint": result.endpoint,
        "outcome": "failed" if result.fault else "fetched" if result.files else "nothing new",
        "objects": result.objects,
        "pages": result.pages,
        "files": len(result.files),
    }
