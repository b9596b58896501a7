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
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.month import written
from tests.benchmarks.running import Finding, asked, at_most, run_step, tell, took

FIRST, LAST = date(2026, 8, 17), date(2027, 6, 10)
#: Fridays, so that a school day follows after the weekend.
WEEKS, YEAR = date(2026, 9, 18), date(2027, 6, 4)
TARGETS = {"exponent": 1.02, "peak_mb": 3000, "files_ratio": 1.1, "night": 40.0, "night_ratio": 1.2}


def main() -> None:
    """Write the city's files once, and measure."""
    folder, (pupils, schools) = asked(90_000, 260)
    size, half = (pupils, schools), (pupils // 2, schools // 2)
    september = (date(2026, 9, 1), date(2026, 9, 30))
    months = written(folder / "half_month", half, *september, split="month")
    days = written(folder / "half_days", half, *september, split="day")
    small = afresh(folder, "load", months, "2026-09-01")
    many = afresh(folder, "load", days, "2026-09-01")
    weeks = written(folder / "weeks", size, FIRST, WEEKS, split="month")
    nights = [night(folder, weeks, WEEKS, size)[1]]
    year = written(folder / "year", size, FIRST, YEAR, split="month")
    large, last = night(folder, year, YEAR, size)
    nights.append(last)
    report(small, many, large, nights)


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
    day = written(folder / f"day_{monday}", size, monday, monday, split="day")
    loaded = afresh(folder, "load", exports, until.replace(day=1).isoformat())
    run_step("lists", exports, folder / "home", until.isoformat())
    return loaded, run_step("night", day, folder / "home", monday.isoformat())


def report(
    small: dict[str, Any], many: dict[str, Any], large: dict[str, Any], nights: list[dict[str, Any]]
) -> None:
    """Tell each target beside what was seen."""
    rows = large["result"]["rows"] / small["result"]["rows"]
    clock, processor = (
        math.log(large[unit] / small[unit]) / math.log(rows)
        for unit in ("seconds", "processor_seconds")
    )
    first, last = (one["seconds"] for one in nights)
    by_processor = nights[1]["processor_seconds"] / nights[0]["processor_seconds"]
    tell(
        Finding("a month of half the city, a file a school", took([small])),
        Finding("the same, a file a school and day", took([many])),
        Finding("the year", took([large])),
        at_most(
            f"growth with {rows:.1f} times the rows, by the processor",
            processor,
            TARGETS["exponent"],
            "as exponent",
            more=f" ({clock:.2f} by the clock)",
        ),
        at_most(
            "peak of memory of the year",
            large["peak_mb"],
            TARGETS["peak_mb"],
            "MB",
            is_of_size=True,
        ),
        at_most(
            "peak of memory with many files beside that with few",
            many["peak_mb"] / small["peak_mb"],
            TARGETS["files_ratio"],
            "times",
        ),
        Finding("the first night", took(nights[:1])),
        at_most(
            "the last night",
            last,
            TARGETS["night"],
            "s",
            is_of_size=True,
            more=f" ({nights[1]['processor_seconds']:.1f} of the processor)",
        ),
        at_most(
            "the last night beside the first",
            last / first,
            TARGETS["night_ratio"],
            "times",
            more=f" ({by_processor:.2f} by the processor)",
        ),
    )


if __name__ == "__main__":
    main()
