"""Rows of a file as rows of our columns: the one step between cells as they came and their meaning.

Of most layouts a row is left as it is. Of one that says more of its cells than their header, each
row is made a row of our columns here, with its line, so that it is staged like every other. What
can't be made so is refused with the cell that stood there: nothing is left out, nothing is guessed.
A cell of several values that speaks of protection protects, wherever in it the word stands.

Not here: what our own cells mean (`sql/exports/staged_*.sql`), which keys of a layout ask for this
(`layout_keys.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.reasons import shown, shown_code
from assets.exports.pupils.protection import is_protecting, speaks_of_a_mark, strictest_marking
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layout_keys import CODE, CODE_MINUTES
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
from assets.exports.readers.text_rows import DataRow, RowFault

Cells = dict[str, str]
# What says how long a lesson is.
_LENGTH = ("scheduled_minutes", "start_time", "end_time")
_ABSENCE = ("valid_minutes", "invalid_minutes", "other_minutes")
# Without them a row still says what it says: a name that is written otherwise stays whole.
_NAMES = frozenset(
    {"given_name", "family_name", "sex", "school_name", "mentor_name", "mentor_email"}
)
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
        self._of_file = {name: text for name, text in said.items() if text}

    def of(self, row: DataRow) -> Iterator[DataRow]:
        """Yield the rows of our columns that a row of the file's shape says."""
        fault = self._fault_of_bare_minutes(row)
        if not self._layout.is_reshaped:
            yield row if fault is None else row._replace(fault=fault)
            return
        cells = self._named(row)
        unsplit = self._split_cells(row, cells)
        fault = fault or unsplit or self._convert(cells) or self._say_code(cells)
        yield row._replace(cells=[cells.get(name, "") for name in self._columns], fault=fault)

    def _named(self, row: DataRow) -> Cells:
        """Return a row's cells under our names."""
        match = self._match
        cells = self._of_file | {
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

    def _say_code(self, cells: Cells) -> RowFault | None:
        """Put what a code says into the columns of minutes."""
        codes = self._layout.codes
        if codes is None:
            return None
        place = self._match.positions[CODE]
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
    if speaks_of_a_mark(text) and not is_protecting(cells.get("protected", "")):
        cells["protected"] = text
    if not text:
        return True
    found = form.taken_apart(text)
    if found is None and set(form.parts) <= _NAMES:
        found = {form.parts[0]: text}
    is_sound = found is not None and not any(
        has_decimals(part) for name, part in found.items() if name.endswith("_minutes")
    )
    if found is None or not is_sound:
        # Whom the row is about, and what it says of protection, may stand anywhere in it.
        found = dict.fromkeys({"civic_no", "protected"} & set(form.parts), text)
    if is_protecting(cells.get("protected", "")):
        found.pop("protected", None)
    cells.update(found)
    return is_sound
