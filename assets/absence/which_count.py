"""Which lessons count, decided with the sums from all rows kept on the dates being summed.

The sums of a date are first made of every lesson that is not cancelled. Only where a pupil's day
could have a lesson that does not count (two at the same time, two schools, a roster record that
ended, rows that contradicted each other, a cancelled lesson under another id) are its rows looked
at one by one, and its sums made again of those that count. Not here: the steps (`sql/absence/`,
`docs/rules.md`), the lake's tables (`sums.py`).
"""

from __future__ import annotations

from datetime import date

from assets.lake import Lake

#: What a row of `uncounted_lessons` was when its fate was decided.
_OF_THE_STEPS = "told_row"
_NOT_STORED = "lesson_times"


def sum_days(lake: Lake, first: date, last: date) -> None:
    """Make the temporary tables `summed_days` and `uncounted_now` of the dates in `days_to_sum`.

    Args:
        lake: the lake, or a past of it, with `days_to_sum` and `parallel_values`.
        first: the first of these dates.
        last: the last of them.
    """
    lake.define("absence/lessons_to_sum")
    _sum("CREATE OR REPLACE TEMP TABLE summed_days AS", lake, first, last)
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
    if ends[0] is not None:
        _sum_crowded(lake, *ends)
    lake.connection.execute(f"ALTER TABLE summed_days DROP COLUMN {_NOT_STORED}")


def _sum_crowded(lake: Lake, first: date, last: date) -> None:
    """Decide which lessons of the crowded days count, and sum those days again."""
    lake.materialise("absence/told_lessons", first_date=first, last_date=last)
    lake.materialise("absence/superseded_lessons")
    lake.materialise("absence/lessons_after_leaving")
    lake.materialise("absence/lessons_set_aside")
    lake.materialise("absence/told_fates")
    connection = lake.connection
    connection.execute(
        f"INSERT INTO uncounted_now BY NAME SELECT * EXCLUDE ({_OF_THE_STEPS}) FROM told_fates"
    )
    connection.execute(
        "DELETE FROM summed_days WHERE (pupil_key, lesson_date) IN "
        "(SELECT (pupil_key, lesson_date) FROM crowded_days)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW lessons_to_sum AS SELECT * FROM told_lessons "
        "WHERE NOT is_cancelled AND told_row NOT IN (SELECT told_row FROM told_fates)"
    )
    _sum("INSERT INTO summed_days", lake, first, last)


def _sum(into: str, lake: Lake, first: date, last: date) -> None:
    lake.connection.execute(
        f"{into} {lake.select('absence/absence_daily')}",
        {"first_date": first, "last_date": last},
    )
