"""Checks written as SELECTs: a check returns its failing rows, none means that it holds.

Not here: what a check means and how to resolve it (the head of each file in `sql/checks/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assets.lake import Lake


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
