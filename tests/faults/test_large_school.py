"""A school of a million lesson rows goes through in the memory that it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.ingest_files import put, text_of
from tests.oracle.identities import civic_no, with_hyphen

ROOT = Path(__file__).resolve().parents[2]
PUPILS, DAYS, LESSONS = 7_600, 22, 6
# Of addresses, of which threads and allocators take more than they use: a laptop's memory, where
# the file's rows as Python objects would need twice that.
MOST_BYTES = 4 << 30

# Limited from its first line, as an operator's `ulimit -v` would.
DRIVER = """
import json, resource, sys
from datetime import date
from pathlib import Path

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake, LakeSettings
from rules.registry import rule_set_on

settings = LakeSettings(home=Path(sys.argv[1]), memory_limit="400MB", threads=2)
with Lake.open(settings) as lake:
    (report,) = ingest_paths(lake, [Path(sys.argv[2])])
    refresh_sums(lake)
    day = date(2026, 10, 31)
    evaluate_flags(lake, day, rule_set_on("stockholm", day))
    ((pupils, scheduled, invalid),) = lake.rows(
        "SELECT count(*), sum(scheduled_minutes), sum(invalid_minutes) FROM absence_monthly"
    )
print(json.dumps([report.outcome, report.rows_accepted, pupils, int(scheduled), int(invalid)]))
"""


def test_a_million_rows_of_one_school_go_through_in_four_gigabytes(tmp_path: Path) -> None:
    lines, invalid_sum = [text_of([])], 0
    for pupil in range(PUPILS):
        who = f"99999901;Storskolan;{pupil % 9}A;{pupil % 9};{with_hyphen(civic_no(pupil))};A;B"
        for day in range(1, DAYS + 1):
            for number in range(LESSONS):
                invalid = (pupil + number) % 4 * 15
                invalid_sum += invalid
                lines.append(
                    f"{who};2026-10-{day:02d};{8 + number:02d}:20;{9 + number:02d}:20;MA;60;"
                    f"{60 - invalid};0;{invalid};;Ja\r\n"
                )
    path = put(tmp_path, "stor_20261101T0500.csv", "".join(lines))
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path / "home"), str(path), str(MOST_BYTES)],
        cwd=ROOT,
        # A thread's memory is taken at its start, and a large machine would start many.
        env={**os.environ, "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = PUPILS * DAYS * LESSONS
    assert rows > 1_000_000
    assert json.loads(done.stdout) == ["accepted", rows, PUPILS, 60 * rows, invalid_sum]
