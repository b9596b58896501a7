"""The school year week by week: each pupil's absence, and what the lists before counted.

A week of a list that was made is what that list told, and is never worked out again. Not here: how
weeks are drawn (`page/curves.py`, `workbook/weeks_sheet.py`), words.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from assets.absence.windows import school_year_start
from assets.lake.connection import Lake
from assets.watchlists.model import ToldWeek, YearWeeks

_WEEK = timedelta(weeks=1)
#: So that a season can be compared with the same one of the year before.
REMEMBERED = timedelta(weeks=80)


def year_weeks(lake: Lake, as_of: date) -> dict[str, YearWeeks]:
    """Return the weeks of everybody on the lists with a reported lesson, by pupil key as text.

    Args:
        lake: the lake whose pupils were asked about (`what_is_behind`).
        as_of: the day of the lists.
    """
    rows = lake.relation(
        "watchlists/pupil_weeks", first_date=school_year_start(as_of), as_of=as_of
    ).rows()
    first_of: dict[str, date] = {}
    for _, code, mondays, _, _ in rows:
        first_of[code] = min(mondays[0], first_of.get(code, mondays[0]))
    found = {}
    for key, code, mondays, reported, absent in rows:
        first = first_of[code]
        weeks = (as_of - first) // _WEEK + 1
        of_weeks = [0] * weeks, [0] * weeks
        for monday, whole, part in zip(mondays, reported, absent, strict=True):
            place = (monday - first) // _WEEK
            of_weeks[0][place], of_weeks[1][place] = whole, part
        found[key] = YearWeeks(first, tuple(of_weeks[0]), tuple(of_weeks[1]))
    return found


def told_weeks(lake: Lake, as_of: date) -> dict[str, tuple[ToldWeek, ...]]:
    """Return what each school's frozen lists before as_of counted, the oldest first.

    A week without a frozen list, or of one whose counts nobody kept, is not there.
    """
    rows = lake.relation("watchlists/told_weeks", first_date=as_of - REMEMBERED, as_of=as_of)
    found: dict[str, list[ToldWeek]] = defaultdict(list)
    for code, week, evaluated, listed, *asked in rows.iter_rows():
        mentor, ulf, sst = asked
        found[code].append(ToldWeek(week, evaluated, listed, (mentor, ulf, sst)))
    return {code: tuple(weeks) for code, weeks in found.items()}
