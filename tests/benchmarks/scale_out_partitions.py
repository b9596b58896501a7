"""A month as a job of Dagster: an op a part of the schools, by its multiprocess executor.

`python -m tests.benchmarks.scale_out_partitions HOMES INBOXES THREADS MOST`: paths are parted by
`:`, MOST is how many ops may run at one time. Each op is a process of its own that Dagster starts,
with a home of its own. Prints what `scale_out.work` told of each op, added up; the processor
seconds are those of all processes, Dagster's too. Used by `scale_out.py`.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dagster import (
    Config,
    DagsterInstance,
    DynamicOut,
    DynamicOutput,
    OpExecutionContext,
    execute_job,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)

from tests.benchmarks.scale_out import work
from tests.benchmarks.steps import processor_seconds

_TOLD = "told.json"


class Parts(Config):
    """The homes of the parts and the folders of their files, in the same order."""

    homes: list[str]
    inboxes: list[str]
    threads: int


@op(out=DynamicOut())
def parts(config: Parts) -> Iterator[DynamicOutput[dict[str, Any]]]:
    """Hand out a home and a folder a part."""
    for number, (home, inbox) in enumerate(zip(config.homes, config.inboxes, strict=True)):
        part = {"home": home, "inbox": inbox, "threads": config.threads}
        yield DynamicOutput(part, mapping_key=str(number))


@op
def take_in(context: OpExecutionContext, part: dict[str, Any]) -> None:
    """Take a part's files in, and leave in its home what it took."""
    told = work(Path(part["home"]), Path(part["inbox"]), part["threads"])
    context.log.info(f"{told['rows'][0]} rows are in the lake now")
    Path(part["home"], _TOLD).write_text(json.dumps(told), encoding="utf-8")


@job(executor_def=multiprocess_executor)
def month_by_parts() -> None:
    """Take in every part."""
    parts().map(take_in)


def main() -> None:
    """Run the job, and print what it took."""
    homes, inboxes, threads, most = sys.argv[1:]
    of_parts = homes.split(os.pathsep)
    config = {
        "execution": {"config": {"max_concurrent": int(most)}},
        "ops": {
            "parts": {
                "config": {
                    "homes": of_parts,
                    "inboxes": inboxes.split(os.pathsep),
                    "threads": int(threads),
                }
            }
        },
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        DagsterInstance.local_temp(folder, {"telemetry": {"enabled": False}}) as instance,
        execute_job(
            reconstructable(month_by_parts), instance, run_config=config, raise_on_error=True
        ),
    ):
        pass
    told = [json.loads(Path(home, _TOLD).read_text(encoding="utf-8")) for home in of_parts]
    added = {name: sum(one[name] for one in told) for name in ("waited", "had")}
    rows = max((one["rows"] for one in told), key=lambda found: found[0])
    print(json.dumps({"processor": processor_seconds(), **added, "rows": rows}))


if __name__ == "__main__":
    main()
