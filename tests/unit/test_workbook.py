"""What a school's workbook says, and to whom."""

from __future__ import annotations

import re
import tempfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl.xml import LXML

from assets.watchlists.workbook.workbook import write_workbook
from tests.unit import watchlist_factory as make
from tests.unit.watchlist_factory import full_list
from tests.unit.workbook_reader import (
    FIXED,
    cell_under,
    everything,
    names,
    opened,
    parts,
    rows,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.xlsx"


# --- sheets --------------------------------------------------------------------------------------


def test_a_school_gets_a_summary_a_list_its_mentors_the_doubts_and_the_rules(path: Path) -> None:
    assert opened(full_list(), path).sheetnames == FIXED


def test_the_xml_is_written_by_lxml_which_nobody_here_imports() -> None:
    assert LXML, "openpyxl found no lxml: workbooks would have other bytes, and take longer"


def test_nothing_but_the_given_file_is_written(path: Path) -> None:
    write_workbook(full_list(), path)
    assert list(path.parent.iterdir()) == [path]


def test_no_name_passes_through_the_machines_folder_for_temporary_files(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent / "nowhere"))
    assert names(opened(full_list(), path)["Rektor"])


def test_the_rektor_sees_every_pupil_in_the_order_of_the_list(path: Path) -> None:
    book = opened(full_list(), path)
    assert names(book["Rektor"]) == ["Andersson, Alva", "Öberg, Elias", "Björk, Maja"]


def test_the_rektor_sees_how_many_pupils_of_each_mentor_are_on_the_list(path: Path) -> None:
    table = rows(opened(full_list(), path)["Mentorer"])
    columns = ("Mentor", "Klasser", "Elever på listan", "Att bedöma", "Data räcker inte")
    assert [tuple(row[name] for name in columns) for row in table] == [
        ("Maria Lindqvist", "7B", 1, 1, 0),
        ("Åke Ström", "7B", 2, 1, 1),
        ("Mentor saknas", "7B", 1, 1, 0),
    ]


def test_no_pupil_is_named_beside_the_counts_of_mentors(path: Path) -> None:
    book = opened(full_list(), path)
    values = [str(value) for row in book["Mentorer"].iter_rows(values_only=True) for value in row]
    assert not any(name in text for name in ("Alva", "Elias", "Maja", "Nils") for text in values)


# --- a pupil's row -------------------------------------------------------------------------------


def test_a_row_says_level_rules_certainty_and_margin_in_words(path: Path) -> None:
    row = rows(opened(full_list(), path)["Rektor"])[0]
    assert row["Nivå"] == "▲▲▲ Nivå 3 SST"
    assert row["Gränser som nås"].splitlines() == [
        "ULF-gräns och minst 20 % under 1 månad (30 dagar)",
        "Minst 20 % under 2 månader (60 dagar)",
        "Mer än 10 % under 1 månad (30 dagar)",
    ]
    assert (row["Säkerhet"], row["Marginal"]) == ("Säker", "25 tim över")
    assert (row["Klass"], row["Åk"], row["Skoldagar 30 dagar"]) == ("7B", "7", 20)
    assert (row["Frånvaro oktober"], row["Rapporterad tid 30 dagar"]) == (0.45, 1)


def test_valid_and_invalid_absence_stand_beside_the_whole(path: Path) -> None:
    month = make.sums(900, valid=300)
    row = rows(opened(make.watchlist(make.pupil(one_month=month)), path)["Rektor"])[0]
    shares = [row[f"{kind} 30 dagar"] for kind in ("Frånvaro", "Giltig", "Ogiltig")]
    assert shares == [0.15, 0.05, 0.1]


def test_the_birth_date_is_shown_only_when_it_tells_two_pupils_apart(path: Path) -> None:
    twin = make.pupil("Alva", birth_date=date(2013, 4, 2))
    book = opened(make.watchlist(twin, make.pupil("Alva")), path)
    assert names(book["Rektor"]) == ["Andersson, Alva (f. 2013-04-02)", "Andersson, Alva"]


@pytest.mark.parametrize(
    ("absent", "of", "shown"), [(3996, 10_000, 0.399), (1000, 10_000, 0.1), (1, 3, 0.333)]
)
def test_excel_cannot_round_a_share_up_to_a_step(
    path: Path, absent: int, of: int, shown: float
) -> None:
    book = opened(make.watchlist(make.pupil(one_month=make.sums(absent, of=of))), path)
    cell = cell_under(book["Rektor"], "Frånvaro 30 dagar")
    assert (cell.value, cell.number_format) == (shown, "0.0%")


def test_a_share_that_is_undefined_is_a_dash_and_never_zero(path: Path) -> None:
    nothing = make.sums(0, of=0, scheduled=6000, days=0)
    row = rows(
        opened(make.watchlist(make.pupil(one_month=nothing, calendar_month=None)), path)["Rektor"]
    )[0]
    undefined = ("Frånvaro 30 dagar", "Frånvaro oktober", "Giltig 30 dagar", "Ogiltig 30 dagar")
    assert [row[name] for name in undefined] == ["–"] * 4
    assert row["Rapporterad tid 30 dagar"] == 0  # 0 of 6000 minutes are reported: that is known


def test_what_happened_since_last_week_is_shown_when_it_is_known(path: Path) -> None:
    compared = make.watchlist(
        make.pupil("Alva", "Andersson", history=make.history("continuing")),
        make.pupil("Elias", history=make.history("new")),
        compared_with="2026-W45",
    )
    book = opened(compared, path)
    assert [row["Sedan v. 45"] for row in rows(book["Rektor"])] == ["Kvar", "Ny"]
    summary = [cell.value for cell in book["Sammanfattning"]["B"]]
    assert "Andersson, Elias" in summary
    assert "Andersson, Alva" not in summary
    first_ever = opened(make.watchlist(make.pupil()), path)
    assert "Sedan v. 45" not in [cell.value for cell in first_ever["Rektor"][3]]


# --- the summary ---------------------------------------------------------------------------------


def test_the_summary_counts_the_levels_and_says_that_a_person_decides(path: Path) -> None:
    sheet = opened(full_list(), path)["Sammanfattning"]
    lines = [row[:2] for row in sheet.iter_rows(values_only=True)]
    start = lines.index(("Nivå", "Antal elever")) + 1
    assert lines[start : start + 5] == [
        ("▲▲▲ Nivå 3 SST", 1),
        ("▲▲ Nivå 2 ULF", 1),
        ("▲ Nivå 1 Mentor", 1),
        ("? Data räcker inte", 1),
        ("Skyddade uppgifter", 2),
    ]
    assert sheet["A1"].value == "Frånvarolista v. 46 2026 – Ekbackens skola"
    assert "En person bedömer och beslutar" in sheet["A3"].value


def test_notices_stand_above_the_counts_each_in_its_own_row(path: Path) -> None:
    noticed = make.watchlist(make.pupil(), notices=("Klass 8C saknar rapporter.", "En sak till."))
    column = [cell.value for cell in opened(noticed, path)["Sammanfattning"]["A"]]
    first = column.index("Klass 8C saknar rapporter.")
    assert column[first + 1] == "En sak till."
    assert first + 1 < column.index("Nivå")


def test_dates_are_real_dates(path: Path) -> None:
    book = opened(full_list(), path)
    about = {row[0].value: row[1] for row in book["Sammanfattning"].iter_rows()}
    as_of = about["Uppgifter till och med"]
    assert (as_of.value, as_of.number_format) == (datetime(2026, 11, 15), "yyyy-mm-dd")  # noqa: DTZ001
    lessons = cell_under(book["Otillräckliga data"], "Senaste dag", row=5)
    assert lessons.is_date
    assert lessons.value.date() == date(2026, 11, 12)


def test_a_school_without_a_name_is_shown_by_its_code(path: Path) -> None:
    title = opened(make.watchlist(school_name=""), path)["Sammanfattning"]["A1"].value
    assert title == "Frånvarolista v. 46 2026 – Skolenhet 12345678"


def test_the_number_of_protected_pupils_stands_on_the_summary_alone(path: Path) -> None:
    book = opened(make.watchlist(make.pupil(), protected_pupils=987_654), path)
    with_number = [s.title for s in book for row in s.values for v in row if v == 987_654]
    assert with_number == ["Sammanfattning"]
    assert [name for name, text in parts(path).items() if "987654" in text] == [
        "xl/worksheets/sheet1.xml"
    ]
    with_word = [s.title for s in book for row in s.values for v in row if "kydda" in str(v)]
    assert set(with_word) == {"Sammanfattning"}


def test_a_list_without_pupils_says_so_and_does_not_call_doubt_good_news(path: Path) -> None:
    book = opened(make.watchlist(insufficient=(make.unassessed(),)), path)
    sentence = book["Rektor"]["A4"].value
    assert sentence.startswith("Ingen av eleverna som ingår (312 elever) når någon av gränserna.")
    assert "För 1 elev räcker uppgifterna inte" in sentence
    assert rows(book["Otillräckliga data"])[0]["Elev eller ämne"] == "Ek, Nils"


def test_a_school_with_nothing_at_all_still_gets_a_readable_workbook(path: Path) -> None:
    book = opened(make.watchlist(pupils_evaluated=0), path)
    assert book.sheetnames == FIXED
    assert "säger inget om frånvaron" in book["Rektor"]["A4"].value


# --- doubts and rules ----------------------------------------------------------------------------


def test_doubts_name_the_pupil_the_reason_and_the_lessons_to_report(path: Path) -> None:
    pupil, lessons = rows(opened(full_list(), path)["Otillräckliga data"])
    assert (pupil["Gäller"], pupil["Elev eller ämne"]) == ("Elev", "Ek, Nils")
    assert "frånvaron är mellan 1,6 % och 51,6 %" in str(pupil)
    assert (lessons["Gäller"], lessons["Elev eller ämne"]) == ("Lektioner", "Matematik")
    assert lessons["Lektioner utan rapport"] == 3
    assert lessons["Elevlektioner utan rapport"] == 72
    assert "12 nov 08:20" in str(lessons)


def test_every_rule_is_explained_with_its_limit_days_grades_and_source(path: Path) -> None:
    sheet = opened(full_list(), path)["Så räknas det"]
    table = rows(sheet)[:4]
    assert [row["Gräns"] for row in table] == [
        "Mer än 10 % under 1 månad",
        "Minst 40 % under 1 månad",
        "Minst 20 % under 2 månader",
        "ULF-gräns och minst 20 % under 1 månad",
    ]
    assert [row["Minst skoldagar"] for row in table] == ["5", "10", "20, och 5 i varje halva", "10"]
    assert [row["Årskurser"] for row in table] == ["F–9", "F–9", "F–9", "4–9"]
    assert all(f"Gräns – {make.HANDBOOK}" in row["Källor"] for row in table)


def test_the_terms_and_shared_values_are_explained(path: Path) -> None:
    sheet = opened(full_list(), path)["Så räknas det"]
    pairs = {row[0]: str(row[1]) for row in sheet.iter_rows(values_only=True)}
    assert pairs["Frånvaro (A)"].startswith("A = V + I. Båda räknas")
    assert {"Säker", "Trolig", "Lägst", "Högst"} <= pairs.keys()
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
    styles = {cell.value: cell.style for cell in book["Rektor"][3]}
    assert styles["Namn"] == "lista rubrik"
    assert styles["Klass"] == "lista rubrik mitt"
    first = {
        cell.value: book["Rektor"].cell(4, cell.column or 0).style for cell in book["Rektor"][3]
    }
    assert first["Nivå"] == "lista nivå 3"
    assert first["Namn"] == "lista namn"
    assert first["Frånvaro 30 dagar"] == "lista procent"
    # What a spreadsheet offers under "cell styles" are these, not thousands of copies.
    assert {"lista namn", "lista rubrik", "lista procent"} <= set(book.named_styles)
    assert len(book.named_styles) < 30


def test_the_windows_are_as_long_as_the_rule_set_says_on_every_sheet(path: Path) -> None:
    book = opened(make.full_list_of_weeks(), path)
    assert "Frånvaro 28 dagar" in rows(book["Rektor"])[0]
    assert "Rapporterad tid 56 dagar" in rows(book["Otillräckliga data"])[0]
    text = everything(book)
    assert "28 och 56 dagar" in text
    assert re.findall(r"\b(?:30|60)\b.{0,3} dag", text) == []
