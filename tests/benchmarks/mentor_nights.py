"""What mentors' own lists cost a city's night, in one command.

`python -m tests.benchmarks.mentor_nights FOLDER [PUPILS SCHOOLS]`, 90,000 and 260 unless told
otherwise; the city is made once. Each night is a process of its own, in turns without and with
mentors' files. Tells seconds of the clock and of the processor (this process and those that write
lists), and the ratios to the middle of the nights without.

- `same`: nothing changed, the same day again;
- `tenth`: a tenth of the listed pupils changed, the same day: what the target is about;
- `day`: one more day, so that every list says another day.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.evaluate import evaluate_flags, store_flags
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.benchmarks.running import ROOT, Finding, asked, at_most, tell, took
from tests.benchmarks.steps import processor_seconds

FIRST, SUNDAY = date(2026, 8, 31), date(2026, 10, 4)
NEXT_DAY = SUNDAY + timedelta(days=1)
ROUNDS = 3
TARGET = 1.5


def main() -> None:
    """Measure the nights, or be one of them."""
    if len(sys.argv) > 1 and sys.argv[1] == "night":
        _, _, of_home, as_of, mentors, change = sys.argv
        made = night(Path(of_home), date.fromisoformat(as_of), mentors == "with", change)
        print(json.dumps(made))
        return
    folder, (pupils, schools) = asked(90_000, 260)
    home = folder / "home"
    if not home.is_dir():
        make_city(folder, pupils, schools)
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    # Lists of both kinds stand before anything is timed.
    run(home, SUNDAY, "with", "same")
    for _ in range(ROUNDS):
        for mentors in ("without", "with"):
            # Without mentors' files every file of theirs goes, and would be new in the next night.
            for change in ("same", "tenth"):
                if mentors == "with" and change == "same":
                    run(home, SUNDAY, "with", "same")
                found[f"{change} {mentors}"].append(run(home, SUNDAY, mentors, change))
    for mentors in ("without", "with"):
        found[f"day {mentors}"].append(run(home, NEXT_DAY, mentors, "same"))
        run(home, SUNDAY, mentors, "same")
    report(found)


def make_city(folder: Path, pupils: int, schools: int) -> None:
    """Write the city's files, and take them in."""
    exports = folder / "exports"
    simulate(SimulationPlan(pupils, schools, FIRST, SUNDAY, 7, exports, columns="basic"))
    with Lake.open(LakeSettings(home=folder / "home")) as lake:
        ingest_paths(lake, [exports])
        refresh_sums(lake)


def run(home: Path, as_of: date, mentors: str, change: str) -> dict[str, float]:
    """Run one night as a process of its own."""
    words = ["-m", "tests.benchmarks.mentor_nights", "night", str(home), as_of.isoformat()]
    done = subprocess.run(
        [sys.executable, *words, mentors, change],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    made: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(as_of, change, mentors, made, flush=True)
    return made


def night(home: Path, as_of: date, has_mentors: bool, change: str) -> dict[str, float]:
    """Evaluate and release the lists of a day; what is changed before is not timed."""
    rules = rule_set_on("stockholm", as_of)
    with Lake.open(LakeSettings(home=home)) as lake:
        if change == "tenth":
            change_a_tenth(lake, as_of)
        clock, processor = time.perf_counter(), processor_seconds()
        store_flags(lake, evaluate_flags(lake, as_of, rules))
        release = release_lists(lake, as_of, lambda _: rules, has_mentor_files=has_mentors)
    return {
        "seconds": round(time.perf_counter() - clock, 2),
        "processor_seconds": round(processor_seconds() - processor, 2),
        "listed": release.pupils,
    }


def change_a_tenth(lake: Lake, as_of: date) -> None:
    """Move a minute of absence from valid to invalid, or back, for a tenth of the listed."""
    rules = rule_set_on("stockholm", as_of)
    evaluate_flags(lake, as_of, rules)
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS SELECT DISTINCT pupil_key FROM verdicts "
        "WHERE level > 0 AND hash(pupil_key) % 10 = 0"
    )
    lake.write(
        lambda connection: connection.execute(
            "UPDATE absence_daily SET "
            "valid_minutes = valid_minutes + if(valid_minutes > 0, -1, 1), "
            "invalid_minutes = invalid_minutes + if(valid_minutes > 0, 1, -1) "
            "WHERE lesson_date > $first AND valid_minutes + invalid_minutes > 1 "
            "AND (valid_minutes > 0 OR invalid_minutes > 0) AND pupil_key IN "
            "(SELECT pupil_key FROM changed)",
            {"first": as_of - timedelta(days=10)},
        )
    )


def report(found: dict[str, list[dict[str, float]]]) -> None:
    """Tell the middle of each kind of night, and its ratio to those without mentors' files."""
    names = {"same": "nothing changed", "tenth": "a tenth changed", "day": "a day more"}
    for change, name in names.items():
        without, with_files = found[f"{change} without"], found[f"{change} with"]
        ratios = {
            unit: median(one[unit] for one in with_files) / median(one[unit] for one in without)
            for unit in ("seconds", "processor_seconds")
        }
        tell(
            Finding(f"{name}, without mentors' files", took(without)),
            Finding(f"{name}, with them", took(with_files)),
        )
        what = f"{name}: with mentors' files beside without"
        more = f" ({ratios['processor_seconds']:.2f} by the processor)"
        if change == "tenth":
            tell(at_most(what, ratios["seconds"], TARGET, "times", more=more))
        else:
            tell(Finding(what, f"{ratios['seconds']:.2f} times{more}"))


if __name__ == "__main__":
    main()
