"""The sums kept up to date: what new files affected is made again, nothing else.

Not here: the SELECTs (`sql/absence/`), what counts as too much (`rules`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from assets.absence.which_count import DaysToSum, SummedDays, days_to_sum, sum_into_daily
from assets.absence.windows import WindowPart, month_end
from assets.exports.storing.joined import join_lessons
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.standing import find_summed_months
from rules.parallel import ParallelValue, shipped_values


@dataclass(frozen=True)
class Refreshed:
    """What a refresh made again."""

    days: int
    months: tuple[date, ...]
    pupil_days: int
    pupil_months: int


def refresh_sums(
    lake: Lake,
    months: Sequence[date] | None = None,
    parallel: Sequence[ParallelValue] | None = None,
) -> Refreshed:
    """Make daily and monthly sums of stale days again, in one transaction.

    The stale days are written with the rows and taken away with the sums, so a run that was
    killed in between leaves them for the next.

    Args:
        lake: the lake.
        months: first days of months to make again whether stale or not; then only these.
        parallel: how lessons at the same time count, by a lesson's date; the shipped values when
            None. Sums that are not made again stay as they were made.
    """
    in_force = shipped_values() if parallel is None else parallel

    def change(connection: duckdb.DuckDBPyConnection) -> Refreshed:
        # Files that were revoked, and numbers that were joined or parted, change them too.
        join_lessons(connection, lake)
        if months is None:
            days = "SELECT DISTINCT lesson_date FROM stale_days"
        else:
            # Spans, not months of dates: what is outside is not read at all.
            wanted = " OR ".join(
                f"lesson_date BETWEEN DATE '{month}' AND DATE '{month_end(month)}'"
                for month in months
            )
            days = " UNION ".join(
                f"SELECT lesson_date FROM {table} WHERE {wanted or 'false'}"
                for table in ("lessons", "contradicted_lessons", "absence_daily")
            )
        asked = days_to_sum(lake, days)
        _note_values(connection, lake, in_force)
        return _sum_again(connection, lake, asked) if asked else Refreshed(0, (), 0, 0)

    return lake.write(change)


def _sum_again(connection: duckdb.DuckDBPyConnection, lake: Lake, asked: DaysToSum) -> Refreshed:
    connection.execute(
        "DELETE FROM absence_daily WHERE lesson_date BETWEEN $first_date AND $last_date "
        f"AND lesson_date IN (SELECT lesson_date FROM {asked.days})",
        asked.span,
    )
    summed = sum_into_daily(lake, asked)
    _store_uncounted(connection, lake, asked, summed)
    connection.execute(
        "DELETE FROM absence_monthly WHERE month_start_date IN "
        f"(SELECT month_start_date FROM {asked.months})"
    )
    select = lake.select("absence/absence_monthly")
    pupil_months = sum(
        _insert(connection, "absence_monthly", select, span) for span in asked.whole_months
    )
    connection.execute(
        f"DELETE FROM stale_days WHERE lesson_date IN (SELECT lesson_date FROM {asked.days})"
    )
    months = lake.rows(f"SELECT month_start_date FROM {asked.months} ORDER BY 1")
    return Refreshed(
        asked.count, tuple(month for (month,) in months), summed.pupil_days, pupil_months
    )


def _note_values(
    connection: duckdb.DuckDBPyConnection, lake: Lake, in_force: Sequence[ParallelValue]
) -> None:
    """Keep the values that sums are made with, so that a past is summed as it was."""
    rows = [(value.valid_from, value.method, value.least_cover_bp) for value in in_force]
    if lake.rows("SELECT * FROM parallel_values ORDER BY valid_from_date") == rows:
        return
    connection.execute("DELETE FROM parallel_values")
    connection.executemany("INSERT INTO parallel_values VALUES (?, ?, ?)", rows)


def _store_uncounted(
    connection: duckdb.DuckDBPyConnection, lake: Lake, asked: DaysToSum, summed: SummedDays
) -> None:
    of_these = (
        "lesson_date BETWEEN $first_date AND $last_date "
        f"AND lesson_date IN (SELECT lesson_date FROM {asked.days})"
    )
    if lake.rows(f"SELECT 1 FROM uncounted_lessons WHERE {of_these} LIMIT 1", **asked.span):
        connection.execute(f"DELETE FROM uncounted_lessons WHERE {of_these}", asked.span)
    if lake.rows(f"SELECT 1 FROM {summed.uncounted} LIMIT 1"):
        _insert(connection, "uncounted_lessons", f"SELECT * FROM {summed.uncounted}", {})


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, select: str, span: dict[str, date]
) -> int:
    inserted = connection.execute(f"INSERT INTO {table} BY NAME {select}", span).fetchone()
    return int(inserted[0]) if inserted else 0


@dataclass(frozen=True)
class WindowSums:
    """The sums of an as_of's windows, as temporary tables.

    Attributes:
        rolling_sums: a row per pupil and part of a rolling window.
        summed_months: what is known of months as sums only.
        absence_calendar: a row per pupil and part of a calendar window.
    """

    rolling_sums: TemporaryTable
    summed_months: TemporaryTable
    absence_calendar: TemporaryTable


def sum_windows(lake: Lake, as_of: date, parts: Sequence[WindowPart]) -> WindowSums:
    """Sum the minutes of every pupil over the windows that end at as_of.

    The lake's `absence_rolling` is the `rolling_sums` of its newest as_of (`store_rolling`); a
    question about another as_of leaves it as it is.
    """
    load_window_parts(lake, parts)
    first = min((part.window_start for part in parts), default=as_of)
    rolling = lake.materialise("absence/rolling_sums", as_of=as_of, first_date=first)
    # Before the calendar windows, which take its months too.
    months = find_summed_months(lake)
    return WindowSums(rolling, months, lake.materialise("absence/absence_calendar"))


def load_window_parts(lake: Lake, parts: Sequence[WindowPart]) -> None:
    """Make the parameter table `window_parts`."""
    lake.load(
        "window_parts",
        pl.DataFrame(
            [
                {
                    "basis": part.basis,
                    "window_part": part.window_part,
                    "window_start": part.window_start,
                    "window_end": part.window_end,
                }
                for part in parts
            ],
            schema={
                "basis": pl.String,
                "window_part": pl.String,
                "window_start": pl.Date,
                "window_end": pl.Date,
            },
        ),
    )


def store_rolling(lake: Lake, as_of: date, sums: WindowSums) -> int:
    """Keep the rolling sums in the lake as the newest `absence_rolling`, and return its rows."""

    def change(connection: duckdb.DuckDBPyConnection) -> int:
        connection.execute("DELETE FROM absence_rolling")
        inserted = connection.execute(
            f"INSERT INTO absence_rolling BY NAME SELECT * FROM {sums.rolling_sums} "
            "WHERE as_of_date = $as_of",
            {"as_of": as_of},
        ).fetchone()
        return int(inserted[0]) if inserted else 0

    return lake.write(change)
