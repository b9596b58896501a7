"""Each school's latest days against its own norm: what holds its list, and what is only mentioned.

Great Expectations sees a row per school unit and day: counts and shares, never a pupil. Its
results name school units and days, no values. Not here: the frame (`sql/checks/school_days.sql`),
the limits (`norm.*` of the rule set), the sentences on a list
(`assets/watchlists/release/holds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from assets.checks.validating import answers
from assets.lake.connection import Lake
from rules.models import RuleSet

if TYPE_CHECKING:
    import pandas as pd

#: Days up to as_of that are looked at: what is older was looked at when it was new.
LOOKED_AT_DAYS = 7
#: Days before them that say what is usual: the same weekday four times.
NORM_DAYS = 28
HOLD, TELL = "hold", "tell"


@dataclass(frozen=True)
class Clause:
    """One clause of the contract, about one column of the frame.

    Attributes:
        name: what a broken one is called, in the lake and on lists.
        severity: hold (the school's list waits) or tell (its list says so).
        column: of the frame; null means that nothing can be said.
        least: at least this value, or the share that the parameter of this name gives; None for no
            limit.
        most: at most this value or share; None for no limit.
        is_strict: the limit itself is broken too.
        shown: the column whose value a list shows.
    """

    name: str
    severity: str
    column: str
    least: float | str | None = None
    most: float | str | None = None
    is_strict: bool = False
    shown: str = ""


# Which school and day, without the values: a result can be stored anywhere.
_WHERE_ONLY = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["school_unit_code", "lesson_date"],
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
}

CONTRACT = (
    Clause("fewer_rows", HOLD, "share_of_usual", least="norm.least_rows"),
    Clause("class_vanished", TELL, "vanished_classes", most=0, shown="vanished_class_names"),
    Clause("unreported", TELL, "unreported_share", most="norm.most_unreported"),
    Clause("all_absent", HOLD, "highest_absent_share", most=1, is_strict=True),
    Clause("all_present", TELL, "lowest_absent_share", least=0, is_strict=True),
    Clause("doubled", HOLD, "doubled_share", most="norm.most_doubled"),
    Clause("many_refused", HOLD, "refused_share", most="norm.most_refused"),
)


@dataclass(frozen=True)
class Broken:
    """A clause that a school's day broke."""

    school_unit_code: str
    lesson_date: date
    clause: Clause
    found: str


def contract_on(rule_set: RuleSet) -> tuple[Clause, ...]:
    """Return the contract with the limits of a rule set, as shares."""

    def share(limit: float | str | None) -> float | None:
        return float(rule_set.share(limit)) if isinstance(limit, str) else limit

    return tuple(replace(one, least=share(one.least), most=share(one.most)) for one in CONTRACT)


def check_schools(lake: Lake, as_of: date, rule_set: RuleSet) -> list[Broken]:
    """Hold every school's latest days against the contract, and keep what is broken at as_of.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: with the limits in force then.

    Raises:
        ContractCrashError: the validator crashed; nothing may be published then.
    """
    first = as_of - timedelta(days=LOOKED_AT_DAYS - 1)
    frame = lake.relation(
        "checks/school_days",
        as_of=as_of,
        first_date=first,
        norm_date=first - timedelta(days=NORM_DAYS),
    )
    broken = list(broken_days(frame.to_pandas(), contract_on(rule_set)))
    _store(lake, as_of, broken)
    return broken


def broken_days(frame: pd.DataFrame, contract: Sequence[Clause]) -> Iterator[Broken]:
    """Yield what the rows of `sql/checks/school_days.sql` break of a contract with its limits.

    Raises:
        ContractCrashError: the validator crashed.
    """
    if frame.empty:
        return
    days = frame.set_index(["school_unit_code", "lesson_date"])
    by_column = {clause.column: clause for clause in contract}
    for answer in _answers(frame, contract):
        if answer.success:
            continue
        clause = by_column[answer.expectation_config.kwargs["column"]]
        # Without values the library answers with one dictionary of lists.
        (named,) = answer.result["unexpected_index_list"]
        for code, day in zip(named["school_unit_code"], named["lesson_date"], strict=True):
            value = days.loc[(code, day), clause.shown or clause.column]
            found = value if isinstance(value, str) else f"{value:.4f}"
            yield Broken(code, day.date(), clause, found)


def _answers(frame: pd.DataFrame, contract: Sequence[Clause]) -> list[Any]:
    def expectations(gxe: Any) -> list[Any]:
        return [
            gxe.ExpectColumnValuesToBeBetween(
                column=clause.column,
                min_value=clause.least,
                max_value=clause.most,
                strict_min=clause.is_strict and clause.least is not None,
                strict_max=clause.is_strict and clause.most is not None,
            )
            for clause in contract
        ]

    return answers("school_contract", frame, expectations, _WHERE_ONLY)


def _store(lake: Lake, as_of: date, broken: list[Broken]) -> None:
    rows = pl.DataFrame(
        [
            {
                "as_of_date": as_of,
                "school_unit_code": one.school_unit_code,
                "lesson_date": one.lesson_date,
                "clause": one.clause.name,
                "severity": one.clause.severity,
                "found": one.found,
            }
            for one in broken
        ],
        schema={
            "as_of_date": pl.Date,
            "school_unit_code": pl.String,
            "lesson_date": pl.Date,
            "clause": pl.String,
            "severity": pl.String,
            "found": pl.String,
        },
    )

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DELETE FROM school_contracts WHERE as_of_date = $day", {"day": as_of})
        connection.register("broken_frame", rows)
        connection.execute("INSERT INTO school_contracts BY NAME SELECT * FROM broken_frame")
        connection.unregister("broken_frame")

    lake.write(change)
