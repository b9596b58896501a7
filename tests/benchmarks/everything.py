"""Every benchmark whose figures stand in the pages, made anew from nothing: `make benchmark`.

`python -m tests.benchmarks.everything FOLDER [--size 0.1] [--parts month city_year …]`. Each part
makes its files, measures in processes of its own, tells its findings, and its files are removed;
what it printed stays as `FOLDER/<part>.log`, the report as `FOLDER/report.md`. A part that fails is
said and the others go on; then the status is 1. Ratios are of one run, so they mean something on
any machine; targets in seconds or bytes are of the whole city (`--size 1`) on two quiet cores.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.report import PartResult, report, whole_or_part
from tests.benchmarks.running import ROOT, told

PUPILS, SCHOOLS = 90_000, 260


@dataclass(frozen=True)
class Part:
    """A benchmark as a part of the whole.

    Attributes:
        name: of its module, and of the part.
        numbers: for a size what its module is told after the folder.
        of: what these numbers are of.
        gigabytes: of disk at size 1, at most at one time.
        minutes: on two quiet cores at size 1.
        least_minutes: what it takes however small the city is.
    """

    name: str
    numbers: Callable[[float], tuple[int, ...]]
    of: tuple[str, ...]
    gigabytes: float
    minutes: float
    least_minutes: float = 0.2

    def minutes_of(self, size: float) -> float:
        """About how long it takes."""
        return max(self.minutes * size, self.least_minutes)

    def size_text(self, size: float) -> str:
        """What it works on, in words."""
        pairs = zip(self.numbers(size), self.of, strict=True)
        return ", ".join(f"{number:,} {what}" for number, what in pairs) or "the samples"


def city(share: float, *more: int) -> Callable[[float], tuple[int, ...]]:
    """Return the pupils and schools of a share of the city for a size, and numbers that stay."""

    def numbers(size: float) -> tuple[int, ...]:
        schools = max(4, round(SCHOOLS * share * size))
        return (max(200, round(PUPILS * share * size)), schools, *more)

    return numbers


def _year_of_nights(size: float) -> tuple[int, ...]:
    # A night has what it costs however few the pupils are: less of a city has less of a year too.
    return (*city(0.1)(min(1.0, size * 4)), max(8, math.ceil(43 * size)))


def _maintained_nights(size: float) -> tuple[int, ...]:
    # Snapshots go after five weeks: fewer say nothing.
    return (300, 4, max(8, math.ceil(43 * size)))


_CITY = ("pupils", "schools")
PARTS = (
    Part("month", city(1, 5), (*_CITY, "rounds"), 8, 14),
    Part("real_files", city(0.25, 5), (*_CITY, "pairs"), 5, 10),
    Part("city_year", city(1), _CITY, 25, 16),
    Part("year_of_nights", _year_of_nights, (*_CITY, "weeks"), 8, 45, 6),
    Part("maintained_nights", _maintained_nights, (*_CITY, "weeks"), 1, 15, 4),
    Part(
        "hard_year",
        lambda size: (120, 4, max(6, math.ceil(43 * size))),
        (*_CITY, "weeks"),
        1,
        40,
        8,
    ),
    Part("mentor_nights", city(1), _CITY, 5, 14),
    Part("scale_out", city(0.25, 3), (*_CITY, "rounds"), 5, 6, 1),
    Part("large_workbook", lambda size: (round(1_000_000 * size),), ("rows",), 1, 3),
    Part("ss12000_attendances", lambda size: (round(2_000 * size),), ("MB",), 7, 6),
    Part("forecast_city", lambda size: city(1)(size)[:1], ("pupils",), 1, 1),
    Part(
        "large_page", lambda size: (max(100, round(2_000 * size)), 5), ("pupils", "rounds"), 0.1, 1
    ),
    Part(
        "portal_crowd",
        lambda size: (*city(1)(size), 40, max(20, round(300 * size))),
        (*_CITY, "people", "seconds"),
        6,
        16,
        2,
    ),
    Part("commands", lambda _: (), (), 0.2, 1.5, 1.5),
)
NAMES = tuple(part.name for part in PARTS)


class BenchmarkError(Exception):
    """The benchmarks can't be run as asked; the message says why."""


def chosen(names: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts of these names in the order of all; all without a name.

    Raises:
        BenchmarkError: there is no such part.
    """
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise BenchmarkError(
            f"There is no part {', '.join(unknown)}. Expected some of: {', '.join(NAMES)}."
        )
    return tuple(part for part in PARTS if not names or part.name in names)


def gigabytes_needed(parts: Sequence[Part], size: float) -> float:
    """Return what the largest part needs: each part's files are gone before the next begins."""
    return max(part.gigabytes for part in parts) * size + 0.5


def enough_room(parts: Sequence[Part], size: float, free: float) -> None:
    """Raise where there is too little disk.

    Args:
        parts: that are to be run.
        size: of the city.
        free: gigabytes that are free.

    Raises:
        BenchmarkError: there is less than what the largest part needs.
    """
    needed = gigabytes_needed(parts, size)
    if free < needed:
        raise BenchmarkError(
            f"{needed:.1f} GB of disk are needed, {free:.1f} GB are free. Expected room, another "
            "FOLDER, a smaller size (SIZE=0.1) or fewer parts (PARTS=…)."
        )


def run(part: Part, folder: Path, size: float) -> PartResult:
    """Run a part as a process of its own, and remove what it made."""
    own, log = folder / part.name, folder / f"{part.name}.log"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    words = map(str, (own, *part.numbers(size)))
    command = [sys.executable, "-m", f"tests.benchmarks.{part.name}", *words]
    begin = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    seconds = time.perf_counter() - begin
    shutil.rmtree(own, ignore_errors=True)
    findings = tuple(told(log.read_text(encoding="utf-8")))
    failure = ""
    if done.returncode:
        failure = f"ended with status {done.returncode}; see {log}"
    elif not findings:
        failure = f"told nothing; see {log}"
    return PartResult(part.name, part.size_text(size), seconds, findings, failure)


def machine() -> str:
    """Say when and on what it runs, and how busy that is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    busy = "" if load < 0.5 else " **Other work ran beside: only ratios say something.**"
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {memory:.0f} GiB, load "
        f"before {load:.1f}.{busy}"
    )


def everything(folder: Path, size: float, parts: Sequence[Part]) -> int:
    """Run parts, write the report after each, print it, and return the status."""
    folder.mkdir(parents=True, exist_ok=True)
    enough_room(parts, size, shutil.disk_usage(folder).free / 1e9)
    minutes = sum(part.minutes_of(size) for part in parts)
    print(
        f"{len(parts)} parts of {whole_or_part(size)}: about {minutes:.0f} minutes on two quiet "
        f"cores, at most {gigabytes_needed(parts, size):.1f} GB of disk under {folder}.",
        flush=True,
    )
    on, results = machine(), []
    for part in parts:
        print(f"{part.name}: {part.size_text(size)} …", flush=True)
        results.append(run(part, folder, size))
        # After each, so that a run that is stopped has what it found.
        text = report(on, size, results)
        (folder / "report.md").write_text(text, encoding="utf-8")
        print(results[-1].failure or f"  {results[-1].seconds:.0f} s", flush=True)
    print(f"\n{text}\nReport: {folder / 'report.md'}", flush=True)
    return 1 if any(result.failure for result in results) else 0


def main() -> None:
    """Read what is asked for, and run it."""
    asked = argparse.ArgumentParser(description="Run every benchmark anew.")
    asked.add_argument("folder", type=Path)
    asked.add_argument("--size", type=float, default=1.0, help="1 is the city, 0.1 a tenth of it")
    asked.add_argument("--parts", nargs="*", default=[], help=", ".join(NAMES))
    words = asked.parse_args()
    if not 0 < words.size <= 1:
        asked.error(f"--size {words.size:g}: expected more than 0 and at most 1")
    try:
        sys.exit(everything(words.folder.resolve(), words.size, chosen(words.parts)))
    except BenchmarkError as error:
        asked.error(str(error))


if __name__ == "__main__":
    main()
