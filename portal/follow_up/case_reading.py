"""A team's own workbook of deltagaruppföljningen, read back: each row checked, none half taken.

It is read by a process that has nothing else (`assets/exports/children/`). What the team fills in
becomes events where it is new; what the program fills in is only compared. Not here: storing
(`views/case_sheet.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from assets.exports.files.received import (
    ChangedFileError,
    UnreadableFileError,
    look_at,
)
from assets.exports.readers.workbook import Sheet, read_sheet
from assets.follow_up import kinds
from assets.follow_up.kinds import STATUS_OF
from assets.follow_up.standing import newest_of
from assets.watchlists.swedish import texts
from assets.watchlists.swedish.safe_text import one_line
from portal.follow_up.case_rows import CaseRow
from portal.follow_up.case_sheet import (
    ENDED_BY,
    ENDED_ON,
    FACTORS,
    KIND_OF,
    MEASURES,
    REFERENCE,
    SCHOOL_CODE,
    SHEET,
    STATE,
    TEXT_STAYS,
    VERSION,
    WHY_EARLY,
    columns,
    words_of,
)
from portal.follow_up.cases import said_in
from portal.follow_up.events import Fact
from portal.follow_up.kinds import Said, extent_in, measures, with_extent
from rules.errors import TrappanError
from rules.follow_up_words import case_words

#: A team has some dozens of cases.
MOST_ROWS = 2_000
_HEADING_AMONG = 20
_LONGEST_SHOWN = 60
_EARLY = "step_7_early"
_WITH_EXTENT = re.compile(r"(?P<item>.*?)\s*\((?P<extent>[^()]*)\)")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]00:00:00)?")
_CHANGED_SINCE = "hämta filen på nytt: det här är ändrat i portalen sedan den hämtades"


class CaseSheetError(TrappanError):
    """The file as a whole can't be read back; the message is for who sent it, in Swedish."""


@dataclass(frozen=True)
class SheetRowFault:
    """Why a row is not taken.

    Attributes:
        row: as the spreadsheet numbers it.
        column: heading; "" for the row as a whole.
        found: what stood there, cut.
        expected: what should.
    """

    row: int
    column: str
    found: str
    expected: str


@dataclass(frozen=True)
class SheetRow:
    """A row as it came: its number, and its cells by heading."""

    number: int
    cells: Mapping[str, str]

    @property
    def reference(self) -> str:
        """Which case it is about."""
        return self.cells[REFERENCE].strip().upper()

    def fault(self, column: str, expected: str) -> SheetRowFault:
        """Return a fault of one of its cells."""
        found = one_line(self.cells.get(column, ""))
        return SheetRowFault(self.number, column, found[:_LONGEST_SHOWN], expected)


@dataclass(frozen=True)
class SheetRead:
    """A sheet's rows that say something, and what is to be known of the sheet as a whole."""

    rows: tuple[SheetRow, ...]
    notices: tuple[str, ...]


@dataclass
class RowRead:
    """What a row says.

    Attributes:
        said: what is new in it.
        faults: why it is not taken.
        notices: columns of the program's that say something else than the program.
    """

    said: list[Said] = field(default_factory=list)
    faults: list[SheetRowFault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_rows(path: Path, folder: Path) -> SheetRead:
    """Read the sheet of a file that somebody sent.

    Args:
        path: where the file was put.
        folder: for what does not fit in memory.

    Raises:
        CaseSheetError: it is no workbook that can be read, or not one of this kind.
    """
    try:
        file = look_at(path)
        if not file.is_workbook:
            raise CaseSheetError(
                "Filen är ingen Excel-arbetsbok (.xlsx). Spara den som .xlsx och försök igen."
            )
        sheet = read_sheet(file, (SHEET,), folder)
    except (UnreadableFileError, ChangedFileError, OSError):
        raise CaseSheetError(
            "Arbetsboken går inte att läsa: den är skadad, för stor eller har ett lösenord. "
            "Spara den på nytt som .xlsx utan lösenord."
        ) from None
    with sheet.lines:
        return _rows_of(sheet)


def _rows_of(sheet: Sheet) -> SheetRead:
    try:
        above, headings = _headings(sheet)
        known = {column.heading for column in columns()}
        unknown = [name for name in headings if name and name not in known]
        rows: list[SheetRow] = []
        for number, cells in sheet.rows_after(above):
            by_heading = {
                name: cells[at] for at, name in enumerate(headings) if name and at < len(cells)
            }
            if not any(text.strip() for text in by_heading.values()):
                continue
            if len(rows) == MOST_ROWS:
                raise CaseSheetError(f"Bladet har fler än {MOST_ROWS} rader. Dela upp det.")
            rows.append(SheetRow(number, by_heading))
    except UnreadableFileError:
        raise CaseSheetError(
            "En cell i arbetsboken går inte att läsa. Kopiera värdena till en ny arbetsbok."
        ) from None
    notices = [
        f"Kolumnen ”{one_line(name)[:_LONGEST_SHOWN]}” känns inte igen och är inte läst."
        for name in unknown
    ]
    if any(block.last_row > above for block in sheet.merged):
        notices.append("Sammanfogade celler läses som om bara den första hade ett värde.")
    return SheetRead(tuple(rows), tuple(notices))


def _headings(sheet: Sheet) -> tuple[int, list[str]]:
    """Return the number of the row of headings, and the headings."""
    needed = [REFERENCE, VERSION, SCHOOL_CODE]
    needed += [column.heading for column in columns() if column.is_teams]
    for number, cells in enumerate(sheet.first_rows(_HEADING_AMONG), start=1):
        names = [one_line(cell) for cell in cells]
        if REFERENCE not in names:
            continue
        missing = [name for name in needed if name not in names]
        if missing:
            raise CaseSheetError(f"Kolumner saknas på rad {number}: {', '.join(missing)}.")
        twice = sorted({name for name in names if name in needed and names.count(name) > 1})
        if twice:
            raise CaseSheetError(f"Kolumner finns två gånger på rad {number}: {', '.join(twice)}.")
        return number, names
    raise CaseSheetError(
        f"Bladet har ingen rad med rubriker: ingen cell är ”{REFERENCE}”. Utgå från den fil som "
        "hämtas här."
    )


def read_row(row: SheetRow, known: CaseRow, today: date) -> RowRead:
    """Return what a row says of its case.

    Args:
        row: the row.
        known: the case as the program has it.
        today: the day.
    """
    read = RowRead()
    version = row.cells[VERSION].strip()
    if not (version.isascii() and version.isdigit() and len(version) < 19):
        read.faults.append(row.fault(VERSION, "talet som stod där när filen hämtades"))
        return read
    if row.cells[SCHOOL_CODE].strip() != known.school_unit_code:
        # A column that was sorted alone puts one pupil's row at another's case.
        read.faults.append(row.fault(SCHOOL_CODE, "skolenheten som ärendet hör till"))
        return read
    seen = int(version)
    _read_factors(row, known, read)
    _read_measures(row, known, read, seen)
    for heading, kind in KIND_OF.items():
        _read_word(row, known, read, heading, kind, seen)
    _read_ending(row, known, read, seen, today)
    read.notices += _other_values(row, known)
    return read


def _parts(text: str) -> Iterator[str]:
    yield from (one_line(part) for part in re.split(r"[;\n]", text) if part.strip())


def _code_of(text: str, words: Mapping[str, str]) -> str | None:
    return next((code for code, sv in words.items() if sv.casefold() == text.casefold()), None)


def _read_factors(row: SheetRow, known: CaseRow, read: RowRead) -> None:
    words = words_of(FACTORS)
    had = {fact.value for fact in said_in(known.case, kinds.FACTOR)}
    in_row = set()
    for part in _parts(row.cells[FACTORS]):
        code = _code_of(part, words)
        if code is None:
            read.faults.append(row.fault(FACTORS, " | ".join(words.values())))
            return
        in_row.add(code)
        if code not in had | {said.value for said in read.said}:
            read.said.append(Said(kinds.FACTOR, code))
    _note_missing(row, FACTORS, [words[code] for code in sorted(had - in_row)], read)


def _read_measures(row: SheetRow, known: CaseRow, read: RowRead, seen: int) -> None:
    items = measures()
    extents = {word.code: word.sv for word in case_words().extents}
    had = {fact.value for fact in said_in(known.case, kinds.MEASURE)}
    newest: dict[str, Fact] = {
        extent_in(fact.value)[0]: fact for fact in said_in(known.case, kinds.MEASURE_EXTENT)
    }
    in_row: set[str] = set()
    for part in _parts(row.cells[MEASURES]):
        code, extent = _code_of(part, items), ""
        if code is None and (match := _WITH_EXTENT.fullmatch(part)):
            code, extent = _code_of(match["item"], items), match["extent"]
        if code is None:
            read.faults.append(
                row.fault(MEASURES, "insatser ur verktygslådan, skilda åt med semikolon")
            )
            return
        if code not in had | in_row:
            read.said.append(Said(kinds.MEASURE, code))
        in_row.add(code)
        if not extent:
            continue
        how = _code_of(extent, extents)
        if how is None:
            read.faults.append(
                row.fault(MEASURES, f"inom parentes: {' | '.join(extents.values())}")
            )
            return
        before, value = newest.get(code), with_extent(code, how)
        if before is not None and before.value == value:
            continue
        if before is not None and before.number > seen:
            read.faults.append(row.fault(MEASURES, _CHANGED_SINCE))
            return
        read.said.append(Said(kinds.MEASURE_EXTENT, value))
    _note_missing(row, MEASURES, [items.get(code, code) for code in sorted(had - in_row)], read)


def _note_missing(row: SheetRow, column: str, missing: list[str], read: RowRead) -> None:
    """Say what stands in the portal and not in a row: an empty cell takes nothing back."""
    if missing:
        read.notices.append(
            f"Rad {row.number}, {column}: {', '.join(missing)} står kvar i portalen. Ta tillbaka "
            "det på elevens sida om det är fel."
        )


def _read_word(
    row: SheetRow, known: CaseRow, read: RowRead, heading: str, kind: str, seen: int
) -> None:
    text = one_line(row.cells[heading])
    newest = newest_of(known.case.facts, kind)
    words = words_of(heading)
    if not text:
        _note_missing(row, heading, [words.get(newest.value, newest.value)] if newest else [], read)
        return
    code = _code_of(text, words)
    if code is None:
        read.faults.append(row.fault(heading, " | ".join(words.values())))
    elif newest is not None and newest.value == code:
        return
    elif newest is not None and newest.number > seen:
        read.faults.append(row.fault(heading, _CHANGED_SINCE))
    else:
        read.said.append(Said(kind, code))


def _read_ending(row: SheetRow, known: CaseRow, read: RowRead, seen: int, today: date) -> None:
    day_text, word_text = one_line(row.cells[ENDED_ON]), one_line(row.cells[ENDED_BY])
    why = row.cells[WHY_EARLY].strip()
    words = words_of(ENDED_BY)
    case = known.case
    if not day_text and not word_text:
        if case.ended_by is not None:
            _note_missing(row, ENDED_BY, [words.get(case.ended_word, case.ended_word)], read)
        return
    code = _code_of(word_text, words)
    day = _day(day_text)
    if code is None:
        read.faults.append(row.fault(ENDED_BY, " | ".join(words.values())))
        return
    if day is None or not case.enrolled_on <= day <= today:
        read.faults.append(
            row.fault(
                ENDED_ON,
                f"en dag mellan {case.enrolled_on.isoformat()} och {today.isoformat()}, ÅÅÅÅ-MM-DD",
            )
        )
        return
    if case.ended_by is not None:
        if (case.ended_word, case.ended_on) != (code, day):
            expected = (
                _CHANGED_SINCE
                if case.ended_by.number > seen
                else "samma avslut som i portalen; ta tillbaka det där om det är fel"
            )
            read.faults.append(row.fault(ENDED_BY, expected))
        return
    reason = "" if why == TEXT_STAYS else why
    if code == _EARLY and not reason:
        read.faults.append(row.fault(WHY_EARLY, "varför ärendet avslutas i förtid"))
        return
    read.said.append(Said(STATUS_OF["team"], code, day, reason if code == _EARLY else ""))


def _day(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _other_values(row: SheetRow, known: CaseRow) -> Iterator[str]:
    """Yield where a column of the program's says something else than the program does now."""
    for column in columns():
        if column.is_teams or column.heading in {REFERENCE, VERSION, SCHOOL_CODE, STATE}:
            # What a row says ends its case, and makes its state another.
            continue
        text = one_line(row.cells.get(column.heading, ""))
        value = column.value(known)
        shown = shown_value(value) if value is not None else ""
        if text and not _is_same(text, shown, column.kind):
            yield (
                f"Rad {row.number}, {column.heading}: ”{text[:_LONGEST_SHOWN]}” är inte läst. "
                f"Programmet fyller i den kolumnen, nu med ”{shown or texts.NO_VALUE}”."
            )


def shown_value(value: object) -> str:
    """Return a cell's value as people read it."""
    if isinstance(value, Fraction):
        return texts.percent(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_same(text: str, shown: str, kind: str) -> bool:
    if kind == "percent":
        return _tenths(text) == _tenths(shown)
    return text.removesuffix(" 00:00:00").casefold() == shown.casefold()


def _tenths(text: str) -> str:
    """Of a percentage, its digits to tenths: `23,4 %`, `23.4%` and `0.234` are one."""
    plain = text.replace(" ", "").replace("\xa0", "").replace(",", ".")
    try:
        number = float(plain.removesuffix("%"))
    except ValueError:
        return plain
    return f"{number if plain.endswith('%') else number * 100:.1f}"
