"""Workbooks that are made to bring a reader down are refused, and the reader lives on."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.integration.ingest_files import (
    lesson,
    lessons_of,
    offer,
    put,
    text_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of

START = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
GIGABYTE = 1 << 30


def with_member(name: str, blocks: Callable[[bytes], Iterator[bytes]]) -> bytes:
    """Return a usual workbook with one member written again, block by block."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook_of(cells_of([lesson(0)])))) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            if not member.endswith(name):
                new.writestr(member, old.read(member))
                continue
            with new.open(member, "w", force_zip64=True) as target:
                for block in blocks(old.read(member)):
                    target.write(block)
    return made.getvalue()


def a_gigabyte_of_rows(_: bytes) -> Iterator[bytes]:
    row = b"<row></row>" * (1 << 16)
    yield START
    for _number in range(GIGABYTE // len(row)):
        yield row
    yield END


@cache
def bomb() -> bytes:
    return with_member("sheet1.xml", a_gigabyte_of_rows)


def bomb_that_says_it_is_small() -> bytes:
    """The list of contents says 100 bytes; what is packed is a gigabyte."""
    content = bytearray(bomb())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as book:
        member = next(info for info in book.infolist() if info.filename.endswith("sheet1.xml"))
        size = struct.pack("<I", member.file_size)
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(b"sheet1.xml"))
    place = content.index(size, directory)
    content[place : place + 4] = struct.pack("<I", 100)
    return bytes(content)


def entities(levels: int = 12) -> bytes:
    more = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, levels))
    return b'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">' + more + b"]>"


def entity_bomb_in_a_cell() -> bytes:
    """A text of a terabyte in a few lines."""

    def blocks(_: bytes) -> Iterator[bytes]:
        yield entities() + START
        yield b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a11;</t></is></c></row>' + END

    return with_member("sheet1.xml", blocks)


def entity_bomb_in(name: str) -> bytes:
    """The same in a part of the workbook that is read for other reasons."""

    def blocks(content: bytes) -> Iterator[bytes]:
        head, _, rest = content.partition(b"?>")
        body = rest if head.startswith(b"<?xml") else content
        first, _, after = body.partition(b">")
        yield entities() + first + b">&a11;" + after

    return with_member(name, blocks)


def outside_entity() -> bytes:
    """A cell whose text is said to be in a file of the machine."""

    def blocks(_: bytes) -> Iterator[bytes]:
        yield b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + START
        yield b'<row r="1"><c r="A1" t="inlineStr"><is><t>&f;</t></is></c></row>' + END

    return with_member("sheet1.xml", blocks)


def test_a_gigabyte_in_a_zip_of_a_few_megabytes_is_refused(lake: Lake, tmp_path: Path) -> None:
    content = bomb()
    assert len(content) < 6 << 20
    bad, good = offer(
        lake, put(tmp_path, "a.xlsx", content), put(tmp_path, "b.csv", text_of([lesson(0)]))
    )
    assert bad.outcome == FileOutcome.QUARANTINED
    assert "that unpack to 10" in str(bad.reason)
    assert good.outcome == FileOutcome.ACCEPTED


def test_a_zip_that_lies_about_its_size_is_refused(lake: Lake, tmp_path: Path) -> None:
    (report,) = offer(lake, put(tmp_path, "a.xlsx", bomb_that_says_it_is_small()))
    assert report.outcome == FileOutcome.QUARANTINED


def test_an_entity_bomb_is_refused(lake: Lake, tmp_path: Path) -> None:
    (report,) = offer(lake, put(tmp_path, "a.xlsx", entity_bomb_in_a_cell()))
    assert report.outcome == FileOutcome.QUARANTINED
    assert lessons_of(lake) == []


@pytest.mark.parametrize("part", ["sheet1.xml", "workbook.xml", "workbook.xml.rels"])
def test_an_entity_bomb_outside_the_cells_goes_off_nowhere(
    lake: Lake, tmp_path: Path, part: str
) -> None:
    """Nobody reads it; the workbook's one row is taken, or the workbook refused."""
    (report,) = offer(lake, put(tmp_path, "a.xlsx", entity_bomb_in(part)))
    assert (report.outcome, len(lessons_of(lake))) in {
        (FileOutcome.ACCEPTED, 1),
        (FileOutcome.QUARANTINED, 0),
    }


def test_a_file_of_the_machine_is_not_read_into_a_cell(lake: Lake, tmp_path: Path) -> None:
    (report,) = offer(lake, put(tmp_path, "a.xlsx", outside_entity()))
    assert report.outcome == FileOutcome.QUARANTINED
    assert "root:" not in str(report.reason)
