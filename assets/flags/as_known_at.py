"""What the lake knew at a moment: the same questions, asked of a past snapshot.

Temporary views named as the tables stand before them on this connection, so every SELECT answers
from the past; the lake isn't changed. Not here: the questions (`answers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
import polars as pl

from assets.absence.which_count import days_to_sum, sum_days
from assets.lake.connection import Lake
from assets.lake.past.snapshots import Snapshot, kept_snapshots
from assets.lake.tables import table_named
from rules.errors import TrappanError
from rules.parallel import ParallelValue

#: What verdicts rest on. Names stay as they are today: an answer about the past names nobody again.
_FACTS = (
    "lessons",
    "contradicted_lessons",
    "joint_lessons",
    "lesson_snapshots",
    "removed_lessons",
    "uncounted_lessons",
    "parallel_values",
    "absence_daily",
    "absence_monthly",
    "monthly_sums",
    "enrolments",
    "disputable_files",
    "moving_records",
    "enrolment_claims",
    "identity_sources",
    "school_units",
    "stale_days",
)


# Moments are asked for to the second.
_TO_THE_SECOND = timedelta(seconds=1)


class NotKnownYetError(TrappanError):
    """The lake has nothing of that moment, or no longer; the message says from when it does."""


@dataclass(frozen=True)
class Known:
    """A snapshot that is shown in place of today's lake.

    Attributes:
        snapshot: its id.
        written_at: when it was written, UTC.
    """

    snapshot: int
    written_at: datetime


def show_as_known(lake: Lake, moment: datetime) -> Known:
    """Show the lake as it was at a moment, for the rest of this connection.

    Protection is today's: `protected_pupils` rests on no table that is shown as it was, and has the
    keys of the numbers that pupils had before. Hidden is also who was taken for one with such a
    pupil then and is not any more.

    Args:
        lake: the lake.
        moment: with a time zone; what was committed up to and at this moment counts.

    Raises:
        NotKnownYetError: the lake was made later, or no longer keeps that snapshot.
    """
    known = _snapshot_at(lake, moment)
    _hide_who_was_one_with_a_protected_pupil(lake, known.snapshot)
    for name in _FACTS:
        lake.show_instead(name, _rows_then(lake, name, known.snapshot))
    _sum_what_was_stale(lake, known.snapshot)
    return known


def show_with_sums(lake: Lake) -> int:
    """Show today's lake with the sums of its stale days, for the rest of this connection.

    Between the rows of a night and its sums, or where a night was stopped there, the lake's sums
    are those of before.

    Returns:
        How many dates were stale; when none was, the lake is shown as it is.
    """
    ((stale,),) = lake.rows("SELECT count(DISTINCT lesson_date) FROM stale_days")
    if stale:
        show_as_known(lake, datetime.now(UTC))
    return int(stale)


def _hide_who_was_one_with_a_protected_pupil(lake: Lake, snapshot: int) -> None:
    """Hide every number that was one pupil's with a protected one then, and was parted since.

    The rows of both stand under one of them in that past.
    """
    then = _rows_then(lake, "pupil_numbers", snapshot)
    hidden = lake.make(
        "hidden_then",
        f"WITH numbers_then AS ({then}), hidden_pupils AS (SELECT pupil_key FROM numbers_then "
        "WHERE number_key IN (SELECT pupil_key FROM protected_pupils)) "
        "SELECT pupil_key FROM protected_pupils UNION SELECT pupil_key FROM hidden_pupils "
        "UNION SELECT number_key FROM numbers_then SEMI JOIN hidden_pupils USING (pupil_key)",
    )
    lake.make_view("protected_pupils", f"SELECT pupil_key FROM {hidden}")


def _snapshot_at(lake: Lake, moment: datetime) -> Known:
    snapshots = kept_snapshots(lake)
    # The newest of them, also where the clock went back between two.
    place = max((n for n, one in enumerate(snapshots) if one.written_at <= moment), default=None)
    if place is None:
        first = snapshots[0]
        # The first one of all has number 0; any other was not the first.
        raise NotKnownYetError(
            f"The lake {'no longer keeps' if first.snapshot_id else 'knew nothing at'} "
            f"{'what it knew at ' if first.snapshot_id else ''}"
            f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC. Expected a moment from "
            f"{first.written_at:%Y-%m-%d %H:%M} UTC on, when its first snapshot was written."
        )
    known, *after = snapshots[place:]
    is_followed = not after or after[0].snapshot_id == known.snapshot_id + 1
    if not is_followed and moment >= known.written_at + _TO_THE_SECOND:
        whole = _whole_from(snapshots)
        later = f" and {after[0].written_at:%Y-%m-%dT%H:%M:%S}Z" if after[0] != whole else ""
        raise NotKnownYetError(
            f"The lake no longer keeps what it knew at {moment.astimezone(UTC):%Y-%m-%d %H:%M} "
            "UTC: of that time it has only what lists that stand were made from. Expected a moment "
            f"from {whole.written_at:%Y-%m-%d %H:%M} UTC on, or one of those: the nearest before "
            f"{'and after are' if later else 'is'} {known.written_at:%Y-%m-%dT%H:%M:%S}Z{later}."
        )
    return Known(known.snapshot_id, known.written_at)


def _whole_from(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return the snapshot from which on none is gone."""
    pairs = reversed(list(pairwise(snapshots)))
    gaps = (one for before, one in pairs if one.snapshot_id != before.snapshot_id + 1)
    return next(gaps, snapshots[0])


def _rows_then(lake: Lake, name: str, snapshot: int) -> str:
    """Return the SELECT of a table's rows at a snapshot."""
    columns = table_named(name).columns
    try:
        there = lake.rows(f"DESCRIBE SELECT * FROM lake.{name} AT (VERSION => {snapshot})")
    except duckdb.CatalogException:
        # The table is younger than the snapshot, so nothing of it was known.
        present, source = set(), "WHERE false"
    else:
        present, source = {row[0] for row in there}, f"FROM lake.{name} AT (VERSION => {snapshot})"
    shown = ", ".join(
        column.name if column.name in present else f"cast(NULL AS {column.type}) AS {column.name}"
        for column in columns
    )
    return f"SELECT {shown} {source}"


def _sum_what_was_stale(lake: Lake, snapshot: int) -> None:
    """Sum the days whose rows were in and whose sums were not: a moment within a night."""
    _show_summed(
        lake, "SELECT DISTINCT * FROM stale_days", lambda name: _rows_then(lake, name, snapshot)
    )


def show_summed_again(lake: Lake, dates: str, parallel: Sequence[ParallelValue]) -> None:
    """Show today's lake with the sums of dates made again, for the rest of this connection.

    What a backfill of them would store; the lake isn't changed.

    Args:
        lake: the lake.
        dates: a SELECT of `lesson_date`, each once.
        parallel: how lessons at the same time count, by a lesson's date.
    """
    values = lake.load(
        "values_in_force",
        pl.DataFrame(
            [(value.valid_from, value.method, value.least_cover_bp) for value in parallel],
            schema={
                "valid_from_date": pl.Date,
                "method": pl.String,
                "least_cover_bp": pl.Int64,
            },
            orient="row",
        ),
    )
    lake.show_instead("parallel_values", f"SELECT * FROM {values}")
    _show_summed(lake, dates, lambda name: f"SELECT * FROM lake.{name}")


def _show_summed(lake: Lake, dates: str, rows_of: Callable[[str], str]) -> None:
    """Show tables of sums with those of some dates made from the lessons that are shown.

    Args:
        lake: the lake, or a past of it.
        dates: a SELECT of `lesson_date`, each once.
        rows_of: gives the SELECT of a table's rows as they are stored.
    """
    asked = days_to_sum(lake, dates)
    if asked is None:
        return
    summed = sum_days(lake, asked)
    for table, made in (("absence_daily", summed.sums), ("uncounted_lessons", summed.uncounted)):
        lake.show_instead(
            table,
            f"SELECT * FROM ({rows_of(table)}) "
            f"WHERE lesson_date NOT IN (SELECT lesson_date FROM {asked.days}) "
            f"UNION ALL BY NAME SELECT * FROM {made}",
        )
    select = lake.select("absence/absence_monthly")
    first, *others = asked.whole_months
    months = lake.make("summed_monthly", select, **first)
    for span in others:
        lake.connection.execute(f"INSERT INTO {months} BY NAME {select}", span)
    lake.show_instead(
        "absence_monthly",
        f"SELECT * FROM ({rows_of('absence_monthly')}) "
        f"WHERE month_start_date NOT IN (SELECT month_start_date FROM {asked.months}) "
        f"UNION ALL BY NAME SELECT * FROM {months}",
    )
