"""How a file would be read: its header column by column, and what is wrong in its first rows.

The rows go through the same staging as at ingest, in a database in memory: nothing is stored, and
nothing is shown of a person but patterns. Not here: which words mean which column
(`layout_words.py`), drafting a layout (`layout_drafts.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import duckdb

from assets.exports.files.printable import printable_header
from assets.exports.files.received import (
    ChangedFileError,
    ReceivedFile,
    UnreadableFileError,
    look_at,
)
from assets.exports.layout_contents import seen_in
from assets.exports.layout_words import (
    is_health,
    looks_like_header,
    near_headers,
    nearest_match,
)
from assets.exports.ledger.outcomes import RowProblem, only_absence
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ledger.reasons import PERSONAL_COLUMNS, shown, shown_code
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import is_protecting, speaks_of_a_mark
from assets.exports.readers.header_guess import Head, head_of
from assets.exports.readers.layout_keys import CODE
from assets.exports.readers.layouts import HeaderMatch, Layout
from assets.exports.readers.row_reader import Openings, RowReader
from assets.exports.readers.unknown_headers import as_headers
from assets.exports.staging.repeated_rows import refuse_repeated, settle_repeated_lessons
from assets.exports.staging.row_stage import RowStage
from assets.exports.staging.slot_ids import SlotIds
from assets.exports.staging.staged_tables import (
    begin_staging,
    end_staging,
    find_shared,
    load_macros,
)
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.schema import TemporaryTable, create_statements
from assets.lake.settings import LakeSettings
from assets.lake.tables import table_named

ROWS_READ = 1_000
NO_HEADER = (
    "no line looks like a header: none has two names of columns that we know. Its rows are not "
    "shown, because they may be pupils. Export the file with a header row; if it has one, in words "
    "of its own, write the layout by hand (docs/layouts.md)."
)
_DROPPED = "(never read)"
_ROWS_SHOWN = 3
# A person who tries a layout has a whole export, and wants to hear of it early.
_FEWEST_LESSONS = 10
_PLACE = {"school": "school_unit_code", "class": "class_name"}
_IS_PROTECTED = "protected_identity(protected_text)"
_PROTECTED = {"protected": _IS_PROTECTED}
# What is shown of a staged row: our word and its cell.
_SHOWN = {
    "lessons": {
        **_PLACE,
        "start": "strftime(starts_at, '%Y-%m-%d %H:%M')",
        "subject": "subject",
        "length": "scheduled_minutes",
        **{kind: f"{kind}_minutes" for kind in ("valid", "invalid", "other")},
        "reported": "is_reported",
        "cancelled": "is_cancelled",
        **_PROTECTED,
    },
    "enrolments": {
        **_PLACE,
        "grade": "grade",
        "first_day": "start_date",
        "last_day": "end_date",
        **_PROTECTED,
    },
    "aggregates": {
        **_PLACE,
        "first_day": "period_first_date",
        "last_day": "period_last_date",
        "activity": "activity",
        **{kind: f"{kind}_minutes" for kind in ("scheduled", "reported", "valid", "invalid")},
        **_PROTECTED,
    },
    "school_units": {"school": "school_unit_code", "district": "district"},
    "school_breaks": {
        "school": "school_unit_code",
        "first_day": "first_date",
        "last_day": "last_date",
        "break": "break_name",
    },
    "pupil_merges": {"changed": "changed_date"},
}
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
        stored: the first rows that would be taken, as they would be stored; pupils are left out.
        is_hopeless: whether all rows that were looked at would be refused.
    """

    is_read: bool
    facts: tuple[tuple[str, str], ...]
    cells: tuple[CheckedCell, ...]
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    stored: tuple[dict[str, str], ...] = ()
    is_hopeless: bool = False


@dataclass(frozen=True)
class _Staged:
    """What staging the first rows gave."""

    read: int = 0
    notes: str = ""
    counted: Counter[RowProblem] = field(default_factory=Counter)
    stored: tuple[dict[str, str], ...] = ()
    only: str = ""

    @property
    def refused(self) -> int:
        """How many rows would be refused."""
        return sum(rows for problem, rows in self.counted.items() if problem.is_rejection)


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
    if not has_header(head):
        raise UnreadableFileError(f"{NO_HEADER}{_other_sheets(head)}")
    if not fits:
        head = replace(head, match=nearest_match(head.header, layouts))
    staged = _stage_first(file, head, layouts, rows) if fits else _Staged()
    return LayoutCheck(
        fits,
        (*_facts(file, head), *_rows_fact(fits, staged, rows), *_note(staged.notes)),
        tuple(_cells(head)),
        (*filter(None, (staged.only,)), *_in_words(staged.counted, staged.read)),
        tuple(_advice(head)),
        staged.stored,
        is_hopeless=staged.read > 0 and staged.refused == staged.read,
    )


def has_header(head: Head) -> bool:
    """Whether a head has a header, and not pupils where one should be."""
    return head.match.fits or looks_like_header(head.header) or _stands_above_numbers(head)


def _stands_above_numbers(head: Head) -> bool:
    """Whether a row is no data because numbers of pupils stand below one of its words only."""
    return any(
        seen_in([row[place] for row in head.first_rows if place < len(row)]) == "civic_no"
        and any(map(str.isalpha, name))
        and not any(map(str.isdecimal, name))
        for place, name in enumerate(head.header)
    )


def _other_sheets(head: Head) -> str:
    if not head.other_sheets:
        return ""
    names = ", ".join(f"'{printable_header(name)}'" for name in as_headers(head.other_sheets))
    return f" The workbook has other sheets: {names}. `sheet` in a layout says which one is read."


def _facts(file: ReceivedFile, head: Head) -> list[tuple[str, str]]:
    layout = head.match.layout
    known = len(head.match.positions)
    if head.match.fits:
        matched = f"{layout.name} ({layout.kind}): {known} of its {len(layout.sources)} columns"
    else:
        matched = f"none fits; the nearest is {layout.name} ({layout.kind}), {known} columns"
    others = ", ".join(f"'{printable_header(name)}'" for name in as_headers(head.other_sheets))
    absent = [name for name in layout.sources if name not in head.match.positions]
    return [
        ("kind", "workbook" if file.is_workbook else "text"),
        ("encoding", "of the workbook" if file.is_workbook else file.encoding),
        ("separator", _DELIMITERS[head.delimiter]),
        ("header", f"line {head.line_number}, {len(head.header)} columns"),
        ("layout", matched),
        *([("not there", ", ".join(absent))] if absent and head.match.fits else []),
        *([("not read", f"other sheets: {others}")] if others else []),
        *([("end dates", "the day after the last one")] if layout.has_exclusive_ends else []),
    ]


def _rows_fact(fits: bool, staged: _Staged, asked: int) -> list[tuple[str, str]]:
    if not fits:
        return []
    which = f"the first {staged.read}" if staged.read >= asked else f"all {staged.read}"
    return [("rows", f"{which} were looked at; {staged.refused} would be refused")]


def _note(notes: str) -> list[tuple[str, str]]:
    return [("note", notes)] if notes else []


def _cells(head: Head) -> list[CheckedCell]:
    match = head.match
    columns = {position: column for column, position in match.positions.items()}
    found: list[CheckedCell] = []
    shown_headers = as_headers(head.header)
    rows = [row for row in head.first_rows if not _protects(match, row)]
    for position, header in enumerate(head.header):
        column = columns.get(position, "")
        is_dropped = position in match.dropped or (not column and is_health(header))
        note = "" if column else "never read" if is_dropped else "not known" if header else "empty"
        cells = [row[position] if position < len(row) else "" for row in rows]
        examples = tuple(
            _DROPPED if is_dropped and cell.strip() else _shown(column or "row", cell)
            for cell in cells
        )
        name = header if column else shown_headers[position]
        found.append(CheckedCell(printable_header(name), column, note, examples))
    return found


def _protects(match: HeaderMatch, row: Sequence[str]) -> bool:
    """Whether a row says that its pupil is protected: then nothing of it is shown."""
    places = [*match.markings, *(p for c, p in match.positions.items() if c == "protected")]
    said = [row[place].strip() for place in places if place < len(row)]
    return any(map(is_protecting, said)) or any(map(speaks_of_a_mark, row))


def _shown(column: str, cell: str) -> str:
    """Return a cell as it may be shown: a pattern where it can name somebody."""
    if column == CODE:
        return shown_code(cell)
    is_personal = any(part in PERSONAL_COLUMNS for part in column.split(", "))
    return shown("row" if is_personal else column, cell)


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
        for column, spec in match.layout.sources.items()
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
        reader.rows, reader.plain = islice(reader.rows, self.most), None
        return reader


def _stage_first(file: ReceivedFile, head: Head, layouts: Sequence[Layout], rows: int) -> _Staged:
    """Stage the first rows as at ingest."""
    kind = head.match.layout.kind
    lake = Lake(LakeSettings(home=Path()), duckdb.connect())
    try:
        # A lake of nothing, under the name that statements know it by.
        lake.connection.execute("ATTACH ':memory:' AS lake")
        lake.connection.execute("SET search_path = 'system.main,lake.main'")
        for name in ("row_problems", "pupil_merges", "unmerged_pairs"):
            lake.connection.execute(create_statements(table_named(name))[0])
        load_macros(lake)
        # Keys of nobody: they are gone when this is done.
        people = People(lake, Sealer.unkept())
        log = ProblemLog(lake, people.sealer)
        openings = _FirstRows(layouts)
        openings.most = rows
        staging = begin_staging(lake, kind, [file])
        staged = RowStage(lake, people, openings, log, staging).stage([file])
        rows_staged = end_staging(lake, staging)
        if kind == "lessons":
            headers = {key: reader.header for key, reader in staged.readers.items()}
            SlotIds(lake, rows_staged).key_repeated(headers, headers)
            find_shared(lake)
            settle_repeated_lessons(lake, log, rows_staged)
        else:
            refuse_repeated(lake, log, staging, rows_staged)
        for reason in (*staged.unreadable.values(), *staged.held.values()):
            raise UnreadableFileError(reason)
        reader = staged.readers[file.file_id]
        counted: Counter[RowProblem] = Counter()
        first: dict[str, RowProblem] = {}
        for problem in log.shown(file.file_id):
            known = first.setdefault(problem.code, problem)
            counted[known] += problem.rows
        stored = _as_stored(lake, kind, rows_staged)
        is_unsaid = kind == "lessons" and reader.header.match.layout.holds is None
        only = _only_absence(lake) if is_unsaid else ""
        return _Staged(reader.rows_read, reader.reason or "", counted, stored, only)
    finally:
        lake.connection.close()


def _only_absence(lake: Lake) -> str:
    """Say that the staged lessons have none with presence."""
    counts = lake.relation("exports/staged_file_counts").iter_rows(named=True)
    said = (only_absence(c["rows_reported"], c["rows_absent"], _FEWEST_LESSONS) for c in counts)
    return next(said, "")


def _as_stored(lake: Lake, kind: str, rows: TemporaryTable) -> tuple[dict[str, str], ...]:
    """Return the first rows that would be taken: what is typed of them, and nothing of a person.

    Of a pupil whom any row protects only that is shown.
    """
    whose = "false"
    if "protected" in _SHOWN[kind]:
        whose = (
            f"{_IS_PROTECTED} OR coalesce(pupil_key IN "
            f"(SELECT pupil_key FROM {rows} WHERE {_IS_PROTECTED}), false)"
        )
    shown_as = ", ".join(
        f"cast({cell} AS VARCHAR) AS {name}"
        if name == "protected"
        else f"if({whose}, NULL, cast({cell} AS VARCHAR)) AS {name}"
        for name, cell in _SHOWN[kind].items()
    )
    found = lake.frame(
        f"SELECT {shown_as} FROM {rows} WHERE problem IS NULL ORDER BY line_number LIMIT $most",
        most=_ROWS_SHOWN,
    )
    return tuple(
        {name: "" if cell is None else shown("", cell) for name, cell in row.items()}
        for row in found.iter_rows(named=True)
    )


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
