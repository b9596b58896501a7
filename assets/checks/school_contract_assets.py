"""Dagster asset of the schools' contract: what holds a school's list, and what is told on it."""

from collections import Counter

import dagster as dg

from assets.checks.school_contract import HOLD, check_schools
from assets.lake_access import LakeAccess

GROUP = "contracts"


@dg.asset(
    deps=["absence_daily", "lessons", "files"],
    group_name=GROUP,
    kinds={"greatexpectations", "duckdb"},
    description="Schools whose latest days are unlike their norm, and which lists wait for it.",
)
def school_contracts(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[None]:
    """Hold every school's latest days at as_of against its own norm."""
    as_of = lake.as_of(context.run.tags)
    rule_set = lake.rules_on(as_of)
    with lake.open() as opened:
        broken = check_schools(opened, as_of, rule_set)
    clauses = Counter(one.clause.name for one in broken)
    held = {one.school_unit_code for one in broken if one.clause.severity == HOLD}
    return dg.MaterializeResult(
        metadata={
            "as_of": dg.MetadataValue.text(as_of.isoformat()),
            "schools_held": dg.MetadataValue.int(len(held)),
            "dagster/row_count": dg.MetadataValue.int(len(broken)),
        }
        | {f"days_{name}": dg.MetadataValue.int(count) for name, count in sorted(clauses.items())}
    )
