"""The municipality's login: a real provider on this machine, and one that answers anything at all.

The settings are those of a portal with a login; only the provider's addresses are a test's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.test import Client, override_settings

from portal.configuration import PortalConfiguration, PortalError, discover
from portal.login import oidc
from portal.models import Person
from portal.views import start
from tests.portal.towns import ALM, MIA, MO, REKTOR, A, Town

CLIENT = "frånvarotrappan"
CLIENT_WORD = "hemligt-ord-för-klienten-32-tecken"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
Claims = dict[str, Any]


def jwk(key: rsa.RSAPrivateKey, **more: object) -> Claims:
    made = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**made, "kid": "one", "use": "sig", "alg": "RS256", **more}


@dataclass
class Provider:
    """A login whose every answer a test can change."""

    port: int = 0
    nonce: str = ""
    subject: str = "kund-1"
    address: str = MO
    token: Callable[[Claims], object] | None = None
    claims: Claims = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    info: object = None
    more_info: Claims = field(default_factory=dict)
    removed_info: tuple[str, ...] = ()
    keys: object = None
    status: dict[str, int] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def all_claims(self) -> Claims:
        now = int(time.time())
        usual = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": self.nonce,
        } | self.claims  # fmt: skip
        return {name: value for name, value in usual.items() if name not in self.removed}

    def answer(self, path: str) -> object:
        if path == "/token":
            claims = self.all_claims()
            token = self.token(claims) if self.token else signed(claims)
            return token if isinstance(token, (dict, list)) else {
                "access_token": "a", "token_type": "Bearer", "id_token": token,
            }  # fmt: skip
        if path == "/userinfo":
            usual = {"sub": self.subject, "email": self.address, "email_verified": True}
            found = usual | self.more_info
            left = {name: value for name, value in found.items() if name not in self.removed_info}
            return left if self.info is None else self.info
        if path == "/jwks":
            return {"keys": [jwk(KEY)]} if self.keys is None else self.keys
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }  # fmt: skip


def signed(claims: Claims, key: Any = KEY, algorithm: str = "RS256", **header: str) -> str:
    return jwt.encode(claims, key, algorithm, {"kid": "one", **header})


def by_hand(claims: Claims, key: bytes) -> str:
    """A token signed with HMAC and the public key, which a library refuses to make."""
    import base64
    import hashlib
    import hmac

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "kid": "one", "typ": "JWT"}).encode())
    body = head + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.new(key, body, hashlib.sha256).digest())).decode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A login that answers on this machine."""
    told = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = told.raw.get(path, json.dumps(told.answer(path)).encode())
            self.send_response(told.status.get(path, 200))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the server looks for that name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


class Portal:
    """The portal with a login."""

    def __init__(self, patch: pytest.MonkeyPatch, found: dict[str, str], **more: Any) -> None:
        issuer = more.pop("issuer")
        patch.setattr(
            oidc,
            "CONFIGURATION",
            PortalConfiguration(oidc_issuer=issuer, oidc_client_id=CLIENT, **more),
        )
        patch.setattr(start, "IS_DEMO", False)
        self.override = override_settings(
            AUTHENTICATION_BACKENDS=[
                "axes.backends.AxesStandaloneBackend",
                "portal.login.oidc.MunicipalLogin",
            ],
            OIDC_RP_CLIENT_ID=CLIENT,
            OIDC_RP_CLIENT_SECRET=CLIENT_WORD,
            OIDC_OP_AUTHORIZATION_ENDPOINT=found["TRAPPAN_PORTAL_FOUND_AUTHORIZATION"],
            OIDC_OP_TOKEN_ENDPOINT=found["TRAPPAN_PORTAL_FOUND_TOKEN"],
            OIDC_OP_USER_ENDPOINT=found["TRAPPAN_PORTAL_FOUND_USERINFO"],
            OIDC_OP_JWKS_ENDPOINT=found["TRAPPAN_PORTAL_FOUND_JWKS"],
            OIDC_TIMEOUT=2,
        )


@pytest.fixture
def with_login(
    town: Town, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Provider]:
    """The portal with that login."""
    assert town.moment
    portal = Portal(monkeypatch, dict(discover(provider.issuer)), issuer=provider.issuer)
    with portal.override:
        yield provider


def asked(browser: Client, **query: str) -> tuple[str, str]:
    """Begin a login; return its state and nonce."""
    answer: Any = browser.get("/inloggning/authenticate/", query)
    said = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert said["response_type"] == ["code"]
    assert said["code_challenge_method"] == ["S256"]
    return said["state"][0], said["nonce"][0]


def come_back(browser: Client, provider: Provider, **query: str) -> Any:
    """Go through a login and return what the portal answers at its end."""
    state, provider.nonce = asked(browser, **query)
    return browser.get("/inloggning/callback/", {"code": "c", "state": state})


def is_in(browser: Client) -> bool:
    return bool(browser.get("/").headers.get("Location", "") == "/mina/")


def new_browser() -> Client:
    return Client(HTTP_HOST="127.0.0.1")


FAILED = "/logga-in/?misslyckad=1"


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


def test_ten_refused_logins_shut_the_door(with_login: Provider) -> None:
    with_login.more_info = {"email_verified": False}
    browser = new_browser()
    answers = [come_back(browser, with_login).status_code for _ in range(11)]
    assert answers[:9] == [302] * 9
    assert answers[-1] == 429
    # Nor by the right account, nor by another address in a header.
    with_login.more_info = {}
    assert come_back(new_browser(), with_login).status_code in {302, 429}
    state, with_login.nonce = asked(other := new_browser())
    other.get(
        "/inloggning/callback/",
        {"code": "c", "state": state},
        REMOTE_ADDR="127.0.0.1",
    )
    assert not is_in(other)


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
