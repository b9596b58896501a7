"""What a school's workbook says: the decision first, then one fact a column."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl.xml import LXML

from assets.watchlists.model import Mentor, ThinRow, Unseen, Watchlist
from assets.watchlists.swedish import workbook_texts
from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.watchlist_factory import full_list
from tests.unit.workbook_reader import (
    ALWAYS,
    cell_under,
    everything,
    first_sheet,
    names,
    opened,
    parts,
    rows,
)

QUESTIONS = ("Mentor: följ upp", "Rektor: utredning/ULF", "Pröva SST?")


# --- sheets --------------------------------------------------------------------------------------


def test_a_school_gets_the_decision_first_and_a_sheet_for_each_table(path: Path) -> None:
    assert opened(full_list(), path).sheetnames == ALWAYS


def test_a_list_that_is_compared_has_a_sheet_of_those_who_are_gone(path: Path) -> None:
    compared = replace(full_list(), compared_with="2026-W45")
    assert opened(compared, path).sheetnames == [*ALWAYS[:2], "Inte längre på listan", *ALWAYS[2:]]


def test_every_other_sheet_is_one_click_from_the_first(path: Path) -> None:
    book = opened(full_list(), path)
    links = {
        cell.value: cell.hyperlink
        for row in book["Översikt"].iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert list(links) == ALWAYS[1:]
    for name, link in links.items():
        assert (link.location, link.target) == (f"'{name}'!A1", None)


def test_the_xml_is_written_by_lxml_which_nobody_here_imports() -> None:
    assert LXML, "openpyxl found no lxml: workbooks would have other bytes, and take longer"


def test_nothing_but_the_given_file_is_written(path: Path) -> None:
    write_workbook(full_list(), path)
    assert list(path.parent.iterdir()) == [path]


def test_no_name_passes_through_the_machines_folder_for_temporary_files(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent / "nowhere"))
    assert names(opened(full_list(), path)["Elever"])


def test_no_level_is_shown_anywhere(path: Path) -> None:
    compared = replace(
        full_list(),
        compared_with="2026-W45",
        cleared=(make.cleared(),),
        pupils=tuple(replace(p, history=make.history("escalated")) for p in full_list().pupils),
    )
    assert not re.search(r"[Nn]ivå", everything(opened(compared, path)))


# --- the first sheet -----------------------------------------------------------------------------


def compared_list() -> Watchlist:
    new = make.pupil("Alva", level=3, absent=2700, history=make.history("new"))
    higher = make.pupil(
        "Elias", level=3, absent=1800, history=make.history("escalated", previous_level=2)
    )
    kept = make.pupil("Maja", absent=900, history=make.history("continuing", previous_level=1))
    return make.watchlist(new, higher, kept, compared_with="2026-W45", cleared=(make.cleared(),))


def test_the_first_sheet_counts_the_questions_and_who_is_new_to_each(path: Path) -> None:
    found = first_sheet(opened(compared_list(), path))
    assert found["Att bedöma"][:2] == ("Elever", "Nya sedan v. 45")
    assert [found[question][:2] for question in QUESTIONS] == [(3, 1), (2, 1), (2, 2)]
    assert found["Inte längre på listan"][0] == 1


def test_a_first_list_of_a_year_counts_nobody_as_new(path: Path) -> None:
    found = first_sheet(opened(full_list(), path))
    assert [found[question][:2] for question in QUESTIONS] == [(3, None), (2, None), (1, None)]


def test_the_share_of_the_schools_pupils_on_the_list_is_a_number(path: Path) -> None:
    sheet = opened(make.watchlist(make.pupil(), pupils_evaluated=8), path)["Översikt"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "Andel på listan")
    assert (row[1].value, row[1].number_format) == (0.125, "0.0%")
    assert row[3].value == "1 av 8 elever som ingår."


def test_the_first_names_are_reported_with_one_sentence_each(path: Path) -> None:
    found = first_sheet(opened(compared_list(), path))
    assert found["Andersson, Alva"][:2] == (
        "7B",
        (
            "Ny på listan: 45,0 % frånvaro de senaste 30 dagarna; rektor bedömer utredning/ULF"
            " och prövar SST."
        ),
    )
    assert found["Andersson, Maja"][1].startswith("Fortsätter")


def test_of_many_new_pupils_ten_stand_first_and_the_rest_are_counted(path: Path) -> None:
    many = [make.pupil(f"Elev{n:02}", history=make.history("new")) for n in range(13)]
    found = first_sheet(opened(make.watchlist(*many, compared_with="2026-W45"), path))
    assert sum(name.startswith("Andersson, Elev") for name in found) == 10
    assert "och 3 elever till med ny eller ökad frånvaro: se Elever" in found


def test_notices_stand_above_the_counts_each_in_its_own_row(path: Path) -> None:
    noticed = make.watchlist(make.pupil(), notices=("Klass 8C saknar rapporter.", "En sak till."))
    column = [cell.value for cell in opened(noticed, path)["Översikt"]["A"]]
    first = column.index("Klass 8C saknar rapporter.")
    assert column[first + 1] == "En sak till."
    assert first + 1 < column.index("Att bedöma")


def test_the_first_sheet_says_that_a_person_decides(path: Path) -> None:
    sheet = opened(full_list(), path)["Översikt"]
    assert sheet["A1"].value == "Frånvarolista v. 46 2026 – Ekbackens skola"
    assert "En person bedömer och beslutar" in sheet["A3"].value


def test_a_school_without_a_name_is_shown_by_its_code(path: Path) -> None:
    title = opened(make.watchlist(school_name=""), path)["Översikt"]["A1"].value
    assert title == "Frånvarolista v. 46 2026 – Skolenhet 12345678"


def test_the_number_of_protected_pupils_stands_on_the_first_sheet_alone(path: Path) -> None:
    book = opened(make.watchlist(make.pupil(), protected_pupils=987_654), path)
    with_number = [s.title for s in book for row in s.values for v in row if v == 987_654]
    assert with_number == ["Översikt"]
    assert [name for name, text in parts(path).items() if "987654" in text] == [
        "xl/worksheets/sheet1.xml"
    ]
    with_word = [s.title for s in book for row in s.values for v in row if "kydda" in str(v)]
    assert set(with_word) == {"Översikt"}


def test_dates_are_real_dates(path: Path) -> None:
    book = opened(full_list(), path)
    about = {row[0].value: row[1] for row in book["Översikt"].iter_rows()}
    as_of = about["Uppgifter till och med"]
    assert (as_of.value, as_of.number_format) == (datetime(2026, 11, 15), "yyyy-mm-dd")  # noqa: DTZ001
    lessons = cell_under(book["Data saknas"], "Senaste dag")
    assert lessons.is_date
    assert lessons.value.date() == date(2026, 11, 12)


def test_a_list_without_pupils_says_so_and_does_not_call_doubt_good_news(path: Path) -> None:
    book = opened(make.watchlist(insufficient=(make.unassessed(),)), path)
    sentence = book["Elever"]["A4"].value
    assert sentence.startswith("Ingen av eleverna som ingår (312 elever) når någon av gränserna.")
    assert "För 1 elev räcker uppgifterna inte" in sentence
    assert names(book["Elever vi inte kan se"]) == ["Ek, Nils"]


def test_a_school_with_nothing_at_all_still_gets_a_readable_workbook(path: Path) -> None:
    book = opened(make.watchlist(pupils_evaluated=0), path)
    assert book.sheetnames == ALWAYS
    assert "säger inget om frånvaron" in book["Elever"]["A4"].value
    assert "säger inget om frånvaron" in everything(book).split("Titta först på")[1]


def test_a_list_that_waits_counts_nobody(path: Path) -> None:
    waits = make.watchlist(pupils_evaluated=0, held=("Väntar.",), notices=("Väntar.",))
    found = first_sheet(opened(waits, path))
    counted = (*QUESTIONS, "Går inte att bedöma", "Skyddade uppgifter", "Andel på listan")
    assert [found[name][0] for name in counted] == [None] * 6


# --- a pupil's row -------------------------------------------------------------------------------


def test_a_pupils_row_has_one_fact_a_column(path: Path) -> None:
    book = opened(compared_list(), path)
    row = rows(book["Elever"])[1]
    assert [row[question] for question in QUESTIONS] == ["Nås", "Nås", "Nås"]
    assert (row["Namn"], row["Klass"], row["Åk"]) == ("Andersson, Elias", "7B", 7)
    assert (row["Läge"], row["Sedan v. 45"]) == ("Pågår", "Fler frågor")
    assert (row["Frånvaro 30 dagar"], row["Frånvaro 60 dagar"], row["Frånvaro oktober"]) == (
        *(0.3, 0.3, 0.3),
    )
    assert (row["Skoldagar 30 dagar"], row["Rapporterad tid 30 dagar"]) == (20, 1)
    assert row["Gräns"] == "ULF-gräns och minst 20 % under 1 månad"
    assert (row["Gränsens fönster"], row["Timmar över gränsen"]) == ("30 dagar", 10)
    assert row["Underlag"] == "Säkert"


def test_a_pupil_for_the_team_stands_for_the_investigation_too(path: Path) -> None:
    only_team = make.pupil(level=3, evidence=make.pupil(level=3).evidence)
    (row,) = rows(opened(make.watchlist(only_team), path)["Elever"])
    assert (row["Rektor: utredning/ULF"], row["Pröva SST?"]) == ("Nås", "Nås")


def test_likely_and_unclear_answers_have_words_and_a_no_is_empty(path: Path) -> None:
    half = make.sums(1500, of=3000, scheduled=6000)
    likely = make.evidence("mentor_followup", half, certainty="likely")
    doubt = make.evidence("ulf_one_month", half, verdict="insufficient", certainty=None)
    pupil = make.pupil(evidence=(likely, doubt))
    (row,) = rows(opened(make.watchlist(pupil), path)["Elever"])
    assert [row[question] for question in QUESTIONS] == ["Nås troligt", "Oklart", None]
    assert row["Underlag"] == "Troligt"


def test_who_has_less_absence_now_stands_below_those_whose_absence_goes_on(path: Path) -> None:
    month = make.sums(2700)
    calendar = make.evidence("mentor_followup", month, basis="calendar")
    less = make.pupil("Alva", absent=2700, evidence=(calendar,))
    book = opened(make.watchlist(less, make.pupil("Elias", absent=900)), path)
    assert [(row["Namn"], row["Läge"]) for row in rows(book["Elever"])] == [
        ("Andersson, Elias", "Pågår"),
        ("Andersson, Alva", "Minskat"),
    ]


def test_the_preschool_class_sorts_as_zero_and_reads_f(path: Path) -> None:
    book = opened(make.watchlist(make.pupil(grade=0), make.pupil(grade=None)), path)
    cells = [cell_under(book["Elever"], "Åk", row) for row in (4, 5)]
    assert [cell.value for cell in cells] == [0, None]
    assert cells[0].number_format == '[=0]"F";0'


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [("380", 6.34), ("0", 0), ("0.1", 0.01), ("-90", -1.5), ("12.5", 0.21)],
)
def test_only_a_margin_of_nothing_reads_zero_hours(minutes: str, hours: float) -> None:
    assert workbook_texts.hours(Decimal(minutes)) == Decimal(str(hours))


def test_valid_and_invalid_absence_stand_beside_the_whole(path: Path) -> None:
    month = make.sums(900, valid=300)
    row = rows(opened(make.watchlist(make.pupil(one_month=month)), path)["Elever"])[0]
    shares = [row[f"{kind} 30 dagar"] for kind in ("Frånvaro", "Giltig", "Ogiltig")]
    assert shares == [0.15, 0.05, 0.1]


def test_the_birth_date_is_shown_only_when_it_tells_two_pupils_apart(path: Path) -> None:
    twin = make.pupil("Alva", birth_date=date(2013, 4, 2))
    book = opened(make.watchlist(twin, make.pupil("Alva")), path)
    assert names(book["Elever"]) == ["Andersson, Alva (f. 2013-04-02)", "Andersson, Alva"]


@pytest.mark.parametrize(
    ("absent", "of", "shown"), [(3996, 10_000, 0.399), (1000, 10_000, 0.1), (1, 3, 0.333)]
)
def test_excel_cannot_round_a_share_up_to_a_step(
    path: Path, absent: int, of: int, shown: float
) -> None:
    book = opened(make.watchlist(make.pupil(one_month=make.sums(absent, of=of))), path)
    cell = cell_under(book["Elever"], "Frånvaro 30 dagar")
    assert (cell.value, cell.number_format) == (shown, "0.0%")


def test_a_share_that_is_undefined_is_an_empty_cell_and_never_zero(path: Path) -> None:
    nothing = make.sums(0, of=0, scheduled=6000, days=0)
    row = rows(
        opened(make.watchlist(make.pupil(one_month=nothing, calendar_month=None)), path)["Elever"]
    )[0]
    undefined = ("Frånvaro 30 dagar", "Frånvaro oktober", "Giltig 30 dagar", "Ogiltig 30 dagar")
    assert [row[name] for name in undefined] == [None] * 4
    assert row["Rapporterad tid 30 dagar"] == 0  # 0 of 6000 minutes are reported: that is known


# --- those who are gone, and the mentors ---------------------------------------------------------


def test_who_is_gone_has_why_and_what_was_asked_before(path: Path) -> None:
    gone = make.cleared(
        history=make.history("cleared", reason="improved", previous_level=3, weeks_on_list=4)
    )
    listed = make.watchlist(make.pupil(), cleared=(gone,), compared_with="2026-W45")
    (row,) = rows(opened(listed, path)["Inte längre på listan"])
    assert row["Varför"] == "Mindre frånvaro: når ingen gräns längre"
    assert [row[f"Förut: {question}"] for question in QUESTIONS] == ["Ja", "Ja", "Ja"]
    assert row["Veckor på listor i år"] == 4


def test_the_rektor_sees_how_many_pupils_each_mentor_has(path: Path) -> None:
    listed = replace(full_list(), compared_with="2026-W45", cleared=(make.cleared(),))
    table = rows(opened(listed, path)["Mentorer"])
    counted = {
        row["Mentor"]: (
            row["På listan"],
            *(row[question] for question in QUESTIONS),
            row["Går inte att bedöma"],
            row["Inte längre på listan"],
        )
        for row in table
    }
    assert counted == {
        "Maria Lindqvist": (1, 1, 1, 1, 0, 1),
        "Åke Ström": (1, 1, 1, 0, 1, 0),
        "Mentor saknas": (1, 1, 0, 0, 0, 0),
    }
    assert table[-1]["Mentor"] == "Mentor saknas"


def test_two_mentors_of_one_name_have_a_row_each(path: Path) -> None:
    pupils = [make.pupil(mentors=(Mentor(key, "Anna Ek"),)) for key in ("a", "b", "b")]
    table = rows(opened(make.watchlist(*pupils), path)["Mentorer"])
    assert sorted(row["På listan"] for row in table) == [1, 2]


# --- data and rules ------------------------------------------------------------------------------


def test_a_pupil_nobody_sees_is_named_once_with_all_that_is_known(path: Path) -> None:
    unseen = make.unassessed(
        "Nils", "Ek", pupil_key="n", unseen=Unseen(date(2026, 8, 17), date(2026, 9, 30))
    )
    thin = ThinRow("Nils", "Ek", None, "7B", 7, "", 20, date(2026, 10, 19), "n")
    other = replace(thin, given_name="Ida", pupil_key="i")
    listed = make.watchlist(insufficient=(unseen,), thin=(thin, other))
    nils, ida = rows(opened(listed, path)["Elever vi inte kan se"])
    assert (nils["Namn"], nils["Inga lektioner"]) == ("Ek, Nils", "Ja")
    assert nils["På elevlistan sedan"].date() == date(2026, 8, 17)
    assert nils["Senaste lektion på skolan"].date() == date(2026, 9, 30)
    assert "kontakta eleven och vårdnadshavarna" in nils["Att göra"]
    assert [row["Schema mot klassens"] for row in (nils, ida)] == [0.2, 0.2]
    assert (ida["Namn"], ida["Inga lektioner"]) == ("Ek, Ida", None)


def test_a_rule_that_cannot_be_assessed_is_reported_with_its_bounds(path: Path) -> None:
    (row,) = rows(opened(full_list(), path)["Elever vi inte kan se"])
    assert row["Namn"] == "Ek, Nils"
    assert "frånvaron är mellan 1,6 % och 51,6 %" in row["Gräns som inte går att bedöma"]
    assert row["Rapporterad tid 60 dagar"] == 0.5


def test_lessons_nobody_reported_are_numbers_and_dates(path: Path) -> None:
    (row,) = rows(opened(full_list(), path)["Data saknas"])
    assert (row["Klass"], row["Ämne"]) == ("7B", "Matematik")
    counts = ("Lektioner utan rapport", "Varav de senaste 14 dagarna", "Elevlektioner utan rapport")
    assert [row[name] for name in counts] == [3, 2, 72]
    assert row["Första dag"].date() == date(2026, 11, 3)
    assert "12 nov 08:20" in row["Lektioner, senaste först"]


def test_rows_refused_for_a_number_are_reported_where_unseen_pupils_are(path: Path) -> None:
    sheet = opened(make.watchlist(lost_rows=3), path)["Elever vi inte kan se"]
    assert "3 rader i skolans filer har ett personnummer" in sheet["A2"].value


def test_every_verdict_has_a_row_of_numbers(path: Path) -> None:
    listed = full_list()
    table = rows(opened(listed, path)["Underlag"])
    assert len(table) == sum(len(p.evidence) for p in (*listed.pupils, *listed.insufficient))
    first = table[0]
    assert (first["Fråga"], first["Fönster"]) == ("Pröva SST?", "Rullande")
    assert (first["Från"].date(), first["Till"].date()) == (date(2026, 10, 17), make.AS_OF)
    minutes = ("Schemalagt", "Rapporterat", "Giltig", "Ogiltig", "Frånvaro")
    assert [first[f"{name}, min"] for name in minutes] == [6000, 6000, 0, 2700, 2700]
    assert (first["Skoldagar"], first["Frånvaro"], first["Gräns, andel"]) == (20, 0.45, 0.2)
    assert (first["Minuter över gränsen"], first["Utfall"]) == (1500, "Nås")
    doubt = table[-1]
    assert (doubt["Namn"], doubt["Utfall"]) == ("Ek, Nils", "Går inte att bedöma")
    assert (doubt["Andel, lägst"], doubt["Andel, högst"]) == (0.016, 0.516)


def test_every_rule_is_explained_with_its_limit_days_grades_and_source(path: Path) -> None:
    sheet = opened(full_list(), path)["Så räknas det"]
    table = rows(sheet)[:4]
    assert [row["Gräns"] for row in table] == [
        "Mer än 10 % under 1 månad",
        "Minst 40 % under 1 månad",
        "Minst 20 % under 2 månader",
        "ULF-gräns och minst 20 % under 1 månad",
    ]
    assert [row["Fråga"] for row in table] == [QUESTIONS[0], *QUESTIONS[1:2] * 2, QUESTIONS[2]]
    assert [row["Minst skoldagar"] for row in table] == ["5", "10", "20, och 5 i varje halva", "10"]
    assert [row["Årskurser"] for row in table] == ["F–9", "F–9", "F–9", "4–9"]
    assert all(f"Gräns – {make.HANDBOOK}" in row["Källor"] for row in table)


def test_the_terms_and_shared_values_are_explained(path: Path) -> None:
    sheet = opened(full_list(), path)["Så räknas det"]
    pairs = {row[0]: str(row[1]) for row in sheet.iter_rows(values_only=True)}
    assert pairs["Frånvaro (A)"].startswith("A = V + I. Båda räknas")
    assert {"Lägst", "Högst", "Skoldagar"} <= pairs.keys()
    assert pairs["Lägsta andel rapporterad tid"] == "80 %"


def test_the_source_of_a_shared_value_has_room_to_be_read(path: Path) -> None:
    sheet = opened(full_list(), path)["Så räknas det"]
    row = next(cell.row for cell in sheet["A"] if cell.value == "Lägsta andel rapporterad tid")
    assert sheet.cell(row, 3).value == make.OWN_CHOICE
    assert f"C{row}:F{row}" in [str(merged) for merged in sheet.merged_cells.ranges]
    assert (
        sheet.cell(row, 6).border.bottom.style == sheet.cell(row, 1).border.bottom.style == "thin"
    )


def test_a_cell_has_the_named_style_of_what_it_holds(path: Path) -> None:
    book = opened(full_list(), path)
    sheet = book["Elever"]
    styles = {cell.value: cell.style for cell in sheet[3]}
    assert styles["Namn"] == "lista rubrik"
    assert styles["Klass"] == "lista rubrik mitt"
    first: dict[Any, str] = {cell.value: sheet.cell(4, cell.column or 0).style for cell in sheet[3]}
    assert first["Namn"] == "lista elev"
    assert first["Frånvaro 30 dagar"] == "lista procent"
    assert first["Timmar över gränsen"] == "lista timmar"
    # What a spreadsheet offers under "cell styles" are these, not thousands of copies.
    assert {"lista namn", "lista rubrik", "lista procent"} <= set(book.named_styles)
    assert len(book.named_styles) < 45


def test_the_windows_are_as_long_as_the_rule_set_says_on_every_sheet(path: Path) -> None:
    book = opened(make.full_list_of_weeks(), path)
    assert "Frånvaro 28 dagar" in rows(book["Elever"])[0]
    assert "Rapporterad tid 56 dagar" in rows(book["Elever vi inte kan se"])[0]
    text = everything(book)
    assert "28 och 56 dagar" in text
    assert re.findall(r"\b(?:30|60)\b.{0,3} dag", text) == []
