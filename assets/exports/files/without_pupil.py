"""What is left of a file when a pupil is taken out of it, where that can be done safely.

Of a text every line of the pupil is made empty, so that no other line gets another number; readers
pass over empty lines. Of JSON the innermost item of a list that names the pupil goes. Nothing is
left of a workbook, and of whatever can't be taken apart with certainty: a wrong line in the wrong
place would be another pupil's absence. Not here: whom a cell names (the caller's question).
"""

from __future__ import annotations

import codecs
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

#: A file of more bytes is not taken apart.
MOST_BYTES = 256 << 20
# What a workbook may unpack to while it is looked through.
_MOST_UNPACKED = 1 << 30
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_LINE_END = re.compile(r"[\r\n]*\Z")
_CELLS = re.compile(r"[;\t,|]")
_DIGITS = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ ]?(?:\d{4}|[A-ZÅÄÖ]{2}\d{2})(?!\d)", re.IGNORECASE)
_XML_TEXT = re.compile(r">([^<>]{1,200})<")
_WORDS = re.compile(r"[^\W_]+", re.UNICODE)
_PATTERN = re.compile(r"\d")


@dataclass(frozen=True)
class WhoGoes:
    """Whose lines go.

    Attributes:
        is_number: whether a cell as a whole is a number that can mean the pupil.
        is_person: whether a text is the id of the pupil in a school system.
        is_other: whether a cell as a whole is a number of somebody.
        names: the pupil's names as known, each a set of words in small letters; a line without
            anybody's number that has them all is the pupil's too.
    """

    is_number: Callable[[str], bool]
    is_person: Callable[[str], bool] = field(default=lambda _text: False)
    is_other: Callable[[str], bool] = field(default=lambda _text: False)
    names: tuple[frozenset[str], ...] = ()

    def has_line(self, line: str) -> bool:
        """Whether a line of a table is the pupil's."""
        cells = [cell.strip(" \"'") for cell in _CELLS.split(line)]
        if any(map(self.is_number, cells)):
            return True
        if not self.names or any(map(self.is_other, cells)):
            return False
        words = frozenset(_WORDS.findall(line.casefold()))
        return any(name <= words for name in self.names)

    def is_named_in(self, text: str) -> bool:
        """Whether a value names the pupil, as a whole or by a number in it."""
        return (
            self.is_number(text)
            or self.is_person(text)
            or any(self.is_number(found[0]) for found in _DIGITS.finditer(text))
        )


@dataclass(frozen=True)
class Without:
    """What came of it.

    Attributes:
        is_named: the pupil was in it.
        content: what is left; None where the pupil was not in it, or nothing can be left.
        lines: numbers of the lines, from 1, or of items, from 0, that went.
    """

    is_named: bool
    content: bytes | None = None
    lines: tuple[int, ...] = ()


def without(content: bytes, who: WhoGoes, encoding: str, *, may_split: bool) -> Without:
    """Return a file without a pupil.

    Args:
        content: the file.
        who: the pupil.
        encoding: of a text: utf-8, utf-16 or cp1252; "json", or "workbook".
        may_split: each line of it says whose it is; else the lines below one are the pupil's too.
    """
    if encoding == "workbook":
        return Without(any(who.is_named_in(text) for text in _texts_of_workbook(content)))
    if encoding == "json":
        return _without_items(content, who)
    text, codec = _decoded(content, encoding)
    if len(content) > MOST_BYTES:
        may_split = False
    lines = _LINES.findall(text)
    theirs = [number for number, line in enumerate(lines) if who.has_line(line)]
    masked = {n: _masked(line, who) for n, line in enumerate(lines) if n not in {*theirs}}
    changed = {n for n, line in masked.items() if line != lines[n]}
    if not theirs and not changed:
        return Without(False)
    # A cell with line ends in it: what is cut there would open a quotation for all that follows.
    is_cut = any(lines[number].count('"') % 2 for number in theirs)
    if not may_split or is_cut or (theirs and theirs[0] == 0):
        return Without(True)
    for number in theirs:
        lines[number] = _LINE_END.search(lines[number])[0]  # type: ignore[index]
    for number in changed:
        lines[number] = masked[number]
    left = "".join(lines).encode(codec, "surrogateescape")
    return Without(True, left, tuple(number + 1 for number in theirs))


def _masked(line: str, who: WhoGoes) -> str:
    """Return another's line, with the pupil's number in a longer text as a pattern."""
    if not _PATTERN.search(line):
        return line
    return _DIGITS.sub(
        lambda found: re.sub(r"\w", "x", found[0]) if who.is_number(found[0]) else found[0], line
    )


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    """Return a text, and the codec that gives its bytes back; marks of byte order stay in it."""
    codec = {"utf-8": "utf-8", "cp1252": "cp1252"}.get(encoding, "utf-16-le")
    if encoding == "utf-16" and content.startswith(codecs.BOM_UTF16_BE):
        codec = "utf-16-be"
    try:
        return content.decode(codec), codec
    except UnicodeDecodeError:
        # Each byte a letter: digits are where they are, and all comes back as it was.
        return content.decode("latin-1"), "latin-1"


def _texts_of_workbook(content: bytes) -> Iterator[str]:
    """Yield the texts of a workbook's parts; of one that is none, its bytes as text."""
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            for part in book.infolist():
                with book.open(part) as opened:
                    plain = opened.read(left)
                left -= len(plain)
                yield from _XML_TEXT.findall(plain.decode("utf-8", "replace"))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        yield from _XML_TEXT.findall(content.decode("latin-1"))


def _without_items(content: bytes, who: WhoGoes) -> Without:
    try:
        # Exact numbers are nothing to us, and floats would be written otherwise than they came.
        said = json.loads(content, parse_float=str)
        taken = _Taken(who)
        said = taken.left_of(said)
    except (ValueError, RecursionError):
        return Without(any(map(who.is_named_in, _quoted(content))))
    if not taken.items:
        return Without(taken.is_left)
    if taken.is_left:
        return Without(True)
    return Without(True, json.dumps(said, ensure_ascii=False).encode(), tuple(range(taken.items)))


def _quoted(content: bytes) -> Iterator[str]:
    return iter(re.findall(r'"([^"]{1,200})"', content.decode("utf-8", "replace")))


class _Taken:
    """Takes the innermost items of lists that name the pupil.

    Attributes:
        items: so many went.
        is_left: the pupil is named where there is no item that could go.
    """

    def __init__(self, who: WhoGoes) -> None:
        self._who = who
        self.items = 0
        self.is_left = False

    def left_of(self, value: Any) -> Any:
        """Return a value without what names the pupil."""
        value, is_named = self._looked_at(value)
        self.is_left = self.is_left or is_named
        return value

    def _looked_at(self, value: Any) -> tuple[Any, bool]:
        """Return what is left of a value, and whether the pupil is named in it outside of lists."""
        if isinstance(value, str):
            return value, self._who.is_named_in(value)
        if isinstance(value, dict):
            found = {key: self._looked_at(one) for key, one in value.items()}
            left = {key: one for key, (one, _) in found.items()}
            return left, any(is_named for _, is_named in found.values())
        if isinstance(value, list):
            looked = [self._looked_at(one) for one in value]
            kept = [one for one, is_named in looked if not is_named]
            self.items += len(looked) - len(kept)
            return kept, False
        return value, False
