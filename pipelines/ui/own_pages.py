"""Which requests reach Dagster's pages: those of a browser that shows these very pages.

The pages have no login, and every page of the web can send requests to this machine: by a form, an
image, a socket, or under a name of its own that its DNS points here. What tells them apart are the
headers that a browser sets and no page can change: `Host`, `Origin`, `Sec-Fetch-Site`. Not here:
who may use this machine (`docs/trust-install.md`), the server (`serving.py`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The one address that takes changes; by POST or socket only.
GRAPHQL = "/graphql"
_READING = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({b"same-origin", b"none"})
# No other site shows these pages in a frame, or loads a part of them.
_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Refusal(NamedTuple):
    """Why a request gets no answer, for the person who sent it."""

    status: int
    words: str


class OwnPagesOnly:
    """Lets in only what these pages themselves ask; all else is refused before Dagster sees it.

    Args:
        app: what answers.
        port: that the pages are on.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port
        self._hosts = frozenset(f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or socket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self.refusal_of(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            answer = PlainTextResponse(refusal.words + "\n", refusal.status)
            await answer(scope, receive, _with_headers(send))
        else:
            # Before it is accepted: the handshake is answered with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})

    def refusal_of(self, scope: Scope) -> Refusal | None:
        """Return why a request is refused, None when it is not.

        Args:
            scope: of ASGI, `http` or `websocket`.
        """
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Refusal(
                421,
                f"This server answers to 127.0.0.1:{self._port} and localhost:{self._port} only. "
                "Behind an SSH tunnel, use the same port on both ends.",
            )
        origins = _values(scope, b"origin")
        if origins and origins != [b"http://" + hosts[0].lower()]:
            return Refusal(403, "Another site asked for this. Its pages can't use this server.")
        if scope["type"] == "websocket":
            is_own = bool(origins) and scope["path"] == GRAPHQL
            return None if is_own else Refusal(403, "A socket is for these pages only.")
        return _of_site(scope) or _of_method(scope, has_origin=bool(origins))


def _of_site(scope: Scope) -> Refusal | None:
    """Refuse what a page of another site, or port, loads; a link from there may be followed."""
    sites = _values(scope, b"sec-fetch-site")
    is_link = (
        scope["method"] == "GET"
        and _values(scope, b"sec-fetch-mode") == [b"navigate"]
        and _values(scope, b"sec-fetch-dest") == [b"document"]
    )
    if not sites or is_link or (len(sites) == 1 and sites[0] in _OWN_SITE):
        return None
    return Refusal(403, "Another site asked for this. Its pages can't use this server.")


def _of_method(scope: Scope, *, has_origin: bool) -> Refusal | None:
    """Refuse GraphQL by GET, and a POST that is none of these pages' own.

    Dagster reads a query from the address too, of a GET and of a POST that is no JSON: what a form
    or an image of any site can send. It also takes results of assets and checks by POST.
    """
    is_graphql = scope["path"].strip("/").casefold() == GRAPHQL.strip("/")
    if scope["method"] in _READING:
        if is_graphql:
            return Refusal(405, "GraphQL is asked by POST only.")
        return None
    if scope["method"] != "POST" or not is_graphql:
        return Refusal(405, "Expected GET, or POST to /graphql.")
    if not has_origin:
        return Refusal(403, "A POST has to name these pages as its Origin.")
    kinds = _values(scope, b"content-type")
    if len(kinds) != 1 or kinds[0].partition(b";")[0].strip().lower() != b"application/json":
        return Refusal(415, "Expected application/json.")
    return None


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key.lower() == name]


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given: list[Any] = list(message.get("headers", []))
            message = {**message, "headers": [*given, *_HEADERS]}
        await send(message)

    return sending
