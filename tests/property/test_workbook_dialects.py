"""However a valid workbook is written, its sheet says the same."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
import zlib
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.readers.xlsx.book import chosen_sheet, open_book
from assets.exports.readers.xlsx.parts import Package
from assets.exports.readers.xlsx.sheet import UNCALCULATED, read_cells
from tests.examples import examples
from tests.integration.workbook_dialects import Dialect, Error, Formula, sheet_in

DIALECTS = st.builds(
    Dialect,
    seed=st.integers(0, 2**16),
    prefix=st.sampled_from(["", "x", "ss", "_a-b"]),
    prefixed_root=st.booleans(),
    is_strict=st.booleans(),
    quote=st.sampled_from(['"', "'"]),
    row_numbers=st.booleans(),
    addresses=st.booleans(),
    is_spaced=st.booleans(),
    has_remarks=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "windows-1252"]),
    is_1904=st.booleans(),
    iso_days=st.booleans(),
    part=st.sampled_from(["xl/worksheets/sheet1.xml", "data/Blad 1.xml", "xl/s1"]),
    has_absolute_targets=st.booleans(),
    compression=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
TEXTS = st.text(st.sampled_from("aÅö8 A-&<>\"'=;]x€😀\u200d\u0308"), min_size=1, max_size=8)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))
CLOCKS = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59))
NUMBERS = st.integers(0, 10**12) | st.sampled_from([0.5, 0.25, 7.5, 0.1, 201203149800])
PLAIN = TEXTS | DAYS | CLOCKS | NUMBERS | st.booleans()
ERRORS = st.builds(Error, st.sampled_from(["#N/A", "#REF!", "#DIV/0!", "#VALUE!"]))
FORMULAS = st.builds(Formula, st.none() | PLAIN, st.sampled_from(["", "shared", "array"]))
CELLS = st.none() | PLAIN | ERRORS | FORMULAS
SHEETS = st.lists(st.lists(CELLS, max_size=6), min_size=1, max_size=7)


def read(content: bytes) -> list[list[str]]:
    package = Package(io.BytesIO(content), len(content))
    book = open_book(package)
    cells = read_cells(package, chosen_sheet(book, ()), book, 1 << 20)
    rows: list[list[str]] = []
    for line in cells.lines:
        rows += json.loads(zlib.decompress(line))
    assert len(rows) == cells.height
    return [row + [""] * (cells.width - len(row)) for row in rows]


def meant(cell: object) -> str:
    """Return what a person sees in a cell, by the standard."""
    if isinstance(cell, Formula):
        return UNCALCULATED if cell.result is None else meant(cell.result)
    if cell is None:
        return ""
    if isinstance(cell, Error):
        return cell.word
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dt.time):
        return cell.strftime("%H:%M:%S")
    return str(cell)


def expected(rows: Sequence[Sequence[object]]) -> list[list[str]]:
    """Return the rows as a table: as wide as the widest, without empty ones at the end."""
    texts = [[meant(cell) for cell in row] for row in rows]
    while texts and not "".join(texts[-1]):
        texts.pop()
    filled = [max((n for n, text in enumerate(row, start=1) if text), default=0) for row in texts]
    width = max(filled, default=0)
    return [(row + [""] * width)[:width] for row in texts]


@given(DIALECTS, SHEETS)
@settings(max_examples=examples(250), deadline=None)
def test_any_valid_xml_gives_the_same_cells(dialect: Dialect, rows: list[list[object]]) -> None:
    assert read(sheet_in(dialect, rows)) == expected(rows)


@given(DIALECTS, DIALECTS, SHEETS)
@settings(max_examples=examples(50), deadline=None)
def test_two_dialects_of_a_sheet_are_one_sheet(
    one: Dialect, other: Dialect, rows: list[list[object]]
) -> None:
    assert read(sheet_in(one, rows)) == read(sheet_in(other, rows))


@given(DIALECTS, st.sampled_from(["", "shared", "array"]))
@settings(max_examples=examples(100), deadline=None)
def test_a_formula_that_nobody_calculated_is_never_empty_nor_zero(
    dialect: Dialect, kind: str
) -> None:
    ((cell,),) = read(sheet_in(dialect, [[Formula(kind=kind)]]))
    assert cell == UNCALCULATED
