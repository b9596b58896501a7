"""The workbook among the exports of layouts/: its first sheet is a summary, its second the lessons.

The other files there are written by hand. README.md in layouts/ says what each is for.
"""

import io
from pathlib import Path

import openpyxl

from data_samples.sample_files import without_clock

PLACE = Path("layouts", "provkoping", "narvaro_20261114T0500.xlsx")
_LESSONS = (
    ("Enhetskod", "Klass", "Personnummer", "Datum", "Börjar", "Kurs", "Undervisning (tim)",
     "Giltig %", "Ogiltig %", "Skyddad identitet"),
    ("99999912", "6A", "20120314-9800", "2026-11-09", "08:20", "MA", 1, 0, 0, "Ingen"),
    ("99999912", "6A", "20120314-9800", "2026-11-09", "09:40", "SV", 0.83, 0, 30, "Ingen"),
    ("99999912", "6A", "20120314-9800", "2026-11-09", "10:40", "NO", 0.67, None, None, "Ingen"),
    ("99999912", "6A", "20120374-9807", "2026-11-09", "08:20", "MA", 1, 33, 0, "Ingen"),
    ("99999912", "6A", "20120374-9807", "2026-11-09", "09:40", "SV", 0.83, 100, 0, "Ingen"),
    ("99999912", "6A", "20150902-9805", "2026-11-09", "08:20", "MA", "1:00", 0, 100, "Ja"),
    ("99999912", "6A", "20150902-9805", "2026-11-09", "09:40", "SV", "0,34", 0, 0, "Ja"),
)  # fmt: skip


def workbook() -> bytes:
    """Return the workbook, the same bytes every time."""
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet("Sammanställning").append(["Klass", "Frånvaro i genomsnitt"])
    lessons = book.create_sheet("Lektioner")
    for line in _LESSONS:
        lessons.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return without_clock(buffer.getvalue())
