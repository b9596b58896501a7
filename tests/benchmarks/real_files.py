"""Files as senders really send them, beside the same files without a fault.

`PYTHONPATH=. .venv/bin/python -m tests.benchmarks.real_files FOLDER [PUPILS] [SCHOOLS] [PAIRS]`
makes a month of a city and three copies of it: with one refused row and ten warned rows in each
lesson file (`real`), in cp1252 (`cp1252`), and in UTF-16 (`utf16`). Each is loaded into a home of
its own, by turns with the clean files; `real` and the clean ones once more without the rosters, so
that nobody among the pupils has been met. Tells the middle of the pairs' ratios.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from assets.simulator import SimulationPlan, simulate
from tests.benchmarks.running import Finding, asked, at_most, run_step, tell, times, took

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
_WARNED_ROWS = 10
#: How many times as long as the clean files each may take.
TARGETS = {"real": 1.3, "real_strangers": 1.3, "cp1252": 1.25}


def main() -> None:
    """Make the files, load them, print the ratios."""
    city, (pupils, schools, pairs) = asked(22_500, 65, 5)
    clean = city / "clean"
    if not clean.is_dir():
        plan = SimulationPlan(
            pupils, schools, FIRST, LAST, 7, clean, columns="full", encoding="utf-8"
        )
        simulate(plan)
    for name, change in CHANGES.items():
        _changed(clean, city / name, change)
    for name in CHANGES:
        _compare(city, clean, city / name, pairs)
    clean_strangers, real_strangers = map(_without_rosters, (clean, city / "real"))
    _compare(city, clean_strangers, real_strangers, pairs)


def _real(text: bytes) -> bytes:
    """Ten rows whose minutes don't add up, spread over the file, and a totals row at its end."""
    lines = text.split(b"\n")
    present = lines[0].split(b";").index("Närvaro (min)".encode())
    step = len(lines) // (_WARNED_ROWS + 1)
    for place in range(step, step * (_WARNED_ROWS + 1), step):
        cells = lines[place].split(b";")
        cells[present] = b"1" if cells[present] != b"1" else b"2"
        lines[place] = b";".join(cells)
    return b"\n".join(lines) + b"Summa;%d\r\n" % (len(lines) - 2)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "real": _real,
    "cp1252": lambda text: text.decode().encode("cp1252"),
    "utf16": lambda text: text.decode().encode("utf-16"),
}


def _changed(clean: Path, target: Path, change: Callable[[bytes], bytes]) -> None:
    if target.is_dir():
        return
    target.mkdir()
    for path in sorted(clean.iterdir()):
        content = path.read_bytes()
        is_lessons = path.name.startswith("lektionsfranvaro")
        (target / path.name).write_bytes(change(content) if is_lessons else content)


def _without_rosters(whole: Path) -> Path:
    target = whole.with_name(f"{whole.name}_strangers")
    if not target.is_dir():
        target.mkdir()
        for path in whole.glob("lektionsfranvaro_*"):
            shutil.copyfile(path, target / path.name)
    return target


def _compare(city: Path, clean: Path, other: Path, pairs: int) -> None:
    loads: dict[str, list[dict[str, Any]]] = {clean.name: [], other.name: []}
    home = city / "home"
    for pair in range(pairs):
        # Now one first, now the other: the machine's speed drifts.
        for files in (clean, other) if pair % 2 == 0 else (other, clean):
            shutil.rmtree(home, ignore_errors=True)
            loads[files.name].append(run_step("load", files, home, FIRST.isoformat()))
    beside, these = loads.values()
    what = f"{other.name}: beside the clean files"
    clock, processor = (times(these, beside, unit) for unit in ("seconds", "processor_seconds"))
    more = f" ({processor:.2f} by the processor)"
    tell(Finding(f"{other.name}: clean, and these", f"{took(beside)}, {took(these)}"))
    if other.name in TARGETS:
        tell(at_most(what, clock, TARGETS[other.name], "times", more=more))
    else:
        tell(Finding(what, f"{clock:.2f} times{more}"))


if __name__ == "__main__":
    main()
