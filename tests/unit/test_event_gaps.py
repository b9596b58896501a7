"""A list claims no completeness that was not looked at."""

from __future__ import annotations

import pytest

from assets.watchlists.collect.data_gaps import EventGaps
from assets.watchlists.swedish import texts
from tests.unit import watchlist_factory as make


@pytest.mark.parametrize(("without", "lessons"), [(1, "1 lektion"), (12, "12 lektioner")])
def test_that_no_report_is_missing_is_said_of_what_was_looked_at(
    without: int, lessons: str
) -> None:
    everything = texts.no_unreported(make.watchlist())
    assert everything == "Inga lektioner i uppgifterna saknar rapport de senaste 60 dagarna."
    said = texts.no_unreported(make.watchlist(lessons_without_attendance=without))
    assert said.startswith("Ingen lektion med närvarouppgift saknar rapport de senaste 60 dagarna")
    assert f"men {lessons} i schemat har ingen närvarouppgift alls." in said


def test_each_gap_is_one_sentence_with_its_number() -> None:
    assert EventGaps().notices(60) == ()
    events, unexplained, differing = EventGaps(1, 3, 2).notices(60)
    assert events.startswith("1 lektion i schemat de senaste 60 dagarna har ingen närvarouppgift")
    assert unexplained.startswith("2 elevlektioner de senaste 60 dagarna har kortare närvaro")
    assert differing.startswith(
        "3 elevlektioner de senaste 60 dagarna har närvaro och frånvaro som"
    )
