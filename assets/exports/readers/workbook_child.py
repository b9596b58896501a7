"""Reads one sheet of a workbook in a process of its own: `python workbook_child.py [SHEET …]`.

The workbook comes in on standard input, its cells go out as Arrow on standard output. Apart,
because a workbook is a zip of XML from outside, and what is made to bring a reader down brings
down this process only. It imports nothing of the project but `xlsx/` and `rules/errors.py`, so that
it starts in a fifth of a second. Not here: how a workbook is read (`xlsx/`), headers and rows.

The output begins with a line of JSON: other sheets, how many of them are hidden, whether days are
counted from 1904, and merged ranges (first row and column, last row and column, from 1).

Exit codes: 0 read, 3 refused (the reason stands on standard error), anything else: it died.
"""

from __future__ import annotations

import json
import resource
import sys

MEMORY_BYTES = 4 << 30
PROCESSOR_SECONDS = 60
# A million rows are a gigabyte of XML, read in a minute or two.
BYTES_A_SECOND = 4 << 20
REFUSED = 3


def main() -> None:
    """Read the first visible sheet, or the first one named as an argument."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_processor(PROCESSOR_SECONDS)
    # None in this table means "there is no such module", to pyarrow in this process only: numpy is
    # optional to it. Found, it is imported, and pandas after it, to ask of every list whether it is
    # one of theirs: 1.9 processor seconds for a small workbook in place of 0.3. pyarrow has no
    # setting for it.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    from assets.exports.readers.xlsx.parts import RefusedWorkbook  # noqa: PLC0415 - after the limits are set

    try:
        _write_sheet(sys.stdin.buffer.read(), sys.argv[1:])
    except RefusedWorkbook as error:
        sys.stderr.write(str(error))
        raise SystemExit(REFUSED) from None


def _write_sheet(content: bytes, wanted: list[str]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - after the limits are set

    from assets.exports.readers.xlsx.book import chosen_sheet, open_book  # noqa: PLC0415
    from assets.exports.readers.xlsx.parts import Package  # noqa: PLC0415
    from assets.exports.readers.xlsx.sheet import read_cells  # noqa: PLC0415

    package = Package(content)
    _limit_processor(PROCESSOR_SECONDS + package.unpacked // BYTES_A_SECOND)
    book = open_book(package)
    chosen = chosen_sheet(book, wanted)
    cells = read_cells(package, chosen, book)
    others = [sheet for sheet in book.sheets if sheet is not chosen]
    said = {
        "others": len(others),
        "hidden": sum(sheet.is_hidden for sheet in others),
        "is_1904": book.is_1904,
        "merged": cells.merged,
    }
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    with pa.ipc.new_stream(sys.stdout.buffer, cells.table.schema) as out:
        out.write_table(cells.table)


def _limit_processor(seconds: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = seconds if most == resource.RLIM_INFINITY else min(seconds, most)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, most))


if __name__ == "__main__":
    main()
