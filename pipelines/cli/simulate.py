"""`trappan simulate`: synthetic export files. Not here: how they are made (`assets/simulator`)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from assets.simulator import SimulationPlan
from assets.simulator import simulate as simulated
from assets.simulator.plan import Columns, Encoding, Split
from pipelines.cli.options import day
from pipelines.cli.printing import say, watched


def simulate(
    pupils: Annotated[int, typer.Option("--pupils", min=1, help="Pupils in the city.")],
    schools: Annotated[int, typer.Option("--schools", min=1, help="School units.")],
    first: Annotated[date, typer.Option("--from", parser=day, help="First date.")],
    last: Annotated[date, typer.Option("--to", parser=day, help="Last date.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    split: Annotated[
        Split, typer.Option("--split", help="A lesson file per school and month, week or day.")
    ] = "month",
    columns: Annotated[
        Columns, typer.Option("--columns", help="basic: 17 columns; full: the optional ones too.")
    ] = "full",
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="utf-8-sig, utf-8 or cp1252.")
    ] = "utf-8-sig",
) -> None:
    """Write synthetic export files of a city."""
    try:
        plan = SimulationPlan(
            pupils, schools, first, last, seed, out, split=split, columns=columns, encoding=encoding
        )
        with watched() as progress:
            done = (lambda n, total: progress("writing", n, total)) if progress else None
            summary = simulated(plan, done)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    say(f"{summary.files} files, {summary.rows} lesson rows, {summary.bytes} bytes in {out}")
