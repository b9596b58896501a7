"""The figure beside a reason is of the window whose limit was reached: page, workbook, mentors'."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.decisions import Question, is_asked
from assets.watchlists.mentor_lists import watchlist_of_mentor
from assets.watchlists.model import Evidence, PupilRow, Watchlist
from assets.watchlists.swedish import decision_texts, mentor_texts, rule_texts, texts
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.mentor_workbook import write_mentor_workbook
from tests.unit import watchlist_factory as make
from tests.unit.page_reader import Page, rendered
from tests.unit.workbook_reader import first_sheet, opened, rows

RULES = {rule.rule: rule for rule in make.RULES}
LATELY = make.sums(318)  # 5.3 % of the rolling month: under every limit
WINDOWS = [
    (basis, window) for basis in ("rolling", "calendar") for window in ("one_month", "two_months")
]
#: Minutes of 6000 in each window that reach every limit, another share in each.
REACHED = dict(zip(WINDOWS, (2700, 2580, 2862, 2466), strict=True))
HITS = [(rule, basis) for rule in RULES for basis in ("rolling", "calendar")]
CASES = [case for size in (1, 2) for case in combinations(HITS, size)]


def hit_of(rule: str, basis: str) -> Evidence:
    return make.evidence(rule, make.sums(REACHED[basis, RULES[rule].window]), basis=basis)


def list_of(case: tuple[tuple[str, str], ...]) -> tuple[Watchlist, PupilRow]:
    """One pupil whose only hits are these; no other window has reached anything."""
    hits = tuple(hit_of(*one) for one in case)
    rolling_month = next(
        (h.sums for h in hits if h.basis == "rolling" and RULES[h.rule].window == "one_month"),
        LATELY,
    )
    pupil = make.pupil(
        level=max(RULES[hit.rule].level for hit in hits),
        evidence=hits,
        one_month=rolling_month,
        history=make.history("new"),
    )
    return make.watchlist(pupil, compared_with="2026-W45"), pupil


def shares(text: str) -> list[str]:
    return re.findall(r"\d+,\d+ %", text.replace("\u00a0", " "))


def shares_hit(pupil: PupilRow, question: Question) -> set[str]:
    """The shares of the windows that raised a question."""
    return {
        shares(texts.percent(hit.sums.rate))[0]
        for hit in pupil.evidence
        if RULES[hit.rule].level == question.value
    }


def said_beside(cell: str, rolling_month: str) -> str:
    """The figure that a reader takes for a question's: its own, else the row's."""
    return (shares(cell) or shares(rolling_month))[0]


def cells_of_page(page: Page, question: Question) -> list[str]:
    kind = f"q-{question.name.lower()}"
    cells = [e.text for e in page.all("td") if kind in e.attributes.get("class", "").split()]
    assert cells, kind
    return cells


def printed_cells(sheet: Worksheet, question: Question) -> list[str]:
    """What a printed sheet says to a question, about each pupil."""
    heading = w.PRINTED_QUESTIONS[list(Question).index(question)]
    rows_of = list(sheet.iter_rows(values_only=True))
    place = next(row.index(heading) for row in rows_of if heading in row)
    name = next(row.index("Namn") for row in rows_of if heading in row)
    cells = [str(row[place]) for row in rows_of if row[name] == "Andersson, Alva"]
    assert cells, heading
    return cells


def percent_of(share: str) -> Decimal:
    return Decimal(share.removesuffix(" %").replace(",", "."))


def steps(question: Question) -> list[Decimal]:
    return [rule.threshold_pct for rule in RULES.values() if rule.level == question.value]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "+".join("-".join(one) for one in case))
def test_no_list_says_a_share_under_the_limit_beside_it(
    case: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    of_all, pupil = list_of(case)
    asked = [question for question in Question if is_asked(of_all, pupil, question)]
    lately = texts.percent(pupil.one_month.rate)
    mentor = pupil.mentors[0]
    own = watchlist_of_mentor(of_all, mentor)
    (tmp_path / "mentor").mkdir()
    pages = (rendered(of_all, tmp_path), rendered(own, tmp_path / "mentor", mentor.name))
    book = opened(of_all, tmp_path / "list.xlsx")
    write_mentor_workbook(own, mentor, tmp_path / "mentor.xlsx")
    mentors_book = load_workbook(tmp_path / "mentor.xlsx")

    # One sentence, which ends with who assesses the highest question.
    sentences = [decision_texts.why_first(of_all, pupil)]
    assert sentences[0] in first_sheet(book)["Andersson, Alva"]
    assert all(sentences[0] in page.by_id("sammanfattning").text for page in pages)
    for sentence in sentences:
        assert shares(sentence)[0] in shares_hit(pupil, asked[-1]), sentence
    # A row: beside each question that is asked.
    sheets = (book["Utskrift"], mentors_book[mentor_texts.PUPILS])
    for question in asked:
        for cell in (cell for page in pages for cell in cells_of_page(page, question)):
            assert said_beside(cell, lately) in shares_hit(pupil, question), cell
        # Paper has room for little: there the row's own figure stands alone where it is over too.
        for cell in (cell for sheet in sheets for cell in printed_cells(sheet, question)):
            assert any(percent_of(said_beside(cell, lately)) >= step for step in steps(question))
    # Facts: the limit, its window, and the share in that window are one verdict's.
    verdicts = {
        (
            rule_texts.rule_name(RULES[hit.rule]),
            rule_texts.basis(hit, RULES[hit.rule]),
            texts.tenths_of_percent(hit.sums.rate or Fraction(0)),
        )
        for hit in pupil.evidence
    }
    for sheet in (book["Elever"], mentors_book["Elever"]):
        row = rows(sheet)[0]
        share = round(row["Frånvaro i fönstret"] * 1000)
        assert (row["Gräns"], row["Gränsens fönster"], share) in verdicts


def test_a_month_that_was_hit_is_told_beside_the_days_since() -> None:
    of_all, pupil = list_of((("mentor_followup", "calendar"),))
    assert decision_texts.why_first(of_all, pupil).replace("\u00a0", " ") == (
        "Ny på listan: 47,7 % frånvaro i oktober, 5,3 % de senaste 30 dagarna, har minskat; mentor"
        " följer upp."
    )
    assert decision_texts.answer_on_row(of_all, pupil, Question.MENTOR).replace("\u00a0", " ") == (
        "Nås okt 47,7 %"
    )


@pytest.mark.parametrize(
    ("rule", "minutes", "printed"),
    [
        ("mentor_followup", 600, "Nås okt 47,7 %"),  # exactly 10 % is not over 10 %
        ("mentor_followup", 601, "Nås"),
        ("ulf_one_month", 2399, "Nås okt 47,7 %"),
        ("ulf_one_month", 2400, "Nås"),  # exactly 40 % is at least 40 %
    ],
)
def test_paper_names_the_window_unless_the_rows_own_share_is_over_too(
    rule: str, minutes: int, printed: str
) -> None:
    pupil = make.pupil(
        level=RULES[rule].level,
        evidence=(hit_of(rule, "calendar"),),
        one_month=make.sums(minutes),
    )
    question = Question(RULES[rule].level)
    said = decision_texts.answer_on_paper(make.watchlist(pupil), pupil, question)
    assert said.replace("\u00a0", " ") == printed
