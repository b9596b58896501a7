"""A list on paper: few columns, type that can be read, few pages, headings on every page."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.outline import full_name
from assets.watchlists.workbook.book import ListBook
from assets.watchlists.workbook.print_sheet import Reader, fill_print
from tests.unit import watchlist_factory as make

FAMILIES = (
    *("Andersson", "Öberg", "Lindqvist", "Ali", "Bergström", "Hussein", "Nyström"),
    "von Essen Söderström",
)
GIVEN = ("Alva", "Muhammad", "Anna-Karin", "Åke", "Zoë", "Vincent", "Astrid Margareta")
MENTORS = (
    *("Maria Lindqvist", "Åke Ström", "", "Göran Öberg", "Fatima Ali", "Ylva Bergström"),
    *("Per Ek", "Astrid Wallenberg-Holmström"),
)
LEAST_POINTS = {"rektor": 9, "mentor": 10}
MOST_PAGES = 6
# An upright A4 in points, and the margins of a printed sheet.
A4_WIDTH, A4_HEIGHT = 595, 842
POINTS_PER_INCH = 72
IN_THE_MARGINS = ("Skolenhet", "Sida", "Listan är ett underlag", "Innehåller uppgifter")
TOOLS = ("soffice", "pdfinfo", "pdftohtml", "pdftotext")


def school_of(count: int) -> Watchlist:
    """So many listed pupils with names of every usual length, in every course."""
    pupils = []
    for number in range(count):
        absent = 650 + 10 * number
        # Of 6000 minutes: nobody stands under a fifth for what asks a fifth.
        level = 1 + number % 3 if absent >= 1200 else 1
        pupil = make.pupil(
            GIVEN[number % len(GIVEN)],
            f"{FAMILIES[number % len(FAMILIES)]} {number}",
            level=level,
            absent=absent,
            school_class=f"{number % 10}B",
            mentor=MENTORS[number % len(MENTORS)],
            history=make.history(("new", "continuing", "escalated", "lowered")[number % 4]),
        )
        if number % 5 == 0:
            calendar = (
                make.evidence(item.rule, item.sums, basis="calendar") for item in pupil.evidence
            )
            pupil = replace(pupil, evidence=tuple(calendar))
        pupils.append(pupil)
    return make.watchlist(*pupils, compared_with="2026-W45")


def printed(pupils: Sequence[PupilRow], path: Path, reader: Reader = "rektor") -> Worksheet:
    watchlist = school_of(0)
    book = ListBook(watchlist)
    fill_print(book.add_sheet("Utskrift"), watchlist, pupils, "Mentor: Maria Lindqvist", reader)
    book.save(path)
    return load_workbook(path)["Utskrift"]


@pytest.mark.parametrize("reader", ["rektor", "mentor"])
def test_a_printed_list_has_eight_columns_and_type_that_can_be_read(
    path: Path, reader: Reader
) -> None:
    sheet = printed(school_of(40).pupils, path, reader)
    assert sheet.max_column == 8
    sizes = {cell.font.sz for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert min(sizes) >= LEAST_POINTS[reader]
    # It is fitted to the page's width. A character of the file's font is 7 pixels wide, each
    # column 5 more, and 96 pixels are an inch: what is not wider than the paper keeps its size.
    pixels = sum(7 * column.width + 5 for column in sheet.column_dimensions.values())
    margins = sheet.page_margins
    room = A4_WIDTH - (margins.left + margins.right) * POINTS_PER_INCH
    assert 0.85 * room < pixels / 96 * POINTS_PER_INCH <= room


def test_240_pupils_have_room_on_six_pages(path: Path) -> None:
    sheet = printed(school_of(240).pupils, path)
    heights = {number: sheet.row_dimensions[number].height or 15 for number in rows_of(sheet)}
    margins = sheet.page_margins
    page = A4_HEIGHT - (margins.top + margins.bottom) * POINTS_PER_INCH - heights[4]
    # A row that has no room stands on the next page whole.
    row = max(height for number, height in heights.items() if number > 4)
    assert sum(heights.values()) <= MOST_PAGES * (page - row)


def rows_of(sheet: Worksheet) -> range:
    return range(1, sheet.max_row + 1)


@pytest.mark.parametrize("count", [0, 1, 240])
def test_every_pupil_is_printed_once_below_headings_that_repeat(path: Path, count: int) -> None:
    pupils = school_of(count).pupils
    sheet = printed(pupils, path)
    assert sheet.print_title_rows == "$4:$4"
    assert sheet["A4"].value == "Namn"
    column = [str(sheet.cell(row, 1).value) for row in rows_of(sheet)]
    expected = sorted(full_name(pupil) for pupil in pupils)
    assert sorted(text for text in column if text in set(expected)) == expected
    assert any("Dela bara med den som behöver dem" in text for text in column)


def test_those_who_go_on_are_printed_first_and_the_not_assessed_last(path: Path) -> None:
    month = make.sums(2700)
    less = make.pupil(
        "Mindre", evidence=(make.evidence("mentor_followup", month, basis="calendar"),)
    )
    pupils = (make.unassessed("Oviss"), less, make.pupil("Pågår"))
    column = [str(row[0].value) for row in printed(pupils, path, "mentor").iter_rows(min_row=5)]
    assert column == [
        "Frånvaron pågår: 1 elev",
        "Andersson, Pågår",
        "Har minskat: följ upp: 1 elev",
        "Andersson, Mindre",
        "Går inte att bedöma: uppgifterna räcker inte: 1 elev",
        "Ek, Oviss",
    ]


def test_a_mentors_printed_list_names_no_mentor(path: Path) -> None:
    sheet = printed(school_of(3).pupils, path, "mentor")
    text = "\n".join(str(cell.value) for row in sheet.iter_rows(min_row=4) for cell in row)
    assert "Mentor saknas" not in text
    assert "Åke Ström" not in text


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="LibreOffice or poppler is missing")
@pytest.mark.parametrize("reader", ["rektor", "mentor"])
def test_what_comes_out_of_the_printer_can_be_read_and_is_short(path: Path, reader: Reader) -> None:
    printed(school_of(240).pupils, path, reader)
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", path.parent, path],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pdf = path.with_suffix(".pdf")
    pages = int(re.findall(r"Pages:\s+(\d+)", said("pdfinfo", pdf))[0])
    if reader == "rektor":
        assert pages <= MOST_PAGES
    # In thirds of a point, and cut to them; what stands in the margins is 10 points by default.
    xml = said("pdftohtml", "-xml", "-i", "-zoom", "3", "-stdout", pdf)
    fonts = dict(re.findall(r'<fontspec id="(\d+)" size="(\d+)"', xml))
    used = {
        int(fonts[font]) / 3
        for font, text in re.findall(r'<text [^>]*font="(\d+)">(.*)</text>', xml)
        if not text.startswith(IN_THE_MARGINS)
    }
    assert len(used) >= 2
    assert min(used) >= LEAST_POINTS[reader]
    for page in range(1, pages + 1):
        text = said("pdftotext", "-f", str(page), "-l", str(page), "-layout", pdf, "-")
        assert f"Sida {page} av {pages}" in text
        assert "Namn" in text
        assert "Innehåller uppgifter om enskilda elever." in text


def said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
