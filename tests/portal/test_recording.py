"""What people say of pupils is kept, all of it and once; what stands against it is told in words.

Also run on a Postgres server (`test_postgres.py`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse

from pipelines.settings import STOCKHOLM
from portal.home import the_home
from portal.login.sessions import SessionStore
from portal.models import AccessEntry, Delegation, Event, HandedPupil
from tests.portal.towns import (
    ALM,
    ALM_2,
    BO,
    KURATOR,
    MIA,
    MIAS,
    MO,
    MONDAY,
    OF_B,
    REKTOR,
    ROSTERED,
    TEAM,
    WEEK,
    A,
    B,
    Town,
    roster,
    with_move,
)

only_in_a_file = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the database is a server's"
)
NOTE = "Kanariefågelsanteckning"
READERS = (REKTOR[A], MO, TEAM)


def text_of_page(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def trouble(answer: HttpResponse) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.content.decode(), re.DOTALL)
    return unescape(found[1]) if found else ""


def chosen(answer: HttpResponse, name: str) -> str:
    """What a select of a page that came back has chosen."""
    page = answer.content.decode()
    select = re.search(rf'<select name="{name}">(.*?)</select>', page, re.DOTALL)
    assert select, name
    found = re.search(r'<option value="([^"]*)"[^>]* selected', select[1])
    return found[1] if found else ""


def seen_in(answer: HttpResponse) -> str:
    found = re.search(r'name="seen" value="(\d+)"', answer.content.decode())
    assert found
    return found[1]


def in_row(town: Town, address: str, family: str, **typed: str) -> Any:
    """Send a row's form, as htmx does."""
    return town.client(address).post(
        town.url(family, "uppfoljning/"), {"place": "row", **typed}, HTTP_HX_REQUEST="true"
    )


def test_what_was_said_before_stays_and_the_newest_counts(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    first = Event.objects.values().get()
    town.said(MO, ALM, mentor_status="mapping_started", note="Ringde")
    town.said(REKTOR[A], ALM, mentor_status="mapping_done")
    assert Event.objects.values().first() == first
    statuses = [one.value for one in town.events(ALM) if one.kind == "mentor_status"]
    assert statuses == ["contact_made", "mapping_started", "mapping_done"]
    page = town.client(MO).get(town.url(ALM))
    assert chosen(page, "mentor_status") == "mapping_done"
    assert "Kontakt tagen" in text_of_page(page)


def test_whoever_says_something_is_in_the_access_log(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    entry = AccessEntry.objects.get(kind="changed")
    assert (entry.role, entry.pupil_key, entry.school_unit_code) == ("mentor", town.key(ALM), A)
    assert entry.person_key == town.person(MO).key
    page = text_of_page(town.client(REKTOR[A]).get(f"/skola/{A}/logg/"))
    assert "ändrade uppföljningen" in page
    assert ALM in page


def test_what_was_entered_by_mistake_is_taken_back_once(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    town.said(MO, ALM, mentor_status="closed")
    wrong = town.events(ALM)[-1]
    address = town.url(ALM, f"handelse/{wrong.public_id}/ta-tillbaka/")
    for _ in range(2):
        assert town.client(MO).post(address).status_code == 302
    assert Event.objects.filter(withdraws=wrong).count() == 1
    assert Event.objects.count() == 3
    page = town.client(MO).get(town.url(ALM))
    assert chosen(page, "mentor_status") == "contact_made"
    assert "taget tillbaka" in text_of_page(page)


def test_two_people_change_a_pupil_and_both_see_what_the_other_said(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    open_form = seen_in(town.client(REKTOR[A]).get(town.url(ALM)))
    town.said(MO, ALM, mentor_status="closed")
    typed = {"mentor_status": "mapping_started", "note": "Möte i veckan", "seen": open_form}
    refused = town.say(REKTOR[A], ALM, **typed)
    assert refused.status_code == 409
    assert "Avslutad" in trouble(refused)
    assert "Kartläggning pågår" in trouble(refused)
    assert Event.objects.count() == 2
    # The form that came back has what was typed; sent again, it is kept.
    assert chosen(refused, "mentor_status") == "mapping_started"
    assert "Möte i veckan</textarea>" in text_of_page(refused)
    town.said(REKTOR[A], ALM, **typed | {"seen": seen_in(refused)})
    kept = [one.value for one in town.events(ALM) if one.kind == "mentor_status"]
    assert kept == ["contact_made", "closed", "mapping_started"]


def test_a_row_says_the_same_of_somebody_elses_change(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    answer = in_row(
        town, REKTOR[A], ALM, principal_status="investigation_started", next_date="2026-10-19",
        seen="0", mentor_status="mapping_started",
    )  # fmt: skip
    assert answer.headers["X-Outcome"] == "409"
    assert "Spara ändå" in text_of_page(answer)
    assert chosen(answer, "principal_status") == "investigation_started"
    assert 'name="next_date" value="2026-10-19"' in text_of_page(answer)
    assert Event.objects.count() == 1


def test_another_kind_of_change_meanwhile_hinders_nobody(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    town.said(REKTOR[A], ALM, principal_status="to_assess", seen="0")
    assert Event.objects.count() == 2


def test_the_same_said_twice_is_kept_once(town: Town) -> None:
    typed = {"mentor_status": "contact_made", "next_date": "2026-10-20"}
    town.said(MO, ALM, **typed)
    again = town.say(MO, ALM, **typed)
    assert (again.status_code, Event.objects.count()) == (422, 2)
    assert "Inget är ändrat" in trouble(again)
    assert in_row(town, MO, ALM, **typed).headers["X-Outcome"] == "422"


@pytest.mark.parametrize(
    "note",
    [
        "Pratade med 20120314-9800 idag",
        "201203149800",
        "120314-9800",
        "120374-9807",
        "TF 120314-T001",
        "Har fått en diagnos",
        "Misstänkt ADHD hos barnet",
        "mår dåligt av ångest",
    ],
)
def test_a_note_that_says_too_much_is_warned_of_first(town: Town, note: str) -> None:
    warned = town.say(MO, ALM, note=note, mentor_status="contact_made")
    assert (warned.status_code, Event.objects.count()) == (422, 0)
    assert "Spara ändå" in text_of_page(warned)
    assert note in text_of_page(warned)
    assert chosen(warned, "mentor_status") == "contact_made"
    town.said(MO, ALM, note=note, mentor_status="contact_made", confirmed="1")
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    "note", ["Ring 08-123 45 67 efter 15", "Möte 2026-10-19 kl 13:15", "addera till listan", "x"]
)
def test_a_usual_note_is_kept_at_once(town: Town, note: str) -> None:
    town.said(MO, ALM, note=note)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"next_date": "2062-10-19"}, "2062-10-19 ligger för långt bort"),
        ({"next_date": "2026-10-11"}, "den dagen har varit"),
        ({"next_date": "19 oktober"}, "är inget datum"),
        ({"next_date": "<script>"}, "är inget datum"),
        ({"mentor_status": "no_action"}, "Skriv varför"),
        ({"principal_status": "reported_in_ulf"}, "Ange datum"),
        ({"principal_status": "reported_in_ulf", "on_date": "2026-10-13"}, "har inte varit än"),
        ({"principal_status": "reported_in_ulf", "on_date": "2025-01-01"}, "långt bort"),
        ({"note": "å" * 201}, "Texten har 201 tecken"),
        ({"mentor_status": "nonsense"}, "inte ditt att göra"),
        ({"team_step": "step_4_carried_out"}, "inte ditt att göra"),
        ({"goal": "Ska bli bättre"}, "skolsociala teamet"),
        ({"measure": "structure_1"}, "skolsociala teamet"),
        ({"factor": "school"}, "inte ditt att göra"),
        ({"responsible": "somebody"}, "finns inte längre på skolan"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_of_the_form_is_kept(
    town: Town, typed: dict[str, str], words: str
) -> None:
    answer = town.say(REKTOR[A], ALM, **{"note": "Står kvar"} | typed)
    assert (answer.status_code, Event.objects.count()) == (422, 0)
    assert words in trouble(answer)
    assert typed.get("note", "Står kvar") in text_of_page(answer)


def test_only_the_principal_says_that_a_concern_was_reported(town: Town) -> None:
    town.lend(KURATOR)
    typed = {"collaboration": "concern_reported", "on_date": MONDAY.isoformat()}
    assert town.say(KURATOR, ALM, **typed).status_code == 422
    assert town.say(MO, ALM, **typed).status_code == 422
    town.said(REKTOR[A], ALM, **typed)
    assert "Orosanmälan" in text_of_page(town.client(REKTOR[A]).get(town.url(ALM, "utskrift/")))
    town.raise_case(ALM)
    for other in (KURATOR, MO, TEAM):
        page = text_of_page(town.client(other).get(town.url(ALM, "utskrift/")))
        assert "Orosanmälan" not in page
    (event,) = [one for one in town.events(ALM) if one.kind == "collaboration"]
    town.client(REKTOR[A]).post(town.url(ALM, f"handelse/{event.public_id}/ta-tillbaka/"))
    for other in (KURATOR, MO, TEAM):
        page = text_of_page(town.client(other).get(town.url(ALM, "utskrift/")))
        assert "Samverkan</b>" not in page, "that it was taken back says it too"


def test_what_was_said_under_an_old_number_stays_the_pupils(own_town: Town) -> None:
    own_town.said(MO, ALM, note=NOTE)
    old = next(one for one in ROSTERED if one.family == ALM)
    new = replace(old, number=40)
    head = "Gammalt personnummer;Nytt personnummer;Datum\r\n"
    own_town.night("nummerbyten_20261012T0400.csv", f"{head}{old.civic};{new.civic};2026-10-09\r\n")
    own_town.night(
        "elever_20261012T0500.csv",
        roster([new if one is old else one for one in ROSTERED]),
    )
    page = own_town.client(MO).get(own_town.url(ALM))
    assert NOTE in text_of_page(page)
    own_town.said(MO, ALM, mentor_status="contact_made")
    assert "Kontakt tagen" in text_of_page(own_town.client(MO).get(own_town.url(ALM)))


def test_who_has_left_the_school_is_nobody_to_be_responsible(own_town: Town) -> None:
    mia = own_town.person(MIA).key
    own_town.said(REKTOR[A], ALM, responsible=mia)
    own_town.night(
        "elever_20261012T0500.csv",
        roster([replace(one, mentor=MO if one.mentor == MIA else one.mentor) for one in ROSTERED]),
    )
    refused = own_town.say(REKTOR[A], ALM_2, responsible=mia, note="Står kvar")
    assert refused.status_code == 422
    assert "finns inte längre på skolan" in trouble(refused)
    assert "Står kvar" in text_of_page(refused)
    page = own_town.client(REKTOR[A]).get(own_town.url(ALM))
    assert page.status_code == 200


def test_a_list_that_was_replaced_meanwhile_is_told_and_the_word_kept(town: Town) -> None:
    answer = in_row(town, MO, ALM, mentor_status="contact_made", list_key="another", view="mine")
    assert answer.headers["X-Outcome"] == "200"
    assert "Listan har bytts ut" in text_of_page(answer)
    assert len(town.events(ALM)) == 1


def test_a_pupil_who_is_no_longer_on_the_list_keeps_what_is_said(town: Town) -> None:
    kept = in_row(town, MIA, "Närvarander", note="Bra vecka")
    assert "står inte längre på listan" in text_of_page(kept)
    refused = in_row(town, MIA, "Närvarander", note="Möte", next_date="2062-01-01")
    assert "Du skrev: <q>Möte" in text_of_page(refused)
    assert len(town.events("Närvarander")) == 1


def test_a_row_that_comes_back_shows_the_field_that_a_word_needs(town: Town) -> None:
    answer = in_row(town, MO, ALM, mentor_status="no_action", view="mine")
    assert answer.headers["X-Outcome"] == "422"
    assert chosen(answer, "mentor_status") == "no_action"


@contextmanager
def locked(town: Town) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    other = sqlite3.connect(town.path / "portal" / "portal.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@only_in_a_file
def test_a_busy_database_loses_nothing_that_was_typed(town: Town) -> None:
    browser, address = town.client(MO), town.url(ALM, "uppfoljning/")
    typed = {
        "note": "Ringde mamma", "mentor_status": "no_action", "reason": "Frisk igen",
        "next_date": "2026-10-20",
    }  # fmt: skip
    with locked(town):
        answer: Any = browser.post(address, typed)
        row = browser.post(address, typed | {"place": "row"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 503
    assert row.headers["X-Outcome"] == "503"
    for one in (answer, row):
        assert "databasen är upptagen" in trouble(one)
        assert "Ringde mamma" in text_of_page(one)
        assert "Frisk igen" in text_of_page(one)
        assert 'value="2026-10-20"' in text_of_page(one)
        assert chosen(one, "mentor_status") == "no_action"
    assert Event.objects.count() == 0
    assert browser.post(address, typed).status_code == 302
    assert Event.objects.count() == 3


def test_a_database_that_is_away_gives_back_what_was_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even who asks can be read: no view is reached."""
    browsers = {who: town.client(who) for who in (MO, REKTOR[A], TEAM)}
    town.raise_case(ALM)
    forms = {
        MO: (town.url(ALM, "uppfoljning/"), {"note": "Ringde <i>mamma</i>", "reason": "Frisk"}),
        TEAM: (town.url(ALM, "uppfoljning/"), {"goal": "Hela veckor"}),
        REKTOR[A]: (f"/skola/{A}/delegeringar/ny/", {"purpose": "Stöd", "receiver": KURATOR}),
    }
    before = Event.objects.count()

    def away(*_: object, **__: object) -> None:
        raise OperationalError(f"could not connect to server for {ALM}")

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "_get_session_from_db", away)
        for who, (address, typed) in forms.items():
            browsers[who].raise_request_exception = False
            answer: Any = browsers[who].post(address, typed)
            assert answer.status_code == 503
            text = answer.content.decode()
            assert "Databasen är upptagen eller borta" in text
            for words in typed.values():
                assert escape(words) in text
            assert ALM not in text
            assert answer.headers["Cache-Control"] == "no-store, private"
    assert Event.objects.count() == before
    assert Delegation.objects.count() == 0


@only_in_a_file
def test_a_busy_database_loses_no_delegation_that_was_typed(town: Town) -> None:
    browser = town.client(REKTOR[A])
    typed = {
        "receiver": KURATOR, "purpose": "Stöd i läsning", "until": "2026-12-01",
        "pupil": town.reference(ALM),
    }  # fmt: skip
    browser.get(f"/skola/{A}/delegeringar/")
    with locked(town):
        answer: Any = browser.post(f"/skola/{A}/delegeringar/ny/", typed)
    assert answer.status_code == 503
    assert "databasen är upptagen" in trouble(answer)
    assert "Stöd i läsning" in text_of_page(answer)
    assert KURATOR in text_of_page(answer)
    assert f'value="{town.reference(ALM)}" checked' in text_of_page(answer)
    assert Delegation.objects.count() == HandedPupil.objects.count() == 0


@only_in_a_file
def test_a_page_that_cannot_be_logged_is_not_shown(town: Town) -> None:
    browser, address = town.client(MO), town.url(ALM)
    browser.raise_request_exception = False
    with locked(town):
        answer: Any = browser.get(address)
    assert answer.status_code == 503
    assert ALM not in text_of_page(answer)


@only_in_a_file
def test_nothing_that_is_sealed_stands_in_the_file(town: Town) -> None:
    town.raise_case(ALM)
    town.said(MO, ALM, note=NOTE, mentor_status="no_action", reason="Sjukhusvistelse")
    town.said(TEAM, ALM, goal="Skolvanorna stärks")
    town.lend(KURATOR, [ALM])
    connection.close()
    files = list((town.path / "portal").glob("portal.sqlite*"))
    content = b"".join(one.read_bytes() for one in files)
    assert files
    assert b"mentor_status" in content
    for word in (
        NOTE, "Sjukhusvistelse", "Skolvanorna", KURATOR, MO, REKTOR[A], "Almsson", "stad.example",
    ):  # fmt: skip
        assert word.encode() not in content, word
    assert all(one.stat().st_mode & 0o077 == 0 for one in files)


def test_an_act_just_after_midnight_is_of_the_new_day(town: Town) -> None:
    town.moment = datetime(2026, 10, 14, 0, 30, tzinfo=STOCKHOLM)
    town.said(MO, ALM, mentor_status="contact_made")
    page = text_of_page(town.client(MO).get(town.url(ALM)))
    assert "Kontakt tagen med elev/vårdnadshavare 2026-10-14" in page


def test_fields_that_no_form_has_change_nothing(town: Town) -> None:
    typed = {
        "author_key": town.person(REKTOR[B]).key, "school_unit_code": B, "role": "principal",
        "recorded_at": "2020-01-01T00:00:00Z", "pupil_key": town.key(OF_B), "withdraws": "1",
        "kind": "principal_status", "value": "closed", "id": "77", "public_id": "A" * 22,
    }  # fmt: skip
    town.said(MO, ALM, mentor_status="contact_made", **typed)
    (event,) = Event.objects.all()
    assert event.pupil_key == town.key(ALM)
    assert (event.kind, event.value) == ("mentor_status", "contact_made")
    assert (event.role, event.school_unit_code, event.withdraws) == ("mentor", A, None)
    assert event.author_key == town.person(MO).key
    assert event.recorded_at.date() == MONDAY
    assert event.public_id != "A" * 22


def test_a_delegation_is_given_by_whoever_is_logged_in(town: Town) -> None:
    typed: dict[str, Any] = {
        "receiver": KURATOR, "purpose": "Stöd", "until": "2026-12-01",
        "pupil": [town.reference(ALM)], "giver_key": town.person(REKTOR[B]).key,
        "school_unit_code": B, "is_whole_school": "true", "ended_at": "", "scope": "pupils",
    }  # fmt: skip
    assert town.client(REKTOR[A]).post(f"/skola/{A}/delegeringar/ny/", typed).status_code == 302
    lent = Delegation.objects.get()
    assert lent.giver_key == town.person(REKTOR[A]).key
    assert (lent.school_unit_code, lent.is_whole_school) == (A, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"receiver": "ingen adress"},
        {"purpose": ""},
        {"purpose": "x" * 201},
        {"until": "2026-10-11"},
        {"until": "2062-01-01"},
        {"until": "snart"},
        {"pupil": []},
        {"pupil": ["A" * 22]},
        {"pupil": ["\x00"]},
    ],
)
def test_a_delegation_that_cannot_be_is_told(town: Town, wrong: dict[str, Any]) -> None:
    typed: dict[str, Any] = {
        "receiver": KURATOR, "purpose": "Stöd", "until": "2026-12-01",
        "pupil": [town.reference(ALM)],
    } | wrong  # fmt: skip
    answer: Any = town.client(REKTOR[A]).post(f"/skola/{A}/delegeringar/ny/", typed)
    assert (answer.status_code, Delegation.objects.count()) == (422, 0)
    assert trouble(answer)


def test_no_pupil_of_another_school_is_handed(town: Town) -> None:
    typed: dict[str, Any] = {
        "receiver": KURATOR, "purpose": "Stöd", "until": "2026-12-01",
        "pupil": [town.reference(ALM), town.reference(OF_B)],
    }  # fmt: skip
    answer: Any = town.client(REKTOR[A]).post(f"/skola/{A}/delegeringar/ny/", typed)
    assert (answer.status_code, HandedPupil.objects.count()) == (422, 0)


@pytest.mark.parametrize("place", ["elev/{}/", "skola/{}/", "skola/99999901/?vecka={}"])
@pytest.mark.parametrize("what", ["%00", "%27%20OR%201=1--", "..%2f..%2fetc", "%F0%9F%92%A9", "a"])
def test_an_address_that_cannot_be_is_nobodys(town: Town, place: str, what: str) -> None:
    answer: Any = town.client(REKTOR[A]).get(f"/{place.format(what)}")
    # Of a week that is none there is no list, which is said.
    assert answer.status_code == (200 if "vecka" in place else 404)


def test_addresses_of_events_that_cannot_be_are_nobodys(town: Town) -> None:
    for what in ("%00", "1", "%27"):
        event = town.url(ALM, f"handelse/{what}/ta-tillbaka/")
        assert town.client(MO).post(event).status_code == 404
        lent = f"/skola/{A}/delegeringar/{what}/avsluta/"
        assert town.client(REKTOR[A]).post(lent).status_code == 404


def test_the_seven_steps_of_a_case_from_raising_to_its_end(town: Town) -> None:
    town.said(REKTOR[A], MIAS, team_step="step_1_noticed")
    assert town.client(TEAM).get(town.url(MIAS)).status_code == 404
    town.said(REKTOR[A], MIAS, team_step="step_2_raised", consent="waiting")
    assert town.client(TEAM).get(town.url(MIAS)).status_code == 404
    town.said(REKTOR[A], MIAS, consent="yes")
    town.said(TEAM, MIAS, factor="school", goal="Tillbaka på lektionerna", goal_date="2026-12-01")
    for step in ("step_3_planned", "step_4_carried_out", "step_5_followed_up", "step_6_sustained"):
        town.said(TEAM, MIAS, team_step=step)
        assert step_heading(step) in text_of_page(town.client(TEAM).get("/team/"))
    town.said(TEAM, MIAS, measure="structure_1", goal_met="yes")
    town.said(TEAM, MIAS, team_step="step_7_completed")
    page = text_of_page(town.client(TEAM).get(town.url(MIAS, "utskrift/")))
    assert "Tillbaka på lektionerna" in page
    assert "7 Avslut: fullföljt" in page
    for other in (REKTOR[A], MIA):
        assert "Tillbaka på" not in text_of_page(town.client(other).get(town.url(MIAS)))


def step_heading(step: str) -> str:
    return f"{step.split('_')[1]} "


def test_the_team_reads_nothing_that_the_school_said_beside_the_case(town: Town) -> None:
    town.said(MO, ALM, note=NOTE, mentor_status="mapping_started", next_date="2026-10-30")
    town.said(REKTOR[A], ALM, principal_status="investigation_started")
    town.raise_case(ALM)
    for page in (town.url(ALM), town.url(ALM, "utskrift/")):
        text = text_of_page(town.client(TEAM).get(page))
        for word in (NOTE, "Kartläggning pågår", "Utredning pågår", "2026-10-30"):
            assert word not in text, (page, word)
        assert "2 Aktualiserad" in text


def test_what_a_team_notes_of_its_case_is_read_by_the_team_alone(town: Town) -> None:
    town.raise_case(ALM)
    town.said(TEAM, ALM, note=NOTE)
    read = {who: NOTE in text_of_page(town.client(who).get(town.url(ALM))) for who in READERS}
    assert read == {who: who == TEAM for who in READERS}


def test_the_teams_page_has_its_own_plans_and_none_of_the_schools(town: Town) -> None:
    town.raise_case(ALM)
    town.said(MO, ALM, next_date="2026-10-30")
    assert "2026-10-30" not in text_of_page(town.client(TEAM).get("/team/"))
    town.said(TEAM, ALM, next_date="2026-11-06")
    assert "2026-11-06" in text_of_page(town.client(TEAM).get("/team/"))


def test_what_a_team_plans_is_no_plan_of_the_schools_and_none_on_its_list(town: Town) -> None:
    town.raise_case(ALM)
    town.said(REKTOR[A], ALM, next_date="2026-10-30")
    town.said(TEAM, ALM, next_date="2026-11-06", responsible=town.person(TEAM).key)
    rektor = town.client(REKTOR[A])
    row = text_of_page(rektor.get(f"/skola/{A}/"))
    assert "Nästa: 2026-10-30" in row
    assert "2026-11-06" not in row
    assert 'name="next_date" list="forslag" value="2026-10-30"' in text_of_page(
        rektor.get(town.url(ALM))
    )
    # Who saves something else says nothing of the plan, whichever side it is of.
    before = Event.objects.filter(kind="next_date").count()
    town.said(REKTOR[A], ALM, note="Ringde", next_date="2026-10-30")
    town.said(TEAM, ALM, note="Ringde", next_date="2026-11-06")
    assert Event.objects.filter(kind="next_date").count() == before


def test_nobody_is_responsible_any_more_when_somebody_says_so(town: Town) -> None:
    me = the_home().key_of_address(REKTOR[A])
    town.said(REKTOR[A], ALM, responsible=me)
    row = f'value="{me}" selected'
    assert row in town.client(REKTOR[A]).get(town.url(ALM)).content.decode()
    town.said(REKTOR[A], ALM, responsible="none")
    page = town.client(REKTOR[A]).get(town.url(ALM)).content.decode()
    assert row not in page
    assert [event.value for event in town.events(ALM)] == [me, "none"]


def test_a_conflict_tells_the_team_nothing_of_the_schools_note(town: Town) -> None:
    town.raise_case(ALM)
    open_form = seen_in(town.client(TEAM).get(town.url(ALM)))
    town.said(MO, ALM, note=NOTE)
    refused = town.say(TEAM, ALM, note="Vår anteckning", seen=open_form)
    assert refused.status_code == 409
    assert NOTE not in text_of_page(refused)
    assert "något annat" in trouble(refused)


def test_consent_that_is_taken_back_closes_the_case_at_once(town: Town) -> None:
    town.raise_case(ALM)
    browser, address = town.client(TEAM), town.url(ALM)
    assert browser.get(address).status_code == 200
    town.said(REKTOR[A], ALM, consent="withdrawn")
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}uppfoljning/", {"note": "Kvar"}).status_code == 404
    assert ALM not in text_of_page(browser.get("/team/"))
    # Also where the word of consent itself was the mistake.
    town.said(REKTOR[A], ALM, consent="yes")
    assert browser.get(address).status_code == 200
    (yes,) = [one for one in town.events(ALM) if one.value == "yes"][-1:]
    town.client(REKTOR[A]).post(town.url(ALM, f"handelse/{yes.public_id}/ta-tillbaka/"))
    assert browser.get(address).status_code == 404


def test_forty_forms_at_different_moments_lose_no_event(town: Town) -> None:
    browser, address = town.client(REKTOR[A]), town.url(ALM, "uppfoljning/")
    for number in range(40):
        town.moment += timedelta(seconds=1)
        assert browser.post(address, {"note": f"Rad {number}"}).status_code == 302
    assert len(town.events(ALM)) == 40


def test_pupils_of_two_schools_never_share_an_event(town: Town) -> None:
    town.said(REKTOR[A], ALM, note="Hos oss")
    town.said(REKTOR[B], OF_B, note="Hos er")
    assert [one.school_unit_code for one in town.events(ALM)] == [A]
    assert [one.school_unit_code for one in town.events(OF_B)] == [B]


def test_a_home_of_today_knows_who_moved_in_the_night(own_town: Town) -> None:
    moved = with_move(ALM, B, BO)
    own_town.said(MO, ALM, note=NOTE)
    own_town.night("elever_20261012T0500.csv", moved)
    assert the_home().today().pupils[own_town.key(ALM)].school_unit_code == B
    own_town.said(REKTOR[B], ALM, note="Välkommen")
    assert [one.school_unit_code for one in own_town.events(ALM)] == [A, B]


def test_a_row_that_was_saved_goes_on_with_its_page_and_list(town: Town) -> None:
    form = {"place": "row", "view": "mine", "week": WEEK, "mentor_status": "contact_made"}
    browser = town.client(MO)
    address = town.url(ALM, "uppfoljning/")
    for status in ("contact_made", "mapping_started"):
        answer = browser.post(
            address, {**form, "mentor_status": status}, headers={"HX-Request": "true"}
        )
        row = answer.content.decode()
        assert "Sparat." in row
        assert 'name="view" value="mine"' in row
        assert f'name="week" value="{WEEK}"' in row
        # A mentor's row says what to do next, also once something was saved.
        assert 'class="next"' in row
