"""Whatever a request looks like, what can change something is let in from our own pages only.

The real server under attack is in `tests/integration/test_own_pages.py`; here are all the mixtures
of headers that a browser or a program can send.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ui.own_pages import OwnPagesOnly
from tests.examples import examples

PORT = 3000
OWN = (b"127.0.0.1:3000", b"localhost:3000")


async def _nobody(*_: object) -> None:
    raise AssertionError("nothing is sent here")


GUARD = OwnPagesOnly(_nobody, PORT)
HOSTS = [*OWN, b"LOCALHOST:3000", b"elak.example", b"localhost", b"127.0.0.1:80"]
ORIGINS = [b"http://127.0.0.1:3000", b"http://localhost:3000", b"null", b"https://elak.example"]
KINDS = [b"application/json", b"application/json; charset=utf-8", b"text/plain; application/json"]
SITES = [b"same-origin", b"none", b"same-site", b"cross-site"]


def headers(name: bytes, values: list[bytes]) -> st.SearchStrategy[list[tuple[bytes, bytes]]]:
    """A header that isn't there, stands once, or twice."""
    return st.lists(st.tuples(st.just(name), st.sampled_from(values)), max_size=2)


def scope(kind: str, method: str, path: str, *given_headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": kind, "method": method, "path": path, "headers": list(given_headers)}


@examples(400)
@given(
    kind=st.sampled_from(["http", "websocket"]),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"]),
    path=st.sampled_from(["/graphql", "/graphql/", "/", "/report_asset_check/flags", "/runs"]),
    hosts=headers(b"host", HOSTS),
    origins=headers(b"origin", ORIGINS),
    kinds=headers(b"content-type", KINDS),
    sites=headers(b"sec-fetch-site", SITES),
)
def test_what_can_change_something_comes_from_our_own_pages(
    kind: str, method: str, path: str, **sent: list[tuple[bytes, bytes]]
) -> None:
    asked = scope(kind, method, path, *(header for group in sent.values() for header in group))
    if GUARD.refusal_of(asked) is not None:
        return
    ((_, host),) = sent["hosts"]
    assert host.lower() in OWN
    assert [value for _, value in sent["origins"]] in ([], [b"http://" + host.lower()])
    if kind == "http" and method in {"GET", "HEAD"}:
        assert "graphql" not in path
        return
    assert sent["origins"]
    assert path.startswith("/graphql")
    assert kind == "websocket" or (method == "POST" and len(sent["kinds"]) == 1)
    assert kind == "websocket" or sent["kinds"][0][1].startswith(b"application/json")
    assert kind == "websocket" or {value for _, value in sent["sites"]} <= {b"same-origin", b"none"}


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
