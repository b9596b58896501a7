"""Dagster assets of the absence stage: lesson rows become sums."""

import time
from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.absence.sums import refresh_sums, store_rolling, sum_windows
from assets.absence.windows import window_parts
from assets.exports.stage_times import SECONDS_OF
from assets.lake.access import LakeAccess

GROUP = "absence"
FIRST_MONTH = "2019-07-01"
months = dg.MonthlyPartitionsDefinition(
    start_date=FIRST_MONTH, end_offset=1, timezone="Europe/Stockholm"
)
_SUMS = ("absence_daily", "absence_monthly")


@dg.multi_asset(
    name="absence_sums",
    partitions_def=months,
    backfill_policy=dg.BackfillPolicy.single_run(),
    specs=[
        dg.AssetSpec(
            "absence_daily",
            deps=["lessons", "stale_days"],
            group_name=GROUP,
            kinds={"duckdb"},
            description="Minutes per pupil, school unit and day.",
        ),
        dg.AssetSpec(
            "absence_monthly",
            deps=["absence_daily"],
            group_name=GROUP,
            kinds={"duckdb"},
            description="Minutes per pupil and calendar month, over all schools of the pupil.",
        ),
    ],
)
def absence_sums(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> Iterator[dg.MaterializeResult[None]]:
    """Make sums again: of the asked months in a backfill, else of what new files affected.

    A nightly run has no partition, because what it touches is only known once the files are
    read. It then says for each month that it made again that this partition was materialised.
    """
    wanted = None
    if context.has_partition_key or context.has_partition_key_range:
        wanted = [date.fromisoformat(key) for key in context.partition_keys]
    begun = time.perf_counter()
    with lake.open() as opened:
        refreshed = refresh_sums(opened, wanted, lake.parallel_values())
    seconds = round(time.perf_counter() - begun, 2)
    if wanted is None:
        for month in refreshed.months:
            for name in _SUMS:
                if month.isoformat() >= FIRST_MONTH:
                    context.log_event(dg.AssetMaterialization(name, partition=month.isoformat()))
    rows = {"absence_daily": refreshed.pupil_days, "absence_monthly": refreshed.pupil_months}
    for name in _SUMS:
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={
                "days_made_again": dg.MetadataValue.int(refreshed.days),
                "months_made_again": dg.MetadataValue.int(len(refreshed.months)),
                "rows_made_again": dg.MetadataValue.int(rows[name]),
                # Both tables are made together.
                f"{SECONDS_OF}sums": dg.MetadataValue.float(seconds),
            },
        )


@dg.asset(
    deps=["absence_daily"],
    group_name=GROUP,
    kinds={"duckdb"},
    description="Minutes per pupil over the rolling windows ending at as_of.",
)
def absence_rolling(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Sum the rolling windows at as_of and keep them as the newest."""
    as_of = lake.as_of(context.run.tags)
    rule_set = lake.rules_on(as_of)
    with lake.open() as opened:
        parts = window_parts(as_of, rule_set.one_month_days, rule_set.two_months_days)
        with opened.reading():
            sums = sum_windows(opened, as_of, parts)
        rows = store_rolling(opened, as_of, sums)
    return dg.MaterializeResult(
        metadata={
            "as_of": dg.MetadataValue.text(as_of.isoformat()),
            "dagster/row_count": dg.MetadataValue.int(rows),
        }
    )
