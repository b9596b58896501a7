"""Rows of cells → files, byte for byte the same every time, workbooks too."""

import csv
import dataclasses
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell

from data_samples.sample_rows import Cells

_NUMBERS = ("Lektionslängd (min)", "Närvaro (min)", "Giltig frånvaro (min)",
            "Ogiltig frånvaro (min)", "Annat skoluppdrag (min)", "Årskurs")  # fmt: skip
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclasses.dataclass(frozen=True)
class WorkbookHabits:
    """How one school's system writes workbooks.

    Attributes:
        preamble: Lines above the header.
        text_numbers: Columns whose numbers are stored as text.
        is_code_number: Skolenhetskod as a number.
        times: Times of day as text, or as Excel times.
    """

    preamble: tuple[str, ...] = ()
    text_numbers: tuple[str, ...] = ()
    is_code_number: bool = False
    times: Literal["text", "excel"] = "excel"


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[str]], encoding: str, newline: str = "\r\n"
) -> bytes:
    """A CSV file with `;`, quotes where needed."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator=newline)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(header: Sequence[str], rows: Iterable[Cells], habits: WorkbookHabits) -> bytes:
    """A workbook with one sheet; the zip members carry no time of day and no author."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Lektionsfrånvaro")
    for line in habits.preamble:
        sheet.append([line])
    sheet.append(list(header))
    for cells in rows:
        sheet.append([_excel_cell(sheet, name, cells[name], habits) for name in header])
    buffer = io.BytesIO()
    book.save(buffer)
    return without_clock(buffer.getvalue())


def _excel_cell(sheet: Any, name: str, text: str, habits: WorkbookHabits) -> Cell:
    value: Any = text or None
    if text and name == "Datum":
        value = dt.date.fromisoformat(text)
    elif text and name in ("Starttid", "Sluttid") and habits.times == "excel":
        value = dt.time.fromisoformat(text)
    elif text.isdigit() and name in _number_columns(habits):
        value = int(text)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        # Else openpyxl would turn a name that begins with "=" into a formula.
        cell.data_type = "s"
    if isinstance(value, dt.time):
        cell.number_format = "hh:mm"
    return cell


def _number_columns(habits: WorkbookHabits) -> set[str]:
    code = {"Skolenhetskod"} if habits.is_code_number else set()
    return {*_NUMBERS} - {*habits.text_numbers} | code


def without_clock(workbook: bytes) -> bytes:
    """Rewrite the zip with a fixed date and without the time of saving."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2026-11-15T00:00:00Z", content)
            member = zipfile.ZipInfo(name, _LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 0
            new.writestr(member, content, compresslevel=9)
    return out.getvalue()


def publish(folder: Path, files: dict[str, bytes]) -> None:
    """Make the folder hold exactly these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
