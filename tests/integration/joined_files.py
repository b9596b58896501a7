"""Timetables and files of absences for tests: the layouts, and files in their words.

Not here: any expectation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assets.exports.readers.layout_files import parse_layout, shipped_layouts
from assets.exports.readers.layouts import Layout
from tests.integration.ingest_files import PUPILS

ABSENCES = """
name: bara_franvaro
kind: lessons
description: Absences only, of whole school units.
restates: lesson
holds: absences
covers: {period: "Period: {first_date} - {last_date}", each: school_unit}
columns:
  school_unit_code: {headers: [Enhet], required: true}
  class_name: {headers: [Klass]}
  civic_no: {headers: [Elev], required: true}
  lesson_date: {headers: [Dag], required: true}
  start_time: {headers: ["Från"], required: true}
  end_time: {headers: [Till], required: true}
  subject: {headers: ["Ämne"]}
  valid_minutes: {headers: [Giltig (min)], required: true}
  invalid_minutes: {headers: [Ogiltig (min)], required: true}
"""
TIMETABLE = """
name: schema
kind: lessons
description: The timetable of each pupil, with dates.
restates: lesson
holds: timetable
columns:
  school_unit_code: {headers: [Enhet], required: true}
  class_name: {headers: [Klass]}
  civic_no: {headers: [Elev], required: true}
  lesson_date: {headers: [Lektionsdag], required: true}
  start_time: {headers: [Börjar], required: true}
  end_time: {headers: [Slutar], required: true}
  subject: {headers: ["Ämne"]}
"""
SCHOOL = "99999901"


def layouts(absences: str = ABSENCES, timetable: str = TIMETABLE) -> tuple[Layout, ...]:
    """Return the shipped layouts and those of this module."""
    own = (parse_layout(absences, "absences.yaml"), parse_layout(timetable, "timetable.yaml"))
    return (*shipped_layouts(), *own)


def absence(
    pupil: int = 0,
    *,
    date: str = "2026-10-05",
    start: str = "08:20",
    end: str = "09:20",
    valid: object = 0,
    invalid: object = 60,
    subject: str = "MA",
    **cells: str,
) -> tuple[object, ...]:
    """Return the cells of an absence."""
    civic = cells.get("civic", PUPILS[pupil])
    school, taught = cells.get("school", SCHOOL), cells.get("class_name", "8A")
    return school, taught, civic, date, start, end, subject, valid, invalid


def planned(
    pupil: int = 0,
    *,
    date: str = "2026-10-05",
    start: str = "08:20",
    end: str = "09:20",
    subject: str = "MA",
    **cells: str,
) -> tuple[object, ...]:
    """Return the cells of a lesson of a timetable."""
    school, taught = cells.get("school", SCHOOL), cells.get("class_name", "8A")
    return school, taught, cells.get("civic", PUPILS[pupil]), date, start, end, subject


def absences_file(
    folder: Path,
    rows: Iterable[tuple[object, ...]],
    *,
    at: str = "20261101T0500",
    period: str = "2026-10-01 - 2026-10-31",
    end: str = "\n",
) -> Path:
    """Write a file of absences."""
    lines = ["Enhet;Klass;Elev;Dag;Från;Till;Ämne;Giltig (min);Ogiltig (min)"]
    lines += [";".join(map(str, row)) for row in rows]
    above = f"Period: {period}\n" if period else ""
    path = folder / f"franvaro_{at}.csv"
    path.write_text(above + "\n".join(lines) + end, encoding="utf-8")
    return path


def timetable_file(
    folder: Path, rows: Iterable[tuple[object, ...]], *, at: str = "20260901T0500"
) -> Path:
    """Write a file of a timetable."""
    lines = ["Enhet;Klass;Elev;Lektionsdag;Börjar;Slutar;Ämne"]
    lines += [";".join(map(str, row)) for row in rows]
    path = folder / f"schema_{at}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
