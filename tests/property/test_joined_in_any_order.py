"""Timetables and absences in any order give one lake: what the written rule says of the files.

And the rates of one file of whole lessons that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import PUPILS, USUAL, put, text_of
from tests.integration.joined_files import (
    ABSENCES,
    absence,
    absences_file,
    layouts,
    planned,
    timetable_file,
)
from tests.oracle.joined import Absences, Absent, Place, Planned, State, Timetable, joined

STARTS = (500, 560, 580)
LENGTHS = (40, 60, 120)
SUBJECTS = ("MA", "SV", "")
COMPLETE = ABSENCES.replace("restates: lesson", "restates: school_period") + (
    "row_count: {trailer: 'Antal: (\\d+)'}\n"
)
COMPLETE = COMPLETE.replace("bara_franvaro", "hel_franvaro").replace("[Klass]", "[Klass, Grupp]")
LAYOUTS = layouts()
ALL_LAYOUTS = (*LAYOUTS, layouts(COMPLETE.replace("[Elev]", "[Person]"))[-2])
SUMS = (
    "SELECT pupil_key, lesson_date, scheduled_minutes, reported_minutes, valid_minutes, "
    "invalid_minutes FROM absence_daily ORDER BY ALL"
)
EVERYTHING = "SELECT * FROM {} ORDER BY ALL"
KEPT = ("lessons", "planned_lessons", "absence_daily", "uncounted_lessons")


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def day_of(day: int) -> str:
    return f"2026-10-{5 + day:02d}"


def stamp(at: int) -> str:
    return f"20261101T{at:02d}00"


def cells(row: Planned | Absent) -> dict[str, str]:
    return {
        "date": day_of(row.day),
        "start": clock(row.start),
        "end": clock(row.start + row.length),
        "subject": row.subject,
    }


def written(file: Timetable | Absences, folder: Path) -> Path:
    """Write a file."""
    if isinstance(file, Timetable):
        rows = [planned(row.pupil, **cells(row)) for row in file.rows]
        return timetable_file(folder, rows, at=stamp(file.at))
    said = [
        absence(
            row.pupil, **cells(row), valid=row.valid, invalid="?" if row.is_refused else row.invalid
        )
        for row in file.rows
    ]
    period = file.period and f"{day_of(file.period[0])} - {day_of(file.period[1])}"
    end = f"\nAntal: {len(said)}\n" if file.is_complete else "\n"
    path = absences_file(folder, said, at=stamp(file.at), period=period or "", end=end)
    if file.is_complete:
        text = path.read_text(encoding="utf-8").replace(";Elev;", ";Person;")
        path.write_text(text, encoding="utf-8")
    return path


def whole_file(folder: Path, rows: Iterable[Planned], at: str, absent: dict[Place, int]) -> Path:
    return put(
        folder,
        f"hela_{at}.csv",
        text_of(
            USUAL
            | cells(row)
            | {
                "civic": PUPILS[row.pupil],
                "length": row.length,
                "present": row.length - absent.get(row.place, 0),
                "invalid": absent.get(row.place, 0),
            }
            for row in rows
        ),
    )


def lessons(draw: st.DrawFn, **most: int) -> tuple[Planned, ...]:
    places = st.tuples(
        st.integers(0, 1), st.integers(0, 1), st.sampled_from(STARTS), st.sampled_from(SUBJECTS)
    )
    found = draw(st.lists(places, min_size=1, max_size=most.get("most", 5), unique=True))
    return tuple(
        Planned(pupil, day, start, draw(st.sampled_from(LENGTHS)), subject)
        for pupil, day, start, subject in found
    )


def absent_rows(draw: st.DrawFn) -> tuple[Absent, ...]:
    rows = []
    for row in lessons(draw):
        minutes = draw(st.sampled_from((0, 15, row.length, row.length)))
        is_valid = draw(st.booleans())
        rows.append(
            Absent(
                row.pupil,
                row.day,
                row.start,
                row.length,
                row.subject,
                valid=minutes if is_valid else 0,
                invalid=0 if is_valid else minutes,
            )
        )
    return tuple(rows)


@st.composite
def sets_of_files(draw: st.DrawFn) -> tuple[list[Timetable], list[Absences], tuple[Planned, ...]]:
    hours = draw(st.permutations(range(1, 20)))
    timetables = [
        Timetable(hours.pop(), lessons(draw)) for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    files = []
    for _ in range(draw(st.integers(0, 3))):
        rows = absent_rows(draw)
        is_refused = len(rows) > 1 and draw(st.booleans())
        if is_refused:
            refused = replace(rows[0], is_refused=True, valid=0, invalid=0, subject="")
            rows = (refused, *rows[1:])
        period = draw(st.sampled_from(((0, 1), (0, 0), (1, 1), None)))
        is_complete = not is_refused and draw(st.booleans())
        files.append(Absences(hours.pop(), period, rows, is_complete=is_complete))
    return timetables, files, draw(st.sampled_from(((), (), lessons(draw, most=2))))


def test_any_order_of_files_gives_what_the_rule_says_of_them(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        sealer = Sealer.of_home(lake.settings.home)
        numbers = {sealer.key("pupil", p.replace("-", "")): n for n, p in enumerate(PUPILS)}
        folders = iter(range(10_000))

        def after(nights: Sequence[Sequence[Path]]) -> list[list[tuple[object, ...]]]:
            emptied(lake)
            for night in nights:
                for report in ingest_paths(lake, night, layouts=ALL_LAYOUTS):
                    assert report.rows_read == report.rows_accepted + report.rows_rejected
                    assert report.rows_accepted, report.reason
                refresh_sums(lake)
            return [lake.rows(EVERYTHING.format(table)) for table in KEPT]

        @settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
        @given(files=sets_of_files(), data=st.data())
        def check(
            files: tuple[list[Timetable], list[Absences], tuple[Planned, ...]], data: st.DataObject
        ) -> None:
            timetables, absences, whole = files
            folder = tmp_path / str(next(folders))
            folder.mkdir()
            paths = [written(file, folder) for file in timetables]
            paths += [written(file, folder) for file in absences]
            if whole:
                paths.append(whole_file(folder, whole, "20260801T0500", {}))
            order = data.draw(st.permutations(paths), label="order")
            cut = data.draw(st.integers(0, len(order)), label="files of the first night")
            found = after([night for night in (order[:cut], order[cut:]) if night])
            expected: dict[Place, State] = joined(timetables, absences, list(whole))
            expected |= {row.place: (0, 0, True) for row in whole}
            stored = {
                (numbers[key], day, hour * 60 + minute, taught): tuple(state)
                for key, day, hour, minute, taught, *state in lake.rows(
                    "SELECT pupil_key, day(lesson_date) - 5, hour(starts_at), minute(starts_at), "
                    "lower(subject), valid_minutes, invalid_minutes, is_reported FROM lessons"
                )
            }
            assert stored == expected
            assert found == after([paths])

        check()


@st.composite
def truths(draw: st.DrawFn) -> list[tuple[Planned, int]]:
    places = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from((500, 580, 780)))
    found = draw(st.lists(places, min_size=1, max_size=9, unique=True))
    minutes = st.sampled_from((0, 0, 15, 60))
    return [(Planned(pupil, day, start, 60), draw(minutes)) for pupil, day, start in found]


def test_the_rates_are_those_of_one_file_of_whole_lessons(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        folders = iter(range(10_000))

        def sums(paths: Sequence[Path]) -> list[tuple[object, ...]]:
            emptied(lake)
            ingest_paths(lake, paths, layouts=ALL_LAYOUTS)
            refresh_sums(lake)
            return lake.rows(SUMS)

        @settings(max_examples=examples(6), deadline=None, suppress_health_check=list(HealthCheck))
        @given(truth=truths(), wrong=st.lists(st.booleans(), min_size=9, max_size=9))
        def check(truth: list[tuple[Planned, int]], wrong: list[bool]) -> None:
            folder = tmp_path / str(next(folders))
            folder.mkdir()
            rows = [row for row, _ in truth]
            missed = [
                Absent(row.pupil, row.day, row.start, 60, invalid=minutes)
                for row, minutes in truth
                if minutes
            ]
            # A row without absence too, so that the file names its school.
            nobody = (Absent(truth[0][0].pupil, truth[0][0].day, truth[0][0].start, 60),)
            first = [
                replace(row, invalid=30) if is_wrong else row
                for row, is_wrong in zip(missed, wrong, strict=False)
            ]
            files: list[Timetable | Absences] = [
                Timetable(1, tuple(rows)),
                Absences(2, (0, 2), tuple(first) or nobody),
                Absences(3, (0, 2), tuple(missed) or nobody),
            ]
            said = sums([written(file, folder) for file in files])
            absent = {row.place: minutes for row, minutes in truth}
            assert said == sums([whole_file(folder, rows, "20261101T0500", absent)])

        check()
