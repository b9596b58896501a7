"""Small curves as inline SVG: a pupil's weeks, and how many pupils each question was about.

A drawing is hidden from who listens to the page; what stands beside it in words says the same
(`swedish/year_texts.py`). All coordinates are whole pixels, made of integers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from assets.watchlists.curves import CountedWeek
from assets.watchlists.decisions import Question
from assets.watchlists.model import PupilRow, Watchlist, YearWeeks
from assets.watchlists.swedish import year_texts

_EDGE = 2  # room around a line, half of which is on either side of its points
_TOP, _HEIGHT = 8, 40  # above 100 %, and of it
_STEP = 8  # a pupil's week
_LEFT, _BELOW = 42, 16  # room for what the axes are called
_NAMED_WEEKS = 5  # every so many weeks has its name below
_TILE_HEIGHT, _TILE_WIDTH, _TILE_STEP = 30, 148, 48


def pupil_curve(pupil: PupilRow) -> Markup:
    """A pupil's share of absence in each week; the line breaks where nothing was reported."""
    weeks = pupil.year_weeks
    if weeks is None:
        return Markup("")
    heights = [
        _HEIGHT * absent // whole if whole else None
        for absent, whole in zip(weeks.absent_minutes, weeks.reported_minutes, strict=True)
    ]
    line = _line(heights, _TOP + _HEIGHT, _STEP, _LEFT)
    width, height = _size(weeks)
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="curve" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' aria-hidden="true"><use href="#{_axis_name(weeks)}"/><path d="{line}"/></svg>'
    )


def axes(watchlist: Watchlist) -> Markup:
    """What all curves of a page point to: lines of 0, 50 and 100 %, and the names of weeks."""
    rows = (*watchlist.pupils, *watchlist.insufficient)
    kinds = {_axis_name(row.year_weeks): row.year_weeks for row in rows if row.year_weeks}
    drawn = "".join(_axis(name, weeks) for name, weeks in sorted(kinds.items()))
    if not drawn:
        return Markup("")
    return Markup(  # noqa: S704 - numbers and our own words
        f'<svg class="axes" width="0" height="0" aria-hidden="true"><defs>{drawn}</defs></svg>'
    )


def question_curve(weeks: tuple[CountedWeek, ...], question: Question) -> Markup:
    """How many pupils a question was about, list by list; the line breaks where there was none."""
    if not weeks:
        return Markup("")
    step = min(_TILE_STEP, _TILE_WIDTH // max(len(weeks) - 1, 1))
    most = max(year_texts.most(weeks, question), 1)
    counts = (week.asked(question) for week in weeks)
    heights = [None if count is None else _TILE_HEIGHT * count // most for count in counts]
    width, height = step * (len(weeks) - 1) + 2 * _EDGE, _TILE_HEIGHT + 2 * _EDGE
    line = _line(heights, _EDGE + _TILE_HEIGHT, step, _EDGE)
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="curve" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' aria-hidden="true"><path d="{line}"/></svg>'
    )


def _line(heights: Sequence[int | None], bottom: int, step: int, left: int) -> str:
    """Return the path of a line through points of these heights; a point alone is a dash."""
    runs: list[list[tuple[int, int]]] = [[]]
    for place, height in enumerate(heights):
        if height is not None:
            runs[-1].append((left + place * step, bottom - height))
        elif runs[-1]:
            runs.append([])
    return "".join(_run(points) for points in runs if points)


def _run(points: list[tuple[int, int]]) -> str:
    (x, y), *others = points
    if not others:
        return f"M{x - 1} {y}h2"
    return f"M{x} {y}L{' '.join(f'{x} {y}' for x, y in others)}"


def _size(weeks: YearWeeks) -> tuple[int, int]:
    return _LEFT + _STEP * len(weeks.reported_minutes) + 16, _TOP + _HEIGHT + _BELOW


def _axis_name(weeks: YearWeeks) -> str:
    return f"axel-{weeks.first_monday.isoformat()}-{len(weeks.reported_minutes)}"


def _axis(name: str, weeks: YearWeeks) -> str:
    last = _LEFT + _STEP * (len(weeks.reported_minutes) - 1)
    lines = "".join(f"M{_LEFT} {_TOP + y}H{last + _EDGE}" for y in (0, _HEIGHT // 2, _HEIGHT))
    shares = "".join(
        f'<text x="{_LEFT - 5}" y="{_TOP + y + 4}" text-anchor="end">{share} %</text>'
        for share, y in ((100, 0), (0, _HEIGHT))
    )
    return f'<g class="axis" id="{name}"><path d="{lines}"/>{shares}{"".join(_names(weeks))}</g>'


def _names(weeks: YearWeeks) -> Iterable[str]:
    """The name of the last week, and of every fifth before it."""

    def named() -> Iterator[str]:
        names = year_texts.week_names(weeks)
        for place in range(len(names) - 1, -1, -_NAMED_WEEKS):
            x, y = _LEFT + _STEP * place, _TOP + _HEIGHT + _BELOW - 3
            yield f'<text x="{x}" y="{y}" text-anchor="middle">{names[place]}</text>'

    return named()
