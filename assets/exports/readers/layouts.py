"""Layouts as data: which header means which column, one YAML file a layout.

Here: what a layout says, and finding the layout and header row of a file's first lines. Not here:
layouts as files (`layout_files.py`), the data rows (`row_reader.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from assets.exports.readers.cells import filled_width, split_cells
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layout_keys import (
    CODE,
    DAY_BEGINS,
    CodeColumn,
    Coverage,
    Holding,
    LayoutColumn,
    PupilBlocks,
    RowCount,
    SplitColumn,
    WideColumns,
    days_fault,
    fold,
    shapes_fault,
    units_fault,
)
from assets.exports.readers.reshaping.amounts import said_unit
from assets.exports.readers.unknown_headers import header_pattern

#: What the ledger calls the layout of files of objects begins so: they have no header to match.
OBJECT_LAYOUTS = "ss12000"
DELIMITERS = (";", "\t", ",")
# A school system's report may put its title and filters above the header.
HEADER_SEARCH_LINES = 30
# Megabytes in one line are no header, and would take a minute to compare.
_LONGEST_HEADER = 1 << 16
_UNREAD_SHOWN = 20
# The column of a kind that says the last day of something.
END_COLUMNS = {
    "enrolments": "end_date",
    "school_breaks": "last_date",
    "aggregates": "period_end",
}
# What our own layouts call the column of protection.
_MARKING_HEADERS = ("Skyddad identitet", "Skyddad")

# In a file's name: `manadssummor_99999901_2026-10_20261103T0400.csv`.
_IN_NAME = {
    "school_unit_code": re.compile(r"(?:^|_)([0-9]{8})(?=[_.])"),
    "month": re.compile(r"(?:^|_)(20[0-9]{2}-[0-9]{2})(?=[_.])"),
}


class Layout(BaseModel):
    """One layout: its columns, and what a file of it restates.

    Attributes:
        sheet: of a workbook, by name, hidden or not; or by its number among those that are not.
        from_name: columns that the file's name says when the header has none.
        lesson_id: whether the sender's lesson id is a lesson's or a timetable slot's; found out
            from the files when None.
        end_dates: whether an end date is the last day of what it ends, or the day after that.
        split: columns whose cells hold several of ours.
        codes: a column of codes that say what became of a lesson.
        grain: what a row is: a lesson, or all of a pupil's day.
        always: what every row has that no column says.
        columns_are: columns of which each is a lesson.
        blocks: rows below lines that say whose they are.
        holds: whether a file has all lessons, only those with absence, or a timetable. None where
            nobody has said it: then a school whose lessons all have absence is not believed.
        covers: of what a file of absences speaks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal[
        "lessons", "enrolments", "aggregates", "school_units", "school_breaks", "pupil_merges"
    ]
    description: str
    restates: Literal["lesson", "school_period"]
    sheet: str | PositiveInt = ""
    columns: dict[str, LayoutColumn]
    split: tuple[SplitColumn, ...] = ()
    codes: CodeColumn | None = None
    grain: Literal["lesson", "day"] = "lesson"
    always: dict[str, str] = {}
    columns_are: WideColumns | None = None
    blocks: PupilBlocks | None = None
    holds: Holding | None = None
    covers: Coverage | None = None
    dropped: tuple[str, ...] = ()
    from_name: tuple[Literal["school_unit_code", "month"], ...] = ()
    row_count: RowCount | None = None
    lesson_id: Literal["lesson", "slot"] | None = None
    end_dates: Literal["inclusive", "exclusive"] = "inclusive"

    @model_validator(mode="after")
    def _removes_only_what_is_surely_gone(self) -> Self:
        if self.restates == "school_period" and (self.kind != "lessons" or not self.row_count):
            raise ValueError(
                "'restates: school_period' removes lessons that a file does not have, so it is for "
                "kind lessons only and needs 'row_count': else a file that is cut short would "
                "remove absence"
            )
        if self.lesson_id and self.kind != "lessons":
            raise ValueError("'lesson_id' is for kind lessons only: no other file has lesson ids")
        return self

    @model_validator(mode="after")
    def _has_the_end_dates_that_it_speaks_of(self) -> Self:
        if self.has_exclusive_ends and END_COLUMNS.get(self.kind) not in self.columns:
            known = ", ".join(f"{column} of kind {kind}" for kind, column in END_COLUMNS.items())
            raise ValueError(f"'end_dates: exclusive' is for layouts with an end date: {known}")
        return self

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        fault = units_fault(self.sources) or shapes_fault(self)
        fault = fault or (days_fault(self.kind, self.sources) if self.grain == "day" else "")
        if fault:
            raise ValueError(fault)
        return self

    @cached_property
    def sources(self) -> dict[str, LayoutColumn]:
        """What is looked for in a header: our columns, and those that ours are made of."""
        split = {
            one.name: LayoutColumn(headers=one.headers, required=one.required) for one in self.split
        }
        codes = self.codes.columns if self.codes else {}
        return self.columns | split | codes | (self.columns_are.columns if self.columns_are else {})

    @property
    def is_reshaped(self) -> bool:
        """Whether rows are made rows of our columns first (`reshaping/`), one by one."""
        return (
            any(spec.is_converted for spec in self.columns.values())
            or bool(self.split)
            or self.grain == "day"
            or any((self.codes, self.always, self.columns_are, self.blocks))
        )

    @cached_property
    def same_of_all(self) -> dict[str, str]:
        """What every row has, by our column; a day that has no start begins in the morning."""
        parts = {part for one in self.split for part in one.form.parts}
        wide = self.columns_are.said if self.columns_are else ()
        begins = self.grain == "day" and "start_time" not in {*self.columns, *parts, *wide}
        return ({"start_time": DAY_BEGINS} if begins else {}) | self.always

    @property
    def is_joined(self) -> bool:
        """Whether lessons follow from its files and those of another layout together."""
        return self.holds in ("absences", "timetable")

    @property
    def has_exclusive_ends(self) -> bool:
        """Whether an end date is the day after the last one."""
        return self.end_dates == "exclusive"

    def said_by_name(self, column: str, file_name: str) -> str | None:
        """Return what the file's name says of a column; None when it says nothing, or may not."""
        if column not in self.from_name:
            return None
        found = _IN_NAME[column].search(file_name)
        return found[1] if found else None

    def match(self, header: Sequence[str]) -> HeaderMatch:
        """Find this layout's columns in a header row."""
        positions: dict[str, int] = {}
        twice: list[str] = []
        folded = [fold(cell) for cell in header]
        for column, spec in self.sources.items():
            # The first name of the layout that is there: "Giltig frånvaro (min)" stands before
            # "Giltig frånvaro", which can be a share.
            names = [fold(name) for name in spec.headers]
            name = next((name for name in names if name in folded), None)
            if name is None:
                continue
            positions[column] = folded.index(name)
            if spec.required and folded.count(name) > 1:
                twice.append(spec.headers[names.index(name)])
        missing = tuple(
            spec.headers[0]
            for column, spec in self.sources.items()
            if spec.required and column not in positions
        )
        count_position = None
        if self.row_count and self.row_count.column:
            if fold(self.row_count.column) in folded:
                count_position = folded.index(fold(self.row_count.column))
            else:
                missing = (*missing, self.row_count.column)
        never = {fold(name) for name in self.dropped}
        dropped = tuple(index for index, cell in enumerate(folded) if cell in never)
        lessons = self._lessons(header, {*positions.values(), *dropped})
        if self.columns_are and not lessons:
            missing = (*missing, self.columns_are.parts or next(iter(self.columns_are.headers)))
        twice += [header[place] for place, _ in lessons if folded.count(folded[place]) > 1]
        bare = tuple(
            (place, column)
            for column, place in positions.items()
            if column.endswith("_minutes")
            and not self.sources[column].unit
            and not said_unit(folded[place])
        )
        taken = {place for column, place in positions.items() if column != "protected"}
        markings = self._markings(folded, taken | set(dropped))
        if markings:
            positions.setdefault("protected", markings[0])
        known = {*positions.values(), *markings, *dropped, count_position}
        known |= {place for place, _ in lessons}
        unknown = tuple(index for index, cell in enumerate(folded) if cell and index not in known)
        return HeaderMatch(
            self,
            tuple(header),
            positions,
            missing,
            tuple(twice),
            unknown,
            dropped,
            count_position,
            markings,
            bare,
            lessons,
        )

    def _lessons(
        self, header: Sequence[str], taken: Collection[int]
    ) -> tuple[tuple[int, dict[str, str]], ...]:
        """Find the columns of which each is a lesson, and what their headers say of it."""
        if self.columns_are is None:
            return ()
        found = ((place, self.columns_are.lesson_of(cell)) for place, cell in enumerate(header))
        return tuple((place, said) for place, said in found if said and place not in taken)

    def _markings(self, folded: Sequence[str], taken: Collection[int]) -> tuple[int, ...]:
        """Find every column that speaks of protection: of two the strictest cell counts.

        The usual names are read in every layout of rows about pupils: one that does not list them
        must not leave a marking unread.
        """
        if "protected" not in COLUMNS[self.kind]:
            return ()
        spec = self.columns.get("protected")
        names = {fold(name) for name in (*_MARKING_HEADERS, *(spec.headers if spec else ()))}
        return tuple(
            index for index, cell in enumerate(folded) if cell in names and index not in taken
        )


@dataclass(frozen=True)
class HeaderMatch:
    """How well a layout fits a header row.

    Attributes:
        layout: the layout.
        header: the row's cells.
        positions: where each of our columns stands.
        missing: required columns that are not there.
        twice: required columns that are there more than once, so that nothing tells which counts.
        unknown: positions of columns that the layout does not know.
        dropped: positions of columns that are never stored.
        count_position: where the number of rows stands in each row.
        markings: positions of all columns that speak of protection and that the layout knows.
        bare_minutes: place and name of columns of minutes whose unit neither header nor layout
            says: a cell with decimals is no minutes there.
        lessons: place and meaning of columns of which each is a lesson.
    """

    layout: Layout
    header: tuple[str, ...]
    positions: dict[str, int]
    missing: tuple[str, ...]
    twice: tuple[str, ...]
    unknown: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    count_position: int | None = None
    markings: tuple[int, ...] = ()
    bare_minutes: tuple[tuple[int, str], ...] = ()
    lessons: tuple[tuple[int, dict[str, str]], ...] = ()

    @property
    def fits(self) -> bool:
        """Every required column is there, and once."""
        return not self.missing and not self.twice

    @property
    def has_required(self) -> bool:
        """Some required column is there."""
        sources = self.layout.sources
        return any(name in sources and sources[name].required for name in self.positions)

    def says(self, column: str) -> bool:
        """Whether a column of ours stands in the file, by itself or in a cell with others."""
        layout = self.layout
        split = (one.form.parts for one in layout.split if one.name in self.positions)
        return (
            column in self.positions
            or column in layout.always
            or (layout.blocks is not None and column in layout.blocks.form.parts)
            or any(column in parts for parts in split)
        )

    @property
    def minute_places(self) -> frozenset[int]:
        """Where minutes stand, or codes that say minutes."""
        found = (
            place
            for column, place in self.positions.items()
            if column.endswith("_minutes") or column == CODE
        )
        return frozenset({*found, *(place for place, _ in self.lessons)})

    @property
    def health_places(self) -> tuple[int, ...]:
        """Where reasons for an absence stand, or codes, which can say that a pupil was ill."""
        codes = [self.positions[CODE]] if CODE in self.positions else []
        if self.layout.columns_are and self.layout.columns_are.cells == CODE:
            codes += [place for place, _ in self.lessons]
        return (*self.dropped, *codes)

    @property
    def says_protection(self) -> bool:
        """Whether files with this header say which pupils are protected."""
        return self.says("protected")

    @property
    def unread_columns(self) -> str | None:
        """Say which columns the layout doesn't know, so that they are not read; None if none.

        By place and pattern: a header can be a child's name, and this is stored and printed.
        """
        if not self.unknown:
            return None
        shown = self.unknown[:_UNREAD_SHOWN]
        listed = ", ".join(f"{place + 1} ({header_pattern(self.header[place])})" for place in shown)
        if len(self.unknown) > _UNREAD_SHOWN:
            listed += f" and {len(self.unknown) - _UNREAD_SHOWN} more"
        return f"columns that the layout does not know were not read: {listed}"


@dataclass(frozen=True)
class FoundHeader:
    """A header row that fits: where it stands and how the file separates cells.

    Attributes:
        match: its layout.
        line_number: counted from 1.
        delimiter: between cells; empty in a workbook.
        sheet_number: of the sheet that it stands on, where a layout asks for it by number; else 0.
    """

    match: HeaderMatch
    line_number: int
    delimiter: str
    sheet_number: int = 0

    @property
    def width(self) -> int:
        """Cells of the header, without empty ones at its end."""
        return filled_width(self.match.header)

    @property
    def reads_last_column(self) -> bool:
        """Whether a row that is cut short in its last cell would say something else."""
        lessons = (place for place, _ in self.match.lessons)
        return self.width - 1 in {*self.match.positions.values(), *lessons}


def find_header(
    lines: Sequence[str], layouts: Iterable[Layout]
) -> FoundHeader | tuple[HeaderMatch | None, int]:
    """Find the first line that is a whole header of some layout.

    Args:
        lines: the file's first lines, without line ends.
        layouts: the layouts to try.

    Returns:
        The header, or else the nearest miss and its line number, for the message.
    """
    nearest: HeaderMatch | None = None
    nearest_line = 0
    for number, line in enumerate(lines[:HEADER_SEARCH_LINES], start=1):
        for delimiter in DELIMITERS:
            if delimiter not in line or len(line) > _LONGEST_HEADER:
                continue
            cells = split_cells(line, delimiter).cells
            match = best_match(cells, layouts)
            if match.fits:
                return FoundHeader(match, number, delimiter)
            if nearest is None or len(match.positions) > len(nearest.positions):
                nearest, nearest_line = match, number
    return nearest, nearest_line


def sheets_to_try(layouts: Iterable[Layout]) -> list[tuple[int, tuple[str, ...], list[Layout]]]:
    """Return which sheets of a workbook are looked at, in their order.

    Returns:
        A sheet's number or 0, the names that stand before the first visible one where it is 0, and
        the layouts of which the header may be. A layout that asks for a number is for that only.
    """
    known = list(layouts)
    numbered = sorted({layout.sheet for layout in known if isinstance(layout.sheet, int)})
    by_number: list[tuple[int, tuple[str, ...], list[Layout]]] = [
        (number, (), [layout for layout in known if layout.sheet == number]) for number in numbered
    ]
    others = [layout for layout in known if isinstance(layout.sheet, str)]
    names = tuple(
        layout.sheet for layout in others if isinstance(layout.sheet, str) and layout.sheet
    )
    return [*by_number, (0, names, others)]


def best_match(cells: Sequence[str], layouts: Iterable[Layout]) -> HeaderMatch:
    """Return the layout that fits with most columns and fewest unknown, else the nearest miss."""
    matches = [layout.match(cells) for layout in layouts]
    return max(matches, key=lambda match: (match.fits, len(match.positions), -len(match.unknown)))
