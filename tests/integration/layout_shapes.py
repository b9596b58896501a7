"""Lessons written in the shapes that other systems' exports have, each with its layout.

A shape says a lesson in its own way; read by its layout, the row must be the one that our own
layout gives. Not here: any expectation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from assets.exports.batches.lessons import LessonBatch
from assets.exports.files.received import look_at
from assets.exports.pupils.people import People
from assets.exports.readers.layout_files import parse_layout, shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.readers.row_reader import Openings
from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import PUPILS, put, text_of, workbook_of

LENGTHS = (40, 45, 50, 55, 60, 65)
DAYS = ("2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09")
STARTS = (500, 580, 660, 750)
Table = list[list[object]]


@dataclass(frozen=True)
class Lesson:
    """A pupil's lesson; `start` in minutes from midnight, minutes None when nobody reported it."""

    pupil: int = 0
    date: str = DAYS[0]
    start: int = STARTS[0]
    length: int = 60
    subject: str = "MA"
    valid: int | None = 0
    invalid: int = 0
    protected: str = "Ingen"

    @property
    def civic(self) -> str:
        return PUPILS[self.pupil]

    @property
    def starts(self) -> str:
        return clock(self.start)

    @property
    def ends(self) -> str:
        return clock(self.start + self.length)


def clock(minutes: int) -> str:
    """Return minutes from midnight as a clock time."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def lessons(draw: st.DrawFn) -> list[Lesson]:
    """Lessons of some pupils and days, no two of a pupil at one start."""
    places = draw(
        st.lists(
            st.tuples(st.integers(0, 4), st.sampled_from(DAYS), st.sampled_from(STARTS)),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    protected = draw(st.sampled_from([None, None, 0, 1]))
    made = []
    for pupil, date, start in places:
        length = draw(st.sampled_from(LENGTHS))
        valid = draw(st.one_of(st.none(), st.just(0), st.just(length), st.integers(0, length)))
        rest = length - (valid or 0)
        invalid = draw(st.one_of(st.just(0), st.just(rest), st.integers(0, rest)))
        made.append(
            Lesson(
                pupil,
                date,
                start,
                length,
                draw(st.sampled_from(["MA", "SV", "Idrott och hälsa"])),
                valid,
                0 if valid is None else invalid,
                "Sekretessmarkering" if pupil == protected else "Ingen",
            )
        )
    return made


@dataclass(frozen=True)
class Shape:
    """A way to write lessons.

    Attributes:
        name: of the shape, and of its layout.
        keys: the layout's YAML below its description.
        table: writes lessons as rows of cells, the header among them.
        can_say: a lesson as the shape can say it.
        chosen: of lessons those that the shape can say beside each other.
    """

    name: str
    keys: str
    table: Callable[[Sequence[Lesson]], Table]
    can_say: Callable[[Lesson], Lesson] = lambda lesson: lesson
    chosen: Callable[[Sequence[Lesson]], Sequence[Lesson]] = lambda rows: rows

    @property
    def layout(self) -> Layout:
        return parse_layout(self.keys_of(self.name), self.name)

    def keys_of(self, name: str) -> str:
        """Return the whole YAML, under a name."""
        head = f"name: {name}\nkind: lessons\ndescription: made up\nrestates: lesson\n"
        return head + self.keys

    def text(self, rows: Sequence[Lesson]) -> str:
        """Return the rows as CSV."""
        return "".join(";".join(map(str, line)) + "\r\n" for line in self.table(rows))

    def workbook(self, rows: Sequence[Lesson]) -> bytes:
        """Return the rows as a workbook; all cells are texts."""
        return workbook_of([[str(cell) for cell in line] for line in self.table(rows)])


def canonical(rows: Sequence[Lesson]) -> str:
    """Return lessons in our own layout."""
    columns = ("school", "civic", "protected", "date", "start", "end", "subject", "length")
    minutes = ("valid", "invalid")
    return text_of(
        [
            {
                "school": "99999901",
                "civic": row.civic,
                "protected": row.protected,
                "date": row.date,
                "start": row.starts,
                "end": row.ends,
                "subject": row.subject,
                "length": row.length,
                "valid": "" if row.valid is None else row.valid,
                "invalid": "" if row.valid is None else row.invalid,
            }
            for row in rows
        ],
        columns + minutes,
    )


class ShapeReader:
    """Stages files of shapes without storing them."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake, self._folder = lake, folder
        self._people = People(lake, Sealer.of_home(lake.settings.home))
        load_macros(lake)

    def read(
        self, content: str | bytes, *layouts: Layout, name: str = "a_20261101T0500"
    ) -> tuple[Any, list[tuple[Any, ...]]]:
        """Return what the file is counted as, and its rows as they would be stored."""
        ending = "xlsx" if isinstance(content, bytes) else "csv"
        file = look_at(put(self._folder, f"{name}.{ending}", content))
        openings = Openings((*shipped_layouts(), *layouts))
        staged = LessonBatch(self._lake, self._people, openings).stage([file])
        assert not staged.unreadable, staged.unreadable
        (counts,) = staged.counts
        rows = self._lake.rows(
            "SELECT pupil_key::VARCHAR, school_unit_code, starts_at::VARCHAR, subject, lesson_id, "
            "scheduled_minutes, valid_minutes, invalid_minutes, other_minutes, is_reported, "
            "is_cancelled, protected_identity(protected_text) "
            "FROM batch_lessons WHERE problem IS NULL ORDER BY ALL"
        )
        return counts, rows


# -- The shapes -----------------------------------------------------------------------------------

_HEAD = """\
columns:
  school_unit_code: {headers: [Enhet], required: true}
  civic_no: {headers: [Elev-id], required: true}
"""
_WHEN = """\
  lesson_date: {headers: [Dag], required: true}
  start_time: {headers: [Från], required: true}
"""


def _who(row: Lesson) -> list[object]:
    return ["99999901", row.civic]


def _hours(minutes: int | None, decimals: int = 2) -> str:
    return "" if minutes is None else f"{minutes / 60:.{decimals}f}".replace(".", ",")


def _percent(minutes: int | None, length: int) -> str:
    return "" if minutes is None else f"{100 * minutes / length:.1f} %".replace(".", ",")


def _of_state(row: Lesson, invalid: object) -> object:
    return "" if row.valid is None else invalid


def _in_hours(rows: Sequence[Lesson]) -> Table:
    header = ["Enhet", "Elev-id", "Skyddad", "Dag", "Från", "Ämne", "Längd (h)", "GF tim", "OF tim"]
    return [
        [*header],
        *(
            [
                *_who(row), row.protected, row.date, row.starts, row.subject, _hours(row.length),
                _hours(row.valid), _of_state(row, _hours(row.invalid)),
            ]
            for row in rows
        ),
    ]  # fmt: skip


def _in_percent(rows: Sequence[Lesson]) -> Table:
    header = ["Enhet", "Elev-id", "Skyddad", "Dag", "Från", "Till", "Ämne", "GF %", "OF %"]
    return [
        [*header],
        *(
            [
                *_who(row), row.protected, row.date, row.starts, row.ends, row.subject,
                _percent(row.valid, row.length),
                _of_state(row, _percent(row.invalid, row.length)),
            ]
            for row in rows
        ),
    ]  # fmt: skip


HOURS = Shape(
    "i_timmar",
    f"""{_HEAD}{_WHEN}\
  subject: {{headers: [Ämne]}}
  scheduled_minutes: {{headers: [Längd (h)], required: true, unit: hours}}
  valid_minutes: {{headers: [GF tim], required: true, unit: hours}}
  invalid_minutes: {{headers: [OF tim], required: true, unit: hours}}
""",
    _in_hours,
)
PERCENT = Shape(
    "i_procent",
    f"""{_HEAD}{_WHEN}\
  end_time: {{headers: [Till], required: true}}
  subject: {{headers: [Ämne]}}
  valid_minutes: {{headers: [GF %], required: true, unit: percent}}
  invalid_minutes: {{headers: [OF %], required: true, unit: percent}}
""",
    _in_percent,
)
CODE_OF = {"valid": "S", "invalid": "OG", "present": "N"}


def _whole(row: Lesson) -> Lesson:
    """Return a lesson of which a code says all: absent from the whole of it, or from nothing."""
    if row.valid:
        return replace(row, valid=row.length, invalid=0)
    return replace(row, invalid=row.length if row.invalid else 0)


def _one_kind(row: Lesson) -> Lesson:
    """Return a lesson with one kind of absence at most."""
    return replace(row, invalid=0) if row.valid else row


def _code(row: Lesson) -> str:
    if row.valid is None:
        return ""
    return CODE_OF["valid" if row.valid else "invalid" if row.invalid else "present"]


def _in_codes(rows: Sequence[Lesson]) -> Table:
    header = ["Enhet", "Elev-id", "Skyddad", "Dag", "Från", "Till", "Ämne", "Kod"]
    return [
        [*header],
        *(
            [*_who(row), row.protected, row.date, row.starts, row.ends, row.subject, _code(row)]
            for row in rows
        ),
    ]


def _in_codes_with_minutes(rows: Sequence[Lesson]) -> Table:
    header = ["Enhet", "Elev-id", "Skyddad", "Dag", "Från", "Ämne", "Min", "Kod", "Frånvarotid"]
    return [
        [*header],
        *(
            [
                *_who(row), row.protected, row.date, row.starts, row.subject, row.length,
                _code(row), (row.valid or 0) + row.invalid or "",
            ]
            for row in rows
        ),
    ]  # fmt: skip


def _in_split_cells(rows: Sequence[Lesson]) -> Table:
    header = ["Enhet", "Elev", "Skyddad", "Dag", "Tid", "Ämne", "Giltig (min)", "Ogiltig (min)"]
    return [
        [*header],
        *(
            [
                "99999901", f"Öberg, Åsa ({row.civic})", row.protected, row.date,
                f"{row.starts.replace(':', '.')}–{row.ends.replace(':', '.')}", row.subject,
                "" if row.valid is None else row.valid, _of_state(row, row.invalid),
            ]
            for row in rows
        ),
    ]  # fmt: skip


CODES = Shape(
    "i_koder",
    f"""{_HEAD}{_WHEN}\
  end_time: {{headers: [Till], required: true}}
  subject: {{headers: [Ämne]}}
codes:
  headers: [Kod]
  table: {{S: valid, OG: invalid, SU: other, "N": present, "": not_reported}}
""",
    _in_codes,
    _whole,
)
CODES_WITH_MINUTES = Shape(
    "i_koder_med_minuter",
    f"""{_HEAD}{_WHEN}\
  subject: {{headers: [Ämne]}}
  scheduled_minutes: {{headers: [Min], required: true}}
codes:
  headers: [Kod]
  minutes: {{headers: [Frånvarotid]}}
  table: {{S: valid, OG: invalid, SU: other, "N": present, "": not_reported}}
""",
    _in_codes_with_minutes,
    _one_kind,
)
SPLIT = Shape(
    "i_delade_celler",
    """\
columns:
  school_unit_code: {headers: [Enhet], required: true}
  lesson_date: {headers: [Dag], required: true}
  subject: {headers: [Ämne]}
  valid_minutes: {headers: [Giltig (min)], required: true}
  invalid_minutes: {headers: [Ogiltig (min)], required: true}
split:
  - {headers: [Elev], parts: "{family_name}, {given_name} ({civic_no})", required: true}
  - {headers: [Tid], parts: "{start_time}-{end_time}", required: true}
""",
    _in_split_cells,
)


def _a_day(row: Lesson) -> Lesson:
    """Return a lesson as the row of a day: one start, no subject, one length."""
    share = (row.valid or 0) * 330 // row.length, row.invalid * 330 // row.length
    return replace(
        row,
        start=480,
        length=330,
        subject="",
        valid=None if row.valid is None else share[0],
        invalid=share[1],
    )


def _one_a_day(rows: Sequence[Lesson]) -> list[Lesson]:
    """Return lessons of which each pupil has one a day."""
    return list({(row.pupil, row.date): row for row in rows}.values())


def _as_days(rows: Sequence[Lesson]) -> Table:
    header = ["Elev-id", "Skyddad", "Dag", "Giltig tid (h)", "Ogiltig tid (h)"]
    return [
        [*header],
        *(
            [
                row.civic, row.protected, row.date, _hours(row.valid),
                _of_state(row, _hours(row.invalid)),
            ]
            for row in rows
        ),
    ]  # fmt: skip


def _as_days_with_times(rows: Sequence[Lesson]) -> Table:
    header = ["Elev-id", "Skyddad", "Dag", "Skoldag", "Giltig (min)", "Ogiltig (min)"]
    return [
        [*header],
        *(
            [
                row.civic, row.protected, row.date, f"{row.starts}-{row.ends}",
                "" if row.valid is None else row.valid, _of_state(row, row.invalid),
            ]
            for row in rows
        ),
    ]  # fmt: skip


DAYS_WITHOUT_TIMES = Shape(
    "dagar",
    """\
grain: day
always: {school_unit_code: "99999901", scheduled_minutes: "330"}
columns:
  civic_no: {headers: [Elev-id], required: true}
  lesson_date: {headers: [Dag], required: true}
  valid_minutes: {headers: [Giltig tid (h)], required: true, unit: hours}
  invalid_minutes: {headers: [Ogiltig tid (h)], required: true, unit: hours}
""",
    _as_days,
    _a_day,
    _one_a_day,
)
DAYS_WITH_TIMES = Shape(
    "dagar_med_tider",
    """\
grain: day
always: {school_unit_code: "99999901"}
columns:
  civic_no: {headers: [Elev-id], required: true}
  lesson_date: {headers: [Dag], required: true}
  valid_minutes: {headers: [Giltig (min)], required: true}
  invalid_minutes: {headers: [Ogiltig (min)], required: true}
split:
  - {headers: [Skoldag], parts: "{start_time}-{end_time}", required: true}
""",
    _as_days_with_times,
    _a_day,
    _one_a_day,
)


def _as_wide(rows: Sequence[Lesson]) -> Table:
    lessons = sorted({(row.date, row.starts, row.ends, row.subject) for row in rows})
    names = [f"{date} {start}-{end} {subject}" for date, start, end, subject in lessons]
    lines: Table = [["Enhet", "Elev-id", "Skyddad", *names]]
    for pupil in dict.fromkeys(row.pupil for row in rows):
        own = {
            (row.date, row.starts, row.ends, row.subject): row for row in rows if row.pupil == pupil
        }
        one = next(iter(own.values()))
        codes = [_code(own[place]) or "X" if place in own else "" for place in lessons]
        lines.append([*_who(one), one.protected, *codes])
    return lines


def _reported_as_invalid(row: Lesson) -> Lesson:
    """Return the day of a lesson, reported, with invalid absence at most."""
    return replace(_a_day(row), valid=0)


def _as_weekdays(rows: Sequence[Lesson]) -> Table:
    lines: Table = [["Elev-id", "Skyddad", "Vecka", "Mån", "Tis", "Ons", "Tors", "Fre"]]
    for pupil in dict.fromkeys(row.pupil for row in rows):
        own = {row.date: row for row in rows if row.pupil == pupil}
        one = next(iter(own.values()))
        cells = [own[day].invalid if day in own else "" for day in DAYS]
        lines.append([one.civic, one.protected, "2026 v. 41", *cells])
    return lines


def _in_blocks(rows: Sequence[Lesson]) -> Table:
    lines: Table = [["Rapport"]]
    header = ["Dag", "Tid", "Ämne", "Giltig (min)", "Ogiltig (min)"]
    for pupil in dict.fromkeys(row.pupil for row in rows):
        own = [row for row in rows if row.pupil == pupil]
        lines += [
            [f"Elev: Öberg, Åsa ({own[0].civic}), Skyddad: {own[0].protected}"],
            [*header],
            *(
                [
                    row.date, f"{row.starts}-{row.ends}", row.subject,
                    "" if row.valid is None else row.valid, _of_state(row, row.invalid),
                ]
                for row in own
            ),
            ["Summa", "", "", "", sum(row.invalid for row in own)],
        ]  # fmt: skip
    return lines


WIDE = Shape(
    "en_kolumn_en_lektion",
    f"""{_HEAD}\
codes:
  table: {{S: valid, OG: invalid, N: present, X: not_reported}}
columns_are:
  parts: "{{lesson_date}} {{start_time}}-{{end_time}} {{subject}}"
  cells: code
  empty: no_lesson
""",
    _as_wide,
    _whole,
)
WEEKDAYS = Shape(
    "en_kolumn_en_veckodag",
    """\
grain: day
always: {school_unit_code: "99999901", scheduled_minutes: "330"}
columns:
  civic_no: {headers: [Elev-id], required: true}
columns_are:
  headers:
    Mån: {weekday: måndag}
    Tis: {weekday: tisdag}
    Ons: {weekday: onsdag}
    Tors: {weekday: torsdag}
    Fre: {weekday: fredag}
  week: {headers: [Vecka]}
  cells: invalid_minutes
  empty: no_lesson
""",
    _as_weekdays,
    _reported_as_invalid,
    _one_a_day,
)
BLOCKS = Shape(
    "ett_block_en_elev",
    """\
always: {school_unit_code: "99999901"}
columns:
  lesson_date: {headers: [Dag], required: true}
  subject: {headers: [Ämne]}
  valid_minutes: {headers: [Giltig (min)]}
  invalid_minutes: {headers: [Ogiltig (min)]}
split:
  - {headers: [Tid], parts: "{start_time}-{end_time}", required: true}
blocks:
  heading: "Elev: {family_name}, {given_name} ({civic_no}), Skyddad: {protected}"
  totals: [Summa]
""",
    _in_blocks,
)
SHAPES = (
    HOURS,
    PERCENT,
    CODES,
    CODES_WITH_MINUTES,
    SPLIT,
    DAYS_WITHOUT_TIMES,
    DAYS_WITH_TIMES,
    WIDE,
    WEEKDAYS,
    BLOCKS,
)


def said_by(shape: Shape, rows: Sequence[Lesson]) -> list[Lesson]:
    """Return lessons as a shape can say them."""
    return [shape.can_say(row) for row in shape.chosen(rows)]


def usual(**what: Any) -> Lesson:
    """Return a lesson, of which a test says only what is special."""
    return replace(Lesson(), **what)
