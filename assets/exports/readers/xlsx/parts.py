"""The parts of a workbook: a zip of XML, each part found by its relationship and never by its name.

Everything comes from outside. A zip that would unpack to far more than an export holds is refused,
and so is XML that declares anything of its own (a DOCTYPE): the standard forbids it, and entities
are how a few lines become a terabyte. Not here: what the parts say (`book.py`, `sheet.py`).
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from assets.exports.children.limits import LONGEST_CELL
from rules.errors import TrappanError

# 50,000 rows of an export are 60 MB of XML, packed 25 to 1; a bomb packs hundreds to 1.
UNPACKED_BYTES = 2 << 30
SUSPECT_BYTES = 100 << 20
SUSPECT_RATIO = 100
_BLOCK = 1 << 18
TOO_LONG = f"a text in it has more than {LONGEST_CELL} characters, and no cell has room for that"
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)
#: Stands between a name and its namespace, as expat tells them.
MARK = "}"
# What a workbook's names are in: transitional, strict, and none at all, as hand-made files have.
_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_RELATIONSHIP_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships}id",
    "id",
)
_OTHER_KINDS = {
    "content.xml": "an OpenDocument spreadsheet (.ods)",
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "word/document.xml": "a text document (.docx)",
    "ppt/presentation.xml": "a presentation (.pptx)",
}

Start = Callable[[str, Mapping[str, str]], None]


class RefusedWorkbook(TrappanError):  # noqa: N818 - a refusal, which no step fails of
    """The workbook won't be read; the message says why. No cell's text is in it."""


class Package:
    """The parts of one workbook.

    Args:
        content: the file, at its beginning.
        size: its bytes.

    Raises:
        RefusedWorkbook: no zip, damaged, with a password, or unpacking to more than an export does.
    """

    def __init__(self, content: IO[bytes], size: int) -> None:
        try:
            self._zip = zipfile.ZipFile(content)
        except (*_BROKEN, OSError, ValueError):
            raise RefusedWorkbook("damaged or cut short") from None
        members = self._zip.infolist()
        self.unpacked = sum(member.file_size for member in members)
        is_suspect = self.unpacked > SUSPECT_BYTES and self.unpacked > SUSPECT_RATIO * size
        if is_suspect or self.unpacked > UNPACKED_BYTES:
            raise RefusedWorkbook(f"{size >> 10} kB that unpack to {self.unpacked >> 20} MB")
        # Names of parts are the same whatever their case; two of one name are no package.
        self._names: dict[str, str] = {}
        for member in members:
            if self._names.setdefault(member.filename.lower(), member.filename) != member.filename:
                raise RefusedWorkbook("damaged: two of its parts have one name")
        if len(self._names) != len(members):
            raise RefusedWorkbook("damaged: two of its parts have one name")
        for name, kind in _OTHER_KINDS.items():
            if name in self._names:
                raise RefusedWorkbook(f"this is {kind}")
        self._check_sizes(members)

    def _check_sizes(self, members: list[zipfile.ZipInfo]) -> None:
        """Unpack every member to the size that it says it has.

        A zip can say 100 bytes and hold a gigabyte: then the check sum of the first 100 is wrong.
        """
        for member in members:
            try:
                with self._zip.open(member) as packed:
                    while packed.read(1 << 20):
                        pass
            except _BROKEN:
                raise RefusedWorkbook("damaged, with a password or cut short") from None

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """Return by relationship id the kind and part of what a part ('' for the whole) points to.

        The kind is the last word of its type, the same in both variants of the standard.
        """
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, said: Mapping[str, str]) -> None:
            if tag.rpartition(MARK)[2] != "Relationship" or said.get("TargetMode") == "External":
                return
            target = unquote(said.get("Target", ""))
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], path)

        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if self.has(rels):
            self.parse(rels, start)
        return found

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.lower() in self._names

    def parse(
        self,
        part: str,
        start: Start,
        end: Callable[[str], None] | None = None,
        pieces: list[str] | None = None,
    ) -> None:
        """Tell an XML part's elements, and append its text to pieces, which `start` clears.

        Raises:
            RefusedWorkbook: it is not there, is no sound XML, declares entities, or has a text that
                no cell has room for.
        """
        parser = expat.ParserCreate(namespace_separator=MARK)
        parser.buffer_text = True
        parser.StartElementHandler = start
        if end is not None:
            parser.EndElementHandler = end
        if pieces is not None:
            parser.CharacterDataHandler = pieces.append
        parser.StartDoctypeDeclHandler = _refuse_doctype
        if not self.has(part):
            raise RefusedWorkbook(f"damaged: its part {part!a} is missing")
        try:
            with self._zip.open(self._names[part.lower()]) as packed:
                while block := packed.read(_BLOCK):
                    parser.Parse(block, False)
                    # A text comes in pieces of some kilobytes, and may never end.
                    if pieces and sum(map(len, pieces)) > 2 * _BLOCK:
                        raise RefusedWorkbook(TOO_LONG)
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError, *_BROKEN):
            raise RefusedWorkbook(f"damaged: its part {part!a} is no sound XML") from None


def tags(*names: str) -> dict[str, str]:
    """Return the names of elements in every namespace of workbooks, each with its plain name."""
    return {f"{space}{MARK}{name}": name for space in _NAMESPACES for name in names} | {
        name: name for name in names
    }


def relationship_id(said: Mapping[str, str]) -> str:
    """Return the relationship that an element's attributes name, whatever their prefix."""
    return next((said[name] for name in _RELATIONSHIP_IDS if name in said), "")


def is_true(said: str | None) -> bool:
    """Whether an attribute of XML Schema's kind boolean is true."""
    return said in {"1", "true", "on"}


def _refuse_doctype(*_: object) -> None:
    raise RefusedWorkbook("damaged: it declares XML of its own (DOCTYPE), which no workbook may")
