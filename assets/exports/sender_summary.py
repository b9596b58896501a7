"""What was wrong with a file, as a CSV file to send back to the school's administrator.

In Swedish, made to be opened in a spreadsheet. Names nobody: rows are named by their line, cells
that can name a person are patterns, and so is everything in a row of a pupil who is or may be
protected. The file's own name is not in it, because it can name a pupil.

Not here: which rows were refused (`ledger/entries.py`).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from assets.exports.csv_text import write_csv
from assets.exports.ledger.entries import LedgerFile
from assets.exports.ledger.reasons import pattern
from assets.exports.ledger.reasons_swedish import VANTAR, swedish_reason
from assets.exports.ledger.refused_rows import RowOpener
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.whole_files import write_whole

COLUMNS = (
    "Fil",
    "Exporterad",
    "Rad",
    "Antal rader",
    "Kolumn",
    "Fel",
    "Hittades",
    "Förväntades",
    "Så rättas det",
    "Togs raden emot",
)


def summary_rows(
    lake: Lake, sealer: Sealer, file: LedgerFile, layouts: Sequence[Layout]
) -> list[dict[str, str]]:
    """Return a row for each refused row and kind of warning, or one for the file as a whole."""
    problems = lake.frame(
        "SELECT file_id, severity, line_number, column_number, code, column_name, found, rows, "
        "sealed_row FROM row_problems WHERE file_id = $file_id ORDER BY severity, line_number",
        file_id=file.file_id,
    )
    opener = RowOpener(lake, sealer)
    headers = _headers(file, layouts)
    about = {
        "Fil": file.sha256[:12],
        "Exporterad": f"{file.exported_at:%Y-%m-%d %H:%M}" if file.exported_at else "",
    }
    rows: list[dict[str, str]] = []
    for problem in problems.iter_rows(named=True):
        words = swedish_reason(problem["code"])
        is_open = opener.may_be_shown(problem)
        column = problem["column_name"]
        rows.append(
            about
            | {
                # Rows that wait have no line: it would say which pupil goes to another school.
                "Rad": str(problem["line_number"] or ""),
                "Antal rader": str(problem["rows"]),
                "Kolumn": _column(headers, column, problem["column_number"]),
                "Fel": words.what,
                "Hittades": problem["found"] if is_open else pattern(problem["found"]),
                "Förväntades": words.expected,
                "Så rättas det": words.fix,
                "Togs raden emot": "nej" if problem["severity"] == "rejected" else "ja",
            }
        )
    if not rows and file.reason:
        # What is wrong with a file as a whole is said in the program's own words.
        whole = dict.fromkeys(COLUMNS, "") | about | {"Kolumn": "hela filen"}
        said = {"Fel": file.reason}
        if file.outcome == "awaiting_release":
            said = {"Fel": VANTAR.what, "Förväntades": VANTAR.expected, "Så rättas det": VANTAR.fix}
        rows.append(whole | said | {"Togs raden emot": "nej"})
    return rows


def write_summary(rows: Sequence[dict[str, str]], path: Path) -> None:
    """Write the rows as CSV for a Swedish spreadsheet, beside and then in place, mode 0600.

    Raises:
        OSError: it can't be written.
    """
    text = io.StringIO()
    write_csv(text, COLUMNS, rows, delimiter=";", line_end="\r\n")
    write_whole(path, text.getvalue().encode("utf-8-sig"))


def _column(headers: dict[str, str], column: str, number: int | None) -> str:
    """Return the sender's name of a column, and its number where several cells can be meant."""
    if number is not None:
        return f"kolumn {number}"
    return headers.get(column, "hela raden" if column == "row" else column)


def _headers(file: LedgerFile, layouts: Sequence[Layout]) -> dict[str, str]:
    """Return the headers by which the sender knows our columns."""
    layout = next((layout for layout in layouts if layout.name == file.layout), None)
    return {name: spec.headers[0] for name, spec in layout.columns.items()} if layout else {}
