"""A pupil who has left the school: nobody's page any more, and still a row of the sheet of cases.

Nothing tells of who has left whether they are protected since, so no name is shown.
"""

from __future__ import annotations

import io
from html import unescape
from typing import Any

import openpyxl

from portal.models import AccessEntry, Event
from portal.views.figures import counted_cases
from portal.views.rules import Visit
from tests.portal.towns import (
    ALM,
    BO,
    MO,
    MONDAY,
    OTHER_TEAM,
    REKTOR,
    TEAM,
    A,
    B,
    Town,
    roster,
    with_move,
    with_pupil,
)

FILE, READ = "/team/deltagaruppfoljning/fil/", "/team/deltagaruppfoljning/lasa-in/"
GOAL = "Kanariefågelsmål"
#: The roster in which the pupil's time at the school is over, and no other has begun.
LEFT = with_pupil(ALM, ends="2026-10-09")


def book_of(town: Town, address: str) -> openpyxl.Workbook:
    answer: Any = town.client(address).get(FILE)
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def rows_of(book: openpyxl.Workbook) -> list[dict[str, Any]]:
    headings, *rows = list(book.worksheets[0].iter_rows(min_row=3, values_only=True))
    found = [dict(zip(map(str, headings), row, strict=True)) for row in rows]
    return [row for row in found if row["Ärende"] != "Inget ärende."]


def read_back(town: Town, book: openpyxl.Workbook, **cells: Any) -> tuple[int, str]:
    page = book.worksheets[0]
    headings = [cell.value for cell in page[3]]
    for heading, value in cells.items():
        page.cell(4, headings.index(heading.replace("_", " ")) + 1).value = value
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    made.name = "mitt.xlsx"
    answer: Any = town.client(TEAM).post(READ, {"file": made})
    return answer.status_code, unescape(answer.content.decode())


def begun(town: Town) -> str:
    """Let there be a case, and return the pupil's page."""
    town.raise_case(ALM)
    town.said(TEAM, ALM, goal=GOAL, team_step="step_3_planned", factor="school")
    return town.url(ALM)


def leave(town: Town) -> None:
    """Let a night bring it."""
    town.night("elever_20261012T0500.csv", LEFT)


def test_who_has_left_has_a_row_that_says_so_and_no_page(own_town: Town) -> None:
    town = own_town
    address = begun(town)
    (before,) = rows_of(book_of(town, TEAM))
    assert before["Läge"] == "Pågår"
    leave(town)
    for who in (REKTOR[A], MO, TEAM):
        for page in ("", "utskrift/", "konsultation/"):
            assert town.client(who).get(address + page).status_code == 404, (who, page)
        assert town.client(who).post(f"{address}uppfoljning/", {"note": "x"}).status_code == 404
    book = book_of(town, TEAM)
    (row,) = rows_of(book)
    assert row["Läge"] == "Har lämnat skolan"
    same = set(row) - {"Läge"}
    assert {name: row[name] for name in same} == {name: before[name] for name in same}
    assert ALM not in str([list(page.values) for page in book])
    assert rows_of(book_of(town, OTHER_TEAM)) == []
    page = unescape(town.client(TEAM).get("/team/").content.decode())
    assert "Har lämnat skolan" in page
    assert row["Ärende"] in page
    for word in (ALM, GOAL, address):
        assert word not in page, word
    logged = AccessEntry.objects.filter(kind="case_sheet").exclude(pupil_key="")
    assert {one.school_unit_code for one in logged} == {A}


def test_the_team_ends_the_case_of_who_has_left_in_its_workbook(own_town: Town) -> None:
    town = own_town
    begun(town)
    leave(town)
    before = Event.objects.count()
    said = {"Utskriven": MONDAY, "Avslutsorsak": "Flytt", "Resultat": "För tidigt att säga"}
    status, page = read_back(town, book_of(town, TEAM), **said)
    assert (status, "1 med något nytt" in page) == (200, True), page
    new = list(Event.objects.order_by("id"))[before:]
    assert [(one.kind, one.school_unit_code) for one in new] == [("result", A), ("team_step", A)]
    (row,) = rows_of(book_of(town, TEAM))
    assert (row["Läge"], row["Avslutsorsak"]) == ("Avslutat", "Flytt")
    assert row["Utskriven"].date() == MONDAY
    assert row["Skoldagar vid avslut"] == 35
    assert row["Frånvaro vid avslut"] == 0.5
    assert row["Ärende"] not in town.client(TEAM).get("/team/").content.decode()
    # And it is counted where cases are.
    assert len(counted_cases(visit(town))) == 1


def visit(town: Town) -> Visit:
    from portal.home import the_home
    from portal.rights import rights_of

    person = town.person(TEAM)
    return Visit(the_home(), person, rights_of(the_home(), person))


def test_who_has_left_and_is_protected_since_is_nowhere(own_town: Town) -> None:
    town = own_town
    begun(town)
    leave(town)
    (row,) = rows_of(book_of(town, TEAM))
    protected = with_pupil(ALM, ends="2026-10-09", protected="Sekretessmarkering")
    town.night("elever_20261013T0500.csv", protected)
    assert rows_of(book_of(town, TEAM)) == []
    page = town.client(TEAM).get("/team/").content.decode()
    assert row["Ärende"] not in page
    assert "Har lämnat skolan" not in page


def test_a_consent_that_ended_before_the_pupil_left_leaves_no_row(own_town: Town) -> None:
    town = own_town
    begun(town)
    town.said(REKTOR[A], ALM, consent="withdrawn")
    leave(town)
    assert rows_of(book_of(town, TEAM)) == []
    assert "Har lämnat skolan" not in town.client(TEAM).get("/team/").content.decode()


def test_who_goes_on_at_another_school_is_no_one_who_left(own_town: Town) -> None:
    town = own_town
    begun(town)
    town.night("elever_20261012T0500.csv", with_move(ALM, B, BO))
    (row,) = rows_of(book_of(town, TEAM))
    assert (row["Läge"], row["Skolenhetskod"]) == ("Pågår", A)
    assert town.client(TEAM).get(town.url(ALM)).status_code == 200
    assert "Har lämnat skolan" not in town.client(TEAM).get("/team/").content.decode()


def test_who_comes_back_is_the_schools_and_the_teams_again(own_town: Town) -> None:
    town = own_town
    address = begun(town)
    leave(town)
    assert town.client(TEAM).get(address).status_code == 404
    town.night("elever_20261013T0500.csv", roster())
    assert town.client(TEAM).get(address).status_code == 200
    (row,) = rows_of(book_of(town, TEAM))
    assert row["Läge"] == "Pågår"


def test_a_workbook_without_the_column_or_of_before_is_read_as_ever(own_town: Town) -> None:
    """A team's own has the columns that it always had."""
    town = own_town
    begun(town)
    book = book_of(town, TEAM)
    page = book.worksheets[0]
    page.delete_cols([cell.value for cell in page[3]].index("Läge") + 1)
    leave(town)
    said = {"Utskriven": MONDAY, "Avslutsorsak": "Flytt"}
    for told in ("1 med något nytt", "0 med något nytt, 1 utan ändring"):
        status, text = read_back(town, book, **said)
        assert (status, told in text) == (200, True), text
    # The file of before the end says another state: nothing of it has to be known.
    status, text = read_back(town, book_of(town, TEAM))
    assert "Läge" not in text.partition("Inläsningen")[2].partition("Hämta")[0]
