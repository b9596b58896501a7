"""Takes one large workbook of lessons in.

`python -m tests.benchmarks.large_workbook FOLDER [ROWS]`, 1,000,000 unless told otherwise; Excel
has room for 1,048,576. Tells the seconds, and the peaks of memory of the process and of the one
that reads the workbook.
"""

from __future__ import annotations

import resource
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path

from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from tests.benchmarks.running import Finding, asked, at_most, tell
from tests.oracle.identities import civic_no

TARGET_SECONDS = 90

_HEADER = (
    "Skolenhetskod", "Skola", "Klass", "Årskurs", "Personnummer", "Förnamn", "Efternamn", "Datum",
    "Starttid", "Sluttid", "Ämne", "Lektionslängd (min)", "Närvaro (min)", "Giltig frånvaro (min)",
    "Ogiltig frånvaro (min)", "Frånvaroanledning", "Rapporterad",
)  # fmt: skip
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Blad1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/'
    'package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def write_workbook(path: Path, rows: int) -> None:
    """Write lessons of 2,000 pupils, six a day, row by row."""
    pupils = [civic_no(number) for number in range(2_000)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((_SHEET + _row(_HEADER)).encode())
            for number in range(rows):
                of_day, pupil = divmod(number, len(pupils))
                day, lesson = divmod(of_day, 6)
                # A third came late: a file in which nobody is present is one of absences only.
                late = ("45", "0", "15", "Sen ankomst") if number % 3 == 0 else ("60", "0", "0", "")
                cells = (
                    "99990001", "Exempelskolan", f"{pupil % 10}A", str(pupil % 10), pupils[pupil],
                    "Test", f"Elev{pupil}", str(date(2026, 1, 1) + timedelta(days=day)),
                    f"{8 + lesson:02d}:20", f"{9 + lesson:02d}:20", "MA", "60", *late, "Ja",
                )  # fmt: skip
                sheet.write(_row(cells).encode())
            sheet.write(b"</sheetData></worksheet>")


def _row(cells: tuple[str, ...]) -> str:
    return (
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
        + "</row>"
    )


def main() -> None:
    """Write the workbook if it isn't there, and take it into a new lake."""
    folder, (rows,) = asked(1_000_000)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lektionsfranvaro_{rows}_20260401T0500.xlsx"
    if not path.exists():
        write_workbook(path, rows)
    with Lake.open(LakeSettings(home=folder / f"home-{time.time_ns()}")) as lake:
        begin = time.monotonic()
        (report,) = ingest_paths(lake, [path])
        seconds = time.monotonic() - begin
    own, child = (
        resource.getrusage(who).ru_maxrss >> 10
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"{report.outcome}: {report.rows_accepted} of {report.rows_read}; {report.reason}")
    assert report.rows_accepted == rows
    what = f"a workbook of {rows:,} rows, {path.stat().st_size / 1e6:.0f} MB"
    tell(
        at_most(what, seconds, TARGET_SECONDS, "s", is_of_size=True),
        Finding("peak of memory, and of who reads it", f"{own} MB, {child} MB"),
    )


if __name__ == "__main__":
    main()
