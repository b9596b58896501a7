"""The numbers of the ladder as docs/rules-values.md gives them, as a plain dict.

A test that asks "what if the threshold were 15 %?" makes its own with `varied`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

CALENDAR, ROLLING = BASES = ("calendar", "rolling")
ULF_RULES = ("ulf_one_month", "ulf_two_months")

STOCKHOLM: dict[str, Any] = {
    # Shared by all rules.
    "minimum_coverage_pct": 80,
    "left_after_days": 21,
    "unseen_days": 30,
    "unseen_class_days": 5,
    "full_day_minutes": 360,
    "rolling_days": {1: 30, 2: 60},
    "school_year_starts": (7, 1),
    "parallel": {"method": "set_aside", "least_cover_pct": 50},
    # In the order of the ladder. `grades` None means every grade, an unknown one too.
    "rules": {
        "mentor_followup": {
            "level": 1,
            "comparison": ">",
            "threshold_pct": 10,
            "months": 1,
            "method": "pooled",
            "minimum_days": 5,
            "minimum_days_each_half": 0,
            "grades": None,
        },
        "ulf_one_month": {
            "level": 2,
            "comparison": ">=",
            "threshold_pct": 40,
            "months": 1,
            "method": "pooled",
            "minimum_days": 10,
            "minimum_days_each_half": 0,
            "grades": None,
        },
        "ulf_two_months": {
            "level": 2,
            "comparison": ">=",
            "threshold_pct": 20,
            "months": 2,
            "method": "pooled",
            "minimum_days": 20,
            "minimum_days_each_half": 5,
            "grades": None,
        },
        "sst_referral": {
            "level": 3,
            "comparison": ">=",
            "threshold_pct": 20,
            "months": 1,
            "method": "pooled",
            "minimum_days": 10,
            "minimum_days_each_half": 0,
            "grades": (4, 5, 6, 7, 8, 9),
        },
    },
}


def varied(rules: dict[str, dict[str, Any]] | None = None, **shared: Any) -> dict[str, Any]:
    """The Stockholm numbers with some replaced: `varied({"ulf_two_months": {"method": "each"}})`.

    Raises KeyError for a name that the ladder does not have, so that a mis-spelt one is seen.
    """
    params = deepcopy(STOCKHOLM)
    for name, value in shared.items():
        _replace(params, name, value)
    for rule, changes in (rules or {}).items():
        for name, value in changes.items():
            _replace(params["rules"][rule], name, value)
    return params


def _replace(numbers: dict[str, Any], name: str, value: Any) -> None:
    if name not in numbers:
        raise KeyError(name)
    numbers[name] = value
