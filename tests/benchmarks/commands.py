"""How soon commands answer, on the samples' home of `make demo`.

`python -m tests.benchmarks.commands FOLDER`. Tells seconds of the processor, user and system, of
the whole process and of those that it started, the middle of three. They do not change with the
size of a city.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.running import ROOT, at_most, tell

_SAMPLES = ROOT / "data_samples"
_ROUNDS = 3
_SUNDAYS = ("2026-11-15", "2026-11-22")
#: Nights end with 3 when lists wait, as some of the samples' do.
_FINE = (0, 3)
#: What is run, and how many processor seconds it may take.
_COMMANDS = {
    "--help": 0.4,
    "files": 1.2,
    "rates --month 2026-10": 1.2,
}
MOST_OF_A_NIGHT = 5.0


def main() -> None:
    """Make the home, and ask."""
    home = Path(sys.argv[1]) / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / "inbox").mkdir(parents=True, mode=0o700)
    night(home, _SUNDAYS[0], _SAMPLES / "inbox")
    trappan(home, "publish", "--week", "2026-W46")
    newest = _SAMPLES / "inbox_week_47"
    night(home, _SUNDAYS[1], newest)
    for words, most in _COMMANDS.items():
        said(f"trappan {words}", [trappan(home, *words.split()) for _ in range(_ROUNDS)], most)
    again = [night(home, _SUNDAYS[1], newest) for _ in range(_ROUNDS + 1)]
    # The first one has the files' names to note.
    said("a night without new files", again[1:], MOST_OF_A_NIGHT)


def night(home: Path, as_of: str, inbox: Path) -> tuple[float, float]:
    """Run a night."""
    return trappan(home, "nightly", "--as-of", as_of, "--inbox", str(inbox))


def trappan(home: Path, *words: str) -> tuple[float, float]:
    """Run a command, and return its seconds of the clock and of the processor."""
    of_home = [] if words == ("--help",) else ["--home", str(home)]
    call = [sys.executable, "-c", "from pipelines.command import main; main()", *of_home, *words]
    begin, before = time.perf_counter(), _of_children()
    done = subprocess.run(call, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    taken = time.perf_counter() - begin, _of_children() - before
    if done.returncode not in _FINE:
        raise SystemExit(f"trappan {words[0]} ended with status {done.returncode}")
    return taken


def _of_children() -> float:
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def said(what: str, runs: list[tuple[float, float]], most: float) -> None:
    """Tell the middle of some runs."""
    clock, processor = (median(run[place] for run in runs) for place in (0, 1))
    tell(at_most(what, processor, most, "s of the processor", more=f" ({clock:.2f} of the clock)"))


if __name__ == "__main__":
    main()
