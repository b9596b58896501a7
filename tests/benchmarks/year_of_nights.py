"""A school year, night by night: whether the last night takes what the first one took.

`python -m tests.benchmarks.year_of_nights FOLDER [PUPILS SCHOOLS WEEKS]`, 9,000, 26 and 43 unless
told otherwise: a tenth of the city, and the whole year. FOLDER/nights must not be there. After each
school day its files come, a file a school, and at the end of each month the rosters; the night
takes them in, makes sums, flags, forecast, all lists and the mentors' files, on Fridays the week's
frozen lists too. Each night is a process of its own (`steps.py`). Tells the middle of the nights of
each month: seconds, processor seconds with the processes that write lists, and files and bytes of
the lake.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from assets.simulator import SimulationPlan, simulate
from tests.benchmarks.running import Finding, asked, at_most, run_step, tell, took

FIRST, LAST = date(2026, 8, 17), date(2027, 6, 10)
TARGET = 1.2
_NIGHTS_COMPARED = 10


def main() -> None:
    """Play the year."""
    folder, (pupils, schools, weeks) = asked(9_000, 26, 43)
    last = min(LAST, FIRST + timedelta(weeks=weeks))
    inboxes = written_by_night(folder, pupils, schools, last)
    months: dict[str, list[dict[str, Any]]] = defaultdict(list)
    nights: list[dict[str, Any]] = []
    for day, inbox in sorted(inboxes.items()):
        made = run_step("night", inbox, folder / "home", day.isoformat(), says=False)
        nights.append(made)
        months[day.strftime("%Y-%m")].append(made)
        if day.weekday() == 4:
            run_step("freeze", inbox, folder / "home", (day + timedelta(2)).isoformat(), says=False)
        if is_last_of_month(day, inboxes):
            say(folder, day, months[day.strftime("%Y-%m")])
    # After five weeks pupils stand on lists as they do later on.
    compared = min(_NIGHTS_COMPARED, len(nights) // 3)
    start = min(25, len(nights) - 2 * compared)
    early, late = nights[start : start + compared], nights[-compared:]
    clock, processor = (
        median(one[unit] for one in late) / median(one[unit] for one in early)
        for unit in ("seconds", "processor_seconds")
    )
    what = f"the last {compared} of {len(nights)} nights beside {compared} from night {start + 1}"
    more = f" ({processor:.2f} by the processor)"
    tell(at_most(what, clock, TARGET, "times", more=more))


def is_last_of_month(day: date, inboxes: dict[date, Path]) -> bool:
    """Whether no later night of the month is played."""
    return not any(other > day and other.month == day.month for other in inboxes)


def say(folder: Path, day: date, nights: list[dict[str, Any]]) -> None:
    """Tell of a month."""
    files = [path for path in (folder / "home" / "lake").rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    lake = f"lake of {len(files)} files, {megabytes:.0f} MB"
    tell(Finding(f"a night of {day:%Y-%m}", f"{took(nights)}, {lake}"))


def written_by_night(
    folder: Path, pupils: int, schools: int, last_day: date, first_day: date = FIRST
) -> dict[date, Path]:
    """Write the year up to a day, and return a folder for each school day's files."""
    inboxes: dict[date, Path] = {}
    first = first_day
    while first <= last_day:
        # The first day alone, so that its night has rosters.
        last = first if first == first_day else min(last_day, month_end(first))
        out = folder / "exports" / first.isoformat()
        simulate(SimulationPlan(pupils, schools, first, last, 7, out, "day", columns="basic"))
        rosters = list(out.glob("elever_*.csv"))
        for path in sorted(out.glob("lektionsfranvaro_*.csv")):
            day = date.fromisoformat(path.name.split("_")[2])
            inboxes[day] = folder / "nights" / day.isoformat()
            inboxes[day].mkdir(parents=True, exist_ok=True)
            path.rename(inboxes[day] / path.name)
        newest = inboxes[max(inboxes)]
        for path in rosters:
            path.rename(newest / path.name)
        first = last + timedelta(days=1)
    return inboxes


def month_end(day: date) -> date:
    """Return the last day of a month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


if __name__ == "__main__":
    main()
