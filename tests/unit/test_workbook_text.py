"""How a school's workbook prints, and that text from the data stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from assets.watchlists.model import Watchlist
from assets.watchlists.swedish.safe_text import printable
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.watchlist_factory import full_list
from tests.unit.workbook_reader import SORTED, cell_under, everything, names, opened, parts, rows

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


# --- printing and reading ------------------------------------------------------------------------


def test_every_printed_page_says_whose_it_is_and_that_a_person_decides(path: Path) -> None:
    for sheet in opened(full_list(), path):
        assert sheet.oddHeader
        assert sheet.oddFooter
        assert sheet.sheet_properties.pageSetUpPr
        assert sheet.oddHeader.left.text == "Skolenhet 12345678 · v. 46 2026", sheet.title
        assert sheet.oddHeader.right.text == "Sida &P av &N"
        assert "En person bedömer och beslutar" in str(sheet.oddFooter.left.text)
        upright = sheet.title == "Utskrift"
        assert sheet.page_setup.orientation == ("portrait" if upright else "landscape")
        assert sheet.page_setup.paperSize == 9
        care = sheet.oddHeader.center if upright else sheet.oddFooter.right
        assert care.text == "Innehåller uppgifter om enskilda elever."


def test_headings_stay_in_view_repeat_in_print_and_can_be_filtered(path: Path) -> None:
    book = opened(full_list(), path)
    for name in set(SORTED) & set(book.sheetnames):
        sheet = book[name]
        assert sheet.freeze_panes == "B4", name
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
            # The first sheet leads to sheets of ours alone.
            links = re.findall(r"<hyperlink [^>]*>", text)
            assert all(re.search(r""" location="'[^'"]+'!A1\"""", link) for link in links), name
            assert not any("r:id" in link for link in links), name
            assert bool(links) == (name == "xl/worksheets/sheet1.xml"), name
            assert 't="e"' not in text, name
    assert not [name for name in parts(path) if "external" in name.lower()]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds == {"s", "n", "d"}  # no "f" for a formula, no "e" for an error


def test_names_that_look_like_formulas_are_kept_as_written_and_marked_as_text(path: Path) -> None:
    book = opened(hostile_list(), path)
    classes = [cell_under(book["Elever"], "Klass", row) for row in range(4, 4 + len(HOSTILE))]
    marked = {cell.value: bool(cell.quotePrefix) for cell in classes}
    assert marked == {text: text[0] in "=+-@" for text in HOSTILE}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_start_that_a_spreadsheet_takes_for_a_formula_is_marked(
    path: Path, start: str
) -> None:
    book = opened(make.watchlist(make.pupil(school_class=f"{start}1+1")), path)
    cell = cell_under(book["Elever"], "Klass")
    assert (cell.data_type, bool(cell.quotePrefix)) == ("s", True)


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\uffff"])
def test_a_character_that_no_file_can_hold_is_dropped_and_the_name_kept(
    path: Path, bad: str
) -> None:
    pupil = make.pupil(f"Al{bad}va", f"{bad}Ek", mentor=f"Maria{bad}", school_class=bad)
    book = opened(make.watchlist(pupil, school_name=f"Ek{bad}backen", notices=(bad,)), path)
    assert names(book["Elever"]) == ["Ek, Alva"]
    assert rows(book["Mentorer"])[0]["Mentor"] == "Maria"
    assert bad not in everything(book)


def test_no_person_is_named_in_the_files_properties(path: Path) -> None:
    write_workbook(full_list(), path)
    about = parts(path)["docProps/core.xml"] + parts(path)["docProps/app.xml"]
    assert "Skolenhet 12345678" in about
    for name in ("Andersson", "Lindqvist", "Holmström", "Ekbackens"):
        assert name not in about


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "  two  ", "<b>&amp;", "]]>", "_x0041_ \ud83d"])
def test_a_name_is_read_back_as_it_was_written(path: Path, text: str) -> None:
    book = opened(make.watchlist(make.pupil(school_class=text)), path)
    assert cell_under(book["Elever"], "Klass").value == printable(text)
