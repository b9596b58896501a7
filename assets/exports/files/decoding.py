"""The text of a received file: decoded, composed, checked, with one kind of line end and blank.

Every reader of text goes through here, so that a name is the same text whatever file it came in.
Not here: cells (`cells.py`).
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError

_BLOCK = 1 << 20
_LINE_FEED, _RETURN = ord("\n"), ord("\r")
# Where only a header is looked for, in each of hundreds of files.
_FIRST = 1 << 14
# A lesson row has about 110 characters; what has more than this in a line is no file of rows.
_LONGEST_LINE = 16 << 20
_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
# How the second byte of a letter in UTF-8 looks in cp1252; of those after "Ä" and "Å" only the
# ones that no text has there, such as "Å¡" for "š".
_SECOND_BYTES = "".join(bytes([b]).decode("cp1252", "ignore") for b in range(0x80, 0xC0))
_IMPOSSIBLE = "".join(set(_SECOND_BYTES) - set(" ’”–—‘“´·«»…ŠŒŽšœžŸ\xa0\xad"))
_MIXED = re.compile(f"Ã[{_SECOND_BYTES}\xad]|[ÄÅ][{_IMPOSSIBLE}]")
# Blanks that look like one, and signs that nobody sees: of width zero, of joining and of the
# direction of writing. With or without them a word is the same word.
_ODD_BLANKS = (
    "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_INVISIBLE_SIGNS = (
    "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_BLANKS = re.compile(f"[{_ODD_BLANKS}]")
_INVISIBLE = re.compile(f"[{_INVISIBLE_SIGNS}]")
_DEFINED = bytes(b for b in range(256) if bytes([b]).decode("cp1252", "ignore"))
# Some systems end a row with one of these. Nobody else does, and a name may hold one.
ODD_ROW_ENDS = re.compile("[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# One of these is in a text of which anything below is true. Looked for one by one: that is thirty
# times as fast as one pattern.
_MARKS = "\x00\ufffdÃ" + _ODD_BLANKS + _INVISIBLE_SIGNS + _IMPOSSIBLE


def decoded_lines(file: ReceivedFile, block_size: int = _BLOCK) -> Iterator[str]:
    r"""Yield a text file's lines, each but perhaps the last with "\n" at its end.

    Args:
        file: a text file.
        block_size: characters that are read and checked at once.

    Raises:
        UnreadableFileError: bytes that are no text, or a text that was damaged before it came.
        ChangedFileError: the file is gone.
    """
    for block in _line_blocks(file, block_size):
        lines = block.split("\n")
        last = lines.pop()
        for line in lines:
            yield line + "\n"
        if last:
            yield last


def first_lines(file: ReceivedFile, count: int) -> list[str]:
    """Return a text file's first lines without line ends."""
    return [line.rstrip("\n") for line in islice(decoded_lines(file, _FIRST), count)]


def refuse_odd_row_end(line: str, where: str) -> None:
    """Refuse a file of which a line holds several rows; the message quotes nothing of it.

    Args:
        line: a line that is no single row.
        where: its place, for the message.

    Raises:
        UnreadableFileError: a character stands in it that other systems end a row with.
    """
    if found := ODD_ROW_ENDS.search(line):
        raise UnreadableFileError(
            f"{where}: U+{ord(found[0]):04X} stands where a row ends, so several rows are in one "
            "line. Expected one row a line, ended by LF or CRLF. Export the file again."
        )


class TextBlock(NamedTuple):
    r"""Some lines of a file, as UTF-8; only the file's last line may lack its end, LF or CRLF.

    Attributes:
        number: of the first line.
        text: the lines.
    """

    number: int
    text: bytes


def text_blocks(file: ReceivedFile, block_size: int = _BLOCK) -> Iterator[TextBlock]:
    """Return a text file's lines, many at a time.

    The bytes of a plain file are handed on as they are; all others are decoded, as `decoded_lines`
    does.

    Args:
        file: a text file.
        block_size: bytes, or characters where they are decoded, that are read at once.

    Raises:
        UnreadableFileError: see `decoded_lines`.
        ChangedFileError: the file is gone.
    """
    return (_plain_blocks if file.is_plain else _decoded_blocks)(file, block_size)


def _decoded_blocks(file: ReceivedFile, block_size: int) -> Iterator[TextBlock]:
    number = 1
    for block in _line_blocks(file, block_size):
        yield TextBlock(number, block.encode())
        number += block.count("\n")


def _plain_blocks(file: ReceivedFile, block_size: int) -> Iterator[TextBlock]:
    _refuse_other_kind(file)
    pending, number = b"", 1
    try:
        with file.open() as source:
            while chunk := source.read(block_size):
                cut = chunk.rfind(b"\n") + 1
                if not cut:
                    pending += chunk
                    if len(pending) > _LONGEST_LINE:
                        raise _long_line(number)
                    continue
                block = _with_two_letter_ends(pending + chunk[:cut])
                yield TextBlock(number, block)
                number += block.count(b"\n")
                pending = chunk[cut:]
            if pending:
                yield TextBlock(number, _with_two_letter_ends(pending))
    except OSError as error:
        raise ChangedFileError(f"can't be read: {error.strerror}") from None


def _with_two_letter_ends(block: bytes) -> bytes:
    """Return lines of which each ends with LF or CRLF: a lone carriage return ends a line too."""
    block = block.removeprefix(codecs.BOM_UTF8)
    if b"\r" not in block:
        return block
    letters = np.frombuffer(block, np.uint8)
    returns = np.flatnonzero(letters == _RETURN)
    if returns[-1] + 1 < len(block) and (letters[returns + 1] == _LINE_FEED).all():
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def clean_text(text: str, where: str, encoding: str) -> str:
    """Return a text composed (NFC), with plain blanks and without invisible marks.

    Args:
        text: a block of lines, or a cell.
        where: its place, for the message.
        encoding: what it was decoded from.

    Raises:
        UnreadableFileError: the text was damaged before it came.
    """
    # cp1252 has no loose accents.
    composed = text if encoding == "cp1252" else unicodedata.normalize("NFC", text)
    if not any(mark in composed for mark in _MARKS):
        return composed
    if "\x00" in composed:
        raise UnreadableFileError(
            f"{where}: a NUL character. Expected a text file in UTF-8 or cp1252; this is damaged "
            "or of another kind. Export the file again."
        )
    if "\ufffd" in composed:
        raise UnreadableFileError(
            f"{where}: a letter was lost before the file came (U+FFFD): it was converted with the "
            "wrong encoding. Export the file again as UTF-8."
        )
    if _MIXED.search(composed):
        what = (
            "UTF-8 and cp1252 are mixed, so å, ä and ö can't be known"
            if encoding == "cp1252"
            else "letters were converted twice ('Ã¤' for 'ä')"
        )
        raise UnreadableFileError(
            f"{where}: {what}. Export the file again in one encoding, best UTF-8."
        )
    # A loose accent behind an invisible sign stands beside its letter now.
    plain = _INVISIBLE.sub("", _BLANKS.sub(" ", composed))
    return unicodedata.normalize("NFC", plain)


def without_invisible(text: str) -> str:
    """Return a text with plain blanks and without signs that nobody sees."""
    return text if text.isascii() else _INVISIBLE.sub("", _BLANKS.sub(" ", text))


def _line_blocks(file: ReceivedFile, block_size: int = _BLOCK) -> Iterator[str]:
    """Yield cleaned blocks of whole lines; only the last may lack its line end."""
    _refuse_other_kind(file)
    pending: list[str] = []
    number = 1
    try:
        # Universal newlines: a lone carriage return ends a line too.
        with io.TextIOWrapper(file.open(), encoding=_CODECS[file.encoding]) as text:
            while block := text.read(block_size):
                cut = block.rfind("\n") + 1
                pending.append(block[:cut])
                if cut:
                    yield _checked("".join(pending), number, file.encoding)
                    number += sum(part.count("\n") for part in pending)
                    pending = []
                pending.append(block[cut:])
                if sum(map(len, pending)) > _LONGEST_LINE:
                    raise _long_line(number)
            if rest := "".join(pending):
                yield _checked(rest, number, file.encoding)
    except UnicodeDecodeError:
        raise UnreadableFileError(_no_text(file)) from None
    except OSError as error:
        raise ChangedFileError(f"can't be read: {error.strerror}") from None


def _refuse_other_kind(file: ReceivedFile) -> None:
    if file.other_kind:
        raise UnreadableFileError(
            f"this is {file.other_kind}. Expected a text file (.csv) or a workbook (.xlsx) "
            "without a password. Export the file again."
        )


def _long_line(number: int) -> UnreadableFileError:
    return UnreadableFileError(
        f"line {number}: longer than {_LONGEST_LINE >> 20} million characters. "
        "Expected one row a line. Export the file again."
    )


def _checked(block: str, number: int, encoding: str) -> str:
    try:
        return clean_text(block, f"line {number}", encoding)
    except UnreadableFileError:
        # Once more, line by line: the message names the line.
        for offset, line in enumerate(block.split("\n")):
            clean_text(line, f"line {number + offset}", encoding)
        raise


def _no_text(file: ReceivedFile) -> str:
    if file.encoding != "cp1252":
        return (
            "the file ends in the middle of a letter or is damaged. Copy or export the file again; "
            "best as UTF-8."
        )
    with file.open() as lines:
        found = ((number, line.translate(None, _DEFINED)) for number, line in enumerate(lines, 1))
        number, undefined = next((entry for entry in found if entry[1]), (0, b"?"))
    return (
        f"line {number}: byte 0x{undefined[0]:02x} is neither UTF-8 nor cp1252. Expected a text "
        "file in UTF-8. Export the file again."
    )
