"""The school year as curves and words: gaps are gaps, and a week is what its list told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.watchlists.curves import Season, counted_weeks, season_shares
from assets.watchlists.decisions import Question, question_counts
from assets.watchlists.mentor_lists import mentors_on, watchlist_of_mentor
from assets.watchlists.model import ToldWeek, Watchlist, YearWeeks
from assets.watchlists.page.curves import axes, pupil_curve, question_curve
from assets.watchlists.page.page import write_page
from assets.watchlists.release.remembered import packed, unpacked
from assets.watchlists.swedish import year_texts
from assets.watchlists.workbook.mentor_workbook import write_mentor_workbook
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make

MONDAY = date(2026, 8, 17)  # v. 34
WEEKS = YearWeeks(MONDAY, (1500, 1500, 0, 1500, 0, 1500), (0, 750, 0, 1500, 0, 599))


def told(week: str, *asked: int, listed: int = 30, of: int = 300) -> ToldWeek:
    mentor, ulf, sst = asked or (0, 0, 0)
    return ToldWeek(week, of, listed, (mentor, ulf, sst))


def points(drawn: str) -> list[list[tuple[int, int]]]:
    """The runs of a curve's line; a dot is a run of one point."""
    (path,) = re.findall(r'<path d="([^"]*)"/></svg>', drawn)
    runs = [run for run in path.split("M") if run]
    found = [[(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", run)] for run in runs]
    # A point alone is drawn as a short dash around it.
    return [[(x + 1, y) for x, y in run] if len(run) == 1 else run for run in found]


def test_a_pupils_line_breaks_where_nothing_was_reported() -> None:
    drawn = str(pupil_curve(make.pupil(year_weeks=WEEKS)))
    assert points(drawn) == [[(42, 48), (50, 28)], [(66, 8)], [(82, 33)]]
    assert 'aria-hidden="true"' in drawn
    assert pupil_curve(make.pupil()) == ""


def test_a_pupils_weeks_are_told_in_words_and_cut_not_rounded() -> None:
    assert year_texts.pupil_weeks(WEEKS) == (
        "v. 34 0,0 %, v. 35 50,0 %, v. 36 ingen rapporterad lektion, v. 37 100,0 %,"
        " v. 38 ingen rapporterad lektion, v. 39 39,9 %"
    )
    assert year_texts.highest_week(WEEKS) == "Högst v. 37: 100,0 %. Senast v. 39: 39,9 %."
    assert year_texts.highest_week(YearWeeks(MONDAY, (0, 0), (0, 0))) == ""


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=53))
def test_every_week_has_a_point_as_high_as_its_share_or_is_a_gap(
    minutes: list[tuple[int, int]],
) -> None:
    weeks = [(max(pair), min(pair)) for pair in minutes]
    year = YearWeeks(MONDAY, tuple(w for w, _ in weeks), tuple(p for _, p in weeks))
    runs = points(str(pupil_curve(make.pupil(year_weeks=year))))
    drawn = {(x - 42) // 8: 48 - y for run in runs for x, y in run}
    assert drawn == {n: 40 * part // whole for n, (whole, part) in enumerate(weeks) if whole}
    for run in runs:
        assert all(later[0] - earlier[0] == 8 for earlier, later in pairwise(run))
    words = year_texts.pupil_weeks(year).split(", ")
    assert len(words) == len(weeks)
    assert sum(year_texts.NO_LESSON in word for word in words) == len(weeks) - len(drawn)


def test_all_curves_of_a_list_share_one_axis_that_names_the_last_week() -> None:
    rows = (make.pupil("Alva", year_weeks=WEEKS), make.pupil("Bo", year_weeks=WEEKS))
    drawn = str(axes(make.watchlist(*rows)))
    (name,) = re.findall(r'<g class="axis" id="([^"]+)"', drawn)
    assert f'href="#{name}"' in str(pupil_curve(rows[0]))
    assert re.findall(r">(v\. \d+)<", drawn) == ["v. 39", "v. 34"]
    assert axes(make.watchlist(make.pupil())) == ""


def autumn(**other: object) -> Watchlist:
    """A list of week 46 with lists of weeks 43 and 45 before it, and one of the year before."""
    return make.watchlist(
        make.pupil("Alva", level=3),
        make.pupil("Bo", level=1),
        told_weeks=(
            told("2025-W50", 9, 3, 1, listed=60),
            told("2026-W43", 12, 4, 2, listed=54),
            told("2026-W45", 10, 5, 0, listed=72),
        ),
        **other,
    )


def test_a_schools_weeks_go_from_the_years_first_list_to_this_one_with_gaps() -> None:
    weeks = counted_weeks(autumn())
    assert [(week.iso_week, week.asked(Question.MENTOR)) for week in weeks] == [
        ("2026-W43", 12),
        ("2026-W44", None),
        ("2026-W45", 10),
        ("2026-W46", 2),
    ]
    assert year_texts.school_weeks(weeks, Question.ULF) == (
        "Elever vecka för vecka: v. 43 4, v. 44 ingen lista, v. 45 5, v. 46 1."
    )
    assert year_texts.span(weeks, Question.MENTOR) == "v. 43–46, högst 12"
    assert points(str(question_curve(weeks, Question.MENTOR))) == [
        [(2, 2)],
        [(98, 7), (146, 27)],
    ]


def test_the_last_point_is_what_the_list_itself_counts() -> None:
    watchlist = autumn()
    counts = [count.pupils for count in question_counts(watchlist)]
    assert [counted_weeks(watchlist)[-1].asked(question) for question in Question] == counts


def test_a_first_list_of_a_year_and_one_that_waits_have_no_curve() -> None:
    assert counted_weeks(make.watchlist(make.pupil())) == ()
    last_year_only = replace(autumn(), told_weeks=(told("2026-W20"),))
    assert counted_weeks(last_year_only) == ()
    assert counted_weeks(replace(autumn(), held=("Väntar.",), pupils_evaluated=0, pupils=())) == ()
    assert question_curve((), Question.SST) == ""


def test_nobody_for_a_question_is_a_line_at_the_bottom_and_no_error() -> None:
    weeks = counted_weeks(replace(autumn(), told_weeks=(told("2026-W45"),), pupils=()))
    assert points(str(question_curve(weeks, Question.SST))) == [[(2, 32), (50, 32)]]


def test_what_to_expect_is_the_schools_own_share_by_season() -> None:
    shares = season_shares(autumn(is_frozen=False))
    assert [(x.season, x.first_year, x.lists, x.lowest, x.highest) for x in shares] == [
        (Season.AUTUMN, 2026, 2, Fraction(54, 300), Fraction(72, 300)),
        (Season.WINTER, 2025, 1, Fraction(60, 300), Fraction(60, 300)),
    ]
    assert year_texts.expected(shares) == (
        "På skolans egna veckolistor har det stått 18,0–24,0 % av eleverna hösten 2026 (2 listor)"
        " och 20,0 % vintern 2025/26 (1 lista)."
    )
    assert year_texts.expected(()) == ""


def test_a_frozen_list_is_one_of_those_that_it_speaks_of() -> None:
    assert [share.lists for share in season_shares(autumn())] == [3, 1]


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 7, 1), Season.AUTUMN),
        (date(2026, 11, 30), Season.AUTUMN),
        (date(2026, 12, 1), Season.WINTER),
        (date(2027, 2, 28), Season.WINTER),
        (date(2027, 3, 1), Season.SPRING),
        (date(2027, 6, 30), Season.SPRING),
    ],
)
def test_seasons_are_compared_with_the_year_before_and_never_across_the_summer(
    day: date, season: Season
) -> None:
    sunday = day + timedelta(days=6 - day.weekday())
    weeks = tuple(
        told(f"{x.isocalendar().year}-W{x.isocalendar().week:02}")
        for back in range(1, 80)
        for x in (sunday - timedelta(weeks=back),)
    )
    found = season_shares(make.watchlist(as_of=day, told_weeks=weeks, is_frozen=False))
    start = day.year if day.month >= 7 else day.year - 1
    assert {share.first_year for share in found} <= {start, start - 1}
    before = [share.season for share in found if share.first_year == start - 1]
    assert before == list(Season)[list(Season).index(season) :][:2]


def test_a_mentor_gets_the_own_pupils_weeks_and_no_number_of_the_school(tmp_path: Path) -> None:
    watchlist = replace(
        autumn(), pupils=tuple(replace(p, year_weeks=WEEKS) for p in autumn().pupils)
    )
    (mentor,) = mentors_on(watchlist)
    mine = watchlist_of_mentor(watchlist, mentor)
    assert mine.told_weeks == ()
    write_page(mine, tmp_path / "mine.html", mentor.name)
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "veckolistor" not in page
    assert 'class="year"' not in page
    assert page.count(year_texts.pupil_weeks(WEEKS)) == len(mine.pupils)


def test_the_first_screen_draws_each_question_and_says_what_to_expect(tmp_path: Path) -> None:
    write_page(autumn(), tmp_path / "list.html")
    page = (tmp_path / "list.html").read_text(encoding="utf-8")
    summary = page[page.index('id="sammanfattning"') : page.index("</section>")]
    assert summary.count('class="year"') == 3
    assert "v. 44 ingen lista" in summary
    assert "veckolistor har det stått" in summary


def test_the_first_sheet_draws_the_numbers_of_the_schools_weeks(path: Path) -> None:
    write_workbook(autumn(), path)
    with ZipFile(path) as parts:
        (drawing,) = (name for name in parts.namelist() if "drawings/drawing" in name)
        (chart,) = (name for name in parts.namelist() if "charts/chart" in name)
        drawn, pointed = parts.read(drawing).decode(), parts.read(chart).decode()
    assert year_texts.school_curves(counted_weeks(autumn())) in drawn
    assert "'Skolans veckor'!$B$4:$B$7" in pointed
    assert 'dispBlanksAs val="gap"' in pointed
    sheet = openpyxl.load_workbook(path)["Skolans veckor"]
    rows = [[cell.value for cell in row[:5]] for row in sheet.iter_rows(min_row=4)]
    assert rows == [
        ["v. 43", 12, 4, 2, 54],
        ["v. 44", None, None, None, None],
        ["v. 45", 10, 5, 0, 72],
        ["v. 46", 2, 1, 1, 2],
    ]


def test_each_pupils_weeks_are_numbers_and_a_gap_is_an_empty_cell(path: Path) -> None:
    watchlist = replace(autumn(), pupils=(make.pupil(year_weeks=WEEKS), make.pupil("Bo")))
    write_workbook(watchlist, path)
    sheet = openpyxl.load_workbook(path)["Vecka för vecka"]
    headings = [cell.value for cell in sheet[3]][4:]
    assert headings == ["v. 34", "v. 35", "v. 36", "v. 37", "v. 38", "v. 39"]
    cells = {row[0].value: [cell.value for cell in row[4:]] for row in sheet.iter_rows(min_row=4)}
    assert cells == {
        "Andersson, Alva": [0, 0.5, None, 1, None, 0.399],
        "Andersson, Bo": [None] * 6,
    }


def test_a_mentors_workbook_has_the_own_pupils_weeks_and_no_chart(path: Path) -> None:
    rows = tuple(replace(pupil, year_weeks=WEEKS) for pupil in autumn().pupils)
    watchlist = replace(autumn(), pupils=rows)
    (mentor,) = mentors_on(watchlist)
    write_mentor_workbook(watchlist_of_mentor(watchlist, mentor), mentor, path)
    book = openpyxl.load_workbook(path)
    assert "Vecka för vecka" in book.sheetnames
    assert "Skolans veckor" not in book.sheetnames
    with ZipFile(path) as parts:
        assert not [name for name in parts.namelist() if "charts/chart" in name]


def test_a_list_as_data_keeps_its_weeks() -> None:
    watchlist = replace(autumn(), pupils=(make.pupil(year_weeks=WEEKS),))
    assert unpacked(packed(watchlist)) == watchlist
