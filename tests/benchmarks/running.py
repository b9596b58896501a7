"""What every benchmark needs: steps in processes of their own, and findings that a report is of.

A benchmark prints what it likes, and each figure that matters as one line of JSON (`tell`), which
`everything.py` puts into its report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finding:
    """A figure beside its target.

    Attributes:
        what: what was measured.
        seen: what came out, with units.
        target: what it should be; "" where there is none.
        is_met: whether it is; None where there is no target.
        is_of_size: the target is in seconds or bytes of the whole city, and says nothing of less.
    """

    what: str
    seen: str
    target: str = ""
    is_met: bool | None = None
    is_of_size: bool = False


def tell(*findings: Finding) -> None:
    """Print findings, a line each."""
    for finding in findings:
        print(json.dumps({"finding": asdict(finding)}, ensure_ascii=False), flush=True)


def told(output: str) -> list[Finding]:
    """Return the findings that a benchmark printed."""
    lines = (line for line in output.splitlines() if line.startswith('{"finding"'))
    return [Finding(**json.loads(line)["finding"]) for line in lines]


def figure(what: str, found: float, unit: str) -> Finding:
    """Return a finding that has no target."""
    return Finding(what, f"{found:.1f} {unit}")


def at_most(
    what: str, found: float, most: float, unit: str, *, is_of_size: bool = False, more: str = ""
) -> Finding:
    """Return a finding that should not be more than a number."""
    seen = f"{found:.2f} {unit}{more}" if most < 10 else f"{found:.1f} {unit}{more}"
    return Finding(what, seen, f"at most {most:g} {unit}", found <= most, is_of_size)


def asked(*otherwise: int) -> tuple[Path, tuple[int, ...]]:
    """Return the folder and the numbers of the command line: those that are not said are these."""
    folder, *numbers = sys.argv[1:]
    return Path(folder), (*map(int, numbers), *otherwise[len(numbers) :])


def run_step(*words: object, says: bool = True) -> dict[str, Any]:
    """Run `tests.benchmarks.steps` and return what it printed: seconds, processor seconds, MB."""
    command = [sys.executable, "-m", "tests.benchmarks.steps", *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if says:
        print(words[0], Path(str(words[1])).name, found, flush=True)
    return found


def times(ones: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], unit: str) -> float:
    """Return how many times the others each one took, the middle of the pairs."""
    ratios = [one[unit] / other[unit] for one, other in zip(ones, others, strict=True)]
    return float(median(ratios))


def took(steps: Sequence[dict[str, Any]]) -> str:
    """Say what steps took, the middle: seconds of the clock and of the processor."""
    clock, processor = (
        median(one[unit] for one in steps) for unit in ("seconds", "processor_seconds")
    )
    return f"{clock:.1f} s ({processor:.1f} s of the processor)"
