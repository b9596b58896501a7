"""Weekly files with the ids of timetable slots, in any order, split and said again: every week.

The expectation knows nothing of ids: of each pupil, date and hour the newest file's word stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.exports.files import offered_files
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import EVERY, PUPILS, lesson, put, text_of

MONDAY = date(2026, 8, 31)
HOURS = (8, 9, 10)
WEEK = tuple(range(5))


@dataclass(frozen=True)
class Weekly:
    """A file: which pupils and days of a week it has, and what it says of all their lessons."""

    week: int
    hour: int
    minutes: int
    pupils: tuple[int, ...] = (0, 1, 2)
    days: tuple[int, ...] = WEEK

    @property
    def exported_at(self) -> datetime:
        return datetime(2026, 11, 1, self.hour)  # noqa: DTZ001 - a name gives local time

    @property
    def lessons(self) -> dict[tuple[int, date, int], int]:
        return {
            (pupil, MONDAY + timedelta(7 * self.week + day), hour): self.minutes
            for pupil in self.pupils
            for day in self.days
            for hour in HOURS
        }

    def write(self, folder: Path, number: int) -> Path:
        rows = [
            lesson(
                civic=PUPILS[pupil],
                date=day.isoformat(),
                start=f"{hour:02d}:00",
                lesson_id=f"S{day.isoweekday()}-{hour}",
                invalid=str(minutes),
                valid="0",
                present=str(60 - minutes),
            )
            for (pupil, day, hour), minutes in self.lessons.items()
        ]
        return put(folder, f"{number}_{self.exported_at:%Y%m%dT%H%M}.csv", text_of(rows, EVERY))


def parts(of: Sequence[int]) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(st.sampled_from(of), min_size=1).map(lambda found: tuple(sorted(found)))


@st.composite
def terms(draw: st.DrawFn) -> list[Weekly]:
    """Draw files of two to four weeks: each week whole at least once, and parts of it besides."""
    weeks = range(draw(st.integers(2, 4)))
    hours = draw(st.permutations(range(10)))
    whole = [Weekly(week, hours[week], 5 * week) for week in weeks]
    more = draw(
        st.lists(
            st.builds(
                Weekly,
                week=st.sampled_from(weeks),
                hour=st.just(0),
                minutes=st.sampled_from((25, 30, 60)),
                pupils=parts((0, 1, 2)),
                days=parts(WEEK),
            ),
            max_size=4,
        )
    )
    timed = [
        Weekly(part.week, hour, part.minutes, part.pupils, part.days)
        for part, hour in zip(more, hours[4:], strict=False)
    ]
    return draw(st.permutations([*whole, *timed]))


def test_weekly_files_of_slots_give_every_week_in_any_order(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        sealer = Sealer.of_home(lake.settings.home)
        numbers = {sealer.key("pupil", p.replace("-", "")): n for n, p in enumerate(PUPILS)}
        folders = iter(range(1000))

        @settings(
            max_examples=examples(8),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(files=terms(), batch_files=st.sampled_from((0, 1, 256)))
        def check(files: list[Weekly], batch_files: int) -> None:
            emptied(lake)
            folder = tmp_path / str(next(folders))
            paths = [file.write(folder, number) for number, file in enumerate(files)]
            # One call a file, or one call with batches of one file, or with all in a batch.
            calls = [[path] for path in paths] if batch_files == 0 else [paths]
            with mock.patch.object(offered_files, "BATCH_FILES", batch_files or 256):
                for call in calls:
                    reports = ingest_paths(lake, call)
                    assert FileOutcome.QUARANTINED not in {report.outcome for report in reports}
            expected: dict[tuple[int, date, int], int] = {}
            for file in sorted(files, key=lambda file: file.exported_at):
                expected |= file.lessons
            found = lake.rows(
                "SELECT pupil_key, lesson_date, hour(starts_at), invalid_minutes FROM lessons"
            )
            assert len(found) == len(expected)
            assert {(numbers[key], day, hour): m for key, day, hour, m in found} == expected

        check()
