"""The section of pupils at risk of passing a step: what it says, and that it is no flag."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pydantic import TypeAdapter

from assets.watchlists.model import AtRiskRow, Chance, Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.swedish import risk_texts, workbook_texts
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit.watchlist_factory import full_list, sums
from tests.unit.workbook_reader import everything, opened, rows


def row(given: str = "Tove", family: str = "Lund", **other: object) -> AtRiskRow:
    plain = AtRiskRow(
        given_name=given,
        family_name=family,
        birth_date=None,
        school_class="7B",
        grade=7,
        mentor="Maria Lindqvist",
        threshold_bp=20_00,
        is_strict=False,
        one_month=sums(900),
        month_end=Chance(date(2026, 11, 30), 0.62),
        four_weeks=Chance(date(2026, 12, 13), 0.31),
    )
    return replace(plain, **other)  # type: ignore[arg-type]


def with_risk(*rows: AtRiskRow) -> Watchlist:
    return replace(full_list(), at_risk=rows)


def test_the_sheet_says_who_which_step_and_how_likely(tmp_path: Path) -> None:
    sheet = opened(with_risk(row()), tmp_path / "list.xlsx")[workbook_texts.RISK]
    (found,) = rows(sheet)
    assert list(found.values()) == [
        *("Lund, Tove", "7B", 7, "Maria Lindqvist"),
        *(0.2, 0.15, 0.6, 0.3),
    ]
    assert "ingen flagga" in sheet["A2"].value
    # Who is flagged for two months may stand here: over a limit today, but not over this one.
    assert "inte över gränsen för en månad i dag" in sheet["A2"].value


def test_what_an_estimate_means_is_explained_in_the_workbook(tmp_path: Path) -> None:
    text = everything(opened(with_risk(row()), tmp_path / "list.xlsx"))
    assert risk_texts.MEANING in text


def test_the_pupil_stands_in_the_own_section_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_workbook(with_risk(row()), path)
    holding = [
        sheet.title
        for sheet in load_workbook(path).worksheets
        if any("Lund" in str(cell) for line in sheet.iter_rows(values_only=True) for cell in line)
    ]
    assert holding == [workbook_texts.RISK]


def test_the_page_has_the_section_with_what_it_means(tmp_path: Path) -> None:
    path = tmp_path / "list.html"
    write_page(with_risk(row()), path)
    text = path.read_text(encoding="utf-8")
    section = text[text.index('<section id="risk"') : text.index('<section id="data-saknas"')]
    assert "Lund, Tove" in section
    assert risk_texts.MEANING in section
    assert "Lund" not in text.replace(section, "")


def test_without_anybody_there_is_no_section(tmp_path: Path) -> None:
    write_workbook(full_list(), tmp_path / "list.xlsx")
    assert workbook_texts.RISK not in load_workbook(tmp_path / "list.xlsx").sheetnames
    write_page(full_list(), tmp_path / "list.html")
    assert risk_texts.SECTION not in (tmp_path / "list.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.3, "cirka 30 %"),
        (0.349, "cirka 30 %"),
        (0.35, "cirka 40 %"),
        (0.049, "under 5 %"),
        (0.05, "cirka 10 %"),
        (0.949, "cirka 90 %"),
        (0.95, "över 95 %"),
        (1.0, "över 95 %"),
    ],
)
def test_a_probability_is_reported_in_tens(probability: float, text: str) -> None:
    assert risk_texts.chance(Chance(date(2026, 11, 30), probability)) == text


@pytest.mark.parametrize(
    ("probability", "share"),
    [(0.3, 0.3), (0.349, 0.3), (0.35, 0.4), (0.049, 0.05), (0.05, 0.1), (0.949, 0.9), (0.95, 0.95)],
)
def test_a_probability_is_a_number_in_tens_of_the_workbook(
    probability: float, share: float
) -> None:
    assert float(workbook_texts.rounded_chance(probability)) == share


def test_a_horizon_that_is_not_shown_has_no_column_and_a_gap_no_number(tmp_path: Path) -> None:
    one = row(month_end=None)
    table = risk_texts.at_risk_table(with_risk(one))
    assert [c.heading for c in table.columns][-1] == "Chans att vara över 13 dec (30 dagar)"
    assert not any("månaden" in c.heading for c in table.columns)
    both = risk_texts.at_risk_table(with_risk(row(), one))
    assert both.columns[-2].value(one) == "–"


def test_half_a_percent_of_a_step_is_reported() -> None:
    assert risk_texts.step(row(threshold_bp=12_50)) == "risk att nå gränsen 12,5 % på en månad"


def test_a_list_that_was_remembered_before_is_still_read() -> None:
    lists = TypeAdapter(Watchlist)
    old = lists.dump_python(full_list(), mode="json")
    del old["at_risk"]
    assert lists.validate_python(old).at_risk == ()
    new = with_risk(row())
    assert lists.validate_json(lists.dump_json(new)) == new
