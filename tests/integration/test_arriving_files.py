"""A file that is still being written waits for the next run; a finished one is not kept waiting."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import ledger_rows
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import lesson, lessons_of, put, text_of

NOW = 1_790_000_000.0
SETTLE = 10.0


@dataclass
class Clock:
    """A clock that only sleeping moves; what happens meanwhile is handed in."""

    meanwhile: Callable[[], None] = lambda: None
    at: float = NOW
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        self.meanwhile()

    @property
    def intake(self) -> Intake:
        return Intake(settle_seconds=SETTLE, now=lambda: self.at, sleep=self.sleep)


def aged(path: Path, seconds: float) -> Path:
    """Let a file have been written so many seconds ago."""
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def export(folder: Path, number: int, seconds: float) -> Path:
    path = put(folder, f"{number}.csv", text_of([lesson(number)]))
    return aged(path, seconds)


def test_a_file_that_grows_while_it_is_waited_for_is_held_and_the_others_are_taken(
    lake: Lake, tmp_path: Path
) -> None:
    growing, young, old = (export(tmp_path, n, age) for n, age in enumerate((1, 4, 3600)))

    def grow() -> None:
        growing.write_bytes(growing.read_bytes() + b"x")

    clock = Clock(grow)
    reports = ingest_paths(lake, [growing, young, old], intake=clock.intake)
    assert [r.outcome for r in reports] == [
        FileOutcome.HELD,
        FileOutcome.ACCEPTED,
        FileOutcome.ACCEPTED,
    ]
    assert reports[0].reason == (
        "it is still being written to. Nothing was read; the next run tries again."
    )
    # One wait for all, as long as the youngest needs.
    assert clock.slept == [pytest.approx(9)]
    assert len(lessons_of(lake)) == 2


def test_a_file_that_is_moved_away_while_it_is_waited_for_is_held(
    lake: Lake, tmp_path: Path
) -> None:
    path = export(tmp_path, 0, 0)
    (report,) = ingest_paths(lake, [path], intake=Clock(path.unlink).intake)
    assert report.outcome == FileOutcome.HELD


def shown_as_held(lake: Lake) -> list[tuple[str, str]]:
    rows = ledger_rows(lake, Sealer.of_home(lake.settings.home))
    held = rows.filter(pl.col("outcome") == "held")
    assert held["file_sha256"].null_count() == held.height
    return sorted(held.select("file_name", "reason").iter_rows())


def test_what_is_held_is_shown_until_it_is_taken_or_gone(lake: Lake, tmp_path: Path) -> None:
    growing, leaving, old = (export(tmp_path, n, age) for n, age in enumerate((1, 2, 3600)))

    def grow() -> None:
        for path in (growing, leaving):
            path.write_bytes(path.read_bytes() + b"x")

    ingest_paths(lake, [growing, leaving, old], intake=Clock(grow).intake)
    waiting = "it is still being written to. Nothing was read; the next run tries again."
    assert shown_as_held(lake) == [("0.csv", waiting), ("1.csv", waiting)]
    aged(put(tmp_path, "0.csv", text_of([lesson(0)])), 3600)
    ingest_paths(lake, [growing], intake=Clock().intake)
    # The one that was not offered is still there, and waits still.
    assert shown_as_held(lake) == [("1.csv", waiting)]
    leaving.unlink()
    ingest_paths(lake, [old], intake=Clock().intake)
    assert shown_as_held(lake) == []


def test_a_file_that_is_held_every_night_is_noticed_once(lake: Lake, tmp_path: Path) -> None:
    link = tmp_path / "0.csv"
    link.symlink_to(tmp_path / "nowhere")
    ingest_paths(lake, [tmp_path])
    before = lake.rows("SELECT * FROM held_files")
    snapshot = lake.snapshot()
    ingest_paths(lake, [tmp_path])
    assert lake.rows("SELECT * FROM held_files") == before
    assert lake.snapshot() == snapshot
    assert [name for name, _ in shown_as_held(lake)] == ["0.csv"]


def test_the_name_of_a_held_file_is_sealed(lake: Lake, tmp_path: Path) -> None:
    link = tmp_path / "Kanariefagel.csv"
    link.symlink_to(tmp_path / "nowhere")
    ingest_paths(lake, [tmp_path])
    assert [name for name, _ in shown_as_held(lake)] == ["Kanariefagel.csv"]
    ((reason, modified),) = lake.rows("SELECT reason, modified_at FROM held_files")
    assert "Kanariefagel" not in f"{reason}{modified}"
    for path in lake.settings.home.rglob("*"):
        if path.is_file():
            assert b"Kanariefagel" not in path.read_bytes()


def test_nobody_waits_for_files_that_are_old_enough(lake: Lake, tmp_path: Path) -> None:
    clock = Clock()
    (report,) = ingest_paths(lake, [export(tmp_path, 0, SETTLE)], intake=clock.intake)
    assert report.outcome == FileOutcome.ACCEPTED
    assert clock.slept == []


def test_a_time_in_the_future_is_waited_for_once_and_not_for_ever(
    lake: Lake, tmp_path: Path
) -> None:
    clock = Clock()
    (report,) = ingest_paths(lake, [export(tmp_path, 0, -86_400)], intake=clock.intake)
    assert report.outcome == FileOutcome.ACCEPTED
    assert clock.slept == [pytest.approx(SETTLE)]


def test_the_finished_file_is_taken_by_the_next_run(lake: Lake, tmp_path: Path) -> None:
    path = export(tmp_path, 0, 0)
    whole = path.read_bytes()
    aged(put(tmp_path, "0.csv", whole[: len(whole) // 2]), 1)

    def finish() -> None:
        aged(put(tmp_path, "0.csv", whole), -1)

    (first,) = ingest_paths(lake, [path], intake=Clock(finish).intake)
    assert first.outcome == FileOutcome.HELD
    assert lake.rows("SELECT count(*) FROM files") == [(0,)]
    (second,) = ingest_paths(lake, [path], intake=Clock(at=NOW + 3600).intake)
    assert (second.outcome, second.rows_accepted) == (FileOutcome.ACCEPTED, 1)
