"""Great Expectations contracts on compact frames: what every night's data must look like.

Contracts see counts and shares per school and day, month or rule; never a pupil. Results are
booleans only, because a validation result stores the values it failed on.

Not here: rules about single rows (`sql/exports/`), exact sums (`sql_checks.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class ContractCrashError(Exception):
    """A validator raised instead of answering: neither passed nor failed, so publication stops."""


@dataclass(frozen=True)
class ContractResult:
    """What a contract said.

    Attributes:
        broken: the expectations that failed, as `type(column)`; no values.
        expectations: how many were asked.
    """

    broken: tuple[str, ...]
    expectations: int

    @property
    def holds(self) -> bool:
        """Every expectation was met."""
        return not self.broken


def _file_days(gxe: Any) -> Sequence[Any]:
    return [
        gxe.ExpectColumnValuesToNotBeNull(column="school_unit_code"),
        gxe.ExpectColumnValuesToMatchRegex(column="school_unit_code", regex=r"^\d{8}$"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["school_unit_code", "lesson_date"]),
        gxe.ExpectColumnValuesToBeBetween(column="lessons", min_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="pupils", min_value=1),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="lessons", column_B="pupils", or_equal=True
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="scheduled_minutes", column_B="absent_minutes", or_equal=True
        ),
        gxe.ExpectColumnValuesToBeBetween(column="unreported_share", min_value=0, max_value=1),
    ]


def _monthly_rates(gxe: Any) -> Sequence[Any]:
    return [
        gxe.ExpectColumnValuesToBeUnique(column="month_start_date"),
        gxe.ExpectColumnValuesToBeBetween(column="most_days", min_value=0, max_value=31),
        gxe.ExpectColumnValuesToBeBetween(column="least_scheduled_minutes", min_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="lowest_rate", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="highest_rate", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="highest_coverage", min_value=0, max_value=1),
    ]


def _flags(gxe: Any) -> Sequence[Any]:
    return [
        gxe.ExpectColumnValuesToBeInSet(column="verdict", value_set=["hit", "insufficient"]),
        gxe.ExpectColumnValuesToBeInSet(column="basis", value_set=["calendar", "rolling"]),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["rule", "basis", "verdict"]),
        gxe.ExpectColumnValuesToBeBetween(column="lowest_level", min_value=0, max_value=3),
        gxe.ExpectColumnValuesToBeBetween(column="highest_level", min_value=0, max_value=3),
        gxe.ExpectColumnValuesToBeBetween(column="highest_rate", min_value=0, max_value=1),
    ]


CONTRACTS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "contract_file_days": _file_days,
    "contract_monthly_rates": _monthly_rates,
    "contract_flags": _flags,
}


def contract_result(name: str, frame: pd.DataFrame) -> ContractResult:
    """Validate a compact frame against a contract.

    Args:
        name: key of `CONTRACTS` and stem of the frame's SELECT in `sql/checks/`.
        frame: the frame; an empty one holds.

    Raises:
        ContractCrashError: the validator crashed.
    """
    if frame.empty:
        return ContractResult((), 0)
    # Importing the library takes many seconds, so only a run that checks pays for it.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415

    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        suite = context.suites.add(
            gx.ExpectationSuite(name=name, expectations=list(CONTRACTS[name](gx.expectations)))
        )
        asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
        definition = gx.ValidationDefinition(
            name=name, suite=suite, data=asset.add_batch_definition_whole_dataframe(name)
        )
        result = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame},
            result_format={"result_format": "BOOLEAN_ONLY", "partial_unexpected_count": 0},
        )
    except Exception as error:
        raise ContractCrashError(crash(name, type(error).__name__)) from None
    broken: list[str] = []
    for answer in result.results:
        asked = answer.expectation_config
        kind = asked.type if asked else "an expectation"
        if has_crashed(answer.exception_info):
            raise ContractCrashError(crash(name, kind))
        if not answer.success:
            broken.append(f"{kind}({_columns(asked.kwargs if asked else {})})")
    return ContractResult(tuple(broken), len(result.results))


def has_crashed(exception_info: dict[str, Any]) -> bool:
    """Look for an exception: at the top, or, for a metric that crashed, under the metric's name."""
    nested = (entry for entry in exception_info.values() if isinstance(entry, dict))
    return bool(exception_info.get("raised_exception")) or any(map(has_crashed, nested))


def _columns(arguments: dict[str, Any]) -> str:
    names = [arguments.get(key) for key in ("column", "column_A", "column_B") if key in arguments]
    return ", ".join(str(name) for name in names or arguments.get("column_list", []))


def crash(name: str, what: str) -> str:
    """Say that a contract could not be checked, and what follows."""
    return (
        f"The contract '{name}' could not be checked: its validator crashed ({what}). Nothing is "
        "published until it answers. Run the job again; if it crashes again, report it."
    )
