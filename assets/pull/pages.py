"""All pages of one window, fetched and checked; `joining.py` makes one file of them.

A page is written to a file of no name first and parsed from there, so that memory does not grow
with it. Not here: what is asked for (`windows.py`, `questions.py`), HTTP (`sessions.py`).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ijson
import requests
from urllib3 import exceptions as transport

from assets.pull.faults import PullFaultError, of_error
from assets.pull.joining import NO_JSON, joiner_of, malformed
from assets.pull.questions import REFUSALS, Questions
from assets.pull.sessions import ServerSession
from assets.pull.sources import Source

_CHUNK = 1 << 20
_OPENING, _CLOSING = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})
_TOKEN_EXPIRED = 410
# The standard's objects have about eight.
_DEEPEST = 64


@dataclass(frozen=True)
class Joined:
    """A window that has come whole, under a hidden name.

    Attributes:
        path: the hidden file, written and synced.
        objects: how many there are.
        pages: how many answers they came in.
        digest: SHA-256 of the content.
    """

    path: Path
    objects: int
    pages: int
    digest: str


def fetch_window(
    session: ServerSession,
    source: Source,
    questions: Questions,
    folder: Path,
    on_objects: Callable[[int], None],
) -> Joined:
    """Fetch every page of a window into a hidden file of `folder`.

    A page token that expired before all pages had come says nothing of the data: the window is
    asked for once more, from its first page.

    Args:
        session: of the source.
        source: its settings.
        questions: of the window that is asked for.
        folder: the source's.
        on_objects: called with the number of objects so far after each page.

    Raises:
        PullFaultError: it did not come whole; the hidden file is removed.
        OSError: it can't be written.
    """
    try:
        return _fetched(session, source, questions, folder, on_objects)
    except PullFaultError as error:
        if error.status != _TOKEN_EXPIRED:
            raise
    return _fetched(session, source, questions, folder, on_objects)


def _fetched(
    session: ServerSession,
    source: Source,
    questions: Questions,
    folder: Path,
    on_objects: Callable[[int], None],
) -> Joined:
    path = folder / f".{questions.window.endpoint}.{os.getpid()}.part"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            joiner = joiner_of(questions.window.endpoint, file)
            pages = 0
            for page in _pages(session, source, questions, folder):
                pages += 1
                joiner.add(page, f"page {pages}")
                on_objects(joiner.objects)
            joiner.close()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Joined(path, joiner.objects, pages, joiner.digest)


def _pages(
    session: ServerSession, source: Source, questions: Questions, folder: Path
) -> Iterator[IO[bytes]]:
    """Yield the pages of a window until the server says that there are no more."""
    seen: set[str] = set()
    token: str | None = None
    shape = "start_map" if questions.window.endpoint == "deletedEntities" else "start_array"
    while True:
        with _answer(session, source, questions, token, folder) as page:
            token = _page_token(page, f"page {len(seen) + 1}", shape)
            page.seek(0)
            yield page
        if token is None:
            return
        if not source.paging:
            raise PullFaultError(
                "the server sends pages, but paging is false for this source, so the rest would be "
                "missing. Set paging: true"
            )
        if token in seen or len(seen) + 1 >= source.most_pages:
            what = "gives the same page again" if token in seen else "does not come to an end"
            raise PullFaultError(
                f"the server {what} after {len(seen) + 1} pages. Tell the system's owner; "
                "most_pages is for answers that are truly so long"
            )
        seen.add(token)


def _answer(
    session: ServerSession,
    source: Source,
    questions: Questions,
    token: str | None,
    folder: Path,
) -> IO[bytes]:
    """Return the body of a page, asked for in each of the ways that a server may want."""
    *others, last = questions.ways(token)
    for way in others:
        try:
            return _body(session, source, questions.window.endpoint, way.parameters, folder)
        except PullFaultError as error:
            if error.status not in REFUSALS:
                raise
    body = _body(session, source, questions.window.endpoint, last.parameters, folder)
    if others:
        questions.learn(last)
    return body


def _body(
    session: ServerSession,
    source: Source,
    endpoint: str,
    parameters: dict[str, str],
    folder: Path,
) -> IO[bytes]:
    """Return an answer's body as a file; one that was cut short is asked for again."""
    for left in range(source.retries, -1, -1):
        answer = session.get(endpoint, parameters)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
        if kind != "application/json" and not kind.endswith("+json"):
            answer.close()
            shown = kind if kind.replace("/", "").replace("-", "").isalnum() else "another kind"
            raise PullFaultError(
                f"the answer is {shown}, not application/json: perhaps a login page or an error "
                "page of something in between. Look at base_url"
            )
        # No name: a process that is killed leaves none behind.
        body = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        try:
            _copy(answer, body, source)
        except (requests.RequestException, transport.HTTPError) as error:
            body.close()
            if left == 0:
                raise of_error(error, source.host) from None
            continue
        except BaseException:
            body.close()
            raise
        finally:
            answer.close()
        body.seek(0)
        return body
    raise AssertionError("the last try returns or raises")


def _copy(answer: requests.Response, body: IO[bytes], source: Source) -> None:
    """Write an unpacked body to a file.

    By `read1`, which gives what there is: a server that sends a byte now and then keeps the read
    timeout from ending it.
    """
    size, deadline = 0, time.monotonic() + source.most_answer_minutes * 60
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > source.most_response_mb * (1 << 20):
            raise PullFaultError(
                f"one answer is larger than {source.most_response_mb:g} MB. Set a limit, so that "
                "it comes in pages, or raise most_response_mb"
            )
        if time.monotonic() > deadline:
            raise PullFaultError(
                f"one answer was not there after {source.most_answer_minutes:g} minutes. Set a "
                "limit, so that it comes in pages, or raise most_answer_minutes"
            )
        body.write(chunk)


def _page_token(page: IO[bytes], where: str, shape: str) -> str | None:
    """Return the token of the next page, None at the end; checks the whole page for its shape.

    By `basic_parse`, because all else in ijson keeps the path of each value: 100,000 brackets took
    the machine's memory. With `use_float`, because an integer of 5,000 digits killed the process
    without it.
    """
    depth, key = 0, ""
    kinds: dict[str, tuple[str, Any]] = {}
    try:
        for event, value in ijson.basic_parse(page, use_float=True):
            if event == "map_key":
                key = value if depth == 1 else key
                continue
            if depth == 1 and key:
                kinds[key], key = (event, value), ""
            if event in _OPENING:
                depth += 1
                if depth > _DEEPEST:
                    raise malformed(where, "it is nested too deep")
            elif event in _CLOSING:
                depth -= 1
    except NO_JSON:
        raise malformed(where, "not JSON, or cut short") from None
    if kinds.get("data", ("", None))[0] != shape:
        what = "list" if shape == "start_array" else "object"
        raise malformed(where, f"no {what} 'data' in it")
    kind, token = kinds.get("pageToken", ("null", None))
    if kind not in {"string", "null"}:
        raise malformed(where, "its pageToken is no text")
    # An empty token is how some servers say that there is no next page.
    return token or None
