"""Dagster assets of the schools: what holds a school's list, and what is told on it."""

from collections import Counter

import dagster as dg

from assets.checks.school_contract import HOLD, check_schools
from assets.checks.silence import Silence, look_for_silence
from assets.lake_access import VALUE_TO_CALLER, LakeAccess

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


@dg.asset(
    deps=["absence_daily", "lessons", "monthly_sums", "school_breaks", "school_sendings"],
    group_name=GROUP,
    kinds={"duckdb"},
    io_manager_key=VALUE_TO_CALLER,
    description="Schools that sent nothing when they should, and whose lists wait for it.",
)
def school_silences(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[list[Silence]]:
    """Look which schools are silent at as_of, by their own rhythm and other schools' days."""
    as_of = lake.as_of(context.run.tags)
    rule_set = lake.rules_on(as_of)
    with lake.open() as opened:
        found = look_for_silence(opened, as_of, rule_set)
    held = [silence.school_unit_code for silence in found if silence.is_held]
    return dg.MaterializeResult(
        metadata={
            "as_of": dg.MetadataValue.text(as_of.isoformat()),
            "schools_silent": dg.MetadataValue.int(len(held)),
            "silent_school_units": dg.MetadataValue.text(", ".join(held) or "none"),
            "dagster/row_count": dg.MetadataValue.int(len(found)),
        },
        value=found,
    )
