"""Export files for the ingest tests: rows in our words, written as a sender would, and read back.

A test says only what is special about a row or a file; the rest is usual. Identity numbers are of
the test series. Not here: any expectation.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileReport
from assets.exports.pupils.protection import source_key
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import IDENTITY
from tests.sealed import mark_words, opened

Cells = Mapping[str, object]

#: Our names of the columns and how a sender writes them; the first 17 are the basic ones.
HEADERS = {
    "school": "Skolenhetskod",
    "school_name": "Skola",
    "class": "Klass",
    "grade": "Årskurs",
    "civic": "Personnummer",
    "given": "Förnamn",
    "family": "Efternamn",
    "date": "Datum",
    "start": "Starttid",
    "end": "Sluttid",
    "subject": "Ämne",
    "length": "Lektionslängd (min)",
    "present": "Närvaro (min)",
    "valid": "Giltig frånvaro (min)",
    "invalid": "Ogiltig frånvaro (min)",
    "why": "Frånvaroanledning",
    "reported": "Rapporterad",
    "other": "Annat skoluppdrag (min)",
    "cancelled": "Inställd",
    "lesson_id": "Lektions-id",
    "mentor": "Mentor",
    "email": "Mentor e-post",
    "protected": "Skyddad identitet",
    "sex": "Kön",
    "starts": "Startdatum",
    "ends": "Slutdatum",
    "district": "Stadsdelsområde",
    "principal": "Rektor",
    "principal_email": "Rektor e-post",
}
BASIC = tuple(list(HEADERS)[:17])
EVERY = tuple(list(HEADERS)[:23])
ROSTER = (
    "civic", "given", "family", "sex", "school", "class", "grade", "mentor", "email", "starts",
    "ends", "protected",
)  # fmt: skip
REGISTER = ("school", "school_name", "district", "principal", "principal_email")

USUAL: dict[str, object] = {
    "school": "99999901",
    "school_name": "Exempelskolan Å",
    "class": "8A",
    "grade": "8",
    "civic": "20120314-9800",
    "given": "Åsa",
    "family": "Öberg",
    "date": "2026-10-05",
    "start": "08:20",
    "end": "09:20",
    "subject": "MA",
    "length": "60",
    "present": "45",
    "valid": "0",
    "invalid": "15",
    "why": "",
    "reported": "Ja",
    "mentor": "Mo Mentor",
    "email": "mo.mentor@example.org",
    "protected": "Ingen",
    "cancelled": "Nej",
    "district": "Farsta",
    "principal": "Rea Rektor",
    "principal_email": "rea.rektor@example.org",
}
PUPILS = ("20120314-9800", "20120314-9818", "20150902-9805", "20100127-9809", "20120374-9807")
#: A row that is refused: it makes its file go row by row.
BAD = {"date": "2026-02-30"}


def lesson(number: int = 0, /, **cells: object) -> dict[str, object]:
    """Return a usual row; `number` gives each its own start and pupil, absences that differ."""
    valid, invalid = number % 4 * 5, number % 3 * 5
    usual = {
        "start": f"{8 + number // 6 % 10:02d}:{number % 6 * 10:02d}",
        "civic": PUPILS[number % len(PUPILS)],
        "date": f"2026-10-{5 + number // 60 % 20:02d}",
        "valid": str(valid),
        "invalid": str(invalid),
        "present": str(60 - valid - invalid),
    }
    return USUAL | usual | cells


def table(rows: Iterable[Cells], columns: Sequence[str] = BASIC) -> list[list[object]]:
    """Return the header and the rows' cells in the order of the columns."""
    header: list[object] = [HEADERS.get(name, name) for name in columns]
    return [header, *([row.get(name, "") for name in columns] for row in rows)]


def text_of(
    rows: Iterable[Cells],
    columns: Sequence[str] = BASIC,
    *,
    delimiter: str = ";",
    newline: str = "\r\n",
) -> str:
    """Return rows as CSV with a header, quoted where needed."""
    lines = [
        delimiter.join(_quoted(str(cell), delimiter) for cell in line)
        for line in table(rows, columns)
    ]
    return newline.join([*lines, ""])


def _quoted(cell: str, delimiter: str) -> str:
    if any(mark in cell for mark in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


class Formula(str):
    """A cell of a workbook that is calculated; any other text is text, also with `=` first."""


def workbook_of(lines: Iterable[Sequence[object]], *more_sheets: str) -> bytes:
    """Return a workbook whose first sheet has these cells; text stays text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    for line in lines:
        sheet.append([_sheet_cell(sheet, cell) for cell in line])
    for name in more_sheets:
        book.create_sheet(name).append(["Annat"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sheet_cell(sheet: Any, cell: object) -> object:
    if cell == "" or isinstance(cell, Formula) or not isinstance(cell, str):
        return None if cell == "" else cell
    written = WriteOnlyCell(sheet, cell)
    written.data_type = "e" if cell.startswith("#") else "s"
    return written


def put(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file; line ends stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def put_at(path: Path, when: str) -> Path:
    """Set a file's modification time, `2026-11-02T05:00`, local time."""
    stamp = datetime.fromisoformat(f"{when}+01:00").timestamp()
    os.utime(path, (stamp, stamp))
    return path


def offer(lake: Lake, *paths: Path) -> list[FileReport]:
    """Take files in one call; rows always add up, whatever the files hold."""
    reports = ingest_paths(lake, paths)
    for report in reports:
        assert report.rows_read == report.rows_accepted + report.rows_rejected, report
        assert report.rows_warned <= report.rows_accepted
        assert report.rows_superseded <= report.rows_accepted
    ((wrong,),) = lake.rows(f"SELECT count(*) FROM ({lake.select('checks/files_add_up')})")
    assert wrong == 0
    return reports


def offer_one(lake: Lake, path: Path) -> FileReport:
    """Take one file."""
    (report,) = offer(lake, path)
    return report


def offer_in_step(
    lake: Lake, scenarios: Mapping[str, Sequence[Sequence[Path]]]
) -> dict[str, list[FileReport]]:
    """Play scenarios side by side: the first calls of all in one call, then the second of all.

    Each has a school and pupils of its own, so none meets another; a call takes half a second.
    """
    found: dict[str, list[FileReport]] = {name: [] for name in scenarios}
    for step in range(max(map(len, scenarios.values()))):
        paths = {
            path: name
            for name, calls in scenarios.items()
            for path in dict(enumerate(calls)).get(step, ())
        }
        for report in offer(lake, *paths):
            found[paths[report.path]].append(report)
    return found


LESSON_COLUMNS = (
    "pupil_key::VARCHAR, school_unit_code, starts_at::VARCHAR, subject, lesson_id, "
    "scheduled_minutes, valid_minutes, invalid_minutes, other_minutes, is_reported, is_cancelled, "
    "class_name, grade, mentor_key::VARCHAR"
)


def lessons_of(lake: Lake, where: str = "true") -> list[tuple[Any, ...]]:
    """Return the lessons of the lake, without the file they came in."""
    return lake.rows(f"SELECT {LESSON_COLUMNS} FROM lessons WHERE {where} ORDER BY ALL")


def lessons_from(lake: Lake, report: FileReport) -> list[tuple[Any, ...]]:
    """Return the lessons that a file put there."""
    return lessons_of(lake, f"file_id = {report.file_id}")


def minutes_at(lake: Lake, report: FileReport) -> dict[str, tuple[int, int, int, bool]]:
    """Return scheduled, valid and invalid minutes and is_reported by start, of a file's lessons."""
    rows = lake.rows(
        "SELECT strftime(starts_at, '%H:%M'), scheduled_minutes, valid_minutes, invalid_minutes, "
        f"is_reported FROM lessons WHERE file_id = {report.file_id}"
    )
    return {start: tuple(rest) for start, *rest in rows}


def identities(lake: Lake) -> list[dict[str, str]]:
    """Return the opened identities."""
    return opened(lake, IDENTITY)


def given_names(lake: Lake) -> set[str]:
    """Return the given names that the lake knows."""
    return {fields["given_name"] for fields in identities(lake)}


def is_protected(lake: Lake) -> bool:
    """Whether anybody is protected."""
    return bool(lake.rows("SELECT 1 FROM protected_pupils LIMIT 1"))


def protects(lake: Lake, layout: str, school: str) -> bool:
    """Whether the newest word of a layout's school unit protects somebody."""
    source = source_key(Sealer.of_home(lake.settings.home), layout, school)
    return bool(
        lake.rows(
            "SELECT reference_key FROM protection_words WHERE source_key = cast($source AS UUID) "
            "GROUP BY reference_key HAVING max(exported_at) FILTER (WHERE is_protected) >= "
            "coalesce(max(exported_at) FILTER (WHERE NOT is_protected), TIMESTAMP '1900-01-01')",
            source=source,
        )
    )


def mark(lake: Lake, pupil: object, *, protected: bool = True) -> None:
    """Let some source say that a pupil is protected, or take its words back."""
    lake.connection.execute(f"DELETE FROM protection_words WHERE reference_key = '{pupil}'")
    if protected:
        lake.connection.execute(
            "INSERT INTO protection_words (reference_key, source_key, is_protected, exported_at, "
            f"file_id, mark_key) VALUES ('{pupil}', uuid(), true, TIMESTAMP '2026-11-01 05:00', 1, "
            "uuid())"
        )
    mark_words(lake)


def problems_of(report: FileReport) -> dict[int, str]:
    """Return the codes of refused rows by line."""
    return {p.line_number: p.code for p in report.problems if p.is_rejection}


def warnings_of(report: FileReport) -> dict[str, int]:
    """Return how many rows each warning is about."""
    return {p.code: p.rows for p in report.problems if not p.is_rejection}
