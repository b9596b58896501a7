"""One city's month into a lake on Postgres and S3, by one process and by two: what turns cost.

`python -m tests.benchmarks.scale_out FOLDER [PUPILS SCHOOLS ROUNDS]`, 22,500, 65 and 3 unless told
otherwise. Postgres is a real server, S3 is moto's, both on this machine's loopback, so they use its
cores too: Postgres' and moto's processor time is not that of the workers. Each worker is a process
with a home of its own and the same `pupil.key`, and takes every second school's files; who writes
waits for the other's turn (`assets/lake/write_lock.py`). Dagster does the same as a job of two
parts (`scale_out_partitions.py`), one after the other and side by side. Each round begins with an
empty lake.

Tells for each way of working the seconds of the clock, the workers' processor seconds, the seconds
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
from typing import Any, NamedTuple
from unittest.mock import patch

import duckdb

from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.lake.write_lock import Turns
from assets.simulator import SimulationPlan, simulate
from pipelines.settings import Settings
from tests.benchmarks.running import ROOT, Finding, asked, tell
from tests.integration.scale_out_servers import (
    BUCKET,
    PASSWORD,
    S3,
    Postgres,
    postgres_server,
    s3_server,
)

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)


class Way(NamedTuple):
    """A way of working: processes, threads of each, and whether Dagster starts them.

    `at_once`: how many of Dagster's processes may run side by side; 0 without Dagster.
    """

    processes: int
    threads: int
    at_once: int = 0


WAYS = {
    "one process, two threads": Way(1, 2),
    "one process, one thread": Way(1, 1),
    "two processes, a thread each": Way(2, 1),
    "Dagster, two parts one after the other, two threads": Way(2, 2, at_once=1),
    "Dagster, two parts side by side, a thread each": Way(2, 1, at_once=2),
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
    folder, (pupils, schools, rounds) = asked(22_500, 65, 3)
    parts = month(folder, pupils, schools)
    expected = embedded(folder, parts)
    found: dict[str, list[dict[str, float]]] = {}
    with postgres_server() as postgres, s3_server() as s3:
        for number in range(rounds):
            for place_of_way, (name, way) in enumerate(WAYS.items()):
                lake = place(postgres, s3, f"lake_{number}_{place_of_way}")
                taken = run(folder, parts, lake, way)
                print(name, taken, flush=True)
                assert taken.pop("rows") == expected, "the rows are not those of a home"
                found.setdefault(name, []).append(taken)
    for name, rounds_of_way in found.items():
        middle = {unit: median(one[unit] for one in rounds_of_way) for unit in rounds_of_way[0]}
        seen = ", ".join(f"{unit} {seconds:.1f} s" for unit, seconds in middle.items())
        tell(Finding(name, seen))
    tell(Finding("rows of every way", "those of a home", "those of a home", is_met=True))


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


def run(folder: Path, parts: list[Path], environment: dict[str, str], way: Way) -> dict[str, Any]:
    """Let processes take all files in, in one of the ways."""
    homes = [folder / f"worker_{number}" for number in range(way.processes)]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        shutil.copy2(folder / "embedded" / "pupil.key", home)
    inboxes = [parts] if way.processes == 1 else [[part] for part in parts]
    # The tables are made before anything is timed.
    workers(homes[:1], [[]], environment, way.threads)
    begin = time.perf_counter()
    if way.at_once:
        told = by_dagster(homes, parts, environment, way)
    else:
        told = workers(homes, inboxes, environment, way.threads)
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


def by_dagster(
    homes: list[Path], parts: list[Path], environment: dict[str, str], way: Way
) -> list[dict[str, Any]]:
    """Let a job of Dagster take each part in, and return what all its processes took."""
    paths = [os.pathsep.join(map(str, found)) for found in (homes, parts)]
    words = [*paths, str(way.threads), str(way.at_once)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale_out_partitions", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return [json.loads(done.stdout.splitlines()[-1])]


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
