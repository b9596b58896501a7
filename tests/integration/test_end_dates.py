"""End dates are the last day, unless the layout says that they are the day after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import LayoutError, load_layouts, parse_layout
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from tests.conftest import emptied
from tests.integration.conftest import trappan
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    ROSTER,
    USUAL,
    is_protected,
    lesson,
    problems_of,
    put,
    table,
    text_of,
    warnings_of,
    workbook_of,
)
from tests.integration.ss12000_files import enrolment, page, person

SYSTEMS = ("inclusive", "exclusive")
FIRST = date(2026, 8, 17)
SUMS = """
name: summor
kind: aggregates
description: Sums of periods, with a first day and the day after the last one.
restates: lesson
end_dates: exclusive
columns:
  school_unit_code: {headers: [Skolenhetskod], required: true}
  civic_no: {headers: [Personnummer], required: true}
  period_start: {headers: [Från], required: true}
  period_end: {headers: [Till], required: true}
  scheduled_minutes: {headers: [Undv. tid], required: true}
  present_minutes: {headers: [N min], required: true}
  valid_minutes: {headers: [GF min], required: true}
  invalid_minutes: {headers: [F min], required: true}
"""


def layouts_of(folder: Path, end_dates: str = "exclusive") -> tuple[Layout, ...]:
    """Return the layouts of a home that says of rosters and breaks how their end dates are."""
    for name in ("elever", "lov"):
        put(folder / "layouts", f"{name}.yaml", f"name: {name}\nend_dates: {end_dates}\n")
    return (*load_layouts([folder / "layouts"]), parse_layout(SUMS, "summor.yaml"))


def record(number: int = 0, /, **cells: object) -> dict[str, object]:
    """Return a usual row of a roster."""
    usual = {"civic": PUPILS[number], "sex": "Kvinna", "starts": str(FIRST), "ends": ""}
    return USUAL | usual | cells


def roster(folder: Path, when: str, *rows: dict[str, object]) -> Path:
    return put(folder, f"elever_2026{when}.csv", text_of(rows, ROSTER))


def taken(lake: Lake, folder: Path, *paths: Path, end_dates: str = "exclusive") -> list[FileReport]:
    """Let files arrive one by one; nothing of them is lost."""
    layouts = layouts_of(folder, end_dates)
    reports = [report for path in paths for report in ingest_paths(lake, [path], layouts=layouts)]
    assert all(r.rows_read == r.rows_accepted + r.rows_rejected for r in reports)
    return reports


def records(lake: Lake) -> list[tuple[str, date | None, date | None]]:
    return lake.rows("SELECT class_name, start_date, end_date FROM enrolments ORDER BY ALL")


def belonging(lake: Lake) -> list[tuple[str, date | None]]:
    """Return the records that place their pupil somewhere on some day."""
    return [
        (name, end) for name, start, end in records(lake) if not end or not start or end >= start
    ]


def test_a_home_says_of_a_shipped_layout_what_its_end_dates_are(tmp_path: Path) -> None:
    found = {layout.name: layout.end_dates for layout in layouts_of(tmp_path)}
    assert {name for name, ends in found.items() if ends == "exclusive"} == {
        "elever", "lov", "summor",
    }  # fmt: skip
    assert {layout.end_dates for layout in load_layouts()} == {"inclusive"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: elever\nend_dates: kanske\n", "key 'end_dates': expected inclusive or exclusive"),
        ("name: lektionsfranvaro\nend_dates: exclusive\n", "with a column of end dates"),
        ("name: lektionsfranvaro\nlesson_id: slot\nend_dates: exclusive\n", "key 'end_dates'"),
        ("name: okand\nend_dates: exclusive\n", "there is no layout 'okand' to amend"),
        (SUMS.replace("  period_end: {headers: [Till], required: true}\n", ""), "period_end"),
    ],
    ids=["no such word", "lessons", "two keys", "no such layout", "no column of ends"],
)
def test_a_wrong_word_about_end_dates_is_reported(tmp_path: Path, text: str, said: str) -> None:
    put(tmp_path, "a.yaml", text)
    with pytest.raises(LayoutError, match=said):
        load_layouts([tmp_path])


@pytest.mark.parametrize("as_workbook", [False, True], ids=["text", "workbook"])
def test_an_exclusive_end_is_the_day_before_in_every_case(
    lake: Lake, tmp_path: Path, as_workbook: bool
) -> None:
    """An exclusive file says what an inclusive one says with the day before."""
    ends = (date(2026, 10, 1), date(2027, 1, 1), FIRST + timedelta(days=1), None)
    found = {}
    for number, system in enumerate(SYSTEMS):
        emptied(lake)
        rows = [
            record(
                n, starts=starts, ends=end - timedelta(days=system == "inclusive") if end else ""
            )
            for starts in (FIRST, "")
            for n, end in enumerate(ends)
        ]
        name = f"elever_2026110{number + 1}T0500"
        path = put(tmp_path, f"{name}.xlsx", workbook_of(table(rows, ROSTER))) if as_workbook else (
            put(tmp_path, f"{name}.csv", text_of(rows, ROSTER))
        )  # fmt: skip
        (report,) = taken(lake, tmp_path, path, end_dates=system)
        assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 8)
        assert report.problems == ()
        found[system] = records(lake)
    assert found["exclusive"] == found["inclusive"]
    assert {end for _, _, end in found["exclusive"]} == {
        date(2026, 9, 30), date(2026, 12, 31), FIRST, None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("end_dates", "uncounted"),
    [("inclusive", ["2026-10-07"]), ("exclusive", ["2026-10-06", "2026-10-07"])],
)
def test_a_lesson_on_the_end_date_counts_only_where_it_is_the_last_day(
    lake: Lake, tmp_path: Path, end_dates: str, uncounted: list[str]
) -> None:
    days = ("05", "06", "07")
    lessons = [lesson(date=f"2026-10-{day}", civic=PUPILS[0]) for day in days]
    rows = [
        record(ends="2026-10-06"),
        record(starts="2026-10-06", school="99999902", school_name="Provskolan"),
    ]
    lesson_file = put(tmp_path, "lekt_20261101T0500.csv", text_of(lessons, EVERY))
    taken(lake, tmp_path, lesson_file, roster(tmp_path, "1101T0500", *rows), end_dates=end_dates)
    refresh_sums(lake)
    found = lake.rows("SELECT lesson_date::VARCHAR, reason FROM uncounted_lessons ORDER BY ALL")
    assert found == [(day, "after_leaving") for day in uncounted]


def test_a_record_without_a_day_is_taken_told_and_places_nobody(lake: Lake, tmp_path: Path) -> None:
    rows = [
        record(0, ends=FIRST),
        record(1, ends=FIRST + timedelta(days=1)),
        record(2, ends=FIRST - timedelta(days=1)),
    ]
    (report,) = taken(lake, tmp_path, roster(tmp_path, "1101T0500", *rows))
    assert (report.rows_read, report.rows_accepted, report.rows_warned) == (3, 2, 1)
    assert warnings_of(report) == {"end_date.no_day": 1}
    assert problems_of(report) == {4: "end_date.before_start"}
    (told,) = (problem for problem in report.problems if problem.code == "end_date.no_day")
    assert "the record has no day, and places the pupil nowhere; found '2026-08-17'" in (
        told.in_words()
    )
    assert belonging(lake) == [("8A", FIRST)]


def test_where_ends_are_inclusive_the_first_day_is_a_day(lake: Lake, tmp_path: Path) -> None:
    (report,) = taken(
        lake, tmp_path, roster(tmp_path, "1101T0500", record(ends=FIRST)), end_dates="inclusive"
    )
    assert (report.problems, belonging(lake)) == ((), [("8A", FIRST)])


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_record_without_a_day_takes_the_place_of_older_words_in_any_order(
    lake: Lake, tmp_path: Path, order: Sequence[int]
) -> None:
    paths = [
        roster(tmp_path, "1101T0500", record(ends="")),
        roster(tmp_path, "1102T0500", record(ends="2026-12-19")),
        roster(tmp_path, "1103T0500", record(ends=FIRST)),
    ]
    reports = taken(lake, tmp_path, *(paths[n] for n in order))
    assert [report.rows_rejected for report in reports] == [0, 0, 0]
    assert len(records(lake)) == 1
    assert belonging(lake) == []


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_place_that_was_changed_on_its_first_day_is_the_later_one(
    lake: Lake, tmp_path: Path, order: Sequence[int]
) -> None:
    rows = [
        record(ends=FIRST, protected="Sekretessmarkering", **{"class": "7A"}),
        record(ends=FIRST, **{"class": "7C"}),
        record(ends="", **{"class": "7B"}),
    ]
    (report,) = taken(lake, tmp_path, roster(tmp_path, "1101T0500", *(rows[n] for n in order)))
    beside = {order.index(n) + 2: "row.no_day_beside" for n in (0, 1)}
    assert (report.outcome, problems_of(report)) == (FileOutcome.ACCEPTED_IN_PART, beside)
    assert warnings_of(report) == {}
    assert records(lake) == [("7B", FIRST, None)]
    # What a refused row says of protection holds.
    assert is_protected(lake)


def test_of_two_records_without_a_day_one_is_repeated(lake: Lake, tmp_path: Path) -> None:
    rows = [record(ends=FIRST, **{"class": name}) for name in ("7A", "7B")]
    (report,) = taken(lake, tmp_path, roster(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {3: "row.repeated"}
    assert warnings_of(report) == {"end_date.no_day": 1}
    assert belonging(lake) == []


def test_two_places_with_days_still_contradict_each_other(lake: Lake, tmp_path: Path) -> None:
    rows = [
        *(record(ends="2026-12-19", **{"class": name}) for name in ("7A", "7B")),
        record(ends=FIRST),
        record(1),
    ]
    (report,) = taken(lake, tmp_path, roster(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {
        2: "row.contradicts", 3: "row.contradicts", 4: "row.no_day_beside",
    }  # fmt: skip
    assert len(records(lake)) == 1


def breaks(lake: Lake) -> list[tuple[str, str, str]]:
    return lake.rows(
        "SELECT school_unit_code, first_date::VARCHAR, last_date::VARCHAR FROM school_breaks "
        "WHERE last_date >= first_date ORDER BY ALL"
    )


def lov(folder: Path, when: str, *rows: str) -> Path:
    lines = ["Skolenhetskod;Första dag;Sista dag;Namn", *rows, ""]
    return put(folder, f"lov_2026{when}.csv", "\r\n".join(lines))


@pytest.mark.parametrize("end_dates", SYSTEMS)
def test_the_last_day_of_a_break_is_what_the_layout_says(
    lake: Lake, tmp_path: Path, end_dates: str
) -> None:
    path = lov(tmp_path, "1001T0400", "99999901;2026-10-26;2026-10-31;Höstlov")
    taken(lake, tmp_path, path, end_dates=end_dates)
    last = {"inclusive": "2026-10-31", "exclusive": "2026-10-30"}[end_dates]
    assert breaks(lake) == [("99999901", "2026-10-26", last)]


def test_a_break_of_a_hundred_days_is_measured_to_its_last_day(lake: Lake, tmp_path: Path) -> None:
    first = date(2026, 10, 1)
    rows = [f"{n};{first};{first + timedelta(days=n - 99999800)};" for n in (99999900, 99999901)]
    (report,) = taken(lake, tmp_path, lov(tmp_path, "1001T0400", *rows))
    assert problems_of(report) == {3: "last_date.too_far"}
    assert breaks(lake) == [("99999900", "2026-10-01", "2027-01-08")]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_break_without_a_day_excuses_nobody_and_its_file_counts(
    lake: Lake, tmp_path: Path, newest_first: bool
) -> None:
    paths = [
        lov(tmp_path, "0801T0400", "99999901;2026-11-02;2026-11-03;Studiedag"),
        lov(tmp_path, "0901T0400", "99999901;2026-11-02;2026-11-02;Studiedag"),
    ]
    reports = taken(lake, tmp_path, *(paths[::-1] if newest_first else paths))
    newest = next(report for report in reports if report.path == paths[1])
    assert (newest.outcome, warnings_of(newest)) == (FileOutcome.ACCEPTED, {"last_date.no_day": 1})
    assert breaks(lake) == []


def test_a_period_of_sums_ends_the_day_before(lake: Lake, tmp_path: Path) -> None:
    lines = [
        "Skolenhetskod;Personnummer;Från;Till;Undv. tid;N min;GF min;F min",
        f"99999901;{PUPILS[0]};2026-10-01;2026-11-01;600;500;50;50",
        f"99999901;{PUPILS[1]};2026-10-01;2026-10-01;600;500;50;50",
        f"99999901;{PUPILS[2]};2026-10-01;2026-10-31;600;500;50;50",
    ]
    path = put(tmp_path, "summor_20261103T0400.csv", "\r\n".join([*lines, ""]))
    (report,) = taken(lake, tmp_path, path)
    assert problems_of(report) == {3: "period_end.no_day"}
    # A period that ends on the 30th is no calendar month.
    assert warnings_of(report) == {"month.not_a_month": 1}
    assert lake.rows("SELECT period_last_date::VARCHAR FROM monthly_sums ORDER BY ALL") == [
        ("2026-10-30",), ("2026-10-31",),
    ]  # fmt: skip


def test_the_layouts_of_files_say_nothing_of_ss12000(lake: Lake, tmp_path: Path) -> None:
    content = page([person(enrolments=[enrolment(endDate="2026-11-13")])])
    path = put(tmp_path, "persons_20261101T0500.json", content)
    taken(lake, tmp_path, path)
    assert lake.rows("SELECT end_date::VARCHAR FROM ss12000_enrolments") == [("2026-11-13",)]


def test_a_draft_asks_and_a_check_says_what_end_dates_are(tmp_path: Path) -> None:
    text = text_of([record(ends=FIRST)], ROSTER)
    path = put(tmp_path, "elever.csv", text)
    unknown = put(tmp_path, "annat.csv", text.replace("Slutdatum", "Utskriven"))
    home = tmp_path / "home"
    words = ("layout", "new", unknown, "--name", "egna", "--kind", "enrolments")
    drafted = trappan("--home", home, *words)
    assert "Decide whether 'Utskriven' is the last day, or the day after it." in drafted.err
    assert "end_dates: inclusive  # DECIDE" in drafted.out
    assert parse_layout(drafted.out, "the draft").end_dates == "inclusive"
    said = trappan("--home", home, "layout", "check", path)
    assert "end dates" not in said.out
    layouts_of(tmp_path)
    said = trappan("--home", home, "layout", "check", path, "--layouts", tmp_path / "layouts")
    assert "end dates  the day after the last one" in said.out
    assert "the record has no day" in said.out
