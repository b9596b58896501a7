"""Monthly sums: read, refused, replaced by newer ones, superseded by lessons, and on the list."""

from __future__ import annotations

import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ledger.outcomes import FileOutcome
from assets.flags.answers import flags_answer, rates_answer
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.integration.ingest_files import (
    PUPILS,
    lesson,
    offer,
    offer_one,
    problems_of,
    put,
    text_of,
    warnings_of,
)
from tests.unit.page_reader import Page

AS_OF = date(2026, 11, 15)
RULES = rule_set_on("stockholm", AS_OF)
NAME = "manadssummor_99999901_2026-10_20261103T0400.csv"
HEADER = (
    "Elev,Klass,Årskurs,Personnummer,Undv. tid,Lekt.,N min,GF min,F min,N %,GF %,F %,Ej reg tid,"
    "N h,GF h,F h"
)


def report(folder: Path, *rows: tuple[object, ...], name: str = NAME, header: str = HEADER) -> Path:
    """Write a report as Vklass does: comma-separated, shares with a decimal comma in quotes."""
    lines = [
        f'"Öberg, Åsa",8A,8,{civic},{scheduled},90,{present},{valid},{invalid},'
        '"80,5","9,5","10","12,5","70,1","2","3"'
        for civic, scheduled, present, valid, invalid in rows
    ]
    return put(folder, name, "\n".join([header, *lines]) + "\n")


def rates(lake: Lake, month: str = "2026-10") -> list[tuple[str, ...]]:
    refresh_sums(lake)
    answer = rates_answer(lake, date.fromisoformat(f"{month}-01"), RULES, identities=True)
    keys = ("civic_no", "scheduled_minutes", "reported_minutes", "absent_minutes", "days")
    return [tuple(row[key] for key in keys) for row in answer.rows]


def test_a_report_is_taken_with_school_and_month_from_its_name(lake: Lake, tmp_path: Path) -> None:
    taken = offer_one(lake, report(tmp_path, (PUPILS[0], 6000, 4000, 800, 200)))
    assert (taken.outcome, taken.layout, taken.rows_accepted) == (
        FileOutcome.ACCEPTED,
        "manadssummor",
        1,
    )
    # "Ej reg tid" is told by S and R: 1,000 of 6,000 minutes.
    assert rates(lake) == [(PUPILS[0].replace("-", ""), "6000", "5000", "1000", "")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("20120314-9801", 6000, 4000, 0, 0), "civic_no.check_digit"),
        ((PUPILS[0], "", 4000, 0, 0), "scheduled_minutes.missing"),
        ((PUPILS[0], "98 h", 4000, 0, 0), "scheduled_minutes.unreadable"),
        ((PUPILS[0], 6000, 6000, 1, 0), "reported_minutes.above_scheduled"),
        ((PUPILS[0], 6000, 4000, -1, 0), "valid_minutes.negative"),
        ((PUPILS[0], 6000, '"4000,5"', 0, 0), "present_minutes.unreadable"),
    ],
)
def test_a_row_that_cannot_be_is_refused(
    lake: Lake, tmp_path: Path, row: tuple[object, ...], code: str
) -> None:
    path = report(tmp_path, row, (PUPILS[1], 6000, 6000, 0, 0))
    taken = offer_one(lake, path)
    assert (taken.rows_read, taken.rows_accepted, taken.rows_rejected) == (2, 1, 1)
    assert problems_of(taken) == {2: code}


def test_a_report_without_school_or_month_says_where_they_can_stand(
    lake: Lake, tmp_path: Path
) -> None:
    row = (PUPILS[0], 6000, 4000, 800, 200)
    no_school = offer_one(lake, report(tmp_path, row, name="rapport_2026-10.csv"))
    assert no_school.outcome == FileOutcome.QUARANTINED
    assert "school_unit_code" in (no_school.reason or "")
    no_month = offer_one(lake, report(tmp_path, row, name="rapport_99999901.csv"))
    assert "2026-10, in a column or in the file's name" in (no_month.reason or "")


def test_a_month_may_stand_in_a_column_in_words(lake: Lake, tmp_path: Path) -> None:
    header = "Skolenhetskod;Personnummer;Period;Undv. tid;N min;GF min;F min"
    path = put(
        tmp_path,
        "rapport.csv",
        f"{header}\n99999901;{PUPILS[0]};oktober 2026;600;600;0;0\n"
        f"99999901;{PUPILS[1]};hösten 2026;600;600;0;0\n",
    )
    taken = offer_one(lake, path)
    assert (taken.rows_accepted, taken.rows_rejected) == (1, 1)
    assert problems_of(taken) == {3: "month.unreadable"}
    assert len(rates(lake)) == 1


def test_the_newest_report_wins_and_an_older_one_changes_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    newer = report(tmp_path, (PUPILS[0], 6000, 5000, 1000, 0))
    older = report(
        tmp_path,
        (PUPILS[0], 6000, 6000, 0, 0),
        name="manadssummor_99999901_2026-10_20261101T0400.csv",
    )
    offer(lake, newer)
    offer(lake, older)
    assert rates(lake)[0][3] == "1000"


def test_lessons_win_over_sums_and_a_difference_is_on_the_list(lake: Lake, tmp_path: Path) -> None:
    lessons = put(
        tmp_path, "lektionsfranvaro_99999901_20261102T0400.csv", text_of([lesson(civic=PUPILS[0])])
    )
    sums = report(tmp_path, (PUPILS[0], 6000, 3000, 3000, 0), (PUPILS[1], 6000, 3000, 3000, 0))
    offer(lake, sums, lessons)
    by_pupil = {row[0]: row for row in rates(lake)}
    assert by_pupil[PUPILS[0].replace("-", "")][1] == "60"
    assert by_pupil[PUPILS[1].replace("-", "")][1] == "6000"

    answer = flags_answer(lake, AS_OF, RULES, identities=True)
    said = {(row["civic_no"], row["rule"], row["basis"]): row["verdict"] for row in answer.rows}
    other = PUPILS[1].replace("-", "")
    assert said[other, "ulf_one_month", "calendar"] == "hit"
    assert said[other, "ulf_one_month", "rolling"] == "insufficient"

    (folder,) = release_lists(lake, AS_OF, lambda _: RULES).folders
    (page,) = folder.glob("*.html")
    (body,) = Page(page.read_text(encoding="utf-8")).all("body")
    text = " ".join(body.text.split())
    assert "För 1 elev finns bara summor per månad, till och med 31 oktober 2026." in text
    assert "För 1 elev skiljer sig månadssummorna mer än 2 % från lektionerna." in text


def test_aggregated_attendance_of_ss12000_feeds_the_same_sums(lake: Lake, tmp_path: Path) -> None:
    stamp = "20261103T0400"
    unit, person, activity = (str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in "upa")
    meta = {"created": "2026-11-01T00:00:00Z", "modified": "2026-11-01T00:00:00Z"}
    objects: dict[str, list[dict[str, Any]]] = {
        "organisations": [
            {
                "id": unit,
                "meta": meta,
                "displayName": "Exempelskolan",
                "organisationType": "Skolenhet",
                "schoolUnitCode": "99999901",
            }
        ],
        "persons": [
            {
                "id": person,
                "meta": meta,
                "givenName": "Åsa",
                "familyName": "Öberg",
                "civicNo": {"value": PUPILS[0].replace("-", ""), "nationality": "SWE"},
                "securityMarking": "Ingen",
                "personStatus": "Aktiv",
                "enrolments": [
                    {
                        "enroledAt": {"id": unit},
                        "schoolYear": 8,
                        "schoolType": "GR",
                        "startDate": "2026-08-01",
                        "endDate": "2027-06-30",
                        "cancelled": False,
                    }
                ],
            }
        ],
        "aggregatedAttendance": [
            {
                "activity": {"id": activity},
                "student": {"id": person, "securityMarking": "Ingen"},
                "startDate": first,
                "endDate": last,
                "attendanceSum": 4000,
                "validAbsenceSum": 800,
                "invalidAbsenceSum": 200,
                "otherAttendanceSum": 0,
                "reportedSum": 5000,
                "offeredSum": 6000,
            }
            for first, last in (("2026-10-01", "2026-10-31"), ("2026-08-17", "2026-10-31"))
        ],
    }
    paths = [
        put(tmp_path, f"{name}_{stamp}.json", json.dumps({"data": rows, "pageToken": None}))
        for name, rows in objects.items()
    ]
    taken = {report.path.name.split("_")[0]: report for report in offer(lake, *paths)}
    sums = taken["aggregatedAttendance"]
    assert (sums.outcome, sums.rows_read, sums.rows_accepted) == (FileOutcome.ACCEPTED, 2, 2)
    # The longer period is kept, and feeds no window.
    assert warnings_of(sums) == {"month.not_a_month": 1}
    assert rates(lake) == [(PUPILS[0].replace("-", ""), "6000", "5000", "1000", "")]
    answer = flags_answer(lake, AS_OF, RULES)
    assert {(row["school_unit_code"], row["grade"]) for row in answer.rows} == {("99999901", "8")}
