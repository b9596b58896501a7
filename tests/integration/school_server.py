"""A school system on loopback: serves the standard's endpoints over HTTP, as strict as it is.

A parameter that the standard does not know for an endpoint, a required one that is missing, a value
that is none, or a page token together with a filter is answered with 400, so that a test sees a
wrong question (`school_standard.py`). Servers that want page 2 asked in another way, or know no
names of references, are made by settings. Faults are put in a queue per endpoint; each answers one
request. Not here: any expectation.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.integration.school_standard import (
    KNOWN,
    PAGED,
    REQUIRED,
    Asked,
    as_asked,
    deleted_page,
    passes,
    wrong_in,
)

CLIENT, SECRET = "klient", "hemligt-ord-77"


@dataclass
class School:
    """What the server has and does; a test changes it while it runs.

    Attributes:
        data: objects by endpoint.
        deleted: what was taken away: the entity's word, its id, and when.
        page_size: objects a page when no limit is asked for.
        wants_repeated: whether a page token must stand with the required parameters; the standard
            forbids it.
        knows_names: whether it knows expandReferenceNames.
        refusal: the status of a question that it does not like.
        expiring: how many of the next page tokens have expired when they come.
        faults: by endpoint, what answers the next requests instead.
        asked: every request: endpoint and parameters.
        tokens: valid access tokens; None when no token is needed.
        issued: how many tokens were issued.
        expires_in: seconds that a token is said to live.
        answers_token: what answers `/token` instead, if anything.
    """

    data: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)
    page_size: int = 2
    wants_repeated: bool = False
    knows_names: bool = True
    refusal: int = 400
    expiring: int = 0
    faults: dict[str, deque[Callable[[Handler], None]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: set[str] | None = None
    issued: int = 0
    expires_in: int = 3600
    answers_token: Callable[[Handler], None] | None = None
    url: str = ""
    _pages: dict[str, tuple[str, Asked, int]] = field(default_factory=dict)

    def fail(self, endpoint: str, *faults: Callable[[Handler], None]) -> None:
        """Let the next requests of an endpoint be answered so."""
        self.faults[endpoint].extend(faults)

    def parameters(self, endpoint: str) -> list[dict[str, str]]:
        """Return what an endpoint was asked with."""
        return [parameters for name, parameters in self.asked if name == endpoint]

    def page(self, endpoint: str, parameters: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and body of a question in which each parameter stands once."""
        return self.answer_to(endpoint, {name: [value] for name, value in parameters.items()})

    def answer_to(self, endpoint: str, asked: Asked) -> tuple[int, dict[str, Any]]:
        """Return status and body of a question."""
        filters, start = asked, 0
        if "pageToken" in asked:
            beside = asked.keys() - PAGED
            wanted = REQUIRED.get(endpoint, set()) if self.wants_repeated else set()
            if beside != wanted:
                return self._refused(f"beside a page token: {sorted(beside)}")
            if self.expiring:
                self.expiring -= 1
                return 410, {"code": "expired", "message": "the page token has expired"}
            if asked["pageToken"][0] not in self._pages:
                return self._refused("no such page token")
            endpoint, filters, start = self._pages[asked["pageToken"][0]]
        wrong = wrong_in(endpoint, filters)
        if wrong or (not self.knows_names and "expandReferenceNames" in filters):
            return self._refused(wrong or "unknown: expandReferenceNames")
        size = min(int(asked.get("limit", [str(self.page_size)])[0]), self.page_size)
        if endpoint == "deletedEntities":
            gone = self._gone(filters)
            data: Any = deleted_page(gone[start : start + size])
            found: Sized = gone
        else:
            found = [one for one in self.data.get(endpoint, []) if passes(one, filters)]
            data = [as_asked(one, filters, self.data) for one in found[start : start + size]]
        following = None
        if start + size < len(found):
            following = f"sida/{len(self._pages)}+="
            self._pages[following] = (endpoint, filters, start + size)
        return 200, {"data": data, "pageToken": following}

    def _gone(self, asked: Asked) -> list[tuple[str, str]]:
        after = datetime.fromisoformat(asked.get("after", ["0001-01-01T00:00:00Z"])[0])
        entities = asked.get("entities")
        return [
            (entity, id_)
            for entity, id_, when in self.deleted
            if datetime.fromisoformat(when) > after and (not entities or entity in entities)
        ]

    def _refused(self, message: str) -> tuple[int, dict[str, Any]]:
        return self.refusal, {"code": "filter", "message": message}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    school: School

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        endpoint = parts.path.rpartition("/")[2]
        self.school.asked.append((endpoint, dict(parse_qsl(parts.query))))
        if self.school.faults[endpoint]:
            self.school.faults[endpoint].popleft()(self)
            return
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.school.tokens is not None and bearer not in self.school.tokens:
            self.answer(401, {"code": "no"})
            return
        if endpoint not in KNOWN:
            self.answer(404, {"code": "no such endpoint"})
            return
        self.answer(*self.school.answer_to(endpoint, parse_qs(parts.query)))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        form = parse_qs(self.rfile.read(length).decode())
        if self.school.answers_token:
            self.school.answers_token(self)
            return
        wanted = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == ([CLIENT], [SECRET])
        if self.headers.get("Authorization") != wanted and not by_form:
            self.answer(401, {"error": "invalid_client", "error_description": SECRET})
            return
        if form.get("grant_type") != ["client_credentials"]:
            self.answer(400, {"error": "unsupported_grant_type"})
            return
        self.school.issued += 1
        token = f"jeton-{self.school.issued}"
        self.school.tokens = (self.school.tokens or set()) | {token}
        self.answer(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": self.school.expires_in,
            },
        )

    def answer(
        self,
        status: int,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        cut: int = 0,
        kind: str = "application/json;charset=UTF-8",
    ) -> None:
        """Send an answer; bytes go out as they are, `cut` bytes of it never come."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) - cut])
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    """Return a fault: a status, with headers (`Retry_After` is `Retry-After`)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, {"code": "fault"}, headers=named)


def body(content: bytes, **how: Any) -> Callable[[Handler], None]:
    """Return a fault: status 200 with this body."""
    return lambda handler: handler.answer(200, content, **how)


def slow(seconds: float) -> Callable[[Handler], None]:
    """Return a fault: nothing comes for some time."""

    def wait(handler: Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return wait


@contextmanager
def serving(school: School, context: ssl.SSLContext | None = None) -> Iterator[School]:
    """Run the server on a free port of loopback and put its address into `school.url`."""

    class Mine(Handler):
        pass

    Mine.school = school
    server = _Quiet(("127.0.0.1", 0), Mine)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    school.url = f"http{'s' if context else ''}://localhost:{server.server_address[1]}/ss12000"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield school
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that goes away, or shows no certificate, is a part of these tests."""
