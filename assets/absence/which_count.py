"""Which lessons count, decided with the sums from all rows kept on the dates being summed.

The sums of a date are first made of every lesson that is not cancelled. Only where a pupil's day
could have a lesson that does not count (two at the same time, two schools, a roster record that
ended, rows that contradicted each other, a cancelled lesson under another id) are its rows looked
at one by one, and its sums made again of those that count. Not here: the steps (`sql/absence/`,
`docs/rules.md`), the lake's tables (`sums.py`).
"""

from __future__ import annotations

from datetime import date

from assets.lake.connection import Lake
from assets.lake.lesson_fates import decide_fates

_OF_THE_STEPS = "stated_row"  # what a row of `uncounted_lessons` was when its fate was decided


def sum_days(lake: Lake, first: date, last: date) -> None:
    """Make `summed_days` and `uncounted_now` of the dates in `days_to_sum`, changing no table.

    Args:
        lake: the lake, or a past of it, with `days_to_sum`.
        first: the first of these dates.
        last: the last of them.
    """
    _sum("CREATE OR REPLACE TEMP TABLE made_days AS", lake, first, last, of_all=True)
    _decide(lake, "made_days", first, last)


def sum_into_daily(lake: Lake, first: date, last: date) -> int:
    """Make the same, `summed_days` in `absence_daily`, which has no rows of these dates.

    Written as they are summed: a temporary table between costs as much as the half of the sums.

    Returns:
        The rows there are then.
    """
    rows = _sum("INSERT INTO absence_daily BY NAME", lake, first, last, of_all=True)
    return rows + _decide(lake, "absence_daily", first, last)


def _decide(lake: Lake, table: str, first: date, last: date) -> int:
    """Find the days on which it must be asked what counts, and put those right in a table.

    Returns:
        How many rows more the table has.
    """
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW summed_days AS SELECT * FROM {table} "
        f"WHERE lesson_date BETWEEN DATE '{first}' AND DATE '{last}' "
        "AND lesson_date IN (SELECT lesson_date FROM days_to_sum)"
    )
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE uncounted_now AS SELECT * FROM uncounted_lessons LIMIT 0"
    )
    has_ids = bool(
        lake.rows(
            "SELECT 1 FROM lessons WHERE lesson_id IS NOT NULL "
            "AND lesson_date BETWEEN $first_date AND $last_date LIMIT 1",
            first_date=first,
            last_date=last,
        )
    )
    lake.materialise("absence/crowded_days", first_date=first, last_date=last, has_ids=has_ids)
    ends = lake.rows("SELECT min(lesson_date), max(lesson_date) FROM crowded_days")[0]
    return _sum_crowded(lake, table, *ends) if ends[0] is not None else 0


def _sum_crowded(lake: Lake, table: str, first: date, last: date) -> int:
    """Decide which lessons of the crowded days count, and sum those days again."""
    decide_fates(lake, first, last)
    connection = lake.connection
    connection.execute(
        f"INSERT INTO uncounted_now BY NAME SELECT * EXCLUDE ({_OF_THE_STEPS}) FROM lesson_fates"
    )
    # The dates prune the files that the delete has to open.
    deleted = connection.execute(
        f"DELETE FROM {table} WHERE lesson_date BETWEEN $first AND $last "
        "AND (pupil_key, lesson_date) IN (SELECT (pupil_key, lesson_date) FROM crowded_days)",
        {"first": first, "last": last},
    ).fetchone()
    connection.execute(
        # The last lesson of a day is the last by start, then export, then subject.
        "CREATE OR REPLACE TEMP VIEW lessons_to_sum AS SELECT *, {'starts_at': starts_at, "
        "'exported_at': exported_at, 'subject': subject} AS order_in_day FROM stated_lessons "
        "WHERE NOT is_cancelled AND stated_row NOT IN (SELECT stated_row FROM lesson_fates)"
    )
    inserted = _sum(f"INSERT INTO {table} BY NAME", lake, first, last, of_all=False)
    return inserted - (int(deleted[0]) if deleted else 0)


def _sum(into: str, lake: Lake, first: date, last: date, *, of_all: bool) -> int:
    if of_all:
        lake.define("absence/lessons_to_sum")
    lake.prepare("absence/lessons_clash")
    written = lake.connection.execute(
        f"{into} {lake.select('absence/absence_daily')}",
        {"first_date": first, "last_date": last},
    ).fetchone()
    return int(written[0]) if written else 0
