"""Which days an export is believed to know of: ten school years back, 366 days ahead."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    ROSTER,
    USUAL,
    lesson,
    offer,
    offer_one,
    problems_of,
    put,
    text_of,
)
from tests.integration.ss12000_files import event, put_page

EXPORT = date(2026, 11, 1)


def believed(lake: Lake) -> list[str]:
    return [day for (day,) in lake.rows("SELECT lesson_date::VARCHAR FROM lessons ORDER BY 1")]


def test_absence_entered_in_advance_is_taken_and_the_year_2062_is_refused(
    lake: Lake, tmp_path: Path
) -> None:
    days = ("2062-10-05", "2026-12-05", "2026-10-05")
    rows = [lesson(n, date=day) for n, day in enumerate(days)]
    report = offer_one(lake, put(tmp_path, "x_20261101T0500.csv", text_of(rows, EVERY)))
    assert problems_of(report) == {2: "lesson_date.not_believed"}
    assert report.outcome == FileOutcome.ACCEPTED_IN_PART
    assert "more than 366 days after it; found '2062-10-05'" in (report.reason or "")
    assert believed(lake) == ["2026-10-05", "2026-12-05"]


@pytest.mark.parametrize(
    ("exported", "first"),
    [(date(2026, 11, 1), "2016-07-01"), (date(2026, 6, 30), "2015-07-01")],
)
@pytest.mark.parametrize("faulty", [True, False], ids=["row by row", "in bulk"])
def test_the_first_and_the_last_day_are_believed_and_their_neighbours_not(
    lake: Lake, tmp_path: Path, exported: date, first: str, faulty: bool
) -> None:
    ends = [date.fromisoformat(first), exported + timedelta(days=366)]
    days = [ends[0], ends[1]]
    if faulty:
        days += [ends[0] - timedelta(days=1), ends[1] + timedelta(days=1)]
    rows = [lesson(n, date=day.isoformat()) for n, day in enumerate(days)]
    report = offer_one(lake, put(tmp_path, f"x_{exported:%Y%m%d}T0500.csv", text_of(rows, EVERY)))
    refused = {4: "lesson_date.not_believed", 5: "lesson_date.not_believed"} if faulty else {}
    assert problems_of(report) == refused
    assert believed(lake) == [day.isoformat() for day in ends]


def test_a_sum_of_a_month_that_the_export_can_not_know_of_is_refused(
    lake: Lake, tmp_path: Path
) -> None:
    header = "Skolenhetskod;Månad;Personnummer;Undv. tid;N min;GF min;F min"
    months = ("2016-07", "2026-10", "2027-10", "2016-06", "2062-10")
    rows = [f"99999901;{month};{PUPILS[0]};6000;5000;0;0" for month in months]
    path = put(tmp_path, "sums_20261103T0400.csv", "\n".join([header, *rows, ""]))
    assert problems_of(offer_one(lake, path)) == {
        5: "month.not_believed",
        6: "month.not_believed",
    }


def test_a_record_may_begin_long_ago_but_not_years_from_now(lake: Lake, tmp_path: Path) -> None:
    starts = ("2004-08-16", "2027-08-16", "2062-08-16")
    rows = [USUAL | {"civic": PUPILS[n], "starts": day} for n, day in enumerate(starts)]
    path = put(tmp_path, "elever_20261101T0300.csv", text_of(rows, ROSTER))
    assert problems_of(offer_one(lake, path)) == {4: "start_date.not_believed"}


def test_an_event_that_the_server_can_not_know_of_is_refused(lake: Lake, tmp_path: Path) -> None:
    far = {"startTime": "2062-10-05T08:20:00+02:00", "endTime": "2062-10-05T09:20:00+02:00"}
    moved = {"student": {"id": "person-anna"}, "participates": True, **far}
    events = [event("one"), event("two", **far), event("three", studentExceptions=[moved])]
    (report,) = offer(lake, put_page(tmp_path, "calendarEvents", events))
    assert problems_of(report) == {2: "startTime.not_believed", 3: "exceptions.unreadable"}
