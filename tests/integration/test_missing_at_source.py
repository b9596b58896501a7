"""Lessons that a newer file of their source lacks: they count, and are named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.files.received import look_at
from assets.exports.ingest import read_again
from assets.exports.ledger.outcomes import FileReport
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.integration.ingest_files import EVERY, PUPILS, lesson, offer, put, text_of
from tests.unit.page_reader import Page

AS_OF = date(2026, 11, 29)
CIVICS = (
    *PUPILS, "20120419-9879", "20121004-9811", "20130101-TF01", "20130101-TF02", "20130101-TF03",
)  # fmt: skip
Rows = Sequence[dict[str, object]]


def taught(day: str, start: str, civics: Sequence[str] = CIVICS, **cells: object) -> Rows:
    """Return a lesson of a class on a day of November: a row for each pupil."""
    usual = {"class": "7A", "grade": "7", "date": f"2026-11-{day}", "start": start}
    return [lesson(**(usual | cells | {"civic": civic})) for civic in civics]


MOVED = taught("23", "09:30", subject="MA")
REST = [*taught("23", "08:20"), *taught("24", "08:20"), *taught("25", "08:20")]
BEFORE = [*REST, *MOVED]
AFTER = [*REST, *taught("24", "15:00", subject="MA")]


def saved(folder: Path, hour: int, rows: Rows) -> Path:
    return put(folder, f"lekt_20261128T{hour:02d}00.csv", text_of(rows, EVERY))


def missing(lake: Lake) -> list[tuple[str, str, int]]:
    """Return date, start and rows of the lessons that are marked and stand."""
    return lake.rows(
        "SELECT lesson_date::VARCHAR, strftime(starts_at, '%H:%M'), count(*) FROM missing_lessons "
        "SEMI JOIN lessons USING (pupil_key, school_unit_code, starts_at, subject, exported_at, "
        "file_id) GROUP BY ALL ORDER BY ALL"
    )


def taken(lake: Lake, together: bool, *paths: Path) -> list[FileReport]:
    if together:
        return offer(lake, *paths)
    return [report for path in paths for report in offer(lake, path)]


def on_the_list(lake: Lake) -> str:
    """Return the words of the only school's list, of the sums that are made for it."""
    refresh_sums(lake)
    rules = rule_set_on("stockholm", AS_OF)
    (folder,) = release_lists(lake, AS_OF, lambda _: rules).folders
    (page,) = folder.glob("*.html")
    (body,) = Page(page.read_text(encoding="utf-8")).all("body")
    return " ".join(body.text.split())


def slotted(rows: Rows, hour: str) -> Rows:
    """Return a day's rows with the ids of timetable slots, the same in every file."""
    return [{**row, "lesson_id": f"S-{row['date']}-{hour}"} for row in rows]


def said_of(reports: Sequence[FileReport]) -> str:
    return " ".join(report.reason or "" for report in reports)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_the_ghosts_of_a_lesson_that_moved_without_an_id_are_named(
    lake: Lake, tmp_path: Path, newest_first: bool, together: bool
) -> None:
    paths = [saved(tmp_path, 4, BEFORE), saved(tmp_path, 5, AFTER)]
    reports = taken(lake, together, *(paths[::-1] if newest_first else paths))
    assert missing(lake) == [("2026-11-23", "09:30", 10)]
    said = " ".join(report.reason or "" for report in reports)
    assert "10 rows" in said
    assert "2026-11-23" in said
    assert "restates: school_period" in said
    assert "7A" not in said
    # They count as before.
    assert lake.rows("SELECT count(*) FROM lessons") == [(50,)]


def test_a_file_that_is_read_again_is_asked_again_what_it_lacks(lake: Lake, tmp_path: Path) -> None:
    newer = saved(tmp_path, 5, AFTER)
    offer(lake, saved(tmp_path, 4, BEFORE), newer)
    found = missing(lake)
    # As if it had been read by a layout that saw other lessons in it.
    lake.connection.execute("DELETE FROM missing_lessons")
    report = read_again(lake, look_at(newer))
    assert "10 rows" in said_of([report])
    assert missing(lake) == found == [("2026-11-23", "09:30", 10)]


def test_the_list_names_class_day_and_number_and_says_the_answer(
    lake: Lake, tmp_path: Path
) -> None:
    marking = {CIVICS[0]: "Sekretessmarkering"}
    before, after = (
        [{**row, "protected": marking.get(str(row["civic"]), "Ingen")} for row in rows]
        for rows in (BEFORE, AFTER)
    )
    offer(lake, saved(tmp_path, 4, before))
    (report,) = offer(lake, saved(tmp_path, 5, after))
    assert "missing from it, though it has their class and date: 9 rows for 2026-11-23" in str(
        report.reason
    )
    text = on_the_list(lake)
    assert "9 elevlektioner finns inte i den nyare filen från skolsystemet" in text
    assert "7A 23 nov (9)" in text
    assert "restates: school_period" in text


AT_0935 = [*REST, *taught("23", "09:35", subject="MA")]
# A slot's id comes back on two dates of a file; on the Monday it got another time, and another id.
SLOT_IDS = [
    *[row for day in ("23", "24", "25") for row in slotted(taught(day, "08:20"), "08:20")],
    *[{**row, "lesson_id": "S-MA"} for row in taught("24", "13:00", subject="SO")],
    *[{**row, "lesson_id": "S-MA"} for row in taught("25", "13:00", subject="SO")],
]
RETIMED = {
    "without ids": (BEFORE, AT_0935),
    "with ids of slots": (
        [*SLOT_IDS, *({**row, "lesson_id": "S-0930"} for row in MOVED)],
        [*SLOT_IDS, *({**row, "lesson_id": "S-0935"} for row in AT_0935[-len(MOVED) :])],
    ),
}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
@pytest.mark.parametrize("kind", RETIMED)
def test_a_timetable_that_was_moved_by_minutes_is_missed_by_nobody(
    lake: Lake, tmp_path: Path, kind: str, together: bool, newest_first: bool
) -> None:
    before, after = RETIMED[kind]
    paths = [saved(tmp_path, 4, before), saved(tmp_path, 5, after)]
    reports = taken(lake, together, *(paths[::-1] if newest_first else paths))
    assert {report.rows_rejected for report in reports} == {0}
    assert bool(lake.rows("SELECT * FROM slot_sources")) == (kind == "with ids of slots")
    # The old times stand in the lake, and the newer file lacks them.
    assert missing(lake) == [("2026-11-23", "09:30", 10)]
    assert "missing from" not in said_of(reports)
    if together and not newest_first:
        assert "finns inte i den nyare filen" not in on_the_list(lake)


def test_reason_and_list_count_the_same_where_only_some_lessons_were_retimed(
    lake: Lake, tmp_path: Path
) -> None:
    gone = taught("25", "13:00", CIVICS[:7], subject="EN")
    offer(lake, saved(tmp_path, 4, [*BEFORE, *gone]))
    reports = offer(lake, saved(tmp_path, 5, AT_0935))
    assert "missing from it, though it has their class and date: 7 rows for 2026-11-25" in said_of(
        reports
    )
    text = on_the_list(lake)
    assert "7 elevlektioner finns inte i den nyare filen från skolsystemet" in text
    assert "7A 25 nov (7)" in text


@pytest.mark.parametrize("is_first_night", [True, False])
def test_a_lesson_that_another_has_taken_the_time_of_is_counted_by_neither(
    lake: Lake, tmp_path: Path, is_first_night: bool
) -> None:
    # The values of `parallel.*` are kept with the first sums.
    if not is_first_night:
        refresh_sums(lake)
    absent = {"present": "0", "valid": "0", "invalid": "60"}
    before = [*REST, *taught("23", "09:30", subject="MA", **absent)]
    after = [*REST, *taught("23", "09:30", subject="SV")]
    reports = offer(lake, saved(tmp_path, 4, before), saved(tmp_path, 5, after))
    assert missing(lake) == [("2026-11-23", "09:30", 10)]
    assert "missing from" not in said_of(reports)
    assert "finns inte i den nyare filen" not in on_the_list(lake)


def test_pupils_who_are_gone_from_the_newer_file_are_named_too(lake: Lake, tmp_path: Path) -> None:
    offer(lake, saved(tmp_path, 4, REST))
    offer(lake, saved(tmp_path, 5, [row for row in REST if row["civic"] != CIVICS[9]]))
    assert missing(lake) == [(f"2026-11-{day}", "08:20", 1) for day in (23, 24, 25)]


def test_a_file_with_less_than_nine_tenths_of_a_class_says_nothing_of_the_others(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, saved(tmp_path, 4, REST))
    (report,) = offer(lake, saved(tmp_path, 5, [r for r in REST if r["civic"] not in CIVICS[8:]]))
    assert missing(lake) == []
    assert report.reason is None


def test_files_of_a_few_corrections_each_do_not_cover_a_class_together(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, saved(tmp_path, 1, BEFORE))
    for hour, civics in enumerate((CIVICS[:5], CIVICS[5:]), start=2):
        offer(lake, saved(tmp_path, hour, taught("23", "08:20", civics, valid="5")))
    assert missing(lake) == []


def test_a_class_and_a_date_that_the_newer_file_does_not_have_miss_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    offer(
        lake, saved(tmp_path, 4, [*BEFORE, *taught("23", "09:30", subject="EN", **{"class": "7B"})])
    )
    offer(lake, saved(tmp_path, 5, [row for row in REST if row["date"] != "2026-11-24"]))
    assert missing(lake) == [("2026-11-23", "09:30", 10)]


def test_lessons_that_come_back_or_are_cancelled_are_named_no_more(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, saved(tmp_path, 4, BEFORE), saved(tmp_path, 5, AFTER))
    offer(lake, saved(tmp_path, 6, [*AFTER, *({**row, "cancelled": "Ja"} for row in MOVED)]))
    assert missing(lake) == []


def test_an_older_file_is_measured_by_what_newer_ones_had_when_they_came(
    lake: Lake, tmp_path: Path
) -> None:
    # Corrections have taken the place of half of what the whole file said since.
    offer(lake, saved(tmp_path, 5, AFTER))
    for hour, day in ((6, "23"), (7, "24")):
        offer(lake, saved(tmp_path, hour, taught(day, "08:20", CIVICS[:5])))
    offer(lake, saved(tmp_path, 4, BEFORE))
    assert missing(lake) == [("2026-11-23", "09:30", 10)]


def test_another_layout_and_another_school_are_other_sources(lake: Lake, tmp_path: Path) -> None:
    offer(lake, saved(tmp_path, 4, BEFORE))
    south = [{**row, "school": "99999902", "school_name": "Provskolan"} for row in AFTER]
    offer(lake, saved(tmp_path, 5, south))
    assert missing(lake) == []
