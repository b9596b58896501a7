"""The timed steps, each run as a process of its own: `python -m tests.benchmarks.steps STEP …`.

Prints one JSON line: seconds of work (imports and process start-up left out), processor seconds,
those of the processes that it waited for too (list writers), and its own peak memory in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd  # noqa: F401 - duckdb imports it at the first parameter; start-up, not work

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.stage_times import StageTimes
from assets.flags.answers import rates_answer
from assets.flags.as_known_at import show_as_known
from assets.flags.evaluate import evaluate_flags, store_flags
from assets.flags.what_if import steps_under
from assets.flags.what_if_counts import count_groups
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.restate import restate_week
from assets.watchlists.release.week_states import iso_week
from rules.registry import load_parameters, rule_set_of, rule_set_on
from rules.what_if import read_change, rule_set_with, scenarios


def bare(exports: Path, *_: str) -> object:
    """A plain DuckDB: read_csv with its own detection, grouped by pupil and month."""
    files = [str(path) for path in sorted(exports.glob("lektionsfranvaro_*.csv"))]
    rows = duckdb.sql(
        f"""
        SELECT
            Personnummer, month(Datum) AS month, sum("Lektionslängd (min)"),
            sum("Giltig frånvaro (min)"), sum("Ogiltig frånvaro (min)")
        FROM read_csv({files})
        GROUP BY ALL
        """
    ).fetchall()
    return len(rows)


def bare_text(exports: Path, *_: str) -> object:
    """A plain DuckDB told the dialect: all columns as text, only those needed are cast."""
    files = [str(path) for path in sorted(exports.glob("lektionsfranvaro_*.csv"))]
    rows = duckdb.sql(
        f"""
        SELECT
            Personnummer, month(Datum::DATE) AS month, sum("Lektionslängd (min)"::INT),
            sum("Giltig frånvaro (min)"::INT), sum("Ogiltig frånvaro (min)"::INT)
        FROM read_csv({files}, delim = ';', quote = '"', escape = '"', header = true,
            all_varchar = true)
        GROUP BY ALL
        """
    ).fetchall()
    return len(rows)


def least(exports: Path, out: str, *_: str) -> object:
    """The least program that keeps the rows: told the dialect, cast, sorted, one Parquet file."""
    files = [str(path) for path in sorted(exports.glob("lektionsfranvaro_*.csv"))]
    with Path(files[0]).open(encoding="utf-8") as first:
        header = first.readline().rstrip("\r\n").split(";")
    types = {"Datum": "DATE", "Starttid": "TIME", "Sluttid": "TIME"} | {
        name: "SMALLINT" for name in header if name.endswith("(min)")
    }
    cells = ", ".join(f'"{name}"::{types.get(name, "VARCHAR")} AS "{name}"' for name in header)
    ((rows,),) = duckdb.execute(
        f"""
        COPY (
            SELECT {cells}
            FROM read_csv({files}, delim = ';', quote = '"', escape = '"', header = true,
                all_varchar = true)
            ORDER BY "Personnummer", "Datum"
        ) TO '{out}' (FORMAT parquet)
        """
    ).fetchall()
    return rows


def load(exports: Path, home: str, month: str) -> object:
    """CSV to lake to the rates of the month."""
    day = date.fromisoformat(month)
    times = StageTimes()
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        reports = ingest_paths(lake, [exports], times=times)
        with times.of("sums"):
            refresh_sums(lake)
        answer = rates_answer(lake, day, rule_set_on("stockholm", day))
    return {
        "rows": sum(report.rows_accepted for report in reports),
        "not_whole": sum(not report.is_whole for report in reports),
        "pupils": len(answer.rows),
        "refused": sum(report.rows_rejected for report in reports),
        "warned": sum(report.rows_warned for report in reports),
        "stages": times.seconds(),
    }


def lists(_exports: Path, home: str, as_of: str) -> object:
    """Flags and all lists at as_of."""
    day = date.fromisoformat(as_of)
    rules = rule_set_on("stockholm", day)
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        start = time.perf_counter()
        flags = store_flags(lake, evaluate_flags(lake, day, rules))
        flag_seconds = time.perf_counter() - start
        release = release_lists(lake, day, lambda _: rules)
    return {
        "flags": flags,
        "flag_seconds": round(flag_seconds, 2),
        "lists": len(release.folders),
        "pupils_on_lists": release.pupils,
    }


def night(exports: Path, home: str, as_of: str) -> object:
    """One more day: ingest, sums, flags and all lists."""
    day = date.fromisoformat(as_of)
    rules = rule_set_on("stockholm", day)
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        reports = ingest_paths(lake, [exports])
        refresh_sums(lake)
        store_flags(lake, evaluate_flags(lake, day, rules))
        release = release_lists(lake, day, lambda _: rules)
    rows = sum(report.rows_accepted for report in reports)
    return {"rows": rows, "lists": len(release.folders)}


def freeze(_exports: Path, home: str, as_of: str) -> object:
    """The frozen lists of as_of's week, compared with those before."""
    day = date.fromisoformat(as_of)
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        rules = partial(rule_set_on, "stockholm")
        release = release_lists(lake, day, rules, period=iso_week(day))
    sizes = [file.stat().st_size for folder in release.folders for file in folder.rglob("*")]
    return {
        "lists": len(release.folders),
        "pupils_on_lists": release.pupils,
        "megabytes": round(sum(sizes) / 1e6, 1),
    }


def restate(_exports: Path, home: str, as_of: str) -> object:
    """That week's lists beside what today's data says, everybody's changed lessons too."""
    week = iso_week(date.fromisoformat(as_of))
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        found = restate_week(lake, week, partial(rule_set_on, "stockholm"))
    return {"lists": found.lists, "differing": len(found.pupils), "lessons": len(found.lessons)}


def known(_exports: Path, home: str, as_of: str) -> object:
    """The flags of as_of as the lake knew them when the week's lists were made."""
    day = date.fromisoformat(as_of)
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        ((made,),) = lake.rows(
            "SELECT max(epoch_us(snapshot_time)) FROM ducklake_snapshots('lake') WHERE snapshot_id "
            "= (SELECT max(lake_snapshot) FROM publications WHERE is_frozen)"
        )
        show_as_known(lake, datetime.fromtimestamp(made / 1_000_000, UTC))
        evaluate_flags(lake, day, rule_set_on("stockholm", day))
        ((rows,),) = lake.rows("SELECT count(*) FROM verdicts")
    return {"verdicts": rows}


def what_if(_exports: Path, home: str, as_of: str) -> object:
    """Twenty scenarios of other values: steps of every pupil, and counts with small ones hidden."""
    day = date.fromisoformat(as_of)
    parameters = load_parameters("stockholm")
    grid = [
        read_change(text, "--grid")
        for text in (
            "mentor_followup.threshold=8,9,11,12,13,14,15,17.5,20,25",
            "ulf_two_months.method=pooled,each",
        )
    ]
    rule_sets = [rule_set_with(parameters, day, changes) for changes in scenarios([], grid)]
    with Lake.open(LakeSettings(home=Path(home))) as lake:
        start = time.perf_counter()
        steps = steps_under(lake, day, [rule_set_of(parameters, day), *rule_sets])
        evaluated = time.perf_counter() - start
        rows = count_groups(steps)
    counts = [count for row in rows for count in row.counts.values()]
    return {
        "scenarios": len(rule_sets),
        "pupils": steps.frame.height,
        "evaluate_seconds": round(evaluated, 2),
        "counts": len(counts),
        "hidden": counts.count(None),
    }


STEPS: dict[str, Callable[..., object]] = {
    "bare": bare,
    "bare_text": bare_text,
    "least": least,
    "load": load,
    "lists": lists,
    "night": night,
    "freeze": freeze,
    "restate": restate,
    "known": known,
    "what_if": what_if,
}


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    uses = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def main() -> None:
    """Run one step and print what it took."""
    step, exports, *rest = sys.argv[1:]
    processor, start = processor_seconds(), time.perf_counter()
    result = STEPS[step](Path(exports), *rest)
    print(
        json.dumps(
            {
                "step": step,
                "seconds": round(time.perf_counter() - start, 2),
                "processor_seconds": round(processor_seconds() - processor, 2),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "result": result,
            }
        )
    )


if __name__ == "__main__":
    main()
