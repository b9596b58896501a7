"""Answer to `trappan forecast`: the CSV contract, header and order fixed. Not here: printing."""

from __future__ import annotations

from datetime import date
from typing import Any

from assets.flags.answers import Answer, answer_of, share
from assets.forecast.forecasting import forecast
from assets.lake.connection import Lake
from rules.models import RuleSet

FORECAST_COLUMNS = (
    "school_unit_code",
    "class",
    "grade",
    "mentor",
    "step",
    "comparison",
    "horizon",
    "target_first_date",
    "target_last_date",
    "absent_minutes",
    "reported_minutes",
    "rate_so_far",
    "probability",
    "is_listed",
)


def forecast_answer(
    lake: Lake,
    as_of: date,
    rule_set: RuleSet,
    *,
    school: str | None = None,
    identities: bool = False,
    everybody: bool = False,
) -> Answer:
    """Return the estimates at an as_of, a row per pupil, step and horizon; greatest first.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: the values in force.
        school: only pupils who belong to this school at as_of.
        identities: identity numbers instead of pupil keys.
        everybody: also estimates that no list shows.
    """
    found = forecast(lake, as_of, rule_set)
    rows = found.rows
    if school is not None:
        rows = rows.filter(rows["school_unit_code"] == school)
    if not everybody:
        rows = rows.filter("is_listed")
    rows = rows.sort(
        ["threshold_bp", "probability", "pupil_key", "horizon"],
        descending=[True, True, False, False],
    )
    ((left_out,),) = lake.rows(
        f"SELECT count(*) FROM {found.places.belonging} WHERE is_protected AND NOT has_left "
        "AND ($school IS NULL OR school_unit_code = $school)",
        school=school,
    )
    return answer_of(
        lake, rows, FORECAST_COLUMNS, _cells, identities=identities, protected_left_out=left_out
    )


def _cells(row: dict[str, Any]) -> dict[str, str]:
    return {
        "step": f"{row['threshold_bp'] / 100:.2f}",
        "comparison": "over" if row["is_strict"] else "at_least",
        "rate_so_far": share(row["absent_minutes"], row["reported_minutes"]),
        "probability": f"{row['probability']:.4f}",
        "is_listed": "yes" if row["is_listed"] else "no",
    }
