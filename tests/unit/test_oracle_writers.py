"""The oracle's files have the columns of docs/inputs-lessons.md and nothing is lost on the way."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.writers import (
    Dialect,
    lesson_file_name,
    roster_file_name,
    write_lesson_csv,
    write_roster_csv,
    write_schools_csv,
)

EXPORTED = datetime(2026, 11, 1, 4, 5)  # noqa: DTZ001 - local time, as in the files' names
LESSON = LessonRow(
    civic_no="201203149800",
    school_unit_code="99999901",
    school_class="8A",
    grade=8,
    mentor="Mo Mentor",
    subject="MA",
    lesson_id="L-1",
    start=datetime(2026, 10, 5, 8, 20),  # noqa: DTZ001 - local time
    scheduled_minutes=60,
    present_minutes=40,
    valid_minutes=0,
    invalid_minutes=15,
    other_minutes=5,
    is_reported=True,
    is_cancelled=False,
    is_protected=True,
    exported_at=EXPORTED,
)
SPELL = RosterRow(
    civic_no="20130101TF01",
    school_unit_code="99999901",
    school_class="7B",
    grade=None,
    mentor="",
    start_date=date(2026, 8, 17),
    end_date=None,
    is_protected=False,
    exported_at=EXPORTED,
)
EMPTY: dict[str, Any] = {
    "present_minutes": None,
    "valid_minutes": None,
    "invalid_minutes": None,
    "other_minutes": None,
}
COLUMNS = (
    "Skolenhetskod;Skola;Klass;Årskurs;Personnummer;Förnamn;Efternamn;Datum;Starttid;Sluttid;Ämne;"
    "Lektionslängd (min);Närvaro (min);Giltig frånvaro (min);Ogiltig frånvaro (min);"
    "Frånvaroanledning;Rapporterad"
)


def cells_of(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.DictReader(file, delimiter=";"))


def test_a_lesson_file_has_the_columns_of_the_format(tmp_path: Path) -> None:
    bare = Dialect(
        has_lesson_ids=False,
        has_mentor=False,
        has_protection=False,
        has_other=False,
        has_cancelled=False,
    )
    row = replace(LESSON, mentor="", lesson_id=None, is_protected=False, other_minutes=None)
    path = write_lesson_csv([row], tmp_path / "a.csv", bare)

    assert path.read_text(encoding="utf-8-sig").splitlines()[0] == COLUMNS


def test_a_lesson_is_written_in_full(tmp_path: Path) -> None:
    cells = cells_of(write_lesson_csv([LESSON], tmp_path / "a.csv"))

    assert cells["Personnummer"] == "20120314-9800"
    assert (cells["Datum"], cells["Starttid"], cells["Sluttid"]) == ("2026-10-05", "08:20", "09:20")
    assert cells["Ogiltig frånvaro (min)"] == "15"
    assert cells["Annat skoluppdrag (min)"] == "5"
    assert (cells["Rapporterad"], cells["Inställd"]) == ("Ja", "Nej")
    assert cells["Skyddad identitet"] == "Sekretessmarkering"
    assert (cells["Mentor"], cells["Lektions-id"]) == ("Mo Mentor", "L-1")


def test_an_unreported_lesson_has_no_minutes(tmp_path: Path) -> None:
    row = replace(LESSON, is_reported=False, **EMPTY)
    cells = cells_of(write_lesson_csv([row], tmp_path / "a.csv"))

    assert (cells["Rapporterad"], cells["Närvaro (min)"]) == ("Nej", "")


def test_some_systems_say_yes_and_leave_the_minutes_empty(tmp_path: Path) -> None:
    row = replace(LESSON, is_reported=False, **EMPTY)
    cells = cells_of(write_lesson_csv([row], tmp_path / "a.csv", Dialect(says_yes_when_empty=True)))

    assert (cells["Rapporterad"], cells["Närvaro (min)"]) == ("Ja", "")


def test_what_a_file_cannot_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Skyddad identitet"):
        write_lesson_csv([LESSON], tmp_path / "a.csv", Dialect(has_protection=False))


def test_a_roster_row_leaves_open_what_is_open(tmp_path: Path) -> None:
    cells = cells_of(write_roster_csv([SPELL], tmp_path / "a.csv"))

    assert cells["Personnummer"] == "20130101-TF01"
    assert (cells["Startdatum"], cells["Slutdatum"], cells["Årskurs"]) == ("2026-08-17", "", "")
    assert cells["Skyddad identitet"] == "Ingen"


def test_an_exclusive_end_stands_under_a_header_of_its_own(tmp_path: Path) -> None:
    spell = replace(SPELL, end_date=date(2026, 10, 6), is_end_exclusive=True)
    exclusive = Dialect(has_exclusive_ends=True)
    cells = cells_of(write_roster_csv([spell], tmp_path / "a.csv", exclusive))

    assert cells["Utskriven från och med"] == "2026-10-06"
    assert "Slutdatum" not in cells
    assert [spell.is_valid_on(date(2026, 10, day)) for day in (5, 6)] == [True, False]
    with pytest.raises(ValueError, match="another dialect"):
        write_roster_csv([spell], tmp_path / "a.csv")


def test_the_register_names_every_school(tmp_path: Path) -> None:
    path = write_schools_csv(["99999901", "99999902"], tmp_path / "a.csv")

    assert [x.split(";")[0] for x in path.read_text(encoding="utf-8-sig").splitlines()] == [
        "Skolenhetskod",
        "99999901",
        "99999902",
    ]


def test_the_export_time_is_in_the_name() -> None:
    assert lesson_file_name("99999901", EXPORTED) == "lektionsfranvaro_99999901_20261101T0405.csv"
    assert roster_file_name("99999901", EXPORTED) == "elever_99999901_20261101T0405.csv"
