"""A month of the whole city: loads by turns with plain programs, then what nights do with it.

`python -m tests.benchmarks.month FOLDER [PUPILS SCHOOLS ROUNDS]`, 90,000, 260 and 5 unless told
otherwise. Each step is a process of its own (`steps.py`), so memory is the step's own and start-up
is left out. Only ratios within one round mean something on another machine: in each round the
load and the plain programs take turns, in an order that moves on from round to round.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from assets.simulator import SimulationPlan, simulate
from tests.benchmarks.running import Finding, asked, at_most, run_step, tell, times, took

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
NEXT_DAY = LAST + timedelta(days=1)
SUNDAY = date(2026, 9, 27)
#: How many times as long as each plain program a load may take.
TARGETS = {"least": 2.0, "bare_text": 5.0, "bare": 3.0}
_PLAIN = {
    "least": "the least program that keeps the rows",
    "bare_text": "a plain DuckDB that is told the dialect",
    "bare": "a plain DuckDB with its own detection",
}
MOST_MEGABYTES = 4096


def main() -> None:
    """Measure."""
    folder, (pupils, schools, rounds) = asked(90_000, 260, 5)
    size = (pupils, schools)
    month = written(folder / "month", size, FIRST, LAST)
    loads(folder, month, rounds)
    home = folder / "home"
    lists = run_step("lists", month, home, LAST.isoformat())
    frozen = run_step("freeze", month, home, SUNDAY.isoformat())
    what_if = run_step("what_if", month, home, LAST.isoformat())
    day = written(folder / "day", size, NEXT_DAY, NEXT_DAY, split="day")
    night = run_step("night", day, home, NEXT_DAY.isoformat())
    restated = run_step("restate", month, home, SUNDAY.isoformat())
    known = run_step("known", month, home, SUNDAY.isoformat())
    for step in (lists, frozen, night, restated):
        assert step["result"]["lists"] == schools, step
    assert what_if["result"]["scenarios"] == 20, what_if
    tell(
        Finding("flags and all lists", took([lists])),
        Finding("the frozen lists of a week", took([frozen])),
        at_most("a frozen week on disk", frozen["result"]["megabytes"], 100, "MB", is_of_size=True),
        Finding("twenty scenarios of what-if", took([what_if])),
        _seconds("a day more to sums, flags and all lists", night, 60),
        _seconds("restating a week", restated, 30),
        _seconds("flags as they were known at a past moment", known, 10),
        _memory("peak of memory of these", [lists, frozen, what_if, night, restated, known]),
    )


def written(out: Path, size: tuple[int, int], first: date, last: date, **knobs: Any) -> Path:
    """Return a folder with the city's files of some days; made when it is not there."""
    if not out.is_dir():
        plan = SimulationPlan(
            *size, first, last, 7, out, **{"columns": "basic", "encoding": "utf-8"} | knobs
        )
        simulate(plan)
    return out


def loads(folder: Path, month: Path, rounds: int) -> None:
    """Let the plain programs and loads take turns, and leave the home of the last load."""
    home = folder / "home"
    words: dict[str, tuple[object, ...]] = {
        "bare": (),
        "bare_text": (),
        "least": (folder / "least.parquet",),
        "load": (home, FIRST.isoformat()),
    }
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in words}
    names = list(words)
    for number in range(rounds):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            if name == "load":
                shutil.rmtree(home, ignore_errors=True)
            found[name].append(run_step(name, month, *words[name]))
    assert all(one["result"]["not_whole"] == 0 for one in found["load"])
    tell(Finding("a month from CSV to lake to rates", took(found["load"])))
    for name, most in TARGETS.items():
        tell(
            Finding(_PLAIN[name], took(found[name])),
            at_most(
                f"a load beside {_PLAIN[name]}",
                times(found["load"], found[name], "seconds"),
                most,
                "times",
                more=f" ({times(found['load'], found[name], 'processor_seconds'):.2f} "
                "by the processor)",
            ),
        )
    tell(_memory("peak of memory of a load", found["load"]))


def _seconds(what: str, step: dict[str, Any], most: float) -> Finding:
    more = f" ({step['processor_seconds']:.1f} of the processor)"
    return at_most(what, step["seconds"], most, "s", is_of_size=True, more=more)


def _memory(what: str, steps: list[dict[str, Any]]) -> Finding:
    found = max(one["peak_mb"] for one in steps)
    return at_most(what, found, MOST_MEGABYTES, "MB", is_of_size=True)


if __name__ == "__main__":
    main()
