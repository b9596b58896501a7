"""One city's month into a lake on Postgres and S3, by one process and by two: what turns cost.

`python -m tests.benchmarks.scale_out FOLDER [PUPILS SCHOOLS ROUNDS]`, 45,000, 130 and 3 unless told
otherwise. Postgres is a real server, S3 is moto's, both on this machine's loopback, so they use its
cores too: Postgres' and moto's processor time is not that of the workers. Each worker is a process
with a home of its own and the same `pupil.key`, and takes every second school's files; who writes
waits for the other's turn (`assets/lake/write_lock.py`). Each round begins with an empty lake.

Prints for each way of working the seconds of the clock, the workers' processor seconds, the seconds
in which a worker waited for its turn and in which it had it, and whether the rows are those of a
home.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import duckdb

from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.lake.write_lock import Turns
from assets.simulator import SimulationPlan, simulate
from pipelines.settings import Settings
from tests.integration.scale_out_servers import (
    BUCKET,
    PASSWORD,
    S3,
    Postgres,
    postgres_server,
    s3_server,
)

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
ROOT = Path(__file__).resolve().parents[2]
#: Ways of working: processes, and threads of each.
WAYS = {
    "one process, two threads": (1, 2),
    "one process, one thread": (1, 1),
    "two processes, a thread each": (2, 1),
}
_SUM = (
    "SELECT count(*), sum(hash(pupil_key, school_unit_code, starts_at, subject, scheduled_minutes, "
    "valid_minutes, invalid_minutes, is_reported)::HUGEINT)::VARCHAR FROM lessons"
)


def main() -> None:
    """Measure the ways of working, or be a worker."""
    if sys.argv[1] == "worker":
        print(json.dumps(work(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))))
        return
    folder = Path(sys.argv[1])
    pupils, schools, rounds = map(int, sys.argv[2:5] or ("45000", "130", "3"))
    parts = month(folder, pupils, schools)
    expected = embedded(folder, parts)
    found: dict[str, list[dict[str, float]]] = {}
    with postgres_server() as postgres, s3_server() as s3:
        for number in range(rounds):
            for way, (processes, threads) in WAYS.items():
                name = f"lake_{number}_{processes}_{threads}"
                taken = run(folder, parts, place(postgres, s3, name), processes, threads)
                print(way, taken, flush=True)
                assert taken.pop("rows") == expected, "the rows are not those of a home"
                found.setdefault(way, []).append(taken)
    for way, rounds_of_way in found.items():
        middle = {name: median(one[name] for one in rounds_of_way) for name in rounds_of_way[0]}
        print(f"{way}: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in middle.items()))


def month(folder: Path, pupils: int, schools: int) -> list[Path]:
    """Return two folders of files, each with every second school's."""
    parts = [folder / "half_0", folder / "half_1"]
    if not parts[0].is_dir():
        simulate(SimulationPlan(pupils, schools, FIRST, LAST, 7, folder / "all", columns="basic"))
        for part in parts:
            part.mkdir()
        for path in sorted((folder / "all").iterdir()):
            code = next((word for word in path.stem.split("_") if word.isdigit()), "0")
            path.rename(parts[int(code) % 2] / path.name)
    return parts


def embedded(folder: Path, parts: list[Path]) -> list[Any]:
    """Return the rows of a home that took all in, whose key the workers get."""
    with Lake.open(LakeSettings(home=folder / "embedded")) as lake:
        ingest_paths(lake, parts)
        return list(lake.rows(_SUM)[0])


def place(postgres: Postgres, s3: S3, name: str) -> dict[str, str]:
    """Make an empty lake on the servers, and return the environment of who works there."""
    return {
        "TRAPPAN_CATALOG": postgres.database(name),
        "TRAPPAN_DATA_PATH": f"s3://{BUCKET}/{name}/",
        "PGPASSWORD": PASSWORD,
        **s3.environment,
    }


def run(
    folder: Path,
    parts: list[Path],
    environment: dict[str, str],
    processes: int,
    threads: int,
) -> dict[str, Any]:
    """Let so many processes take all files in, side by side."""
    homes = [folder / f"worker_{number}" for number in range(processes)]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        shutil.copy2(folder / "embedded" / "pupil.key", home)
    inboxes = [parts] if processes == 1 else [[part] for part in parts]
    # The tables are made before anything is timed.
    workers(homes[:1], [[]], environment, threads)
    begin = time.perf_counter()
    told = workers(homes, inboxes, environment, threads)
    seconds = time.perf_counter() - begin
    return {
        "seconds": round(seconds, 2),
        **{name: round(sum(one[name] for one in told), 2) for name in told[0] if name != "rows"},
        # Who ended last has seen all rows.
        "rows": max((one["rows"] for one in told), key=lambda rows: rows[0]),
    }


def workers(
    homes: list[Path], inboxes: list[list[Path]], environment: dict[str, str], threads: int
) -> list[dict[str, Any]]:
    """Start a worker a home, and return what each told at its end."""
    words = [sys.executable, "-m", "tests.benchmarks.scale_out", "worker"]
    started = [
        subprocess.Popen(
            [*words, str(home), os.pathsep.join(map(str, inbox)), str(threads)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for home, inbox in zip(homes, inboxes, strict=True)
    ]
    return [json.loads(one.communicate()[0].splitlines()[-1]) for one in started]


def work(home: Path, inbox: Path, threads: int) -> dict[str, Any]:
    """Take files in, and tell what it took."""
    waited = watched_turns()
    settings = Settings(home=home, threads=threads).lake
    with Lake.open(settings) as lake:
        paths = [Path(word) for word in str(inbox).split(os.pathsep) if word != "."]
        if paths:
            ingest_paths(lake, paths)
        rows = list(lake.rows(_SUM)[0])
    uses = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    processor = sum(use.ru_utime + use.ru_stime for use in uses)
    return {"processor": processor, **waited, "rows": rows}


def watched_turns() -> dict[str, float]:
    """Count from now on the seconds in which this process waits for its turn, and has it."""
    told = {"waited": 0.0, "had": 0.0}
    taken = Turns.taken

    @contextmanager
    def watched(turns: Turns, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        if turns._holder is not None:
            with taken(turns, connection):
                yield
            return
        begin = time.perf_counter()
        with taken(turns, connection):
            got = time.perf_counter()
            told["waited"] += got - begin
            try:
                yield
            finally:
                told["had"] += time.perf_counter() - got

    patch.object(Turns, "taken", watched).start()
    return told


if __name__ == "__main__":
    main()
