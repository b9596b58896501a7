"""What a mentor may read, what the rektor reads of mentors, and how a mentor's list prints."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from assets.watchlists.collect.mentors import Staff, with_mentors
from assets.watchlists.mentor_lists import listed_pupils, mentors_on, watchlist_of_mentor
from assets.watchlists.mentor_loads import mentor_loads
from assets.watchlists.model import Mentor, ThinRow, Watchlist, YearWeeks
from assets.watchlists.page.page import write_page
from assets.watchlists.swedish.evidence_texts import unreported_table
from assets.watchlists.workbook.mentor_workbook import write_mentor_workbook
from tests.unit import watchlist_factory as make
from tests.unit.mentor_reader import text_of
from tests.unit.watchlist_factory import full_list

MARIA, ANNA = make.mentor("Maria Lindqvist"), make.mentor("Anna Ek")
A4_PIXELS = 717  # of a sheet at full size, between margins of 0.4 inches


def own(watchlist: Watchlist, name: str = "Maria Lindqvist") -> Watchlist:
    return watchlist_of_mentor(watchlist, make.mentor(name))


def workbook_of(watchlist: Watchlist, mentor: Mentor, tmp_path: Path) -> Workbook:
    write_mentor_workbook(watchlist_of_mentor(watchlist, mentor), mentor, tmp_path / "own.xlsx")
    return load_workbook(tmp_path / "own.xlsx")


def page_of(watchlist: Watchlist, mentor: Mentor, tmp_path: Path) -> str:
    write_page(watchlist_of_mentor(watchlist, mentor), tmp_path / "own.html", mentor.name)
    return text_of(tmp_path / "own.html")


# --- what a mentor may read ----------------------------------------------------------------------


def test_a_mentor_has_the_own_pupils_and_those_of_whom_too_little_is_known() -> None:
    mine = own(full_list(), "Åke Ström")
    assert [pupil.given_name for pupil in mine.pupils] == ["Elias"]
    assert [pupil.given_name for pupil in mine.insufficient] == ["Nils"]


def test_a_pupil_with_two_mentors_is_on_both_lists_and_neither_names_the_other() -> None:
    pupil = make.pupil("Alva", mentor="Maria Lindqvist, Anna Ek", mentors=(MARIA, ANNA))
    both = make.watchlist(pupil, make.pupil("Elias", mentor="Åke Ström"))
    for name in ("Maria Lindqvist", "Anna Ek"):
        (mine,) = own(both, name).pupils
        assert (mine.given_name, mine.mentor) == ("Alva", name)
        assert [mentor.name for mentor in mine.mentors] == [name]


def test_a_pupil_without_a_mentor_is_on_no_mentors_list() -> None:
    assert mentors_on(make.watchlist(make.pupil(mentor=""))) == ()


def test_no_number_of_the_school_is_told_to_a_mentor() -> None:
    school = make.watchlist(
        make.pupil(), protected_pupils=9, lost_rows=8, lessons_without_attendance=7
    )
    mine = own(school)
    assert mine.pupils_evaluated == mine.protected_pupils == mine.lost_rows == 0
    assert mine.lessons_without_attendance == 0
    assert mine.principal == ""


def test_notices_of_the_school_become_one_sentence_without_what_they_say() -> None:
    noticed = make.watchlist(make.pupil(), notices=("Klass 8C saknar rapporter.", "En sak till."))
    (sentence,) = own(noticed).notices
    assert sentence.startswith("Det finns anmärkningar om skolans uppgifter.")
    assert own(make.watchlist(make.pupil())).notices == ()


def test_a_list_that_waits_tells_its_mentors_so_but_not_why() -> None:
    waiting = make.watchlist(
        make.pupil(), notices=("Klass 8C har försvunnit.",), held=("Klass 8C har försvunnit.",)
    )
    (sentence,) = own(waiting).notices
    assert "väntar på kontroll. Listan visar läget till och med 15 november 2026." in sentence


def test_lessons_without_a_report_are_those_of_own_pupils_classes() -> None:
    school = make.watchlist(
        make.pupil(school_class="7B"),
        make.pupil("Elias", mentor="Åke Ström", school_class="8C"),
        unreported=(make.unreported("7B"), make.unreported("8C"), make.unreported("")),
    )
    (lessons,) = own(school).unreported
    assert (lessons.school_class, lessons.lessons, lessons.pupil_lessons) == ("7B", 3, 0)


def test_how_many_pupils_a_lesson_has_is_no_column_of_a_mentors_list(tmp_path: Path) -> None:
    heading = "Elevlektioner utan rapport"
    assert heading not in page_of(everything(), MARIA, tmp_path)
    sheet = workbook_of(everything(), MARIA, tmp_path)["Data saknas"]
    assert heading not in [cell.value for row in sheet for cell in row]
    assert heading in [column.heading for column in unreported_table(everything()).columns]


def test_lessons_without_a_report_stand_in_an_order_that_tells_nothing_of_pupils() -> None:
    often, seldom = (
        replace(
            make.unreported("7B"), subject=subject, recent_lessons=lessons, pupil_lessons=pupils
        )
        for subject, lessons, pupils in (("NO", 5, 1), ("MA", 2, 90))
    )
    as_seldom = replace(seldom, subject="EN")
    school = make.watchlist(make.pupil(school_class="7B"), unreported=(seldom, as_seldom, often))
    assert [lessons.subject for lessons in own(school).unreported] == ["NO", "EN", "MA"]


def test_who_can_not_be_assessed_is_listed_after_the_others_and_nobody_twice() -> None:
    """To leave them out of a mentor's list would read as "no problem"."""
    alva, nils = make.pupil("Alva"), replace(make.pupil("Nils"), level=0)
    school = make.watchlist(alva, insufficient=(nils, alva))
    assert [pupil.given_name for pupil in listed_pupils(school)] == ["Alva", "Nils"]


def test_the_class_of_a_pupil_who_left_is_no_own_class_any_more() -> None:
    gone = make.cleared(school_class="8C", mentor="Maria Lindqvist")
    school = make.watchlist(cleared=(gone,), unreported=(make.unreported("8C"),))
    assert own(school).unreported == ()


def test_a_mentor_whose_name_is_spelt_in_two_ways_is_one_mentor() -> None:
    often, once = Mentor("k1", "Anna Ek"), Mentor("k1", "Anna Eek")
    rows = [make.pupil(str(n), mentors=(often,)) for n in range(2)]
    assert mentors_on(make.watchlist(make.pupil(mentors=(once,)), *rows)) == (often,)


def test_a_list_kept_before_lists_knew_each_mentor_gets_them_from_the_lake() -> None:
    kept = make.watchlist(
        replace(make.pupil("Alva"), mentors=(), mentor_key="word"),
        replace(make.pupil("Elias"), mentors=(), mentor_key="unknown"),
        replace(make.pupil("Maja"), mentors=(ANNA,), mentor_key="word"),
    )
    known = with_mentors(kept, Staff({}, {"word": (MARIA, ANNA)}))
    assert [row.mentors for row in known.pupils] == [(MARIA, ANNA), (), (ANNA,)]


# --- what the rektor reads of mentors ------------------------------------------------------------


def test_mentors_are_counted_in_swedish_order_and_no_mentor_comes_last() -> None:
    counted = [
        (load.mentor, len(load.pupils), len(load.unassessed)) for load in mentor_loads(full_list())
    ]
    assert counted == [("Maria Lindqvist", 1, 0), ("Åke Ström", 1, 1), ("", 1, 0)]


def test_two_mentors_of_one_name_are_told_apart() -> None:
    first, second = Mentor("k1", "Anna Ek"), Mentor("k2", "Anna  Ek")
    lines = mentor_loads(
        make.watchlist(
            make.pupil(mentors=(first,), school_class="7A"),
            make.pupil(mentors=(second,), school_class="8C"),
        )
    )
    assert [(line.mentor, line.classes) for line in lines] == [
        ("Anna Ek (1)", "7A"),
        ("Anna Ek (2)", "8C"),
    ]


# --- how it looks --------------------------------------------------------------------------------


def everything() -> Watchlist:
    thin = ThinRow("Tove", "Lund", None, "7B", 7, "", 20, date(2026, 11, 1), "k", (MARIA,))
    return make.watchlist(
        make.pupil("Alva", level=3, absent=2700, history=make.history("new")),
        make.pupil("Elias", level=1, history=make.history("continuing", weeks_on_list=3)),
        insufficient=(make.unassessed(mentor="Maria Lindqvist"),),
        cleared=(make.cleared(),),
        compared_with="2026-W45",
        unreported=(make.unreported(),),
        thin=(thin,),
    )


def test_a_mentors_workbook_begins_with_a_list_that_prints_upright(tmp_path: Path) -> None:
    book = workbook_of(everything(), MARIA, tmp_path)
    assert book.sheetnames == [
        *("Mina elever", "Elever", "Inte längre på listan", "Elever vi inte kan se"),
        "Data saknas",
    ]
    sheet = book["Mina elever"]
    assert sheet.page_setup.orientation == "portrait"
    widths = [column.width for column in sheet.column_dimensions.values()]
    printed = min(1, A4_PIXELS / sum(int(7 * width) + 5 for width in widths))
    sizes = {cell.font.sz for row in sheet for cell in row if cell.value is not None}
    assert min(sizes) * printed >= 10


def test_every_sheet_of_a_mentor_prints_upright_and_nothing_smaller_than_ten_points(
    tmp_path: Path,
) -> None:
    weeks = YearWeeks(date(2026, 8, 17), (1500,) * 30, (300,) * 30)
    rows = tuple(replace(pupil, year_weeks=weeks) for pupil in everything().pupils)
    book = workbook_of(replace(everything(), pupils=rows), MARIA, tmp_path)
    assert len(book.sheetnames) > 3
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "portrait"
        points = min(cell.font.size for row in sheet.iter_rows() for cell in row if cell.value)
        wide = sum(one.width for one in sheet.column_dimensions.values())
        # A sheet that is fitted to the page's width is shrunk by as much as it is wider.
        setup = sheet.sheet_properties.pageSetUpPr
        scale = min(1, 106 / wide) if setup and setup.fitToPage else 1.0
        assert points * scale * (sheet.page_setup.scale or 100) / 100 >= 10, sheet.title
        for merged in sheet.merged_cells.ranges:
            of = [
                sheet.column_dimensions[get_column_letter(n)].width
                for n in range(merged.min_col, merged.max_col + 1)
            ]
            assert sum(of) * scale <= 106, sheet.title


def test_a_mentors_page_prints_upright_and_nothing_smaller_than_ten_points(tmp_path: Path) -> None:
    style = re.search(r"<style>(.*?)</style>", page_of(everything(), MARIA, tmp_path), re.DOTALL)
    assert style
    last_page = re.findall(r"@page { size: ([^;]*);", style[1])[-1]
    assert last_page == "A4 portrait"
    of_print = style[1].rpartition("@media print")[2]
    assert all(float(size) >= 10 for size in re.findall(r"font-size: ([0-9.]+)pt", of_print))


def test_each_pupil_has_the_next_step_of_the_mentor(tmp_path: Path) -> None:
    text = page_of(everything(), MARIA, tmp_path)
    assert "Mentor tar upp det med rektor, som" in text
    assert "vårdnadshavarna" in text
    assert "Mindre frånvaro: når ingen gräns längre" in text


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("unreported", "too_few_days"), "Se till att lektionerna som saknar rapport"),
        (("too_few_days",), "För få skoldagar för att räkna."),
        (("unknown_grade",), "Se till att elevens årskurs"),
    ],
)
def test_what_to_do_about_too_little_data_depends_on_what_is_missing(
    tmp_path: Path, reasons: tuple[str, ...], expected: str
) -> None:
    half = make.sums(100, of=3000, scheduled=6000)
    doubts = tuple(
        make.evidence(
            "mentor_followup", half, verdict="insufficient", certainty=None, reason=reason
        )
        for reason in reasons
    )
    unsure = make.unassessed(mentor="Maria Lindqvist", evidence=doubts)
    assert expected in page_of(make.watchlist(insufficient=(unsure,)), MARIA, tmp_path)


def test_a_mentor_with_only_unassessed_pupils_reads_no_good_news(tmp_path: Path) -> None:
    unsure = make.watchlist(insufficient=(make.unassessed(mentor="Maria Lindqvist"),))
    text = page_of(unsure, MARIA, tmp_path)
    assert "Ingen av dina elever" not in text
    assert "För 1 elev räcker uppgifterna inte; det betyder inte att frånvaron är låg." in text


def test_who_is_most_absent_stands_first_and_no_level_is_named(tmp_path: Path) -> None:
    text = page_of(everything(), MARIA, tmp_path)
    assert text.index("Andersson, Alva") < text.index("Andersson, Elias") < text.index("Ek, Nils")
    assert "Nivå 3" not in text
