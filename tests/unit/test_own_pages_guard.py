"""Whatever a request looks like, what can change something is let in from our own pages only.

The real server under attack is in `tests/integration/test_own_pages.py`; here are all the mixtures
of headers that a browser or a program can send.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from pipelines.ui.own_pages import OwnPagesOnly

PORT = 3000
OWN = (b"127.0.0.1:3000", b"localhost:3000")


async def _nobody(*_: object) -> None:
    raise AssertionError("nothing is sent here")


GUARD = OwnPagesOnly(_nobody, PORT)
HOSTS = [*OWN, b"LOCALHOST:3000", b"elak.example", b"localhost", b"127.0.0.1:80"]
ORIGINS = [b"http://127.0.0.1:3000", b"http://localhost:3000", b"null", b"https://elak.example"]
KINDS = [b"application/json", b"application/json; charset=utf-8", b"text/plain; application/json"]
SITES = [b"same-origin", b"none", b"same-site", b"cross-site"]


def sent(name: bytes, values: list[bytes]) -> list[list[tuple[bytes, bytes]]]:
    """A header that isn't there, stands once, or twice."""
    return [[], *([(name, value)] for value in values), [(name, values[0])] * 2]


def scope(kind: str, method: str, path: str, *given_headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": kind, "method": method, "path": path, "headers": list(given_headers)}


MIXTURES = product(
    ["http", "websocket"],
    ["GET", "HEAD", "POST", "PUT"],
    ["/graphql", "/graphql/", "/", "/report_asset_check/flags"],
    sent(b"host", HOSTS),
    sent(b"origin", ORIGINS),
    sent(b"content-type", KINDS),
    sent(b"sec-fetch-site", SITES),
)


def test_what_can_change_something_comes_from_our_own_pages() -> None:
    let_in = 0
    for kind, method, path, hosts, origins, kinds, sites in MIXTURES:
        asked = scope(kind, method, path, *hosts, *origins, *kinds, *sites)
        if GUARD.refusal_of(asked) is not None:
            continue
        let_in += 1
        ((_, host),) = hosts
        assert host.lower() in OWN
        own = [(b"origin", b"http://" + host.lower())]
        assert origins in ([], own)
        assert kind == "websocket" or {value for _, value in sites} <= {b"same-origin", b"none"}
        if kind == "http" and method in {"GET", "HEAD"}:
            assert "graphql" not in path
            continue
        assert origins == own
        assert path.strip("/") == "graphql"
        if kind == "http":
            assert method == "POST"
            ((_, given),) = kinds
            assert given in KINDS[:2]
    assert let_in > 100


@pytest.mark.parametrize("host", OWN)
def test_our_own_pages_are_let_in(host: bytes) -> None:
    own = ((b"host", host), (b"origin", b"http://" + host), (b"sec-fetch-site", b"same-origin"))
    asked = scope("http", "POST", "/graphql", *own, (b"content-type", b"application/json"))
    assert GUARD.refusal_of(asked) is None
    assert GUARD.refusal_of(scope("websocket", "GET", "/graphql", *own)) is None
    assert GUARD.refusal_of(scope("http", "GET", "/runs/1", (b"host", host))) is None


def test_a_request_without_a_name_or_with_two_is_refused() -> None:
    for named in ((), (OWN[0], OWN[0]), (OWN[0], b"elak.example")):
        asked = scope("http", "GET", "/", *((b"host", host) for host in named))
        refusal = GUARD.refusal_of(asked)
        assert refusal is not None
        assert refusal.status == 421
