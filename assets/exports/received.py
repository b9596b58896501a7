"""A received file as it is: its hash, its encoding, its export time and its lines.

One pass over the bytes. Not here: what the cells mean (`staging.py`), where rows go
(`storing.py`).
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv"})
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})

_CHUNK = 4 << 20
_EXPORT_TIME = re.compile(r"_(\d{8}T\d{4}(?:\d{2})?)(?=\.[^.]+$)")
# NUL, U+FFFD, and the combining accents U+0300-U+036F of names written as "a" + "°", in UTF-8.
_ODD_BYTES = (b"\x00", b"\xef\xbf\xbd", b"\xcc", b"\xcd")
# What UTF-8 å ä ö Å Ä Ö é look like when they are read as cp1252.
_MOJIBAKE = re.compile("Ã[¥¤¶…„–©]")


class UnreadableFileError(Exception):
    """The file as a whole can't be read. The message says why and what to do; no personal data."""


@dataclass(frozen=True)
class ReceivedFile:
    """What one pass over a file's bytes tells.

    Attributes:
        path: where it lies.
        sha256: of the bytes as they came.
        size: bytes.
        modified_at: modification time, local time, seconds.
        exported_at: from the file name (`…_YYYYMMDDTHHMM.csv`), else `modified_at`.
        is_workbook: read as a workbook, else as text.
        encoding: of a text file: utf-8, utf-16 or cp1252.
        lines: lines of a text file, for counting rows apart from reading them.
        is_plain: UTF-8 without loose accents, NUL or lost letters: the bulk reader may have it.
    """

    path: Path
    sha256: str
    size: int
    modified_at: datetime
    exported_at: datetime
    is_workbook: bool
    encoding: str
    lines: int
    is_plain: bool

    @property
    def file_id(self) -> int:
        """The first 63 bits of the hash: the file's number, and the tie-break between exports."""
        return int(self.sha256[:16], 16) >> 1

    def is_unchanged(self) -> bool:
        """Whether the file on disk is still the one that was looked at."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return now.st_size == self.size and local_time(now.st_mtime) == self.modified_at


def local_time(timestamp: float) -> datetime:
    """Return a POSIX time as local time in Stockholm, whole seconds, without a zone."""
    return datetime.fromtimestamp(int(timestamp), STOCKHOLM).replace(tzinfo=None)


def export_time(path: Path, modified_at: datetime) -> datetime:
    """Return when the sender made the file: from its name, else its modification time."""
    match = _EXPORT_TIME.search(path.name)
    if match:
        text = match[1]
        try:
            return datetime.strptime(  # noqa: DTZ007 - the name gives local time
                text, "%Y%m%dT%H%M%S" if len(text) > 13 else "%Y%m%dT%H%M"
            )
        except ValueError:
            return modified_at
    return modified_at


def look_at(path: Path) -> ReceivedFile:
    """Read a file once and return what it is.

    Raises:
        OSError: it can't be opened.
    """
    status = path.stat()
    modified_at = local_time(status.st_mtime)
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, has_odd_bytes, lines, size = True, False, 0, 0
    start = last = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            start = start or chunk[:4]
            size += len(chunk)
            digest.update(chunk)
            lines += chunk.count(b"\n")
            # An odd mark may lie across two chunks, so the end of the last one is looked at too.
            has_odd_bytes = has_odd_bytes or any(mark in last + chunk for mark in _ODD_BYTES)
            last = chunk[-2:]
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return ReceivedFile(
        path=path,
        sha256=digest.hexdigest(),
        size=size,
        modified_at=modified_at,
        exported_at=export_time(path, modified_at),
        is_workbook=start.startswith(b"PK\x03\x04"),
        encoding=_encoding(start, is_utf8=is_utf8),
        lines=lines + (last[-1:] not in (b"", b"\n")),
        is_plain=is_utf8 and not has_odd_bytes,
    )


def _encoding(start: bytes, *, is_utf8: bool) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8" if is_utf8 else "cp1252"


def decoded_lines(file: ReceivedFile) -> Iterator[str]:
    """Yield a text file's lines with their line ends, decoded and composed (NFC).

    Raises:
        UnreadableFileError: bytes that are no text, or a text that was damaged before it came.
    """
    encoding = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}[file.encoding]
    number = 0
    try:
        with file.path.open(encoding=encoding, newline="") as text:
            for number, line in enumerate(text, start=1):
                _check_line(line, number, file.encoding)
                yield line if line.isascii() else unicodedata.normalize("NFC", line)
    except UnicodeDecodeError as error:
        where = f"near line {number + 1}"
        raise UnreadableFileError(
            f"{where}: byte 0x{error.object[error.start]:02x} is neither UTF-8 nor cp1252. "
            "Expected a text file in UTF-8. Export the file again."
        ) from None


def _check_line(line: str, number: int, encoding: str) -> None:
    if "\x00" in line:
        raise UnreadableFileError(
            f"line {number}: a NUL character. Expected a text file in UTF-8 or cp1252; this is "
            "damaged or of another kind. Export the file again."
        )
    if "\ufffd" in line:
        raise UnreadableFileError(
            f"line {number}: a letter was lost before the file came (U+FFFD): it was converted "
            "with the wrong encoding. Export the file again as UTF-8."
        )
    if encoding == "cp1252" and _MOJIBAKE.search(line):
        raise UnreadableFileError(
            f"line {number}: the file mixes UTF-8 and cp1252, so å, ä and ö can't be told. "
            "Export the file again in one encoding, best UTF-8."
        )


def first_lines(file: ReceivedFile, count: int) -> list[str]:
    """Return a text file's first lines without line ends."""
    lines: list[str] = []
    for line in decoded_lines(file):
        lines.append(line.rstrip("\r\n"))
        if len(lines) == count:
            break
    return lines


def transcode(file: ReceivedFile, folder: Path) -> Path:
    """Write a text file as UTF-8 into `folder`, as a stream, and return its path.

    Raises:
        UnreadableFileError: see `decoded_lines`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{file.sha256}.csv"
    with target.open("w", encoding="utf-8", newline="") as out:
        out.writelines(decoded_lines(file))
    return target
