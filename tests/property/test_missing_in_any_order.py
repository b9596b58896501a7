"""Which lessons are missing at the source depends on the files that came, not on their order.

The expectation is made of the set of files: the newest word stands, and it is missing when a newer
file has its class and date with nine tenths of the pupils who stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.exports.files import offered_files
from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import EVERY, lesson, put, text_of

PUPILS = tuple(f"20130101-TF{number:02d}" for number in range(1, 11))
#: A lesson's day and hour.
Hour = tuple[int, int]
HOURS: tuple[Hour, ...] = ((23, 8), (23, 9), (24, 8))
Key = tuple[int, Hour]


@dataclass(frozen=True)
class Export:
    """A file: its hour of export, its lessons, and how many pupils each of them has."""

    at: int
    hours: tuple[Hour, ...]
    pupils: int
    minutes: int

    @property
    def keys(self) -> set[Key]:
        return {(pupil, hour) for pupil in range(self.pupils) for hour in self.hours}

    def write(self, folder: Path) -> Path:
        rows = [
            lesson(
                civic=PUPILS[pupil],
                date=f"2026-11-{day}",
                start=f"{hour:02d}:00",
                valid=str(self.minutes),
                invalid="0",
                present=str(60 - self.minutes),
                **{"class": "7A"},
            )
            for pupil, (day, hour) in sorted(self.keys)
        ]
        made = datetime(2026, 11, 28, self.at)  # noqa: DTZ001 - a name gives local time
        return put(folder, f"x_{made:%Y%m%dT%H%M}.csv", text_of(rows, EVERY))


def missing(files: list[Export]) -> set[Key]:
    """Return the lessons that stand and that a newer file, which covers them, lacks."""
    said: dict[Key, int] = {}
    for file in sorted(files, key=lambda file: file.at):
        said |= dict.fromkeys(file.keys, file.at)
    found: set[Key] = set()
    for (pupil, hour), at in said.items():
        standing = {other for other, (day, _) in said if day == hour[0]}
        for file in files:
            had = {other for other, (day, _) in file.keys if day == hour[0]}
            if file.at > at and 10 * len(had) >= 9 * len(standing):
                found.add((pupil, hour))
    return found


@st.composite
def exports(draw: st.DrawFn) -> list[Export]:
    """Draw two to five files of different times, in any order."""
    times = draw(st.lists(st.integers(0, 20), min_size=2, max_size=5, unique=True))
    return [
        Export(
            at,
            tuple(sorted(draw(st.sets(st.sampled_from(HOURS), min_size=1)))),
            draw(st.sampled_from((10, 10, 10, 9, 8, 4))),
            draw(st.sampled_from((0, 5))),
        )
        for at in times
    ]


def test_what_is_missing_at_the_source_does_not_depend_on_the_order(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        sealer = Sealer.of_home(lake.settings.home)
        numbers = {sealer.key("pupil", p.replace("-", "")): n for n, p in enumerate(PUPILS)}
        folders = iter(range(1000))

        @settings(
            max_examples=examples(12),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(files=exports(), batch_files=st.sampled_from((0, 1, 256)))
        def check(files: list[Export], batch_files: int) -> None:
            emptied(lake)
            folder = tmp_path / str(next(folders))
            paths = list(dict.fromkeys(file.write(folder) for file in files))
            with mock.patch.object(offered_files, "BATCH_FILES", batch_files or 256):
                for call in [[path] for path in paths] if batch_files == 0 else [paths]:
                    ingest_paths(lake, call)
            marks = lake.rows(
                "SELECT pupil_key, day(lesson_date), hour(starts_at) FROM missing_lessons "
                "SEMI JOIN lessons USING (pupil_key, school_unit_code, starts_at, subject, "
                "exported_at, file_id)"
            )
            assert {(numbers[key], (day, hour)) for key, day, hour in marks} == missing(files)
            assert len(marks) == len(missing(files))

        check()
