"""The calibration of a backtest as a picture: what was said against what was seen.

matplotlib is imported only here and only when a picture is drawn: it is large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.forecast.skill import Bin

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
