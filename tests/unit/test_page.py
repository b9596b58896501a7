"""What a school's page says, and to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assets.watchlists.decisions import Question, question_counts
from assets.watchlists.mentor_lists import mentors_on, watchlist_of_mentor
from assets.watchlists.mentor_loads import mentor_table
from assets.watchlists.model import Unseen, Watchlist, YearWeeks
from assets.watchlists.page import page
from assets.watchlists.release.remembered import packed
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.page_reader import rendered
from tests.unit.watchlist_factory import full_list

MONTH = make.sums(1800)
OF_OCTOBER = make.evidence("mentor_followup", MONTH, basis="calendar")
IN_DOUBT = make.evidence(
    "ulf_one_month",
    make.sums(100, of=3000, scheduled=6000),
    verdict="insufficient",
    certainty=None,
)


def every_persistence() -> Watchlist:
    """A list with pupils of each persistence and of each kind that is folded or not."""
    return make.watchlist(
        make.pupil("Alva", level=3, absent=2700),
        make.pupil("Bo", level=1, absent=1100),
        make.pupil("Cleo", level=1, evidence=(OF_OCTOBER,)),
        make.pupil("Dana", level=1, evidence=(OF_OCTOBER, IN_DOUBT)),
        make.pupil("Ebbe", level=2, absent=4000),
        insufficient=(
            make.pupil("Dana", level=1, evidence=(OF_OCTOBER, IN_DOUBT)),
            make.unassessed("Nils"),
        ),
        cleared=(make.cleared("Ture"),),
        compared_with="2026-W45",
    )


# --- whom the page shows, and where --------------------------------------------------------------


def test_every_listed_pupil_has_one_row_by_course_the_most_absent_first(tmp_path: Path) -> None:
    page = rendered(every_persistence(), tmp_path)
    assert [page.pupils(part) for part in ("pagar", "oklart", "minskat", "data-saknas")] == [
        ["Andersson, Ebbe", "Andersson, Alva", "Andersson, Bo"],
        ["Andersson, Dana"],
        ["Andersson, Cleo"],
        ["Ek, Nils"],
    ]
    assert len(page.pupils()) == 6
    assert page.names("borta") == ["Lind, Ture"]


def test_who_only_a_mentor_follows_up_is_folded_for_the_rektor_and_counted(tmp_path: Path) -> None:
    page = rendered(every_persistence(), tmp_path)
    folded = {
        name.text
        for name in page.all("bdi")
        if any(parent.attributes.get("class") == "fold" for parent in name.parents)
    }
    assert {name for name in folded if name.startswith("Andersson")} == {
        "Andersson, Bo",
        "Andersson, Cleo",
        "Andersson, Dana",
    }
    assert "1 elev som bara mentor följer upp" in page.by_id("pagar").text
    unclear = "1 elev som bara mentor följer upp, 1 av dem med oklart underlag"
    assert unclear in page.by_id("oklart").text


def test_nothing_is_folded_for_a_mentor_and_no_protected_pupil_is_counted(tmp_path: Path) -> None:
    watchlist = replace(every_persistence(), protected_pupils=3)
    page = rendered(watchlist, tmp_path, mentor="Maria Lindqvist")
    assert [e for e in page.all("details") if e.attributes.get("class") == "fold"] == []
    assert "kydda" not in page.all("html")[0].text
    assert "Mentor: Maria Lindqvist" in page.all("header")[0].text


def test_the_section_of_unclear_courses_is_there_only_when_there_are_some(tmp_path: Path) -> None:
    page = rendered(full_list(), tmp_path)
    assert [e for e in page.elements if e.attributes.get("id") == "oklart"] == []
    assert "Ingen elev." in page.by_id("minskat").text


def test_the_number_of_protected_pupils_stands_in_the_summary_alone(tmp_path: Path) -> None:
    parsed = rendered(replace(full_list(), protected_pupils=987_654), tmp_path)
    whole, summary = parsed.all("html")[0].text, parsed.by_id("sammanfattning").text
    assert whole.count("987654") == summary.count("987654") == 1
    assert whole.count("kydda") == summary.count("kydda") > 0


def test_pupils_whom_nobody_sees_have_a_section_of_their_own(tmp_path: Path) -> None:
    gone = replace(make.unassessed("Selam", "Haile"), evidence=(), unseen=Unseen(None, None))
    page = rendered(make.watchlist(insufficient=(gone,)), tmp_path)
    assert page.names("osedda") == ["Haile, Selam"]
    assert page.pupils() == []
    assert "Ta reda på var elever utan lektioner är" in page.by_id("osedda").text


# --- the first screen ----------------------------------------------------------------------------


def test_the_three_questions_stand_side_by_side_with_what_is_new(tmp_path: Path) -> None:
    new, known = make.history("new"), make.history("continuing", previous_level=3)
    watchlist = make.watchlist(
        make.pupil("Alva", level=3, history=new),
        make.pupil("Bo", level=3, history=known),
        make.pupil("Cleo", level=2, history=new),
        compared_with="2026-W45",
    )
    tiles = next(
        e for e in rendered(watchlist, tmp_path).all("ul") if e.attributes.get("class") == "tiles"
    )
    told = " ".join(tiles.text.split())
    for tile in (
        "Mentor: följ upp 3, 2 nya sedan v. 45",
        "Rektor: utredning/ULF 3, 2 nya sedan v. 45",
        "Pröva SST? 2, 1 ny sedan v. 45",
    ):
        assert tile in told
    assert [count.question for count in question_counts(watchlist)] == list(Question)


def test_ulf_is_spelt_out_where_it_is_read_first(tmp_path: Path) -> None:
    told = rendered(full_list(), tmp_path).by_id("sammanfattning").text
    assert "Upprepad eller längre frånvaro (ULF)" in told
    assert "skolsocialt team (SST)" in told


def test_the_share_of_pupils_on_the_list_is_said_in_numbers(tmp_path: Path) -> None:
    pupils = [make.pupil(f"Elev{n}") for n in range(12)]
    listed = make.watchlist(*pupils, pupils_evaluated=300)
    told = rendered(listed, tmp_path).by_id("sammanfattning").text
    assert "12 av 300 elever, 4,0 %, står på listan." in told


def test_the_first_are_named_with_a_sentence_and_lead_to_their_row(tmp_path: Path) -> None:
    compared = make.watchlist(
        make.pupil("Alva", history=make.history("continuing")),
        make.pupil("Elias", absent=1200, history=make.history("escalated")),
        compared_with="2026-W45",
    )
    page = rendered(compared, tmp_path)
    links = [a for a in page.all("a", "sammanfattning") if "elev" in a.attributes["href"]]
    assert [(a.text, a.attributes["href"]) for a in links] == [
        ("Andersson, Elias", "#elev-2"),
        ("Andersson, Alva", "#elev-1"),
    ]
    assert page.by_id("elev-2").attributes["class"] == "pupil"
    assert (
        "20,0 % frånvaro de senaste 30 dagarna; mentor följer upp."
        in page.by_id("sammanfattning").text
    )


def test_a_list_with_many_new_pupils_names_ten_and_says_how_many_more(tmp_path: Path) -> None:
    pupils = [
        make.pupil(f"Elev{n:02}", absent=2000 - n, history=make.history("new")) for n in range(13)
    ]
    page = rendered(make.watchlist(*pupils, compared_with="2026-W45"), tmp_path)
    summary = page.by_id("sammanfattning").text
    assert "Elev09" in summary
    assert "Elev10" not in summary
    assert "3 elever till är nya eller har fått fler frågor" in summary


def test_a_list_without_pupils_says_so_and_does_not_call_doubt_good_news(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(insufficient=(make.unassessed(),)), tmp_path)
    for place in ("sammanfattning", "pagar"):
        assert "Ingen av eleverna som ingår (312 elever) når någon" in parsed.by_id(place).text
        assert "För 1 elev räcker uppgifterna inte" in parsed.by_id(place).text
    assert parsed.pupils("data-saknas") == ["Ek, Nils"]


def test_a_school_with_nothing_at_all_still_gets_a_readable_page(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(pupils_evaluated=0, school_name=""), tmp_path)
    assert "säger inget om frånvaron" in parsed.by_id("pagar").text
    assert "står på listan" not in parsed.by_id("sammanfattning").text
    assert parsed.all("title")[0].text == "Frånvarolista v. 46 2026 – Skolenhet 12345678"


def test_the_notices_are_counted_and_one_alone_or_a_held_list_shows_them(tmp_path: Path) -> None:
    two = ("Klass 8C <saknar> rapporter.", "En sak till.")

    def notices(**other: object) -> tuple[bool, list[str]]:
        page = rendered(make.watchlist(make.pupil(), **other), tmp_path)
        found = [e for e in page.all("details") if e.attributes.get("class") == "notices"]
        return (
            "open" in found[0].attributes if found else False,
            found[0].text.split("\n")[1:-2] if found else [],
        )

    assert notices() == (False, [])
    is_open, lines = notices(notices=two)
    assert not is_open
    assert [line for line in lines if line] == ["2 meddelanden om uppgifterna", *two]
    assert notices(notices=two[:1])[0]
    assert notices(notices=two, held=("Skäl.",))[0]


# --- a row, and what it opens to -----------------------------------------------------------------


def test_a_row_says_the_three_answers_in_symbol_and_word(tmp_path: Path) -> None:
    likely = make.evidence("ulf_one_month", make.sums(2700), certainty="likely")
    pupil = make.pupil(
        level=2,
        absent=2700,
        evidence=(likely, replace(IN_DOUBT, rule="sst_referral"), OF_OCTOBER),
        history=make.history("continuing", weeks_on_list=3),
    )
    page = rendered(make.watchlist(pupil, compared_with="2026-W45"), tmp_path)
    assert page.cells("elev-1") == {
        "klass": "7B",
        "grade": "7",
        "mentor": "Maria Lindqvist",
        "q-mentor": "● Nås okt 30,0 %",
        "q-ulf": "◐ Nås troligt",
        "q-sst": "? Oklart",
        "absence": "45,0 %",
        "change": "Kvar, 3 v.",
        "pattern": "–",
    }


def test_shares_are_written_with_a_comma_and_cut_below_a_step(tmp_path: Path) -> None:
    pupil = make.pupil(one_month=make.sums(3996, of=10_000), calendar_month=None)
    page = rendered(make.watchlist(pupil), tmp_path)
    assert page.cells("elev-1")["absence"] == "39,9 %"
    told = page.by_id("elev-1").text
    assert "De senaste 30 dagarna: 0,0 % giltig och 39,9 % ogiltig frånvaro" in told
    assert "Frånvaro oktober" not in told


def test_a_row_opens_to_each_limit_once_and_the_next_step(tmp_path: Path) -> None:
    page = rendered(full_list(), tmp_path)
    told = page.by_id("elev-1").text
    for fact in (
        "Nästa steg: Mentor tar upp det med rektor",
        "60 dagar: 17 sep–15 nov 2026",
        "Nås (underlag: säkert)",
        "45,0 %",
        "25 tim över",
    ):
        assert fact in told
    assert told.count("Minst 20 % under 2 månader") == 1
    doubt = page.by_id("oviss-1").text
    assert "Går inte att bedöma: 50,0 % av tiden är rapporterad" in doubt
    assert "3,3 % (mellan 1,6 % och 51,6 %)" in doubt


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_next_step_names_whom_to_talk_with_and_decides_nothing(
    tmp_path: Path, level: int
) -> None:
    told = rendered(make.watchlist(make.pupil(level=level)), tmp_path).by_id("elev-1").text
    words = {1: "vårdnadshavarna", 2: "elevhälsan", 3: "samtycke"}
    assert words[level] in told
    assert not re.search(r"\b(beslutat|beslutats|ska utredas|ska anmälas)\b", told)


# --- what the page says --------------------------------------------------------------------------


def test_the_page_says_that_it_is_a_basis_and_that_a_person_decides(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    for place in ("main", "footer"):
        assert "underlag. En person bedömer och beslutar" in parsed.all(place)[0].text
    assert "Klass 8C saknar rapporter." in parsed.all("main")[0].text


def test_no_numbered_level_stands_anywhere_on_the_page(tmp_path: Path) -> None:
    compared = replace(
        full_list(),
        compared_with="2026-W45",
        cleared=(make.cleared(),),
        pupils=(
            make.pupil(level=2, history=make.history("escalated", previous_level=1)),
            make.pupil(
                level=2,
                history=make.history("lowered", previous_level=3, reason="improved"),
            ),
        ),
    )
    text = rendered(compared, tmp_path).all("body")[0].text
    assert re.findall(r"(?i)\bnivå\w* ?\d?", text) == []


def test_the_windows_are_as_long_as_the_rule_set_says_on_the_whole_page(tmp_path: Path) -> None:
    text = rendered(make.full_list_of_weeks(), tmp_path).all("body")[0].text
    for fact in ("Frånvaro 28 dagar", "Frånvaro 56 dagar", "56 dagar: 17 sep", "28 och 56 dagar"):
        assert fact in text
    assert re.findall(r"\b(?:30|60)\b.{0,3} dag", text) == []


def test_unreported_lessons_and_every_rule_are_on_the_page(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert "12 nov 08:20" in parsed.by_id("data-saknas").text
    method = parsed.by_id("berakning").text
    for fact in ("Mer än 10 %", "Minst 40 %", "20, och 5 i varje halva", "4–9", make.HANDBOOK):
        assert fact in method


def test_the_rektor_reads_on_the_page_what_the_workbook_says_of_mentors(tmp_path: Path) -> None:
    watchlist, folder = full_list(), tmp_path / "rektor"
    folder.mkdir()
    parsed = rendered(watchlist, folder)
    table = mentor_table(watchlist)
    assert parsed.names("mentorer") == [row.mentor or "Mentor saknas" for row in table.rows]
    cells = [element.text for element in parsed.all("td", "mentorer")]
    values = [str(column.value(row)) for row in table.rows for column in table.columns[1:]]
    assert cells == values
    (mentor, *_) = mentors_on(watchlist)
    mine = rendered(watchlist_of_mentor(watchlist, mentor), tmp_path, mentor.name)
    assert "mentorer" not in [one.attributes.get("id") for one in mine.elements]


# --- rows are drawn once for the rektor and the mentor -------------------------------------------


def opened(watchlist: Watchlist, tmp_path: Path, mentor: str | None = None) -> list[str]:
    """What the rows of a page open to."""
    of_list = rendered(watchlist, tmp_path, mentor)
    return [one.text for one in of_list.all("div") if one.attributes.get("class") == "behind"]


def test_a_row_says_what_is_so_now_however_it_was_drawn_before(tmp_path: Path) -> None:
    alva = make.pupil("Alva", absent=2700, pupil_key="a")
    (before,) = opened(make.watchlist(alva), tmp_path)
    (with_other_absence,) = opened(
        make.watchlist(make.pupil("Alva", absent=1200, pupil_key="a")), tmp_path
    )
    (with_longer_windows,) = opened(replace(make.watchlist(alva), one_month_days=28), tmp_path)
    assert "45,0 %" in before
    assert "20,0 %" in with_other_absence
    assert "De senaste 30 dagarna" in before
    assert "De senaste 28 dagarna" in with_longer_windows


def test_a_mentors_page_is_the_same_whether_or_not_the_rektors_came_first(tmp_path: Path) -> None:
    watchlist = make.full_list_of_weeks()
    (mentor, *_) = mentors_on(watchlist)
    mine = watchlist_of_mentor(watchlist, mentor)
    page._LATEST.clear()
    alone = opened(mine, tmp_path, mentor.name)
    page._LATEST.clear()
    of_rektor = opened(watchlist, tmp_path)
    assert opened(mine, tmp_path, mentor.name) == alone
    assert set(alone) < set(of_rektor)
    assert not any(one.name in text for one in mentors_on(watchlist) for text in of_rektor)


def test_a_list_stays_the_same_as_data_when_it_has_been_drawn(tmp_path: Path) -> None:
    year = YearWeeks(date(2026, 11, 2), (600, 0), (60, 0))
    watchlist = make.watchlist(make.pupil("Alva", year_weeks=year))
    before = packed(watchlist)
    rendered(watchlist, tmp_path)
    write_workbook(watchlist, tmp_path / "list.xlsx")
    assert "shares" in vars(year)
    assert packed(watchlist) == before
