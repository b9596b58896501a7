"""A draft of a layout from a file: what header and cells tell is filled in, what not is asked.

Lines that a person must decide have the word DECIDE. Not here: checking a file against layouts
(`layout_checks.py`), the words that are known (`layout_words.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assets.exports.files.printable import is_plainly_seen, printable_header
from assets.exports.files.received import ReceivedFile, UnreadableFileError, look_at
from assets.exports.layout_checks import NO_HEADER, has_header
from assets.exports.layout_contents import Content, are_words, codes_in, seen_in, weekdays_in
from assets.exports.layout_shapes import (
    codes_of_lessons,
    lesson_columns,
    pupil_headings,
)
from assets.exports.layout_words import (
    NEAR,
    Likeness,
    is_health,
    likenesses,
)
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.header_guess import Head, head_of
from assets.exports.readers.layout_files import LayoutError, parse_layout, shipped_layouts
from assets.exports.readers.layout_keys import fold
from assets.exports.readers.layouts import END_COLUMNS, Layout
from assets.exports.readers.reshaping.amounts import said_unit
from assets.exports.readers.reshaping.forms import Form

_MARK = "# DECIDE:"
_ABSENCE = frozenset({"valid_minutes", "invalid_minutes"})
# Of fewer rows nobody can tell that none is of presence (our choice).
_ROWS_THAT_TELL = 5
# What codes say, so that no column is sought for it.
_BY_CODES = _ABSENCE | {"present_minutes", "other_minutes", "reported"}
_OF_CODES = re.compile("frånv|närv|kod|typ|status|rapport")
# What cells of a form can be, and of which two columns are made.
_BY_CONTENT: dict[Content, tuple[str, ...]] = {
    "civic_no": ("civic_no",),
    "date": ("lesson_date", "first_date", "last_date", "start_date"),
    "clock": ("start_time", "end_time"),
    "unit_code": ("school_unit_code",),
}
# What else can say a column of lessons that no header says.
_HINTS = {
    "school_unit_code": ' Of one school: always: {school_unit_code: "99999901"}',
    "start_time": " A row a day: grain: day",
    "valid_minutes": " A timetable has none: holds: timetable",
    "scheduled_minutes": ' The same of all: always: {scheduled_minutes: "330"}',
}
_SPLIT: dict[Content, str] = {
    "clocks": "{start_time}-{end_time}",
    "two_names": "{family_name}, {given_name}",
}


@dataclass(frozen=True)
class Draft:
    """A layout to be looked over.

    Attributes:
        text: the YAML.
        decisions: what a person must decide, in words.
        lacks: why it can't be used as it is; empty when it can.
        already: the layout that fits the file without it; empty if none.
    """

    text: str
    decisions: tuple[str, ...]
    lacks: str
    already: str


def draft_layout(path: Path, layouts: Sequence[Layout], name: str, kind: str | None) -> Draft:
    """Draft a layout for a file.

    Args:
        path: the file.
        layouts: those that are known, whose names are taken.
        name: of the layout.
        kind: a kind of `COLUMNS`; the one that most headers speak for when None.

    Raises:
        LayoutError: the name is taken.
        OSError: the file can't be opened.
        UnreadableFileError: it is no table at all.
        ChangedFileError: it is gone.
    """
    if name in {layout.name for layout in layouts}:
        raise LayoutError(f"the layout name '{name}' is taken. Expected a name of its own.")
    head, sheet = _head(look_at(path), layouts)
    header = [cell for cell in head.header if cell.strip()]
    is_wide = lesson_columns(header, head.first_rows) is not None
    chosen_kind = kind or ("lessons" if is_wide else _likely_kind(header))
    writer = _DraftText(head, header, name, chosen_kind, sheet)
    text = writer.text()
    already = head.match.layout.name if head.match.fits else ""
    return Draft(text, tuple(writer.decisions), _lacks(text, head, chosen_kind, name), already)


def _head(file: ReceivedFile, layouts: Sequence[Layout]) -> tuple[Head, int]:
    """Return the head of a file, and the number of its sheet where that is not the usual one.

    Raises:
        UnreadableFileError: no row of it looks like a header.
    """
    head = head_of(file, layouts)
    if has_header(head):
        return head, 0
    for number in range(2, len(head.other_sheets) + 2):
        with suppress(UnreadableFileError):
            other = head_of(file, layouts, number)
            if has_header(other):
                return other, number
    raise UnreadableFileError(NO_HEADER)


def _likely_kind(header: Sequence[str]) -> str:
    def speaks(kind: str) -> float:
        found = _assigned(header, COLUMNS[kind]).values()
        required = _required(kind)
        there = sum(one.score for one in found if one.column in required)
        return there / max(1, len(required))

    return max(COLUMNS, key=speaks)


def _required(kind: str) -> frozenset[str]:
    """Return the columns without which rows of a kind say nothing: those of the shipped layout."""
    return frozenset(
        column
        for layout in shipped_layouts()
        if layout.kind == kind
        for column, spec in layout.columns.items()
        if spec.required
    )


def _assigned(header: Sequence[str], columns: Iterable[str]) -> dict[str, Likeness]:
    """Return, by header, the column it may mean; each column goes to the nearest header."""
    known = tuple(columns)
    pairs = [
        (one.score, -position, name, one)
        for position, name in enumerate(header)
        for one in likenesses(name, known)
    ]
    found: dict[str, Likeness] = {}
    taken: set[str] = set()
    for _, _, name, one in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if name not in found and one.column not in taken:
            found[name] = one
            taken.add(one.column)
    return found


class _DraftText:
    """Writes the draft of one file.

    Attributes:
        decisions: what a person must decide, in words.
    """

    def __init__(self, head: Head, header: Sequence[str], name: str, kind: str, sheet: int) -> None:
        self._sheet = sheet
        self.decisions: list[str] = []
        self._head, self._header, self._name, self._kind = head, header, name, kind
        self._is_known = head.match.fits
        self._required = _required(kind)
        of_lessons = kind == "lessons" and not self._is_known
        self._headings = pupil_headings(head.rows, head.line_number - 1) if of_lessons else None
        self._rows = self._headings.rows if self._headings else head.first_rows
        self._lessons = lesson_columns(header, self._rows) if of_lessons else None
        self._contents = {name: seen_in(self._cells(name)) for name in header}
        of_rows = [name for name in header if name not in self._lesson_names]
        self._found = _assigned(of_rows, COLUMNS[kind])
        self._split: dict[str, str] = {}
        self._codes = ""
        self._days = weekdays_in(header) if kind == "lessons" else []
        if not self._is_known:
            self._look_at_cells()

    def _cells(self, name: str) -> list[str]:
        position = [fold(cell) for cell in self._head.header].index(fold(name))
        return [row[position] for row in self._rows if position < len(row)]

    @property
    def _lesson_names(self) -> tuple[str, ...]:
        """The headers that are a lesson each."""
        return self._lessons.names if self._lessons else ()

    @property
    def _said_elsewhere(self) -> set[str]:
        """Our columns that stand in headers, or in lines between the rows."""
        forms = [self._lessons.form if self._lessons else ""]
        forms += [self._headings.form if self._headings else ""]
        return {part for form in forms for part in Form(form).parts}

    def _look_at_cells(self) -> None:
        """Find by cells what headers do not say: two values in one, codes, what each column is."""
        columns = COLUMNS[self._kind]
        for name, content in self._contents.items():
            form = _SPLIT.get(content)
            if form and set(Form(form).parts) <= set(columns) and form not in self._split.values():
                self._split[name] = form
                self._found.pop(name, None)
        parts = {part for form in self._split.values() for part in Form(form).parts}
        for name, one in list(self._found.items()):
            if one.column in parts:
                del self._found[name]
        for name, content in self._contents.items():
            said = {one.column for one in self._found.values()} | parts
            wanted = [one for one in _BY_CONTENT.get(content, ()) if one in columns]
            column = next((one for one in wanted if one not in said), None)
            has_other = name in self._found and self._found[name].column in wanted
            if column and not has_other and name not in self._split:
                self._found[name] = Likeness(column, NEAR)
        if self._kind != "lessons" or self._lessons or self._days:
            return
        if not {one.column for one in self._found.values()} >= _ABSENCE:
            self._find_codes()

    def _find_codes(self) -> None:
        candidates = [
            name
            for name, content in self._contents.items()
            if (content == "code" or (not content and are_words(self._cells(name))))
            and not is_health(name) and name not in self._split
            and (name not in self._found or self._found[name].column in _BY_CODES)
        ]  # fmt: skip
        named = [name for name in candidates if _OF_CODES.search(fold(name))]
        self._codes = next(iter(named), "")
        if self._codes:
            self._found = {
                name: one
                for name, one in self._found.items()
                if one.column not in _BY_CODES and name != self._codes
            }

    def text(self) -> str:
        """Return the layout, and note what has to be decided."""
        by_column = {one.column: (name, one) for name, one in self._found.items()}
        lines = [
            f"name: {self._name}",
            f"kind: {self._kind}",
            "description: Draft, made from a file's header. Say here which system sends it.",
            "restates: lesson",
        ]
        if self._sheet:
            self.decisions.append(f"whether sheet {self._sheet} is the one to be read")
            lines.append(f"sheet: {self._sheet}  {_MARK} the first that looks like a table.")
        # Where a layout fits already, it says so.
        if not self._is_known and END_COLUMNS.get(self._kind) in by_column:
            end = printable_header(by_column[END_COLUMNS[self._kind]][0])
            self.decisions.append(f"whether '{end}' is the last day, or the day after it")
            lines.append(
                f"end_dates: inclusive  {_MARK} exclusive, when an end is the day after it."
            )
        lines += self._holding()
        lines.append("columns:")
        said = {part for form in self._split.values() for part in Form(form).parts}
        said |= {*_BY_CODES} if self._codes or self._days or self._lessons else set()
        said |= {"lesson_date", "start_time"} if self._days else self._said_elsewhere
        if {"end_time", "start_time"} <= said | set(by_column):
            said.add("scheduled_minutes")
        for column in COLUMNS[self._kind]:
            need = ", required: true" if column in self._required else ""
            if column in by_column:
                lines.append(self._column(column, *by_column[column], need))
            elif need and column not in said:
                self.decisions.append(f"which header is {column}")
                hint = _HINTS.get(column, "") if self._kind == "lessons" else ""
                lines.append(
                    f"  # {column}: {{headers: [???]{need}}}  {_MARK} which header is it?{hint}"
                )
        return "\n".join([*lines, *self._shapes(), *self._rest()]) + "\n"

    def _holding(self) -> list[str]:
        """Return the line that asks for rows of presence, where the first rows have none."""
        names = [name for name, one in self._found.items() if one.column in _ABSENCE]
        if self._kind != "lessons" or self._is_known or not names:
            return []
        rows = list(zip(*map(self._cells, names), strict=False))
        if len(rows) < _ROWS_THAT_TELL or not all(map(_has_absence, rows)):
            return []
        self.decisions.append("whether who was present has a row too")
        asks = "the first rows all have absence. Has nobody who was present a row? Then say it"
        return [f"# holds: absences  {_MARK} {asks}, and covers (docs/layout-keys.md)"]

    def _column(self, column: str, name: str, one: Likeness, need: str) -> str:
        """Return a column's line, with what is doubtful about it."""
        shown = printable_header(name)
        doubts: list[str] = []
        if not one.is_known:
            self.decisions.append(f"whether '{shown}' is {column}")
            doubts.append("the name is only near. Is it this? Else remove the line.")
        unit = ""
        if column.endswith("_minutes"):
            said = said_unit(fold(name))
            if said in ("hours", "percent"):
                unit = f", unit: {said}"
                self.decisions.append(f"whether '{shown}' is in {said}, as its name says")
                doubts.append(f"are these {said}?")
            elif self._contents[name] == "decimals":
                unit = ", unit: hours" if said is None else ""
                self.decisions.append(f"whether '{shown}' is in whole minutes: it has decimals")
                doubts.append("it has decimals. Hours, percent, or minutes after all?")
        elif self._is_unlike(column, name):
            self.decisions.append(f"whether '{shown}' is {column}: its cells look otherwise")
            doubts.append("its cells look otherwise. Is it this?")
        line = f"  {column}: {{headers: [{_quoted(name)}]{need}{unit}}}"
        return f"{line}  {_MARK} {' '.join(doubts)}" if doubts else line

    def _is_unlike(self, column: str, name: str) -> bool:
        """Whether the cells below a header are of a form that its column has not."""
        content = self._contents[name]
        expected = {wanted for seen, columns in _BY_CONTENT.items() if column in columns
                    for wanted in (seen,)}  # fmt: skip
        # Eight digits are a code or a day.
        if {content, *expected} <= {"date", "unit_code"} or self._is_known:
            return False
        return bool(expected) and content in _BY_CONTENT and content not in expected

    def _shapes(self) -> list[str]:
        """Return the lines of what a header alone does not say."""
        lines: list[str] = []
        if self._split:
            lines.append("split:")
        for name, form in self._split.items():
            shown = printable_header(name)
            self.decisions.append(f"whether the cells of '{shown}' are {form}")
            need = ", required: true" if "start_time" in Form(form).parts else ""
            cells = f"headers: [{_quoted(name)}], parts: {_quoted(form)}{need}"
            lines.append(f"  - {{{cells}}}  {_MARK} are all cells so?")
        if self._codes:
            self.decisions.append(f"what each code of '{printable_header(self._codes)}' means")
            lines += [
                f"codes:  {_MARK} valid, invalid, other, present or not_reported, for each code",
                f"  headers: [{_quoted(self._codes)}]",
                "  table:",
                *(f"    {_quoted(code)}: DECIDE" for code in codes_in(self._cells(self._codes))),
            ]
        return [*lines, *self._wide(), *self._blocks()]

    def _wide(self) -> list[str]:
        """Return the lines of columns of which each is a lesson, or a weekday."""
        if not self._days and not self._lessons:
            return []
        names = self._days or self._lesson_names
        codes = codes_of_lessons(cell for name in names for cell in self._cells(name))
        lines = ["codes:", "  table:", *(f"    {_quoted(one)}: DECIDE" for one in codes)]
        if codes:
            self.decisions.append("what each code in the columns of lessons means")
            lines[0] += f"  {_MARK} valid, invalid, other, present or not_reported, for each code"
        columns = f"columns_are:  {_MARK} docs/layout-keys.md says what these keys mean"
        if self._days:
            self.decisions.append("what the columns of weekdays hold, and which column is the week")
            form = ["  headers:"]
            form += [f"    {_quoted(day)}: {{weekday: {_quoted(day)}}}" for day in self._days]
            form += ["  week: {headers: [DECIDE]}"]
        else:
            said = self._lessons.form if self._lessons else ""
            self.decisions.append(f"whether the headers of lessons are {said or 'of one form'}")
            form = [f"  parts: {_quoted(said) if said else 'DECIDE'}"]
        self.decisions.append("what an empty cell of a lesson means")
        return [
            *(lines if codes else []),
            columns,
            *form,
            "  cells: code" if codes else "  cells: DECIDE",
            f"  empty: not_reported  {_MARK} or present, or no_lesson",
        ]

    def _blocks(self) -> list[str]:
        """Return the lines of headings between the rows, of one pupil each."""
        if not self._headings:
            return []
        form = self._headings.form
        self.decisions.append(f"whether the lines above each pupil's rows are {form or 'one form'}")
        totals = ", ".join(map(_quoted, self._headings.totals))
        return [
            f"blocks:  {_MARK} is it the form of all such lines?",
            f"  heading: {_quoted(form) if form else 'DECIDE'}",
            *([f"  totals: [{totals}]"] if totals else []),
        ]

    def _rest(self) -> list[str]:
        """Return the lines of columns that are not read."""
        lines: list[str] = []
        read = {*self._found, *self._split, *self._days, *self._lesson_names, self._codes}
        dropped = [one for one in self._header if one not in read and is_health(one)]
        if dropped:
            lines.append("# Reasons and remarks are health data: read past, never stored.")
            lines.append(f"dropped: [{', '.join(map(_quoted, dropped))}]")
        rest = [one for one in self._header if one not in read and one not in dropped]
        if rest:
            lines.append(
                "# Not read, and reported as such at each file. If one is a column above, put it"
            )
            lines.append(
                "# into its headers; if it should be passed over in silence, into dropped:"
            )
            lines += [f"#   {_quoted(printable_header(one))}" for one in rest]
        return lines


def _lacks(text: str, head: Head, kind: str, name: str) -> str:
    """Return why a draft can't be used; it is read as any layout, and held against the header."""
    try:
        layout = parse_layout(text, f"{name}.yaml")
    except LayoutError as error:
        return str(error)
    said = {*layout.columns, *(part for one in layout.split for part in one.form.parts)}
    said |= _BY_CODES if layout.codes or layout.columns_are else set()
    said |= layout.columns_are.said if layout.columns_are else set()
    said |= {*layout.blocks.form.parts} if layout.blocks else set()
    said |= {"scheduled_minutes"} if {"start_time", "end_time"} <= said else set()
    missing = sorted(_required(kind) - said)
    if missing:
        return f"no header was found for {', '.join(missing)}, without which rows say nothing."
    match = layout.match(head.header)
    if match.twice:
        return f"'{printable_header(match.twice[0])}' stands twice in the header. Expected it once."
    return ""


def _has_absence(cells: Iterable[str]) -> bool:
    return any(re.search("[1-9]", cell) for cell in cells)


def _quoted(text: str) -> str:
    """Return a header as a YAML text between double quotes, which JSON's are."""
    quoted = json.dumps(" ".join(text.split()), ensure_ascii=False)
    return "".join(
        letter if is_plainly_seen(letter) else f"\\U{ord(letter):08x}" for letter in quoted
    )
