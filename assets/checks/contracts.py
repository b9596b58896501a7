"""Great Expectations contracts on compact frames: what every night's data must look like.

Contracts see counts and shares per school and day, month or rule; never a pupil. Results are
booleans only, because a validation result stores the values it failed on.

Not here: rules about single rows (`sql/exports/`), exact sums (`assets.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.checks.validating import ContractAnswers, Expectations, Memory, answers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ContractResult:
    """What a contract said.

    Attributes:
        broken: the expectations that failed, as `type(column)`; no values.
        expectations: how many were asked.
        answers: of the library; None for an empty frame, of which it is not asked.
    """

    broken: tuple[str, ...]
    expectations: int
    answers: ContractAnswers | None = None

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


# Without values: an answer of the library would hold those that it failed on.
_BOOLEANS_ONLY = {"result_format": "BOOLEAN_ONLY", "partial_unexpected_count": 0}

CONTRACTS: dict[str, Expectations] = {
    "contract_file_days": _file_days,
    "contract_monthly_rates": _monthly_rates,
    "contract_flags": _flags,
}


def contract_result(name: str, frame: pd.DataFrame, memory: Memory | None = None) -> ContractResult:
    """Validate a compact frame against a contract.

    Args:
        name: key of `CONTRACTS` and stem of the frame's SELECT in `sql/checks/`.
        frame: the frame; an empty one holds.
        memory: answers to the same question are taken from there.

    Raises:
        ContractCrashError: the validator crashed.
    """
    if frame.empty:
        return ContractResult((), 0)
    given = answers(name, frame, CONTRACTS[name], _BOOLEANS_ONLY, memory)
    broken = [
        f"{answer.kind}({', '.join(answer.columns)})" for answer in given.found if not answer.holds
    ]
    return ContractResult(tuple(broken), len(given.found), given)
