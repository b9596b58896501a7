"""A school year of the whole city, in one command: memory, growth, and the night at its end.

`python -m tests.benchmarks.city_year FOLDER [PUPILS SCHOOLS]`, 90,000 and 260 unless told
otherwise: some 94 million lesson rows. FOLDER needs 40 GB and keeps the files. Steps take turns on
one machine, each in a process of its own (`steps.py`):

- `load` of September of half the city, then of the year: the exponent of the growth;
- that September as one file a school, and as one a school and day: the peak of memory must not
  grow with the number of files;
- `night`: one more day, with its files, sums, flags, forecast, all lists and mentors' files; once
  after five weeks, once after the year. Before each, the lists of the day before were made.
"""

from __future__ import annotations

import math
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from assets.simulator import SimulationPlan, simulate
from tests.benchmarks.running import run_step

FIRST, LAST = date(2026, 8, 17), date(2027, 6, 10)
#: Fridays, so that a school day follows after the weekend.
WEEKS, YEAR = date(2026, 9, 18), date(2027, 6, 4)
TARGETS = {"exponent": 1.02, "peak_mb": 3000, "night": 40.0, "night_ratio": 1.2}


def main() -> None:
    """Write the city's files once, and measure."""
    folder = Path(sys.argv[1])
    pupils, schools = map(int, sys.argv[2:4] or ("90000", "260"))
    size, half = (pupils, schools), (pupils // 2, schools // 2)
    september = (date(2026, 9, 1), date(2026, 9, 30))
    months = written(folder / "half_month", half, *september, "month")
    days = written(folder / "half_days", half, *september, "day")
    small = afresh(folder, "load", months, "2026-09-01")
    many = afresh(folder, "load", days, "2026-09-01")
    weeks = written(folder / "weeks", size, FIRST, WEEKS, "month")
    nights = [night(folder, weeks, WEEKS, size)[1]]
    year = written(folder / "year", size, FIRST, YEAR, "month")
    large, last = night(folder, year, YEAR, size)
    nights.append(last)
    report(small, many, large, nights)


def written(out: Path, size: tuple[int, int], first: date, last: date, split: Any) -> Path:
    """Return a folder with the exports of some days; made when it is not there."""
    if not out.is_dir():
        plan = SimulationPlan(*size, first, last, 7, out, split, columns="basic", encoding="utf-8")
        simulate(plan)
    return out


def afresh(folder: Path, step: str, exports: Path, *words: str) -> dict[str, Any]:
    """Run a step on a home that is made anew."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    return run_step(step, exports, home, *words)


def night(
    folder: Path, exports: Path, until: date, size: tuple[int, int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load what came until a Friday, then take the night after the next Monday."""
    monday = until + timedelta(days=3)
    day = written(folder / f"day_{monday}", size, monday, monday, "day")
    loaded = afresh(folder, "load", exports, until.replace(day=1).isoformat())
    run_step("lists", exports, folder / "home", until.isoformat())
    return loaded, run_step("night", day, folder / "home", monday.isoformat())


def report(
    small: dict[str, Any], many: dict[str, Any], large: dict[str, Any], nights: list[dict[str, Any]]
) -> None:
    """Print each target beside what was seen."""
    rows = large["result"]["rows"] / small["result"]["rows"]
    for unit in ("processor_seconds", "seconds"):
        found = math.log(large[unit] / small[unit]) / math.log(rows)
        print(f"growth of {unit} with {rows:.1f} times the rows: exponent {found:.3f}")
    print(f"target: {TARGETS['exponent']} by the processor")
    print(f"peak of the year: {large['peak_mb']} MB; target: {TARGETS['peak_mb']}")
    print(f"peak of one file a school {small['peak_mb']} MB, one a day {many['peak_mb']} MB")
    first, last = (one["seconds"] for one in nights)
    print(f"first night {first} s, last night {last} s, {last / first:.2f} times")
    print(f"targets: {TARGETS['night']} s, and {TARGETS['night_ratio']} times the first")


if __name__ == "__main__":
    main()
