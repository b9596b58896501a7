"""A login whose every answer a test can change, and the portal that asks it.

The settings are those of a portal with a login; only the provider's addresses are a test's. Not
here: any expectation of what the portal lets in.
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
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client, override_settings

from portal.configuration import PortalConfiguration, discover
from portal.login import oidc
from portal.views import start
from tests.portal.towns import MO, Town

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
