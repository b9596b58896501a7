"""`sql/checks/school_days.sql`: its shares are exactly the percentages they are compared with."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from assets.lake.connection import Lake
from tests.sql.given import AS_OF, given


@pytest.mark.parametrize("percent", range(1, 100))
def test_the_unreported_share_is_the_very_number_of_its_percentage(
    scratch: Lake, percent: int
) -> None:
    given(
        scratch,
        "absence_daily",
        {"lesson_date": AS_OF, "scheduled_minutes": 100, "reported_minutes": 100 - percent},
    )
    (row,) = scratch.relation(
        "checks/school_days",
        as_of=AS_OF,
        first_date=AS_OF,
        norm_date=AS_OF - timedelta(days=28),
    ).to_dicts()
    # At the limit itself nothing is reported, so not a bit may be over it.
    assert row["unreported_share"] == float(Decimal(percent) / 100)
