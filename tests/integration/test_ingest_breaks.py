"""Files of breaks (`lov`): what is taken, what is refused, and that the newest file counts."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.conftest import emptied
from tests.integration.ingest_files import (
    lesson,
    offer,
    offer_one,
    problems_of,
    put,
    text_of,
    workbook_of,
)

HEADER = "Skolenhetskod;Första dag;Sista dag;Namn"


def breaks(lake: Lake) -> list[tuple[str, date, date, str | None]]:
    return lake.rows(
        "SELECT school_unit_code, first_date, last_date, break_name FROM school_breaks ORDER BY ALL"
    )


def lov(folder: Path, stamp: str, *rows: str, header: str = HEADER) -> Path:
    return put(folder, f"lov_{stamp}.csv", "\r\n".join([header, *rows, ""]))


def test_breaks_of_a_school_and_of_all_are_taken(lake: Lake, tmp_path: Path) -> None:
    report = offer_one(
        lake,
        lov(
            tmp_path,
            "20261001T0400",
            "99999901;2026-10-26;2026-10-30;Höstlov",
            "alla;20261221;2027-01-08;Jullov",
            ";2026-11-02;2026-11-02;",
        ),
    )
    assert (report.outcome, report.layout, report.rows_accepted) == (FileOutcome.ACCEPTED, "lov", 3)
    assert breaks(lake) == [
        ("", date(2026, 11, 2), date(2026, 11, 2), None),
        ("", date(2026, 12, 21), date(2027, 1, 8), "Jullov"),
        ("99999901", date(2026, 10, 26), date(2026, 10, 30), "Höstlov"),
    ]


def test_a_file_without_a_column_of_schools_is_for_all_of_them(lake: Lake, tmp_path: Path) -> None:
    offer_one(
        lake,
        lov(tmp_path, "20261001T0400", "2026-10-26;2026-10-30", header="Första dag;Sista dag"),
    )
    assert [code for code, *_ in breaks(lake)] == [""]


def test_a_workbook_is_read_as_a_text_is(lake: Lake, tmp_path: Path) -> None:
    cells: list[list[object]] = [
        [*HEADER.split(";")],
        ["99999901", date(2026, 10, 26), date(2026, 10, 30), "Höstlov"],
    ]
    report = offer_one(lake, put(tmp_path, "lov_20261001T0400.xlsx", workbook_of(cells)))
    assert report.outcome == FileOutcome.ACCEPTED
    assert breaks(lake) == [("99999901", date(2026, 10, 26), date(2026, 10, 30), "Höstlov")]


def test_a_break_that_can_not_be_one_is_refused(lake: Lake, tmp_path: Path) -> None:
    report = offer_one(
        lake,
        lov(
            tmp_path,
            "20261001T0400",
            "99999901;2026-10-26;2026-10-30;Höstlov",
            "99999901;2026-10-30;2026-10-26;bakvänt",
            "99999901;2026-12-21;2027-12-21;fel år",
            "skolan;2026-10-26;2026-10-30;",
            "99999901;;2026-10-30;",
            "99999901;2026-10-26;2026-10-30;Höstlov",
            "99999901;2026-02-30;2026-10-30;",
        ),
    )
    assert report.outcome == FileOutcome.ACCEPTED_IN_PART
    assert problems_of(report) == {
        3: "last_date.before_first",
        4: "last_date.too_far",
        5: "school_unit_code.unreadable",
        6: "first_date.missing",
        7: "row.repeated",
        8: "first_date.unreadable",
    }
    assert len(breaks(lake)) == 1


def test_of_a_school_the_newest_file_counts_whole_in_any_order(lake: Lake, tmp_path: Path) -> None:
    files = [
        lov(tmp_path, "20260801T0400", "99999901;2026-10-26;2026-10-30;Höstlov",
            "99999901;2026-11-02;2026-11-02;Studiedag", "alla;2026-12-21;2027-01-08;Jullov"),
        lov(tmp_path, "20260901T0400", "99999901;2026-10-26;2026-10-28;Höstlov",
            "99999902;2026-11-03;2026-11-03;Studiedag"),
        lov(tmp_path, "20261001T0400", "alla;2026-12-22;2027-01-08;Jullov"),
    ]  # fmt: skip
    found = []
    for order in permutations(files):
        emptied(lake)
        for path in order:
            offer(lake, path)
        found.append(breaks(lake))
    assert found[0] == [
        ("", date(2026, 12, 22), date(2027, 1, 8), "Jullov"),
        ("99999901", date(2026, 10, 26), date(2026, 10, 28), "Höstlov"),
        ("99999902", date(2026, 11, 3), date(2026, 11, 3), "Studiedag"),
    ]
    assert all(rows == found[0] for rows in found)


@pytest.mark.parametrize(
    "header",
    ["Personnummer;Förnamn;Skolenhetskod;Startdatum;Slutdatum", "Namn;Lärare;Frånvaro %"],
    ids=["a roster that lacks columns", "a report"],
)
def test_a_file_of_something_else_is_never_taken_for_breaks(
    lake: Lake, tmp_path: Path, header: str
) -> None:
    report = offer_one(
        lake, put(tmp_path, "x_20261001T0400.csv", f"{header}\r\na;b;2026-10-01;2026-10-05;\r\n")
    )
    assert report.outcome == FileOutcome.QUARANTINED
    assert breaks(lake) == []


def test_a_file_says_of_which_school_it_brought_which_days(lake: Lake, tmp_path: Path) -> None:

    rows = [lesson(0), lesson(1, date="2026-10-06"), lesson(2, date="2026-10-09")]
    offer_one(lake, put(tmp_path, "l_20261006T2000.csv", text_of(rows)))
    # Read again by a newer name, and a second export of the same days.
    offer_one(lake, put(tmp_path, "l_20261007T2000.csv", text_of([*rows, lesson(3)])))
    assert lake.rows(
        "SELECT school_unit_code, first_lesson_date, last_lesson_date, exported_at::VARCHAR "
        "FROM school_sendings ORDER BY ALL"
    ) == [
        ("99999901", date(2026, 10, 5), date(2026, 10, 6), "2026-10-06 20:00:00"),
        ("99999901", date(2026, 10, 5), date(2026, 10, 6), "2026-10-07 20:00:00"),
    ]
