"""A pull: every wanted window of every source, each a file that is there whole or not at all.

    HOME/pulled/<source>/<source>_<endpoint>_<window>_<YYYYMMDDTHHMMSS>.json

The file is put in place first, then the state file says so. Nothing is ever removed here, and
nothing of the lake is known. Not here: HTTP (`pages.py`), Dagster (`assets.py`).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from assets.pull.credentials import SourcesError
from assets.pull.faults import PullFaultError
from assets.pull.pages import Joined, fetch_window
from assets.pull.questions import Questions
from assets.pull.sessions import ServerSession
from assets.pull.sources import Source
from assets.pull.state import PullState, StateError
from assets.pull.windows import STOCKHOLM, PullWindow, windows_of
from rules.errors import TrappanError

# A server that fails so often is away, and each window would wait for it again.
_MOST_IN_A_ROW = 3
#: Called with a word, a count and a total (0 when it is not known), for a person who watches.
Progress = Callable[[str, int, int], None]


class PullError(TrappanError):
    """Not everything could be fetched, or nothing; the message says what and what to do."""


@dataclass(frozen=True)
class Fetched:
    """What became of one endpoint of a source.

    Attributes:
        source: name of the source.
        endpoint: name of the endpoint.
        files: written, in order.
        objects: in those files.
        pages: answers that were read.
        fault: why the rest did not come; empty when all did.
    """

    source: str
    endpoint: str
    files: tuple[Path, ...] = ()
    objects: int = 0
    pages: int = 0
    fault: str = ""


@dataclass
class _Come:
    """What has come of an endpoint so far, and what has not."""

    source: str
    endpoint: str
    files: list[Path] = field(default_factory=list)
    objects: int = 0
    pages: int = 0
    faults: list[str] = field(default_factory=list)
    unasked: int = 0
    is_lasting: bool = False
    gives_up: bool = False
    _stuck: set[str] = field(default_factory=set)
    _in_a_row: int = 0

    def took(self, joined: Joined, path: Path | None) -> None:
        """Count a window that came whole."""
        self._in_a_row = 0
        self.pages += joined.pages
        if path:
            self.files.append(path)
            self.objects += joined.objects

    def failed(self, window: PullWindow, error: PullFaultError) -> None:
        """Note a window that did not."""
        self._stuck.add(window.cursor)
        self._in_a_row += 1
        self.is_lasting = error.is_lasting
        self.gives_up = error.is_of_endpoint or self._in_a_row == _MOST_IN_A_ROW
        named = window.name not in {"all", "changes"} and not error.is_of_endpoint
        self.faults.append(f"{window.name}: {error}" if named else str(error))

    def may_move(self, window: PullWindow) -> bool:
        """Whether nothing before this window is missing under its cursor."""
        return window.cursor not in self._stuck

    @property
    def result(self) -> Fetched:
        """What is reported of it."""
        faults = list(self.faults)
        if self.unasked:
            faults.append(f"{self.unasked} later windows were not asked for")
        return Fetched(
            self.source,
            self.endpoint,
            tuple(self.files),
            self.objects,
            self.pages,
            "; ".join(faults),
        )


def pull_sources(
    sources: Sequence[Source],
    *,
    pulled: Path,
    secrets: Path,
    now: Callable[[], float],
    on_progress: Progress | None = None,
) -> list[Fetched]:
    """Fetch what is new from every source; one that fails does not stop the others.

    Args:
        sources: the servers.
        pulled: folder of the files, a folder a source below it.
        secrets: folder of `sources.yaml`, for relative paths in it.
        now: seconds since 1970.
        on_progress: for a person who watches.

    Returns:
        One result an endpoint and source, in order.

    Raises:
        PullError: the folder can't be written to.
    """
    results: list[Fetched] = []
    for source in sources:
        try:
            results += _SourcePull(source, pulled, secrets, now, on_progress).results()
        except OSError as error:
            raise PullError(
                f"{pulled} can't be written to: {error.strerror}. Nothing of what was being "
                "fetched was kept. Make room, or look at its owner with `trappan doctor`."
                if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}
                else f"{pulled}: {error.strerror}. Nothing of what was being fetched was kept."
            ) from None
    return results


def summary_of(results: Sequence[Fetched]) -> str:
    """Return a sentence about the endpoints that did not come whole; empty when all did."""
    failed = [f"{one.source}, {one.endpoint}: {one.fault}" for one in results if one.fault]
    if not failed:
        return ""
    head = f"{len(failed)} of {len(results)} endpoints did not come whole; the others are in place."
    return "\n".join([head, *failed])


class _SourcePull:
    """One pull from one source."""

    def __init__(
        self,
        source: Source,
        pulled: Path,
        secrets: Path,
        now: Callable[[], float],
        on_progress: Progress | None,
    ) -> None:
        self._source = source
        self._folder = pulled / source.name
        self._secrets = secrets
        self._now = now
        self._on_progress = on_progress or (lambda *_: None)

    def results(self) -> Iterator[Fetched]:
        """Fetch every endpoint and yield what became of it."""
        source = self._source
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        try:
            with self._alone():
                state = PullState.of(self._folder, source.base_url)
                with ServerSession(source, self._secrets) as session:
                    yield from self._endpoints(session, state)
        except (SourcesError, StateError, PullFaultError) as error:
            for endpoint in source.endpoints:
                yield Fetched(source.name, endpoint, fault=str(error))

    def _endpoints(self, session: ServerSession, state: PullState) -> Iterator[Fetched]:
        gone = ""
        for number, endpoint in enumerate(self._source.endpoints):
            if gone:
                yield Fetched(self._source.name, endpoint, fault=f"not asked for, because {gone}")
                continue
            self._on_progress(f"{self._source.name} {endpoint}", number, self._count)
            result, is_lasting = self._endpoint(session, state, endpoint, number)
            gone = result.fault if is_lasting else ""
            yield result

    @property
    def _count(self) -> int:
        return len(self._source.endpoints)

    def _endpoint(
        self, session: ServerSession, state: PullState, endpoint: str, number: int
    ) -> tuple[Fetched, bool]:
        """Fetch the windows of an endpoint; one that fails is reported and stops no other.

        A window that failed does not move its cursor, nor does a later one of the same cursor: the
        next pull asks for both. After a fault of the whole endpoint, or three windows in a row that
        failed, the rest is reported as not asked for.
        """
        come = _Come(self._source.name, endpoint)

        def tell(so_far: int) -> None:
            word = f"{self._source.name} {endpoint}: {come.objects + so_far} objects"
            self._on_progress(word, number, self._count)

        # The moment it began, not when it ended: what changes meanwhile comes with the next pull.
        began = datetime.fromtimestamp(int(self._now()), STOCKHOLM)
        for window in windows_of(self._source, endpoint, state, began):
            if come.gives_up:
                come.unasked += 1
                continue
            try:
                questions = Questions(self._source, window, state)
                joined = fetch_window(session, self._source, questions, self._folder, tell)
            except PullFaultError as error:
                come.failed(window, error)
                continue
            path = self._keep(window, joined, state, began, moves=come.may_move(window))
            come.took(joined, path)
        return come.result, come.is_lasting

    def _keep(
        self, window: PullWindow, joined: Joined, state: PullState, began: datetime, *, moves: bool
    ) -> Path | None:
        """Put a window's file in place and remember it; None when it says nothing new.

        Args:
            window: what was asked for.
            joined: its file, under a hidden name.
            state: what is remembered.
            began: the moment the endpoint was begun with.
            moves: whether the cursor may move.
        """
        path: Path | None = None
        if joined.objects == 0 or state.is_known(window.cursor, joined.digest):
            joined.path.unlink()
        else:
            path = self._free_name(window, began)
            joined.path.rename(path)
            _sync(self._folder)
        if moves:
            state.remember(window.cursor, window.good_until, joined.digest)
        return path

    def _free_name(self, window: PullWindow, began: datetime) -> Path:
        """Return a name that no file has yet; the time in it is local time, as in every inbox."""
        moment = began
        while True:
            stem = f"{self._source.name}_{window.endpoint}_{window.name}_{moment:%Y%m%dT%H%M%S}"
            path = self._folder / f"{stem}.json"
            if not path.exists():
                return path
            moment += timedelta(seconds=1)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second pull from the same source out, and sweep what a killed one left."""
        lock = FileLock(self._folder / ".lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise PullFaultError(
                "another pull from this source is under way. Wait until it has ended"
            ) from None
        try:
            for left in (*self._folder.glob(".*.part"), *self._folder.glob(".state.json.*")):
                left.unlink(missing_ok=True)
            yield
        finally:
            lock.release()


def _sync(folder: Path) -> None:
    """See that the disk has a folder's names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
