"""How a school's workbook prints, and that text from the data stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from assets.watchlists.model import Watchlist
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.watchlist_factory import full_list
from tests.unit.workbook_reader import FIXED, cell_under, everything, names, opened, parts

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+46 8 123",
    "-Ek",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "../../x",
    "A/B",
    "Zoë 🙂",
    "#N/A",
    "=HYPERLINK(\"http://example.org\")",
    "x" * 300,
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.xlsx"


# --- printing and reading ------------------------------------------------------------------------


def test_every_printed_page_says_whose_it_is_and_that_a_person_decides(path: Path) -> None:
    for sheet in opened(full_list(), path):
        assert sheet.oddHeader
        assert sheet.oddFooter
        assert sheet.sheet_properties.pageSetUpPr
        assert sheet.oddHeader.left.text == "Skolenhet 12345678 · v. 46 2026", sheet.title
        assert sheet.oddHeader.right.text == "Sida &P av &N"
        assert "En person bedömer och beslutar" in str(sheet.oddFooter.left.text)
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_headings_stay_in_view_repeat_in_print_and_can_be_filtered(path: Path) -> None:
    book = opened(full_list(), path)
    for name in ("Rektor", "Otillräckliga data"):
        sheet = book[name]
        assert str(sheet.freeze_panes).endswith("4"), name
        assert sheet.print_title_rows == "$3:$3", name
        assert sheet.auto_filter.ref == f"A3:{get_column_letter(sheet.max_column)}" + str(
            sheet.max_row
        )


def test_a_code_with_an_ampersand_is_not_a_header_command(path: Path) -> None:
    write_workbook(make.watchlist(school_unit_code="12&D345"), path)
    assert "Skolenhet 12&amp;&amp;D345" in parts(path)["xl/worksheets/sheet1.xml"]


# --- text from the data is text ------------------------------------------------------------------


def hostile_list() -> Watchlist:
    pupils = [
        make.pupil(text, text, mentor=text, school_class=text, history=make.history("new"))
        for text in HOSTILE
    ]
    return make.watchlist(
        *pupils,
        school_name=HOSTILE[0],
        principal=HOSTILE[3],
        district=HOSTILE[1],
        notices=HOSTILE,
        insufficient=(make.unassessed(HOSTILE[0], HOSTILE[0], mentor=HOSTILE[0]),),
        unreported=tuple(make.unreported(text, text) for text in HOSTILE),
    )


def test_no_name_becomes_a_formula_a_link_or_an_error_value(path: Path) -> None:
    book = opened(hostile_list(), path)
    for name, text in parts(path).items():
        if name.startswith("xl/worksheets/sheet"):
            assert not re.search(r"<f[\s/>]", text), name
            assert "<hyperlink" not in text, name
            assert 't="e"' not in text, name
    assert not [name for name in parts(path) if "external" in name.lower()]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n", "d"}  # no "f" for a formula, no "e" for an error


def test_names_that_look_like_formulas_are_kept_as_written_and_marked_as_text(path: Path) -> None:
    book = opened(hostile_list(), path)
    classes = [cell_under(book["Rektor"], "Klass", row) for row in range(4, 4 + len(HOSTILE))]
    assert [cell.value for cell in classes] == list(HOSTILE)
    marked = [bool(cell.quotePrefix) for cell in classes]
    assert marked == [text[0] in "=+-@" for text in HOSTILE]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_start_that_a_spreadsheet_takes_for_a_formula_is_marked(
    path: Path, start: str
) -> None:
    book = opened(make.watchlist(make.pupil(school_class=f"{start}1+1")), path)
    cell = cell_under(book["Rektor"], "Klass")
    assert (cell.data_type, bool(cell.quotePrefix)) == ("s", True)


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\uffff"])
def test_a_character_that_no_file_can_hold_is_dropped_and_the_name_kept(
    path: Path, bad: str
) -> None:
    pupil = make.pupil(f"Al{bad}va", f"{bad}Ek", mentor=f"Maria{bad}", school_class=bad)
    book = opened(make.watchlist(pupil, school_name=f"Ek{bad}backen", notices=(bad,)), path)
    assert names(book["Rektor"]) == ["Ek, Alva"]
    assert book["Mentorer"]["A4"].value == "Maria"
    assert bad not in everything(book)


def test_no_person_is_named_in_the_files_properties(path: Path) -> None:
    write_workbook(full_list(), path)
    about = parts(path)["docProps/core.xml"] + parts(path)["docProps/app.xml"]
    assert "Skolenhet 12345678" in about
    for name in ("Andersson", "Lindqvist", "Holmström", "Ekbackens"):
        assert name not in about


def test_a_mentors_name_is_in_no_name_of_a_sheet(path: Path) -> None:
    mentors = ("ANNA EK", "Anna Ek", "Anna Ek'", "History", "x" * 60, "rektor")
    pupils = [make.pupil(mentor=mentor) for mentor in mentors]
    book = opened(make.watchlist(*pupils), path)
    assert book.sheetnames == FIXED
    shown = [str(row[0].value) for row in book["Mentorer"].iter_rows(min_row=4)]
    # The two who are called alike are told apart; which of them is the first nobody can say.
    numbers = sorted(name[-4:] for name in shown if name.casefold().startswith("anna ek ("))
    assert numbers == [" (1)", " (2)"]
    assert set(mentors[2:]) < set(shown)
