"""Workbooks as people and programs make them: what is read of them, and what is said."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from tests.integration.ingest_files import (
    BASIC,
    EVERY,
    ROSTER,
    lesson,
    lessons_from,
    offer,
    offer_one,
    problems_of,
    put,
    table,
    text_of,
    warnings_of,
)
from tests.integration.workbook_dialects import (
    Dialect,
    Formula,
    Sheet,
    sheet_in,
    without_addresses,
    workbook_in,
)

PLAIN = Dialect()
#: As far from what Excel writes as the standard lets one go.
ODD = without_addresses(
    Dialect(
        seed=3,
        prefix="x",
        is_strict=True,
        quote="'",
        is_spaced=True,
        has_remarks=True,
        encoding="utf-16",
        part="blad/ett1.xml",
        has_absolute_targets=True,
    )
)


DIALECTS = pytest.mark.parametrize("dialect", [PLAIN, ODD], ids=["plain", "odd"])


def cells_of(rows: list[dict[str, Any]], columns: tuple[str, ...] = BASIC) -> list[list[object]]:
    """Return header and rows, with nothing instead of empty texts."""
    return [[None if cell == "" else cell for cell in row] for row in table(rows, columns)]


def letter(column: str, columns: tuple[str, ...] = BASIC) -> str:
    return chr(ord("A") + columns.index(column))


def offer_sheets(lake: Lake, folder: Path, dialect: Dialect, *sheets: Sheet) -> FileReport:
    return offer_one(lake, put(folder, "a_20261101T0500.xlsx", workbook_in(dialect, *sheets)))


def replaced(content: bytes, part: str, old: str, new: str) -> bytes:
    """Return a workbook with a text of a part changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            if name.endswith(part):
                assert old in text
                text = text.replace(old, new)
            after.writestr(name, text)
    return made.getvalue()


@DIALECTS
def test_a_workbook_of_any_dialect_gives_the_lessons_of_the_text(
    lake: Lake, tmp_path: Path, dialect: Dialect
) -> None:
    rows = [lesson(n) for n in range(8)]
    reals = [
        row
        | {"school": 90000001, "date": dt.date.fromisoformat(str(row["date"]))}
        | {"start": dt.time.fromisoformat(str(row["start"])), "end": dt.time(9, 20)}
        | {name: int(str(row[name])) for name in ("grade", "length", "present", "valid", "invalid")}
        for row in rows
    ]
    text, book = offer(
        lake,
        put(tmp_path, "a.csv", text_of([row | {"school": "90000002"} for row in rows])),
        put(tmp_path, "b.xlsx", sheet_in(dialect, cells_of(reals))),
    )
    assert (book.outcome, warnings_of(book)) == (FileOutcome.ACCEPTED, {})
    expected = [(row[0], *row[2:]) for row in lessons_from(lake, text)]
    assert [(row[0], *row[2:]) for row in lessons_from(lake, book)] == expected


# -- Formulas -------------------------------------------------------------------------------------


@DIALECTS
@pytest.mark.parametrize("kind", ["", "shared", "array"])
def test_absence_that_nobody_calculated_is_refused_and_never_0(
    lake: Lake, tmp_path: Path, dialect: Dialect, kind: str
) -> None:
    rows = [
        lesson(0, invalid=Formula(kind=kind)),
        lesson(1, invalid=Formula(10, kind=kind), present=45),
        lesson(2, invalid=0),
    ]
    report = offer_sheets(lake, tmp_path, dialect, Sheet(cells_of(rows)))
    assert problems_of(report) == {2: "invalid_minutes.unreadable"}
    assert "#FORMULA!" in str(report.reason)
    assert sorted(row[7] for row in lessons_from(lake, report)) == [0, 10]


def test_a_stored_0_of_a_program_that_asks_for_calculation_is_no_result(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(0, invalid=Formula(0)), lesson(1, invalid=Formula(10), present=45)]
    content = sheet_in(Dialect(seed=1), cells_of(rows))
    asking = replaced(
        content, "workbook.xml", "</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>'
    )
    sure, unsure = offer(lake, put(tmp_path, "a.xlsx", content), put(tmp_path, "b.xlsx", asking))
    assert problems_of(sure) == {}
    assert problems_of(unsure) == {2: "invalid_minutes.unreadable"}


def test_a_formula_of_many_cells_without_results_is_refused_in_each_row(
    lake: Lake, tmp_path: Path
) -> None:
    """Only the first of the cells has the formula; the others may not even be written."""
    at = letter("valid")
    rows = [lesson(n, valid=Formula(kind="array") if n == 0 else "") for n in range(4)]
    content = sheet_in(PLAIN, cells_of(rows))
    content = replaced(content, "sheet1.xml", f'ref="{at}2"', f'ref="{at}2:{at}4"')
    report = offer_one(lake, put(tmp_path, "a.xlsx", content))
    assert problems_of(report) == dict.fromkeys((2, 3, 4), "valid_minutes.unreadable")
    assert report.rows_accepted == 1


# -- Sheets ---------------------------------------------------------------------------------------

OURS = cells_of([lesson(0)])
OTHER = [["Hjälptabell", "Kod"], ["x", "1"]]


@DIALECTS
@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_sheet_that_can_be_seen_is_read_and_the_hidden_one_is_reported(
    lake: Lake, tmp_path: Path, dialect: Dialect, state: str
) -> None:
    stale = Sheet(cells_of([lesson(0, invalid=60, present=0)]), "Gammalt", state)
    report = offer_sheets(lake, tmp_path, dialect, stale, Sheet(cells_of([lesson(0, invalid=5)])))
    assert [row[7] for row in lessons_from(lake, report)] == [5]
    assert report.reason == "the workbook's other sheet, which is hidden, was not read"


def test_several_other_sheets_are_counted_and_the_hidden_among_them(
    lake: Lake, tmp_path: Path
) -> None:
    sheets = [Sheet(OTHER, f"Blad {n}", state) for n, state in enumerate(["hidden", "", "hidden"])]
    lessons = Sheet(cells_of([lesson(0)]), "Frånvaro")
    report = offer_sheets(lake, tmp_path, PLAIN, sheets[0], lessons, *sheets[1:])
    assert report.reason == "the workbook's 3 other sheets were not read (2 of them hidden)"


def test_a_chart_is_no_sheet(lake: Lake, tmp_path: Path) -> None:
    chart = Sheet([], "Diagram", kind="chartsheet")
    report = offer_sheets(lake, tmp_path, PLAIN, chart, Sheet(cells_of([lesson(0)])))
    assert (report.outcome, report.reason) == (FileOutcome.ACCEPTED, None)


def test_a_workbook_of_hidden_sheets_is_refused(lake: Lake, tmp_path: Path) -> None:
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet(cells_of([lesson(0)]), state="hidden"))
    assert report.outcome == FileOutcome.QUARANTINED
    assert "all its sheets are hidden" in str(report.reason)


def test_a_sheet_that_a_layout_names_may_be_hidden(tmp_path: Path) -> None:
    from assets.exports.files.received import look_at
    from assets.exports.readers.workbook import read_sheet

    hidden = Sheet([["rätt"]], "Frånvaro", "hidden")
    book = workbook_in(PLAIN, Sheet([["fel"]]), hidden)
    file = look_at(put(tmp_path, "a.xlsx", book))
    assert read_sheet(file, ("Frånvaro",)).first_rows(1) == [["rätt"]]
    assert read_sheet(file).first_rows(1) == [["fel"]]


def numbered(number: int) -> Layout:
    """Return a layout of our own columns that asks for a sheet by number."""
    (own,) = (layout for layout in shipped_layouts() if layout.kind == "lessons")
    dates = {"lesson_date": {"headers": ("Dagen",), "required": True}}
    columns = own.model_dump()["columns"] | dates
    said = own.model_dump() | {"name": "blad", "sheet": number, "columns": columns}
    return Layout.model_validate(said)


OURS = cells_of([lesson(0)])
DAGEN: list[list[object]] = [
    ["Dagen" if cell == "Datum" else cell for cell in line] for line in cells_of([lesson(1)])
]


@pytest.mark.parametrize(
    ("sheets", "number", "layout"),
    [
        ([OURS, DAGEN], 2, "blad"),
        ([OURS, DAGEN], 3, "lektionsfranvaro"),
        ([DAGEN, OURS], 2, None),
        ([[["Rapport"]], [["Dold"]], DAGEN], 2, "blad"),
    ],
    ids=["second", "not so many", "on another sheet", "hidden ones are not counted"],
)
def test_a_sheet_by_number_is_read_where_its_layout_fits(
    lake: Lake, tmp_path: Path, sheets: list[Any], number: int, layout: str | None
) -> None:
    made = [
        Sheet(lines, f"Blad {place}", "hidden" if lines == [["Dold"]] else "visible")
        for place, lines in enumerate(sheets)
    ]
    path = put(tmp_path, "a_20261101T0500.xlsx", workbook_in(PLAIN, *made))
    (report,) = ingest_paths(lake, [path], layouts=(*shipped_layouts(), numbered(number)))
    assert report.layout == layout
    assert report.rows_accepted == (layout is not None)


def test_a_marking_on_a_sheet_by_number_that_nobody_can_read_stops_the_file(
    lake: Lake, tmp_path: Path
) -> None:
    lines = [[*DAGEN[0][:-1], "Sekretess"], DAGEN[1]]
    lines[0][lines[0].index("Dagen")] = "En dag"
    book = workbook_in(PLAIN, Sheet([["Rapport"]], "Först"), Sheet(lines, "Sedan"))
    path = put(tmp_path, "a_20261101T0500.xlsx", book)
    (report,) = ingest_paths(lake, [path], layouts=(*shipped_layouts(), numbered(2)))
    assert report.outcome == FileOutcome.QUARANTINED
    assert "speaks of protection" in str(report.reason)


@pytest.mark.parametrize(
    ("member", "words"),
    [("content.xml", "(.ods)"), ("xl/workbook.bin", "(.xlsb)"), ("x.txt", "without a workbook")],
)
def test_another_kind_of_workbook_is_refused_by_name(
    lake: Lake, tmp_path: Path, member: str, words: str
) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(member, "<x/>")
    report = offer_one(lake, put(tmp_path, "a.xlsx", made.getvalue()))
    assert report.outcome == FileOutcome.QUARANTINED
    assert words in str(report.reason)


# -- Addresses ------------------------------------------------------------------------------------

_CELL = '<c r="A1"><v>1</v></c>'
TWICE = {
    "a cell": f'<row r="1">{_CELL}{_CELL}</row>',
    "an empty cell": f'<row r="1">{_CELL}<c r="A1"/></row>',
    "a cell by its place and one by its address": '<row r="1"><c><v>1</v></c><c r="A1"/></row>',
    "a row": f'<row r="1">{_CELL}</row><row r="1"/>',
    "a row by its place and one by its number": '<row/><row r="1"/>',
    "a row below a later one": '<row r="3"/><row r="2"/>',
    "a cell in another row": '<row r="2"><c r="A1"/></row>',
}


@pytest.mark.parametrize("rows", TWICE.values(), ids=TWICE)
def test_two_rows_or_cells_with_one_address_are_quarantined(
    lake: Lake, tmp_path: Path, rows: str
) -> None:
    content = replaced(
        sheet_in(Dialect(seed=2), [["x"]]), "sheet1.xml", "<sheetData>", f"<sheetData>{rows}"
    )
    report = offer_one(lake, put(tmp_path, "a.xlsx", content))
    assert report.outcome == FileOutcome.QUARANTINED
    assert "not a workbook that can be read" in str(report.reason)


# -- Merged cells ---------------------------------------------------------------------------------


def merged_rows(*columns: str) -> list[dict[str, Any]]:
    """Return four lessons of one pupil and day; what is merged stands in the first only."""
    rows = [lesson(n, civic="20120314-9800") for n in range(4)]
    return [row | (dict.fromkeys(columns, "") if n else {}) for n, row in enumerate(rows)]


@DIALECTS
@pytest.mark.parametrize("column", ["civic", "school", "date", "class"])
def test_what_is_merged_over_rows_is_each_rows_and_told_with_its_range(
    lake: Lake, tmp_path: Path, dialect: Dialect, column: str
) -> None:
    block = f"{letter(column)}2:{letter(column)}5"
    sheet = Sheet(cells_of(merged_rows(column)), merged=[block])
    report = offer_sheets(lake, tmp_path, dialect, sheet)
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 4)
    assert report.reason == f"cells are merged: {block}"
    assert warnings_of(report) == {"row.merged_cells": 4}
    assert [p.found for p in report.problems] == [block]
    whole = offer_one(lake, put(tmp_path, "b.csv", text_of(merged_rows())))
    assert whole.rows_accepted == 4
    assert len(lessons_from(lake, whole)) + len(lessons_from(lake, report)) == 4


@pytest.mark.parametrize("column", ["length", "valid", "invalid"])
def test_minutes_that_are_merged_are_nobodys(lake: Lake, tmp_path: Path, column: str) -> None:
    block = f"{letter(column)}2:{letter(column)}5"
    rows = [*merged_rows(column), lesson(9)]
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet(cells_of(rows), merged=[block]))
    code = f"{'scheduled' if column == 'length' else column}_minutes.unreadable"
    assert problems_of(report) == dict.fromkeys((2, 3, 4, 5), code)
    assert block in str(report.reason)
    assert "#MERGED!" in str(report.reason)
    assert (warnings_of(report), report.rows_warned) == ({}, 0)


def test_minutes_that_are_merged_beside_each_other_are_nobodys(lake: Lake, tmp_path: Path) -> None:
    """0 over valid and invalid absence would else be no absence in one and nothing in the other."""
    rows = [lesson(0, valid=0, invalid=""), lesson(1)]
    block = f"{letter('valid')}2:{letter('invalid')}2"
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet(cells_of(rows), merged=[block]))
    assert problems_of(report) == {2: "valid_minutes.unreadable"}


def test_another_value_under_a_merged_cell_is_not_taken(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(0), lesson(1), lesson(2)]
    block = f"{letter('civic')}2:{letter('civic')}3"
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet(cells_of(rows), merged=[block]))
    assert problems_of(report) == {3: "civic_no.unreadable"}
    assert report.rows_accepted == 2


def test_a_marking_that_is_merged_protects_each_row(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(n, protected="" if n else "Sekretessmarkering") for n in range(3)]
    block = f"{letter('protected', EVERY)}2:{letter('protected', EVERY)}4"
    offer_sheets(lake, tmp_path, PLAIN, Sheet(cells_of(rows, EVERY), merged=[block]))
    assert lake.rows("SELECT count(DISTINCT pupil_key) FROM protected_pupils") == [(3,)]


def test_titles_and_headers_may_be_merged_and_a_blank_row_stays_blank(
    lake: Lake, tmp_path: Path
) -> None:
    rows: list[list[object]] = [["Frånvaro", None], *cells_of([lesson(0), lesson(1)]), [], []]
    merged = ["A1:Q1", "A4:A6"]
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet(rows, merged=merged))
    assert (report.outcome, report.rows_read) == (FileOutcome.ACCEPTED, 2)


def test_merged_cells_that_cover_all_many_times_over_are_refused(
    lake: Lake, tmp_path: Path
) -> None:
    rows: list[list[object]] = [*cells_of([lesson(0)]), *([[]] * 40_000), ["x"]]
    sheet = Sheet(rows, merged=["A2:C40000"] * 50)
    report = offer_sheets(lake, tmp_path, PLAIN, sheet)
    assert report.outcome == FileOutcome.QUARANTINED
    assert "its merged cells cover" in str(report.reason)


def test_a_sheet_of_nothing_has_no_header(lake: Lake, tmp_path: Path) -> None:
    report = offer_sheets(lake, tmp_path, PLAIN, Sheet([[], [None]]))
    assert report.outcome == FileOutcome.QUARANTINED
    assert str(report.reason).startswith("no header row")


# -- Days and times -------------------------------------------------------------------------------


@DIALECTS
def test_days_counted_from_1904_are_those_days_with_a_format_and_without(
    lake: Lake, tmp_path: Path, dialect: Dialect
) -> None:
    serial = (dt.date(2026, 10, 5) - dt.date(1904, 1, 1)).days
    rows = [
        lesson(0, date=serial, start=0.5),
        lesson(1, date=str(serial), start="08:10"),
        lesson(2, date=dt.date(2026, 10, 5), start=dt.time(8, 20)),
    ]
    mac = replace(dialect, is_1904=True)
    report = offer_sheets(lake, tmp_path, mac, Sheet(cells_of(rows)))
    assert sorted(row[2] for row in lessons_from(lake, report)) == [
        "2026-10-05 08:10:00",
        "2026-10-05 08:20:00",
        "2026-10-05 12:00:00",
    ]
    assert warnings_of(report) == {"lesson_date.serial_number": 2}


def test_so_are_those_of_a_roster(lake: Lake, tmp_path: Path) -> None:
    first, last = ((dt.date(2026, month, 1) - dt.date(1904, 1, 1)).days for month in (8, 12))
    rows = [lesson(0, starts=first, ends=last)]
    mac = Dialect(is_1904=True)
    offer_sheets(lake, tmp_path, mac, Sheet(cells_of(rows, ROSTER)))
    assert lake.rows("SELECT start_date, end_date FROM enrolments") == [
        (dt.date(2026, 8, 1), dt.date(2026, 12, 1))
    ]


@DIALECTS
def test_clock_times_are_read_from_plain_numbers(
    lake: Lake, tmp_path: Path, dialect: Dialect
) -> None:
    starts = [0.5, 0.75, 0.347222, "0,347222222"]
    rows = [lesson(n, start=start, date="2026-10-05") for n, start in enumerate(starts)]
    rows.append(lesson(5, start=0))
    report = offer_sheets(lake, tmp_path, dialect, Sheet(cells_of(rows)))
    assert sorted(row[2][11:16] for row in lessons_from(lake, report)) == [
        "08:20", "08:20", "12:00", "18:00",
    ]  # fmt: skip
    assert problems_of(report) == {6: "start_time.unreadable"}


# -- Sheets that are full -------------------------------------------------------------------------


def test_a_sheet_that_ends_at_its_last_row_may_have_been_cut(lake: Lake, tmp_path: Path) -> None:
    header, first, last = cells_of([lesson(0), lesson(1)])
    rows = [header, first, *([[]] * 65_533), last]
    full, not_full = offer(
        lake,
        put(tmp_path, "a_20261102T0500.xlsx", sheet_in(PLAIN, rows)),
        put(tmp_path, "b_20261101T0500.xlsx", sheet_in(PLAIN, [header, *rows])),
    )
    assert warnings_of(full) == {"row.sheet_full": 1}
    assert str(full.reason).startswith("it ends at row 65536, the last that a spreadsheet has room")
    assert warnings_of(not_full) == {}


def test_so_may_text_that_was_saved_of_such_a_sheet(lake: Lake, tmp_path: Path) -> None:
    columns = ("school", "civic", "date", "start", "length", "valid", "invalid", "lesson_id")
    rows = [lesson(0, lesson_id=f"L{n}") for n in range(65_535)]
    report = offer_one(lake, put(tmp_path, "a.csv", text_of(rows, columns)))
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 65_535)
    assert warnings_of(report) == {"row.sheet_full": 1}
    assert "it ends at row 65536" in str(report.reason)
