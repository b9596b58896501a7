"""Reads one sheet of a workbook in a process of its own, started with its number and names.

The workbook is standard input, its cells go out on standard output. Apart, because a workbook is a
zip of XML from outside, and what is made to bring a reader down brings down this process only,
which has nothing else (`children/confine.py`). It imports nothing but the standard library, `xlsx/`
and `rules/errors.py`, so that it starts in a moment. Not here: how a workbook is read (`xlsx/`),
headers and rows.

The output begins with a line of JSON: the names of other sheets, how many of them are hidden,
whether days are counted from 1904, rows, cells of the widest, and merged ranges (first row and
column, last row and column, from 1). Then come the rows, many to a line (`xlsx/sheet.py`).

Exit codes: 0 read, 3 refused (the reason stands on standard error), anything else: it died.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from pathlib import Path

MEMORY_BYTES = 4 << 30
PROCESSOR_SECONDS = 60
# A million rows are a gigabyte of XML, read in a minute or two.
BYTES_A_SECOND = 4 << 20
# The rows are held, packed, until the last one is read: merged cells stand below all rows.
_MEMORY_BYTES = 224 << 20
_TIMES_THE_FILE = 24


def main() -> None:
    """Read the visible sheet of a number; where that is 0 the first that is named, or visible."""
    # Without the packages that are installed: they take longer to be found than a sheet to be read.
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    # All of them before the process gives up its files.
    from assets.exports.children.confine import confine, limit_processor  # noqa: PLC0415
    from assets.exports.children.limits import REFUSED, most_bytes  # noqa: PLC0415
    from assets.exports.readers.xlsx.book import chosen_sheet, open_book  # noqa: PLC0415
    from assets.exports.readers.xlsx.parts import Package, RefusedWorkbook  # noqa: PLC0415
    from assets.exports.readers.xlsx.sheet import read_cells  # noqa: PLC0415

    size = os.fstat(sys.stdin.fileno()).st_size
    confine(min(_MEMORY_BYTES + _TIMES_THE_FILE * size, MEMORY_BYTES), PROCESSOR_SECONDS)
    try:
        package = Package(sys.stdin.buffer, size)
        limit_processor(PROCESSOR_SECONDS + package.unpacked // BYTES_A_SECOND)
        book = open_book(package)
        chosen = chosen_sheet(book, sys.argv[2:], int(sys.argv[1]))
        cells = read_cells(package, chosen, book, most_bytes(size))
    except RefusedWorkbook as error:
        sys.stderr.write(str(error))
        raise SystemExit(REFUSED) from None
    others = [sheet for sheet in book.sheets if sheet is not chosen]
    said = {
        "others": [sheet.name for sheet in others],
        "hidden": sum(sheet.is_hidden for sheet in others),
        "is_1904": book.is_1904,
        "height": cells.height,
        "width": cells.width,
        "merged": cells.merged,
    }
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.writelines(map(zlib.decompress, cells.lines))


if __name__ == "__main__":
    main()
