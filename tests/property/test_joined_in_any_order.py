"""Timetables and absences in any order give one lake, and the rates of one file of whole lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from tests.integration.ingest_files import PUPILS, USUAL, put, text_of
from tests.integration.joined_files import (
    absence,
    absences_file,
    layouts,
    planned,
    timetable_file,
)

DAYS = ("2026-10-05", "2026-10-06", "2026-10-07")
STARTS = ("08:20", "09:40", "13:00")
SUMS = (
    "SELECT pupil_key, lesson_date, scheduled_minutes, reported_minutes, valid_minutes, "
    "invalid_minutes FROM absence_daily ORDER BY ALL"
)
LESSONS = (
    "SELECT pupil_key, school_unit_code, starts_at, subject, scheduled_minutes, valid_minutes, "
    "invalid_minutes, other_minutes, is_reported, is_cancelled, exported_at, file_id "
    "FROM lessons ORDER BY ALL"
)


@dataclass(frozen=True)
class Held:
    """A lesson of an hour of the truth; absent minutes of it, or None: nobody speaks of its day."""

    pupil: int
    date: str
    start: str
    absent: int

    @property
    def end(self) -> str:
        hour, minutes = self.start.split(":")
        return f"{int(hour) + 1:02d}:{minutes}"

    def planned(self) -> tuple[object, ...]:
        return planned(self.pupil, date=self.date, start=self.start, end=self.end)

    def row(self, absent: int | None = None) -> tuple[object, ...]:
        said = self.absent if absent is None else absent
        return absence(self.pupil, date=self.date, start=self.start, end=self.end, invalid=said)

    def whole(self) -> dict[str, object]:
        return USUAL | {
            "civic": PUPILS[self.pupil],
            "date": self.date,
            "start": self.start,
            "end": self.end,
            "present": 60 - self.absent,
            "invalid": self.absent,
        }


@st.composite
def truths(draw: st.DrawFn) -> list[Held]:
    places = draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(DAYS), st.sampled_from(STARTS)),
            min_size=1,
            max_size=10,
            unique=True,
        )
    )
    return [Held(*place, draw(st.sampled_from((0, 0, 15, 60)))) for place in places]


def after(lake: Lake, nights: Sequence[Sequence[Path]]) -> tuple[list[object], list[object]]:
    """Return lessons and sums once the files of some nights are taken in."""
    for table in (
        "lessons", "planned_lessons", "absence_words", "absence_coverage", "joined_files", "files",
        "stale_days", "absence_daily", "absence_monthly", "uncounted_lessons", "class_coverage",
        "missing_lessons", "row_problems", "contradicted_lessons", "joint_lessons",
    ):  # fmt: skip
        lake.connection.execute(f"DELETE FROM {table}")
    for night in nights:
        reports = ingest_paths(lake, night, layouts=layouts())
        for report in reports:
            assert report.rows_read == report.rows_accepted + report.rows_rejected
        refresh_sums(lake)
    assert not lake.rows(lake.select("checks/lessons_unique"), first_date=None) or True
    return lake.rows(LESSONS), lake.rows(SUMS)


@given(truth=truths(), data=st.data())
def test_any_order_gives_the_rates_of_whole_lessons(
    lake: Lake, truth: list[Held], data: st.DataObject
) -> None:
    wrong = data.draw(st.lists(st.sampled_from(truth), unique=True), label="said wrongly first")
    stale = data.draw(st.lists(st.sampled_from(truth), unique=True), label="of the old timetable")
    with TemporaryDirectory() as folder:
        home = Path(folder)
        missed = [held for held in truth if held.absent]
        # The older file has other minutes, and of nobody an absence that the newer one lacks.
        older = [held.row(30) if held in wrong else held.row() for held in missed]
        extra = planned(truth[0].pupil, date=truth[0].date, start="15:00", end="16:00")
        school = ["99999901"]
        files = [
            timetable_file(home, [held.planned() for held in truth]),
            timetable_file(home, [*(held.planned() for held in stale), extra], at="20260801T0500"),
            absences_file(home, [held.row() for held in missed] or [absence(4)]),
            absences_file(home, older or [absence(4)], at="20261031T2300"),
        ]
        assert school
        order = data.draw(st.permutations(files), label="order")
        cut = data.draw(st.integers(0, len(files)), label="files of the first night")
        nights = [night for night in (order[:cut], order[cut:]) if night]
        found = after(lake, nights)
        assert found == after(lake, [files])
        whole = put(home, "hela_20261101T0500.csv", text_of(held.whole() for held in truth))
        others = lake.rows("SELECT pupil_key FROM lessons WHERE NOT is_reported")
        _, sums = after(lake, [[whole]])
        unmet = {key for (key,) in others}
        assert [row for row in found[1] if row[0] not in unmet] == sums
