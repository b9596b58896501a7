"""Reads one sheet of a workbook in a process of its own: `python workbook_child.py [SHEET …]`.

The workbook comes in on standard input, its cells go out as Arrow on standard output. Apart,
because a workbook is a zip of XML from outside: one stray cell in the last column makes the reader
ask for 500 GB and abort, and a bomb does so on purpose. What dies here is this process only.
No import of the project: it starts in a fifth of a second. Not here: headers and rows.

The output begins with a line that says how many other sheets there are.

Exit codes: 0 read, 3 refused (the reason stands on standard error), anything else: it died.
"""

from __future__ import annotations

import io
import posixpath
import re
import resource
import sys
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree as ET

MEMORY_BYTES = 4 << 30
PROCESSOR_SECONDS = 60
# 50,000 rows of an export are 60 MB of XML, packed 25 to 1; a bomb packs hundreds to 1.
UNPACKED_BYTES = 2 << 30
SUSPECT_BYTES = 100 << 20
SUSPECT_RATIO = 100
REFUSED = 3

# A cell whose formula has no stored result, as programs write them that don't calculate. (An empty
# text as a result has t="str" and is nothing but an empty cell.)
_UNCALCULATED = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>'
    rb"<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>"
)
_ERRORS = {"Div0": "#DIV/0!", "NA": "#N/A", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!"}
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):  # noqa: N818 - not an error of ours
    """The workbook won't be read; the message says why."""


def main() -> None:
    """Read the first sheet, or the first one named as an argument."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _write_sheet(sys.stdin.buffer.read(), sys.argv[1:])
    except Refused as error:
        sys.stderr.write(str(error))
        raise SystemExit(REFUSED) from None


def _write_sheet(content: bytes, wanted: list[str]) -> None:
    with _opened(content) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        is_suspect = unpacked > SUSPECT_BYTES and unpacked > SUSPECT_RATIO * len(content)
        if is_suspect or unpacked > UNPACKED_BYTES:
            raise Refused(f"{len(content) >> 10} kB that unpack to {unpacked >> 20} MB")
        _check_sizes(archive)
        # Found, it is imported, and pandas after it, to ask of every list whether it is one of
        # theirs: three times what the whole of a small workbook takes.
        sys.modules["numpy"] = None  # type: ignore[assignment]
        import fastexcel  # noqa: PLC0415 - after the limits are set
        import pyarrow as pa  # noqa: PLC0415

        try:
            book = fastexcel.read_excel(content)
            if not book.sheet_names:
                raise Refused("it has no sheet")
            name = next((n for n in book.sheet_names if n in wanted), book.sheet_names[0])
            # skip_rows=0: else empty rows at the top are left out and every row number is off.
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            batch, errors = sheet.to_arrow_with_errors()
        except fastexcel.FastExcelError as error:
            raise Refused(f"{type(error).__name__}: damaged, encrypted or cut short") from None
        words = {
            e.position: _ERRORS.get(e.detail.partition("Error(")[2].rstrip(")'"), "#VALUE!")
            for e in (errors.errors if errors else ())
        }
        words |= dict.fromkeys(_uncalculated(archive, book.sheet_names.index(name)), "#FORMULA!")
    table = _with_words(pa.Table.from_batches([batch]), words)
    sys.stdout.buffer.write(b"%d\n" % (len(book.sheet_names) - 1))
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as out:
        out.write_table(table)


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError):
        raise Refused("damaged or cut short") from None


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """Unpack every member to the size that it says it has; the reader would unpack all of it.

    A zip can say 100 bytes and hold a gigabyte: then the check sum of the first 100 is wrong.
    """
    for member in archive.infolist():
        try:
            with archive.open(member) as packed:
                while packed.read(1 << 20):
                    pass
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
            raise Refused("damaged, with a password or cut short") from None


def _with_words(table: Any, words: dict[tuple[int, int], str]) -> Any:
    """Put words into cells that the reader leaves empty: an error is not the same as nothing."""
    import pyarrow as pa  # noqa: PLC0415

    by_column: dict[int, dict[int, str]] = {}
    for (row, column), word in words.items():
        by_column.setdefault(column, {})[row] = word
    for column, by_row in by_column.items():
        if column >= table.num_columns:
            continue
        cells = table.column(column).to_pylist()
        filled = [by_row.get(row, cell) if cell is None else cell for row, cell in enumerate(cells)]
        name = table.schema.names[column]
        table = table.set_column(column, name, pa.array(filled, pa.string()))
    return table


def _uncalculated(archive: zipfile.ZipFile, index: int) -> set[tuple[int, int]]:
    """Return (row, column), from 0, of the sheet's formulas without a result."""
    part = _sheet_part(archive, index)
    if part is None:
        return set()
    found: set[tuple[int, int]] = set()
    kept = b""
    with archive.open(part) as sheet:
        while block := sheet.read(1 << 20):
            text = kept + block
            if b"<f" in text:
                found |= {
                    (int(row) - 1, _column(name)) for name, row in _UNCALCULATED.findall(text)
                }
            # A formula has 8,192 characters at most; it may lie across two blocks.
            kept = text[-(64 << 10) :]
    return found


def _sheet_part(archive: zipfile.ZipFile, index: int) -> str | None:
    """Return the name of the zip member that holds a sheet; None when it can't be told."""
    try:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        relations = ET.fromstring(  # noqa: S314
            archive.read("xl/_rels/workbook.xml.rels")
        )
    except (KeyError, ET.ParseError, zipfile.BadZipFile):
        return None
    targets = {element.get("Id"): element.get("Target", "") for element in relations}
    ids = [e.get(_RELATION) for e in book.iter() if e.tag.endswith("}sheet")]
    target = targets.get(ids[index]) if index < len(ids) else None
    if not target:
        return None
    part = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
    return part if part in archive.namelist() else None


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


if __name__ == "__main__":
    main()
