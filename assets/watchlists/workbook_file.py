"""A workbook becomes one file.

openpyxl would first write each sheet to a file of its own in the machine's folder for temporary
files, with every name in clear; on a slow disk that costs as much time as the cells. Not here:
what is in the workbook (`workbook.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.workbook import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter


class _OneFileWriter(ExcelWriter):
    """openpyxl's writer, with its sheets in memory; they have no drawings and no links."""

    def __init__(self, book: Workbook, archive: ZipFile) -> None:
        super().__init__(book, archive)
        self._file = archive

    def write_worksheet(self, ws: Worksheet) -> None:
        """Write one sheet into the file."""
        writer = WorksheetWriter(ws, BytesIO())
        writer.write()
        self._file.writestr(ws.path.removeprefix("/"), writer.read())
        self.manifest.append(ws)


def save(book: Workbook, path: Path) -> None:
    """Write `book` to exactly `path`, replacing what is there.

    Raises:
        OSError: the file cannot be written.
    """
    book.properties.modified = datetime.now(UTC).replace(tzinfo=None)
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        _OneFileWriter(book, archive).save()
