"""How long somebody is logged in, by the clock: half an hour without a request, ten hours with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from portal.configuration import PortalConfiguration, PortalError
from portal.models import Event
from tests.portal.towns import ALM, MIA, MO, Town

MORNING = datetime(2026, 10, 12, 6, 0, tzinfo=UTC)
Clock = Callable[[timedelta], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set what time it is for sessions: so long after the morning."""

    def to(later: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: MORNING + later)

    to(timedelta())
    return to


def is_in(browser: Any) -> bool:
    return bool(browser.get("/mina/").status_code == 200)


def test_a_session_ends_after_half_an_hour_without_a_request(town: Town, clock: Clock) -> None:
    browser = town.client(MO)
    clock(timedelta(minutes=29))
    assert is_in(browser)
    clock(timedelta(minutes=58))
    assert is_in(browser), "a request makes it last"
    clock(timedelta(minutes=88, seconds=1))
    refused: Any = browser.get("/mina/")
    assert (refused.status_code, refused.headers["Location"]) == (
        302,
        "/logga-in/?next=%2Fmina%2F",
    )


def test_a_session_ends_after_ten_hours_however_much_is_done_in_it(
    town: Town, clock: Clock
) -> None:
    assert settings.SESSION_LONGEST_SECONDS == 10 * 3600
    browser = town.client(MO)
    minutes = 0
    while minutes < 600:
        clock(timedelta(minutes=minutes))
        assert is_in(browser), minutes
        assert Session.objects.get().expire_date <= MORNING + timedelta(hours=10)
        minutes += 20
    clock(timedelta(hours=10, seconds=-1))
    assert is_in(browser)
    clock(timedelta(hours=10))
    assert not is_in(browser)
    # A new login is a new day.
    again = town.client(MO)
    clock(timedelta(hours=10, minutes=29))
    assert is_in(again)


def test_a_form_that_comes_after_the_session_is_not_kept_and_not_lost(
    town: Town, clock: Clock
) -> None:
    browser, place = town.client(MO), town.url(ALM, "uppfoljning/")
    clock(timedelta(minutes=31))
    typed = {"mentor_status": "no_action", "reason": "Frisk <b>igen</b>", "note": "Ringde mamma"}
    page: Any = browser.post(place, typed)
    assert page.status_code == 401
    text = page.content.decode()
    assert "Du är utloggad" in text
    assert "Ringde mamma" in text
    assert "Frisk &lt;b&gt;igen&lt;/b&gt;" in text
    assert ALM not in text
    # In a row the answer puts no login page in the place of what was typed.
    row: Any = browser.post(place, {**typed, "place": "row"}, HTTP_HX_REQUEST="true")
    assert (row.status_code, row.content) == (401, b"")
    # Nothing was written: to the login, as any page.
    assert browser.post(place, {"mentor_status": "closed"}).status_code == 302
    assert Event.objects.count() == 0
    elsewhere: Any = town.client(enforce_csrf_checks=True).post(place, typed)
    assert elsewhere.status_code == 403
    assert "Ringde mamma" not in elsewhere.content.decode(), "only to who typed it here"


def test_somebody_else_at_the_same_desk_begins_anew(town: Town, clock: Clock) -> None:
    browser = town.client()
    browser.post("/valj-person/", {"person": town.person(MO).key})
    for minutes in range(0, 590, 20):
        clock(timedelta(minutes=minutes))
        assert is_in(browser)
    browser.post("/valj-person/", {"person": town.person(MIA).key})
    clock(timedelta(minutes=605))
    assert is_in(browser)


def test_a_shorter_limit_holds_for_who_is_in_already(town: Town, clock: Clock) -> None:
    browser = town.client(MO)
    clock(timedelta(minutes=25))
    assert is_in(browser)
    clock(timedelta(minutes=50))
    with override_settings(SESSION_LONGEST_SECONDS=45 * 60):
        assert not is_in(browser)


def test_a_session_of_before_there_was_a_limit_is_over(town: Town, clock: Clock) -> None:
    browser = town.client(MO)
    session = browser.session
    del session["began"]
    # Put there as an older version would have: with an end of its own.
    row = Session.objects.get()
    row.session_data, row.expire_date = session.encode(dict(session)), MORNING + timedelta(hours=1)
    row.save()
    clock(timedelta(minutes=1))
    assert not is_in(browser)


def test_sessions_that_ended_are_cleared(town: Town, clock: Clock) -> None:
    town.client(MO)
    clock(timedelta(hours=11))
    call_command("clearsessions")
    assert Session.objects.count() == 0


@pytest.mark.parametrize("hours", [0, -1, 25])
def test_a_limit_that_is_none_is_told(hours: int) -> None:
    with pytest.raises(PortalError, match="TRAPPAN_PORTAL_SESSION_HOURS"):
        PortalConfiguration(demo=True, session_hours=hours).checked()
