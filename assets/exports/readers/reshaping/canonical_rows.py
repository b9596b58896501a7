"""Rows of a file as rows of our columns: the one step between cells as they came and their meaning.

Of most layouts a row is left as it is. Of one that says more of its cells than their header, each
row is made a row of our columns here, with its line, so that it is staged like every other. What
can't be made so is refused with the cell that stood there: nothing is left out, nothing is guessed.
A cell of several values that speaks of protection protects, wherever in it the word stands.

Not here: what our own cells mean (`sql/exports/staged_*.sql`), which keys of a layout ask for this
(`layout_keys.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.reasons import shown, shown_code
from assets.exports.pupils.identity_numbers import possible_numbers
from assets.exports.pupils.protection import is_protecting, speaks_of_a_mark, strictest_marking
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layout_keys import CODE, CODE_MINUTES, WEEK, WideColumns
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.reshaping.amounts import (
    Unit,
    has_decimals,
    is_amount,
    lesson_length,
    minutes_of,
    whole_minutes,
)
from assets.exports.readers.reshaping.forms import Form
from assets.exports.readers.reshaping.wide_columns import day_in_week
from assets.exports.readers.text_rows import DataRow, RowFault

Cells = dict[str, str]
# What says how long a lesson is.
_LENGTH = ("scheduled_minutes", "start_time", "end_time")
_ABSENCE = ("valid_minutes", "invalid_minutes", "other_minutes")
# Without them a row still says what it says: a name that is written otherwise stays whole.
_NAMES = frozenset(
    {"given_name", "family_name", "sex", "school_name", "mentor_name", "mentor_email"}
)
# A row of data has a day and a clock time, and no number of a person in their place.
_OF_DATA = {
    "lesson_date": re.compile(r"(?:\d[-/.]?){4,8}(?:[ T]00:00:00(?:\.0+)?)?", re.ASCII),
    "start_time": re.compile(r"(?=.*\d)[-–—\d.,: TZ]{1,25}", re.ASCII),
}
# No number of minutes, so that the row is refused.
_NO_MINUTES = "?"


class CanonicalRows:
    """Makes rows of one file rows of our columns.

    Args:
        file: the file.
        header: its header.

    Attributes:
        positions: where each of our columns stands in the rows that come out.
        markings: where they speak of protection.
    """

    def __init__(self, file: ReceivedFile, header: FoundHeader) -> None:
        match = header.match
        self._match = match
        self._layout = layout = match.layout
        self._columns = COLUMNS[layout.kind]
        self.positions: Mapping[str, int] = match.positions
        self.markings = match.markings
        if not layout.is_reshaped:
            return
        self.positions = {column: place for place, column in enumerate(self._columns)}
        self.markings = ()
        converted = [
            (column, spec.unit)
            for column, spec in layout.sources.items()
            if spec.unit and spec.is_converted and column in match.positions
        ]
        # The length first: shares are shares of it.
        self._converted = sorted(converted, key=lambda one: one[0] != "scheduled_minutes")
        self._split = [
            (match.positions[one.name], one.form)
            for one in layout.split
            if one.name in match.positions
        ]
        said = {name: layout.said_by_name(name, file.name) for name in self._columns}
        of_file = {name: text for name, text in said.items() if text}
        self._same_of_all = of_file | layout.same_of_all
        # Of blocks: by which cells data is told from headings.
        self._of_data = [
            (place, form)
            for column, place in match.positions.items()
            for part, form in _OF_DATA.items()
            if part in column.split(", ")
        ]
        # What the last line that says whose the rows below it are says.
        self._heading: Cells | None = None

    def is_between_rows(self, row: DataRow) -> bool:
        """Whether a row is no data, but says whose the rows below it are, or sums them up."""
        blocks = self._layout.blocks
        if blocks is None or self._is_data(row):
            return False
        text = " ".join(cell.strip() for cell in row.cells if cell.strip())
        heading: Cells = {}
        if _is_taken_apart(heading, text, blocks.form):
            self._heading = heading
            return True
        # A heading may begin as totals do: whoever it names must not be lost with it.
        names_somebody = possible_numbers(text) or speaks_of_a_mark(text)
        is_total = any(text.casefold().startswith(words.casefold()) for words in blocks.totals)
        return is_total and not names_somebody

    def ends_block(self, fault: str) -> bool:
        """Take note of a row that has not the shape of a row; say whether it is only a header.

        In blocks each may have the header once more. What else has no shape may be a heading that
        nobody can read, and the rows below it are no longer those of the pupil above.
        """
        if self._layout.blocks is None:
            return False
        if fault == "row.repeated_header":
            return True
        self._heading = None
        return False

    def of(self, row: DataRow) -> Iterator[DataRow]:
        """Yield the rows of our columns that a row of the file's shape says."""
        fault = self._fault_of_bare_minutes(row)
        if not self._layout.is_reshaped:
            yield row if fault is None else row._replace(fault=fault)
            return
        cells = self._named(row)
        fault = self._fault_of_block(row, cells) or fault
        unsplit = self._split_cells(row, cells)
        fault = fault or unsplit
        if self._layout.columns_are is None:
            fault = fault or self._convert(cells) or self._say_code(cells)
            yield self._ours(row, cells, fault)
            return
        yield from self._lessons_of(row, cells, fault, self._layout.columns_are)

    def _ours(self, row: DataRow, cells: Cells, fault: RowFault | None) -> DataRow:
        return row._replace(cells=[cells.get(name, "") for name in self._columns], fault=fault)

    def _lessons_of(
        self, row: DataRow, cells: Cells, fault: RowFault | None, wide: WideColumns
    ) -> Iterator[DataRow]:
        """Yield the lessons of a row, a cell each."""
        is_silent = True
        for place, said in self._match.lessons:
            text = row.cells[place].strip()
            if not text and wide.empty == "no_lesson":
                continue
            is_silent = False
            lesson = cells | said
            own = fault or self._date(lesson) or self._say_cell(lesson, text, place, wide)
            yield self._ours(row, lesson, own)._replace(column_number=place + 1)
        if is_silent and is_protecting(cells.get("protected", "")):
            # Refused, so that what it says of protection counts.
            yield self._ours(row, cells, RowFault("row.no_lesson", ""))

    def _date(self, cells: Cells) -> RowFault | None:
        """Put the day of a weekday in its week into a lesson."""
        if "weekday" not in cells:
            return None
        day = day_in_week(cells[WEEK], cells["weekday"])
        if day is None:
            return _fault(WEEK, "unreadable", cells[WEEK], self._match.positions[WEEK])
        cells["lesson_date"] = day
        return None

    def _say_cell(self, cells: Cells, text: str, place: int, wide: WideColumns) -> RowFault | None:
        """Put what the cell of a lesson says into the columns of minutes."""
        if not text:
            if wide.empty == "present":
                cells.update(dict.fromkeys(_ABSENCE, "0"))
            return None
        if wide.cells == CODE:
            cells[CODE] = text
            fault = self._convert(cells)
            return fault or self._say_code(cells, place)
        if wide.unit is None and has_decimals(text):
            return _fault(wide.cells, "decimals", text, place)
        cells.update(dict.fromkeys(_ABSENCE, "0") | {wide.cells: text})
        fault = self._convert(cells)
        wrong = "" if fault or not wide.unit else _make_minutes(cells, wide.cells, wide.unit)
        return fault or (_fault(wide.cells, wrong, text, place) if wrong else None)

    def _fault_of_block(self, row: DataRow, cells: Cells) -> RowFault | None:
        """Say whose a row in a block is; a fault where nobody can tell."""
        if self._layout.blocks is None:
            return None
        if self._is_data(row):
            if self._heading is None:
                return RowFault("row.no_heading", "")
            cells.update(self._heading | {"protected": _stricter(cells, self._heading)})
            return None
        # It may be the heading of the next pupil in another form: whose number stands in it, and
        # who is protected, is known though it is refused.
        self._heading = None
        text = " ".join(cell.strip() for cell in row.cells if cell.strip())
        cells["civic_no"] = text
        if speaks_of_a_mark(text):
            cells["protected"] = text
        return RowFault("row.unknown_heading", shown("row", text))

    def _is_data(self, row: DataRow) -> bool:
        """Whether a row in a block has a day and a time where lessons have them."""
        return all(
            place < len(row.cells) and form.fullmatch(row.cells[place].strip())
            for place, form in self._of_data
        )

    def _named(self, row: DataRow) -> Cells:
        """Return a row's cells under our names."""
        match = self._match
        cells = self._same_of_all | {
            column: row.cells[place].strip(" \t") for column, place in match.positions.items()
        }
        if len(match.markings) > 1:
            cells["protected"] = strictest_marking(row.cells, match.markings)
        return cells

    def _fault_of_bare_minutes(self, row: DataRow) -> RowFault | None:
        """Find a cell that may be hours or a share, in a column of which nobody says the unit."""
        for place, column in self._match.bare_minutes:
            if has_decimals(row.cells[place]):
                return _fault(column, "decimals", row.cells[place], place)
        return None

    def _split_cells(self, row: DataRow, cells: Cells) -> RowFault | None:
        """Put the parts of cells under their names; say of the first that can't be taken apart."""
        faults = [
            _fault("cell", "not_split", row.cells[place], place)
            for place, form in self._split
            if not _is_taken_apart(cells, row.cells[place], form)
        ]
        return next(iter(faults), None)

    def _convert(self, cells: Cells) -> RowFault | None:
        """Make minutes of hours and shares, in place."""
        for column, unit in self._converted:
            text = cells[column]
            wrong = _make_minutes(cells, column, unit) if text else ""
            if wrong:
                return _fault(column, wrong, text, self._match.positions[column])
        return None

    def _say_code(self, cells: Cells, place: int | None = None) -> RowFault | None:
        """Put what a code says into the columns of minutes.

        Args:
            cells: of a lesson.
            place: where the code stands, when not in a column of its own.
        """
        codes = self._layout.codes
        if codes is None:
            return None
        place = self._match.positions[CODE] if place is None else place
        meaning = codes.table.get(cells[CODE])
        if meaning is None:
            return RowFault("code.unknown", shown_code(cells[CODE]), place + 1)
        minutes = cells.get(CODE_MINUTES, "")
        is_absence = f"{meaning}_minutes" in _ABSENCE
        if codes.minutes and (wrong := _wrong_beside(minutes, is_absence=is_absence)):
            return _fault(CODE_MINUTES, wrong, minutes, self._match.positions[CODE_MINUTES])
        if meaning == "not_reported":
            # All minutes stay empty.
            return None
        cells.update(dict.fromkeys(_ABSENCE, "0"))
        if is_absence:
            cells[f"{meaning}_minutes"] = minutes if codes.minutes else _whole_lesson(cells)
        return None


def _stricter(cells: Cells, heading: Cells) -> str:
    """Return the stricter of what a row and its heading say of protection."""
    own, above = cells.get("protected", ""), heading.get("protected", "")
    return own if is_protecting(own) or not above else above


def _fault(column: str, what: str, cell: str, place: int) -> RowFault:
    return RowFault(f"{column}.{what}", shown(column, cell), place + 1)


def _whole_lesson(cells: Cells) -> str:
    """Return a lesson's length as minutes; no number where the row is refused for its length."""
    length = lesson_length(*(cells.get(name, "") for name in _LENGTH))
    return _NO_MINUTES if length is None else str(length)


def _wrong_beside(minutes: str, *, is_absence: bool) -> str:
    """Return what is wrong with the minutes beside a code; empty when nothing is."""
    if not is_absence:
        return "beside" if minutes and whole_minutes(minutes) != 0 else ""
    if not minutes:
        return "missing"
    return "unreadable" if whole_minutes(minutes) is None else ""


def _make_minutes(cells: Cells, column: str, unit: Unit) -> str:
    """Make minutes of a cell, in place; return what is wrong with it, else ''."""
    text = cells[column]
    length = lesson_length(*(cells.get(name, "") for name in _LENGTH))
    if unit == "percent" and length is None:
        # The row is refused for its length. A number alone would pass for minutes.
        cells[column] = _NO_MINUTES
        return ""
    minutes = minutes_of(text, unit, length)
    if minutes is None:
        return "not_whole" if is_amount(text, unit) else "unreadable"
    cells[column] = str(minutes)
    return ""


def _is_taken_apart(cells: Cells, cell: str, form: Form) -> bool:
    """Put the parts of a cell under their names; say whether that could be done."""
    text = cell.strip()
    if not text:
        return True
    found = form.taken_apart(text)
    if found is None and set(form.parts) <= _NAMES:
        found = {form.parts[0]: text}
    is_sound = found is not None and not any(
        has_decimals(part) for name, part in found.items() if name.endswith("_minutes")
    )
    if found is None or not is_sound:
        # Whom the row is about may stand anywhere in it.
        found = {"civic_no": text} if "civic_no" in form.parts else {}
        marks = [text] if speaks_of_a_mark(text) or "protected" in form.parts else []
    else:
        marks = [part for part in found.values() if speaks_of_a_mark(part)]
        marks += [said for said in (found.pop("protected", ""),) if said]
    said = [*marks, cells.get("protected", "")]
    cells.update(found, protected=next(filter(is_protecting, said), max(said)))
    return is_sound
