"""The school year week by week, in Swedish words: for those who don't see a curve, and beside it.

Not here: which weeks there are (`curves.py`, `collect/school_year.py`), drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from assets.watchlists.curves import CountedWeek, Season, SeasonShare
from assets.watchlists.decisions import Question
from assets.watchlists.model import YearWeeks
from assets.watchlists.swedish import decision_texts, texts

PUPIL_WEEKS = "Vecka för vecka"
PUPIL_CURVE = (
    "Andel frånvaro av den rapporterade tiden på skolan, 0–100 %. Där linjen bryts har ingen"
    " lektion rapporterats."
)
_SEASONS = {
    Season.AUTUMN: "hösten {first}",
    Season.WINTER: "vintern {first}/{second:02}",
    Season.SPRING: "våren {next}",
}
NO_LESSON = "ingen rapporterad lektion"
NO_LIST = "ingen lista"


@lru_cache(maxsize=256)
def short_week(iso_week: str) -> str:
    """`2026-W46` as `v. 46`."""
    return f"v. {int(iso_week[-2:])}"


def week_names(weeks: YearWeeks) -> tuple[str, ...]:
    """The weeks of a pupil's year: `v. 34`, `v. 35`."""
    return _names_of_weeks(weeks.first_monday, len(weeks.reported_minutes))


@lru_cache(maxsize=64)
def _names_of_weeks(first_monday: date, weeks: int) -> tuple[str, ...]:
    mondays = (first_monday + timedelta(weeks=n) for n in range(weeks))
    return tuple(f"v. {monday.isocalendar().week}" for monday in mondays)


# A pupil's weeks stand on the school's page and on the mentor's, one soon after the other.
@lru_cache(maxsize=1024)
def pupil_weeks(weeks: YearWeeks) -> str:
    """Every week of a pupil in words: `v. 34 12,0 %, v. 35 ingen rapporterad lektion`."""
    told = (
        f"{name} {NO_LESSON if share is None else texts.percent(share)}"
        for name, share in zip(week_names(weeks), weeks.shares, strict=True)
    )
    return ", ".join(told)


@lru_cache(maxsize=1024)
def highest_week(weeks: YearWeeks) -> str:
    """`Högst v. 41: 60,1 %. Senast v. 46: 45,0 %.`; "" where nothing was reported."""
    known = [
        (share, name)
        for name, share in zip(week_names(weeks), weeks.shares, strict=True)
        if share is not None
    ]
    if not known:
        return ""
    highest, latest = max(known, key=lambda one: one[0]), known[-1]
    return (
        f"Högst {highest[1]}: {texts.percent(highest[0])}."
        f" Senast {latest[1]}: {texts.percent(latest[0])}."
    )


def span(weeks: tuple[CountedWeek, ...], question: Question) -> str:
    """What a school's curve goes over, beside it: `v. 36–46, högst 12`."""
    first, last = short_week(weeks[0].iso_week), short_week(weeks[-1].iso_week)
    return f"{first}–{last.removeprefix('v. ')}, högst {most(weeks, question)}"


def most(weeks: tuple[CountedWeek, ...], question: Question) -> int:
    """The highest count of a question."""
    return max(week.asked(question) or 0 for week in weeks)


def school_weeks(weeks: tuple[CountedWeek, ...], question: Question) -> str:
    """Every week of a school in words: `Elever vecka för vecka: v. 36 3, v. 37 ingen lista.`."""
    told = (
        f"{short_week(week.iso_week)} {NO_LIST if count is None else count}"
        for week in weeks
        for count in (week.asked(question),)
    )
    return f"Elever vecka för vecka: {', '.join(told)}."


def school_curves(weeks: tuple[CountedWeek, ...]) -> str:
    """All three curves of a school in words, for those who don't see the chart."""
    return " ".join(
        f"{decision_texts.QUESTIONS[question]}. {school_weeks(weeks, question)}"
        for question in Question
    )


def expected(shares: tuple[SeasonShare, ...]) -> str:
    """Which shares of its pupils a school's own lists have had; "" where it has none yet.

    `På skolans egna veckolistor har det stått 18,2–24,0 % av eleverna hösten 2026 (11 listor).`
    """
    if not shares:
        return ""
    *others, last = _parts(shares)
    told = f"{', '.join(others)} och {last}" if others else last
    return f"På skolans egna veckolistor har det stått {told}."


def _parts(shares: tuple[SeasonShare, ...]) -> Iterator[str]:
    for place, share in enumerate(shares):
        year = share.first_year
        season = _SEASONS[share.season].format(first=year, second=(year + 1) % 100, next=year + 1)
        low, high = texts.percent(share.lowest), texts.percent(share.highest)
        between = high if low == high else f"{low.removesuffix(' %')}–{high}"
        lists = "1 lista" if share.lists == 1 else f"{share.lists} listor"
        yield f"{between}{' av eleverna' if not place else ''} {season} ({lists})"
