"""Two people at the same moment: nothing is lost, and whoever came second is told.

Also run on a Postgres server (`test_postgres.py`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import unescape
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.query import QuerySet

from portal.follow_up.events import Author, add_event
from portal.follow_up.kinds import Said
from portal.home import the_home
from portal.models import Event
from portal.views import case_sheet, recording
from tests.portal.test_recording import chosen, seen_in, text_of_page, trouble
from tests.portal.towns import ALM, ALM_2, MO, REKTOR, TEAM, A, Town

#: So long each waits for the other before it writes.
TOGETHER = 0.2 if connection.vendor == "sqlite" else 1.0


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[Callable[[], Any]]], Any]:
    """Do things at once; each has looked before any of them writes, where nothing hinders it."""
    create, meeting = QuerySet.create, threading.Barrier(2)
    if connection.vendor == "sqlite":
        # As in a real portal: whoever comes second waits for its turn.
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 30)

    def created(rows: Any, **values: Any) -> Any:
        if rows.model is Event:
            try:
                meeting.wait(TOGETHER)
            except threading.BrokenBarrierError:
                meeting.reset()
        return create(rows, **values)

    monkeypatch.setattr(QuerySet, "create", created)

    def run(things: Iterable[Callable[[], Any]]) -> list[Any]:
        def done(thing: Callable[[], Any]) -> Any:
            try:
                return thing()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(done, things))

    return run


def test_of_two_who_say_the_same_kind_at_once_the_second_is_told(
    town: Town, side_by_side: Callable[[Iterable[Callable[[], Any]]], Any]
) -> None:
    people = {MO: "mapping_started", REKTOR[A]: "closed"}
    browsers = {who: town.client(who) for who in people}
    seen = {who: seen_in(browsers[who].get(town.url(ALM))) for who in people}
    place = town.url(ALM, "uppfoljning/")

    def say(who: str) -> Any:
        typed = {"mentor_status": people[who], "note": f"Av {who}", "seen": seen[who]}
        return browsers[who].post(place, typed)

    answers = dict(zip(people, side_by_side([partial(say, who) for who in people]), strict=True))
    assert sorted(one.status_code for one in answers.values()) == [302, 409]
    (first,) = [who for who, one in answers.items() if one.status_code == 302]
    (second,) = [who for who in people if who != first]
    kept = [one.value for one in town.events(ALM) if one.kind == "mentor_status"]
    assert kept == [people[first]], "nothing of the second's form, not even the note"
    assert Event.objects.filter(kind="note").count() == 1
    refused = answers[second]
    words = {"mapping_started": "Kartläggning pågår", "closed": "Avslutad"}
    assert words[people[first]] in trouble(refused)
    assert words[people[second]] in trouble(refused)
    assert chosen(refused, "mentor_status") == people[second]
    assert f"Av {second}</textarea>" in text_of_page(refused)
    # Sent again it is kept too, and each reads what the other said.
    again = {"mentor_status": people[second], "note": f"Av {second}", "seen": seen_in(refused)}
    assert browsers[second].post(place, again).status_code == 302
    for browser in browsers.values():
        page = text_of_page(browser.get(town.url(ALM)))
        events = page.partition('id="handelser"')[2]
        assert all(word in events for word in words.values())


def test_two_rows_at_once_tell_the_second_in_the_row(
    town: Town, side_by_side: Callable[[Iterable[Callable[[], Any]]], Any]
) -> None:
    browsers = [town.client(one) for one in (MO, REKTOR[A])]
    place, typed = town.url(ALM, "uppfoljning/"), {"place": "row", "seen": "0"}
    dates = ("2026-10-20", "2026-10-27")

    def say(browser: Any, day: str) -> Any:
        return browser.post(place, {**typed, "next_date": day}, HTTP_HX_REQUEST="true")

    answers = side_by_side(
        [partial(say, browser, day) for browser, day in zip(browsers, dates, strict=True)]
    )
    outcomes = [one.headers["X-Outcome"] for one in answers]
    assert sorted(outcomes) == ["200", "409"]
    second = outcomes.index("409")
    assert f'name="next_date" value="{dates[second]}"' in text_of_page(answers[second])
    assert "Spara ändå" in text_of_page(answers[second])
    assert [str(one.on_date) for one in town.events(ALM)] == [dates[1 - second]]


def test_two_pupils_at_once_hinder_nobody(
    town: Town, side_by_side: Callable[[Iterable[Callable[[], Any]]], Any]
) -> None:
    browsers = [town.client(one) for one in (MO, REKTOR[A])]
    places = [town.url(one, "uppfoljning/") for one in (ALM, ALM_2)]
    typed = {"mentor_status": "contact_made", "seen": "0"}
    answers = side_by_side(
        [partial(one.post, place, typed) for one, place in zip(browsers, places, strict=True)]
    )
    assert [one.status_code for one in answers] == [302, 302]
    assert Event.objects.count() == 2


def test_what_two_take_back_at_once_is_taken_back_once(
    town: Town, side_by_side: Callable[[Iterable[Callable[[], Any]]], Any]
) -> None:
    town.said(MO, ALM, mentor_status="contact_made")
    (event,) = town.events(ALM)
    place = town.url(ALM, f"handelse/{event.public_id}/ta-tillbaka/")
    browsers = [town.client(one) for one in (MO, REKTOR[A])]
    answers = side_by_side([partial(browser.post, place) for browser in browsers])
    assert [one.status_code for one in answers] == [302, 302]
    assert Event.objects.filter(withdraws=event).count() == 1


def meanwhile(town: Town, module: Any, patch: pytest.MonkeyPatch, who: str, said: Said) -> None:
    """Let somebody else's word be kept just before the pupil is held."""
    hold, author = module.keep_others_waiting, Author(town.person(who).key, "principal")
    home, key = the_home(), town.key(ALM)

    def held(keys: Iterable[str]) -> None:
        patch.setattr(module, "keep_others_waiting", hold)
        add_event(home, home.today(), author, key, said, None)
        hold(keys)

    patch.setattr(module, "keep_others_waiting", held)


def test_what_comes_after_the_consent_was_withdrawn_is_not_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.raise_case(ALM)
    browser, place = town.client(TEAM), town.url(ALM, "uppfoljning/")
    meanwhile(town, recording, monkeypatch, REKTOR[A], Said("consent", "withdrawn"))
    assert browser.post(place, {"goal": "Hela veckor"}).status_code == 404
    assert not Event.objects.filter(kind="goal").exists()


def test_a_workbook_takes_nothing_back_that_was_said_while_it_was_read(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    import openpyxl

    town.raise_case(ALM)
    browser = town.client(TEAM)
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/team/deltagaruppfoljning/fil/").content))
    page = book.worksheets[0]
    headings = [cell.value for cell in page[3]]
    page.cell(4, headings.index("Resultat") + 1).value = "Inget resultat"
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    made.name = "mitt.xlsx"
    meanwhile(town, case_sheet, monkeypatch, TEAM, Said("result", "reached"))
    answer: Any = browser.post("/team/deltagaruppfoljning/lasa-in/", {"file": made})
    assert answer.status_code == 422
    assert "hämta filen på nytt" in unescape(answer.content.decode())
    assert re.search("1 avvisade", answer.content.decode())
    values = Event.objects.filter(kind="result").values_list("value", flat=True)
    assert list(values) == ["reached"]
