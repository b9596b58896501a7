"""Objects of a window's pages joined into one file: `{"data":[…],"pageToken":null}`.

What nobody downstream may have, or needs, is left out before anything is written: the reason for
an absence is health data, a reference to a person needs no name. Not here: how pages come
(`pages.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import IO, Any

import ijson

from assets.pull.faults import PullFaultError

#: What the parser raises for a page that is no JSON.
NO_JSON = (ijson.JSONError, ValueError, OverflowError)
_NEVER_KEPT = {
    "attendances": frozenset({"absenceReason"}),
    "calendarEvents": frozenset({"comment", "_embedded"}),
    "activities": frozenset({"comment", "_embedded"}),
    "aggregatedAttendance": frozenset({"_embedded"}),
    "persons": frozenset({"addresses", "phoneNumbers", "photo", "responsibles", "_embedded"}),
}
# With expandReferenceNames a reference has a name; that of a person is not wanted here.
_PERSON_REFERENCES = ("student", "person")
#: The lists of deletedEntities that anything here follows from. The standard's own document writes
#: `activitites`.
DELETED_KINDS = frozenset(
    {
        "organisations",
        "persons",
        "groups",
        "activities",
        "activitites",
        "duties",
        "calendarEvents",
        "attendances",
    }
)
_SEPARATORS = (",", ":")


class ListJoiner:
    """Writes the objects of pages as one list, one at a time.

    Attributes:
        objects: how many so far.
    """

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
            for name in _PERSON_REFERENCES:
                if isinstance(kept.get(name), dict):
                    kept[name] = {k: v for k, v in kept[name].items() if k != "displayName"}
            try:
                text = _as_json(kept)
            except ValueError:
                raise malformed(where, "a number is too large to be one") from None
            self._write(b",\n" + text if self.objects else b"\n" + text)
            self.objects += 1

    def close(self) -> None:
        """Write the end, and see that the disk has it."""
        self._write(b'\n],"pageToken":null}\n')
        _synced(self._file)

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._hash.hexdigest()

    def _write(self, content: bytes) -> None:
        self._hash.update(content)
        self._file.write(content)


class DeletionJoiner:
    """Gathers the ids of pages of deletedEntities by kind, and writes them at the end.

    An id is forty bytes, and a server takes away far less than it has: they fit into memory.

    Attributes:
        objects: how many ids so far, of kinds that are read here.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.objects = 0
        self._file = file
        self._ids: dict[str, dict[str, None]] = {}
        self._digest = ""

    def add(self, page: IO[bytes], where: str) -> None:
        """Take the ids of one page."""
        try:
            for kind, listed in ijson.kvitems(page, "data", use_float=True):
                if not isinstance(listed, list) or not all(isinstance(id_, str) for id_ in listed):
                    raise malformed(where, "something in 'data' is no list of ids")
                if kind in DELETED_KINDS:
                    self._ids.setdefault(kind, {}).update(dict.fromkeys(listed))
        except NO_JSON:
            raise malformed(where, "not JSON, or cut short") from None
        self.objects = sum(map(len, self._ids.values()))

    def close(self) -> None:
        """Write all of it, and see that the disk has it."""
        data = {kind: list(ids) for kind, ids in sorted(self._ids.items())}
        content = _as_json({"data": data, "pageToken": None}) + b"\n"
        self._digest = hashlib.sha256(content).hexdigest()
        self._file.write(content)
        _synced(self._file)

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._digest


def joiner_of(endpoint: str, file: IO[bytes]) -> ListJoiner | DeletionJoiner:
    """Return what joins an endpoint's pages into a file."""
    if endpoint == "deletedEntities":
        return DeletionJoiner(file)
    return ListJoiner(file, _NEVER_KEPT.get(endpoint, frozenset()))


def malformed(where: str, what: str) -> PullFaultError:
    """Return the fault of an answer that is not what the standard says."""
    return PullFaultError(
        f"{where} is not what the standard says: {what}. Nothing of this answer was kept; the next "
        "pull asks again. If it stays, tell the system's owner"
    )


def _objects(page: IO[bytes], where: str) -> Iterator[dict[str, Any]]:
    try:
        for one in ijson.items(page, "data.item", use_float=True):
            if not isinstance(one, dict):
                raise malformed(where, "something in 'data' is no object")
            yield one
    except NO_JSON:
        raise malformed(where, "not JSON, or cut short") from None


def _as_json(one: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(one, ensure_ascii=False, allow_nan=False, separators=_SEPARATORS)
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair is no letter; escaped, it stays what it was.
        return json.dumps(one, allow_nan=False, separators=_SEPARATORS).encode()


def _synced(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
