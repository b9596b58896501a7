"""Lesson ids that are a timetable slot's: each week's lessons stand, and lessons that move move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from assets.exports.changes import changes_of
from assets.exports.files import offered_files
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import LayoutError, load_layouts
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import REFUSED_ROW
from tests.conftest import emptied
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    lesson,
    offer,
    problems_of,
    put,
    text_of,
)
from tests.sealed import opened

MONDAY = date(2026, 8, 31)
Rows = Sequence[dict[str, object]]


def slots(days: Iterable[date], pupils: int = 2, **cells: Any) -> list[dict[str, object]]:
    """Return the lessons of some dates: three a day, with the ids of their timetable slots."""
    return [
        lesson(
            civic=PUPILS[pupil],
            date=day.isoformat(),
            start=f"{hour:02d}:20",
            lesson_id=f"S{day.isoweekday()}-{hour}",
            **cells,
        )
        for day in days
        for hour in (8, 9, 10)
        for pupil in range(pupils)
    ]


def week(number: int, days: int = 5) -> list[date]:
    return [MONDAY + timedelta(7 * number + n) for n in range(days)]


def saved(folder: Path, exported: date, rows: Rows, name: str = "x") -> Path:
    return put(folder, f"{name}_{exported:%Y%m%d}T0400.csv", text_of(rows, EVERY))


def weekly(folder: Path, number: int, **cells: Any) -> Path:
    """Write the file of one week, made on its Saturday."""
    days = week(number)
    return saved(folder, days[-1] + timedelta(1), slots(days, **cells), f"w{number}")


def dates(lake: Lake) -> dict[str, int]:
    return dict(lake.rows("SELECT lesson_date::VARCHAR, count(*) FROM lessons GROUP BY 1"))


def sources(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows("SELECT * FROM slot_sources ORDER BY ALL")


def all_of(*weeks: int) -> dict[str, int]:
    return {day.isoformat(): 6 for number in weeks for day in week(number)}


OURS = ("lektionsfranvaro", "99999901")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_weekly_files_with_the_ids_of_slots_leave_every_week(
    lake: Lake, tmp_path: Path, order: tuple[int, ...], together: bool
) -> None:
    paths = [weekly(tmp_path, number) for number in order]
    reports = offer(lake, *paths) if together else [offer(lake, path)[0] for path in paths]
    assert {report.outcome for report in reports} == {FileOutcome.ACCEPTED}
    assert sum(report.rows_superseded for report in reports) == 0
    assert dates(lake) == all_of(0, 1, 2)
    assert sources(lake) == [OURS]
    said = [report.reason for report in reports if report.reason]
    assert said
    assert all("those of timetable slots" in reason for reason in said)


@pytest.mark.parametrize("batch_files", [1, 256], ids=["staged ahead", "in one batch"])
def test_a_term_taken_in_one_go_is_a_term(lake: Lake, tmp_path: Path, batch_files: int) -> None:
    paths = [weekly(tmp_path, number, pupils=1) for number in range(12)]
    with mock.patch.object(offered_files, "BATCH_FILES", batch_files):
        reports = offer(lake, *reversed(paths))
    assert {report.outcome for report in reports} == {FileOutcome.ACCEPTED}
    assert dates(lake) == {day.isoformat(): 3 for number in range(12) for day in week(number)}


def test_a_correction_of_one_week_replaces_that_week_only(lake: Lake, tmp_path: Path) -> None:
    offer(lake, weekly(tmp_path, 0), weekly(tmp_path, 1))
    corrected = slots(week(0), valid="60", invalid="0", present="0")
    (report,) = offer(lake, saved(tmp_path, date(2026, 10, 1), corrected, "again"))
    assert report.outcome == FileOutcome.ACCEPTED
    assert dates(lake) == all_of(0, 1)
    assert lake.rows(
        "SELECT valid_minutes, count(*) FROM lessons WHERE lesson_date < '2026-09-07' GROUP BY 1"
    ) == [(60, 30)]


def test_a_file_that_repeats_an_id_over_dates_shows_it_alone(lake: Lake, tmp_path: Path) -> None:
    rows = slots([*week(0), *week(1)])
    (bulk,) = offer(lake, saved(tmp_path, date(2026, 9, 12), rows))
    assert (bulk.outcome, dates(lake)) == (FileOutcome.ACCEPTED, all_of(0, 1))
    emptied(lake)
    bad = {**rows[0], "date": "2026-02-30"}
    (by_row,) = offer(lake, saved(tmp_path, date(2026, 9, 12), [*rows, bad]))
    assert problems_of(by_row) == {len(rows) + 2: "lesson_date.unreadable"}
    assert dates(lake) == all_of(0, 1)


def test_two_rows_of_one_slot_and_date_that_differ_are_still_refused(
    lake: Lake, tmp_path: Path
) -> None:
    rows = slots([*week(0), *week(1)])
    (report,) = offer(lake, saved(tmp_path, date(2026, 9, 12), [*rows, rows[0] | {"valid": "7"}]))
    assert set(problems_of(report).values()) == {"row.contradicts"}
    assert sum(dates(lake).values()) == len(rows) - 1
    cells = [row["row"].split("\x1f") for row in opened(lake, REFUSED_ROW)]
    assert all("S1-8" in row and "2026-08-31" not in row[-1] for row in cells)
    assert len({len(row) for row in cells}) == 1


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_a_lesson_that_moves_a_week_is_one_lesson(
    lake: Lake, tmp_path: Path, newest_first: bool, together: bool
) -> None:
    before = slots(week(0))
    after = [row | {"date": "2026-09-07"} if row["lesson_id"] == "S1-8" else row for row in before]
    paths = [saved(tmp_path, date(2026, 9, 5), before), saved(tmp_path, date(2026, 9, 6), after)]
    ordered = paths[::-1] if newest_first else paths
    for call in [ordered] if together else [[path] for path in ordered]:
        offer(lake, *call)
    assert dates(lake) == all_of(0) | {"2026-08-31": 4, "2026-09-07": 2}
    assert sources(lake) == []


def test_a_file_of_one_moved_lesson_alone_moves_it(lake: Lake, tmp_path: Path) -> None:
    offer(lake, weekly(tmp_path, 0))
    moved = [row | {"date": "2026-09-07"} for row in slots(week(0, 1)) if row["start"] == "08:20"]
    (report,) = offer(lake, saved(tmp_path, date(2026, 9, 6), moved))
    assert report.outcome == FileOutcome.ACCEPTED
    assert dates(lake) == all_of(0) | {"2026-08-31": 4, "2026-09-07": 2}


def test_nights_that_each_bring_the_last_seven_days_lose_none(lake: Lake, tmp_path: Path) -> None:
    # Each night only one weekday's ids of five come back: single moves, until most have.
    days = [day for number in range(3) for day in week(number)]
    for end in range(5, len(days) + 1):
        window = days[end - 5 : end]
        offer(lake, saved(tmp_path, window[-1] + timedelta(1), slots(window, pupils=1)))
    assert dates(lake) == {day.isoformat(): 3 for day in days}
    assert sources(lake) == [OURS]
    assert lake.rows("SELECT * FROM moved_lessons") == []


def mass_move(folder: Path) -> list[Path]:
    before = slots(week(0))
    after = [
        row | {"date": str(date.fromisoformat(str(row["date"])) + timedelta(8))} for row in before
    ]
    return [saved(folder, date(2026, 9, 5), before), saved(folder, date(2026, 9, 20), after)]


def taken(lake: Lake, *paths: Path, lesson_id: str | None = None) -> list[FileReport]:
    layouts = [
        Layout.model_validate(layout.model_dump() | {"lesson_id": lesson_id})
        if layout.name == OURS[0]
        else layout
        for layout in load_layouts()
    ]
    return ingest_paths(lake, paths, layouts=layouts)


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_another_mass_move_is_held_until_the_layout_says_what_the_ids_are(
    lake: Lake, tmp_path: Path, together: bool
) -> None:
    before, after = mass_move(tmp_path)
    calls = [[before, after]] if together else [[before], [after]]
    report = [report for call in calls for report in offer(lake, *call)][-1]
    assert report.outcome == FileOutcome.QUARANTINED
    assert "15 of the 15 lesson ids that are known come back on other dates" in str(report.reason)
    assert "'lesson_id: lesson' or 'lesson_id: slot'" in str(report.reason)
    assert dates(lake) == all_of(0)
    (report,) = taken(lake, after, lesson_id="lesson")
    assert report.outcome == FileOutcome.ACCEPTED
    assert len(dates(lake)) == 5
    assert "2026-08-31" not in dates(lake)


def test_a_layout_may_say_either_and_change_its_mind(lake: Lake, tmp_path: Path) -> None:
    before, after = mass_move(tmp_path)
    taken(lake, before, after, lesson_id="slot")
    assert sum(dates(lake).values()) == 60
    assert sources(lake) == [OURS]
    # What was said on other dates is kept beside, so that it can count again.
    late = saved(tmp_path, date(2026, 9, 21), slots([date(2026, 9, 14)]), "late")
    taken(lake, late, lesson_id="lesson")
    assert sources(lake) == []
    assert "2026-08-31" not in dates(lake)
    assert sum(dates(lake).values()) == 30
    last = saved(tmp_path, date(2026, 9, 28), slots([date(2026, 9, 21)]), "last")
    taken(lake, last, lesson_id="slot")
    assert sum(dates(lake).values()) == 30 + 30 + 6 + 6


def test_a_mind_changed_makes_the_days_stale(lake: Lake, tmp_path: Path) -> None:
    offer(lake, weekly(tmp_path, 0))
    moved = [row | {"date": "2026-09-07"} for row in slots(week(0, 1)) if row["start"] == "08:20"]
    offer(lake, saved(tmp_path, date(2026, 9, 6), moved))
    lake.write(lambda connection: connection.execute("DELETE FROM stale_days"))
    offer(lake, weekly(tmp_path, 2))
    assert dates(lake) == all_of(0, 2) | {"2026-09-07": 2}
    stale = {str(day) for (day,) in lake.rows("SELECT lesson_date FROM stale_days")}
    assert "2026-08-31" in stale


def test_what_a_file_changed_is_reported_by_slot_and_date(lake: Lake, tmp_path: Path) -> None:
    offer(lake, weekly(tmp_path, 0))
    (report,) = offer(lake, weekly(tmp_path, 1))
    newest = find_file(lake, Sealer.of_home(lake.settings.home), report.sha256)
    found = changes_of(lake, newest).rows["fate"].value_counts().rows()
    assert found == [("new", 30)]


@pytest.mark.parametrize("merged_after", [0, 1, 2, 3])
def test_weeks_under_an_old_and_a_new_number_all_stand(
    lake: Lake, tmp_path: Path, merged_after: int
) -> None:
    numbers = {0: PUPILS[4], 1: PUPILS[0], 2: PUPILS[0]}
    paths = [
        saved(
            tmp_path,
            week(number)[-1] + timedelta(1),
            [{**row, "civic": civic} for row in slots(week(number), pupils=1)],
        )
        for number, civic in numbers.items()
    ]
    merge = put(
        tmp_path,
        "nummerbyten_20260930T0400.csv",
        f"Gammalt personnummer;Nytt personnummer;Datum\r\n{PUPILS[4]};{PUPILS[0]};\r\n",
    )
    paths.insert(merged_after, merge)
    for path in paths:
        offer(lake, path)
    assert dates(lake) == {day.isoformat(): 3 for number in range(3) for day in week(number)}
    assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(1,)]


def test_a_list_made_before_the_ids_were_known_differs_by_the_new_week_only(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, weekly(tmp_path, 0))
    lake.connection.execute("CREATE OR REPLACE TEMP TABLE lessons_then AS SELECT * FROM lessons")
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE asked_pupils AS SELECT DISTINCT pupil_key FROM lessons"
    )
    offer(lake, weekly(tmp_path, 1))
    found = lake.relation("watchlists/restated_lessons", first_date=MONDAY, as_of=week(1)[-1])
    assert set(found["fate"]) == {"added"}
    assert set(found["lesson_date"]) == set(week(1))


def test_a_source_is_a_school_so_another_school_of_the_layout_keeps_its_moves(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, weekly(tmp_path, 0), weekly(tmp_path, 1))
    south: dict[str, Any] = {"school": "99999902", "school_name": "Provskolan"}
    before = slots(week(0), **south)
    offer(lake, saved(tmp_path, date(2026, 9, 5), before, "south"))
    moved = [before[0] | {"date": "2026-09-01"}]
    offer(lake, saved(tmp_path, date(2026, 9, 6), moved, "south"))
    assert sources(lake) == [OURS]
    ((count,),) = lake.rows("SELECT count(*) FROM lessons WHERE school_unit_code = '99999902'")
    assert count == 30


def test_a_home_may_amend_a_shipped_layout(tmp_path: Path) -> None:
    folder = tmp_path / "layouts"
    put(folder, "a.yaml", "name: lektionsfranvaro\nlesson_id: slot\n")
    found = {layout.name: layout.lesson_id for layout in load_layouts([folder])}
    assert found["lektionsfranvaro"] == "slot"
    assert set(found.values()) == {"slot", None}
    put(folder, "a.yaml", "name: lektionsfranvaro\nlesson_id: kanske\n")
    with pytest.raises(LayoutError, match="expected lesson or slot"):
        load_layouts([folder])
    put(folder, "a.yaml", "name: okand\nlesson_id: slot\n")
    with pytest.raises(LayoutError, match="there is no layout 'okand' to amend"):
        load_layouts([folder])
    put(folder, "a.yaml", "name: elever\nlesson_id: slot\n")
    with pytest.raises(LayoutError, match="of a layout of kind lessons"):
        load_layouts([folder])
