"""Private copies of offered files: made while a file is looked at, read from then on.

A sender can swap, link, rename or write over its file at any moment. What was hashed is in the
copy, and readers and the archive see the copy only. It lies in `HOME/tmp`, the
owner's only, until its rows are stored. A content that the ledger knows is hashed and not copied.

There is room for so many bytes (`ROOM_BYTES`). Copies beyond that go again once it is known what
the file holds, and are made again, and compared with the hash, when their batch comes. Not here:
how a file is opened (`opening.py`), what it is (`received.py`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from threading import Lock
from typing import IO, NamedTuple

from assets.exports.files.archive import Archive
from assets.exports.files.opening import identity, open_regular
from assets.exports.files.received import ChangedFileError, ReceivedFile, local_time, looked_at
from assets.exports.stage_times import StageTimes

#: So many bytes of copies at most wait for their batch, and a quarter of the free disk at most.
ROOM_BYTES = 2 << 30
_OF_FREE = 4
_BLOCK = 1 << 20
# Hashing and copying go on beside the rest; more files at once only wait for each other.
_AT_ONCE = 2
# So many files are looked at before the first of them is taken: what they fill beyond the room.
_AHEAD = 4
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Why a file is left when it is not what was looked at.
CHANGED = "it changed while it was read"


def own_folder(home: Path) -> Path:
    """Make this run's folder in a home, and remove what killed runs left: names in clear.

    Only one run at a time writes, so whatever is there is nobody's any more.
    """
    for left in (home / "tmp").glob("*/incoming"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / "tmp" / str(os.getpid()) / "incoming"
    folder.mkdir(parents=True, mode=0o700)
    return folder


class OfferedPlace(NamedTuple):
    """Where a file lies: its path, and the folder that was offered."""

    path: Path
    below: Path


class Spool:
    """The copies of one run.

    Args:
        folder: for the copies; made here. The caller removes it.
        archive: seals what is copied.
        room: bytes; as many as the disk lets when None.
        times: of the run.
    """

    def __init__(
        self,
        folder: Path,
        archive: Archive,
        room: int | None = None,
        times: StageTimes | None = None,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True)
        self._folder = folder
        self._archive = archive
        self._times = times or StageTimes()
        self._known: Mapping[datetime, frozenset[str]] = {}
        free = shutil.disk_usage(folder).free // _OF_FREE
        self._room = min(ROOM_BYTES, free) if room is None else room
        self._filled = 0
        # Of each content, whose copy it is: two senders may send the same one.
        self._holders: dict[str, set[Path]] = {}
        self._numbers = count()
        self._lock = Lock()

    @property
    def is_full(self) -> bool:
        """Whether there is no room for what comes next."""
        return self._filled > self._room

    def take_all(
        self, places: Iterable[OfferedPlace], known: Mapping[datetime, frozenset[str]]
    ) -> Iterator[ReceivedFile | ChangedFileError]:
        """Look at files and copy them; yield what each is, or why it is left, in their order.

        Args:
            places: of the files.
            known: hashes of contents that need no copy, by modification time. A file of such a time
                is hashed before it is copied: it is most likely the one of the last run.
        """
        self._known = known
        waiting = iter(places)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
            looking: deque[Future[ReceivedFile | ChangedFileError]] = deque(
                pool.submit(self._taken, place) for place in islice(waiting, _AHEAD)
            )
            while looking:
                yield looking.popleft().result()
                looking.extend(pool.submit(self._taken, place) for place in islice(waiting, 1))

    def bring(self, file: ReceivedFile) -> None:
        """Make the copy of a file again where there is none.

        Raises:
            ChangedFileError: it is another file now, or can't be opened or copied.
        """
        with self._lock:
            if file.is_at_hand:
                self._holders.setdefault(file.sha256, set()).add(file.path)
                return
        digest = hashlib.sha256()
        with closing(self._copying()) as copy, self._opened(file.path, file.below) as source:
            while block := self._read(source):
                digest.update(block)
                copy.write(block)
            if digest.hexdigest() != file.sha256:
                raise ChangedFileError(CHANGED)
            copy.keep(file.sha256, file.path)

    def drop(self, file: ReceivedFile) -> None:
        """Remove the copy of a file, if there is one and it is no other's too."""
        if file.content is None:
            return
        with self._lock:
            holders = self._holders.get(file.sha256, set())
            holders.discard(file.path)
            if holders:
                return
            try:
                size = file.content.stat().st_size
                file.content.unlink()
            except FileNotFoundError:
                return
            self._filled -= size

    def _taken(self, place: OfferedPlace) -> ReceivedFile | ChangedFileError:
        try:
            with self._times.of("looking"):
                return self._looked_at(place)
        except ChangedFileError as error:
            return error

    def _looked_at(self, place: OfferedPlace) -> ReceivedFile:
        with self._opened(*place) as source:
            before = os.fstat(source.fileno())
            known = self._known.get(local_time(before.st_mtime))
            found = self._look(place, source, None) if known else None
            if found is None or found.sha256 not in (known or ()):
                os.lseek(source.fileno(), 0, os.SEEK_SET)
                return self._copied(place, source, identity(before))
            if identity(os.fstat(source.fileno())) != identity(before):
                raise ChangedFileError(CHANGED)
        return replace(found, content=self._folder / found.sha256)

    def _copied(
        self, place: OfferedPlace, source: IO[bytes], before: tuple[int, ...]
    ) -> ReceivedFile:
        with closing(self._copying()) as copy, self._archive.begin() as original:

            def write(block: bytes) -> None:
                copy.write(block)
                original.write(block)

            found = self._look(place, source, write)
            if identity(os.fstat(source.fileno())) != before:
                raise ChangedFileError(CHANGED)
            copy.keep(found.sha256, place.path)
            self._archive.note(found.sha256, original)
        return replace(found, content=self._folder / found.sha256)

    def _look(
        self, place: OfferedPlace, source: IO[bytes], write: Callable[[bytes], None] | None
    ) -> ReceivedFile:
        try:
            return looked_at(place.path, source, write, below=place.below, times=self._times)
        except OSError as error:
            raise _not_opened(error) from None

    @staticmethod
    def _opened(path: Path, below: Path | None) -> IO[bytes]:
        try:
            return os.fdopen(open_regular(path, below), "rb", buffering=0)
        except OSError as error:
            raise _not_opened(error) from None

    @staticmethod
    def _read(source: IO[bytes]) -> bytes:
        try:
            return source.read(_BLOCK)
        except OSError as error:
            raise _not_opened(error) from None

    def _copying(self) -> _Copy:
        return _Copy(self, self._folder / f"{next(self._numbers)}.part")

    def settle(self, part: Path, sha256: str, holder: Path) -> None:
        """Give a whole copy the name of its content; one of the same content may be there."""
        with self._lock:
            self._holders.setdefault(sha256, set()).add(holder)
            place = self._folder / sha256
            if place.exists():
                part.unlink()
                return
            self._filled += part.stat().st_size
            part.rename(place)


class _Copy:
    """A copy that is being written; it is gone again unless it was kept."""

    def __init__(self, spool: Spool, part: Path) -> None:
        self._spool, self._part = spool, part
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(part, flags, 0o600)
        except OSError as error:
            raise _no_room(error) from None
        self._is_kept = False

    def write(self, block: bytes) -> None:
        left = memoryview(block)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise _no_room(error) from None

    def keep(self, sha256: str, holder: Path) -> None:
        self._spool.settle(self._part, sha256, holder)
        self._is_kept = True

    def close(self) -> None:
        os.close(self._descriptor)
        if not self._is_kept:
            self._part.unlink(missing_ok=True)


def _not_opened(error: OSError) -> ChangedFileError:
    return ChangedFileError(f"it can't be opened: {error.strerror}")


def _no_room(error: OSError) -> ChangedFileError:
    why = "no room is left there" if error.errno in _FULL else error.strerror
    return ChangedFileError(f"it can't be copied into the home's tmp/: {why}")
