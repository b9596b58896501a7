"""Eight processes that want the same lake at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.faults.supervised import TRAPPAN
from tests.faults.test_stopped_runs import state
from tests.integration.conftest import trappan

_WRITERS = 8


def test_eight_processes_that_take_files_at_once_end_as_one_after_the_other(
    tmp_path: Path,
) -> None:
    city = tmp_path / "city"
    made = trappan(
        "simulate", "--pupils", 24, "--schools", 4, "--from", "2026-09-01", "--to", "2026-10-30",
        "--seed", 5, "--out", city,
    )  # fmt: skip
    assert made.status == 0, made.err
    files = sorted(city.glob("*lektion*"))
    assert len(files) == _WRITERS, [path.name for path in sorted(city.iterdir())]
    apart, together = tmp_path / "apart", tmp_path / "together"
    for path in files:
        assert trappan("--home", apart, "ingest", path).status == 0
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", TRAPPAN, "--home", together, "ingest", path],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for path in files
    ]  # fmt: skip
    for writer in writers:
        _, said = writer.communicate(timeout=900)
        assert (writer.returncode, "locked" in said, "Traceback" in said) == (0, False, False), said
    assert state(together) == state(apart)
