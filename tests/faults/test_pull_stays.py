"""A token and what pupils' data is asked with go to the servers of `sources.yaml`, nowhere else.

A second server listens on this machine. Everything that the first one, the token server or the
environment can say names it, and it must never be asked anything.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults.test_pull_faults import (
    certificate,
    fault_of,
    nothing_is_left,
    oauth,
    written,
)
from tests.integration.school_server import CLIENT, SECRET, Handler, School, body, serving, status
from tests.integration.test_pull import pulled, source_of

TOKEN = "fast-jeton-4711"  # noqa: S105 - invented
QUERY = "pnr=201105179897"


@dataclass
class Elsewhere:
    """The second server."""

    port: int
    asked: list[str] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/x?{QUERY}"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Notes whatever reaches it, also what asks for a proxy, and answers as a school would."""

    class Noting(BaseHTTPRequestHandler):
        def answer(self) -> None:
            found.asked.append(f"{self.command} {self.path} {dict(self.headers)}")
            content = json.dumps({"data": [], "pageToken": None, "access_token": "x"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = do_PUT = do_CONNECT = do_OPTIONS = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    server.daemon_threads = True
    found = Elsewhere(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def school() -> Iterator[School]:
    groups = [{"id": f"id-{n}", "meta": {"modified": "2026-11-01T08:00:00Z"}} for n in range(3)]
    with serving(School(data={"groups": groups}, tokens={TOKEN})) as served:
        yield served


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("SKOLA_JETON", TOKEN)
    return {"kind": "token", "secret": {"env": "SKOLA_JETON"}}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def says_nothing_secret(found: str) -> bool:
    return not any(word in found for word in (TOKEN, SECRET, QUERY, "pnr", "2011", "lösen"))


def forms(port: int) -> list[str]:
    """The ways in which an answer can name the other server."""
    return [
        f"http://127.0.0.1:{port}/x?{QUERY}",
        f"http://localhost:{port}/ss12000/groups?{QUERY}",
        f"//127.0.0.1:{port}/x?{QUERY}",
        f"HTTP://127.0.0.1:{port}/{TOKEN}",
        f"http://namn:lösen@127.0.0.1:{port}/",
    ]


@pytest.mark.parametrize("form", range(5))
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_with_the_host_and_followed_nowhere(
    school: School,
    elsewhere: Elsewhere,
    token: dict[str, Any],
    tmp_path: Path,
    *,
    code: int,
    form: int,
) -> None:
    location = forms(elsewhere.port)[form].encode().decode("latin-1")
    school.fail("groups", *itertools.repeat(status(code, Location=location), 9))
    found = fault_of(pulled(source_of(school, "groups", auth=token), tmp_path))
    assert f"sends us to {'localhost' if form == 1 else '127.0.0.1'}:{elsewhere.port}. " in found
    assert says_nothing_secret(found)
    assert elsewhere.asked == []
    assert nothing_is_left(tmp_path)


def test_a_redirect_of_a_later_page_is_followed_nowhere(
    school: School, elsewhere: Elsewhere, token: dict[str, Any], tmp_path: Path
) -> None:
    first = lambda handler: handler.answer(*school.page("groups", {}))  # noqa: E731
    school.fail("groups", first, status(302, Location=elsewhere.url()))
    found = fault_of(pulled(source_of(school, "groups", auth=token), tmp_path))
    assert f"sends us to 127.0.0.1:{elsewhere.port}. " in found
    assert elsewhere.asked == []


@pytest.mark.parametrize("send", ["basic", "post"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_token_servers_redirect_takes_the_secret_nowhere(
    school: School, elsewhere: Elsewhere, secret: Path, tmp_path: Path, *, code: int, send: str
) -> None:
    school.tokens = set()
    school.answers_token = status(code, Location=elsewhere.url())
    auth = oauth(school, secret, send_secret=send)
    found = fault_of(pulled(source_of(school, "groups", auth=auth), tmp_path))
    assert f"sends us to 127.0.0.1:{elsewhere.port}. " in found
    assert says_nothing_secret(found)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "location",
    ["http://[::1", "http://a b/", "http:///x", "http://x:99999/", "http://" + "a" * 999, "\\\\x"],
)
def test_a_redirect_to_what_is_no_address_is_told_without_it(
    school: School, token: dict[str, Any], tmp_path: Path, location: str
) -> None:
    school.fail("groups", *itertools.repeat(status(302, Location=location), 9))
    found = fault_of(pulled(source_of(school, "groups", auth=token), tmp_path))
    assert "sends us to another" in found
    assert len(found) < 400


def test_nothing_that_an_answer_says_leads_elsewhere(
    school: School, elsewhere: Elsewhere, token: dict[str, Any], tmp_path: Path
) -> None:
    url = elsewhere.url()
    pointing = {
        "Link": f'<{url}>; rel="next", <{url}>; rel="preload"',
        "Location": url,
        "Content-Location": url,
        "Refresh": f"0; url={url}",
        "Alt-Svc": f'h2="127.0.0.1:{elsewhere.port}"',
        "WWW-Authenticate": f'Bearer realm="{url}", authorization_uri="{url}"',
    }
    page = {"next": url, "links": {"next": {"href": url}}, "@odata.nextLink": url}
    first = page | {"data": [{"id": "1", "next": url}], "pageToken": url}
    last = page | {"data": [{"id": "2", "$ref": url}], "pageToken": None}
    school.fail(
        "groups",
        *(body(json.dumps(one).encode(), headers=pointing) for one in (first, last)),
    )
    (result,) = pulled(source_of(school, "groups", auth=token), tmp_path)
    assert (result.fault, result.objects) == ("", 2)
    # The page token went back to who gave it, as a parameter.
    assert school.parameters("groups")[1]["pageToken"] == url
    assert elsewhere.asked == []


def test_a_refused_token_is_asked_for_at_the_token_server_only(
    school: School, elsewhere: Elsewhere, secret: Path, tmp_path: Path
) -> None:
    school.tokens = set()
    url = elsewhere.url()

    def answers(handler: Handler) -> None:
        school.tokens = {"jeton"}
        given = {"access_token": "jeton", "token_type": "Bearer", "expires_in": 3600}
        leading = {"token_endpoint": url, "resource": url, "refresh_token": "x", "issuer": url}
        handler.answer(200, given | leading, headers={"Link": f"<{url}>"})

    school.answers_token = answers
    bad = {"WWW-Authenticate": f'Bearer realm="{url}", authorization_uri="{url}"'}
    school.fail("groups", lambda handler: handler.answer(401, {}, headers=bad))
    (result,) = pulled(source_of(school, "groups", auth=oauth(school, secret)), tmp_path)
    assert (result.fault, result.objects) == ("", 3)
    assert elsewhere.asked == []


def test_the_environment_leads_nowhere(
    school: School,
    elsewhere: Elsewhere,
    secret: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = f"http://127.0.0.1:{elsewhere.port}"
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "socks_proxy"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    school.tokens = set()
    (result,) = pulled(source_of(school, "groups", auth=oauth(school, secret)), tmp_path)
    assert (result.fault, result.objects) == ("", 3)
    assert elsewhere.asked == []


def test_no_environment_turns_the_look_at_certificates_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = certificate("Provutfärdare")
    ca, _ = written(tmp_path, "ca", authority)
    server = written(tmp_path, "server", certificate("localhost", authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ca))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    monkeypatch.setenv("CURL_INSECURE", "1")
    with serving(School(data={"groups": []}), context) as served:
        found = fault_of(pulled(source_of(served, "groups", retries=0), tmp_path / "home"))
        assert served.asked == []
    assert "no safe connection (TLS)" in found


def no_end(code: int, piece: bytes = b" " * 65536) -> Callable[[Handler], None]:
    """Return a fault: an answer whose body goes on until nobody listens."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.close_connection = True
        end = time.monotonic() + 60
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    return answer


@pytest.mark.parametrize("code", [302, 401, 429, 500, 503])
def test_an_answer_without_an_end_that_nobody_wants_is_not_read(
    school: School, token: dict[str, Any], tmp_path: Path, code: int
) -> None:
    school.fail("groups", *itertools.repeat(no_end(code), 9))
    begun = time.monotonic()
    assert fault_of(pulled(source_of(school, "groups", auth=token, retries=2), tmp_path))
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("code", [200, 400, 500])
def test_a_token_without_an_end_is_not_read(
    school: School, secret: Path, tmp_path: Path, code: int
) -> None:
    school.tokens, school.answers_token = set(), no_end(code)
    begun = time.monotonic()
    found = fault_of(pulled(source_of(school, "groups", auth=oauth(school, secret)), tmp_path))
    assert "so there is no token" in found
    assert time.monotonic() - begun < 20


def bomb(layers: int) -> bytes:
    """Two gigabytes of blanks, packed: some megabytes, or with more layers some kilobytes."""
    packer = gzip.compress(b" " * (64 << 20))
    content = packer * 32
    for _ in range(layers - 1):
        content = gzip.compress(content)
    return content


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("where", ["page", "token"])
def test_what_unpacks_to_gigabytes_takes_no_memory(
    school: School, secret: Path, tmp_path: Path, where: str, layers: int
) -> None:
    packed = body(bomb(layers), headers={"Content-Encoding": ", ".join(["gzip"] * layers)})
    if where == "token":
        school.tokens, school.answers_token = set(), packed
    else:
        school.tokens = None
        school.fail("groups", packed)
    auth = {"auth": oauth(school, secret)} if where == "token" else {}
    source = source_of(school, "groups", most_response_mb=4, **auth)
    tracemalloc.start()
    try:
        found = fault_of(pulled(source, tmp_path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "larger than 4 MB" in found or "more than 1 MB" in found
    assert peak < 100 << 20
    assert nothing_is_left(tmp_path) or where == "token"


def test_a_proxy_of_ones_own_reads_no_clear_text(school: School) -> None:
    with pytest.raises(ValueError, match="a proxy would read an address with http"):
        source_of(school, "groups", proxy="http://proxy.example:8080")


def test_the_tests_second_server_notes_what_reaches_it(elsewhere: Elsewhere) -> None:
    import requests

    requests.get(elsewhere.url(), headers={"Authorization": CLIENT}, timeout=5)
    assert CLIENT in elsewhere.asked[0]
