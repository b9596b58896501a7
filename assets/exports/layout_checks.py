"""How a file would be read: its header column by column, and what is wrong in its first rows.

The rows go through the same staging as at ingest, in a database in memory: nothing is stored, and
nothing is shown of a person but patterns. Not here: drafting a layout (`layout_drafts.py`).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb

from assets.exports.frames import Openings, RowReader
from assets.exports.heads import Head, head_of
from assets.exports.layout_words import is_health, looks_like_header, near_headers, nearest_match
from assets.exports.layouts import Layout
from assets.exports.outcomes import RowProblem
from assets.exports.people import People
from assets.exports.printable import printable_header
from assets.exports.problems import ProblemLog
from assets.exports.reasons import shown
from assets.exports.received import (
    ChangedFileError,
    ReceivedFile,
    UnreadableFileError,
    look_at,
)
from assets.exports.repetitions import refuse_repeated, settle_repeated_lessons
from assets.exports.row_staging import RowStage
from assets.exports.slot_ids import SlotIds
from assets.exports.staging import begin_staging, end_staging, load_macros
from assets.exports.unknown_headers import as_headers
from assets.lake import Lake, LakeSettings
from assets.sealing import Sealer
from assets.table_model import create_statements
from assets.tables import TABLES

ROWS_READ = 1_000
NO_HEADER = (
    "no line looks like a header: none has two names of columns that we know. Its rows are not "
    "shown, because they may be pupils. Export the file with a header row; if it has one, in words "
    "of its own, write the layout by hand (docs/layouts.md)."
)
_DROPPED = "(never read)"
_DELIMITERS = {";": "semicolon", "\t": "tab", ",": "comma", "": "none: a workbook"}


@dataclass(frozen=True)
class CheckedCell:
    """One column of the file.

    Attributes:
        header: as the file names it.
        column: our column that it is read as; empty if none.
        note: what becomes of it, when it is not read.
        examples: the first rows' cells; identities as patterns.
    """

    header: str
    column: str
    note: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class LayoutCheck:
    """How a file would be read.

    Attributes:
        is_read: whether a layout fits.
        facts: what was found: name and words.
        cells: the file's columns.
        problems: in words, the most frequent first.
        advice: what to do next.
    """

    is_read: bool
    facts: tuple[tuple[str, str], ...]
    cells: tuple[CheckedCell, ...]
    problems: tuple[str, ...]
    advice: tuple[str, ...]


def check_file(path: Path, layouts: Sequence[Layout], rows: int = ROWS_READ) -> LayoutCheck:
    """Return how a file would be read with these layouts.

    Args:
        path: the file.
        layouts: those to try.
        rows: data rows that are looked at for problems.

    Raises:
        OSError: it can't be opened.
        UnreadableFileError: it is no table at all.
        ChangedFileError: it is gone.
    """
    file = look_at(path)
    head = head_of(file, layouts)
    fits = head.match.fits
    if not fits and not looks_like_header(head.header):
        raise UnreadableFileError(NO_HEADER)
    if not fits:
        head = replace(head, match=nearest_match(head.header, layouts))
    counted: Counter[RowProblem] = Counter()
    read, notes = 0, ""
    if fits:
        read, notes, counted = _problems(file, head, layouts, rows)
    return LayoutCheck(
        fits,
        (*_facts(file, head), *_rows_fact(fits, read, rows, counted), *_note(notes)),
        tuple(_cells(head)),
        tuple(_in_words(counted, read)),
        tuple(_advice(head)),
    )


def _facts(file: ReceivedFile, head: Head) -> list[tuple[str, str]]:
    layout = head.match.layout
    known = len(head.match.positions)
    if head.match.fits:
        matched = f"{layout.name} ({layout.kind}): {known} of its {len(layout.columns)} columns"
    else:
        matched = f"none fits; the nearest is {layout.name} ({layout.kind}), {known} columns"
    absent = [name for name in layout.columns if name not in head.match.positions]
    return [
        ("kind", "workbook" if file.is_workbook else "text"),
        ("encoding", "of the workbook" if file.is_workbook else file.encoding),
        ("separator", _DELIMITERS[head.delimiter]),
        ("header", f"line {head.line_number}, {len(head.header)} columns"),
        ("layout", matched),
        *([("not there", ", ".join(absent))] if absent and head.match.fits else []),
        *([("end dates", "the day after the last one")] if layout.has_exclusive_ends else []),
    ]


def _rows_fact(
    fits: bool, read: int, asked: int, counted: Counter[RowProblem]
) -> list[tuple[str, str]]:
    if not fits:
        return []
    which = f"the first {read}" if read == asked else f"all {read}"
    refused = sum(rows for problem, rows in counted.items() if problem.is_rejection)
    return [("rows", f"{which} were looked at; {refused} would be refused")]


def _note(notes: str) -> list[tuple[str, str]]:
    return [("note", notes)] if notes else []


def _cells(head: Head) -> list[CheckedCell]:
    match = head.match
    columns = {position: column for column, position in match.positions.items()}
    found: list[CheckedCell] = []
    told = as_headers(head.header)
    for position, header in enumerate(head.header):
        column = columns.get(position, "")
        is_dropped = position in match.dropped or (not column and is_health(header))
        note = "" if column else "never read" if is_dropped else "not known" if header else "empty"
        cells = [row[position] if position < len(row) else "" for row in head.first_rows]
        examples = tuple(
            _DROPPED if is_dropped and cell.strip() else shown(column or "row", cell)
            for cell in cells
        )
        name = header if column else told[position]
        found.append(CheckedCell(printable_header(name), column, note, examples))
    return found


def _advice(head: Head) -> list[str]:
    match = head.match
    unknown = as_headers(
        [head.header[position] for position in match.unknown if position < len(head.header)]
    )
    if match.fits:
        return [
            f"'{printable_header(name)}' looks like reasons or remarks. It is not read; put it "
            "under dropped, so that refused rows are kept without it too."
            for name in unknown
            if is_health(name)
        ]
    advice = [
        f"'{printable_header(name)}' stands there twice. Expected it once." for name in match.twice
    ]
    missing = [
        column
        for column, spec in match.layout.columns.items()
        if spec.required and column not in match.positions
    ]
    for column in missing:
        near = [printable_header(name) for name in near_headers(column, unknown)]
        perhaps = f" Perhaps it is {' or '.join(map(repr, near))}." if near else ""
        advice.append(f"{column} is required, and no header of the layout is there.{perhaps}")
    advice.append(
        "Draft a layout with `trappan layout new`, or export the file with the columns that lack."
    )
    return advice


class _FirstRows(Openings):
    """Openings whose readers end after some rows."""

    most = ROWS_READ

    def rows(self, file: ReceivedFile) -> RowReader:
        """Return a reader of a file's first rows."""
        reader = super().rows(file)
        reader.rows = islice(reader.rows, self.most)
        return reader


def _problems(
    file: ReceivedFile, head: Head, layouts: Sequence[Layout], rows: int
) -> tuple[int, str, Counter[RowProblem]]:
    """Stage the first rows; return how many, what of the file is not read, and the problems."""
    kind = head.match.layout.kind
    lake = Lake(LakeSettings(home=Path()), duckdb.connect())
    try:
        for table in TABLES:
            if table.name in {"row_problems", "pupil_merges"}:
                lake.connection.execute(create_statements(table)[0])
        load_macros(lake)
        # Keys of nobody: they are gone when this is done.
        people = People(lake, Sealer(secrets.token_bytes(64)))
        log = ProblemLog(lake, people.sealer)
        openings = _FirstRows(layouts)
        openings.most = rows
        begin_staging(lake, kind, [file])
        staged = RowStage(lake, people, openings, log, kind).stage([file])
        end_staging(lake, kind)
        if kind == "lessons":
            headers = {key: reader.header for key, reader in staged.readers.items()}
            SlotIds(lake).key_repeated(headers, headers)
            settle_repeated_lessons(lake, log)
        else:
            refuse_repeated(lake, log, kind, f"repeated_{kind}")
        for reason in (*staged.unreadable.values(), *staged.held.values()):
            raise UnreadableFileError(reason)
        reader = staged.readers[file.file_id]
        counted: Counter[RowProblem] = Counter()
        first: dict[str, RowProblem] = {}
        for problem in log.told(file.file_id):
            known = first.setdefault(problem.code, problem)
            counted[known] += problem.rows
        return reader.rows_read, reader.reason or "", counted
    finally:
        lake.connection.close()


def _in_words(counted: Counter[RowProblem], read: int) -> list[str]:
    found: list[str] = []
    for problem, rows in counted.most_common():
        what = "refused" if problem.is_rejection else "warning"
        words = f"{rows} rows, {what}; the first: {problem.in_words()}"
        if problem.is_rejection and rows * 2 > read:
            column = problem.code.partition(".")[0]
            words += f". So many rows: perhaps another column is {column}; look at its cells above"
        found.append(words)
    return found


__all__ = ["ROWS_READ", "ChangedFileError", "CheckedCell", "LayoutCheck", "check_file"]
