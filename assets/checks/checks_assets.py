"""Checks as Dagster asset checks: what they guard is not built upon when they fail.

Every check is blocking: a failed check, and a check that crashed, stops what comes after it, so
the lists that are out stay out.
"""

from datetime import date, timedelta

import dagster as dg

from assets.checks.contracts import contract_result
from assets.checks.sql_checks import SQL_CHECKS, SqlCheck, failing_rows
from assets.lake_access import LakeAccess

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
