"""Checks as Dagster asset checks: what they guard is not built upon when they fail.

Every check is blocking: a failed check, and a check that crashed, stops what comes after it, so
the lists that are out stay out. Not here: the contracts (`contracts.py`, `school_contract.py`).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from assets.checks.contracts import contract_result
from assets.checks.school_contract import HOLD, check_schools
from assets.checks.silence import Silence, look_for_silence
from assets.lake.access import VALUE_TO_CALLER, LakeAccess
from assets.lake.connection import Lake

# Checks written as SELECTs: a check returns its failing rows, none means that it holds.


@dataclass(frozen=True)
class SqlCheck:
    """One file of `sql/checks/`.

    Attributes:
        name: stem of the file.
        asset: the table that it guards.
        has_first_date: takes `$first_date`, so that a night looks at the recent past only.
    """

    name: str
    asset: str
    has_first_date: bool = False


SQL_CHECKS = (
    SqlCheck("files_add_up", "files"),
    SqlCheck("lessons_in_bounds", "lessons", has_first_date=True),
    SqlCheck("lessons_unique", "lessons", has_first_date=True),
    SqlCheck("daily_equals_lessons", "absence_daily", has_first_date=True),
    SqlCheck("monthly_equals_daily", "absence_monthly"),
    SqlCheck("flags_consistent", "flags"),
)


def failing_rows(lake: Lake, check: SqlCheck, first_date: date) -> int:
    """Run a check and return the number of its failing rows."""
    parameters = {"first_date": first_date} if check.has_first_date else {}
    return lake.relation(f"checks/{check.name}", **parameters).height


# The longest window is two months; what is older was checked when it was new.
_LOOK_BACK = timedelta(days=75)
_CONTRACTS = {
    "contract_file_days": "lessons",
    "contract_monthly_rates": "absence_monthly",
    "contract_flags": "flags",
}


def _sql_check(check: SqlCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=check.asset,
        name=check.name,
        blocking=True,
        description=f"sql/checks/{check.name}.sql returns no row.",
    )
    def run(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[LakeAccess]
    ) -> dg.AssetCheckResult:
        with lake.open() as opened:
            count = failing_rows(opened, check, lake.as_of(context.run.tags) - _LOOK_BACK)
        return dg.AssetCheckResult(passed=count == 0, metadata={"failing_rows": count})

    return run


def _contract_check(name: str, asset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=name,
        blocking=True,
        description=f"Great Expectations contract on the frame of sql/checks/{name}.sql.",
    )
    def run(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[LakeAccess]
    ) -> dg.AssetCheckResult:
        as_of = lake.as_of(context.run.tags)
        with lake.open() as opened:
            frame = opened.relation(f"checks/{name}", **_parameters(name, as_of)).to_pandas()
        result = contract_result(name, frame)
        return dg.AssetCheckResult(
            passed=result.holds,
            metadata={
                "rows": len(frame),
                "expectations": result.expectations,
                "broken": ", ".join(result.broken) or "none",
            },
        )

    return run


def _parameters(name: str, as_of: date) -> dict[str, date]:
    if name == "contract_file_days":
        return {"first_date": as_of - _LOOK_BACK}
    return {"as_of": as_of} if name == "contract_flags" else {}


CHECKS = [
    *(_sql_check(check) for check in SQL_CHECKS),
    *(_contract_check(name, asset) for name, asset in _CONTRACTS.items()),
]


# Dagster assets of the schools: what holds a school's list, and what is reported on it.

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
