"""How a file would be read: its header column by column, and what is wrong in its first rows.

The rows go through the same staging as at ingest, in a database in memory: nothing is stored, and
nothing is shown of a person but patterns. Not here: drafting a layout (`layout_drafts.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
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
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ledger.reasons import PERSONAL_COLUMNS, shown, shown_code
from assets.exports.pupils.people import People
from assets.exports.readers.header_guess import Head, head_of
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layout_keys import CODE, fold
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
from assets.lake.schema import create_statements
from assets.lake.settings import LakeSettings
from assets.lake.tables import table_named

# Words by which senders call what we have columns for, and how near a header comes to one. For a
# person who writes a layout: nothing here decides how a file is read.

#: Beside the headers of the shipped layouts.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "school_unit_code": ("enhetskod", "skolkod", "skolenhetens kod", "kod skolenhet"),
    "school_name": ("enhet", "enhetsnamn", "skolans namn"),
    "class_name": ("klassnamn", "grupp", "undervisningsgrupp", "elevgrupp"),
    "grade": ("årskull", "stadie"),
    "civic_no": ("elevens personnummer", "personnr elev", "person-id", "födelsenummer"),
    "given_name": ("elevens förnamn", "tilltalsnamn"),
    "family_name": ("elevens efternamn", "släktnamn"),
    "sex": ("juridiskt kön",),
    "protected": ("sekretessmarkering", "sekretess", "skyddade personuppgifter"),
    "lesson_date": ("lektionsdatum", "dag", "datum för lektion"),
    "start_time": ("klockan", "börjar", "lektionsstart", "från kl"),
    "end_time": ("slutar", "lektionsslut", "till kl"),
    "subject": ("ämneskod", "kurskod", "ämne/kurs", "aktivitet"),
    "scheduled_minutes": ("undervisningstid", "lektionstid", "längd", "schemalagd tid"),
    "present_minutes": ("närvarotid", "närvarande"),
    "valid_minutes": ("anmäld frånvaro", "giltig", "giltig frånvarotid"),
    "invalid_minutes": ("oanmäld frånvaro", "ogiltig", "ogiltig frånvarotid"),
    "other_minutes": ("annan skolaktivitet", "annan aktivitet"),
    "reported": ("registrerad", "närvarorapporterad"),
    "cancelled": ("inställd lektion",),
    "lesson_id": ("lektionens id", "kalenderhändelse"),
    "mentor_name": ("klassföreståndare", "mentorns namn"),
    "mentor_email": ("mentors e-post", "e-post mentor"),
    "start_date": ("inskriven från", "från och med", "fr.o.m."),
    "end_date": ("utskriven", "till och med", "t.o.m."),
    "first_date": ("lovets första dag", "lov från"),
    "last_date": ("lovets sista dag", "lov till"),
    "break_name": ("lovets namn",),
    "district": ("område", "stadsdelsnämnd"),
    "principal_name": ("rektors namn",),
    "principal_email": ("rektors e-post",),
}
# Health data, or free words in which it stands: never stored, whatever else a header says.
_HEALTH = re.compile(r"anledning|orsak|kommentar|notering|anteckning|sjuk|diagnos|fritext")
_NO_MINUTES = re.compile(r"%|andel|procent|\btim(mar)?\b|\(h\)|antal|dagar")
_BLANKS = re.compile(r"[\W_]+")
#: From here on a header is near enough to be asked about.
NEAR = 0.75


@dataclass(frozen=True)
class Likeness:
    """How near a header comes to one of our columns; 1 when it is a known word for it."""

    column: str
    score: float

    @property
    def is_known(self) -> bool:
        """Whether the header is a word that we know for the column."""
        return self.score == 1


def is_health(header: str) -> bool:
    """Tell a header under which reasons or remarks stand."""
    return _HEALTH.search(fold(header)) is not None


def likenesses(header: str, columns: Iterable[str]) -> list[Likeness]:
    """Return the columns that a header may mean, the nearest first."""
    if is_health(header):
        return []
    found = [Likeness(column, _score(header, column)) for column in columns]
    return sorted(
        (one for one in found if one.score >= NEAR), key=lambda one: (-one.score, one.column)
    )


def looks_like_header(cells: Iterable[str]) -> bool:
    """Tell a header from a row of data: two of its cells come near words that we know.

    A file without a header has pupils' names where the header should be, and they are not shown.
    """
    telling = (cell for cell in cells if is_health(cell) or likenesses(cell, OTHER_WORDS))
    return next(telling, None) is not None and next(telling, None) is not None


def near_headers(column: str, headers: Sequence[str]) -> list[str]:
    """Return up to two headers that may mean a column, the nearest first."""
    scored = [(_score(header, column), header) for header in headers if not is_health(header)]
    near = sorted((pair for pair in scored if pair[0] >= NEAR), reverse=True)
    return [header for _, header in near[:2]]


def nearest_match(header: Sequence[str], layouts: Iterable[Layout]) -> HeaderMatch:
    """Return the layout whose required columns a header comes nearest to, by known words too."""

    def found(match: HeaderMatch) -> float:
        required = [name for name, spec in match.layout.sources.items() if spec.required]
        unknown = [match.header[position] for position in match.unknown]
        near = sum(
            1 if name in match.positions else 0.9 if near_headers(name, unknown) else 0
            for name in required
        )
        return near / max(1, len(required))

    return max((layout.match(header) for layout in layouts), key=found)


def _score(header: str, column: str) -> float:
    if column.endswith("_minutes") and _NO_MINUTES.search(fold(header)):
        # A share or a count under a name like that of the minutes.
        return 0
    bare = _bare(header)
    if not bare:
        return 0
    best = 0.0
    for word in _words(column):
        if bare == word:
            return 1
        score = SequenceMatcher(None, bare, word).ratio()
        shorter, longer = sorted((bare, word), key=len)
        if len(shorter) >= 5 and longer.startswith(shorter):
            score = max(score, 0.8)
        best = max(best, score)
    return min(best, 0.99)


@cache
def _words(column: str) -> tuple[str, ...]:
    shipped = [
        name
        for layout in shipped_layouts()
        if column in layout.columns
        for name in layout.columns[column].headers
    ]
    return tuple(dict.fromkeys(_bare(word) for word in (*shipped, *OTHER_WORDS.get(column, ()))))


def _bare(text: str) -> str:
    """Return a header without case, blanks, dots and unit: `Giltig frånvaro (min)`."""
    return _BLANKS.sub("", re.sub(r"\(min(uter)?\)|\bmin(uter)?\b", "", fold(text)))


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
        matched = f"{layout.name} ({layout.kind}): {known} of its {len(layout.sources)} columns"
    else:
        matched = f"none fits; the nearest is {layout.name} ({layout.kind}), {known} columns"
    absent = [name for name in layout.sources if name not in head.match.positions]
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
    shown_headers = as_headers(head.header)
    for position, header in enumerate(head.header):
        column = columns.get(position, "")
        is_dropped = position in match.dropped or (not column and is_health(header))
        note = "" if column else "never read" if is_dropped else "not known" if header else "empty"
        cells = [row[position] if position < len(row) else "" for row in head.first_rows]
        examples = tuple(
            _DROPPED if is_dropped and cell.strip() else _shown(column or "row", cell)
            for cell in cells
        )
        name = header if column else shown_headers[position]
        found.append(CheckedCell(printable_header(name), column, note, examples))
    return found


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


def _problems(
    file: ReceivedFile, head: Head, layouts: Sequence[Layout], rows: int
) -> tuple[int, str, Counter[RowProblem]]:
    """Stage the first rows; return how many, what of the file is not read, and the problems."""
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
