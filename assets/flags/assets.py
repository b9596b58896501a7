"""Dagster asset of the flags stage: sums and rules become flags of an as_of."""

import dagster as dg

from assets.flags.evaluate import evaluate_flags, store_flags
from assets.lake.access import LakeAccess

GROUP = "flags"


@dg.asset(
    deps=[
        "absence_rolling",
        "absence_monthly",
        "absence_daily",
        "monthly_sums",
        "enrolments",
        "identity_sources",
        "protection_words",
    ],
    group_name=GROUP,
    kinds={"duckdb"},
    description="Verdicts other than clear of every pupil, rule and basis at as_of.",
)
def flags(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Evaluate the ladder at as_of and keep what is not clear."""
    as_of = lake.as_of(context.run.tags)
    rule_set = lake.rules_on(as_of)
    with lake.open() as opened:
        with opened.reading():
            evaluation = evaluate_flags(opened, as_of, rule_set)
        rows = store_flags(opened, evaluation)
        levels = opened.rows(
            "SELECT level, count(DISTINCT pupil_key) FROM flags WHERE as_of_date = $as_of "
            "GROUP BY level ORDER BY level",
            as_of=as_of,
        )
    return dg.MaterializeResult(
        metadata={
            "as_of": dg.MetadataValue.text(as_of.isoformat()),
            "rule_set": dg.MetadataValue.text(f"{rule_set.name} {rule_set.version}"),
            "dagster/row_count": dg.MetadataValue.int(rows),
        }
        | {f"pupils_level_{level}": dg.MetadataValue.int(count) for level, count in levels}
    )
