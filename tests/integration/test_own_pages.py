"""Dagster's pages on this machine answer their own browser page only: the real server, attacked.

What a page of another site can make a browser send: a form, an image, a socket, a request under a
name that its DNS points to this machine. Each of them asks for a change that would be seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import requests
import websockets

from tests.architecture.sources import ROOT

_SECONDS_TO_START = 240
TRAPPAN = (
    "import sys; sys.argv = ['trappan', *sys.argv[1:]]\nfrom pipelines.command import main; main()"
)
# A change that needs no run: whether a sensor is on is kept in the instance, and can be asked for.
_SELECTOR = (
    '{repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", '
    'sensorName: "inbox_sensor"}'
)
TURN_ON = f"mutation {{ startSensor(sensorSelector: {_SELECTOR}) {{ __typename }} }}"
IS_ON = (
    f"{{ sensorOrError(sensorSelector: {_SELECTOR}) "
    "{ ... on Sensor { sensorState { status } } } }"
)


@dataclass(frozen=True)
class Pages:
    """A running `trappan ui`."""

    port: int
    process: subprocess.Popen[str]
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **headers: str) -> requests.Response:
        """Ask as the pages themselves do, with some headers another way or, empty, none."""
        sent = {"Origin": self.url, "Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return requests.post(
            f"{self.url}/graphql",
            data=json.dumps({"query": query}),
            headers={name: value for name, value in sent.items() if value},
            timeout=60,
        )

    def is_on(self) -> bool:
        state = self.ask(IS_ON).json()["data"]["sensorOrError"]["sensorState"]["status"]
        assert state in {"RUNNING", "STOPPED"}
        return bool(state == "RUNNING")


def in_the_checkout() -> set[tuple[Path, int]]:
    """Every file and folder of the checkout, empty ones too, and when it was changed.

    Not what Python and the tools of developers make beside it.
    """
    tools = {".git", ".venv", ".venv-newest", "__pycache__", "var", "build", ".hypothesis"}
    found: set[tuple[Path, int]] = set()
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in tools and not name.endswith("_cache")]
        places = [Path(folder, name) for name in (*below, *files)]
        found |= {(path, path.stat().st_mtime_ns if path.is_file() else 0) for path in places}
    return found


@contextlib.contextmanager
def showing(home: Path, *words: str) -> Iterator[Pages]:
    process = subprocess.Popen(
        [sys.executable, "-c", TRAPPAN, "--home", home, "ui", "--port", "0", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stderr
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError("the pages did not come")
        pages = Pages(int(found[1]), process, home)
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.ConnectionError):
                if pages.ask("{ version }").ok:
                    break
            time.sleep(0.2)
        yield pages
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    before = in_the_checkout()
    home = tmp_path_factory.mktemp("ui") / "home"
    with showing(home, "--writing") as shown:
        yield shown
        # Without this, every test here would hold of a server that changes nothing at all.
        assert not shown.is_on()
        assert shown.ask(TURN_ON).json()["data"]["startSensor"]["__typename"] == "Sensor"
        assert shown.is_on()
        # Dagster keeps such a thing beside its dagster.yaml.
        assert shown.ask("mutation { setNuxSeen }").json() == {"data": {"setNuxSeen": True}}
    assert shown.process.returncode == 0
    # Nothing is written into the checkout, and what is written is its owner's only.
    assert in_the_checkout() == before
    modes = {path.stat().st_mode & 0o077 for path in home.rglob("*")}
    assert modes == {0}


def test_the_pages_answer_themselves(pages: Pages) -> None:
    page = requests.get(pages.url, timeout=60)
    assert page.status_code == 200
    assert "<html" in page.text
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in page.headers
    assert pages.ask("{ version }").json()["data"]["version"] == dg.__version__
    assert pages.is_on() is False


@pytest.mark.parametrize(
    "host",
    [
        "elak.example", "elak.example:{port}", "127.0.0.1", "localhost", "127.0.0.1:1",
        "127.0.0.1.elak.example:{port}", "127.0.0.1:{port}.elak.example", "[::1]:{port}",
        "0.0.0.0:{port}", "127.1:{port}", "2130706433:{port}", "localhost.:{port}",
        "elak@127.0.0.1:{port}", "127.0.0.1:{port},elak.example",
    ],
)  # fmt: skip
def test_a_name_that_is_not_ours_gets_no_answer(pages: Pages, host: str) -> None:
    named = host.format(port=pages.port)
    # The origin that a browser sends when that name's DNS points here.
    answer = pages.ask(TURN_ON, Host=named, Origin=f"http://{named}")
    assert answer.status_code in {400, 421}
    assert requests.get(pages.url, headers={"Host": named}, timeout=60).status_code in {
        400,
        421,
    }
    assert not pages.is_on()


@pytest.mark.parametrize(
    "origin",
    [
        "https://elak.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:1",
        "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.elak.example", "http://elak.example:{port}", "*",
    ],
)  # fmt: skip
def test_a_page_of_another_origin_changes_nothing(pages: Pages, origin: str) -> None:
    assert pages.ask(TURN_ON, Origin=origin.format(port=pages.port)).status_code == 403
    assert not pages.is_on()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none, same-origin", "x"])
def test_what_a_browser_says_of_the_site_counts(pages: Pages, site: str) -> None:
    assert pages.ask(TURN_ON, Sec_Fetch_Site=site).status_code == 403
    # An image, a script or a frame of another site.
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert requests.get(pages.url, headers=embedded, timeout=60).status_code == 403
    framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert requests.get(pages.url, headers=framed, timeout=60).status_code == 403
    # A link that somebody clicks.
    clicked = framed | {"Sec-Fetch-Dest": "document"}
    assert requests.get(pages.url, headers=clicked, timeout=60).status_code == 200
    assert not pages.is_on()


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "//graphql", "/GraphQL", "/%67raphql"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_is_changed_by_an_address(pages: Pages, method: str, path: str) -> None:
    url = f"{pages.url}{path}?query={quote(TURN_ON)}"
    for accepted in ("*/*", "application/json", "text/html"):
        answer = requests.request(method, url, headers={"Accept": accepted}, timeout=60)
        assert answer.status_code in {404, 405}
    assert not pages.is_on()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json", "application/graphql", "",
        "application/jsonx", "application/json, text/plain",
    ],
)  # fmt: skip
def test_what_a_form_can_send_changes_nothing(pages: Pages, kind: str) -> None:
    for origin in (pages.url, "https://elak.example"):
        for address in ("/graphql", f"/graphql?query={quote(TURN_ON)}"):
            headers = {"Origin": origin} | ({"Content-Type": kind} if kind else {})
            answer = requests.post(
                pages.url + address,
                data=json.dumps({"query": TURN_ON}).encode(),
                headers=headers,
                timeout=60,
            )
            assert answer.status_code in {403, 415}
    assert not pages.is_on()


@pytest.mark.parametrize("what", ["materialization/flags", "check/flags", "observation/flags"])
def test_nobody_reports_that_a_check_has_passed(pages: Pages, what: str) -> None:
    answer = requests.post(
        f"{pages.url}/report_asset_{what}",
        json={"check_name": "flags_consistent", "passed": True},
        headers={"Origin": pages.url},
        timeout=60,
    )
    assert answer.status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_get_no_answer(pages: Pages, method: str) -> None:
    answer = requests.request(
        method, f"{pages.url}/graphql", headers={"Origin": pages.url}, json={"query": TURN_ON},
        timeout=60,
    )  # fmt: skip
    assert answer.status_code == 405
    assert not pages.is_on()


async def _socket(pages: Pages, path: str, host: str, origin: str | None) -> int:
    """Open a socket, say what a page would; the status of the handshake, 101 when it was taken."""
    try:
        async with websockets.connect(
            f"ws://{host}{path}",
            host="127.0.0.1",
            port=pages.port,
            origin=websockets.Origin(origin) if origin else None,
            subprotocols=[websockets.Subprotocol("graphql-ws")],
            proxy=None,
        ) as opened:
            await opened.send(json.dumps({"type": "connection_init"}))
            payload = {"query": TURN_ON}
            await opened.send(json.dumps({"type": "start", "id": "1", "payload": payload}))
            with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                await asyncio.wait_for(opened.recv(), 5)
                await asyncio.wait_for(opened.recv(), 5)
            return 101
    except websockets.InvalidStatus as error:
        return error.response.status_code


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", None, 403),
        ("127.0.0.1:{port}", "https://elak.example", 403),
        ("127.0.0.1:{port}", "null", 403),
        ("127.0.0.1:{port}", "http://localhost:{port}", 403),
        ("elak.example:{port}", "http://elak.example:{port}", 403),
        ("elak.example:{port}", "http://127.0.0.1:{port}", 403),
    ],
)
def test_a_socket_is_for_these_pages_only_and_changes_nothing(
    pages: Pages, host: str, origin: str | None, status: int
) -> None:
    named = host.format(port=pages.port)
    said = origin.format(port=pages.port) if origin else None
    assert asyncio.run(_socket(pages, "/graphql", named, said)) == status
    assert not pages.is_on()


def test_a_second_one_on_the_same_port_says_so(pages: Pages, tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", TRAPPAN, "--home", tmp_path, "ui", "--port", str(pages.port)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert said.returncode == 1
    assert f"Port {pages.port} of 127.0.0.1 can't be had" in said.stderr


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages as they are when nothing else is asked for."""
    with showing(tmp_path_factory.mktemp("usual") / "home") as shown:
        yield shown


def test_pages_only_show_unless_somebody_asks_for_others(usual: Pages) -> None:
    answer = usual.ask(TURN_ON)
    assert answer.json()["data"]["startSensor"]["__typename"] == "UnauthorizedError"
    assert not usual.is_on()
    granted = usual.ask("{ permissions { permission value } }").json()["data"]["permissions"]
    assert len(granted) > 10
    assert [one["permission"] for one in granted if one["value"]] == []


def test_pages_that_only_show_answer_themselves_only_too(usual: Pages) -> None:
    for headers in ({"Host": "elak.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"}):
        assert usual.ask("{ version }", **headers).status_code in {403, 421}
    assert requests.get(usual.url, headers={"Host": "elak.example"}, timeout=60).status_code == 421
    foreign = asyncio.run(_socket(usual, "/graphql", "127.0.0.1", "https://elak.example"))
    assert foreign == 403


def test_a_home_has_one_daemon_of_schedules(usual: Pages, tmp_path: Path) -> None:
    assert daemons(usual.process.pid) == 1
    home = usual.home
    second = subprocess.run(
        [sys.executable, "-c", TRAPPAN, "--home", home, "daemon"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert second.returncode == 1
    assert f"The schedules of {home} run in another process already" in second.stderr
    with showing(home, "--writing") as beside:
        assert daemons(beside.process.pid) == 0
        assert beside.ask("{ version }").ok
    # Of another home it may.
    with showing(tmp_path / "other", "--no-schedules") as alone:
        assert daemons(alone.process.pid) == 0
    assert daemons(usual.process.pid) == 1


def test_pages_that_change_things_have_the_daemon_of_schedules(pages: Pages) -> None:
    assert daemons(pages.process.pid) == 1


def daemons(parent: int) -> int:
    """How many processes below one run Dagster's schedules and sensors."""
    listed = subprocess.run(
        ["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed]
    ahead, found = [str(parent)], 0
    while ahead:
        above = ahead.pop()
        below = [(pid, words) for pid, ppid, words in rows if ppid == above]
        ahead += [pid for pid, _ in below]
        found += sum("pipelines.ui.scheduling" in words for _, words in below)
    return found
