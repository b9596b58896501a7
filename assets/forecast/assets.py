"""Dagster asset of the forecast stage: sums become estimates of who may pass a step."""

import dagster as dg

from assets.forecast.forecasting import forecast, store_forecasts
from assets.lake.access import LakeAccess

GROUP = "forecast"


@dg.asset(
    deps=["absence_daily", "enrolments", "protection_words"],
    group_name=GROUP,
    kinds={"duckdb", "scipy"},
    description="Estimated probability of passing a step for pupils under it, where it is worth "
    "showing. Estimates, no flags.",
)
def forecasts(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Estimate at as_of, and keep who is listed and how good the estimates were of late."""
    as_of = lake.as_of(context.run.tags)
    with lake.open() as opened:
        found = forecast(opened, as_of, lake.rules_on(as_of))
        pupils = store_forecasts(opened, found)
    return dg.MaterializeResult(
        metadata={
            "as_of": dg.MetadataValue.text(as_of.isoformat()),
            "pupils_listed": dg.MetadataValue.int(pupils),
            "questions_judged": dg.MetadataValue.int(len(found.skill)),
            "questions_shown": dg.MetadataValue.int(int(found.skill["is_shown"].sum())),
        }
    )
