"""Contracts hold for what a night gives, break for what it must not, and never pass by crashing."""

from __future__ import annotations

import pandas as pd
import pytest

from assets.checks.contracts import CONTRACTS, contract_result
from assets.checks.validating import ContractCrashError


def file_days(**changes: object) -> pd.DataFrame:
    row: dict[str, object] = {
        "school_unit_code": "99999901",
        "lesson_date": pd.Timestamp("2026-10-05"),
        "lessons": 180,
        "pupils": 30,
        "scheduled_minutes": 10_800,
        "unreported_share": 0.03,
        "absent_minutes": 600,
    }
    return pd.DataFrame([row | changes])


def test_an_ordinary_day_holds() -> None:
    result = contract_result("contract_file_days", file_days())
    assert result.holds
    assert result.expectations == 8


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"school_unit_code": "9999901"}, "expect_column_values_to_match_regex(school_unit_code)"),
        ({"lessons": 20}, "expect_column_pair_values_a_to_be_greater_than_b(lessons, pupils)"),
        ({"unreported_share": 1.2}, "expect_column_values_to_be_between(unreported_share)"),
        (
            {"absent_minutes": 10_801},
            "expect_column_pair_values_a_to_be_greater_than_b(scheduled_minutes, absent_minutes)",
        ),
    ],
)
def test_one_broken_value_breaks_exactly_one_expectation(
    changes: dict[str, object], broken: str
) -> None:
    assert contract_result("contract_file_days", file_days(**changes)).broken == (broken,)


def test_the_same_school_and_day_twice_breaks_the_contract() -> None:
    twice = pd.concat([file_days(), file_days()])
    (broken,) = contract_result("contract_file_days", twice).broken
    assert broken.startswith("expect_compound_columns_to_be_unique")


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_validator_that_crashes_neither_passes_nor_fails(name: str) -> None:
    with pytest.raises(ContractCrashError, match="Nothing is published"):
        contract_result(name, pd.DataFrame({"another_column": [1]}))


@pytest.mark.parametrize("name", CONTRACTS)
def test_nothing_to_look_at_holds(name: str) -> None:
    assert contract_result(name, pd.DataFrame()).holds


def test_a_rate_above_one_breaks_the_contract_of_the_sums() -> None:
    month = {
        "month_start_date": pd.Timestamp("2026-10-01"),
        "pupils": 60,
        "most_days": 17,
        "least_scheduled_minutes": 60,
        "highest_rate": 1.4,
        "lowest_rate": 0.0,
        "highest_coverage": 1.0,
    }
    result = contract_result("contract_monthly_rates", pd.DataFrame([month]))
    assert result.broken == ("expect_column_values_to_be_between(highest_rate)",)
