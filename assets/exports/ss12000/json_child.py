"""Reads an SS12000 file in a process of its own: `python json_child.py SECONDS [peek]`.

JSON comes in on standard input; out go, on standard output, a line with the name of the resource
and then lines of text cells, columns of up to some thousand rows each, as a JSON object of lists:
one row an object and one more for each part of it (an enrolment of a person, an exception of an
event). Apart, because a file from outside can be a bomb: what dies here is this process only, and
it has nothing else (`exports/children/confine.py`). Of the project it imports nothing but that, so
that it starts in a moment. Not here: what a cell means.

The reason for an absence is health data: it never leaves this process.

Exit codes: 0 read (what a person should know stands on standard error, as JSON), 3 refused (the
reason stands there), anything else: it died.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import chain
from pathlib import Path as FilePath
from typing import IO, Any, NamedTuple

import yaml

MEMORY_BYTES = 384 << 20
ROWS_PER_LINE = 20_000
# Characters of a line, about: texts, and what stands between them.
_LETTERS_PER_LINE = 8 << 20
# Objects that are looked at to tell what a file holds.
_PEEKED = 100
_CHUNK = 1 << 20
# A cell has an id, a name or a time; what is longer is none of them.
_LONGEST_TEXT = 4_000
_LARGEST_NUMBER = 10**9
# Ids are UUIDs, and a UUID is the same in capitals (RFC 9562).
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Fields that objects of several resources have: they tell nothing of which it is.
_COMMON = frozenset({"id", "meta", "displayName", "startDate", "endDate"})
# Columns that every resource has, for what an object of another one says of protection.
MARKED = ("person", "protected")
_ELSEWHERE = "elsewhere"
_ENDS = 64 << 10
_EMPTY_LIST = re.compile(rb'\{\s*(?:"pageToken"[^\]]*)?"data"\s*:\s*\[\s*\]|\s*\[\s*\]\s*\Z')
# No object of an export is so large, nor is what stands before the first.
_LARGEST_OBJECT = 2 << 20
_DEEPEST = 64
_STEPS = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
# The parser would spend minutes on such a number, or die of it.
_ENDLESS_NUMBER = re.compile(rb"[0-9]{400}")
# An answer of deletedEntities has an object of lists where all others have a list.
_DELETIONS = re.compile(
    rb'\s*\{\s*(?:"pageToken"\s*:\s*(?:null|"(?:[^"\\]|\\.)*")\s*,\s*)?"data"\s*:\s*\{'
)
_DELETED = "deletedEntities"
_TOKEN_FIRST = re.compile(rb'\s*\{\s*"pageToken"\s*:\s*"')
_TOKEN_LAST = re.compile(rb'\]\s*,\s*"pageToken"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}\s*\Z')

Path = tuple[str, ...]


class Shape(NamedTuple):
    """What is read of a resource's objects.

    Attributes:
        own: names of fields that only its objects have.
        cells: our column and where it stands in the object.
        parts: the list that holds an object's parts, their name, and their cells.
    """

    own: frozenset[str]
    cells: dict[str, Path]
    parts: dict[str, tuple[str, dict[str, Path]]]


@cache
def load_shapes() -> dict[str, Shape]:
    """Return the shapes of all resources, by name."""
    text = FilePath(__file__).with_name("shapes.yaml").read_text(encoding="utf-8")
    return {
        name: Shape(
            frozenset(entry["own"]),
            _paths(entry["cells"]),
            {
                part: (listed["list"], _paths(listed["cells"]))
                for part, listed in entry.get("parts", {}).items()
            },
        )
        for name, entry in yaml.safe_load(text).items()
    }


def _paths(cells: dict[str, str]) -> dict[str, Path]:
    return {column: tuple(path.split(".")) for column, path in cells.items()}


class RefusedJson(Exception):  # noqa: N818 - not an error of ours
    """The file won't be read; the message says why."""


class _Fields(dict[str, Any]):
    """A JSON object that remembers that one had a name twice: nothing tells which value counts."""

    has_twin = False

    def __setitem__(self, name: str, value: object) -> None:
        if name in self:
            # Raised here, the reader in C would break off without a word.
            _Fields.has_twin = True
        dict.__setitem__(self, name, value)


def columns_of(shape: Shape) -> list[str]:
    """Return the names of all text columns that a resource's rows can have, in order."""
    parts = (cells for _, cells in shape.parts.values())
    return list(dict.fromkeys(chain(shape.cells, *parts, MARKED)))


def main() -> None:
    """Read standard input to its end, or with `peek` only until it is known what it holds."""
    sys.path.insert(0, str(FilePath(__file__).resolve().parents[3]))
    # All of them before the process gives up its files.
    import ijson  # noqa: F401, PLC0415

    from assets.exports.children.confine import confine  # noqa: PLC0415
    from assets.exports.children.limits import REFUSED  # noqa: PLC0415

    shapes = load_shapes()
    confine(MEMORY_BYTES, int(sys.argv[1]))
    try:
        _read(sys.stdin.buffer, shapes, is_peek="peek" in sys.argv)
    except RefusedJson as error:
        sys.stderr.write(str(error))
        raise SystemExit(REFUSED) from None


def _read(source: IO[bytes], shapes: dict[str, Shape], *, is_peek: bool) -> None:
    reader = _Objects(source)
    objects = reader.objects()
    first: list[Any] = []
    name = ""
    while not name and len(first) < _PEEKED and (item := next(objects, None)) is not None:
        first.append(item)
        name = resource_of(item, shapes) if isinstance(item, dict) else ""
        name = _DELETED if reader.is_deletions else name
    if not name and (first or not reader.is_empty_list):
        raise RefusedJson(
            "none of its objects is one that is read here"
            if first
            else "it holds no list 'data' of objects"
        )
    sys.stdout.buffer.write(f"{name}\n".encode())
    sys.stdout.buffer.flush()
    if is_peek:
        return
    if name:
        _write_rows(name, shapes, chain(first, objects))
    said = {"objects": reader.finished, "has_more": reader.has_more}
    sys.stderr.write(json.dumps(said))


def resource_of(item: dict[str, Any], shapes: dict[str, Shape]) -> str:
    """Return which resource an object belongs to by the names of its fields; '' if none."""
    found = _likeness(item, shapes)
    best = max(found, key=lambda name: found[name])
    return best if found[best] else ""


def _likeness(item: dict[str, Any], shapes: dict[str, Shape]) -> dict[str, int]:
    """Return how many fields of its own each resource would find in an object."""
    found = {name: len(shape.own & item.keys()) for name, shape in shapes.items()}
    if "startTime" in item and "activity" in item:
        found["calendarEvents"] += 1
    return found


def _stranger(item: dict[str, Any], name: str, shapes: dict[str, Shape]) -> str:
    """Return what an object is that does not belong into a file of a resource; '' if it does.

    One without a field that tells is taken for what the file holds, if it has any field of that.
    """
    found = _likeness(item, shapes)
    best = max(found, key=lambda one: (found[one], one == name))
    if found[best]:
        return "" if best == name else f"object.of_{best}"
    shape = shapes[name]
    carried = {path[0] for path in shape.cells.values()} | {
        field for field, _ in shape.parts.values()
    }
    carried -= _COMMON
    return "" if carried & item.keys() or item.keys() <= _COMMON else "object.of_none"


class _Objects:
    """The objects of a file, one at a time, and how far it was read when something is wrong."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._head = source.read(_CHUNK).removeprefix(b"\xef\xbb\xbf")
        self._tail = self._unread = self._head
        self._bytes = len(self._head)
        self.finished = 0
        self.has_endless_number = self.is_too_large = self.is_too_deep = False
        self._finished_before = self._last_end = 0
        self.has_twin = False
        self._watch: Any = None

    def read(self, size: int) -> bytes:
        """Read on, for the parser, and remember the end."""
        if not size:
            return b""
        chunk, self._unread = self._unread[:size], self._unread[size:]
        if not chunk:
            chunk = self._source.read(size)
            self._bytes += len(chunk)
            self._tail = (self._tail + chunk)[-_ENDS:]
        self.has_endless_number = bool(_ENDLESS_NUMBER.search(chunk))
        if self.finished > self._finished_before or self.is_deletions:
            self._finished_before, self._last_end = self.finished, self._bytes
        self.is_too_large = self._bytes - self._last_end > _LARGEST_OBJECT
        is_endless = self.has_endless_number or self.is_too_large
        if not is_endless:
            self._look_ahead(chunk)
        is_endless = is_endless or self.is_too_deep
        # An early end stops the parser; an error raised here might not.
        return b"" if is_endless else chunk

    @property
    def has_more(self) -> bool:
        """Whether a pageToken says that further pages belong to it."""
        ends = self._tail[-_ENDS:]
        return bool(_TOKEN_FIRST.match(self._head) or _TOKEN_LAST.search(ends))

    @property
    def is_deletions(self) -> bool:
        """Whether it says what was taken away."""
        return bool(_DELETIONS.match(self._head[:_ENDS]))

    @property
    def is_empty_list(self) -> bool:
        """Whether it is a list without objects."""
        return self.is_deletions or bool(_EMPTY_LIST.search(self._head[:_ENDS]))

    def objects(self) -> Iterator[Any]:
        """Yield the objects.

        Raises:
            RefusedJson: no JSON, cut short, or not one list of objects.
        """
        import ijson  # noqa: PLC0415 - after the limits are set

        prefix = "item" if self._head.lstrip().startswith(b"[") else "data.item"
        items = (
            _deleted(ijson.kvitems(self, "data", buf_size=_CHUNK))
            if self.is_deletions
            else ijson.items(self, prefix, map_type=_Fields, buf_size=_CHUNK)
        )
        try:
            for item in items:
                self.finished += 1
                if _Fields.has_twin:
                    raise RefusedJson(f"object {self.finished} has a field twice")
                yield item
        except ijson.JSONError as error:
            raise RefusedJson(self._what(error)) from None
        if self.has_twin:
            raise RefusedJson("a field stands twice outside the objects")

    def _look_ahead(self, chunk: bytes) -> None:
        """Look at the names of all fields, also of those that hold the objects, and how deep."""
        import ijson  # noqa: PLC0415 - after the limits are set

        if self._watch is None:
            self._watch = ijson.basic_parse_coro(_watch(self))
        try:
            self._watch.send(chunk)
        except (ijson.JSONError, StopIteration):
            # The parser of the objects says what is wrong.
            return

    def _what(self, error: Exception) -> str:
        if self.has_endless_number:
            return f"a number without end after object {self.finished}"
        if self.is_too_deep:
            return f"nested more than {_DEEPEST} deep after object {self.finished}"
        if self.is_too_large:
            return f"object {self.finished + 1} is larger than {_LARGEST_OBJECT >> 20} MB"
        # The parser's own message quotes the text, which names people; its first line does not.
        text = error.args[0] if error.args else ""
        line = (text.decode("latin-1") if isinstance(text, bytes) else str(text)).split("\n")[0]
        where = f"in or after object {self.finished + 1}, byte {self._bytes} at the latest"
        for mark, words in _FAULTS.items():
            if mark in line:
                return f"{words}, {where}"
        return f"no JSON, {where}"


def _watch(objects: _Objects) -> Any:
    """Return what takes a parser's events and notes a name that stands twice, and deep nesting."""

    def watch() -> Generator[None, tuple[str, Any]]:
        names: list[set[str]] = []
        depth = 0
        while True:
            event, value = yield
            depth += _STEPS.get(event, 0)
            objects.is_too_deep = objects.is_too_deep or depth > _DEEPEST
            if event == "map_key":
                objects.has_twin = objects.has_twin or value in names[-1]
                names[-1].add(value)
            elif event == "start_map":
                names.append(set())
            elif event == "end_map":
                names.pop()

    watching = watch()
    next(watching)
    return watching


def _deleted(lists: Iterator[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each id of an answer of deletedEntities as an object."""
    for entity, listed in lists:
        if not isinstance(listed, list):
            raise RefusedJson("something in 'data' is no list of ids")
        for value in listed:
            named = {"entity": entity, "id": value}
            yield named | {"person": {"id": value}} if entity == "persons" else named


_FAULTS = {
    "premature EOF": "it ends too early: it was cut short",
    "ncomplete": "it ends too early: it was cut short",
    "UTF8": "not UTF-8",
    "inside string": "a NUL or another control character in a text",
    "trailing garbage": (
        "more than one JSON value. Send each page as a file of its own, or all objects in one list"
    ),
}


def _write_rows(name: str, shapes: dict[str, Shape], objects: Iterator[Any]) -> None:
    shape = shapes[name]
    columns = ["line_number", "part", "fault", *columns_of(shape)]
    rows: list[dict[str, object]] = []
    letters = 0
    for number, item in enumerate(objects, start=1):
        stranger = _stranger(item, name, shapes) if isinstance(item, dict) else ""
        found = _strange_rows(stranger, number, item) if stranger else _rows_of(shape, number, item)
        rows += found
        letters += sum(
            len(cell) if isinstance(cell, str) else 5 for row in found for cell in row.values()
        )
        if len(rows) >= ROWS_PER_LINE or letters >= _LETTERS_PER_LINE:
            _write_line(columns, rows)
            rows, letters = [], 0
    _write_line(columns, rows)


def _write_line(columns: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    cells = {name: [row.get(name) for row in rows] for name in columns}
    line = json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(line.encode() + b"\n")


def _rows_of(shape: Shape, number: int, item: Any) -> list[dict[str, object]]:
    """Return an object's row and those of its parts; what has no shape is a fault, not a row."""
    if not isinstance(item, dict):
        return [{"line_number": number, "part": "", "fault": "object.unreadable"}]
    row: dict[str, object] = {"line_number": number, "part": ""}
    row |= {name: _cell(item, path, number) for name, path in shape.cells.items()}
    rows = [row]
    for part, (field, cells) in shape.parts.items():
        listed = item.get(field)
        if listed is None:
            continue
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            row["fault"] = f"{part}.unreadable"
            continue
        for entry in listed:
            found = {name: _cell(entry, path, number) for name, path in cells.items()}
            rows.append({"line_number": number, "part": part, **found})
    return rows


def _strange_rows(fault: str, number: int, item: dict[str, Any]) -> list[dict[str, object]]:
    """Return the row of an object of another resource, and what it says of anybody's protection.

    It is refused, but that somebody is protected is a word wherever it stands.
    """
    rows: list[dict[str, object]] = [{"line_number": number, "part": "", "fault": fault}]
    waiting: list[Any] = [item]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            person = _cell(value, ("id",), number)
            protected = _cell(value, ("securityMarking",), number)
            if person and protected:
                row = {"line_number": number, "part": _ELSEWHERE}
                rows.append({**row, "person": person, "protected": protected})
    return rows


def _cell(item: dict[str, Any], path: Path, number: int) -> str | None:
    """Return a value as text: None for nothing and for what is no id, '{}' for no cell."""
    cell = _value(item, path, number)
    if path[-1] != "id" or cell is None:
        return cell
    if cell == "{}":
        return None
    return cell.lower() if _UUID.fullmatch(cell) else cell


def _value(item: dict[str, Any], path: Path, number: int) -> str | None:
    value: Any = item
    for name in path:
        if not isinstance(value, dict):
            return None if value is None else "{}"
        value = value.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        return _text(value, number)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _whole_number(value) or "{}"


def _whole_number(value: Any) -> str | None:
    """Return a number as its digits: 15.0 and 15e0 are 15; 15.5 is none of ours."""
    if not isinstance(value, int | Decimal) or not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        return None
    return str(int(value)) if value == int(value) else None


def _text(value: str, number: int) -> str | None:
    if "\x00" in value:
        raise RefusedJson(f"a NUL character in object {number}")
    if not value.isascii() and ("\ufffd" in value or not value.isprintable()):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RefusedJson(f"half a letter (a lone surrogate) in object {number}") from None
        if "\ufffd" in value:
            raise RefusedJson(f"a letter was lost before the file came (U+FFFD), object {number}")
    text = value.strip()
    return (text if len(text) <= _LONGEST_TEXT else "{}") or None


if __name__ == "__main__":
    main()
