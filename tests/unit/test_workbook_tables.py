"""Every table of a workbook can be sorted, filtered and pivoted, whatever the list holds."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.model import Watchlist
from assets.watchlists.outline import full_name
from assets.watchlists.workbook.workbook import write_workbook
from tests.examples import examples
from tests.unit import watchlist_factory as make
from tests.unit.test_decisions import lists
from tests.unit.workbook_reader import SORTED, cell_under, names, opened, rows

NUMBERS = {
    *("lista procent", "lista antal", "lista årskurs", "lista timmar", "lista minuter"),
    *("lista tal", "lista andel"),
}


@st.composite
def any_list(draw: st.DrawFn) -> Watchlist:
    """Pupils with and without grade, mentor, sums and history; some gone, some not assessed."""
    of_all = draw(lists())
    nothing = make.sums(0, of=0, scheduled=draw(st.sampled_from([0, 600])), days=0)
    sparse = [
        make.pupil(
            f"Gles{number}",
            grade=draw(st.sampled_from([None, 0, 9])),
            mentor=draw(st.sampled_from(["", "Åke Ström"])),
            one_month=nothing,
            calendar_month=None,
            history=make.history("new"),
            thin_percent=draw(st.sampled_from([None, 0, 40])),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    doubts = [
        make.unassessed(f"Oviss{number}", one_month=nothing)
        for number in range(draw(st.integers(0, 2)))
    ]
    gone = (make.cleared(grade=None),) * draw(st.integers(0, 2)) if of_all.compared_with else ()
    missing = (make.unreported(),) * draw(st.integers(0, 2))
    return make.watchlist(
        *of_all.pupils,
        *sparse,
        compared_with=of_all.compared_with,
        insufficient=tuple(doubts),
        cleared=gone,
        unreported=missing,
    )


def book_of(watchlist: Watchlist) -> Workbook:
    with tempfile.TemporaryDirectory() as folder:
        return opened(watchlist, Path(folder) / "list.xlsx")


def has_height(sheet: Worksheet, row: int) -> bool:
    return sheet.row_dimensions[row].height is not None


def tables(book: Workbook) -> list[Worksheet]:
    return [book[name] for name in SORTED if name in book.sheetnames]


@given(any_list())
@settings(max_examples=examples(20), deadline=None)
def test_a_workbook_keeps_what_sorting_and_pivoting_need(watchlist: Watchlist) -> None:
    book = book_of(watchlist)
    # Every listed pupil stands on the sheet of pupils once.
    listed = names(book["Elever"]) if watchlist.pupils else []
    assert sorted(listed) == sorted(full_name(pupil) for pupil in watchlist.pupils)
    folded = [name.casefold() for name in book.sheetnames]
    assert len(folded) == len(set(folded))
    assert all(len(name) <= 31 for name in book.sheetnames)
    for sheet in tables(book):
        # A spreadsheet can't sort merged cells, and leaves heights where they are when it sorts.
        assert all(merged.max_row < 3 for merged in sheet.merged_cells.ranges), sheet.title
        assert not {row for row in sheet.row_dimensions if row > 3 and has_height(sheet, row)}
        headings = [cell.value for cell in sheet[3]]
        assert len(set(headings)) == len(headings), sheet.title
        assert None not in headings, sheet.title
        if sheet.auto_filter.ref:
            assert sheet.auto_filter.ref.endswith(str(sheet.max_row)), sheet.title
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.value != "–", (sheet.title, cell.coordinate)
                if cell.style in NUMBERS:
                    assert cell.value is None or isinstance(cell.value, int | float)
                if cell.style == "lista datum":
                    assert cell.value is None or isinstance(cell.value, date | datetime)


@given(any_list())
@settings(max_examples=examples(10), deadline=None)
def test_the_evidence_adds_up_row_by_row(watchlist: Watchlist) -> None:
    pupils = (*watchlist.pupils, *watchlist.insufficient)
    table = rows(book_of(watchlist)["Underlag"]) if pupils else []
    assert len(table) == sum(len(pupil.evidence) for pupil in pupils)
    for row in table:
        assert row["Frånvaro, min"] == row["Giltig, min"] + row["Ogiltig, min"]
        assert row["Rapporterat, min"] <= row["Schemalagt, min"]


@pytest.mark.parametrize("count", [0, 1, 400])
def test_a_list_of_any_length_can_be_filtered_from_first_row_to_last(
    tmp_path: Path, count: int
) -> None:
    pupils = [make.pupil(f"Elev{number:03}") for number in range(count)]
    path = tmp_path / "list.xlsx"
    write_workbook(make.watchlist(*pupils), path)
    sheet = opened(make.watchlist(*pupils), path)["Elever"]
    assert (sheet.auto_filter.ref or "").endswith(str(3 + count) if count else "")
    assert len(names(sheet)) == max(count, 1)
    assert cell_under(sheet, "Namn").style == ("lista elev" if count else "lista rad")
