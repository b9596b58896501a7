"""The run of a plan: school after school, period after period, one file in memory at a time."""

import dataclasses
import datetime as dt
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from assets.simulator import attendance, chance, enrolment
from assets.simulator import outcomes as oc
from assets.simulator.city import City, School, build_city
from assets.simulator.plan import Columns, SimulationPlan, SimulationSummary
from assets.simulator.timetable import (
    SUBJECTS,
    ClassTimetables,
    build_timetable,
    export_stamp,
    periods,
)

# The files themselves: rosters, the list of schools, and lesson rows at millions a second. A
# lesson row is put together from four strings that repeat: the pupil, the lesson of the class,
# what became of it, and the mentor. polars only strings them together, so quoting is off; the
# simulator puts no separator or quote in any value.

LESSON_COLUMNS: dict[Columns, tuple[str, ...]] = {
    "basic": (
        "Skolenhetskod", "Skola", "Klass", "Årskurs", "Personnummer", "Förnamn", "Efternamn",
        "Datum", "Starttid", "Sluttid", "Ämne", "Lektionslängd (min)", "Närvaro (min)",
        "Giltig frånvaro (min)", "Ogiltig frånvaro (min)", "Frånvaroanledning", "Rapporterad",
    ),
}  # fmt: skip
LESSON_COLUMNS["full"] = (
    *LESSON_COLUMNS["basic"],
    "Annat skoluppdrag (min)", "Inställd", "Mentor", "Mentor e-post", "Skyddad identitet",
)  # fmt: skip
ROSTER_COLUMNS = (
    "Personnummer", "Förnamn", "Efternamn", "Kön", "Skolenhetskod", "Klass", "Årskurs", "Mentor",
    "Mentor e-post", "Startdatum", "Slutdatum", "Skyddad identitet",
)  # fmt: skip
SCHOOL_COLUMNS = ("Skolenhetskod", "Skola", "Stadsdelsområde", "Rektor", "Rektor e-post")


@dataclasses.dataclass(frozen=True)
class LessonRows:
    """Rows of one lesson file: texts, and per row which of them; index arrays of length n."""

    pupil_texts: pl.Series
    lesson_texts: pl.Series
    cell_texts: pl.Series
    mentor_texts: pl.Series | None
    pupil: np.ndarray[tuple[int], np.dtype[np.int64]]
    lesson: np.ndarray[tuple[int], np.dtype[np.int64]]
    cell: np.ndarray[tuple[int], np.dtype[np.int64]]

    def frame(self) -> pl.DataFrame:
        """One string column per part, in the order of the file."""
        parts = [
            self.pupil_texts.gather(self.pupil).alias("pupil"),
            self.lesson_texts.gather(self.lesson).alias("lesson"),
            self.cell_texts.gather(self.cell).alias("cells"),
        ]
        if self.mentor_texts is not None:
            parts.append(self.mentor_texts.gather(self.pupil).alias("mentor"))
        return pl.DataFrame(parts)


def _publish(plan: SimulationPlan, name: str, content: bytes | memoryview) -> int:
    """Write beside and rename, so that a folder that is watched never shows half a file."""
    target = plan.out / name
    part = Path(f"{target}.part")
    part.write_bytes(content)
    os.replace(part, target)  # noqa: PTH105  (Path.replace is the same; this names the intent)
    return len(content)


def write_lessons(plan: SimulationPlan, name: str, rows: LessonRows) -> int:
    """Write a lesson file; returns its size in bytes."""
    header = ";".join(LESSON_COLUMNS[plan.columns]) + plan.newline
    buffer = io.BytesIO()
    if plan.encoding != "cp1252":
        buffer.write(header.encode(plan.encoding))
    rows.frame().write_csv(
        buffer,
        include_header=False,
        separator=";",
        line_terminator=plan.newline,
        quote_style="never",
    )
    if plan.encoding != "cp1252":
        return _publish(plan, name, buffer.getbuffer())
    return _publish(plan, name, (header + buffer.getvalue().decode()).encode(plan.encoding))


def write_table(
    plan: SimulationPlan, name: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> int:
    """Write a small file (roster, schools); returns its size in bytes."""
    lines = [";".join(row) + plan.newline for row in (header, *rows)]
    return _publish(plan, name, "".join(lines).encode(plan.encoding))


Progress = Callable[[int, int], None]
Period = tuple[str, list[dt.date]]


def simulate(plan: SimulationPlan, on_progress: Progress | None = None) -> SimulationSummary:
    """Write the export files of a plan into `plan.out`.

    Memory: the pupils of the city (about 1 kB each) and the rows of one file.

    Args:
        plan: What to simulate.
        on_progress: Called with (files written, files in all) after each file.

    Returns:
        Files of all kinds, lesson rows and bytes of all files.

    Raises:
        ValueError: More pupils of a birth year than there are test numbers.
        OSError: The folder cannot be written.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    city = build_city(plan)
    enrolments = enrolment.enrol(plan, city)
    spans = list(periods(plan))
    total = 1 + len(city.schools) * (1 + len(spans))
    sizes = [_write_schools(plan, city)]
    rows = 0

    def count(size: int) -> None:
        sizes.append(size)
        if on_progress is not None:
            on_progress(len(sizes), total)

    for school in city.schools:
        members = enrolments.of_classes(school.classes)
        count(_write_roster(plan, city, school, members))
        desk = _SchoolDesk(plan, city, school, members)
        for period in spans:
            lessons = desk.lesson_rows(period)
            stamp = export_stamp(period[1])
            name = f"lektionsfranvaro_{school.code}_{period[0]}_{stamp}.csv"
            count(write_lessons(plan, name, lessons))
            rows += len(lessons.pupil)
    return SimulationSummary(files=len(sizes), rows=rows, bytes=sum(sizes))


def _roster_stamp(plan: SimulationPlan) -> str:
    """Rosters are exported the morning after the period: they know every move in it."""
    return f"{plan.last_day + dt.timedelta(days=1):%Y%m%d}T0445"


def _write_schools(plan: SimulationPlan, city: City) -> int:
    rows = [(s.code, s.name, s.district, s.principal, s.principal_email) for s in city.schools]
    name = f"skolor_{_roster_stamp(plan)}.csv"
    return write_table(plan, name, SCHOOL_COLUMNS, rows)


def _write_roster(
    plan: SimulationPlan, city: City, school: School, members: enrolment.Enrolments
) -> int:
    """The roster as known on the last day of the plan: no move that is still to come."""
    today = plan.last_day.toordinal()
    people = city.pupils
    rows: list[list[str]] = []
    for person, c, first, last in zip(
        members.person.tolist(),
        members.school_class.tolist(),
        members.first_day.tolist(),
        members.last_day.tolist(),
        strict=True,
    ):
        if first > today:
            continue
        group = city.classes[c]
        rows.append(
            [
                people.civic_numbers[person],
                people.first_names[person],
                people.family_names[person],
                "Kvinna" if people.is_female[person] else "Man",
                school.code,
                group.name,
                str(group.grade or "F"),
                group.mentor,
                group.mentor_email,
                dt.date.fromordinal(first).isoformat(),
                dt.date.fromordinal(last).isoformat() if last <= today else "",
                people.markings[person],
            ]
        )
    name = f"elever_{school.code}_{_roster_stamp(plan)}.csv"
    return write_table(plan, name, ROSTER_COLUMNS, rows)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _lesson_ends(table: ClassTimetables) -> list[list[list[str]]]:
    """`;08:20;09:20;MA` per class, weekday and slot: the part after the date."""
    return [
        [
            [
                f";{_clock(start)};{_clock(start + minutes)};{SUBJECTS[subject]}"
                for start, minutes, subject in zip(*day, strict=True)
            ]
            for day in zip(*week, strict=True)
        ]
        for week in zip(
            table.start.tolist(), table.minutes.tolist(), table.subject.tolist(), strict=True
        )
    ]


class _SchoolDesk:
    """What stays the same for a school over all its files, and the rows of one of them."""

    def __init__(
        self, plan: SimulationPlan, city: City, school: School, members: enrolment.Enrolments
    ) -> None:
        self._plan, self._members, self._classes = plan, members, school.classes
        self._table = build_timetable(plan, city, school.classes)
        self._lesson_ends = _lesson_ends(self._table)
        self._own_class = members.school_class - school.classes.start
        grade = city.pupils.grades[members.person]
        self._traits = attendance.draw_traits(plan, members.person, grade)
        self._cell_texts = pl.Series(oc.cell_table(plan.lesson_minutes, plan.columns).tolist())
        self._pupil_texts = pl.Series(_pupil_texts(city, school, members), dtype=pl.String)
        self._mentor_texts: pl.Series | None = None
        if plan.columns == "full":
            self._mentor_texts = pl.Series(_mentor_texts(city, members), dtype=pl.String)

    def lesson_rows(self, period: Period) -> LessonRows:
        """All rows of the school in a period: by date, then class and pupil, then lesson."""
        plan, members, own = self._plan, self._members, self._own_class
        days = np.array([d.toordinal() for d in period[1]], dtype=np.int64)
        weekday = (days - 1) % 7
        subject = self._table.subject[:, weekday].transpose(1, 0, 2)
        of_class = attendance.draw_classes(plan, self._classes, subject, days)
        of_pupil = attendance.draw_pupils(plan, members.person, self._traits, days)
        outcome = attendance.combine(of_pupil, of_class[:, own])

        is_enrolled = (members.first_day <= days[:, None]) & (days[:, None] <= members.last_day)
        keep = np.broadcast_to(is_enrolled[:, :, None], outcome.shape)
        if plan.columns == "basic":
            keep = keep & (outcome != oc.CANCELLED)
        row = np.flatnonzero(keep)

        slots = plan.lessons_per_day
        shape = outcome.shape
        length = self._table.length[:, weekday].transpose(1, 0, 2)[:, own]
        cell = outcome.astype(np.int64) * len(plan.lesson_minutes) + length
        class_day = np.arange(len(days))[:, None] * len(self._classes) + own
        lesson = class_day[:, :, None] * slots + np.arange(slots)
        pupil = np.broadcast_to(np.arange(shape[1])[:, None], shape)
        return LessonRows(
            pupil_texts=self._pupil_texts,
            lesson_texts=self._lesson_texts(period[1]),
            cell_texts=self._cell_texts,
            mentor_texts=self._mentor_texts,
            pupil=_taken(pupil, row),
            lesson=_taken(lesson, row),
            cell=_taken(cell, row),
        )

    def _lesson_texts(self, days: list[dt.date]) -> pl.Series:
        """`2026-10-05;08:20;09:20;MA` at index (day * classes + class) * slots + slot."""
        texts = [
            date + end
            for day, date in zip(days, map(dt.date.isoformat, days), strict=True)
            for week in self._lesson_ends
            for end in week[day.weekday()]
        ]
        return pl.Series(texts, dtype=pl.String)


def _taken(values: chance.Ints, row: chance.Ints) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return values.reshape(-1)[row]


def _pupil_texts(city: City, school: School, members: enrolment.Enrolments) -> list[str]:
    people = city.pupils
    texts: list[str] = []
    for person, c in zip(members.person.tolist(), members.school_class.tolist(), strict=True):
        group = city.classes[c]
        texts.append(
            f"{school.code};{school.name};{group.name};{group.grade or 'F'};"
            f"{people.civic_numbers[person]};{people.first_names[person]};"
            f"{people.family_names[person]}"
        )
    return texts


def _mentor_texts(city: City, members: enrolment.Enrolments) -> list[str]:
    texts: list[str] = []
    for person, c in zip(members.person.tolist(), members.school_class.tolist(), strict=True):
        group = city.classes[c]
        texts.append(f"{group.mentor};{group.mentor_email};{city.pupils.markings[person]}")
    return texts
