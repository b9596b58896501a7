"""The municipality's login: a real provider on this machine, and one that answers anything at all.

The settings are those of a portal with a login; only the provider's addresses are a test's.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from django.conf import settings
from django.test import override_settings

from portal.configuration import PortalError, discover
from portal.models import Person
from tests.portal.logins import (
    CLIENT,
    CLIENT_WORD,
    FAILED,
    KEY,
    OTHER_KEY,
    PEM,
    Claims,
    Portal,
    Provider,
    asked,
    by_hand,
    come_back,
    is_in,
    jwk,
    new_browser,
    signed,
)
from tests.portal.towns import ALM, MIA, MO, REKTOR, A, Town


def test_who_is_vouched_for_is_in_and_has_the_own_pupils(with_login: Provider) -> None:
    browser = new_browser()
    answer = come_back(browser, with_login, next="/mina/?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/mina/?a=1")
    assert ALM in browser.get("/mina/").content.decode()
    person = Person.objects.get()
    assert (person.issuer, person.subject) == (with_login.issuer, "kund-1")
    assert "oidc_id_token" not in browser.session
    assert "oidc_access_token" not in browser.session


def test_an_address_in_capitals_is_the_same_person(with_login: Provider) -> None:
    with_login.address = MO.title()
    browser = new_browser()
    come_back(browser, with_login)
    assert is_in(browser)


def test_a_session_has_another_key_after_the_login(with_login: Provider) -> None:
    browser = new_browser()
    asked(browser)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    come_back(browser, with_login)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before


@pytest.mark.parametrize("place", ["https://ond.example/", "//ond.example/", "/\\ond.example"])
def test_a_login_leads_back_to_this_portal_only(with_login: Provider, place: str) -> None:
    answer = come_back(new_browser(), with_login, next=place)
    assert answer.headers["Location"] == "/"


def of_claims(removed: tuple[str, ...] = (), **claims: object) -> Claims:
    return {"claims": claims, "removed": removed}


def of_info(removed: tuple[str, ...] = (), **info: object) -> Claims:
    return {"more_info": info, "removed_info": removed}


PAST, NOW = 1_700_000_000, int(time.time())
REFUSED: dict[str, Claims] = {
    "another issuer": of_claims(iss="https://ond.example"),
    "no issuer": of_claims(("iss",)),
    "another audience": of_claims(aud="någon-annan"),
    "no audience": of_claims(("aud",)),
    "for several": of_claims(aud=[CLIENT, "någon-annan"]),
    "for several, by another": of_claims(aud=[CLIENT, "b"], azp="b"),
    "another nonce": of_claims(nonce="x"),
    "no nonce": of_claims(("nonce",)),
    "an empty nonce": of_claims(nonce=""),
    "expired": of_claims(exp=PAST + 60, iat=PAST),
    "no end": of_claims(("exp",)),
    "no beginning": of_claims(("iat",)),
    "of tomorrow": of_claims(iat=NOW + 86_400, exp=NOW + 90_000),
    "no subject": of_claims(("sub",)),
    "unsigned": {"token": lambda claims: jwt.encode(claims, "", "none", {"kid": "one"})},
    "unsigned, with a signature": {
        "token": lambda claims: jwt.encode(claims, "", "none", {"kid": "one"}) + "abc"
    },
    "by another key": {"token": lambda claims: signed(claims, OTHER_KEY)},
    "by a key that the login does not have": {"token": lambda c: signed(c, OTHER_KEY, kid="two")},
    "HMAC with the public key": {"token": lambda claims: by_hand(claims, PEM)},
    "HMAC with the secret": {"token": lambda claims: by_hand(claims, CLIENT_WORD.encode())},
    "another algorithm": {"token": lambda claims: signed(claims, KEY, "RS512")},
    "its own key in the header": {
        "token": lambda claims: jwt.encode(
            claims, OTHER_KEY, "RS256", {"kid": "one", "jwk": jwk(OTHER_KEY)}
        )
    },
    "changed after it was signed": {"token": lambda claims: signed(claims)[:-4] + "AAAA"},
    "no token": {"token": lambda _: {"access_token": "a"}},
    "a token of numbers": {"token": lambda _: {"id_token": 7}},
    "not even an object": {"token": lambda _: []},
    "no dots": {"token": lambda _: "abc"},
    "empty": {"token": lambda _: ""},
    "no name of a key, by another": {
        "token": lambda claims: jwt.encode(claims, OTHER_KEY, "RS256")
    },
    "no name of a key, of several": {
        "token": lambda claims: jwt.encode(claims, KEY, "RS256"),
        "keys": {"keys": [jwk(KEY), jwk(OTHER_KEY, kid="two")]},
    },
    "no keys": {"keys": {"keys": []}},
    "keys without a name": {"keys": {"keys": [{"kty": "RSA"}]}},
    "nothing about keys": {"keys": {}},
    "keys that are no keys": {"keys": {"keys": [{"kid": "one", "kty": "RSA", "n": "x"}]}},
    "keys in a list": {"keys": []},
    "keys that are no JSON": {"raw": {"/jwks": b"<html>"}},
    "keys that are away": {"status": {"/jwks": 503}},
    "an address that is not verified": of_info(email_verified=False),
    "an address verified in words": of_info(email_verified="true"),
    "nothing about verifying": of_info(("email_verified",)),
    "no address": of_info(("email",)),
    "several addresses": of_info(email=[MO, MIA]),
    "no address at all": of_info(email="mo"),
    "two addresses in one": of_info(email=f"{MO}, {MIA}"),
    "an address with a line": of_info(email=f"{MO}\n{MIA}"),
    "about another": of_info(sub="kund-2"),
    "about nobody": of_info(("sub",)),
    "userinfo in a list": {"info": [{"sub": "kund-1"}]},
    "userinfo that is no JSON": {"raw": {"/userinfo": b"<html>"}},
    "userinfo that is away": {"status": {"/userinfo": 500}},
    "a code that was used": {"status": {"/token": 400}},
    "a token that is no JSON": {"raw": {"/token": b"<html>"}},
    # Verified is the address of the token, not the other one of userinfo.
    "verified elsewhere": {
        **of_claims(email=MIA, email_verified=True),
        **of_info(("email_verified",)),
    },
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_cannot_be_believed_lets_nobody_in(with_login: Provider, what: str) -> None:
    for name, value in REFUSED[what].items():
        setattr(with_login, name, value)
    browser = new_browser()
    answer = come_back(browser, with_login)
    assert (answer.status_code, answer.headers["Location"]) == (302, FAILED)
    assert not is_in(browser)
    assert Person.objects.count() == 0
    page: Any = browser.get(FAILED)
    assert "Inloggningen gick inte" in page.content.decode()


def test_for_several_and_by_us_is_for_us(with_login: Provider) -> None:
    with_login.claims = {"aud": [CLIENT, "b"], "azp": CLIENT}
    browser = new_browser()
    come_back(browser, with_login)
    assert is_in(browser)


def test_a_clock_that_is_a_little_late_hinders_nobody(with_login: Provider) -> None:
    now = int(time.time())
    with_login.claims = {"iat": now + 20, "exp": now + 320}
    browser = new_browser()
    come_back(browser, with_login)
    assert is_in(browser)


def test_a_login_that_vouches_for_every_address_needs_no_claim(
    town: Town, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.moment
    provider.removed_info = ("email_verified",)
    found = dict(discover(provider.issuer))
    portal = Portal(monkeypatch, found, issuer=provider.issuer, oidc_trusts_email=True)
    with portal.override:
        browser = new_browser()
        come_back(browser, provider)
        assert is_in(browser)


def test_a_second_account_with_the_same_address_is_refused(with_login: Provider) -> None:
    first, second = new_browser(), new_browser()
    come_back(first, with_login)
    with_login.subject = "kund-2"
    assert come_back(second, with_login).headers["Location"] == FAILED
    assert (is_in(first), is_in(second)) == (True, False)
    assert Person.objects.get().subject == "kund-1"


def test_an_account_with_another_address_leaves_the_old_rights(with_login: Provider) -> None:
    old, new = new_browser(), new_browser()
    come_back(old, with_login)
    assert is_in(old)
    with_login.address = REKTOR[A]
    come_back(new, with_login)
    assert new.get("/").headers["Location"] == f"/skola/{A}/"
    assert new.get("/mina/").status_code == 404
    assert not is_in(old), "the session under the old address is over"
    # The old address can be somebody else's from now on.
    with_login.address, with_login.subject = MO, "kund-2"
    third = new_browser()
    come_back(third, with_login)
    assert is_in(third)


def test_a_state_that_was_not_asked_for_lets_nobody_in(with_login: Provider) -> None:
    browser = new_browser()
    state, with_login.nonce = asked(browser)
    other = new_browser()
    for one, query in (
        (browser, {"code": "c"}),
        (browser, {"state": state}),
        (browser, {"code": "c", "state": "x"}),
        (browser, {"error": "access_denied", "state": "x"}),
        # Somebody is sent the end of a login that another began.
        (other, {"code": "c", "state": state}),
    ):
        answer: Any = one.get("/inloggning/callback/", query)
        assert (answer.status_code, answer.headers["Location"]) == (302, FAILED)
        assert not is_in(one)


def test_a_state_is_good_once(with_login: Provider) -> None:
    browser = new_browser()
    state, with_login.nonce = asked(browser)
    query = {"code": "c", "state": state}
    assert browser.get("/inloggning/callback/", query).headers["Location"] == "/"
    browser.post("/logga-ut/")
    answer: Any = browser.get("/inloggning/callback/", query)
    assert answer.headers["Location"] == FAILED
    assert not is_in(browser)


def test_a_login_that_is_down_says_so_and_lets_nobody_in(with_login: Provider) -> None:
    browser = new_browser()
    nowhere = {"OIDC_OP_TOKEN_ENDPOINT": "http://127.0.0.1:9/token"}
    with override_settings(**nowhere):
        answer = come_back(browser, with_login)
    assert answer.headers["Location"] == FAILED
    assert come_back(browser, with_login).headers["Location"] == "/"


def test_the_demo_lets_nobody_in_where_there_is_a_login(with_login: Provider, town: Town) -> None:
    assert with_login
    key = town.person(MO).key
    browser = new_browser()
    assert browser.post("/valj-person/", {"person": key}).status_code == 404
    page: Any = browser.get("/logga-in/")
    assert "Logga in med kommunens konto" in page.content.decode()
    assert key not in page.content.decode()
    # Nor does a session that the demo once made.
    old = town.client(MO)
    assert not is_in(old)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"raw": {"/.well-known/openid-configuration": b"<html>"}}, "does not answer"),
        ({"status": {"/.well-known/openid-configuration": 404}}, "does not answer"),
        ({"raw": {"/.well-known/openid-configuration": b"[]"}}, "another name"),
        (
            {"raw": {"/.well-known/openid-configuration": b'{"issuer": "https://ond.example"}'}},
            "another name",
        ),
    ],
)
def test_a_login_that_is_another_is_not_begun_with(
    provider: Provider, said: dict[str, Any], words: str
) -> None:
    for name, value in said.items():
        setattr(provider, name, value)
    with pytest.raises(PortalError, match=words):
        discover(provider.issuer)


def test_a_real_provider_lets_in_whom_it_knows(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    oidc_provider_mock = pytest.importorskip("oidc_provider_mock")
    people = [
        oidc_provider_mock.User(sub="mo", claims={"email": MO, "email_verified": True}),
        oidc_provider_mock.User(sub="mia", claims={"email": MIA, "email_verified": False}),
    ]
    assert town.moment
    with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=people) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        portal = Portal(monkeypatch, dict(discover(issuer)), issuer=issuer)
        with portal.override:
            for subject, may in (("mo", True), ("mia", False), ("okand", False)):
                browser = new_browser()
                place = browser.get("/inloggning/authenticate/", {"next": "/mina/"})
                there = requests.post(
                    place.headers["Location"],
                    data={"sub": subject},
                    allow_redirects=False,
                    timeout=5,
                )
                back = urlsplit(there.headers["Location"])
                answer: Any = browser.get(back.path, parse_qs(back.query))
                assert answer.headers["Location"] == ("/mina/" if may else FAILED), subject
                assert is_in(browser) is may
