"""A picture of what other values of the rules would say: pupils per step, a bar a scenario.

Drawn from counts whose small cells are hidden already, so it shows no more than the table does.
Not here: the counts (`what_if_counts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from assets.flags.suppression import HIDDEN
from assets.flags.what_if_counts import CountRow

# Light to dark, so that the order of the steps is seen in grey too.
_COLOURS = {"level_1": "#a9cfd9", "level_2": "#4e93a8", "level_3": "#1b4b5a"}
_NAMES = {"level_1": "1 mentor", "level_2": "2 ulf", "level_3": "3 sst"}
_INK = {"level_1": "#1f2a30", "level_2": "#ffffff", "level_3": "#ffffff"}
_LEAST_LABELLED = 0.04  # of the widest bar: a number in a narrower piece can't be read


@dataclass(frozen=True)
class Bar:
    """One scenario: its name and its counts."""

    name: str
    row: CountRow


def draw(bars: Sequence[Bar], title: str, note: str, path: Path) -> None:
    """Write a PNG with a bar for each scenario, the first at the top.

    Args:
        bars: the rule set in force first.
        title: what is counted, and as of when.
        note: which rule set, and what is hidden.
        path: the file; one that is there is replaced.

    Raises:
        OSError: it can't be written.
    """
    figure = Figure(figsize=(10, 1.9 + 0.42 * len(bars)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    widest = max((_on_list(bar) for bar in bars), default=0) or 1
    for place, bar in enumerate(bars):
        _draw_bar(axes, place, bar, widest)
    axes.set_yticks(range(len(bars)), [fill(bar.name, 44) for bar in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.22)
    axes.set_xlabel("Pupils")
    axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    axes.set_title(fill(note, 120), loc="left", fontsize=8)
    pieces = [Patch(color=colour, label=_NAMES[level]) for level, colour in _COLOURS.items()]
    figure.legend(handles=pieces, loc="outside lower left", ncols=3, frameon=False)
    figure.savefig(path, format="png", dpi=150, metadata={"Title": title})


def _draw_bar(axes: Axes, place: int, bar: Bar, widest: int) -> None:
    left = 0
    for level, colour in _COLOURS.items():
        count = bar.row.counts[level]
        if not count:
            continue
        axes.barh(place, count, left=left, color=colour, height=0.72)
        if count >= _LEAST_LABELLED * widest:
            middle = left + count / 2
            axes.text(middle, place, str(count), va="center", ha="center", color=_INK[level])
        left += count
    axes.text(left + widest * 0.01, place, _beside(bar.row), va="center", fontsize=8)


def _beside(row: CountRow) -> str:
    """What stands beside a bar: the pupils on the list, who comes and goes, what is hidden."""
    parts = [_shown(row.counts["on_list"])]
    if "appear" in row.counts:
        parts.append(f"(+{_shown(row.counts['appear'])} −{_shown(row.counts['disappear'])})")
    hidden = [_NAMES[level] for level in _COLOURS if row.counts[level] is None]
    return " ".join(parts) + (f"\nnot drawn: {', '.join(hidden)}" if hidden else "")


def _on_list(bar: Bar) -> int:
    return sum(bar.row.counts[level] or 0 for level in _COLOURS)


def _shown(count: int | None) -> str:
    return HIDDEN if count is None else str(count)
