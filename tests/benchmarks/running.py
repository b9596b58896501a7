"""Runs one step in a process of its own, so that memory and start-up are the step's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_step(*words: object, says: bool = True) -> dict[str, Any]:
    """Run `tests.benchmarks.steps` and return what it printed: seconds, processor seconds, MB."""
    command = [sys.executable, "-m", "tests.benchmarks.steps", *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if says:
        print(words[0], Path(str(words[1])).name, found, flush=True)
    return found
