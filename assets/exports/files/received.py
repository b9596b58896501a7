"""A received file as it is: its hash, its encoding, its export time and how its lines end.

One pass over the bytes; here too, what its name says. Not here: how it is opened (`opening.py`),
the copy that is read (`spool.py`), its text (`decoding.py`), what the cells mean (`staging/`).
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import IO
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from assets.exports.files.opening import identity, identity_of, open_regular
from assets.exports.senders.senders import THE_INBOX, Sender
from assets.exports.stage_times import StageTimes
from rules.errors import TrappanError

# What a file's name says: when it was exported, and whether it is no export at all.

# "x (1).csv", "x - kopia.csv", "x_copy.csv": a copy was made when its name says so, not later.
_COPY = r"(?:[ _-]*(?:\(\d{1,3}\)|\(?(?:kopia|copy)\)?))*"
# Endings come more than one at a time: ".csv.gz", ".csv.txt", ".CSV.csv".
_EXPORT_TIME = re.compile(
    rf"_(\d{{8}}T\d{{4}}(?:\d{{2}})?)(?={_COPY}(?:\.[^.]*)*\Z)", re.IGNORECASE | re.ASCII
)

_UNFINISHED = (
    *("part", "partial", "filepart", "crdownload", "download", "opdownload", "aria2"),
    *("tmp", "temp", "uploading", "inprogress"),
)
_OLD = ("bak", "backup", "old", "orig", "save", "sav", "swp", "swo", "swn", "swx")
_EXPORTS = "csv|txt|tsv|xlsx|json"
# At the end, with or without a number ("x.csv.bak2"), or before the ending of an export
# ("x.tmp.csv"; but "x.part2.csv" is the second of several).
_ENDING = re.compile(
    rf"\.({'|'.join((*_UNFINISHED, *_OLD))})(?:[0-9]{{0,3}}|\.(?:{_EXPORTS}))\Z", re.IGNORECASE
)
_OTHER_COPIES = (
    (re.compile(r"~(?:\d+~)?\Z"), "~"),
    (re.compile(r"\A#.*#\Z", re.DOTALL), "#…#"),
    (re.compile(r"\A\.?~lock\."), "~lock."),
)


def declared_time(name: str) -> datetime | None:
    """Return when the sender made the file as its name says it, local time, or None."""
    match = _EXPORT_TIME.search(name)
    if match is None:
        return None
    text = match[1].upper()
    try:
        return datetime.strptime(  # noqa: DTZ007 - the name gives local time
            text, "%Y%m%dT%H%M%S" if len(text) > 13 else "%Y%m%dT%H%M"
        )
    except ValueError:
        return None


def why_unfinished(path: PurePath) -> str | None:
    """Say by which part of its name a file is unfinished or an old copy; None if it is neither.

    Args:
        path: the file, below the folder that is offered: a folder's name counts too.
    """
    for part in path.parts:
        if found := _ENDING.search(part):
            what = "unfinished" if found[1].casefold() in _UNFINISHED else "an old copy"
            return f"its name says that it is {what} ('.{found[1].casefold()}')"
        for pattern, mark in _OTHER_COPIES:
            if pattern.search(part):
                return f"its name says that it is an old copy or a lock ('{mark}')"
    return None


def why_passed_over(path: PurePath) -> str | None:
    """Say why a file is no export that anybody would miss; None if it may be one."""
    if any(part.startswith("~$") for part in path.parts):
        return "a spreadsheet's lock on an open workbook"
    if any(part.startswith(".") for part in path.parts):
        return "it is hidden: its name or its folder's begins with a dot"
    if path.name.upper().startswith("README"):
        return "it is a README"
    return None


STOCKHOLM = ZoneInfo("Europe/Stockholm")

# What the processor's cache holds: each chunk is gone over several times.
_CHUNK = 1 << 20
# Letters beyond U+02FF begin with this byte or a greater one: loose accents, marks of byte order,
# U+FFFD. Hard blanks begin with C2.
_FIRST_ODD_BYTE = 0xCC
_LINE_FEED, _CARRIAGE_RETURN = ord("\n"), ord("\r")
# The mark of a text that was encoded twice.
_TWICE_ENCODED = "Ã".encode()
# An object or a list, and in it what JSON has there; "[Rapport]" above a header is none.
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*[\[\]{"0-9-]|[\[{]\s*\Z)')
# What a file is that is neither text nor a workbook, by its first bytes.
_OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls) or a workbook with a password",
    b"\x1f\x8b": "a packed file (gzip)",
    b"Rar!": "a packed file (rar)",
    b"7z\xbc\xaf": "a packed file (7z)",
    b"PK\x05\x06": "an empty zip file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
# Times that the lake can keep, whatever a broken clock wrote: 1970 to 2100.
_LAST_TIMESTAMP = 4_102_444_800


class UnreadableFileError(TrappanError):
    """The file as a whole can't be read. The message says why and what to do; no personal data."""


class ChangedFileError(TrappanError):
    """The file is gone, changed, or can't be opened or copied; the next run tries again."""


@dataclass(frozen=True)
class ReceivedFile:
    """What one pass over a file's bytes tells.

    Attributes:
        path: where it lies.
        sha256: of the bytes as they came.
        size: bytes.
        modified_at: modification time, local time, seconds.
        identity: device, number, size and times; another one is another file, or a changed one.
        exported_at: from the file name (`…_YYYYMMDDTHHMM.csv`), else `modified_at`; the receipt
            when that is more than a day before (`arrivals.py`).
        has_declared_time: the file name says when it was exported.
        is_time_believed: `exported_at` is what the file says, not the receipt in its place.
        is_workbook: read as a workbook, else as text.
        is_json: read as an SS12000 file.
        other_kind: what it is when it is neither, in words.
        encoding: of a text file: utf-8, utf-16 or cp1252.
        lines: line feeds of a text file, and its last line when that has no end.
        is_plain: UTF-8 of Latin letters whose lines all end alike: its bytes are its text.
        content: the copy that is read in its place (`spool.py`); None where it is read as it lies.
        below: the folder that was offered; its own when None.
        offered_name: its name when it came, where it lies under another.
        notice: what the operator must hear of it, also when all of it was taken.
        sender: who it is from.
        is_released: somebody has released what it would remove.
        is_read_again: the ledger knew it before, and it is read once more all the same.
    """

    path: Path
    sha256: str
    size: int
    modified_at: datetime
    identity: tuple[int, ...]
    exported_at: datetime
    has_declared_time: bool
    is_workbook: bool
    is_json: bool
    other_kind: str | None
    encoding: str
    lines: int
    is_plain: bool
    content: Path | None = None
    below: Path | None = None
    offered_name: str = ""
    notice: str = ""
    is_time_believed: bool = True
    sender: Sender = THE_INBOX
    is_released: bool = False
    is_read_again: bool = False

    @property
    def name(self) -> str:
        """The file's name as it was offered."""
        return self.offered_name or self.path.name

    @property
    def file_id(self) -> int:
        """The file's number, and the tie-break between exports: 63 bits of a hash."""
        return self.sender.file_number(self.sha256)

    @property
    def read_from(self) -> Path:
        """Where its bytes are read: the copy, if it has one."""
        return self.content or self.path

    def is_unchanged(self) -> bool:
        """Whether the file on disk is still the one that was looked at."""
        return identity_of(self.path) == self.identity

    @property
    def is_at_hand(self) -> bool:
        """Whether it can be read: its copy is there, or it is read where it lies."""
        return self.content is None or self.content.exists()

    def open(self) -> IO[bytes]:
        """Open it to be read; raises OSError when it is gone or no regular file any more."""
        return os.fdopen(open_regular(self.read_from), "rb")

    def open_at_source(self) -> IO[bytes]:
        """Open what lies there now, for who compares its hash; raises OSError as `open` does."""
        return os.fdopen(open_regular(self.path, self.below), "rb")


def local_time(timestamp: float) -> datetime:
    """Return a POSIX time as local time in Stockholm, whole seconds, without a zone."""
    seconds = min(max(int(timestamp), 0), _LAST_TIMESTAMP)
    return datetime.fromtimestamp(seconds, STOCKHOLM).replace(tzinfo=None)


class _Bytes:
    """What the bytes of a file tell, chunk by chunk."""

    def __init__(self, times: StageTimes | None = None) -> None:
        self._times = times or StageTimes()
        self.digest = hashlib.sha256()
        self.size = self.line_feeds = self.carriage_returns = 0
        self.start = self.end = b""
        self.is_utf8, self.has_odd_bytes = True, False
        self.has_letters = self.is_json = False
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Take the next chunk; none is empty."""
        with self._times.of("hashing"):
            self.digest.update(chunk)
        values = np.frombuffer(chunk, np.uint8)
        if not self.start:
            self.start = chunk[:8]
            self.is_json = _JSON.match(chunk) is not None
            if chunk.startswith(codecs.BOM_UTF8):
                values = values[len(codecs.BOM_UTF8) :]
        # Each of these is many times as fast as a pass that sorts every byte.
        self.line_feeds += int(np.count_nonzero(values == _LINE_FEED))
        # Python counts a byte that stands on every line ten times as slowly.
        self.carriage_returns += int(np.count_nonzero(values == _CARRIAGE_RETURN))
        self.has_odd_bytes = (
            self.has_odd_bytes
            or b"\x00" in chunk
            or b"\xc2" in chunk
            or int(values.max(initial=0)) >= _FIRST_ODD_BYTE
        )
        if self.is_utf8:
            self._add_letters(chunk)
        self.size += len(chunk)
        self.end = chunk[-1:]

    def _add_letters(self, chunk: bytes) -> None:
        if not self._decoder.getstate()[0] and _is_utf8(chunk):
            self.has_letters = self.has_letters or not chunk.isascii()
            # The second byte first: the first one is that of every "å", too.
            is_twice = _TWICE_ENCODED[1:] in chunk and _TWICE_ENCODED in chunk
            self.has_odd_bytes = self.has_odd_bytes or is_twice
            return
        # A letter is cut at the beginning or the end, or it is no UTF-8.
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self.is_utf8 = False
            return
        self.has_letters = self.has_letters or not text.isascii()
        self.has_odd_bytes = self.has_odd_bytes or _TWICE_ENCODED.decode() in text

    @property
    def encoding(self) -> str:
        """Return utf-8, utf-16 or cp1252."""
        if self.start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        # A file cut within its last letter is UTF-8 all the same; that one byte over is an "å" in
        # cp1252 only where there is no other letter to tell by.
        is_cut = bool(self._decoder.getstate()[0]) and not self.has_letters
        return "utf-8" if self.is_utf8 and not is_cut else "cp1252"

    @property
    def is_plain(self) -> bool:
        """Return whether lines and letters are such that every reader reads them alike."""
        ends_alike = self.carriage_returns in (0, self.line_feeds)
        is_whole = not self._decoder.getstate()[0]
        return self.is_utf8 and is_whole and ends_alike and not self.has_odd_bytes


def _is_utf8(chunk: bytes) -> bool:
    """Whether bytes are whole letters; Arrow lets other threads go on while it looks."""
    ends = pa.py_buffer(np.array([0, len(chunk)], np.int32))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(chunk)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def look_at(path: Path) -> ReceivedFile:
    """Read a file once, where it lies, and return what it is.

    Raises:
        OSError: it can't be opened or read, or is no regular file.
    """
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        return looked_at(path, file)


def looked_at(
    path: Path,
    file: IO[bytes],
    write: Callable[[bytes], None] | None = None,
    below: Path | None = None,
    times: StageTimes | None = None,
) -> ReceivedFile:
    """Read an open file to its end and return what it is.

    Args:
        path: where it lies.
        file: the file, at its beginning, without a buffer.
        write: is given every chunk too.
        below: the folder that was offered.
        times: of the run.

    Raises:
        OSError: it can't be read to its end.
        ChangedFileError: what `write` raises.
    """
    found = _Bytes(times)
    status = os.fstat(file.fileno())
    while chunk := file.read(_CHUNK):
        found.add(chunk)
        if write is not None:
            write(chunk)
    modified_at = local_time(status.st_mtime)
    declared = declared_time(path.name)
    return ReceivedFile(
        path=path,
        below=below,
        sha256=found.digest.hexdigest(),
        size=found.size,
        modified_at=modified_at,
        identity=identity(status),
        exported_at=declared or modified_at,
        has_declared_time=declared is not None,
        is_workbook=found.start.startswith(b"PK\x03\x04"),
        is_json=found.is_json,
        other_kind=next(
            (kind for mark, kind in _OTHER_KINDS.items() if found.start.startswith(mark)), None
        ),
        encoding=found.encoding,
        lines=found.line_feeds + (found.end not in (b"", b"\n")),
        is_plain=found.is_plain,
    )
