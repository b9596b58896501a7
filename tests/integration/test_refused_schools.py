"""A refused row is known by its school, so that a school can be told how many pupils it lost."""

from __future__ import annotations

from pathlib import Path

from assets.lake.connection import Lake
from tests.integration.ingest_files import ROSTER, lesson, offer, put, table, text_of, workbook_of

NO_NUMBER = {"civic": "120314-9800"}
_PER_SCHOOL = (
    "SELECT school_unit_code, code, count(*) FROM row_problems WHERE severity = 'rejected' "
    "GROUP BY ALL ORDER BY ALL"
)


def test_rows_refused_for_an_identity_number_are_counted_per_school(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        lesson(0),
        lesson(1, school="99999901", **NO_NUMBER),
        lesson(2, school="99999902", civic=""),
        lesson(3, school="99999902", civic="2,01203E+11"),
        lesson(4, school="", **NO_NUMBER),
        lesson(5, school="999999.1", **NO_NUMBER),
        lesson(6, school="9999902.0", **NO_NUMBER),
    ]
    offer(lake, put(tmp_path, "a.csv", text_of(rows)))
    assert lake.rows(_PER_SCHOOL) == [
        ("09999902", "civic_no.two_digit_year", 1),
        ("99999901", "civic_no.two_digit_year", 1),
        ("99999902", "civic_no.missing", 1),
        ("99999902", "civic_no.spreadsheet_damage", 1),
        (None, "school_unit_code.missing", 1),
        (None, "school_unit_code.unreadable", 1),
    ]


def test_so_are_those_of_rosters_and_workbooks_and_of_files_of_nothing_else(
    lake: Lake, tmp_path: Path
) -> None:
    roster = [lesson(0, school="99999903", civic="9"), lesson(1, school="99999903", civic="")]
    offer(
        lake,
        put(tmp_path, "r.csv", text_of(roster, ROSTER)),
        put(tmp_path, "w.xlsx", workbook_of(table([lesson(2, school="99999904", civic="x")]))),
    )
    assert lake.rows(_PER_SCHOOL) == [
        ("99999903", "civic_no.missing", 1),
        ("99999903", "civic_no.unreadable", 1),
        ("99999904", "civic_no.unreadable", 1),
    ]


def test_a_contradicting_row_is_its_schools_and_a_warning_nobodys(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(0), lesson(0, present="40", valid="5"), lesson(1, grade="?")]
    offer(lake, put(tmp_path, "a.csv", text_of(rows)))
    assert lake.rows("SELECT severity, school_unit_code FROM row_problems ORDER BY 1") == [
        ("rejected", "99999901"),
        ("rejected", "99999901"),
        ("warning", None),
    ]
