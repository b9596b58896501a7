"""What a school's lists counted week by week, and which share of the pupils in each season.

A week is told as its own list told it; where no list was made there is a gap. Not here: how it is
drawn (`page/curves.py`, `workbook/weeks_sheet.py`), words (`swedish/year_texts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction

from assets.absence.windows import school_year_start
from assets.watchlists.decisions import Question, question_counts
from assets.watchlists.model import ToldWeek, Watchlist
from assets.watchlists.release.week_states import iso_week, sunday_of

_WEEK = timedelta(weeks=1)


class Season(Enum):
    """A part of the school year, by the last day of a list's week."""

    AUTUMN = "autumn"  # July to November
    WINTER = "winter"  # December to February
    SPRING = "spring"  # March to June


@dataclass(frozen=True)
class CountedWeek:
    """An ISO week of the school year; `told` is None where the school got no list of it."""

    iso_week: str
    told: ToldWeek | None

    def asked(self, question: Question) -> int | None:
        """How many pupils a question was about."""
        return self.told.asked[question.value - 1] if self.told else None


@dataclass(frozen=True)
class SeasonShare:
    """The least and the greatest share of a school's pupils on its lists of a season.

    Attributes:
        season: the season.
        first_year: the calendar year in which its school year began.
        lists: how many lists that is of.
        lowest, highest: pupils on a list to pupils who were looked at.
    """

    season: Season
    first_year: int
    lists: int
    lowest: Fraction
    highest: Fraction


def counted_weeks(watchlist: Watchlist) -> tuple[CountedWeek, ...]:
    """Return every week from the school year's first list to this one, the last.

    Nothing where there is no list before it this year: one point is no curve; nor of a list that
    says nothing, or of a mentor's own, which has no numbers of the school.
    """
    if watchlist.says_nothing or not watchlist.pupils_evaluated:
        return ()
    start = school_year_start(watchlist.as_of)
    told = {
        week.iso_week: week
        for week in watchlist.told_weeks
        if sunday_of(week.iso_week) >= start and week.iso_week != watchlist.iso_week
    }
    if not told:
        return ()
    told[watchlist.iso_week] = _own(watchlist)
    sunday, last = min(map(sunday_of, told)), max(map(sunday_of, told))
    weeks = [sunday + _WEEK * number for number in range((last - sunday) // _WEEK + 1)]
    return tuple(CountedWeek(iso_week(day), told.get(iso_week(day))) for day in weeks)


def _own(watchlist: Watchlist) -> ToldWeek:
    mentor, ulf, sst = (count.pupils for count in question_counts(watchlist))
    listed = len(watchlist.pupils)
    return ToldWeek(watchlist.iso_week, watchlist.pupils_evaluated, listed, (mentor, ulf, sst))


def season_shares(watchlist: Watchlist) -> tuple[SeasonShare, ...]:
    """Return the shares of this school year's seasons, then those of last year to compare with.

    Of last year that is the season of this list, and the one that comes next. Only frozen lists
    count: the current one is another tomorrow. Nothing where this list is the first.
    """
    weeks = list(watchlist.told_weeks)
    if weeks and watchlist.is_frozen and not watchlist.says_nothing:
        weeks = [week for week in weeks if week.iso_week != watchlist.iso_week]
        weeks.append(_own(watchlist))
    shares: dict[tuple[int, Season], list[Fraction]] = defaultdict(list)
    for week in weeks:
        sunday = sunday_of(week.iso_week)
        if week.pupils_evaluated:
            share = Fraction(week.listed, week.pupils_evaluated)
            shares[school_year_start(sunday).year, season_of(sunday)].append(share)
    year, seasons = school_year_start(watchlist.as_of).year, list(Season)
    now = seasons.index(season_of(watchlist.as_of))
    wanted = [(year, season) for season in seasons[: now + 1]]
    wanted += [(year - 1, season) for season in seasons[now : now + 2]]
    return tuple(
        SeasonShare(season, of_year, len(found), min(found), max(found))
        for of_year, season in wanted
        if (found := shares[of_year, season])
    )


def season_of(day: date) -> Season:
    """Return the season of a day."""
    if day.month in {12, 1, 2}:
        return Season.WINTER
    return Season.SPRING if day.month in {3, 4, 5, 6} else Season.AUTUMN
