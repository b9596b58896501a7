"""Absences without presence, and the timetable that they are absences from: what follows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import taken_files
from assets.exports.ledger.outcomes import FileReport
from assets.exports.revoke import revoke_file
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from rules.registry import rule_set_on
from tests.integration.ingest_files import USUAL, put, text_of
from tests.integration.joined_files import (
    ABSENCES,
    TIMETABLE,
    absence,
    absences_file,
    layouts,
    planned,
    timetable_file,
)

WEEK = [f"2026-10-{day:02d}" for day in range(5, 10)]


def stored(lake: Lake) -> list[tuple[str, int, int, int, bool]]:
    """Return start, length, valid, invalid and whether reported, of all lessons."""
    return lake.rows(
        "SELECT strftime(starts_at, '%d %H:%M'), scheduled_minutes, valid_minutes, "
        "invalid_minutes, is_reported FROM lessons ORDER BY pupil_key, starts_at, subject"
    )


def take(lake: Lake, *paths: Path) -> list[FileReport]:
    return ingest_paths(lake, paths, layouts=layouts())


def test_absences_without_a_timetable_are_lessons_that_nobody_reported(
    lake: Lake, tmp_path: Path
) -> None:
    (report,) = take(lake, absences_file(tmp_path, [absence(date=day) for day in WEEK]))
    assert report.rows_read == report.rows_accepted == 5
    assert [row[1:] for row in stored(lake)] == [(60, 0, 0, False)] * 5
    assert "5 as not reported" in str(report.reason)


def test_lessons_without_a_row_were_attended_once_absences_have_come(
    lake: Lake, tmp_path: Path
) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    assert [row[4] for row in stored(lake)] == [False] * 5
    (report,) = take(lake, absences_file(tmp_path, [absence(date=WEEK[1], invalid=15)]))
    assert [row[1:] for row in stored(lake)] == [
        (60, 0, 15 if day == WEEK[1] else 0, True) for day in WEEK
    ]
    assert report.reason is None


def test_the_timetable_may_come_after_the_absences(lake: Lake, tmp_path: Path) -> None:
    take(lake, absences_file(tmp_path, [absence(date=WEEK[1])]))
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    assert [(row[3], row[4]) for row in stored(lake)] == [
        (60 if day == WEEK[1] else 0, True) for day in WEEK
    ]


def test_a_file_that_does_not_say_its_days_makes_nobody_present(lake: Lake, tmp_path: Path) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    (report,) = take(lake, absences_file(tmp_path, [absence(date=WEEK[1])], period=""))
    assert [row[4] for row in stored(lake)] == [day == WEEK[1] for day in WEEK]
    assert "does not say of which days it speaks" in str(report.reason)


def test_days_outside_the_period_stay_unreported(lake: Lake, tmp_path: Path) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    take(lake, absences_file(tmp_path, [absence(date=WEEK[1])], period=f"{WEEK[0]} – {WEEK[2]}"))
    assert [row[4] for row in stored(lake)] == [True, True, True, False, False]


def test_of_lessons_that_end_after_the_export_a_file_says_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    take(lake, absences_file(tmp_path, [absence(date=WEEK[1])], at="20261008T0900"))
    assert [row[4] for row in stored(lake)] == [True, True, True, False, False]


def test_a_file_that_was_cut_makes_nobody_present(lake: Lake, tmp_path: Path) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    (report,) = take(lake, absences_file(tmp_path, [absence(date=WEEK[1])], end=""))
    assert [row[4] for row in stored(lake)] == [day == WEEK[1] for day in WEEK]
    assert "no line end" in str(report.reason)


def test_other_schools_stay_unreported(lake: Lake, tmp_path: Path) -> None:
    there = planned(1, school="99999902")
    take(lake, timetable_file(tmp_path, [planned(), planned(2, class_name="9B"), there]))
    take(lake, absences_file(tmp_path, [absence()]))
    found = dict(
        lake.rows("SELECT school_unit_code, bool_and(is_reported) FROM lessons GROUP BY ALL")
    )
    assert found == {"99999901": True, "99999902": False}


def test_a_file_of_classes_speaks_of_the_classes_in_it(lake: Lake, tmp_path: Path) -> None:
    by_class = layouts(ABSENCES.replace("each: school_unit", "each: class"))
    table = timetable_file(tmp_path, [planned(), planned(1), planned(2, class_name="9B")])
    ingest_paths(lake, [table, absences_file(tmp_path, [absence(1)])], layouts=by_class)
    found = dict(lake.rows("SELECT class_name, bool_and(is_reported) FROM lessons GROUP BY 1"))
    assert found == {"8A": True, "9B": False}


@pytest.mark.parametrize(
    ("row", "unclear"),
    [
        (absence(date="2026-02-30"), ["08:20", "09:40", "13:00"]),
        (absence(date=WEEK[0], invalid="mycket"), ["08:20"]),
        (absence(date=WEEK[0], start="nio", end="tio"), ["08:20", "09:40", "13:00"]),
        (absence(date=WEEK[0], civic="20120399-9800"), ["08:20"]),
        (absence(date=WEEK[0], invalid=70), ["08:20"]),
    ],
)
def test_whom_a_refused_row_can_mean_is_not_taken_as_present(
    lake: Lake, tmp_path: Path, row: tuple[object, ...], unclear: list[str]
) -> None:
    day = [planned(), planned(start="09:40", end="10:40"), planned(start="13:00", end="14:00")]
    take(lake, timetable_file(tmp_path, day))
    (report,) = take(lake, absences_file(tmp_path, [row, absence(1, date=WEEK[4])]))
    assert (report.rows_read, report.rows_rejected) == (2, 1)
    mine = [row for row in stored(lake) if row[0].startswith("05")]
    assert [start[3:] for start, *_, is_reported in mine if not is_reported] == unclear


def test_a_row_without_shape_that_may_be_a_pupils_makes_nobody_present(
    lake: Lake, tmp_path: Path
) -> None:
    take(lake, timetable_file(tmp_path, [planned(date=day) for day in WEEK]))
    rows = [absence(date=WEEK[1]), absence(1)[:4]]
    (report,) = take(lake, absences_file(tmp_path, rows))
    assert report.rows_rejected == 1
    assert "has not the shape of a row" in str(report.reason)
    assert sum(row[4] for row in stored(lake)) == 1


def test_an_absence_of_some_hours_is_one_from_every_lesson_in_them(
    lake: Lake, tmp_path: Path
) -> None:
    day = [
        planned(),
        planned(start="09:40", end="10:40", subject="SV"),
        planned(start="13:00", end="14:00"),
    ]
    take(lake, timetable_file(tmp_path, day))
    take(lake, absences_file(tmp_path, [absence(end="10:00", invalid=100, subject="")]))
    assert [row[1:] for row in stored(lake)] == [
        (60, 0, 60, True), (60, 0, 20, True), (60, 0, 0, True)
    ]  # fmt: skip


def test_a_part_of_some_hours_leaves_what_it_touches_unclear(lake: Lake, tmp_path: Path) -> None:
    day = [planned(), planned(start="09:40", end="10:40"), planned(start="13:00", end="14:00")]
    take(lake, timetable_file(tmp_path, day))
    take(lake, absences_file(tmp_path, [absence(start="08:30", end="10:00", invalid=50)]))
    assert [row[3:] for row in stored(lake)] == [(0, False), (0, False), (0, True)]


def test_of_two_lessons_at_once_the_subject_tells_which_was_missed(
    lake: Lake, tmp_path: Path
) -> None:
    both = [planned(subject="SV"), planned(subject="SVA")]
    take(lake, timetable_file(tmp_path, both))
    take(lake, absences_file(tmp_path, [absence(subject="sva")]))
    # Nobody is present in one while absent from the other: that would set the absence aside.
    assert [row[3:] for row in stored(lake)] == [(0, False), (60, True)]


def test_an_absence_beside_the_timetable_counts_and_is_named(lake: Lake, tmp_path: Path) -> None:
    take(lake, timetable_file(tmp_path, [planned()]))
    (report,) = take(lake, absences_file(tmp_path, [absence(start="15:00", end="16:00")]))
    assert [row[1:] for row in stored(lake)] == [(60, 0, 0, True), (60, 0, 60, True)]
    assert "1 count as lessons of their own" in str(report.reason)


def test_a_newer_timetable_takes_the_place_of_a_pupils_whole_day(
    lake: Lake, tmp_path: Path
) -> None:
    newer = timetable_file(tmp_path, [planned(start="10:00", end="11:00")], at="20260915T0500")
    older = timetable_file(tmp_path, [planned(), planned(date=WEEK[1])])
    take(lake, absences_file(tmp_path, [absence(date=WEEK[4])]))
    take(lake, newer)
    take(lake, older)
    assert [(row[0], row[4]) for row in stored(lake)] == [
        ("05 10:00", True), ("06 08:20", True), ("09 08:20", False)
    ]  # fmt: skip


def test_a_cancelled_lesson_counts_nowhere_whatever_absences_say(
    lake: Lake, tmp_path: Path
) -> None:
    cancels = TIMETABLE + "  cancelled: {headers: [Status]}\n"
    path = tmp_path / "schema_20260901T0500.csv"
    header = "Enhet;Klass;Elev;Lektionsdag;Börjar;Slutar;Ämne;Status\n"
    path.write_text(header + ";".join(map(str, planned())) + ";Ja\n", encoding="utf-8")
    known = layouts(timetable=cancels)
    ingest_paths(lake, [path, absences_file(tmp_path, [absence()])], layouts=known)
    assert lake.rows("SELECT is_cancelled, is_reported FROM lessons") == [(True, False)]


def test_a_file_of_whole_lessons_stands_before_what_is_joined(lake: Lake, tmp_path: Path) -> None:
    late = USUAL | {"invalid": "20", "present": "40"}
    whole = put(tmp_path, "hela_20260801T0500.csv", text_of([late]))
    take(lake, timetable_file(tmp_path, [planned(), planned(start="09:00", end="10:00")]))
    take(lake, absences_file(tmp_path, [absence(1, date=WEEK[4])]))
    take(lake, whole)
    first = [row for row in stored(lake) if row[0].startswith("05")]
    # Presence that nobody said would set the said absence aside.
    assert [row[3:] for row in first] == [(20, True), (0, False)]


def test_an_absence_that_a_complete_newer_file_lacks_was_taken_back(
    lake: Lake, tmp_path: Path
) -> None:
    counted = ABSENCES.replace("restates: lesson", "restates: school_period") + (
        "row_count: {trailer: 'Antal: (\\d+)'}\n"
    )
    rows = [absence(), absence(date=WEEK[1])]
    known = layouts(counted)
    ingest_paths(
        lake, [timetable_file(tmp_path, [planned(), planned(date=WEEK[1])])], layouts=known
    )
    older = absences_file(tmp_path, rows, end="\nAntal: 2\n")
    newer = absences_file(tmp_path, rows[1:], at="20261102T0500", end="\nAntal: 1\n")
    ingest_paths(lake, [newer], layouts=known)
    ingest_paths(lake, [older], layouts=known)
    assert [row[3:] for row in stored(lake)] == [(0, True), (60, True)]


def test_an_absence_that_a_newer_file_lacks_stays_where_no_file_is_complete(
    lake: Lake, tmp_path: Path
) -> None:
    take(lake, timetable_file(tmp_path, [planned(), planned(date=WEEK[1])]))
    take(lake, absences_file(tmp_path, [absence()]))
    take(lake, absences_file(tmp_path, [absence(date=WEEK[1])], at="20261102T0500"))
    assert [row[3:] for row in stored(lake)] == [(60, True), (60, True)]


@pytest.mark.parametrize("revoked", [0, 1])
def test_a_revoked_file_leaves_what_the_other_says(
    lake: Lake, tmp_path: Path, revoked: int
) -> None:
    rows = [planned(date=day) for day in WEEK]
    paths = [timetable_file(tmp_path, rows), absences_file(tmp_path, [absence(date=WEEK[1])])]
    reports = take(lake, *paths)
    sealer = Sealer.of_home(lake.settings.home)
    (file,) = [
        file for file, _ in taken_files(lake, sealer) if file.file_id == reports[revoked].file_id
    ]
    revoke_file(lake, file, layouts=layouts())
    refresh_sums(lake)
    assert {row[4] for row in stored(lake)} == {False}
    assert len(stored(lake)) == (1, 5)[revoked]


@pytest.mark.parametrize("has_timetable", [False, True])
def test_without_a_timetable_the_absent_are_data_that_lacks_and_no_hit(
    lake: Lake, tmp_path: Path, has_timetable: bool
) -> None:
    days = [f"2026-10-{day:02d}" for day in range(1, 31) if day % 7 not in (3, 4)]
    paths = [absences_file(tmp_path, [absence(date=day) for day in days])]
    if has_timetable:
        paths.append(timetable_file(tmp_path, [planned(date=day) for day in days]))
    take(lake, *paths)
    refresh_sums(lake)
    day = date(2026, 10, 31)
    evaluate_flags(lake, day, rule_set_on("stockholm", day))
    found = lake.rows(
        "SELECT DISTINCT verdict FROM verdicts WHERE rule IN ('mentor_followup', 'ulf_one_month')"
    )
    assert found == [("hit" if has_timetable else "insufficient",)]


def test_a_school_that_sends_absences_only_is_not_silent(lake: Lake, tmp_path: Path) -> None:
    take(lake, absences_file(tmp_path, [absence()], period="2026-10-01 - 2026-11-30"))
    take(lake, timetable_file(tmp_path, [planned()]))
    assert lake.rows("SELECT * EXCLUDE (exported_at, file_id) FROM school_sendings") == [
        ("99999901", date(2026, 10, 1), date(2026, 11, 1))
    ]
