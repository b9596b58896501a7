"""A month of the whole city, timed: `make benchmark` (pytest-benchmark; not in `make test`).

Makes the city once with the simulator, then runs each step as a process of its own, so that
memory is the step's own and start-up is left out. The plain DuckDB steps run in the same session,
because only their ratio means something on another machine.

`TRAPPAN_BENCHMARK_PUPILS` and `…_SCHOOLS` make it smaller; `TRAPPAN_BENCHMARK_FOLDER` keeps the
files between sessions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.simulator import SimulationPlan, simulate

PUPILS = int(os.environ.get("TRAPPAN_BENCHMARK_PUPILS", "90000"))
SCHOOLS = int(os.environ.get("TRAPPAN_BENCHMARK_SCHOOLS", "260"))
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
NEXT_DAY = LAST + timedelta(days=1)
SUNDAY = date(2026, 9, 27)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("TRAPPAN_BENCHMARK_FOLDER")
    return Path(named) if named else tmp_path_factory.mktemp("city")


def exports(folder: Path, name: str, first: date, last: date, **knobs: Any) -> Path:
    out = folder / name
    if not out.is_dir():
        plan = SimulationPlan(
            PUPILS, SCHOOLS, first, last, 7, out, columns="basic", encoding="utf-8", **knobs
        )
        simulate(plan)
    return out


@pytest.fixture(scope="session")
def month(folder: Path) -> Path:
    """A month of lesson files and rosters, a lesson file per school."""
    return exports(folder, "month", FIRST, LAST)


@pytest.fixture(scope="session")
def day(folder: Path) -> Path:
    """The next school day, a file per school."""
    return exports(folder, "day", NEXT_DAY, NEXT_DAY, split="day")


def timed(benchmark: Any, rounds: int, before: Any, *arguments: object) -> dict[str, Any]:
    """Run a step `rounds` times; the figure is the step's own seconds of work."""
    found: list[dict[str, Any]] = []

    def run() -> None:
        before()
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.steps", *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))

    benchmark.pedantic(run, rounds=rounds, iterations=1)
    best = min(found, key=lambda one: one["seconds"])
    benchmark.extra_info |= best
    print(json.dumps(best))
    return best


def nothing() -> None:
    return


SECONDS: dict[str, float] = {}


def test_plain_duckdb_with_its_own_detection(benchmark: Any, month: Path) -> None:
    SECONDS["bare"] = timed(benchmark, 3, nothing, "bare", month)["seconds"]


def test_plain_duckdb_told_the_dialect(benchmark: Any, month: Path) -> None:
    SECONDS["bare_text"] = timed(benchmark, 3, nothing, "bare_text", month)["seconds"]


def test_the_least_program_that_keeps_the_rows(benchmark: Any, folder: Path, month: Path) -> None:
    best = timed(benchmark, 3, nothing, "least", month, folder / "least.parquet")
    SECONDS["least"] = best["seconds"]


def test_month_from_csv_to_lake_to_rates(benchmark: Any, folder: Path, month: Path) -> None:
    home = folder / "home"

    def afresh() -> None:
        shutil.rmtree(home, ignore_errors=True)

    best = timed(benchmark, 3, afresh, "load", month, home, FIRST.isoformat())
    for name, seconds in SECONDS.items():
        print(f"ratio to {name}: {best['seconds'] / seconds:.2f}")
    assert best["result"]["not_whole"] == 0
    assert best["peak_mb"] < 4096


def test_flags_and_all_lists(benchmark: Any, folder: Path, month: Path) -> None:
    home = folder / "home"
    best = timed(benchmark, 2, nothing, "lists", month, home, LAST.isoformat())
    assert best["result"]["lists"] == SCHOOLS
    assert best["peak_mb"] < 4096


def test_the_weeks_lists(benchmark: Any, folder: Path, month: Path) -> None:
    best = timed(benchmark, 1, nothing, "freeze", month, folder / "home", SUNDAY.isoformat())
    assert best["result"]["lists"] == SCHOOLS


def test_a_grid_of_twenty_scenarios(benchmark: Any, folder: Path, month: Path) -> None:
    home = folder / "home"
    best = timed(benchmark, 1, nothing, "what_if", month, home, LAST.isoformat())
    assert best["result"]["scenarios"] == 20
    assert best["peak_mb"] < 4096


def test_the_night_after(benchmark: Any, folder: Path, day: Path) -> None:
    best = timed(benchmark, 1, nothing, "night", day, folder / "home", NEXT_DAY.isoformat())
    assert best["seconds"] < 60
    assert best["peak_mb"] < 4096


def test_what_was_published_beside_what_is_known_now(
    benchmark: Any, folder: Path, month: Path
) -> None:
    best = timed(benchmark, 1, nothing, "restate", month, folder / "home", SUNDAY.isoformat())
    assert best["result"]["lists"] == SCHOOLS
    assert best["seconds"] < 30


def test_flags_as_they_were_known(benchmark: Any, folder: Path, month: Path) -> None:
    best = timed(benchmark, 1, nothing, "known", month, folder / "home", SUNDAY.isoformat())
    assert best["seconds"] < 10
