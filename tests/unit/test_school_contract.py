"""What is unlike a school's norm, on both sides of each limit; results hold no values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.checks import validating
from assets.checks.school_contract import (
    WHERE_ONLY,
    Broken,
    broken_days,
    contract_on,
    expectations_of,
)
from assets.checks.validating import ContractCrashError, Memory, validated
from rules.registry import rule_set_on

CONTRACT = contract_on(rule_set_on("stockholm", date(2026, 11, 15)))

USUAL = {
    "school_unit_code": "99999901",
    "lesson_date": pd.Timestamp("2026-11-13"),
    "lessons": 600,
    "pupils": 100,
    "usual_lessons": 600.0,
    "share_of_usual": 1.0,
    "vanished_classes": 0,
    "vanished_class_names": "",
    "unreported_share": 0.05,
    "highest_absent_share": 0.08,
    "lowest_absent_share": 0.08,
    "doubled_share": 0.0,
    "refused_share": 0.0,
}


THE_DAY_AFTER = pd.Timestamp("2026-11-14")


def broken(*rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    found: list[Broken] = list(broken_days(pd.DataFrame([USUAL | row for row in rows]), CONTRACT))
    assert all(isinstance(b.lesson_date, date) for b in found)
    return [(b.school_unit_code, b.clause.name, b.found) for b in found]


@pytest.mark.parametrize(
    ("column", "good", "bad", "clause"),
    [
        ("share_of_usual", 0.7, 0.6999, "fewer_rows"),
        ("share_of_usual", None, 0.1, "fewer_rows"),
        ("unreported_share", 0.2, 0.2001, "unreported"),
        ("highest_absent_share", 0.9999, 1.0, "all_absent"),
        ("lowest_absent_share", 0.0001, 0.0, "all_present"),
        ("lowest_absent_share", None, 0.0, "all_present"),
        ("doubled_share", 0.05, 0.0501, "doubled"),
        ("refused_share", 0.3, 0.3001, "many_refused"),
    ],
)
def test_a_limit_has_two_sides(column: str, good: float | None, bad: float, clause: str) -> None:
    other = {"school_unit_code": "99999902"}
    assert broken({column: good}, other) == []
    assert broken({column: bad}, other) == [("99999901", clause, f"{bad:.4f}")]


def test_the_limits_are_those_of_the_rule_set() -> None:
    looser = replace(CONTRACT[0], least=0.5)
    row = pd.DataFrame([USUAL | {"share_of_usual": 0.6}])
    assert CONTRACT[0].name == "fewer_rows"
    assert [b.clause.name for b in broken_days(row, CONTRACT)] == ["fewer_rows"]
    assert list(broken_days(row, (looser, *CONTRACT[1:]))) == []


def test_a_vanished_class_is_named() -> None:
    row = {"vanished_classes": 2, "vanished_class_names": "8A, 9C"}
    assert broken(row) == [("99999901", "class_vanished", "8A, 9C")]


def test_every_school_and_day_is_judged_by_itself() -> None:
    found = broken(
        {"share_of_usual": 0.5},
        {"share_of_usual": 0.5, "lesson_date": pd.Timestamp("2026-11-12")},
        {"share_of_usual": 0.5, "school_unit_code": "99999902"},
        {"school_unit_code": "99999903"},
    )
    assert sorted(code for code, _, _ in found) == ["99999901", "99999901", "99999902"]


def test_no_school_day_breaks_nothing() -> None:
    assert list(broken_days(pd.DataFrame(columns=list(USUAL)), CONTRACT)) == []


def test_a_school_that_broke_a_clause_breaks_it_again_without_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(tmp_path, datetime(2026, 11, 16, tzinfo=UTC))
    frame = pd.DataFrame([USUAL | {"share_of_usual": 0.5}, USUAL | {"lesson_date": THE_DAY_AFTER}])
    first = list(broken_days(frame, CONTRACT, memory))
    assert len(first) == 1

    def not_asked(*_: object) -> list[object]:
        raise AssertionError("the library was asked")

    monkeypatch.setattr(validating, "validated", not_asked)
    assert list(broken_days(frame, CONTRACT, memory)) == first
    looser = (replace(CONTRACT[0], least=0.4), *CONTRACT[1:])
    with pytest.raises(AssertionError, match="the library was asked"):
        list(broken_days(frame, looser, memory))


def test_results_hold_no_values() -> None:
    frame = pd.DataFrame([USUAL | {"share_of_usual": 0.4321987}])
    answers = validated("school_contract", frame, expectations_of(CONTRACT), WHERE_ONLY)
    assert "0.4321987" not in "".join(str(answer.to_json_dict()) for answer in answers)


def test_a_validator_that_crashes_is_no_verdict() -> None:
    for name in {clause.column for clause in CONTRACT}:
        frame = pd.DataFrame([USUAL | {name: object()}])
        with pytest.raises(ContractCrashError, match="Nothing is published"):
            list(broken_days(frame, CONTRACT))
