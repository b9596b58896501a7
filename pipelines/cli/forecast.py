"""The commands about what comes next: forecast, and the backtest of it. They change nothing.

Not here: the nightly estimates (`assets/forecast/assets.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.csv_text import write_csv
from assets.forecast.answers import forecast_answer
from assets.forecast.backtest import CALIBRATION_COLUMNS, SKILL_COLUMNS, Backtest, backtest, sundays
from assets.forecast.skill import Bin
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import rules_on, settings_of
from pipelines.cli.options import (
    Day,
    First,
    Format,
    FormatOption,
    Home,
    Identities,
    Last,
    School,
)
from pipelines.cli.printing import print_answer, print_rows, say
from pipelines.cli.trust.grants import open_identities

# The calibration of a backtest as a picture: what was said against what was seen. matplotlib is
# imported only here and only when a picture is drawn: it is large.

_TITLES = {"month_end": "at month's end", "four_weeks": "in four weeks"}


def draw_calibration(
    curves: Mapping[tuple[str, str], Sequence[Bin]], path: Path, title: str
) -> None:
    """Draw a panel per horizon, a line per step, and write it as PNG.

    Args:
        curves: bins by horizon and step in words.
        path: the file, replaced when it is there.
        title: what the figures are of.

    Raises:
        OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    horizons = list(dict.fromkeys(horizon for horizon, _ in curves))
    figure = Figure(figsize=(4.6 * max(1, len(horizons)), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    panels = figure.subplots(1, max(1, len(horizons)), squeeze=False)[0]
    for panel, horizon in zip(panels, horizons, strict=False):
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfect")
        for marker, (name, step) in zip("osD^v", _of(curves, horizon), strict=False):
            bins = curves[name, step]
            said, seen = [one.said for one in bins], [one.seen for one in bins]
            panel.plot(said, seen, marker=marker, markersize=4, linewidth=1.2, label=step)
        panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability said", ylabel="share that passed")
        panel.set_title(_TITLES.get(horizon, horizon), fontsize=10)
        panel.set_aspect("equal")
        panel.grid(color="0.92")
        panel.legend(fontsize=8, frameon=False, loc="upper left")
    figure.savefig(path, format="png", dpi=90)


def _of(curves: Mapping[tuple[str, str], Sequence[Bin]], horizon: str) -> list[tuple[str, str]]:
    return [question for question in curves if question[0] == horizon]


def forecast(
    context: typer.Context,
    as_of: Day,
    school: School = None,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also estimates that no list shows.")
    ] = False,
    home: Home = None,
) -> None:
    """Print the estimated probabilities of passing a step. Estimates, no flags."""
    settings = settings_of(context, home)
    rule_set = rules_on(settings, as_of)
    open_identities(
        settings,
        "forecast",
        is_by_key=not identities,
        as_of=as_of,
        school=school,
        all=everything,
    )
    with asked_lake(settings, as_of, school=school) as lake:
        answer = forecast_answer(
            lake, as_of, rule_set, school=school, identities=identities, everybody=everything
        )
    print_answer(
        answer,
        kind,
        "No rows: nobody's estimate is high enough, or the lake's history is too short or too "
        "uneven for estimates that beat simple rules. `--all` shows what there is.",
    )


def backtest_command(
    context: typer.Context,
    first: First,
    last: Last,
    kind: FormatOption = Format.TABLE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for skill.csv, calibration.csv, backtest.json, …png."),
    ] = None,
    home: Home = None,
) -> None:
    """Say how good estimates from every Sunday of a period would have been."""
    if first > last:
        raise typer.BadParameter(f"--from {first.isoformat()} is after --to {last.isoformat()}.")
    if not sundays(first, last):
        raise typer.BadParameter(
            f"there is no Sunday from {first} to {last}. Expected a period of a week or more."
        )
    settings = settings_of(context, home)
    rule_set = rules_on(settings, last)
    with asked_lake(settings) as lake:
        found = backtest(lake, first, last, rule_set)
    print_rows(SKILL_COLUMNS, found.skill, kind)
    if kind == Format.TABLE:
        print_rows(CALIBRATION_COLUMNS, found.calibration, kind)
    say(f"{len(found.origins)} Sundays; pupils with protected identity are in no figure.")
    if not found.skill:
        say("No rows: before these days the lake has too little history to learn from.")
    elif out is not None:
        _write(found, out)


def _write(found: Backtest, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (
        ("skill.csv", SKILL_COLUMNS, found.skill),
        ("calibration.csv", CALIBRATION_COLUMNS, found.calibration),
    ):
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            write_csv(file, columns, rows)
    whole = {
        "origins": [origin.isoformat() for origin in found.origins],
        "skill": found.skill,
        "calibration": found.calibration,
    }
    (out / "backtest.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    first, last = found.origins[0], found.origins[-1]
    draw_calibration(
        found.curves, out / "calibration.png", f"Forecasts from Sundays {first} to {last}"
    )
    say(f"Written to {out}: skill.csv, calibration.csv, backtest.json, calibration.png.")
