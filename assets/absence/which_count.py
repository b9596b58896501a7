"""Which lessons count, decided with the sums from all rows kept on the dates being summed.

The sums of a date are first made of every lesson that is not cancelled. Only where a pupil's day
could have a lesson that does not count (two at the same time, two schools, a roster record that
ended, rows that contradicted each other, a cancelled lesson under another id) are its rows looked
at one by one, and its sums made again of those that count. Not here: the steps (`sql/absence/`,
`docs/rules-lessons.md`), the lake's tables (`sums.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assets.absence.windows import month_end
from assets.lake.connection import Lake
from assets.lake.lesson_fates import LessonFates, decide_fates
from assets.lake.schema import TemporaryTable
from assets.lake.standing import find_disputable_days

# Of so many lessons the sums are made at once: 30 bytes of memory each, and what is beside.
_LESSONS_AT_ONCE = 20_000_000
_MONTHS_AT_ONCE = 3
# Fewer dates are never so many lessons.
_DATES_WORTH_COUNTING = 5
_OF_THE_STEPS = "stated_row"  # what a row of `uncounted_lessons` was when its fate was decided


@dataclass(frozen=True)
class DaysToSum:
    """Dates whose sums are made, as a temporary table, and the months that they lie in.

    Attributes:
        count: how many; not 0.
        first, last: the first and the last of them.
    """

    days: TemporaryTable
    months: TemporaryTable
    count: int
    first: date
    last: date

    @property
    def span(self) -> dict[str, date]:
        """The first and the last date, as parameters of a SELECT."""
        return {"first_date": self.first, "last_date": self.last}

    @property
    def whole_months(self) -> list[dict[str, date]]:
        """Their months, some at a time: first and last day, as parameters of a SELECT."""
        spans: list[dict[str, date]] = []
        first = self.first.replace(day=1)
        while first <= self.last:
            last = first
            for _ in range(_MONTHS_AT_ONCE):
                last = month_end(last) + timedelta(days=1)
            spans.append({"first_date": first, "last_date": last - timedelta(days=1)})
            first = last
        return spans


@dataclass(frozen=True)
class SummedDays:
    """The sums of days, as temporary tables.

    Attributes:
        sums: as rows of `absence_daily`.
        uncounted: the lessons of these days that count nowhere, as rows of `uncounted_lessons`.
        pupil_days: rows of `sums`.
    """

    sums: TemporaryTable
    uncounted: TemporaryTable
    pupil_days: int


def days_to_sum(lake: Lake, dates: str) -> DaysToSum | None:
    """Find the days to sum; None when there is none.

    Args:
        lake: the lake, or a past of it.
        dates: a SELECT of `lesson_date`, each once.
    """
    days = lake.make("days_to_sum", dates)
    ((count, first, last),) = lake.rows(
        f"SELECT count(*), min(lesson_date), max(lesson_date) FROM {days}"
    )
    if not count:
        return None
    months = lake.make(
        "months_to_sum",
        "SELECT DISTINCT cast(date_trunc('month', lesson_date) AS DATE) AS month_start_date "
        f"FROM {days}",
    )
    return DaysToSum(days, months, count, first, last)


def sum_days(lake: Lake, asked: DaysToSum) -> SummedDays:
    """Sum days, changing no table.

    Args:
        lake: the lake, or a past of it.
        asked: the days.
    """
    _prepare(lake)
    spans = _spans(lake, asked)
    made = lake.make("made_days", lake.select("absence/absence_daily"), **spans[0])
    for span in spans[1:]:
        _sum_into(str(made), lake, span)
    ((rows,),) = lake.rows(f"SELECT count(*) FROM {made}")
    return _decide(lake, str(made), asked, rows)


def sum_into_daily(lake: Lake, asked: DaysToSum) -> SummedDays:
    """Sum days in `absence_daily`, which has no rows of them.

    Written as they are summed: a temporary table between costs as much as the half of the sums.
    """
    _prepare(lake)
    rows = sum(_sum_into("absence_daily", lake, span) for span in _spans(lake, asked))
    return _decide(lake, "absence_daily", asked, rows)


def _decide(lake: Lake, table: str, asked: DaysToSum, rows: int) -> SummedDays:
    """Find the days on which it must be asked what counts, and put those right in a table."""
    sums = lake.make_view(
        "summed_days",
        f"SELECT * FROM {table} "
        f"WHERE lesson_date BETWEEN DATE '{asked.first}' AND DATE '{asked.last}' "
        f"AND lesson_date IN (SELECT lesson_date FROM {asked.days})",
    )
    uncounted = lake.make("uncounted_now", "SELECT * FROM uncounted_lessons LIMIT 0")
    has_ids = bool(
        lake.rows(
            "SELECT 1 FROM lessons WHERE lesson_id IS NOT NULL "
            "AND lesson_date BETWEEN $first_date AND $last_date LIMIT 1",
            **asked.span,
        )
    )
    find_disputable_days(lake)
    crowded = lake.materialise("absence/crowded_days", **asked.span, has_ids=has_ids)
    found = decide_fates(lake, crowded)
    if found is not None:
        lake.connection.execute(
            f"INSERT INTO {uncounted} BY NAME SELECT * EXCLUDE ({_OF_THE_STEPS}) FROM {found.fates}"
        )
        rows += _sum_crowded(lake, table, crowded, found)
    return SummedDays(sums, uncounted, rows)


def _sum_crowded(lake: Lake, table: str, crowded: TemporaryTable, found: LessonFates) -> int:
    """Sum the crowded days again, of the lessons that count; return how many rows came."""
    span = {"first_date": found.first, "last_date": found.last}
    # The dates prune the files that the delete has to open.
    deleted = lake.connection.execute(
        f"DELETE FROM {table} WHERE lesson_date BETWEEN $first_date AND $last_date "
        f"AND (pupil_key, lesson_date) IN (SELECT (pupil_key, lesson_date) FROM {crowded})",
        span,
    ).fetchone()
    lake.make_view(
        "lessons_to_sum",
        # The last lesson of a day is the last by start, then export, then subject.
        "SELECT *, {'starts_at': starts_at, 'exported_at': exported_at, 'subject': subject} "
        f"AS order_in_day FROM {found.stated} "
        f"WHERE NOT is_cancelled AND stated_row NOT IN (SELECT stated_row FROM {found.fates})",
    )
    inserted = _sum_into(table, lake, span)
    return inserted - (int(deleted[0]) if deleted else 0)


def _prepare(lake: Lake) -> None:
    """Let the SELECT of daily sums read every lesson."""
    lake.define("absence/lessons_to_sum")
    lake.prepare("absence/lessons_clash")


def _spans(lake: Lake, asked: DaysToSum) -> list[dict[str, date]]:
    """Cut the days into spans of so many lessons as memory has room for; a day is never cut."""
    if asked.count <= _DATES_WORTH_COUNTING:
        return [asked.span]
    spans: list[dict[str, date]] = []
    lessons = 0
    for day, count in lake.rows(
        "SELECT lesson_date, count(*) FROM lessons WHERE lesson_date BETWEEN $first_date "
        "AND $last_date GROUP BY lesson_date ORDER BY lesson_date",
        **asked.span,
    ):
        if not spans or lessons + count > _LESSONS_AT_ONCE:
            spans.append({"first_date": day, "last_date": day})
            lessons = 0
        spans[-1]["last_date"] = day
        lessons += count
    return spans or [asked.span]


def _sum_into(table: str, lake: Lake, span: dict[str, date]) -> int:
    written = lake.connection.execute(
        f"INSERT INTO {table} BY NAME {lake.select('absence/absence_daily')}", span
    ).fetchone()
    return int(written[0]) if written else 0
