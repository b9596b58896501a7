"""Who guesses comes nowhere, and nobody shuts a school out: failures count for who made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from portal.configuration import PortalConfiguration
from portal.login import own_machine
from portal.login.guessing import OF_A_BROWSER, OF_AN_ADDRESS
from tests.portal.logins import FAILED, Provider, asked, come_back, is_in, new_browser
from tests.portal.towns import ALM, MIA, MO, Town

#: So many people of a school sit behind one address.
SCHOOL, ELSEWHERE = "192.0.2.10", "192.0.2.99"


def browser_at(address: str) -> Client:
    return Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR=address)


def fail(browser: Client, provider: Provider) -> int:
    """End a login with a code that the login refuses; return the status."""
    state, provider.nonce = asked(browser)
    provider.status["/token"] = 400
    try:
        answer: Any = browser.get("/inloggning/callback/", {"code": "guess", "state": state})
    finally:
        del provider.status["/token"]
    return int(answer.status_code)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: moment)
        patch.setattr("axes.handlers.proxy.now", lambda: moment)
        yield


@pytest.fixture(autouse=True)
def _in_the_middle_of_a_quarter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So that no test runs over the end of one; and people of other machines are answered."""
    monkeypatch.setattr(own_machine, "IS_DEMO", False)
    with at(datetime(2026, 10, 12, 8, 7, tzinfo=UTC)):
        yield


def test_who_guesses_codes_is_held_back_whatever_browser_is_shown(with_login: Provider) -> None:
    for number in range(OF_AN_ADDRESS - 1):
        agent = Client(
            HTTP_HOST="127.0.0.1", REMOTE_ADDR=ELSEWHERE, HTTP_USER_AGENT=f"Browser/{number}"
        )
        assert fail(agent, with_login) == 302, number
    assert fail(browser_at(ELSEWHERE), with_login) == 429
    # The login is asked no more, also by the right code, and the page says what to do.
    late = browser_at(ELSEWHERE)
    answer = come_back(late, with_login)
    assert answer.status_code == 429
    assert "För många försök" in answer.content.decode()
    assert not is_in(late)
    assert AccessAttempt.objects.count() > 1
    # Somebody elsewhere logs in.
    other = browser_at(SCHOOL)
    come_back(other, with_login)
    assert is_in(other)


def test_nobody_shuts_out_a_school_that_sits_behind_one_address(with_login: Provider) -> None:
    colleague, another = browser_at(SCHOOL), browser_at(SCHOOL)
    come_back(colleague, with_login)
    with_login.address, with_login.subject = MIA, "kund-2"
    come_back(another, with_login)
    another.post("/logga-ut/")
    # Somebody at the same address goes on until all unknown browsers there have to wait.
    while fail(browser_at(SCHOOL), with_login) != 429:
        pass
    assert fail(browser_at(SCHOOL), with_login) == 429
    # Who is in goes on, and who was here before comes in again.
    with_login.address, with_login.subject = MO, "kund-1"
    assert ALM in colleague.get("/mina/").content.decode()
    colleague.post("/logga-ut/")
    come_back(colleague, with_login)
    assert is_in(colleague)
    with_login.address, with_login.subject = MIA, "kund-2"
    come_back(another, with_login)
    assert is_in(another)


def test_ten_failures_of_a_known_browser_hold_back_that_one_alone(with_login: Provider) -> None:
    mine, colleague = browser_at(SCHOOL), browser_at(SCHOOL)
    for one in (mine, colleague):
        come_back(one, with_login)
        one.post("/logga-ut/")
    answers = [fail(mine, with_login) for _ in range(OF_A_BROWSER + 1)]
    assert answers == [302] * (OF_A_BROWSER - 1) + [429, 429]
    assert come_back(mine, with_login).status_code == 429
    # Another address does not free it; the colleague beside is not touched, nor a new browser.
    moved = browser_at(ELSEWHERE)
    name = settings.KNOWN_BROWSER_COOKIE_NAME
    moved.cookies[name] = mine.cookies[name].value
    assert come_back(moved, with_login).status_code == 429
    for one in (colleague, browser_at(SCHOOL)):
        come_back(one, with_login)
        assert is_in(one)


def test_a_browser_that_only_says_that_it_is_known_is_not(with_login: Provider) -> None:
    for number in range(OF_AN_ADDRESS):
        browser = browser_at(ELSEWHERE)
        browser.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = f"browser-{number}:1abc:signed"
        fail(browser, with_login)
    assert come_back(browser_at(ELSEWHERE), with_login).status_code == 429


def test_the_door_opens_with_the_next_quarter_and_old_failures_do_not_add_up(
    with_login: Provider,
) -> None:
    browser = browser_at(SCHOOL)
    come_back(browser, with_login)
    browser.post("/logga-ut/")
    begin = datetime(2026, 10, 12, 9, 1, tzinfo=UTC)
    # One in each quarter for a working day: nobody is held back by mistakes of the morning.
    for number in range(2 * OF_A_BROWSER):
        with at(begin + timedelta(minutes=15 * number)):
            assert fail(browser, with_login) == 302
    later = begin + timedelta(days=1)
    with at(later):
        while fail(browser, with_login) != 429:
            pass
        assert come_back(browser, with_login).status_code == 429
    with at(later + timedelta(minutes=14)):
        come_back(browser, with_login)
        assert is_in(browser)


@pytest.mark.parametrize("trouble", ["away", "broken"])
def test_a_login_that_is_down_is_nobodys_guess(with_login: Provider, trouble: str) -> None:
    mine = browser_at(SCHOOL)
    come_back(mine, with_login)
    mine.post("/logga-ut/")
    if trouble == "broken":
        with_login.status["/token"] = 503
    away = {"OIDC_OP_TOKEN_ENDPOINT": "http://127.0.0.1:9/token"} if trouble == "away" else {}
    with override_settings(**away):
        for _ in range(2 * OF_A_BROWSER):
            assert come_back(mine, with_login).headers["Location"] == FAILED
    with_login.status.clear()
    come_back(mine, with_login)
    assert is_in(mine)


def test_who_is_not_verified_comes_in_by_no_number_of_tries(with_login: Provider) -> None:
    with_login.more_info = {"email_verified": False}
    browser = new_browser()
    answers = [come_back(browser, with_login).status_code for _ in range(OF_AN_ADDRESS + 1)]
    assert set(answers[:-2]) == {302}
    assert answers[-2:] == [429, 429]
    assert not is_in(browser)


def test_a_known_browser_is_known_by_nothing_that_says_who_it_is(with_login: Provider) -> None:
    browser = new_browser()
    come_back(browser, with_login)
    cookie = browser.cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    before = cookie.value.partition(":")[0]
    assert len(before) == 22
    browser.post("/logga-ut/")
    with_login.address, with_login.subject = MIA, "kund-2"
    come_back(browser, with_login)
    assert browser.cookies[settings.KNOWN_BROWSER_COOKIE_NAME].value.partition(":")[0] == before
    page = browser.get("/mina/")
    assert page.status_code == 200, "and it lets nobody in by itself"
    alone = new_browser()
    alone.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = cookie.value
    assert alone.get("/mina/").status_code == 302


def test_an_address_is_what_the_proxy_saw_and_nothing_that_anybody_can_write(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.moment
    forged = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="10.9.9.9")
    assert own_machine.address_of(forged) == "127.0.0.1"
    monkeypatch.setattr(
        own_machine, "CONFIGURATION", PortalConfiguration(url="https://portal.stad.example")
    )
    seen = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 10.9.9.9")
    assert own_machine.address_of(seen) == "10.9.9.9", "the proxy's own word is the last"
