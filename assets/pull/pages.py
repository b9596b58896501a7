"""All pages of one window, checked and joined into one file: `{"data":[…],"pageToken":null}`.

A page is written to a file of no name first and parsed from there, object by object, so that
memory does not grow with it. Not here: what is asked for (`windows.py`), HTTP (`sessions.py`).
"""

from __future__ import annotations

import hashlib
import json
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
from assets.pull.sessions import ServerSession
from assets.pull.sources import Source
from assets.pull.windows import NEVER_KEPT, Window

_CHUNK = 1 << 20
_SEPARATORS = (",", ":")
_OPENING, _CLOSING = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})
_NO_JSON = (ijson.JSONError, ValueError, OverflowError)
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
    window: Window,
    folder: Path,
    on_objects: Callable[[int], None],
) -> Joined:
    """Fetch every page of a window into a hidden file of `folder`.

    Args:
        session: of the source.
        source: its settings.
        window: what is asked for.
        folder: the source's.
        on_objects: called with the number of objects so far after each page.

    Raises:
        PullFaultError: it did not come whole; the hidden file is removed.
        OSError: it can't be written.
    """
    path = folder / f".{window.endpoint}.{os.getpid()}.part"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            joiner = _Joiner(file, NEVER_KEPT.get(window.endpoint, frozenset()))
            pages = 0
            for page in _pages(session, source, window, folder):
                pages += 1
                joiner.add(page, f"page {pages}")
                on_objects(joiner.objects)
            joiner.close()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Joined(path, joiner.objects, pages, joiner.digest)


class _Joiner:
    """Writes the objects of pages as one list."""

    def __init__(self, file: IO[bytes], never_kept: frozenset[str]) -> None:
        self.objects = 0
        self._file = file
        self._never_kept = never_kept
        self._hash = hashlib.sha256()
        self._write(b'{"data":[')

    def add(self, page: IO[bytes], where: str) -> None:
        """Write the objects of one page."""
        for one in _objects(page, where):
            kept = {name: value for name, value in one.items() if name not in self._never_kept}
            try:
                text = _as_json(kept)
            except ValueError:
                raise _malformed(where, "a number is too large to be one") from None
            self._write(b",\n" + text if self.objects else b"\n" + text)
            self.objects += 1

    def close(self) -> None:
        """Write the end, and see that the disk has it."""
        self._write(b'\n],"pageToken":null}\n')
        self._file.flush()
        os.fsync(self._file.fileno())

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._hash.hexdigest()

    def _write(self, content: bytes) -> None:
        self._hash.update(content)
        self._file.write(content)


def _pages(
    session: ServerSession, source: Source, window: Window, folder: Path
) -> Iterator[IO[bytes]]:
    """Yield the pages of a window until the server says that there are no more."""
    limit = {"limit": str(source.limit)} if source.limit and source.paging else {}
    parameters = window.parameters | limit
    seen: set[str] = set()
    while True:
        with _body(session, source, window.endpoint, parameters, folder) as page:
            token = _page_token(page, f"page {len(seen) + 1}")
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
        # The standard: a token stands alone, but for the limit.
        parameters = {"pageToken": token} | limit


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


def _page_token(page: IO[bytes], where: str) -> str | None:
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
                    raise _malformed(where, "it is nested too deep")
            elif event in _CLOSING:
                depth -= 1
    except _NO_JSON:
        raise _malformed(where, "not JSON, or cut short") from None
    if kinds.get("data", ("", None))[0] != "start_array":
        raise _malformed(where, "no list 'data' in it")
    kind, token = kinds.get("pageToken", ("null", None))
    if kind not in {"string", "null"}:
        raise _malformed(where, "its pageToken is no text")
    # An empty token is how some servers say that there is no next page.
    return token or None


def _objects(page: IO[bytes], where: str) -> Iterator[dict[str, Any]]:
    try:
        for one in ijson.items(page, "data.item", use_float=True):
            if not isinstance(one, dict):
                raise _malformed(where, "something in 'data' is no object")
            yield one
    except _NO_JSON:
        raise _malformed(where, "not JSON, or cut short") from None


def _as_json(one: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(one, ensure_ascii=False, allow_nan=False, separators=_SEPARATORS)
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair is no letter; escaped, it stays what it was.
        return json.dumps(one, allow_nan=False, separators=_SEPARATORS).encode()


def _malformed(where: str, what: str) -> PullFaultError:
    return PullFaultError(
        f"{where} is not what the standard says: {what}. Nothing of this answer was kept; the next "
        "pull asks again. If it stays, tell the system's owner"
    )
