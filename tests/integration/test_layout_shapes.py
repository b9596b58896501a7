"""Layouts that say more of cells than their header: what is refused, where, in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import (
    LayoutError,
    load_layouts,
    parse_layout,
    shipped_layouts,
)
from assets.exports.readers.layouts import Layout
from assets.exports.readers.reshaping.wide_columns import day_in_week
from assets.exports.sender_summary import summary_rows
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.architecture.sources import ROOT
from tests.integration.ingest_files import (
    PUPILS,
    identities,
    is_protected,
    lesson,
    minutes_at,
    problems_of,
    put,
    text_of,
    workbook_of,
)
from tests.integration.layout_shapes import (
    BLOCKS,
    CODES,
    CODES_WITH_MINUTES,
    DAYS_WITHOUT_TIMES,
    HOURS,
    PERCENT,
    SPLIT,
    WEEKDAYS,
    WIDE,
    Shape,
    usual,
)

PAGE = (ROOT / "docs" / "layout-keys.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n```csv\n(.*?)```", PAGE, re.DOTALL)
BARE = ("school", "civic", "date", "start", "subject", "length", "valid", "invalid")
BARE_HEADERS = {"Lektionslängd (min)": "Lektionslängd"} | {
    f"{kind} frånvaro (min)": f"{kind} frånvaro" for kind in ("Giltig", "Ogiltig")
}


def taken(lake: Lake, path: Path, *layouts: Layout) -> FileReport:
    """Take a file with layouts of one's own; rows add up."""
    (report,) = ingest_paths(lake, [path], layouts=(*shipped_layouts(), *layouts))
    assert report.rows_read == report.rows_accepted + report.rows_rejected
    return report


def of_shape(lake: Lake, folder: Path, shape: Shape, table: list[list[object]]) -> FileReport:
    text = "".join(";".join(map(str, line)) + "\n" for line in table)
    return taken(lake, put(folder, "a_20261101T0500.csv", text), shape.layout)


def bare(text: str) -> str:
    """Return a file whose columns of minutes do not say so."""
    for said, header in BARE_HEADERS.items():
        text = text.replace(said, header)
    return text


@pytest.mark.parametrize("is_workbook", [False, True], ids=["text", "workbook"])
def test_decimals_of_which_nobody_says_the_unit_are_no_minutes(
    lake: Lake, tmp_path: Path, is_workbook: bool
) -> None:
    rows = [
        lesson(0, valid="1,0", invalid="0"),
        lesson(1, valid="0,0", invalid="15"),
        lesson(2, valid="0", invalid="25,0"),
        lesson(3, length="1,0", valid="0", invalid="0"),
        lesson(4, valid="0", invalid="0,5"),
    ]
    text = bare(text_of(rows, BARE))
    content = workbook_of([line.split(";") for line in text.splitlines()])
    name = "a_20261101T0500.xlsx" if is_workbook else "a_20261101T0500.csv"
    report = taken(lake, put(tmp_path, name, content if is_workbook else text))
    assert problems_of(report) == {
        2: "valid_minutes.decimals",
        4: "invalid_minutes.decimals",
        5: "scheduled_minutes.decimals",
        6: "invalid_minutes.decimals",
    }
    assert minutes_at(lake, report) == {"08:10": (60, 0, 15, True)}
    first = report.problems[0].in_words()
    assert (
        "line 2, column 7, valid_minutes: decimals in a column of which nobody says the unit"
        in first
    )
    assert "found '1,0'" in first


def test_decimals_are_minutes_where_header_or_layout_says_so(lake: Lake, tmp_path: Path) -> None:
    text = text_of([lesson(0, length="60,0", valid="1,0", invalid="0")], BARE)
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text))
    assert minutes_at(lake, report) == {"08:00": (60, 1, 0, True)}
    (own,) = (layout for layout in shipped_layouts() if layout.kind == "lessons")
    content = own.model_dump() | {"name": "sagd"}
    for column in ("scheduled_minutes", "valid_minutes", "invalid_minutes"):
        content["columns"][column] = {"headers": (f"X {column}",), "unit": "minutes"}
    said = Layout.model_validate(content)
    for header, column in {
        "Lektionslängd (min)": "scheduled_minutes",
        "Ogiltig frånvaro (min)": "invalid_minutes",
        "Giltig frånvaro (min)": "valid_minutes",
    }.items():
        text = text.replace(header, f"X {column}")
    report = taken(lake, put(tmp_path, "b_20261102T0500.csv", text), said)
    assert (report.layout, report.rows_accepted) == ("sagd", 1)


def test_an_hour_that_is_no_whole_minute_is_refused_with_its_cell(
    lake: Lake, tmp_path: Path
) -> None:
    table = HOURS.table([usual(), usual(pupil=1), usual(pupil=2, valid=20)])
    table[1][7], table[2][6] = "0,34", "x"
    report = of_shape(lake, tmp_path, HOURS, table)
    assert problems_of(report) == {
        2: "valid_minutes.not_whole",
        3: "scheduled_minutes.unreadable",
    }
    assert minutes_at(lake, report) == {"08:20": (60, 20, 0, True)}
    assert "found '0,34'" in report.problems[0].in_words()


def test_a_share_of_a_lesson_without_a_length_is_never_minutes(lake: Lake, tmp_path: Path) -> None:
    table = PERCENT.table([usual(valid=15), usual(pupil=1, valid=15), usual(pupil=2, valid=60)])
    table[1][5], table[2][7] = "", "1"
    report = of_shape(lake, tmp_path, PERCENT, table)
    assert problems_of(report) == {2: "scheduled_minutes.missing", 3: "valid_minutes.not_whole"}
    assert minutes_at(lake, report) == {"08:20": (60, 60, 0, True)}


def test_a_spreadsheets_share_is_read_as_it_is_shown(lake: Lake, tmp_path: Path) -> None:
    """It keeps 25 % as 0.25, and 100 % as 1."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    rows = [usual(), usual(pupil=1), usual(pupil=2)]
    for number, line in enumerate(PERCENT.table(rows), start=1):
        sheet.append(line)
        if number > 1:
            for column, value in ((8, (0.25, 1, 0)[number - 2]), (9, 0)):
                sheet.cell(number, column, value).number_format = "0%"
    book.save(tmp_path / "a_20261101T0500.xlsx")
    report = taken(lake, tmp_path / "a_20261101T0500.xlsx", PERCENT.layout)
    assert problems_of(report) == {}
    found = lake.rows("SELECT valid_minutes FROM lessons ORDER BY 1")
    assert found == [(0,), (15,), (60,)]


def test_a_file_of_another_units_column_is_quarantined_whole(lake: Lake, tmp_path: Path) -> None:
    """Whose column is hours by its name is none of a layout of minutes."""
    text = text_of([lesson(0)], BARE).replace("Giltig frånvaro (min)", "Giltig frånvaro (tim)")
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text))
    assert report.outcome == FileOutcome.QUARANTINED


# -- Codes ----------------------------------------------------------------------------------------


def test_a_code_that_the_layout_does_not_know_is_refused_by_name(
    lake: Lake, tmp_path: Path
) -> None:
    table = CODES.table([usual(pupil=n, valid=60) for n in range(4)])
    table[1][-1], table[2][-1], table[3][-1] = "XX", "Åsa", "s"
    report = of_shape(lake, tmp_path, CODES, table)
    assert problems_of(report) == dict.fromkeys((2, 3, 4), "code.unknown")
    named, name, small = report.problems
    assert "line 2, column 8, code: the layout's table has no such code; found 'XX'" in (
        named.in_words()
    )
    assert name.found == "xxx", "what can be a name is a pattern"
    assert small.found == "x", "codes are told apart by case"
    assert minutes_at(lake, report) == {"08:20": (60, 60, 0, True)}


def test_minutes_beside_a_code_of_presence_are_refused_and_absence_needs_them(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [usual(pupil=0), usual(pupil=1, valid=15), usual(pupil=2, valid=None), usual(pupil=3)]
    table = CODES_WITH_MINUTES.table(rows)
    table[1][-1], table[2][-1], table[3][-1] = "15", "", "7,5"
    report = of_shape(lake, tmp_path, CODES_WITH_MINUTES, table)
    assert problems_of(report) == {
        2: "code_minutes.beside",
        3: "code_minutes.missing",
        4: "code_minutes.decimals",
    }
    assert report.rows_accepted == 1


def test_a_whole_lesson_of_unknown_length_is_no_presence(lake: Lake, tmp_path: Path) -> None:
    table = CODES.table([usual(invalid=60), usual(pupil=1)])
    table[1][5] = ""
    report = of_shape(lake, tmp_path, CODES, table)
    assert problems_of(report) == {2: "scheduled_minutes.missing"}


def test_a_code_is_health_data_and_not_kept_of_a_refused_row(lake: Lake, tmp_path: Path) -> None:
    """Also of a row that has lost a cell, where nobody knows which one is the code."""
    table = CODES.table([usual(valid=60), usual(pupil=1, valid=60), usual(pupil=2)])
    table[1][3] = "2026-02-30"
    del table[2][6]
    report = of_shape(lake, tmp_path, CODES, table)
    assert problems_of(report) == {2: "lesson_date.unreadable", 3: "row.too_few_cells"}
    for problem in report.problems:
        assert "S" not in str(problem.row).split("\x1f")


# -- Several values in one cell -------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["08.20", "08.20-09.20-10.20", "kl 08-09", "8:20 till 9:20"])
def test_a_cell_of_another_form_is_refused_with_its_column(
    lake: Lake, tmp_path: Path, cell: str
) -> None:
    table = SPLIT.table([usual(), usual(pupil=1)])
    table[1][4] = cell
    report = of_shape(lake, tmp_path, SPLIT, table)
    assert problems_of(report) == {2: "cell.not_split"}
    assert "line 2, column 5, cell: the cell has not the form" in report.problems[0].in_words()


def test_a_name_in_a_cell_of_another_form_is_shown_as_a_pattern(lake: Lake, tmp_path: Path) -> None:
    table = SPLIT.table([usual(), usual(pupil=1)])
    table[1][1] = "Åsa Öberg 20120314-9800"
    report = of_shape(lake, tmp_path, SPLIT, table)
    assert problems_of(report) == {2: "cell.not_split"}
    assert report.problems[0].found == "xxx xxxxx 99999999-9999"


@pytest.mark.parametrize(
    "cell",
    [
        "Skyddad identitet (20120314-9800)",
        "Öberg, Åsa Sekretessmarkering (20120314-9800)",
        "SEKRETESS 20120314-9800",
        "Öberg, Åsa 120314-9800 skyddad",
    ],
)
def test_a_cell_of_several_values_that_speaks_of_protection_protects(
    lake: Lake, tmp_path: Path, cell: str
) -> None:
    """Whether it can be taken apart or not, and though the column of protection says nothing."""
    table = SPLIT.table([usual(protected=""), usual(pupil=1, protected="")])
    table[1][1] = cell
    report = of_shape(lake, tmp_path, SPLIT, table)
    assert report.rows_read == 2
    assert is_protected(lake) or problems_of(report)
    met = put(tmp_path, "b_20261102T0500.csv", text_of([lesson(0)]))
    taken(lake, met)
    assert is_protected(lake)


def test_a_refused_row_of_several_values_still_protects(lake: Lake, tmp_path: Path) -> None:
    table = SPLIT.table([usual(protected="Ja"), usual(pupil=1)])
    table[1][4] = "?"
    of_shape(lake, tmp_path, SPLIT, table)
    taken(lake, put(tmp_path, "b_20261102T0500.csv", text_of([lesson(0)])))
    assert is_protected(lake)


def test_a_name_without_a_comma_stays_whole(lake: Lake, tmp_path: Path) -> None:
    own = parse_layout(
        SPLIT.keys_of("namn")
        .replace(" ({civic_no})", "")
        .replace("columns:", "columns:\n  civic_no: {headers: [Nr], required: true}"),
        "namn",
    )
    text = (
        "Enhet;Nr;Elev;Dag;Tid;Giltig (min);Ogiltig (min)\n"
        "99999901;20120314-9800;Åsa Öberg;2026-10-05;08:20-09:20;0;0\n"
        "99999901;20120374-9807;Test, Ali;2026-10-05;08:20-09:20;0;0\n"
    )
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text), own)
    assert report.rows_accepted == 2
    assert {(one["given_name"], one["family_name"]) for one in identities(lake)} == {
        ("", "Åsa Öberg"),
        ("Ali", "Test"),
    }


def test_a_marking_that_a_layout_of_shapes_does_not_know_stops_the_file(
    lake: Lake, tmp_path: Path
) -> None:
    """Also where the number of the pupil stands in a cell with others."""
    table = SPLIT.table([usual()])
    table[0][2] = "Sekretess"
    report = of_shape(lake, tmp_path, SPLIT, table)
    assert report.outcome == FileOutcome.QUARANTINED
    assert "speaks of protection" in str(report.reason)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('split: [{headers: [Tid], parts: "tid"}]', "names no part"),
        ('split: [{headers: [Tid], parts: "{start_time}{end_time}"}]', "nothing between"),
        ('split: [{headers: [Tid], parts: "{start_time}-{slut}"}]', "names 'slut'"),
        ('split: [{headers: [Tid], parts: "{start_time}-{start_time}"}]', "a part twice"),
        ('split: [{headers: [Nr], parts: "{civic_no} {class_name}"}]', "'civic_no' is said twice"),
        ('split: [{headers: [Skyddad], parts: "{subject} {class_name}"}]', "speaks of protection"),
        ("codes: {headers: [Kod], table: {S: sjuk}}", "expected"),
        ("codes: {headers: [Kod], table: {}}", "the table has no code"),
    ],
)
def test_a_shape_that_can_not_be_meant_is_no_layout(keys: str, words: str) -> None:
    head = "name: a\nkind: lessons\ndescription: x\nrestates: lesson\n"
    columns = "columns:\n  civic_no: {headers: [Nr]}\n"
    with pytest.raises(LayoutError, match=re.escape(words)):
        parse_layout(f"{head}{columns}{keys}\n", "a")


def test_what_a_code_says_no_column_says_too() -> None:
    head = "name: a\nkind: lessons\ndescription: x\nrestates: lesson\n"
    keys = (
        "columns:\n  valid_minutes: {headers: [GF]}\ncodes: {headers: [Kod], table: {S: valid}}\n"
    )
    with pytest.raises(LayoutError, match="'valid_minutes' is said twice"):
        parse_layout(head + keys, "a")


# -- A row a day, a column a lesson ---------------------------------------------------------------


def test_a_day_without_times_begins_in_the_morning_and_is_there_once(
    lake: Lake, tmp_path: Path
) -> None:
    table = DAYS_WITHOUT_TIMES.table([usual(valid=0), usual(valid=60)])
    report = of_shape(lake, tmp_path, DAYS_WITHOUT_TIMES, table)
    assert problems_of(report) == {2: "row.contradicts", 3: "row.contradicts"}
    report = of_shape(lake, tmp_path, DAYS_WITHOUT_TIMES, table[:2])
    assert minutes_at(lake, report) == {"08:00": (330, 0, 0, True)}


def test_a_refused_cell_of_a_wide_table_is_named_by_line_and_column(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [usual(), usual(start=580, valid=60), usual(pupil=1), usual(pupil=1, start=580)]
    table = WIDE.table(rows)
    table[2][4] = "XX"
    report = of_shape(lake, tmp_path, WIDE, table)
    assert (report.rows_read, problems_of(report)) == (4, {3: "code.unknown"})
    assert "line 3, column 5, code: " in report.problems[0].in_words()
    assert lake.rows("SELECT line_number, column_number FROM row_problems") == [(3, 5)]
    sealer = Sealer.of_home(lake.settings.home)
    file = find_file(lake, sealer, report.sha256)
    (row,) = summary_rows(lake, sealer, file, shipped_layouts())
    assert (row["Rad"], row["Kolumn"], row["Hittades"]) == ("3", "kolumn 5", "XX")


def test_a_fault_of_a_line_is_one_of_each_of_its_lessons(lake: Lake, tmp_path: Path) -> None:
    table = WIDE.table([usual(), usual(start=580), usual(pupil=1)])
    table[1][1] = "20120314-9801"
    report = of_shape(lake, tmp_path, WIDE, table)
    assert (report.rows_read, report.rows_rejected) == (3, 2)
    assert [(p.line_number, p.column_number) for p in report.problems] == [(2, 4), (2, 5)]
    assert {p.code for p in report.problems} == {"civic_no.check_digit"}


def test_a_protected_pupil_without_a_lesson_in_the_table_is_protected(
    lake: Lake, tmp_path: Path
) -> None:
    table = WIDE.table([usual(protected="Sekretessmarkering"), usual(pupil=1)])
    table[1][3] = ""
    report = of_shape(lake, tmp_path, WIDE, table)
    assert problems_of(report) == {2: "row.no_lesson"}
    assert report.rows_read == 2
    taken(lake, put(tmp_path, "b_20261102T0500.csv", text_of([lesson(0)])))
    assert is_protected(lake)


def test_a_header_that_speaks_of_protection_is_no_lesson(lake: Lake, tmp_path: Path) -> None:
    """Also where the form of lessons would take any text."""
    own = parse_layout(
        WIDE.keys_of("amnen")
        .replace("{lesson_date} {start_time}-{end_time} {subject}", "{subject}")
        .replace("  civic_no", "  lesson_date: {headers: [Dag]}\n  civic_no"),
        "amnen",
    )
    text = "Enhet;Elev-id;Dag;MA;Skyddsbehov\n99999901;20120314-9800;2026-10-05;N;Ja\n"
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text), own)
    assert report.outcome == FileOutcome.QUARANTINED
    assert "speaks of protection" in str(report.reason)


@pytest.mark.parametrize("week", ["41", "v. 41", "2026-W54", "46300", "oktober"])
def test_a_week_that_is_no_certain_week_is_refused(lake: Lake, tmp_path: Path, week: str) -> None:
    table = WEEKDAYS.table([usual(length=330, subject="")])
    table[1][2] = week
    report = of_shape(lake, tmp_path, WEEKDAYS, table)
    assert problems_of(report) == {2: "week.unreadable"}


def test_decimals_in_a_table_of_minutes_are_refused(lake: Lake, tmp_path: Path) -> None:
    table = WEEKDAYS.table([usual(length=330, subject=""), usual(pupil=1, invalid=30)])
    table[1][3] = "1,0"
    report = of_shape(lake, tmp_path, WEEKDAYS, table)
    assert problems_of(report) == {2: "invalid_minutes.decimals"}
    assert report.rows_accepted == 1


def test_a_table_with_a_lesson_twice_is_quarantined(lake: Lake, tmp_path: Path) -> None:
    table = WIDE.table([usual(), usual(pupil=1)])
    table = [[*line, line[3]] for line in table]
    report = of_shape(lake, tmp_path, WIDE, table)
    assert report.outcome == FileOutcome.QUARANTINED


@pytest.mark.parametrize(
    ("week", "weekday", "day"),
    [
        ("2026-W41", "måndag", "2026-10-05"),
        ("2026 v. 41", "Fri", "2026-10-09"),
        ("v41 2026", "sön", "2026-10-11"),
        ("vecka 53, 2026", "fre", "2027-01-01"),
        ("2026-10-07", "mån", "2026-10-05"),
        ("202641", "tis", "2026-10-06"),
        ("2026-W53", "x", None),
        ("2025-W53", "mån", None),
    ],
)
def test_the_day_of_a_weekday_is_that_of_its_week(week: str, weekday: str, day: str | None) -> None:
    assert day_in_week(week, weekday) == day


# -- Blocks ---------------------------------------------------------------------------------------


def blocks(*pupils: int, **what: object) -> list[list[object]]:
    """Return the blocks of some pupils, each of one lesson: heading, header, row, sum."""
    return BLOCKS.table([usual(pupil=pupil, **what) for pupil in pupils])


def test_rows_below_a_heading_that_nobody_can_read_are_nobodys(lake: Lake, tmp_path: Path) -> None:
    """The pupil above must not get the absence of the one below."""
    table = blocks(0, 1, 2, invalid=60)
    table[5] = ["Elev: uppgift saknas"]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert problems_of(report) == {6: "row.too_few_cells", 8: "row.no_heading"}
    assert report.rows_accepted == 2
    table[5] += ["", "", "", ""]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert problems_of(report) == {6: "row.unknown_heading", 8: "row.no_heading"}


@pytest.mark.parametrize(
    "heading",
    [
        "Elev: Skyddad identitet 20120314-9818",
        "Elev: SEKRETESS, 201203149818",
        "Elev: Öberg, Åsa Skyddad (20120314-9818), Skyddad: Ingen",
        "Elev: Öberg, Åsa (20120314-9818), Skyddad: Ja",
    ],
)
@pytest.mark.parametrize("cells", [0, 4], ids=["alone in its line", "with empty cells"])
def test_a_heading_that_speaks_of_protection_protects(
    lake: Lake, tmp_path: Path, heading: str, cells: int
) -> None:
    table = blocks(0, 1, 2)
    table[5] = [heading, *[""] * cells]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert report.rows_read in (3, 4)
    taken(lake, put(tmp_path, "b_20261102T0500.csv", text_of([lesson(1)])))
    assert is_protected(lake)


def with_totals(word: str) -> Shape:
    return replace(BLOCKS, keys=BLOCKS.keys.replace("[Summa]", f'["{word}"]'))


def test_a_heading_that_begins_as_totals_do_says_whose_its_rows_are(
    lake: Lake, tmp_path: Path
) -> None:
    """Else the pupil above would get the absence of the one below."""
    table = [row for row in blocks(0, 1, invalid=60) if row[0] != "Summa"]
    report = of_shape(lake, tmp_path, with_totals("Elev: Ö"), table)
    assert (report.rows_read, report.rows_accepted) == (2, 2)
    assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(2,)]


@pytest.mark.parametrize("cells", [0, 4], ids=["alone in its line", "with empty cells"])
def test_a_line_that_begins_as_totals_do_and_protects_is_refused_and_protects(
    lake: Lake, tmp_path: Path, cells: int
) -> None:
    table = blocks(0, 1, 2)
    table[5] = ["Summa: skyddad identitet 20120314-9818", *[""] * cells]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert set(problems_of(report)) == {6, 8}
    taken(lake, put(tmp_path, "b_20261102T0500.csv", text_of([lesson(1)])))
    assert is_protected(lake)


def test_a_lesson_that_begins_as_totals_do_is_a_row(lake: Lake, tmp_path: Path) -> None:
    table = [
        [line[2], *line[:2], *line[3:]] if len(line) > 2 else line
        for line in blocks(0, 1, subject="Summativt prov")
    ]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert (report.rows_read, report.rows_accepted) == (2, 2)


@pytest.mark.parametrize(
    "line",
    [
        ["Elev:", "20120314-9818", "Öberg", "", ""],
        ["20120314-9818", "Öberg, Åsa", "", "", ""],
        ["201203149818", "08:20-09:20", "MA", "0", "60"],
        ["Elev", "3", "", "", ""],
        ["2026-10-05", "", "MA", "0", "60"],
    ],
)
def test_a_line_that_may_be_a_heading_ends_its_block(
    lake: Lake, tmp_path: Path, line: list[object]
) -> None:
    table = blocks(0, 1, invalid=60)
    table[5] = line
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert problems_of(report) == {6: "row.unknown_heading", 8: "row.no_heading"}
    assert report.rows_accepted == 1


def test_a_lesson_of_a_block_that_nobody_reported_is_a_row(lake: Lake, tmp_path: Path) -> None:
    report = of_shape(lake, tmp_path, BLOCKS, blocks(0, 1, valid=None))
    assert (report.rows_accepted, report.rows_rejected) == (2, 0)


def test_a_damaged_row_ends_its_block(lake: Lake, tmp_path: Path) -> None:
    """It may have been a heading; what it was nobody can tell."""
    rows = [usual(), usual(start=580), usual(start=660), usual(pupil=1)]
    table = BLOCKS.table(rows)
    table[4] = ["2026-10-05", "09:40-10:40"]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert problems_of(report) == {5: "row.too_few_cells", 6: "row.no_heading"}


def test_a_row_above_every_heading_is_nobodys(lake: Lake, tmp_path: Path) -> None:
    table = blocks(0, 1)
    del table[1]
    report = of_shape(lake, tmp_path, BLOCKS, table)
    assert problems_of(report) == {3: "row.no_heading"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('blocks: {heading: "Elev: {family_name}"}', "no part '{civic_no}'"),
        ('blocks: {heading: "Elev: {civic_no}"}', "needs a column of the day"),
        ("columns_are: {cells: code, parts: '{lesson_date}'}", "no 'codes' say"),
        ("columns_are: {cells: valid_minutes}", "expected either 'parts'"),
        ("columns_are: {cells: valid_minutes, parts: '{civic_no}'}", "'civic_no' is none of"),
        ("columns_are: {cells: valid_minutes, parts: '{weekday}'}", "go together"),
        ("codes: {table: {S: valid}}", "needs 'headers'"),
        ("always: {civic_no: '1'}", "not the same of all rows"),
        ("always: {subject: MA}", "said twice"),
        ("grain: day", "'subject' is of a lesson"),
        ("sheet: 0", "expected"),
        ("holds: absences", "go together"),
        ("covers: {each: class}", "go together"),
        ("holds: absences\ncovers: {each: class}", "no column is 'class_name'"),
        ("holds: absences\ncovers: {each: school_unit}\ngrain: day", "needs times"),
        ("holds: absences\ncovers: {each: school_unit, period: '{first_date}'}", "has the parts"),
        ("holds: timetable\ncodes: {headers: [K], table: {S: valid}}", "has 'codes'"),
    ],
)
def test_keys_that_can_not_be_meant_are_no_layout(keys: str, words: str) -> None:
    head = "name: a\nkind: lessons\ndescription: x\nrestates: lesson\n"
    columns = "columns:\n  subject: {headers: [Ämne]}\n"
    with pytest.raises(LayoutError, match=re.escape(words)):
        parse_layout(f"{head}{columns}{keys}\n", "a")


@pytest.mark.parametrize("present", [False, True])
def test_a_file_of_absence_only_is_not_taken(lake: Lake, tmp_path: Path, present: bool) -> None:
    """Its rates would be 100 % whatever the pupils did."""
    rows = [lesson(n, valid="60", invalid="0", present="0") for n in range(30)]
    rows[0] |= {"valid": "0", "present": "60"} if present else {}
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text_of(rows)))
    assert report.rows_accepted == (30 if present else 0)
    assert ("each of 30 reported lessons has absence" in str(report.reason)) != present
    assert len(lake.rows("SELECT 1 FROM lessons")) == report.rows_accepted


def all_absent(count: int, **cells: object) -> list[dict[str, object]]:
    absent = {"valid": "60", "invalid": "0", "present": "0"}
    return [lesson(n, **absent | {"date": "2026-10-20"} | cells) for n in range(count)]


@pytest.mark.parametrize(
    "rows",
    [
        all_absent(29),
        # One pupil who is ill for a month.
        [lesson(n, civic=PUPILS[0], valid="60", invalid="0", present="0") for n in range(40)],
        # Nobody has reported them.
        all_absent(40, valid="", present="", invalid=""),
    ],
)
def test_few_lessons_or_pupils_may_all_have_absence(
    lake: Lake, tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", text_of(rows)))
    assert report.rows_accepted == len(rows)


def test_a_correction_of_absences_is_taken_where_others_were_present(
    lake: Lake, tmp_path: Path
) -> None:
    first = put(tmp_path, "a_20261101T0500.csv", text_of([lesson(0, present="60")]))
    later = put(tmp_path, "b_20261102T0500.csv", text_of(all_absent(40)))
    assert sum(report.rows_accepted for report in ingest_paths(lake, [later, first])) == 41


def test_nights_of_a_few_absences_are_not_taken_once_they_are_many(
    lake: Lake, tmp_path: Path
) -> None:
    first = put(tmp_path, "a_20261021T0500.csv", text_of(all_absent(20)))
    taken(lake, first)
    second = put(tmp_path, "b_20261022T0500.csv", text_of(all_absent(20, date="2026-10-21")))
    assert taken(lake, second).rows_accepted == 0


def test_a_layout_that_says_it_has_all_lessons_is_believed(lake: Lake, tmp_path: Path) -> None:
    put(tmp_path / "own", "says.yaml", "name: lektionsfranvaro\nholds: lessons\n")
    path = put(tmp_path, "a_20261101T0500.csv", text_of(all_absent(40)))
    (report,) = ingest_paths(lake, [path], layouts=load_layouts([tmp_path / "own"]))
    assert report.rows_accepted == 40


def test_a_file_that_was_not_taken_is_taken_once_its_layout_says_so(
    lake: Lake, tmp_path: Path
) -> None:
    put(tmp_path / "own", "says.yaml", "name: lektionsfranvaro\nholds: lessons\n")
    path = put(tmp_path, "a_20261101T0500.csv", text_of(all_absent(40)))
    (report,) = ingest_paths(lake, [path], layouts=load_layouts([]))
    assert report.outcome == "quarantined"
    (report,) = ingest_paths(lake, [path], layouts=load_layouts([tmp_path / "own"]))
    assert report.rows_accepted == 40


@pytest.mark.parametrize(
    ("layout", "content"), EXAMPLES, ids=[layout.splitlines()[0] for layout, _ in EXAMPLES]
)
def test_every_example_of_the_page_is_read_whole(
    lake: Lake, tmp_path: Path, layout: str, content: str
) -> None:
    own = parse_layout(layout, "the page")
    report = taken(lake, put(tmp_path, "a_20261101T0500.csv", content), own)
    assert (report.layout, report.rows_rejected) == (own.name, 0), report.problems
    assert report.rows_accepted > 0


def test_every_layout_of_the_page_has_its_example() -> None:
    assert EXAMPLES
    assert len(EXAMPLES) == PAGE.count("```yaml")
