"""Deltagaruppföljningen: a row a case, absence filled in, and a team's own file read back."""

from __future__ import annotations

import io
from datetime import date
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from tests.portal.small_home import (
    OTHER_SCHOOL,
    OTHER_TEAM,
    SCHOOL,
    TEAM,
    enrol,
    names_of,
    opened_by,
    portal_home,
    pupils_of,
    rektor_of,
    say,
    visit_as,
)

FILE = "/team/deltagaruppfoljning/fil/"
READ = "/team/deltagaruppfoljning/lasa-in/"


pytestmark = pytest.mark.usefixtures("nothing_said")


def sheet(address: str = TEAM) -> tuple[openpyxl.Workbook, list[dict[str, Any]]]:
    """Return the workbook that somebody fetches, and its rows by heading."""
    answer = opened_by(address).get(FILE)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book.worksheets[0].iter_rows(min_row=3, values_only=True))
    headings = [str(heading) for heading in rows[0]]
    return book, [dict(zip(headings, row, strict=True)) for row in rows[1:]]


def sent(book: openpyxl.Workbook, address: str = TEAM) -> tuple[int, str]:
    """Send a workbook as somebody; returns status and page."""
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    made.name = "mitt.xlsx"
    answer = opened_by(address).post(READ, {"file": made})
    return answer.status_code, answer.content.decode()


def put(book: openpyxl.Workbook, row: int, **cells: Any) -> None:
    """Fill in cells of a data row, from 0, by heading with _ for blanks."""
    page = book.worksheets[0]
    headings = [cell.value for cell in page[3]]
    for heading, value in cells.items():
        page.cell(4 + row, headings.index(heading.replace("_", " ")) + 1).value = value


def events() -> list[tuple[str, str]]:
    from portal.models import Event

    return list(Event.objects.order_by("id").values_list("kind", "value"))


def test_a_case_has_a_row_without_the_name_of_the_pupil() -> None:
    pupil = pupils_of(SCHOOL, 8)[0]
    enrol(pupil)
    say(pupil, "factor", "school")
    say(pupil, "factor", "family")
    say(pupil, "measure", "structure_1")
    say(pupil, "measure_extent", "structure_1:weekly")
    say(pupil, "measure", "cooperation_4")
    say(pupil, "goal_met", "partly")
    book, (row,) = sheet()
    assert row["Skola"] == "Exempelskolan Norra Alen"
    assert row["Skolenhetskod"] == SCHOOL
    assert row["Årskurs vid inskrivning"] == 8
    assert row["Kön"] in {"Flicka", "Pojke"}
    assert row["Ålder vid inskrivning"] in range(13, 16)
    assert row["Orsaksgrupper"] == "Skolrelaterade faktorer; Familjrelaterade faktorer"
    assert row["Insatser och omfattning"] == "Veckoplanering (varje vecka); SIP"
    assert row["Mål uppfyllda"] == "Delvis"
    assert row["Utskriven"] is None
    assert row["Frånvaro vid avslut"] is None
    named = names_of(pupil)
    written = {str(cell) for page in book for cells in page.values for cell in cells if cell}
    for word in (named.given, named.family, named.civic_no, pupil):
        assert not any(word in cell for cell in written)


def test_absence_is_of_the_schools_last_sixty_days_and_cut() -> None:
    """Counted by hand over the days themselves."""
    pupil = pupils_of(SCHOOL, 8)[0]
    enrol(pupil, "2026-11-16")
    say(pupil, "team_step", "step_7_completed", "2026-11-20")
    _, (row,) = sheet()
    with_lessons, minutes = portal_home().look(
        lambda lake: (
            [
                day
                for (day,) in lake.rows(
                    "SELECT DISTINCT lesson_date FROM absence_daily WHERE school_unit_code = $s "
                    "ORDER BY 1",
                    s=SCHOOL,
                )
            ],
            {
                day: (scheduled, reported, absent)
                for day, scheduled, reported, absent in lake.rows(
                    "SELECT lesson_date, sum(scheduled_minutes), sum(reported_minutes), "
                    "sum(valid_minutes + invalid_minutes) FROM absence_daily "
                    "WHERE pupil_key = cast($k AS UUID) GROUP BY 1",
                    k=pupil,
                )
            },
        )
    )
    for moment, before in (("inskrivning", date(2026, 11, 16)), ("avslut", date(2026, 11, 20))):
        days = [day for day in with_lessons if day < before][-60:]
        assert len(days) == 60, "the sample has more days than are counted"
        scheduled, reported, absent = (
            sum(minutes.get(day, (0, 0, 0))[n] for day in days) for n in range(3)
        )
        tenths = Fraction(absent, reported) * 1000
        assert row[f"Frånvaro vid {moment}"] == int(tenths) / 1000, moment
        assert row[f"Rapporterat vid {moment}"] == reported * 1000 // scheduled / 1000
        assert row[f"Skoldagar vid {moment}"] == 60


def test_absence_of_which_nothing_was_reported_is_not_said() -> None:
    from portal.follow_up.case_rows import Amount

    assert Amount(60, 3000, 0, 0).rate is None
    assert Amount(60, 0, 0, 0).coverage is None
    pupil = pupils_of("99999904")[0]  # a school that sends sums of months, no lessons
    enrol(pupil)
    from portal.follow_up.case_rows import case_rows
    from portal.follow_up.cases import cases_in
    from portal.follow_up.events import facts_of

    home = portal_home()
    today = home.today()
    cases = cases_in(home, facts_of(home, today, [pupil])[pupil])
    (row,) = home.look(lambda lake: case_rows(lake, today, cases))
    assert (row.began.absence.rate, row.began.absence.coverage) == (None, None)
    assert row.began.grade == 9, "of the sums, where no lesson says it"


def test_only_the_team_of_the_district_reads_it_and_only_its_pupils() -> None:
    here, there = pupils_of(SCHOOL)[0], pupils_of(OTHER_SCHOOL)[0]
    enrol(here)
    enrol(there)
    assert [row["Skolenhetskod"] for row in sheet()[1]] == [SCHOOL]
    assert [row["Skolenhetskod"] for row in sheet(OTHER_TEAM)[1]] == [OTHER_SCHOOL]
    for page in ("/team/deltagaruppfoljning/", FILE, "/team/siffror/"):
        assert opened_by(rektor_of(SCHOOL)).get(page).status_code == 404
    say(here, "consent", "withdrawn")
    assert sheet()[1] == [{**dict.fromkeys(sheet()[1][0]), "Ärende": "Inget ärende."}]


def test_fetching_it_is_in_the_log_of_each_pupil_before_it_is_given() -> None:
    from portal.models import AccessEntry

    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    sheet()
    logged = AccessEntry.objects.filter(kind="case_sheet").values_list("pupil_key", flat=True)
    assert set(logged) == {"", pupil}


def test_what_a_text_begins_with_makes_no_formula() -> None:
    from portal.follow_up.case_rows import NOTHING, CaseRow, Moment
    from portal.follow_up.case_sheet import workbook_of
    from portal.follow_up.cases import cases_in
    from portal.follow_up.events import facts_of

    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    home = portal_home()
    (case,) = cases_in(home, facts_of(home, home.today(), [pupil])[pupil])
    began = Moment(date(2026, 11, 2), 8, 14, NOTHING)
    for start in ("=", "+", "-", "@", "\t", "\r"):
        row = CaseRow(case, SCHOOL, f"{start}1+1", "", "girl", began, None)
        book = openpyxl.load_workbook(io.BytesIO(workbook_of([row], home.now())))
        cell = book.worksheets[0]["D4"]
        assert (cell.data_type, cell.quotePrefix) == ("s", True), repr(start)


def test_a_file_that_is_sent_back_as_it_was_changes_nothing() -> None:
    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    say(pupil, "factor", "school")
    say(pupil, "result", "reached")
    before = events()
    book, _ = sheet()
    status, page = sent(book)
    assert status == 200
    assert "1 rad lästa:</b> 0 med något nytt, 1 utan ändring, 0 avvisade" in page
    assert "Att veta" not in page, "and says nothing of columns that are as they were"
    assert events() == before


def test_what_a_team_fills_in_becomes_events_once() -> None:
    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    book, _ = sheet()
    put(
        book,
        0,
        Orsaksgrupper="Skolrelaterade faktorer; ytterligare faktorer",
        Insatser_och_omfattning="Veckoplanering (varje vecka); SIP",
        Utskriven=date(2026, 11, 20),
        Avslutsorsak="Fullföljt",
        Resultat="Önskat resultat",
        Mål_uppfyllda="Ja",
        Elevens_nöjdhet="Nöjd",
        Vårdnadshavares_nöjdhet="Inte tillfrågad",
    )
    before = events()
    status, page = sent(book)
    assert (status, "1 med något nytt" in page) == (200, True)
    assert events()[len(before) :] == [
        ("factor", "school"),
        ("factor", "further"),
        ("measure", "structure_1"),
        ("measure_extent", "structure_1:weekly"),
        ("measure", "cooperation_4"),
        ("result", "reached"),
        ("goal_met", "yes"),
        ("pupil_satisfaction", "satisfied"),
        ("guardian_satisfaction", "not_asked"),
        ("team_step", "step_7_completed"),
    ]
    after = events()
    status, page = sent(book)
    assert "0 med något nytt, 1 utan ändring, 0 avvisade" in page, "a second time nothing is new"
    assert events() == after
    (row,) = sheet()[1]
    assert row["Utskriven"].date() == date(2026, 11, 20)
    assert row["Avslutsorsak"] == "Fullföljt"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("Orsaksgrupper", "Läxor", "Skolrelaterade faktorer | Individrelaterade"),
        ("Insatser_och_omfattning", "Trolleri", "insatser ur verktygslådan"),
        ("Insatser_och_omfattning", "SIP (ibland)", "inom parentes: En gång"),
        ("Resultat", "bra", "Önskat resultat | Delvis"),
        ("Mål_uppfyllda", "=1+1", "Ja | Delvis | Nej"),
        ("Elevens_nöjdhet", "5", "Mycket nöjd | Nöjd"),
        ("Avslutsorsak", "Slut", "Fullföljt | I förtid | Flytt"),
        ("Skolenhetskod", "99999902", "skolenheten som ärendet hör till"),
        ("Läst_till", "nyss", "talet som stod där"),
        ("Ärende", "SST-0000000000", "ett ärende som teamet har"),
        ("Ärende", "=HYPERLINK(1)", "ett ärende som teamet har"),
    ],
)
def test_a_row_with_a_fault_is_refused_whole(column: str, value: str, expected: str) -> None:
    pupils = pupils_of(SCHOOL)[:2]
    for pupil in pupils:
        enrol(pupil)
    before = events()
    book, _ = sheet()
    put(book, 0, Vårdnadshavares_nöjdhet="Nöjd")
    put(book, 1, Vårdnadshavares_nöjdhet="Nöjd")
    put(book, 0, **{column: value})
    status, page = sent(book)
    assert status == 200
    assert "2 rader lästa:</b> 1 med något nytt, 0 utan ändring, 1 avvisade" in page
    assert '<th scope="row">4</th>' in page
    assert f"<td>{column.replace('_', ' ')}</td>" in page
    assert expected in page
    assert events()[len(before) :] == [("guardian_satisfaction", "satisfied")], "the other row's"


@pytest.mark.parametrize(
    ("day", "why", "expected"),
    [
        (date(2026, 11, 24), "Slutade komma", "en dag mellan 2026-11-02 och 2026-11-23"),
        (date(2026, 11, 1), "Slutade komma", "en dag mellan 2026-11-02 och 2026-11-23"),
        ("i fredags", "Slutade komma", "en dag mellan 2026-11-02 och 2026-11-23"),
        (date(2026, 11, 20), "", "varför ärendet avslutas i förtid"),
        (date(2026, 11, 20), "har autism", "Inga diagnoser eller orsaker"),
        (date(2026, 11, 20), "ring 20120314-9812", "personnummer"),
    ],
)
def test_an_end_needs_a_day_that_was_and_a_reason_that_may_be_kept(
    day: object, why: str, expected: str
) -> None:
    enrol(pupils_of(SCHOOL)[0])
    before = events()
    book, _ = sheet()
    put(book, 0, Utskriven=day, Avslutsorsak="I förtid", Varför_i_förtid=why)
    status, page = sent(book)
    assert (status, expected in page) == (422, True)
    assert events() == before


def test_an_older_file_takes_nothing_newer_back() -> None:
    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    say(pupil, "result", "too_early")
    book, _ = sheet()
    say(pupil, "result", "reached")
    before = events()
    status, page = sent(book)
    assert (status, "hämta filen på nytt" in page) == (422, True)
    assert events() == before


def test_a_row_of_another_teams_case_is_as_one_of_no_case() -> None:
    enrol(pupils_of(SCHOOL)[0])
    enrol(pupils_of(OTHER_SCHOOL)[0])
    book, _ = sheet(OTHER_TEAM)
    put(book, 0, Resultat="Önskat resultat")
    theirs = sent(book)
    put(book, 0, Ärende="SST-FFFFFFFFFF")
    nobodys = sent(book)
    assert theirs[0] == nobodys[0] == 422
    assert "ett ärende som teamet har" in theirs[1]
    assert ("result", "reached") not in events()


def test_a_case_that_stands_twice_in_a_file_is_taken_once() -> None:
    enrol(pupils_of(SCHOOL)[0])
    book, (row,) = sheet()
    put(book, 0, Resultat="Önskat resultat")
    put(book, 1, **{name.replace(" ", "_"): value for name, value in row.items()})
    put(book, 1, Resultat="Inget resultat")
    _, page = sent(book)
    assert "2 rader lästa:</b> 1 med något nytt, 0 utan ändring, 1 avvisade" in page
    assert [value for kind, value in events() if kind == "result"] == ["reached"]


def test_what_the_program_fills_in_is_not_taken_from_a_file_and_that_is_said() -> None:
    enrol(pupils_of(SCHOOL)[0])
    book, _ = sheet()
    put(book, 0, Frånvaro_vid_inskrivning=0.999, Kön="Okänd")
    book.worksheets[0].cell(3, 40).value = "Egen kolumn"
    _, page = sent(book)
    assert "Rad 4, Frånvaro vid inskrivning" in page
    assert "Rad 4, Kön" in page
    assert "Kolumnen ”Egen kolumn” känns inte igen" in page


def test_a_cell_that_was_emptied_takes_nothing_back_and_that_is_said() -> None:
    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    say(pupil, "factor", "school")
    say(pupil, "result", "reached")
    before = events()
    book, _ = sheet()
    put(book, 0, Orsaksgrupper=None, Resultat=None)
    _, page = sent(book)
    assert "Rad 4, Orsaksgrupper: Skolrelaterade faktorer står kvar i portalen" in page
    assert "Rad 4, Resultat: Önskat resultat står kvar i portalen" in page
    assert events() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"namn;klass\n", "ingen Excel-arbetsbok"),
        (b"PK\x03\x04" + b"x" * 200, "går inte att läsa"),
        (b"", "Ingen fil kom fram"),
        (b"PK\x03\x04" + b"\0" * (2 << 20), "Filen är större än 2 MB"),
        (b"PK\x03\x04" + b"\0" * (5 << 20), "Ingen fil kom fram"),
    ],
)
def test_a_file_that_is_no_such_workbook_changes_nothing(content: bytes, words: str) -> None:
    enrol(pupils_of(SCHOOL)[0])
    made = io.BytesIO(content)
    made.name = "x.xlsx"
    answer = opened_by(TEAM).post(READ, {"file": made})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not [*portal_home().folder.joinpath("portal").glob("read-*")], "and is kept nowhere"


def test_a_workbook_without_a_column_says_which() -> None:
    enrol(pupils_of(SCHOOL)[0])
    book, _ = sheet()
    page = book.worksheets[0]
    for cell in page[3]:
        if cell.value in {"Resultat", "Läst till"}:
            cell.value = "x"
    status, said = sent(book)
    assert (status, "Kolumner saknas på rad 3: Läst till, Resultat." in said) == (422, True)


def test_a_file_is_read_back_only_with_the_sessions_token() -> None:
    from django.test import Client

    browser = opened_by(TEAM)
    strict = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    book, _ = sheet()
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    assert strict.post(READ, {"file": made}).status_code == 403


def test_who_is_raised_again_has_another_case() -> None:
    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil, "2026-09-01")
    say(pupil, "result", "not_reached")
    say(pupil, "team_step", "step_7_early", "2026-10-01", text="Orkade inte")
    say(pupil, "pupil_satisfaction", "dissatisfied")
    say(pupil, "team_step", "step_2_raised", "2026-11-02")
    first, second = sheet()[1]
    assert first["Ärende"] != second["Ärende"]
    assert (first["Resultat"], first["Elevens nöjdhet"]) == ("Inget resultat", "Missnöjd")
    assert first["Varför i förtid"] == "(står på elevens sida)", "a text stays where it was said"
    assert (second["Resultat"], second["Utskriven"]) == (None, None)
    assert second["Inskriven"].date() == date(2026, 11, 2)


def test_the_team_notes_it_on_the_pupils_page_too() -> None:
    from tests.portal.small_home import reference_of

    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    browser, address = opened_by(TEAM), f"/elev/{reference_of(pupil)}/"
    (row,) = sheet()[1]
    assert f"Ärende {row['Ärende']}" in browser.get(address).content.decode()
    told = {
        "measure": "structure_1",
        "extent": "daily",
        "result": "reached",
        "pupil_satisfaction": "very_satisfied",
        "guardian_satisfaction": "satisfied",
    }
    assert browser.post(f"{address}uppfoljning/", told).status_code == 302
    (row,) = sheet()[1]
    assert row["Insatser och omfattning"] == "Veckoplanering (varje skoldag)"
    assert (row["Resultat"], row["Elevens nöjdhet"]) == ("Önskat resultat", "Mycket nöjd")
    refused = browser.post(f"{address}uppfoljning/", {"extent": "daily"})
    assert "Välj insatsen som omfattningen gäller" in refused.content.decode()
    theirs = opened_by(rektor_of(SCHOOL))
    assert "Mycket nöjd" not in theirs.get(address).content.decode(), "of the team alone"
    assert theirs.post(f"{address}uppfoljning/", told).status_code == 422


def cases(districts: dict[str, int], **of_all: Any) -> list[Any]:
    """Make rows of cases, so many a district."""
    from portal.follow_up.case_rows import NOTHING, CaseRow, Moment
    from portal.follow_up.cases import cases_in
    from portal.follow_up.events import facts_of

    pupil = pupils_of(SCHOOL)[0]
    enrol(pupil)
    home = portal_home()
    (case,) = cases_in(home, facts_of(home, home.today(), [pupil])[pupil])
    began = Moment(date(2026, 11, 2), 8, 14, NOTHING)
    return [
        CaseRow(case, SCHOOL, "Skola", district, "girl" if n % 2 else "boy", began, None)
        for district, count in districts.items()
        for n in range(count)
    ]


def test_small_counts_are_hidden_and_do_not_follow_from_others() -> None:
    from portal.follow_up.case_figures import ALL, DISTRICT, figures

    rows = figures(cases({"A": 30, "B": 24, "C": 4}))
    shown = {(row.grouping, row.group): row.counts["enrolled"] for row in rows}
    assert shown[ALL, ()] == 58
    assert shown[DISTRICT, ("C",)] is None
    assert None in {shown[DISTRICT, ("A",)], shown[DISTRICT, ("B",)]}, "58 - 30 - 24 is four"
    assert all(value is None or value == 0 or value >= 10 for value in shown.values())


def test_two_small_groups_are_not_told_together() -> None:
    from dataclasses import replace

    from portal.follow_up.case_figures import BAND, DISTRICT, figures

    rows = cases({"A": 40})
    older = [replace(row, began=replace(row.began, grade=8)) for row in rows[:37]]
    others = [
        replace(row, began=replace(row.began, grade=grade))
        for row, grade in zip(rows[37:], (2, 2, 5), strict=True)
    ]
    shown = {(one.grouping, one.group): one.counts["enrolled"] for one in figures(older + others)}
    assert shown[DISTRICT, ("A",)] == 40
    assert shown[BAND, ("early",)] is None
    assert shown[BAND, ("late",)] is None, "40 - 37 is the three of the two hidden groups"


def test_a_team_reads_its_own_district_and_an_analyst_every_row() -> None:
    from tests.portal.small_home import ANALYST

    for pupil in pupils_of(SCHOOL)[:12]:
        enrol(pupil)
    for pupil in pupils_of(OTHER_SCHOOL)[:11]:
        enrol(pupil)
    own = opened_by(TEAM).get("/team/siffror/").content.decode()
    assert "Södermalm" in own
    assert "Hässelby" not in own
    assert "<h2>Alla</h2>" not in own
    every = opened_by(ANALYST).get("/siffror/").content.decode()
    assert "Hässelby-Vällingby" in every
    assert '<th scope="row">Alla</th><td>23</td>' in every
    assert opened_by(TEAM).get("/siffror/").status_code == 404
    assert opened_by(ANALYST).get("/team/siffror/").status_code == 404
    assert opened_by(ANALYST).get("/siffror/?termin=2031-ht").status_code == 404


def test_nobody_whose_consent_ended_is_counted() -> None:
    from portal.views.figures import counted_cases

    here = pupils_of(SCHOOL)[:3]
    for pupil in here:
        enrol(pupil)
    say(here[0], "consent", "withdrawn")
    assert {row.case.pupil_key for row in counted_cases(visit_as(TEAM))} == set(here[1:])
