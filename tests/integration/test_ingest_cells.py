"""What each cell may hold, and what becomes of its row: taken, taken with a warning, refused.

Every case is in two files: alone with a good row, which the bulk reader may take, and beside a
refused row, which sends the file row by row. Both must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ledger.outcomes import FileReport
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.ingest_files import BAD, EVERY, lesson, offer, put, text_of

Cells = dict[str, object]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


#: What the case row says, and what is stored of it; or the problem that refuses it.
TAKEN: dict[str, tuple[Cells, dict[str, Any]]] = {
    # Minutes.
    "whole minutes": ({"valid": "20", "present": "25"}, {"valid_minutes": 20}),
    "minutes with a comma": ({"valid": "20,0", "present": "25"}, {"valid_minutes": 20}),
    "minutes with a point": ({"valid": "20.00", "present": "25"}, {"valid_minutes": 20}),
    "minutes with a zero first": ({"valid": "020", "present": "25"}, {"valid_minutes": 20}),
    "minutes with blanks": ({"valid": " 20 ", "present": "25"}, {"valid_minutes": 20}),
    "a dash for zero": ({"valid": "-"}, {"valid_minutes": 0}),
    "a long dash for zero": ({"valid": "–"}, {"valid_minutes": 0}),
    "nothing for zero": ({"valid": ""}, {"valid_minutes": 0}),
    "minus zero": ({"valid": "-0"}, {"valid_minutes": 0}),
    "absent for the whole lesson": (
        {"valid": "30", "invalid": "30", "present": "0"},
        {"valid_minutes": 30, "invalid_minutes": 30},
    ),
    "another activity": (
        {"other": "60", "present": "0", "invalid": "0"},
        {"other_minutes": 60, "is_reported": True},
    ),
    "a lesson of one minute": (
        {"length": "1", "present": "1", "invalid": "0"},
        {"scheduled_minutes": 1},
    ),
    "a lesson of 600 minutes": ({"length": "600", "present": "585"}, {"scheduled_minutes": 600}),
    "no length, but start and end": (
        {"length": "", "end": "09:30", "present": "55"},
        {"scheduled_minutes": 70},
    ),
    "no length, over midnight": (
        {"length": "", "start": "23:30", "end": "00:30"},
        {"scheduled_minutes": 60, "starts_at": at("2026-10-05 23:30")},
    ),
    "no length, to midnight": (
        {"length": "", "start": "23:00", "end": "24:00"},
        {"scheduled_minutes": 60},
    ),
    "a length beside another end": (
        {"length": "50", "end": "11:00", "present": "35"},
        {"scheduled_minutes": 50},
    ),
    # Dates and times.
    "a date without dashes": ({"date": "20261005"}, {"starts_at": at("2026-10-05 08:20")}),
    "a date with slashes": ({"date": "2026/10/05"}, {"starts_at": at("2026-10-05 08:20")}),
    "a date of a sheet": ({"date": "2026-10-05 00:00:00"}, {"starts_at": at("2026-10-05 08:20")}),
    "a leap day": ({"date": "2024-02-29"}, {"starts_at": at("2024-02-29 08:20")}),
    "a time of one digit": ({"start": "8:20"}, {"starts_at": at("2026-10-05 08:20")}),
    "a time with a point": ({"start": "8.20"}, {"starts_at": at("2026-10-05 08:20")}),
    "a time of four digits": ({"start": "0820"}, {"starts_at": at("2026-10-05 08:20")}),
    "a time with seconds": ({"start": "08:20:00"}, {"starts_at": at("2026-10-05 08:20")}),
    "a time as a fraction of a day": ({"start": "0.347222"}, {"starts_at": at("2026-10-05 08:20")}),
    "noon as a fraction": ({"start": "0,5"}, {"starts_at": at("2026-10-05 12:00")}),
    "a time with blanks": ({"start": " 8:20"}, {"starts_at": at("2026-10-05 08:20")}),
    "midnight": ({"start": "00:00"}, {"starts_at": at("2026-10-05 00:00")}),
    # Who and where.
    "förskoleklass by letter": ({"grade": "F"}, {"grade": 0}),
    "förskoleklass by number": ({"grade": "0"}, {"grade": 0}),
    "förskoleklass by word": ({"grade": "FSK"}, {"grade": 0}),
    "a grade in words": ({"grade": "Åk 8"}, {"grade": 8}),
    **{
        f"förskoleklass as {word}": ({"grade": word}, {"grade": 0})
        for word in ("F-klass", "Fklass", "FKL", "0-klass", "Förskoleklass", "fsk")
    },
    **{
        f"a grade as {word!r}": ({"grade": word}, {"grade": grade})
        for word, grade in {
            "åk8": 8,
            "Åk 4": 4,
            "ÅR 5": 5,
            "9 ": 9,
            "årskurs 6": 6,
            "08": 8,
            "8.0": 8,
            "\u200b7\u2060": 7,
        }.items()
    },
    "a class with invisible signs": ({"class": "8\u200dA\u200e"}, {"class_name": "8A"}),
    "a class with a hard blank": ({"class": "8\xa0A"}, {"class_name": "8 A"}),
    "a subject with invisible signs": ({"subject": "M\u2060A\u200f"}, {"subject": "MA"}),
    "no grade": ({"grade": ""}, {"grade": None}),
    "a civic number without dash": ({"civic": "201203149800"}, {}),
    "a civic number out of a sheet": ({"civic": "201203149800.0"}, {}),
    "a civic number with blanks": ({"civic": " 20120314 9800 "}, {}),
    "a coordination number": ({"civic": "20120374-9807"}, {}),
    "a temporary number": ({"civic": "20130101-TF01"}, {}),
    "a temporary number without dash": ({"civic": "20130101TF01"}, {}),
    "a temporary number of 10 characters": ({"civic": "130101-TF01"}, {}),
    "a temporary number T": ({"civic": "20130101-T123"}, {}),
    "a temporary number T, without dash": ({"civic": "20130101t123"}, {}),
    "a temporary number P": ({"civic": "20130101-P123"}, {}),
    "a civic number with invisible signs": (
        {"civic": "\u202a2012\u200d0314\u2011\u200e98\u206000\u202c"},
        {},
    ),
    "a civic number with a long dash": ({"civic": "20120314–9800"}, {}),
    "a temporary number in small letters": ({"civic": "20130101-tf01"}, {}),
    # Reported, cancelled, protected.
    "reported: x": ({"reported": "x"}, {"is_reported": True}),
    "reported: ja": ({"reported": "ja"}, {"is_reported": True}),
    "reported: 1": ({"reported": "1"}, {"is_reported": True}),
    "reported: nothing": ({"reported": ""}, {"is_reported": True}),
    "not reported, no minutes": (
        {"reported": "Nej", "present": "", "invalid": "", "valid": ""},
        {"is_reported": False, "valid_minutes": 0, "invalid_minutes": 0},
    ),
    "reported, but no minutes at all": (
        {"reported": "Ja", "present": "", "invalid": "", "valid": ""},
        {"is_reported": False},
    ),
    "reported: 0": (
        {"reported": "0", "present": "", "invalid": "", "valid": ""},
        {"is_reported": False},
    ),
    "cancelled": ({"cancelled": "Ja"}, {"is_cancelled": True}),
    "cancelled: nothing": ({"cancelled": ""}, {"is_cancelled": False}),
    # Texts.
    "no subject": ({"subject": ""}, {"subject": ""}),
    "a subject with blanks": ({"subject": " MA 2b "}, {"subject": "MA 2b"}),
    "SQL as a subject": (
        {"subject": "'); DROP TABLE lessons; --"},
        {"subject": "'); DROP TABLE lessons; --"},
    ),
    "NULL as a subject": ({"subject": "NULL"}, {"subject": "NULL"}),
    "no lesson id but blanks": ({"lesson_id": "  "}, {"lesson_id": None}),
    "a lesson id": ({"lesson_id": " L-1 "}, {}),
}
WARNED: dict[str, tuple[Cells, dict[str, Any], str]] = {
    "a sheet's day number": (
        {"date": "46300"},
        {"starts_at": at("2026-10-05 08:20")},
        "lesson_date.serial_number",
    ),
    "presence and absence short of the lesson": (
        {"present": "20"},
        {"scheduled_minutes": 60, "invalid_minutes": 15},
        "present_minutes.sum_differs",
    ),
    "presence and absence above the lesson": (
        {"present": "60"},
        {"invalid_minutes": 15},
        "present_minutes.sum_differs",
    ),
    "not reported, but with minutes": (
        {"reported": "Nej"},
        {"is_reported": False, "invalid_minutes": 0},
        "reported.no_but_minutes",
    ),
    "grade 10": ({"grade": "10"}, {"grade": None}, "grade.unreadable"),
    "two letters after a grade": ({"grade": "8AB"}, {"grade": None}, "grade.unreadable"),
    "a class as a grade": ({"grade": "7A"}, {"grade": 7}, "grade.letter_left_over"),
    "a class as a grade, in words": ({"grade": "åk 7b"}, {"grade": 7}, "grade.letter_left_over"),
    "a class that a sheet made a number": (
        {"class": "8.0"},
        {"class_name": "8.0"},
        "class_name.spreadsheet",
    ),
    "a class that a sheet made a day": (
        {"class": "1 maj"},
        {"class_name": "1 maj"},
        "class_name.spreadsheet",
    ),
    "a class that a sheet made a date": (
        {"class": "2026-05-08"},
        {"class_name": "2026-05-08"},
        "class_name.spreadsheet",
    ),
    "protected: ingen in small letters": ({"protected": "ingen"}, {}, "protected.unknown_value"),
    "protected: mis-spelt": ({"protected": "Sekretesmarkering"}, {}, "protected.unknown_value"),
}
REFUSED: dict[str, tuple[Cells, str]] = {
    "140 % absence": ({"valid": "84"}, "valid_minutes.above_length"),
    "absences that add up to more": (
        {"valid": "30", "invalid": "31"},
        "valid_minutes.above_length",
    ),
    "negative minutes": ({"invalid": "-5"}, "invalid_minutes.negative"),
    "negative presence": ({"present": "-5"}, "present_minutes.negative"),
    "half minutes": ({"valid": "7,5"}, "valid_minutes.unreadable"),
    "half minutes with a point": ({"valid": "7.5"}, "valid_minutes.unreadable"),
    "a power of ten": ({"valid": "1e1"}, "valid_minutes.unreadable"),
    "an underscore": ({"valid": "1_0"}, "valid_minutes.unreadable"),
    "a plus": ({"valid": "+10"}, "valid_minutes.unreadable"),
    "a hexadecimal": ({"valid": "0x1"}, "valid_minutes.unreadable"),
    "digits of another script": ({"valid": "١٢"}, "valid_minutes.unreadable"),
    "a unit": ({"valid": "10 min"}, "valid_minutes.unreadable"),
    "a thousand and more minutes": ({"length": "1 234"}, "scheduled_minutes.out_of_range"),
    "minutes beyond any number": (
        {"length": "999 999 999 999"},
        "scheduled_minutes.unreadable",
    ),
    "forty digits": ({"length": "9" * 40}, "scheduled_minutes.unreadable"),
    "a lesson of no length": ({"length": "0"}, "scheduled_minutes.out_of_range"),
    "a dash as length": ({"length": "-"}, "scheduled_minutes.out_of_range"),
    "a lesson of 601 minutes": ({"length": "601"}, "scheduled_minutes.out_of_range"),
    "no length, no end": ({"length": "", "end": ""}, "scheduled_minutes.missing"),
    "no length, end at the start": (
        {"length": "", "end": "08:20"},
        "scheduled_minutes.out_of_range",
    ),
    "no length, unreadable end": ({"length": "", "end": "sen"}, "scheduled_minutes.missing"),
    "no date": ({"date": ""}, "lesson_date.missing"),
    "30 February": ({"date": "2026-02-30"}, "lesson_date.unreadable"),
    "month 13": ({"date": "2026-13-01"}, "lesson_date.unreadable"),
    "a day of one digit": ({"date": "2026-10-5"}, "lesson_date.unreadable"),
    "a day of one digit and a blank": ({"date": "2026-10-5 "}, "lesson_date.unreadable"),
    "1926": ({"date": "1926-10-05"}, "lesson_date.unreadable"),
    "2100": ({"date": "2100-01-01"}, "lesson_date.unreadable"),
    "day number of 1999": ({"date": "36525"}, "lesson_date.unreadable"),
    "day number of 2100": ({"date": "73051"}, "lesson_date.unreadable"),
    "a day first": ({"date": "05/10/2026"}, "lesson_date.unreadable"),
    "a date with a time": ({"date": "2026-10-05 08:20:00"}, "lesson_date.unreadable"),
    "no start": ({"start": ""}, "start_time.missing"),
    "24:00": ({"start": "24:00"}, "start_time.unreadable"),
    "24.00": ({"start": "24.00"}, "start_time.unreadable"),
    "2400": ({"start": "2400"}, "start_time.unreadable"),
    "25:00": ({"start": "25:00"}, "start_time.unreadable"),
    "08:60": ({"start": "08:60"}, "start_time.unreadable"),
    "no hour but 0": ({"start": "0"}, "start_time.unreadable"),
    "a fraction of a day that is no minute": ({"start": "0.345"}, "start_time.unreadable"),
    "a time of three digits": ({"start": "820"}, "start_time.unreadable"),
    "a time with half minutes": ({"start": "08:20:30"}, "start_time.unreadable"),
    "no school": ({"school": ""}, "school_unit_code.missing"),
    "a school of nine digits": ({"school": "999999011"}, "school_unit_code.unreadable"),
    "a school of letters": ({"school": "EXEMPEL1"}, "school_unit_code.unreadable"),
    "no civic number": ({"civic": ""}, "civic_no.missing"),
    "a wrong check digit": ({"civic": "20120314-9801"}, "civic_no.check_digit"),
    "a day that is none": ({"civic": "20120231-9800"}, "civic_no.no_such_date"),
    "ten digits": ({"civic": "120314-9800"}, "civic_no.two_digit_year"),
    "a number that a sheet cut": ({"civic": "2,01203E+11"}, "civic_no.spreadsheet_damage"),
    "a temporary number of 10 characters, of nobody of school age": (
        {"civic": "990101-TF01"},
        "civic_no.two_digit_year",
    ),
    "a temporary number of somebody over a hundred": (
        {"civic": "130101+TF01"},
        "civic_no.two_digit_year",
    ),
    "three letters after the date": ({"civic": "20130101-TFA1"}, "civic_no.unreadable"),
    "a temporary number of no day": ({"civic": "20130231-TF01"}, "civic_no.no_such_date"),
    "a name as civic number": ({"civic": "Öberg"}, "civic_no.unreadable"),
    "digits of another script as civic number": ({"civic": "٢٠١٢٠٣١٤٩٨٠٠"}, "civic_no.unreadable"),
    "thirteen digits": ({"civic": "2012031498001"}, "civic_no.unreadable"),
    "reported: Kanske": ({"reported": "Kanske"}, "reported.unreadable"),
    "cancelled: Kanske": ({"cancelled": "Kanske"}, "cancelled.unreadable"),
}
CASES: dict[str, Cells] = (
    {name: cells for name, (cells, _) in TAKEN.items()}
    | {name: cells for name, (cells, _, _) in WARNED.items()}
    | {name: cells for name, (cells, _) in REFUSED.items()}
)
_STORED = (
    "scheduled_minutes", "valid_minutes", "invalid_minutes", "other_minutes", "is_reported",
    "is_cancelled", "starts_at", "grade", "class_name", "subject", "lesson_id", "pupil_key",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What became of the case's row, which is on line 2."""

    report: FileReport
    stored: list[dict[str, Any]]

    @property
    def problem(self) -> str | None:
        found = [p.code for p in self.report.problems if p.is_rejection and p.line_number == 2]
        return found[0] if found else None

    @property
    def warnings(self) -> list[str]:
        return [p.code for p in self.report.problems if not p.is_rejection]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Told]:
    """Every case, in a file that could be read in bulk and in one that can't."""
    folder = tmp_path_factory.mktemp("cells")
    keys, paths = [], []
    for number, (name, has_bad_row) in enumerate((n, bad) for n in CASES for bad in (False, True)):
        # The other rows are of another day, so that only the case can meet them in no way.
        rows = [lesson(7, date="2026-10-08")] + [lesson(8, **BAD)] * has_bad_row
        case = lesson(start="08:20", civic="20120314-9800", valid="0", invalid="15", present="45")
        school = {"school": f"{91000000 + number}"}
        text = text_of([case | school | CASES[name], *(row | school for row in rows)], EVERY)
        text = text.replace("L-1", f"L-{number}")
        paths.append(put(folder / "in", f"{number}.csv", text))
        keys.append((name, has_bad_row))
    with Lake.open(settings_of(folder / "home")) as lake:
        reports = offer(lake, *paths)
        rows_of_file: dict[int, list[dict[str, Any]]] = {}
        for file_id, *row in lake.rows(
            f"SELECT file_id, {', '.join(_STORED)} FROM lessons WHERE lesson_date <> '2026-10-08'"
        ):
            row_of_case = dict(zip(_STORED, row, strict=True))
            rows_of_file.setdefault(file_id, []).append(row_of_case)
    found = [Told(report, rows_of_file.get(report.file_id, [])) for report in reports]
    return dict(zip(keys, found, strict=True))


both_ways = pytest.mark.parametrize("by_row", [False, True], ids=["alone", "beside a bad row"])


@both_ways
@pytest.mark.parametrize("name", TAKEN)
def test_a_row_is_taken(shown: dict[tuple[str, bool], Told], name: str, by_row: bool) -> None:
    found = shown[name, by_row]
    assert (found.problem, found.warnings) == (None, [])
    (stored,) = found.stored
    assert {column: stored[column] for column in TAKEN[name][1]} == TAKEN[name][1]


@both_ways
@pytest.mark.parametrize("name", WARNED)
def test_a_row_is_taken_and_warned_of(
    shown: dict[tuple[str, bool], Told], name: str, by_row: bool
) -> None:
    found, (_, expected, warning) = shown[name, by_row], WARNED[name]
    assert (found.problem, found.warnings) == (None, [warning])
    assert found.report.rows_warned == 1
    (stored,) = found.stored
    assert {column: stored[column] for column in expected} == expected


@both_ways
@pytest.mark.parametrize("name", REFUSED)
def test_a_row_is_refused(shown: dict[tuple[str, bool], Told], name: str, by_row: bool) -> None:
    found = shown[name, by_row]
    assert found.problem == REFUSED[name][1]
    assert found.stored == []
    # The school is not blocked: its other row is there.
    assert found.report.rows_accepted == 1
    assert found.report.rows_rejected == 1 + by_row


def test_a_refusal_says_line_column_finding_and_expectation(
    shown: dict[tuple[str, bool], Told],
) -> None:
    report = shown["24:00", False].report
    assert report.reason == (
        "1 of 2 rows were refused; the first: line 2, start_time: the cell can't be read; "
        "found '24:00', expected a time such as 08:20"
    )
    said = shown["reported: Kanske", False].report.problems[0].in_words()
    assert said == ("line 2, reported: the cell can't be read; found 'Kanske', expected Ja or Nej")


def test_the_same_pupil_is_the_same_however_the_number_is_written(
    shown: dict[tuple[str, bool], Told],
) -> None:
    written = (
        "a civic number without dash",
        "a civic number out of a sheet",
        "a civic number with invisible signs",
        "a civic number with a long dash",
        "whole minutes",
    )
    keys = {
        shown[name, by_row].stored[0]["pupil_key"] for name in written for by_row in (True, False)
    }
    assert len(keys) == 1
    temporary = (
        "a temporary number",
        "a temporary number in small letters",
        "a temporary number without dash",
        "a temporary number of 10 characters",
    )
    keys = {
        shown[name, by_row].stored[0]["pupil_key"] for name in temporary for by_row in (True, False)
    }
    assert len(keys) == 1
    other = ("a temporary number T", "a temporary number T, without dash", "a temporary number P")
    keys = {shown[name, False].stored[0]["pupil_key"] for name in other}
    assert len(keys) == 2


def test_a_lost_zero_is_put_back_into_a_school_unit_code(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(n, school="1234567") for n in range(2)]
    (report,) = offer(lake, put(tmp_path, "a.csv", text_of(rows)))
    assert [p.code for p in report.problems] == ["school_unit_code.zeros_restored"]
    assert lake.rows("SELECT DISTINCT school_unit_code FROM lessons") == [("01234567",)]
