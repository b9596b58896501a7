"""Backfills: what one would change and take, and which of its months are done already.

Each month is made in a transaction of its own and then noted, so one that was killed goes on where
it was; a month that was made and not noted is made again, which changes nothing. Not here: how sums
are made (`assets/absence/sums.py`), lists that are published again
(`assets/watchlists/release/republish.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from assets.absence.windows import month_end
from assets.flags.as_known_at import show_summed_again
from assets.lake.connection import Lake
from assets.lake.tables import columns_of
from assets.watchlists.release.restate import differing_pupils
from assets.watchlists.release.week_states import RulesOn
from rules.parallel import ParallelValue

#: A window looks back so far at most, a school year; a later list rests on none of the months.
_LONGEST_WINDOW = timedelta(days=400)
#: What a run of a month takes beside its sums.
_SECONDS_OF_A_RUN = 3.0
#: Of fewer, a month takes what a run takes.
_LESSONS_FOR_A_RATE = 100_000


@dataclass(frozen=True)
class MonthOfPlan:
    """A month of a plan: its lessons, rows of its daily sums, how many would be others."""

    month: date
    lessons: int
    pupil_days: int
    differing: int


@dataclass(frozen=True)
class WeekOfPlan:
    """A published week: its lists, pupils of whom today's data says otherwise, and would then."""

    week: str
    lists: int
    differing_now: int
    differing_then: int


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill would change; `seconds` it would take, by those before or by the plan."""

    months: tuple[MonthOfPlan, ...]
    weeks: tuple[WeekOfPlan, ...]
    seconds: float

    @property
    def differing(self) -> int:
        """Rows of daily sums that would be others."""
        return sum(month.differing for month in self.months)


def plan_backfill(
    lake: Lake, months: Sequence[date], parallel: Sequence[ParallelValue], rules_on: RulesOn
) -> BackfillPlan:
    """Say what a backfill would change, by doing it beside the lake; nothing is stored.

    Args:
        lake: the lake.
        months: their first days, in order.
        parallel: how lessons at the same time count, by a lesson's date.
        rules_on: gives the values in force on a day.
    """
    stored = _stored(lake, months)
    begin = time.perf_counter()
    with lake.beside() as beside:
        show_summed_again(beside, _dates(months), parallel)
        differing = _differing(beside, months)
        measured = time.perf_counter() - begin
        weeks: tuple[WeekOfPlan, ...] = ()
        if any(differing.values()):
            weeks = _weeks(lake, beside, months, rules_on)
    planned = tuple(
        MonthOfPlan(month, *stored.get(month, (0, 0)), differing.get(month, 0)) for month in months
    )
    return BackfillPlan(planned, weeks, _seconds(lake, planned, measured))


def frozen_weeks_on(lake: Lake, months: Sequence[date]) -> list[str]:
    """Return the published weeks that can rest on months, in order."""
    rows = lake.rows(
        "SELECT DISTINCT period FROM publications "
        "WHERE is_frozen AND as_of_date BETWEEN $first AND $last ORDER BY 1",
        first=months[0],
        last=month_end(months[-1]) + _LONGEST_WINDOW,
    )
    return [week for (week,) in rows]


def _dates(months: Sequence[date]) -> str:
    span = f"lesson_date BETWEEN DATE '{months[0]}' AND DATE '{month_end(months[-1])}'"
    tables = ("lessons", "contradicted_lessons", "lake.absence_daily")
    return " UNION ".join(f"SELECT lesson_date FROM {table} WHERE {span}" for table in tables)


def _stored(lake: Lake, months: Sequence[date]) -> dict[date, tuple[int, int]]:
    """Return the lessons and the rows of daily sums of months."""
    rows: list[tuple[date, int, int]] = lake.rows(
        "SELECT month, sum(lessons)::BIGINT, sum(days)::BIGINT FROM ("
        "SELECT date_trunc('month', lesson_date)::DATE AS month, count(*) AS lessons, 0 AS days "
        "FROM lessons WHERE lesson_date BETWEEN $first AND $last GROUP BY ALL UNION ALL "
        "SELECT date_trunc('month', lesson_date)::DATE, 0, count(*) "
        "FROM absence_daily WHERE lesson_date BETWEEN $first AND $last GROUP BY ALL) GROUP BY ALL",
        first=months[0],
        last=month_end(months[-1]),
    )
    return {month: (lessons, days) for month, lessons, days in rows}


def _differing(lake: Lake, months: Sequence[date]) -> dict[date, int]:
    """Return of each month how many rows of the shown sums are not those that are stored."""
    columns = ", ".join(columns_of("absence_daily"))
    span = f"lesson_date BETWEEN DATE '{months[0]}' AND DATE '{month_end(months[-1])}'"
    shown, stored = (
        f"SELECT {columns} FROM {table} WHERE {span}"
        for table in ("absence_daily", "lake.absence_daily")
    )
    rows: list[tuple[date, int]] = lake.rows(
        "SELECT date_trunc('month', lesson_date)::DATE, "
        "count(DISTINCT (pupil_key, school_unit_code, lesson_date)) "
        f"FROM (({shown} EXCEPT {stored}) UNION ALL ({stored} EXCEPT {shown})) GROUP BY ALL"
    )
    return dict(rows)


def _weeks(
    lake: Lake, beside: Lake, months: Sequence[date], rules_on: RulesOn
) -> tuple[WeekOfPlan, ...]:
    found = []
    for week in frozen_weeks_on(lake, months):
        now, then = (differing_pupils(one, week, rules_on) for one in (lake, beside))
        found.append(WeekOfPlan(week, len(now), sum(now.values()), sum(then.values())))
    return tuple(found)


def _seconds(lake: Lake, months: Sequence[MonthOfPlan], measured: float) -> float:
    """Return what the months would take: by those made before, else by what the plan took."""
    ((made, lessons, seconds),) = lake.rows(
        "SELECT count(*), sum(lessons), sum(seconds) FROM backfilled_months "
        "WHERE made_at IS NOT NULL"
    )
    if made and lessons >= _LESSONS_FOR_A_RATE:
        return float(seconds) / int(lessons) * sum(month.lessons for month in months)
    if made:
        return float(seconds) / int(made) * len(months)
    return measured + _SECONDS_OF_A_RUN * len(months)


@dataclass(frozen=True)
class Begun:
    """A backfill that was begun: when, which months are done, and which are not."""

    asked_at: datetime
    done: tuple[date, ...]
    left: tuple[date, ...]


def begin_backfill(lake: Lake, months: Sequence[date], *, all_again: bool = False) -> Begun:
    """Note that a backfill is asked for, or go on with one of the same months that was stopped.

    Args:
        lake: the lake.
        months: their first days, in order.
        all_again: make all months again, also where one was stopped.
    """
    before = None if all_again else _stopped(lake, months)
    if before is not None:
        return before
    asked_at = datetime.now(UTC).replace(tzinfo=None)

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        # One that was stopped and is not gone on with is no question any more.
        connection.execute("DELETE FROM backfilled_months WHERE made_at IS NULL")
        for month in months:
            connection.execute(
                "INSERT INTO backfilled_months (asked_at, month_start_date) VALUES (?, ?)",
                [asked_at, month],
            )

    lake.write(change)
    return Begun(asked_at, (), tuple(months))


def note_month(lake: Lake, begun: Begun, month: date, seconds: float) -> None:
    """Note that a month is done."""
    lake.write(
        lambda connection: connection.execute(
            "UPDATE backfilled_months SET seconds = $seconds, made_at = $now, lessons = "
            "(SELECT count(*) FROM lessons WHERE lesson_date BETWEEN $month AND $last) "
            "WHERE asked_at = $asked_at AND month_start_date = $month",
            {
                "seconds": seconds,
                "now": datetime.now(UTC).replace(tzinfo=None),
                "month": month,
                "last": month_end(month),
                "asked_at": begun.asked_at,
            },
        )
    )


def _stopped(lake: Lake, months: Sequence[date]) -> Begun | None:
    """Return the newest backfill if it was of these months and did not come to its end."""
    rows = lake.rows(
        "SELECT asked_at, month_start_date, made_at IS NOT NULL FROM backfilled_months "
        "WHERE asked_at = (SELECT max(asked_at) FROM backfilled_months) ORDER BY month_start_date"
    )
    if [month for _, month, _ in rows] != list(months) or all(is_done for _, _, is_done in rows):
        return None
    return Begun(
        rows[0][0],
        tuple(month for _, month, is_done in rows if is_done),
        tuple(month for _, month, is_done in rows if not is_done),
    )
