"""What a school's page says, and to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from openpyxl import load_workbook

from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.page_reader import rendered
from tests.unit.watchlist_factory import full_list

# --- whom the page shows to whom -----------------------------------------------------------------


def test_the_rektor_sees_every_pupil_in_the_order_of_the_list(tmp_path: Path) -> None:
    names = rendered(full_list(), tmp_path).names("rektor")
    assert names == ["Andersson, Alva", "Öberg, Elias", "Björk, Maja"]


def test_the_mentors_are_counted_and_their_pupils_are_not_named_again(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert parsed.names("mentorer") == ["Maria Lindqvist", "Åke Ström", "Mentor saknas"]
    part = parsed.by_id("mentorer").text
    assert "rektor utser vem som följer upp" in part
    assert not any(name in part for name in ("Andersson", "Öberg", "Björk", "Ek, Nils"))


def test_the_number_of_protected_pupils_stands_in_the_summary_alone(tmp_path: Path) -> None:
    parsed = rendered(replace(full_list(), protected_pupils=987_654), tmp_path)
    whole, summary = parsed.all("html")[0].text, parsed.by_id("sammanfattning").text
    assert whole.count("987654") == summary.count("987654") == 1
    assert whole.count("kydda") == summary.count("kydda") > 0


def test_the_page_and_the_workbook_show_the_same_rows(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    write_workbook(full_list(), tmp_path / "list.xlsx")
    sheet = load_workbook(tmp_path / "list.xlsx")["Rektor"]
    in_workbook = [
        str(value)
        for row in sheet.iter_rows(min_row=4, values_only=True)
        for value in row
        if isinstance(value, str)
    ]
    whole = parsed.by_id("rektor").text
    missing = [t for text in in_workbook for t in text.splitlines() if t not in whole]
    assert len(in_workbook) >= 3 * 7
    assert missing == []


# --- what the page says --------------------------------------------------------------------------


def test_the_page_says_that_it_is_a_basis_and_that_a_person_decides(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    for place in ("main", "footer"):
        assert "underlag. En person bedömer och beslutar" in parsed.all(place)[0].text
    assert "Klass 8C saknar rapporter." in parsed.all("main")[0].text


def test_shares_are_written_with_a_comma_and_cut_below_a_step(tmp_path: Path) -> None:
    pupil = make.pupil(one_month=make.sums(3996, of=10_000), calendar_month=None)
    cells = rendered(make.watchlist(pupil), tmp_path).all("td", "elev-1")
    shares = [cell.text for cell in cells if cell.attributes.get("class") == "percent"][:6]
    assert shares == ["39,9 %", "15,0 %", "–", "0,0 %", "39,9 %", "100,0 %"]


def test_the_evidence_of_each_pupil_can_be_folded_out(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    folded = parsed.all("details", "elev-1")
    assert len(folded) == 1
    for fact in ("Minst 20 % under 2 månader", "60 dagar: 17 sep–15 nov 2026", "2700", "45,0 %"):
        assert fact in folded[0].text
    assert "Går inte att bedöma" in parsed.all("details", "oviss-1")[0].text


def test_new_pupils_are_named_at_the_top_and_lead_to_their_row(tmp_path: Path) -> None:
    compared = make.watchlist(
        make.pupil("Alva", history=make.history("continuing")),
        make.pupil("Elias", history=make.history("escalated")),
        compared_with="2026-W45",
    )
    links = rendered(compared, tmp_path).all("a", "sammanfattning")
    assert [(a.text, a.attributes["href"]) for a in links] == [("Andersson, Elias", "#elev-2")]


def test_a_list_with_many_new_pupils_says_how_many_more_there_are(tmp_path: Path) -> None:
    pupils = [make.pupil(f"Elev{n}", history=make.history("new")) for n in range(11)]
    summary = (
        rendered(make.watchlist(*pupils, compared_with="2026-W45"), tmp_path)
        .by_id("sammanfattning")
        .text
    )
    assert "Elev7" in summary
    assert "Elev8" not in summary
    assert "och 3 elever till: se Rektor" in summary


def test_nobody_new_is_said_in_words(tmp_path: Path) -> None:
    summary = (
        rendered(
            make.watchlist(
                make.pupil(history=make.history("continuing")), compared_with="2026-W45"
            ),
            tmp_path,
        )
        .by_id("sammanfattning")
        .text
    )
    assert "Ingen elev är ny eller har fått högre nivå sedan förra listan." in summary


def test_a_list_without_pupils_says_so_and_does_not_call_doubt_good_news(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(insufficient=(make.unassessed(),)), tmp_path)
    for place in ("sammanfattning", "rektor"):
        assert "Ingen av eleverna som ingår (312 elever) når någon" in parsed.by_id(place).text
        assert "För 1 elev räcker uppgifterna inte" in parsed.by_id(place).text
    assert parsed.names("otillrackliga") == ["Ek, Nils"]


def test_a_school_with_nothing_at_all_still_gets_a_readable_page(tmp_path: Path) -> None:
    parsed = rendered(make.watchlist(pupils_evaluated=0, school_name=""), tmp_path)
    assert "säger inget om frånvaron" in parsed.by_id("rektor").text
    assert parsed.all("title")[0].text == "Frånvarolista v. 46 2026 – Skolenhet 12345678"
    assert "Ingen mentor har någon elev" in parsed.by_id("mentorer").text


def test_notices_stand_before_the_summary_and_are_left_out_when_there_are_none(
    tmp_path: Path,
) -> None:
    noticed = make.watchlist(make.pupil(), notices=("Klass 8C <saknar> rapporter.", "En sak till."))
    parsed = rendered(noticed, tmp_path)
    notices = next(e for e in parsed.all("ul") if e.attributes.get("class") == "notices")
    assert notices.text.split("\n")[1:-1] == ["Klass 8C <saknar> rapporter.", "En sak till."]
    order = parsed.elements.index
    assert order(notices) < order(parsed.by_id("sammanfattning"))
    plain = rendered(make.watchlist(make.pupil()), tmp_path)
    assert not [e for e in plain.all("ul") if e.attributes.get("class") == "notices"]


def test_the_windows_are_as_long_as_the_rule_set_says_on_the_whole_page(tmp_path: Path) -> None:
    text = rendered(make.full_list_of_weeks(), tmp_path).all("html")[0].text
    for fact in ("Frånvaro 28 dagar", "Frånvaro 56 dagar", "56 dagar: 17 sep", "28 och 56 dagar"):
        assert fact in text
    assert re.findall(r"\b(?:30|60)\b.{0,3} dag", text) == []


def test_unreported_lessons_and_every_rule_are_on_the_page(tmp_path: Path) -> None:
    parsed = rendered(full_list(), tmp_path)
    assert "12 nov 08:20" in parsed.by_id("otillrackliga").text
    method = parsed.by_id("berakning").text
    for fact in ("Mer än 10 %", "Minst 40 %", "20, och 5 i varje halva", "4–9", make.HANDBOOK):
        assert fact in method
