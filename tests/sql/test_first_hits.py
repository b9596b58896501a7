"""Since when a rule is hit: by the school's own lists, and the nights since the newest of them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from assets.lake.connection import Lake

LISTED, WAITING = "99999901", "99999902"
PUPIL = UUID(int=7)
EARLY, LATE = date(2026, 11, 8), date(2026, 11, 15)
#: What every row has, and nobody asks about here.
REST = (
    "DATE '2026-10-01' AS window_start, DATE '2026-10-31' AS window_end, 60 AS scheduled_minutes, "
    "60 AS reported_minutes, 0 AS valid_minutes, 30 AS invalid_minutes, 1 AS days, "
    "0 AS margin_minutes"
)


@pytest.mark.parametrize(("school", "first"), [(WAITING, EARLY), (LISTED, None)])
def test_the_nights_of_a_school_without_a_newer_list_count(
    lake: Lake, school: str, first: date | None
) -> None:
    """Another school's newer list says nothing of one whose list waits."""
    lake.connection.execute(
        "INSERT INTO listed_verdicts BY NAME SELECT $school AS school_unit_code, '2026-W46' AS "
        "period, $day AS as_of_date, $pupil::UUID AS pupil_key, 'mentor_followup' AS rule, "
        f"'rolling' AS basis, 'insufficient' AS verdict, {REST}",
        {"school": LISTED, "day": LATE, "pupil": str(UUID(int=8))},
    )
    lake.connection.execute(
        "INSERT INTO flags BY NAME SELECT $school AS school_unit_code, $day AS as_of_date, "
        "$pupil::UUID AS pupil_key, 'mentor_followup' AS rule, 'rolling' AS basis, "
        "'hit' AS verdict, 1 AS level, false AS is_protected, 'stockholm' AS rule_set, "
        f"'x' AS rule_set_version, {REST}",
        {"school": school, "day": EARLY, "pupil": str(PUPIL)},
    )
    lake.make("followed_pupils", f"SELECT '{PUPIL}'::UUID AS pupil_key")
    found = lake.relation("follow_up/first_hits", first_date=date(2026, 7, 1))
    assert found["first_date"].to_list() == ([first] if first else [])
