"""A school year of nights in which everything goes wrong that can, and what is left at its end.

`python -m tests.benchmarks.hard_year FOLDER [PUPILS SCHOOLS WEEKS]`, 120, 4 and 43 unless told
otherwise; FOLDER/hard_year must not be there. A night follows each school day and each Sunday. Of
the files some come late, some come wrong and are corrected, one school sends nothing for a week,
three nights are missed, twenty are killed at a moment of chance, one meets a full disk, one a lost
catalog, and in spring a pupil is erased whom the schools go on to send. The home must end as one
that took all files in at once, without that pupil: lessons, sums, flags and what lists say, row by
row. Every command is a process of its own, and its clock is that of the night: the year is longer
than the benchmark, and what goes after days must go.

Needs Debian's faketime, which turns a process's clock, and the right to mount a file system of
memory: without that no disk is full, which is said.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pyrage

from tests.benchmarks.hard_year_state import erased_traces, state_of
from tests.benchmarks.maintained_nights import by_table
from tests.benchmarks.running import ROOT, Finding, asked, at_most, figure, tell
from tests.benchmarks.year_of_nights import FIRST, LAST, written_by_night

#: So many nights are killed, missed in a row, or meet another fault.
KILLS, MISSED = 20, 3
_LATE, _CORRECTED = 0.06, 0.05
_SEED = 20260817
_ROOM = "3g"
#: When nights begin; files come the evening before.
_HOUR, _EVENING = 4, 22
#: When Saturday's maintenance begins, as by the program's schedule: before the week's lists.
_MAINTAINED = 14
_SUNDAY = 6
_ZONE = ZoneInfo("Europe/Stockholm")
#: What turns the clock of a process and of those that it starts.
_CLOCK = "/usr/lib/*/faketime/libfaketimeMT.so.1"
#: The command, of the same Python.
TRAPPAN = str(Path(sys.executable).with_name("trappan"))
_PASSED = 0
#: All is made, and something waits.
_WAITS = 3


@dataclass
class Plan:
    """What is offered before which night, and what happens to it.

    Attributes:
        nights: in their order.
        offers: names in the inbox and files, by night.
        kills: nights that are killed once, and played again.
        missed: nights that are not played.
        full: the night that meets a full disk.
        lost: the night after which the catalog is gone.
        erased: the night after which the pupil is erased.
        number: of that pupil.
    """

    nights: list[date]
    offers: dict[date, list[tuple[str, Path]]]
    kills: set[date]
    missed: set[date]
    full: date
    lost: date
    erased: date
    number: str
    counts: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Play the year, then one clean load, and compare."""
    folder, (pupils, schools, weeks) = asked(120, 4, 43)
    folder /= "hard_year"
    clock_library()
    last = min(LAST, FIRST + timedelta(weeks=weeks))
    by_day = written_by_night(folder, pupils, schools, last)
    plan = plan_of(folder, by_day)
    with in_memory(folder / "home") as can_be_full:
        year = Year(folder, plan, can_be_full)
        year.play()
        tell(*year.findings())
        shutil.copytree(folder / "home", folder / "end", symlinks=True)
    end = folder / "end"
    clean = load_at_once(folder, plan, end / "pupil.key")
    hard, once = state_of(end, plan.nights[-1]), state_of(clean, plan.nights[-1])
    different = [name for name in hard if hard[name] != once[name]]
    rows = sum(len(table) for table in once.values())
    traces = erased_traces(end, plan.number)
    tell(
        at_most(f"tables that differ from one clean load ({rows} rows compared)",
                len(different), 0, "tables", more=f": {', '.join(different)}" if different else ""),
        at_most("places in which the erased pupil is found", len(traces), 0, "places",
                more=f": {', '.join(sorted(traces))}" if traces else ""),
    )  # fmt: skip
    compare_sizes(end, clean, same_rows(end, folder / "same_rows", plan.nights[-1]))
    if different or traces:
        sys.exit(1)


def plan_of(folder: Path, by_day: dict[date, Path]) -> Plan:
    """Draw what goes wrong; the same for the same days and files.

    Args:
        folder: where first versions of corrected files are written.
        by_day: each school day's files.
    """
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret is drawn
    days = sorted(by_day)
    sundays = {day + timedelta(days=6 - day.weekday()) for day in days}
    nights = sorted({*days, *(day for day in sundays if day < days[-1])})
    offers: dict[date, list[tuple[str, Path]]] = {night: [] for night in nights}
    counts: Counter[str] = Counter()
    silent_week = days[len(days) // 3].isocalendar()[:2]
    silent_school = sorted(by_day[days[0]].iterdir())[0].name.split("_")[1]
    number = _pupil_of(by_day[days[-1]])

    def night_after(day: date, more: int) -> date:
        return nights[min(len(nights) - 1, nights.index(day) + more)]

    for day in days:
        for path in sorted(by_day[day].iterdir()):
            more = 0
            if path.name.startswith("lektionsfranvaro"):
                if day.isocalendar()[:2] == silent_week and silent_school in path.name:
                    more, counts = 6, counts + Counter(silent=1)
                elif chance.random() < _LATE:
                    more, counts = chance.randint(1, 10), counts + Counter(late=1)
                elif chance.random() < _CORRECTED:
                    wrong = first_version(folder / "first_versions", path)
                    offers[day].append((wrong.name, wrong))
                    more, counts = chance.randint(1, 20), counts + Counter(corrected=1)
            offers[night_after(day, more)].append((path.name, path))
    free = nights[10:-10]
    missed_from = nights.index(chance.choice(free))
    missed = set(nights[missed_from : missed_from + MISSED])
    others = [night for night in free if night not in missed]
    kills = set(chance.sample(others, min(KILLS, len(others) // 2)))
    calm = [night for night in others if night not in kills]
    # The pupil goes late, so that there is a past to go from, and files still come with the pupil.
    erased = calm[-len(calm) // 4]
    full, lost = chance.sample([night for night in calm if night != erased], 2)
    return Plan(nights, offers, kills, missed, full, lost, erased, number, counts)


def first_version(folder: Path, path: Path) -> Path:
    """Write a file as it was before it was corrected: valid and invalid absence in each other's
    place, and two hours older."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = folder / path.name.replace("T0500", "T0300")
    header, *lines = path.read_text(encoding="utf-8-sig").splitlines()
    names = header.split(";")
    valid, invalid = (names.index(f"{name} frånvaro (min)") for name in ("Giltig", "Ogiltig"))
    rows = [line.split(";") for line in lines]
    for cells in rows:
        cells[valid], cells[invalid] = cells[invalid], cells[valid]
    text = "\n".join([header, *(";".join(cells) for cells in rows)]) + "\n"
    wrong.write_text(text, encoding="utf-8-sig")
    return wrong


def _pupil_of(folder: Path) -> str:
    """Return the identity number of a pupil who has lessons on a day."""
    path = next(path for path in sorted(folder.iterdir()) if "lektionsfranvaro" in path.name)
    header, *lines = path.read_text(encoding="utf-8-sig").splitlines()
    place = header.split(";").index("Personnummer")
    return lines[len(lines) // 2].split(";")[place]


@contextmanager
def in_memory(home: Path) -> Iterator[bool]:
    """Make a home on a file system that can be made full; say whether it can."""
    home.mkdir(parents=True, mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM},mode=700", "tmpfs", str(home)]
    is_mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(home)], check=False)


def clock_library() -> str:
    """Return where the library lies that turns a process's clock.

    Raises:
        SystemExit: it is not installed.
    """
    found = sorted(Path("/").glob(_CLOCK.removeprefix("/")))
    if not found:
        raise SystemExit(f"There is no {_CLOCK}. Run: apt-get install faketime")
    return str(found[0])


def clock_after(night: date) -> dict[str, str]:
    """Return the environment in which it is the morning after a night's day."""
    return clock_at(night + timedelta(days=1), _HOUR)


def clock_at(day: date, hour: int) -> dict[str, str]:
    """Return the environment in which it is an hour of a day.

    Files keep the times that they have. A lake so small is quicker with one thread.
    """
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=_ZONE)
    seconds = int(moment.timestamp() - time.time())
    clock = {"LD_PRELOAD": clock_library(), "FAKETIME": f"{seconds:+d}", "NO_FAKE_STAT": "1"}
    return os.environ | clock | {"TRAPPAN_THREADS": "1"}


def bring(source: Path, place: Path, night: date) -> None:
    """Lay a file into an inbox, as one that came the evening before a night."""
    shutil.copyfile(source, place)
    came = datetime(night.year, night.month, night.day, _EVENING, tzinfo=_ZONE).timestamp()
    os.utime(place, (came, came))


def room(home: Path, size: str) -> None:
    """Give a home on memory so much room."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(home)], check=True)


class Year:
    """Plays the nights of a plan."""

    def __init__(self, folder: Path, plan: Plan, can_be_full: bool) -> None:
        self._folder, self._plan, self._can_be_full = folder, plan, can_be_full
        self._home, self._inbox = folder / "home", folder / "inbox"
        self._inbox.mkdir()
        self._backup, self._identity = folder / "backup", folder / "backup.key"
        self._seconds: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._happened: Counter[str] = Counter()
        self._chance = random.Random(_SEED + 1)  # noqa: S311
        self._clock: dict[str, str] = {}

    def findings(self) -> list[Finding]:
        """Return what happened, and how long nights took."""
        happened = {**self._plan.counts, **self._happened}
        said = ", ".join(f"{count} {what}" for what, count in sorted(happened.items()))
        tenth = max(1, len(self._seconds) // 10)
        return [
            Finding(f"{len(self._seconds)} nights with", said),
            figure("the middle night of the first tenth", median(self._seconds[:tenth]), "s"),
            figure("the middle night of the last tenth", median(self._seconds[-tenth:]), "s"),
        ]

    def play(self) -> None:
        """Play every night, and what is done between nights."""
        self._make_backup_key()
        for night in self._plan.nights:
            if night.weekday() == _SUNDAY:
                self._clock = clock_at(night - timedelta(days=1), _MAINTAINED)
                self._trappan("maintain", may=(_PASSED,))
            self._clock = clock_after(night)
            for name, path in self._plan.offers[night]:
                bring(path, self._inbox / name, night)
            if night in self._plan.missed:
                self._happened["missed nights"] += 1
                continue
            if night in self._plan.kills:
                self._kill(night)
            if night == self._plan.full:
                self._fill(night)
            self._night(night)
            if night.weekday() == _SUNDAY:
                self._trappan("backup", self._backup, *self._recipient, may=(_PASSED,))
            if night == self._plan.lost:
                self._lose_catalog(night)
            if night == self._plan.erased:
                self._trappan("erase", "-", said=self._plan.number, may=(_PASSED,))
                self._happened["erased pupils"] += 1
        self._trappan("maintain", may=(_PASSED,))
        self._trappan("verify", may=(_PASSED,))

    def _night(self, night: date) -> None:
        start = time.perf_counter()
        status = self._trappan(*_nightly(night, self._inbox), may=(_PASSED, _WAITS))
        self._seconds.append(time.perf_counter() - start)
        self._statuses[status] += 1

    def _kill(self, night: date) -> None:
        """Kill a night and all its processes at a moment of chance."""
        process = self._begin(*_nightly(night, self._inbox))
        # From the first statement to past its end: some die after all is made.
        time.sleep(self._chance.uniform(0.5, 1.1 * median(self._seconds)))
        was_running = process.poll() is None
        # It leads a group of its own, with the processes that it started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._happened["kills" if was_running else "kills that came too late"] += 1

    def _fill(self, night: date) -> None:
        """Let a night meet a disk that is full but for a few hundred kilobytes."""
        if not self._can_be_full:
            self._happened["full disks not tried: nothing may be mounted"] += 1
            return
        used = shutil.disk_usage(self._home).used
        room(self._home, f"{used // 1024 + 300}k")
        status = self._trappan(*_nightly(night, self._inbox))
        room(self._home, _ROOM)
        if status in {_PASSED, _WAITS}:
            raise SystemExit("The night that should have met a full disk came through.")
        self._happened["full disks"] += 1

    def _lose_catalog(self, night: date) -> None:
        """Lose the catalog: the next night must refuse; then the newest backup is restored."""
        for path in (self._home / "lake").glob("catalog.sqlite*"):
            path.unlink()
        if self._trappan(*_nightly(night, self._inbox)) in {_PASSED, _WAITS}:
            raise SystemExit("A night began without the catalog as if nothing had been.")
        key = (self._home / "pupil.key").read_bytes()
        for path in self._home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self._home / "pupil.key").write_bytes(key)
        (self._home / "pupil.key").chmod(0o600)
        words = ("restore", self._backup, "--identity", self._identity)
        self._trappan(*words, may=(_PASSED,))
        self._happened["catalogs lost and restored"] += 1
        self._night(night)

    def _make_backup_key(self) -> None:
        identity = pyrage.x25519.Identity.generate()
        self._identity.write_text(f"{identity}\n", encoding="ascii")
        self._identity.chmod(0o600)
        self._recipient = ("--recipient", str(identity.to_public()))

    def _begin(self, *words: object) -> subprocess.Popen[bytes]:
        command = [TRAPPAN, "--home", str(self._home), *map(str, words)]
        log = (self._folder / "year.log").open("ab")
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=self._clock,
            start_new_session=True,
        )

    def _trappan(self, *words: object, said: str = "", may: tuple[int, ...] = ()) -> int:
        """Run a command; stop where its status is none that it may have."""
        process = self._begin(*words)
        process.communicate(said.encode())
        if may and process.returncode not in may:
            raise SystemExit(
                f"trappan {' '.join(map(str, words))} ended with {process.returncode}, expected "
                f"{may}. See {self._folder / 'year.log'}."
            )
        return process.returncode


def _nightly(night: date, inbox: Path) -> tuple[object, ...]:
    return ("nightly", "--as-of", night.isoformat(), "--inbox", inbox)


def load_at_once(folder: Path, plan: Plan, key: Path) -> Path:
    """Load the final files without the erased pupil, in one night of a new home."""
    inbox, home = folder / "clean_inbox", folder / "clean"
    inbox.mkdir()
    home.mkdir(mode=0o700)
    shutil.copy(key, home / "pupil.key")
    others = folder / "without_pupil"
    for night in plan.nights:
        for name, path in plan.offers[night]:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            kept = [line for line in lines if plan.number not in line]
            others.write_text("\n".join(kept) + "\n", encoding="utf-8-sig")
            bring(others, inbox / name, night)
    words = ["--home", str(home), *map(str, _nightly(plan.nights[-1], inbox)), "--begin-anew"]
    with (folder / "clean.log").open("wb") as log:
        clock = clock_after(plan.nights[-1])
        done = subprocess.run(
            [TRAPPAN, *words], stdout=log, stderr=log, cwd=ROOT, env=clock, check=False
        )
    if done.returncode not in {_PASSED, _WAITS}:
        raise SystemExit(f"The clean load ended with {done.returncode}: see {folder}/clean.log.")
    return home


#: In a process of its own, with the clock of the year: what waits to be deleted is of that clock.
_FORGET = """
import sys
from pathlib import Path
from assets.lake.connection import Lake
from assets.lake.past.snapshots import expire_everything_but_now
from assets.lake.settings import LakeSettings
with Lake.open(LakeSettings(home=Path(sys.argv[1]), threads=1)) as lake:
    expire_everything_but_now(lake)
"""


def same_rows(end: Path, home: Path, night: date) -> Path:
    """Copy the lake of a home, and leave nothing of the copy's past: every table written once."""
    home.mkdir(mode=0o700)
    shutil.copytree(end / "lake", home / "lake")
    shutil.copy(end / "pupil.key", home / "pupil.key")
    clock = clock_after(night + timedelta(days=1))
    subprocess.run([sys.executable, "-c", _FORGET, str(home)], check=True, cwd=ROOT, env=clock)
    return home


def compare_sizes(end: Path, clean: Path, same: Path) -> None:
    """Tell disk and files of the year's lake beside one clean load, and why they are more.

    One load makes verdicts of one day and lists of one week; a year of nights made those of each,
    and they are asked for and kept. So both steps are told too: from one load to the rows that the
    year left, and from these to the year's lake with its past.
    """
    lakes = [home / "lake" for home in (end, clean, same)]
    for what, unit, measures, most in (
        ("disk", "kB", [size_of(lake) / 1000 for lake in lakes], 1.5),
        ("files of the lake", "", [files_of(lake) for lake in lakes], 2),
    ):
        year, once, rows = measures
        tell(
            at_most(f"{what} beside one clean load", year / once, most, "times",
                    more=f" ({year:.0f} beside {once:.0f} {unit})".replace(" )", ")")),
            Finding(f"{what}: the year's own rows, written once, beside one clean load",
                    f"{rows / once:.2f} times ({rows:.0f} {unit})".replace(" )", ")")),
            Finding(f"{what}: the year beside its own rows, written once: the past that is kept",
                    f"{year / rows:.2f} times"),
        )  # fmt: skip
    for home in (end, same, clean):
        print(home.name, by_table(home), flush=True)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def files_of(folder: Path) -> int:
    """Return how many files lie below a folder."""
    return sum(path.is_file() for path in folder.rglob("*"))


if __name__ == "__main__":
    main()
