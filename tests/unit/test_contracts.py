"""Contracts hold for what a night gives, break for what it must not, and never pass by crashing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assets.checks import validating
from assets.checks.contracts import CONTRACTS, contract_result
from assets.checks.validating import ContractCrashError, Memory


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


NOW = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


def not_asked(*_: object) -> list[object]:
    raise AssertionError("the library was asked")


def remembered_by(folder: Path) -> Memory:
    return Memory(folder / "contracts", NOW)


def test_the_same_frame_is_answered_by_what_was_said_of_it_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.concat([file_days(), file_days(school_unit_code="99999902")])
    first = contract_result("contract_file_days", frame, remembered_by(tmp_path))
    monkeypatch.setattr(validating, "validated", not_asked)
    later = Memory(tmp_path / "contracts", NOW + timedelta(days=1))
    # The rows of a SELECT come in any order.
    again = contract_result("contract_file_days", frame[::-1], later)
    assert again == first
    assert again.answers
    assert again.answers.answered_at == NOW


def test_what_was_broken_stays_broken_until_the_frame_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, frame = remembered_by(tmp_path), file_days(unreported_share=1.2)
    broken = contract_result("contract_file_days", frame, memory).broken
    assert len(broken) == 1
    with monkeypatch.context() as patch:
        patch.setattr(validating, "validated", not_asked)
        assert contract_result("contract_file_days", frame, memory).broken == broken
    assert contract_result("contract_file_days", file_days(), memory).holds


@pytest.mark.parametrize(
    "changed",
    [
        {"lessons": 181},
        {"lesson_date": pd.Timestamp("2026-10-06")},
        {"unreported_share": None},
        {"another_column": 1},
    ],
)
def test_a_frame_that_differs_in_one_cell_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    memory = remembered_by(tmp_path)
    contract_result("contract_file_days", file_days(), memory)
    monkeypatch.setattr(validating, "validated", not_asked)
    with pytest.raises(AssertionError, match="the library was asked"):
        contract_result("contract_file_days", file_days(**changed), memory)


def test_another_expectation_or_library_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = remembered_by(tmp_path)
    contract_result("contract_file_days", file_days(), memory)
    monkeypatch.setattr(validating, "validated", not_asked)
    with monkeypatch.context() as patch:
        patch.setattr(validating, "version", lambda _: "0.0.1")
        with pytest.raises(AssertionError, match="the library was asked"):
            contract_result("contract_file_days", file_days(), memory)
    monkeypatch.setitem(CONTRACTS, "contract_file_days", CONTRACTS["contract_flags"])
    with pytest.raises(AssertionError, match="the library was asked"):
        contract_result("contract_file_days", file_days(), memory)


def test_a_crash_is_not_remembered_nor_is_a_damaged_memory_believed(tmp_path: Path) -> None:
    memory = remembered_by(tmp_path)
    with pytest.raises(ContractCrashError):
        contract_result("contract_flags", pd.DataFrame({"another_column": [1]}), memory)
    assert not memory.folder.exists()
    first = contract_result("contract_file_days", file_days(), memory)
    (kept,) = memory.folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-9])
    assert contract_result("contract_file_days", file_days(), memory) == first


def test_a_memory_holds_no_values_and_is_the_owners_only(tmp_path: Path) -> None:
    memory = remembered_by(tmp_path)
    contract_result("contract_file_days", file_days(unreported_share=1.234567), memory)
    (kept,) = memory.folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert memory.folder.stat().st_mode & 0o777 == 0o700
    assert "1.234567" not in kept.read_text()
    assert "99999901" not in kept.read_text()
