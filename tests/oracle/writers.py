"""Rows → the files of docs/inputs-lessons.md, sections 1 and 3, as a school system exports them.

Here: the columns, the names and one file a school and export time. Not here: what goes wrong
with real files (encodings, half-written files): other tests have those.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.oracle.identities import with_hyphen
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.sums import SumRow

# By its header the file is one of a system whose layout says that end dates are exclusive.
EXCLUSIVE_END = "Utskriven från och med"
SCHOOL_NAMES = ("Exempelskolan Å", "Provskolan Ä", "Testskolan Ö")


@dataclass(frozen=True)
class Dialect:
    """What one school's system puts in its files: which optional columns, and which habits."""

    has_lesson_ids: bool = True
    # The id is the timetable slot's: the same every week.
    has_slot_ids: bool = False
    has_mentor: bool = True
    has_protection: bool = True
    has_other: bool = True
    has_cancelled: bool = True
    writes_hyphen: bool = True
    # An end date in the roster is the day after the last one, under a header of its own.
    has_exclusive_ends: bool = False
    # The row says "Ja" and leaves the minutes empty: that too means unreported.
    says_yes_when_empty: bool = False


EVERY_COLUMN = Dialect()


def school_name(school_unit_code: str) -> str:
    """A made-up name; never part of a path."""
    return SCHOOL_NAMES[int(school_unit_code) % len(SCHOOL_NAMES)]


def sums_file_name(school_unit_code: str, exported_at: datetime) -> str:
    return f"manadssummor_{school_unit_code}_{exported_at:%Y%m%dT%H%M}.csv"


def lesson_file_name(school_unit_code: str, exported_at: datetime) -> str:
    return f"lektionsfranvaro_{school_unit_code}_{exported_at:%Y%m%dT%H%M}.csv"


def roster_file_name(school_unit_code: str, exported_at: datetime) -> str:
    return f"elever_{school_unit_code}_{exported_at:%Y%m%dT%H%M}.csv"


def write_lesson_csv(
    rows: Sequence[LessonRow], path: Path, dialect: Dialect = EVERY_COLUMN
) -> Path:
    """One export of lesson absence. Raises ValueError when the dialect cannot say what a row is."""
    _refuse_what_cannot_be_said(rows, dialect)
    _write([_lesson_cells(row, dialect) for row in rows], path)
    return path


def write_roster_csv(
    rows: Sequence[RosterRow], path: Path, dialect: Dialect = EVERY_COLUMN
) -> Path:
    """One export of the roster."""
    _write([_roster_cells(row, dialect) for row in rows], path)
    return path


def write_sums_csv(rows: Sequence[SumRow], path: Path, dialect: Dialect = EVERY_COLUMN) -> Path:
    """One report of sums per pupil and month; the school unit stands in the file's name only."""
    _write([_sum_cells(row, dialect) for row in rows], path)
    return path


def write_schools_csv(school_unit_codes: Iterable[str], path: Path) -> Path:
    """The register of school units that the exports come from."""
    cells = [
        {
            "Skolenhetskod": code,
            "Skola": school_name(code),
            "Stadsdelsområde": "Farsta",
            "Rektor": "Rektor Test",
            "Rektor e-post": f"rektor.{code}@example.org",
        }
        for code in school_unit_codes
    ]
    _write(cells, path)
    return path


def _lesson_cells(row: LessonRow, dialect: Dialect) -> dict[str, str]:
    minutes = (row.present_minutes, row.valid_minutes, row.invalid_minutes, row.other_minutes)
    is_empty = all(m is None for m in minutes)
    says_reported = row.is_reported or (is_empty and dialect.says_yes_when_empty)
    end = row.start + timedelta(minutes=row.scheduled_minutes)
    cells = {
        "Skolenhetskod": row.school_unit_code,
        "Skola": school_name(row.school_unit_code),
        "Klass": row.school_class,
        "Årskurs": _number(row.grade),
        "Personnummer": _identity(row.civic_no, dialect),
        "Förnamn": "Test",
        "Efternamn": f"Elev{row.civic_no[4:]}",
        "Datum": f"{row.start:%Y-%m-%d}",
        "Starttid": f"{row.start:%H:%M}",
        "Sluttid": f"{end:%H:%M}",
        "Ämne": row.subject,
        "Lektionslängd (min)": str(row.scheduled_minutes),
        "Närvaro (min)": _number(row.present_minutes),
        "Giltig frånvaro (min)": _number(row.valid_minutes),
        "Ogiltig frånvaro (min)": _number(row.invalid_minutes),
        "Frånvaroanledning": "Sjuk" if row.valid_minutes else "",
        "Rapporterad": "Ja" if says_reported else "Nej",
    }
    optional = {
        "Mentor": (dialect.has_mentor, row.mentor),
        "Skyddad identitet": (dialect.has_protection, _protection(row.is_protected)),
        "Annat skoluppdrag (min)": (dialect.has_other, _number(row.other_minutes)),
        "Inställd": (dialect.has_cancelled, "Ja" if row.is_cancelled else "Nej"),
        "Lektions-id": (dialect.has_lesson_ids, row.lesson_id or ""),
    }
    return cells | {name: value for name, (is_there, value) in optional.items() if is_there}


def _sum_cells(row: SumRow, dialect: Dialect) -> dict[str, str]:
    present = row.reported - row.valid - row.invalid
    cells = {
        "Klass": row.school_class,
        "Årskurs": _number(row.grade),
        "Personnummer": _identity(row.civic_no, dialect),
        "Förnamn": "Test",
        "Efternamn": f"Elev{row.civic_no[4:]}",
        "Mentor": row.mentor,
        "Månad": f"{row.first:%Y-%m}",
        "Undv. tid": str(row.scheduled),
        "Lekt.": str(row.scheduled // 60),
        "N min": str(present),
        "GF min": str(row.valid),
        "F min": str(row.invalid),
        "F %": "12,5",
    }
    if dialect.has_protection:
        cells["Skyddad identitet"] = _protection(row.is_protected)
    return cells


def _roster_cells(row: RosterRow, dialect: Dialect) -> dict[str, str]:
    if row.is_end_exclusive != dialect.has_exclusive_ends:
        raise ValueError(f"the end date of another dialect: {row}")
    end = EXCLUSIVE_END if dialect.has_exclusive_ends else "Slutdatum"
    return {
        "Personnummer": _identity(row.civic_no, dialect),
        "Förnamn": "Test",
        "Efternamn": f"Elev{row.civic_no[4:]}",
        "Kön": "Okänt",
        "Skolenhetskod": row.school_unit_code,
        "Klass": row.school_class,
        "Årskurs": _number(row.grade),
        "Mentor": row.mentor,
        "Mentor e-post": "",
        "Startdatum": row.start_date.isoformat() if row.start_date else "",
        end: row.end_date.isoformat() if row.end_date else "",
        "Skyddad identitet": _protection(row.is_protected),
    }


def _refuse_what_cannot_be_said(rows: Iterable[LessonRow], dialect: Dialect) -> None:
    for row in rows:
        unsaid = [
            (row.mentor, dialect.has_mentor, "Mentor"),
            (row.is_protected, dialect.has_protection, "Skyddad identitet"),
            (row.other_minutes, dialect.has_other, "Annat skoluppdrag"),
            (row.is_cancelled, dialect.has_cancelled, "Inställd"),
            (row.lesson_id, dialect.has_lesson_ids, "Lektions-id"),
        ]
        lost = [name for value, has_column, name in unsaid if value and not has_column]
        if lost:
            raise ValueError(f"no column for {lost} in this dialect: {row}")


def _identity(civic_no: str, dialect: Dialect) -> str:
    return with_hyphen(civic_no) if dialect.writes_hyphen else civic_no


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _protection(is_protected: bool) -> str:
    return "Sekretessmarkering" if is_protected else "Ingen"


def _write(cells: list[dict[str, str]], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(cells[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(cells)
